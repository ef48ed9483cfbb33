/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>

#include <steadyarm/sim.h>

#include "build_profile.h"
#include "host/wrap.h"
#include "pin/move.h"

/* KVM's ids (asm/kvm.h): ARM64 | SIZE_U64 | ARM64_SYSREG(op0, op1, CRn, CRm, op2), and firmware */
#define SYSREG(op0, op1, crn, crm, op2)                                                            \
	(UINT64_C(0x6030000000130000) | (op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define SCTLR  SYSREG(3, 0, 1, 0, 0)
#define TCR2   SYSREG(3, 0, 2, 0, 3)
#define PMMIR  SYSREG(3, 0, 9, 14, 6)
#define ISAR0  SYSREG(3, 0, 0, 6, 0)
#define MMFR2  SYSREG(3, 0, 0, 7, 2)
#define PSCI   UINT64_C(0x6030000000140000)
#define BMAP_2 UINT64_C(0x6030000000160003)
#define X0     UINT64_C(0x6030000000100000) /* a core register: no VMM saves it by the list */

struct pair {
	struct steady_profile *from, *to;
	struct steady_move_request request;
	struct steady_moved moved;
	struct steady_report *report;
};

/* All ID registers, PSCI's version and SCTLR_EL1, and `more`, in every configuration. */
static void list(struct steady_profile *p, const uint64_t *more, size_t count)
{
	for (size_t i = 0; i < p->configuration_count; i++) {
		struct steady_configuration *c = &p->configurations[i];
		uint64_t *all = calloc(STEADY_CORE_COUNT + 4 + count, sizeof(*all));
		size_t n = 0;

		assert_non_null(all);
		free(c->register_list);
		all[n++] = X0;
		for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++)
			all[n++] = steady_register_id(reg);
		all[n++] = SCTLR;
		for (size_t j = 0; j < count && more[j] < PSCI; j++)
			all[n++] = more[j];
		all[n++] = PSCI;
		for (size_t j = 0; j < count; j++) {
			if (more[j] > PSCI)
				all[n++] = more[j];
		}
		c->register_list = all;
		c->register_count = n;
	}
}

static int setup(struct pair *t, enum build_kernel from, enum build_kernel to, const char *vmm)
{
	memset(t, 0, sizeof(*t));
	t->from = build_host(BUILD_N1, from, "from");
	t->to = build_host(BUILD_N1, to, "to");
	list(t->from, NULL, 0);
	list(t->to, NULL, 0);
	t->request.vmm = vmm ? steady_vmm_by_name(vmm) : NULL;
	return steady_report_new(&t->report);
}

static int move(struct pair *t)
{
	struct steady_sim *from, *to;
	int r;

	steady_report_free(t->report);
	assert_int_equal(steady_report_new(&t->report), 0);
	assert_int_equal(steady_sim_new(t->from, &from), 0);
	assert_int_equal(steady_sim_new(t->to, &to), 0);
	t->request.source.profile = t->from;
	t->request.source.call = steady_sim_call;
	t->request.source.ctx = from;
	t->request.destination.profile = t->to;
	t->request.destination.call = steady_sim_call;
	t->request.destination.ctx = to;
	r = steady_move(&t->request, &t->moved, t->report);
	steady_sim_free(from);
	steady_sim_free(to);
	return r;
}

static void teardown(struct pair *t)
{
	steady_profile_free(t->from);
	steady_profile_free(t->to);
	steady_report_free(t->report);
}

static void test_same(void **state)
{
	static const char *const vmms[] = {NULL, "qemu-10", "qemu-11"};
	struct pair t;

	(void)state;
	for (size_t i = 0; i < LENGTH(vmms); i++) {
		setup(&t, BUILD_7_3, BUILD_7_3, vmms[i]);
		assert_int_equal(move(&t), 0);
		assert_int_equal(t.moved.cause, STEADY_MOVE_NONE);
		assert_int_equal(t.moved.incoming, STEADY_CORE_COUNT + 2); /* without X0 */
		assert_int_equal(t.moved.room, STEADY_CORE_COUNT + 2);
		teardown(&t);
	}
	assert_null(steady_vmm_by_name("qemu"));
}

/*
 * What QEMU 10.0.13 and 11.1.3 were seen to do (lab/moves.tsv), put together anew: lists of the
 * source and the destination, and what stops the VMM first.
 */
static const struct {
	const char *vmm;
	uint64_t from[3], to[3];
	int result;
	enum steady_move_cause cause;
	uint64_t id;
} lists[] = {
	/* one more in all: QEMU 10 does not look at them */
	{"qemu-10", {TCR2}, {0}, -STEADY_EBLOCKED, STEADY_MOVE_LONGER, 0},
	{"qemu-11", {PMMIR}, {0}, -STEADY_EBLOCKED, STEADY_MOVE_UNKNOWN, PMMIR},
	{NULL, {TCR2}, {0}, -STEADY_EBLOCKED, STEADY_MOVE_UNKNOWN, TCR2},
	/* as many, another one */
	{"qemu-10", {TCR2}, {PMMIR}, -STEADY_EBLOCKED, STEADY_MOVE_UNKNOWN, TCR2},
	{"qemu-10", {PMMIR}, {BMAP_2}, -STEADY_EBLOCKED, STEADY_MOVE_UNKNOWN, PMMIR},
	/* behind the destination's last one, where QEMU 10 does not look */
	{"qemu-10", {BMAP_2}, {PMMIR}, 0, STEADY_MOVE_NONE, 0},
	{NULL, {BMAP_2}, {PMMIR}, -STEADY_EBLOCKED, STEADY_MOVE_UNKNOWN, BMAP_2},
	/* only at the destination: it keeps its value */
	{"qemu-10", {0}, {PMMIR, BMAP_2}, 0, STEADY_MOVE_NONE, 0},
	{"qemu-11", {0}, {PMMIR, BMAP_2}, 0, STEADY_MOVE_NONE, 0},
	/* those that QEMU 11 tolerates, and what it forgets then */
	{"qemu-11", {TCR2}, {0}, 0, STEADY_MOVE_NONE, 0},
	{"qemu-11", {BMAP_2}, {0}, 0, STEADY_MOVE_NONE, 0},
	{"qemu-11", {PMMIR, BMAP_2}, {0}, -STEADY_EMISMATCH, STEADY_MOVE_NONE, 0},
	{"qemu-11", {TCR2, PMMIR}, {0}, -STEADY_EBLOCKED, STEADY_MOVE_UNKNOWN, PMMIR},
};

static size_t length(const uint64_t ids[3])
{
	size_t n = 0;

	while (n < 3 && ids[n])
		n++;
	return n;
}

static void test_lists(void **state)
{
	struct pair t;

	(void)state;
	for (size_t i = 0; i < LENGTH(lists); i++) {
		setup(&t, BUILD_7_3, BUILD_7_3, lists[i].vmm);
		free(t.from->gates);
		free(t.to->gates);
		/* no field of this CPU speaks of TCR2, and the kernel lists it all the same */
		t.from->gates = calloc(1, sizeof(*t.from->gates));
		t.to->gates = calloc(1, sizeof(*t.to->gates));
		t.from->gate_count = t.to->gate_count = 0;
		list(t.from, lists[i].from, length(lists[i].from));
		list(t.to, lists[i].to, length(lists[i].to));
		if (move(&t) != lists[i].result || t.moved.cause != lists[i].cause ||
		    t.moved.id != lists[i].id)
			fail_msg("case %zu: cause %s, id 0x%llx", i,
				 steady_move_cause_name(t.moved.cause),
				 (unsigned long long)t.moved.id);
		teardown(&t);
	}
}

static void test_value(void **state)
{
	const struct steady_finding *f;
	struct pair t;

	(void)state;
	setup(&t, BUILD_7_3, BUILD_7_3, "qemu-10");
	build_put(t.to, "ID_AA64ISAR0_EL1.AES", 1); /* less than the source's 2 */
	assert_int_equal(move(&t), -STEADY_EBLOCKED);
	assert_int_equal(t.moved.cause, STEADY_MOVE_REFUSED);
	assert_int_equal(t.moved.id, ISAR0);
	assert_int_equal(t.moved.value, t.from->configurations[0].reg[build_reg("ID_AA64ISAR0_EL1")].value);
	assert_int_equal(t.moved.error, EINVAL);
	f = build_finding(t.report, "ID_AA64ISAR0_EL1", "AES");
	assert_non_null(f);
	assert_string_equal(f->host, "to");
	assert_string_equal(f->offered, "0-1");
	teardown(&t);
	/* the other way round it fits, and the guest keeps what it has seen */
	setup(&t, BUILD_7_3, BUILD_7_3, "qemu-10");
	build_put(t.from, "ID_AA64ISAR0_EL1.AES", 1);
	assert_int_equal(move(&t), 0);
	teardown(&t);
}

/* Linux 6.12 knows PSCI 1.1, 7.3 knows 1.3 (include/kvm/arm_psci.h). */
static void test_psci(void **state)
{
	struct pair t;

	(void)state;
	setup(&t, BUILD_7_3, BUILD_7_3, "qemu-10");
	build_firmware(t.from, "PSCI_VERSION", 0x10003);
	build_firmware(t.to, "PSCI_VERSION", 0x10001);
	assert_int_equal(move(&t), -STEADY_EBLOCKED);
	assert_int_equal(t.moved.cause, STEADY_MOVE_REFUSED);
	assert_int_equal(t.moved.id, PSCI);
	assert_int_equal(t.moved.value, 0x10003);
	assert_string_equal(build_finding(t.report, "PSCI_VERSION", NULL)->offered, "1.1");
	teardown(&t);
}

/* A value that KVM takes and keeps as another: Linux 6.16 and newer do so with NV. */
static void test_rewritten(void **state)
{
	const struct steady_finding *f;
	unsigned int nv = build_field("ID_AA64MMFR2_EL1.NV");
	struct pair t;

	(void)state;
	setup(&t, BUILD_7_3, BUILD_7_3, "qemu-11");
	build_put(t.from, "ID_AA64MMFR2_EL1.NV", 2);
	for (size_t i = 0; i < t.to->configuration_count; i++) {
		struct steady_configuration *c = &t.to->configurations[i];

		if (!c->accepted)
			c->accepted = calloc(steady_field_count, sizeof(*c->accepted));
		c->accepted[nv].rewritten = 1 << 2;
		c->accepted[nv].kept[2] = 0;
	}
	assert_int_equal(move(&t), -STEADY_EMISMATCH);
	assert_int_equal(t.moved.cause, STEADY_MOVE_NONE);
	f = build_finding(t.report, "ID_AA64MMFR2_EL1", "NV");
	assert_non_null(f);
	assert_int_equal(f->severity, STEADY_WARNING);
	teardown(&t);
}

static void test_unlike_vms(void **state)
{
	struct pair t;

	(void)state;
	setup(&t, BUILD_7_3, BUILD_7_3, "qemu-10");
	for (size_t i = 0; i < t.to->configuration_count; i++)
		t.to->configurations[i].irqchip = STEADY_GICV2;
	assert_int_equal(move(&t), -STEADY_EBLOCKED);
	assert_int_equal(t.moved.cause, STEADY_MOVE_IRQCHIP);
	teardown(&t);
	/* what neither host has cannot be turned on */
	setup(&t, BUILD_7_3, BUILD_7_3, "qemu-10");
	t.request.options_on = 1u << STEADY_OPTION_SVE;
	assert_int_equal(move(&t), -STEADY_EBLOCKED);
	assert_int_equal(t.moved.cause, STEADY_MOVE_START);
	teardown(&t);
	/* nothing follows from a profile without lists */
	setup(&t, BUILD_7_3, BUILD_7_3, "qemu-10");
	for (size_t i = 0; i < t.from->configuration_count; i++) {
		free(t.from->configurations[i].register_list);
		t.from->configurations[i].register_list = NULL;
	}
	assert_int_equal(move(&t), -STEADY_EUNKNOWN);
	teardown(&t);
}

static void test_unvirtualised(void **state)
{
	struct pair t;

	(void)state;
	setup(&t, BUILD_7_3, BUILD_7_3, NULL);
	t.from->unvirtualised[STEADY_CNTFRQ] = (struct steady_reading){.value = 1000, .state = STEADY_VALUE};
	assert_int_equal(move(&t), 0); /* the destination's was not captured */
	t.to->unvirtualised[STEADY_CNTFRQ] = (struct steady_reading){.value = 1001, .state = STEADY_VALUE};
	assert_int_equal(move(&t), -STEADY_EMISMATCH);
	assert_string_equal(build_finding(t.report, "CNTFRQ_EL0", NULL)->offered, "1001 Hz");
	teardown(&t);
}

/* Pinned on both sides, what differs is levelled; pinned at the source alone it may not be. */
static void test_pinned(void **state)
{
	static const uint64_t more[] = {PMMIR};
	struct steady_model *model = NULL;
	struct steady_profile *both[2];
	struct pair t;

	(void)state;
	setup(&t, BUILD_7_3, BUILD_7_3, "qemu-10");
	list(t.from, more, 1);
	build_put(t.to, "ID_AA64ISAR0_EL1.AES", 1);
	build_firmware(t.from, "PSCI_VERSION", 0x10003);
	build_firmware(t.to, "PSCI_VERSION", 0x10001);
	both[0] = t.from;
	both[1] = t.to;
	for (int i = 0; i < 2; i++) { /* a pin looks at all of a CPU's identity */
		build_register(both[i], "REVIDR_EL1", both[i]->cpus[0].revidr);
		build_register(both[i], "AIDR_EL1", both[i]->cpus[0].aidr);
	}
	assert_int_equal(build_baseline(both, 2, &model, NULL), 0);
	assert_int_equal(move(&t), -STEADY_EBLOCKED);
	t.request.source.model = t.request.destination.model = model;
	assert_int_equal(move(&t), 0);
	t.request.destination.model = NULL;
	assert_int_equal(move(&t), 0);
	/* the unpinned one's stream is refused by the pin */
	t.request.source.model = NULL;
	t.request.destination.model = model;
	assert_int_equal(move(&t), -STEADY_EBLOCKED);
	/* a model that wants an option which the VMM is told to leave off */
	t.request.source.model = model;
	t.request.options_off = model->options & -model->options;
	assert_int_equal(move(&t), -STEADY_EBLOCKED);
	assert_int_equal(t.moved.cause, STEADY_MOVE_START);
	/* a host that cannot show the model */
	t.request.options_off = 0;
	build_put(t.to, "ID_AA64ISAR0_EL1.AES", 0);
	assert_int_equal(move(&t), -STEADY_EBLOCKED);
	assert_int_equal(t.moved.cause, STEADY_MOVE_START);
	steady_model_free(model);
	teardown(&t);
}

/* A call of either host that fails never makes a yes of it. */
static void test_failing_calls(void **state)
{
	struct steady_sim *from, *to;
	struct pair t;
	int r = 0;

	(void)state;
	setup(&t, BUILD_7_3, BUILD_7_3, "qemu-10");
	for (uint64_t k = 1; k < 2000; k++) {
		struct steady_fail failing = {.next = steady_sim_call, .k = k, .error = EIO};

		assert_int_equal(steady_sim_new(t.from, &from), 0);
		assert_int_equal(steady_sim_new(t.to, &to), 0);
		failing.ctx = to;
		t.request.source = (struct steady_move_side){t.from, steady_sim_call, from, NULL};
		t.request.destination = (struct steady_move_side){t.to, steady_fail_call, &failing, NULL};
		r = steady_move(&t.request, &t.moved, t.report);
		steady_sim_free(from);
		steady_sim_free(to);
		if (failing.seen < k)
			break;
		assert_int_not_equal(r, 0);
	}
	assert_int_equal(r, 0);
	teardown(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),	     cmocka_unit_test(test_lists),
		cmocka_unit_test(test_value),	     cmocka_unit_test(test_psci),
		cmocka_unit_test(test_rewritten),    cmocka_unit_test(test_unlike_vms),
		cmocka_unit_test(test_unvirtualised), cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_failing_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
