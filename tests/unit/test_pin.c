/* SPDX-License-Identifier: MIT */
/* Steps of a pin by themselves: options, features, the order of the writes, and a vCPU's reset. */
#include "sim_host.h"

/* ---- before the registers ---- */

/* A host that has none of the capabilities: 0 is what KVM_CHECK_EXTENSION says of unknown ones. */
static int has_nothing(void *ctx, struct steady_call *call)
{
	(void)ctx;
	assert_int_equal(call->op, STEADY_OP_CHECK);
	call->value[0] = 0;
	return 0;
}

/* An administrator is told of all that is missing, not of one at a time. */
static void test_all_missing(void **state)
{
	static const char *const names[] = {"pmu", "sve", "ptrauth", "mte"}; /* data/options.tsv */
	struct steady_model *m = steady_model_alloc();
	struct steady_report *report;
	struct steady_pin *pin;

	(void)state;
	m->options = PMU | SVE | PTRAUTH | MTE;
	assert_int_equal(steady_report_new(&report), 0);
	assert_int_equal(steady_pin_new(m, has_nothing, NULL, &pin), 0);
	assert_int_equal(steady_pin_vm(pin, report), -STEADY_EBLOCKED);
	assert_int_equal(steady_report_count(report), LENGTH(names));
	for (size_t i = 0; i < LENGTH(names); i++) {
		const struct steady_finding *f = build_finding(report, names[i], NULL);

		assert_non_null(f);
		assert_int_equal(f->error, STEADY_EBLOCKED);
	}
	steady_pin_free(pin);
	steady_report_free(report);
	steady_model_free(m);
}

/*
 * Bits of features[0] (KVM_ARM_VCPU_*, arch/arm64/include/uapi/asm/kvm.h): a guest has no more than
 * its model, and EL2 without VHE is two bits, of which one is EL2's own.
 */
static void test_features(void **state)
{
	enum { HAS_EL2_E2H0 = 1 << 8 };
	static const uint32_t el2 = 1u << STEADY_OPTION_EL2, e2h0 = 1u << STEADY_OPTION_EL2_E2H0;
	const struct {
		uint32_t options, asked, given;
	} rows[] = {
		{el2, PSCI_0_2 | HAS_EL2 | HAS_EL2_E2H0, PSCI_0_2 | HAS_EL2},
		{el2, PSCI_0_2 | HAS_EL2, PSCI_0_2 | HAS_EL2},
		{0, PSCI_0_2 | HAS_EL2 | HAS_EL2_E2H0, PSCI_0_2},
		{0, PSCI_0_2 | HAS_EL2, PSCI_0_2},
		{el2 | e2h0, PSCI_0_2 | HAS_EL2 | HAS_EL2_E2H0, PSCI_0_2 | HAS_EL2 | HAS_EL2_E2H0},
		{PMU, PSCI_0_2 | PMU_V3 | SVE_BIT, PSCI_0_2 | PMU_V3},
		{PTRAUTH, PTRAUTH_ADDRESS | PTRAUTH_GENERIC | EL1_32BIT,
		 PTRAUTH_ADDRESS | PTRAUTH_GENERIC},
		/* the VMM did not ask for it: nothing is given */
		{el2 | e2h0, PSCI_0_2 | HAS_EL2, 0},
		{el2, PSCI_0_2, 0},
	};
	struct steady_model *m = steady_model_alloc();
	struct steady_pin *pin;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint32_t features = rows[i].asked;
		bool ok = rows[i].given != 0;

		m->options = rows[i].options;
		assert_int_equal(steady_pin_new(m, has_nothing, NULL, &pin), 0);
		assert_int_equal(steady_pin_features(pin, &features, NULL),
				 ok ? 0 : -STEADY_EBLOCKED);
		/* on failure outputs are untouched (steadyarm.h) */
		assert_int_equal(features, ok ? rows[i].given : rows[i].asked);
		steady_pin_free(pin);
	}
	steady_model_free(m);
}

/* ---- the order of the writes ---- */

struct order {
	struct steady_sim *sim;
	uint64_t set[64];
	size_t count;
};

static int record(void *ctx, struct steady_call *call)
{
	struct order *o = ctx;

	if (call->op == STEADY_OP_SET) {
		assert_true(o->count < LENGTH(o->set));
		o->set[o->count++] = call->id;
	}
	return steady_sim_call(o->sim, call);
}

static size_t writes_of(const struct order *o, uint64_t id)
{
	size_t count = 0;

	for (size_t i = 0; i < o->count; i++)
		count += o->set[i] == id;
	return count;
}

/* One for which every kind of register has to be written. */
static struct steady_model *lower_model(struct host *h)
{
	struct steady_profile *p = build_host(BUILD_V1, BUILD_7_3, "lower");
	struct steady_model *m = NULL;

	build_put(p, "ID_AA64ISAR0_EL1.AES", 1);
	build_firmware(p, "STD_BMAP", 0);
	build_firmware(p, "PSCI_VERSION", 0x10001);
	assert_int_equal(build_baseline(&p, 1, &m, NULL), 0);
	m->implementation_count = 0; /* these hosts have no REVIDR_EL1 to tell by */
	m->sve = (struct steady_vl){0};
	steady_vl_add(&m->sve, 16);
	m->has[build_reg("CLIDR_EL1")] = true;
	m->value[build_reg("CLIDR_EL1")] = h->p->configurations[0].reg[build_reg("CLIDR_EL1")].value;
	m->caches.has = 1;
	m->caches.value[0] = 0x701fe01a; /* as data/profiles/neoverse-n1-6.1.json has it */
	steady_profile_free(p);
	return m;
}

/*
 * Linux, Documentation/virt/kvm/arm/vcpu-features.rst, strongly recommends that ID registers are
 * written before the rest of a vCPU's registers is accessed.
 */
static void test_order(void **state)
{
	static const uint64_t others[] = {FW(0), BMAP(0), CCSIDR(0), SVE_VLS};
	struct steady_model *m;
	struct steady_pin *pin;
	struct order o = {0};
	struct host h;
	bool other = false;

	(void)state;
	h.p = build_host(BUILD_V1, BUILD_7_3, "host");
	build_mask(h.p, "CLIDR_EL1", 0x00007fffffffffff); /* Linux 7.3, as in the lab's profiles */
	h.p->caches = calloc(1, sizeof(*h.p->caches));
	assert_non_null(h.p->caches);
	h.p->cache_count = 1;
	h.p->caches[0] = (struct steady_firmware_reading){CCSIDR(0), {2, 0, STEADY_VALUE}};
	m = lower_model(&h);
	boot(&h, steady_options_features(m->options));
	o.sim = h.s;
	assert_int_equal(steady_pin_new(m, record, &o, &pin), 0);
	assert_int_equal(steady_pin_vcpu(pin, 0, NULL), 0);
	assert_int_equal(writes_of(&o, ISAR0), 1);
	for (size_t i = 0; i < LENGTH(others); i++)
		assert_int_equal(writes_of(&o, others[i]), 1);
	for (size_t i = 0; i < o.count; i++) {
		bool id = steady_register_by_id(o.set[i]) >= 0;

		assert_false(id && other);
		other = other || !id;
	}
	steady_pin_free(pin);
	steady_model_free(m);
	stop(&h);
}

/* ---- a reset ---- */

#define UNNAMED       UINT64_C(0x603000000013c10e) /* S3_0_C2_C1_6: UNALLOCATED in Arm's 2026-03 */
#define UNNAMED_RESET 0x11

static void list_unnamed(struct steady_profile *p)
{
	p->unnamed = calloc(1, sizeof(*p->unnamed));
	assert_non_null(p->unnamed);
	p->unnamed_count = 1;
	p->unnamed[0] = (struct steady_unnamed){
		.id = UNNAMED, .reading = {UNNAMED_RESET, 0, STEADY_VALUE}, .zero = true};
	for (size_t i = 0; i < p->configuration_count; i++) {
		struct steady_configuration *c = &p->configurations[i];
		size_t at = c->register_count++;

		c->register_list =
			realloc(c->register_list, c->register_count * sizeof(*c->register_list));
		assert_non_null(c->register_list);
		for (; at && c->register_list[at - 1] > UNNAMED; at--)
			c->register_list[at] = c->register_list[at - 1];
		c->register_list[at] = UNNAMED;
	}
}

/*
 * kvm_reset_sys_regs(): KVM_ARM_VCPU_INIT again gives a vCPU's registers their reset values, those
 * that have no name here too. A pin of it that follows brings them to 0 once more.
 */
static void test_reset(void **state)
{
	uint32_t features = PSCI_0_2 | PMU_V3;
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "host");
	struct steady_model *m = NULL;
	struct steady_pin *pin;
	struct host h = {.p = p};

	(void)state;
	assert_int_equal(build_baseline(&p, 1, &m, NULL), 0);
	m->implementation_count = 0;
	list_unnamed(p);
	p->configurations[0].reset = calloc(1, sizeof(*p->configurations[0].reset)); /* captured: all 0 */
	assert_non_null(p->configurations[0].reset);
	boot(&h, features);
	assert_int_equal(steady_pin_new(m, steady_sim_call, h.s, &pin), 0);
	for (uint32_t vcpu = 0; vcpu < 2; vcpu++) {
		assert_int_equal(get(&h, vcpu, UNNAMED), UNNAMED_RESET);
		assert_int_equal(steady_pin_vcpu(pin, vcpu, NULL), 0);
		assert_int_equal(get(&h, vcpu, UNNAMED), 0);
	}
	for (uint32_t vcpu = 0; vcpu < 2; vcpu++) {
		assert_int_equal(ask(&h, STEADY_OP_INIT, vcpu, features), 0);
		assert_int_equal(get(&h, vcpu, UNNAMED), UNNAMED_RESET); /* kvm_reset_sys_regs() */
		assert_int_equal(steady_pin_vcpu(pin, vcpu, NULL), 0);
		assert_int_equal(get(&h, vcpu, UNNAMED), 0);
	}
	steady_pin_free(pin);
	steady_model_free(m);
	stop(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_missing),
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
