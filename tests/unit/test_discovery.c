/* SPDX-License-Identifier: MIT */
/*
 * Implementation discovery: what a VMM answers, and what is set up for it. Expected values are of
 * Linux, Documentation/virt/kvm/arm/hypercalls.rst and devices/vm.rst.
 */
#include "sim_host.h"

#include "../../src/pin/inside.h"
#include "policy/unknown.h"

#define BMAP_2 BMAP(3)

static const struct steady_cpu cpus[] = {
	{0x410fd0c0, 0x1, 0x2},
	{0x410fd400, 0x3, 0x4},
};

static struct steady_model *model_of(struct steady_profile *p, uint64_t bits)
{
	struct steady_model *m;

	assert_int_equal(build_baseline(&p, 1, &m, NULL), 0);
	free(m->implementations);
	m->implementations = NULL;
	m->implementation_count = 0;
	for (size_t i = 0; i < LENGTH(cpus); i++)
		assert_int_equal(steady_model_add_implementation(m, &cpus[i]), 0);
	assert_int_equal(steady_model_add_implementation(m, &p->cpus[0]), 0);
	assert_int_equal(steady_model_add_firmware(m, BMAP_2, bits), 0);
	return m;
}

static void test_answer(void **state)
{
	static const struct {
		uint64_t in[4], out[4];
		bool ours;
	} rows[] = {
		/* success, version 1.0, how many, reserved */
		{{0xc6000040, 7, 8, 9}, {0, 0x10000, 2, 0}, true},
		/* the number is 32 bits of W0 */
		{{0xffffffffc6000040, 0, 0, 0}, {0, 0x10000, 2, 0}, true},
		{{0xc6000041, 0, 0, 0}, {0, 0x410fd0c0, 0x1, 0x2}, true},
		{{0xc6000041, 1, 0, 0}, {0, 0x410fd400, 0x3, 0x4}, true},
		/* INVALID_PARAMETER */
		{{0xc6000041, 2, 0, 0}, {(uint64_t)-3, 0, 0, 0}, true},
		{{0xc6000041, UINT64_MAX, 0, 0}, {(uint64_t)-3, 0, 0, 0}, true},
		{{0xc6000041, UINT64_C(1) << 32, 0, 0}, {(uint64_t)-3, 0, 0, 0}, true},
		/* others' */
		{{0xc6000042, 1, 2, 3}, {0xc6000042, 1, 2, 3}, false},
		{{0x86000040, 1, 2, 3}, {0x86000040, 1, 2, 3}, false}, /* SMC32 */
		{{0x84000000, 1, 2, 3}, {0x84000000, 1, 2, 3}, false}, /* PSCI_VERSION */
	};
	struct steady_model *m = steady_model_alloc();

	(void)state;
	for (size_t i = LENGTH(cpus); i-- > 0;)
		assert_int_equal(steady_model_add_implementation(m, &cpus[i]), 0);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint64_t x[4];

		memcpy(x, rows[i].in, sizeof(x));
		assert_int_equal(steady_model_answer(m, x), rows[i].ours);
		assert_memory_equal(x, rows[i].out, sizeof(x));
	}
	steady_model_free(m);
}

struct pinned {
	struct host h;
	struct steady_model *m;
	struct steady_pin *pin;
	struct steady_report *report;
};

static void begin(struct pinned *t, enum build_kernel kernel, uint64_t bits)
{
	t->h.p = build_host(BUILD_N1, kernel, "host");
	build_register(t->h.p, "MIDR_EL1", t->h.p->cpus[0].midr);
	build_register(t->h.p, "REVIDR_EL1", t->h.p->cpus[0].revidr);
	build_register(t->h.p, "AIDR_EL1", t->h.p->cpus[0].aidr);
	if (kernel == BUILD_7_3)
		build_firmware(t->h.p, "VENDOR_HYP_BMAP_2", 0);
	t->m = model_of(t->h.p, bits);
	boot(&t->h, steady_options_features(t->m->options));
	assert_int_equal(steady_report_new(&t->report), 0);
	assert_int_equal(steady_pin_new(t->m, steady_sim_call, t->h.s, &t->pin), 0);
}

static void end(struct pinned *t)
{
	steady_pin_free(t->pin);
	steady_report_free(t->report);
	steady_model_free(t->m);
	stop(&t->h);
}

/* A VMM that answers has the bits that the model has; the calls come to it. */
static void test_answered(void **state)
{
	struct pinned t;
	struct steady_call again = {.op = STEADY_OP_SMCCC_FILTER, .id = 0xc6000041, .value = {1, 2}};

	(void)state;
	begin(&t, BUILD_7_3, 3);
	assert_int_equal(steady_pin_answers(t.pin, t.report), 0);
	assert_int_equal(steady_pin_vcpu(t.pin, 0, t.report), 0);
	assert_int_equal(get(&t.h, 1, BMAP_2), 3);
	assert_null(build_finding(t.report, "VENDOR_HYP_BMAP_2", NULL));
	assert_int_equal(steady_sim_call(t.h.s, &again), -EEXIST);
	assert_int_equal(steady_pin_answers(t.pin, NULL), -STEADY_EUSAGE); /* too late */
	end(&t);
}

/* Nobody answers: they stay off, and that is said. */
static void test_unanswered(void **state)
{
	struct pinned t;
	const struct steady_finding *f;

	(void)state;
	begin(&t, BUILD_7_3, 3);
	assert_int_equal(steady_pin_vcpu(t.pin, 0, t.report), 0);
	assert_int_equal(get(&t.h, 1, BMAP_2), 0);
	f = build_finding(t.report, "VENDOR_HYP_BMAP_2", NULL);
	assert_non_null(f);
	assert_int_equal(f->severity, STEADY_WARNING);
	assert_non_null(strstr(f->reason, "left off"));
	end(&t);
}

/* A model that has them off needs no filter. */
static void test_not_wanted(void **state)
{
	struct pinned t;
	struct steady_call first = {.op = STEADY_OP_SMCCC_FILTER, .id = 0xc6000040, .value = {2, 2}};

	(void)state;
	begin(&t, BUILD_7_3, 0);
	assert_int_equal(steady_pin_answers(t.pin, t.report), 0);
	assert_int_equal(steady_sim_call(t.h.s, &first), 0);
	assert_int_equal(steady_pin_vcpu(t.pin, 0, t.report), 0);
	assert_int_equal(get(&t.h, 0, BMAP_2), 0);
	assert_int_equal(steady_report_count(t.report), 0);
	end(&t);
}

static int no_filter(void *sim, struct steady_call *call)
{
	return call->op == STEADY_OP_SMCCC_FILTER ? -ENXIO : steady_sim_call(sim, call);
}

static void test_refused(void **state)
{
	struct pinned t;
	struct steady_pin *pin;

	(void)state;
	begin(&t, BUILD_7_3, 3);
	assert_int_equal(steady_pin_new(t.m, no_filter, t.h.s, &pin), 0);
	assert_int_equal(steady_pin_answers(pin, t.report), -STEADY_EBLOCKED);
	assert_non_null(build_finding(t.report, "VENDOR_HYP_BMAP_2", NULL));
	steady_pin_free(pin);
	t.m->implementation_count = 0;
	assert_int_equal(steady_pin_answers(t.pin, t.report), -STEADY_EBLOCKED);
	assert_non_null(build_finding(t.report, "implementations", NULL));
	end(&t);
	begin(&t, BUILD_6_1, 3); /* neither the filter nor the register */
	assert_int_equal(steady_pin_answers(t.pin, t.report), -STEADY_EBLOCKED);
	end(&t);
}

/* kvm_smccc_set_filter(); each answer was seen on 6.12, 6.18 and 7.3 in the lab. */
static void test_filter(void **state)
{
	static const struct {
		uint64_t first, count, action;
		int result;
	} rows[] = {
		{0xc6000040, 2, 2, 0},
		{0xc6000041, 1, 2, -EEXIST},
		{0x80000000, 1, 2, -EEXIST}, /* Arm's own calls */
		{0x8000ffff, 2, 2, -EEXIST},
		{0xc0000000, 1, 1, -EEXIST},
		{0x80010000, 1, 2, 0},
		{1, 0, 1, -EINVAL},
		{0xffffffff, 2, 1, -EINVAL},
		{0x100, 2, 3, -EINVAL},
		{0x100, 2, 1, 0},
		{0x102, 2, 0, 0},
	};
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_call c = {.op = STEADY_OP_SMCCC_FILTER, .id = rows[i].first,
					.value = {rows[i].count, rows[i].action}};

		assert_int_equal(steady_sim_call(h.s, &c), rows[i].result);
	}
	assert_int_equal(run(&h, 0), -EINTR);
	for (int i = 0; i < 2; i++) {
		struct steady_call c = {.op = STEADY_OP_SMCCC_FILTER, .id = 0x300,
					.value = {2, i ? 3 : 0}};

		assert_int_equal(steady_sim_call(h.s, &c), i ? -EINVAL : -EBUSY);
	}
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 0), 0);
	assert_int_equal(steady_sim_call(h.s, &(struct steady_call){.op = STEADY_OP_SMCCC_FILTER,
								    .id = 0x100,
								    .value = {1, 2}}), 0);
	stop(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),     cmocka_unit_test(test_answered),
		cmocka_unit_test(test_unanswered), cmocka_unit_test(test_not_wanted),
		cmocka_unit_test(test_refused),    cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
