/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "build_profile.h"

#define PMU     (1u << STEADY_OPTION_PMU)
#define SVE     (1u << STEADY_OPTION_SVE)
#define PTRAUTH (1u << STEADY_OPTION_PTRAUTH)
#define MTE     (1u << STEADY_OPTION_MTE)

/* Bits of features[0]: KVM_ARM_VCPU_* in arch/arm64/include/uapi/asm/kvm.h; 2 is PSCI_0_2. */
static void test_features(void **state)
{
	static const struct {
		uint32_t options, want;
	} rows[] = {
		{0, 0x04},
		{PMU, 0x0c},
		{SVE, 0x14},
		{PTRAUTH, 0x64},
		{MTE, 0x04}, /* a capability, no feature */
		{1u << STEADY_OPTION_EL2, 0x84},
		{1u << STEADY_OPTION_EL2_E2H0, 0x184},
		{1u << STEADY_OPTION_EL1_32BIT, 0x06},
		{PMU | SVE | PTRAUTH, 0x7c},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(steady_options_features(rows[i].options), rows[i].want);
}

/* Which calls there are, as a word of letters: the order that works on every kernel. */
static void spell(const struct steady_plan *plan, char *out)
{
	static const char letters[] = "?VcifgslmkeGIpr"; /* by enum steady_op */

	for (size_t i = 0; i < plan->count; i++)
		*out++ = letters[plan->calls[i].op];
	*out = '\0';
}

static const struct {
	enum build_cpu cpu;
	uint32_t off, irqchip, vcpus;
	const char *want;
} orders[] = {
	{BUILD_N1, PMU, STEADY_GICV3, 1, "VciGI"},
	{BUILD_N1, PMU, STEADY_GICV3, 3, "VccciiiGI"},
	{BUILD_N1, PMU, STEADY_IRQCHIP_NONE, 1, "Vciss"}, /* the two GIC fields to 0 */
	{BUILD_N1, 0, STEADY_IRQCHIP_NONE, 1, "Vcipss"},
	{BUILD_N1, 0, STEADY_GICV2, 2, "VcciiGIpp"},
	{BUILD_N1, 0, STEADY_IRQCHIP_UNKNOWN, 1, "VciGIp"},
	{BUILD_V1, 0, STEADY_GICV3, 2, "VcciiGIppff"},
	{BUILD_MAX, SVE | PMU, STEADY_GICV3, 1, "VeciGI"}, /* MTE before the first vCPU */
};

static void test_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(orders); i++) {
		const struct steady_baseline_request request = {.options_off = orders[i].off};
		struct steady_profile *p = build_host(orders[i].cpu, BUILD_7_3, "host");
		struct steady_input in = {.name = "host", .profile = p};
		struct steady_model *m = NULL;
		struct steady_plan *plan = NULL;
		char word[64];

		for (size_t c = 0; c < p->configuration_count; c++)
			p->configurations[c].irqchip = orders[i].irqchip;
		assert_int_equal(steady_baseline(&in, 1, &request, &m, NULL), 0);
		assert_int_equal(steady_plan_new(m, p, orders[i].vcpus, &plan, NULL), 0);
		spell(plan, word);
		assert_string_equal(word, orders[i].want);
		assert_int_equal(plan->vcpus, orders[i].vcpus);
		assert_int_equal(plan->features, steady_options_features(m->options));
		for (size_t c = 0; c < plan->count; c++)
			assert_int_equal(plan->calls[c].size, sizeof(struct steady_call));
		steady_plan_free(plan);
		steady_model_free(m);
		steady_profile_free(p);
	}
}

static const struct steady_call *call_of(const struct steady_plan *plan, enum steady_op op,
					 uint64_t id)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->calls[i].op == op && plan->calls[i].id == id)
			return &plan->calls[i];
	}
	return NULL;
}

/* Only what differs is written, whole registers, by KVM's ids; lengths before FINALIZE. */
static void test_writes(void **state)
{
	struct steady_profile *p[2] = {build_host(BUILD_V1, BUILD_7_3, "a"),
				       build_host(BUILD_V1, BUILD_7_3, "b")};
	const struct steady_call *c;
	struct steady_model *m = NULL;
	struct steady_plan *plan = NULL;

	(void)state;
	build_put(p[1], "ID_AA64ISAR0_EL1.AES", 1);
	build_firmware(p[1], "PSCI_VERSION", 0x10001);
	build_firmware(p[1], "VENDOR_HYP_BMAP", 1);
	p[1]->sve.word[0] = 1;
	assert_int_equal(build_baseline(p, 2, &m, NULL), 0);
	assert_int_equal(steady_plan_new(m, p[0], 1, &plan, NULL), 0);
	assert_int_equal(plan->count, 1 + 2 + 2 + 1 + 1 + 2 + 2); /* s: ISAR0, PSCI, BMAP, VLS */
	/* KVM_REG_ARM64 | SIZE_U64 | ARM64_SYSREG(3,0,0,6,0) (api.rst) */
	c = call_of(plan, STEADY_OP_SET, UINT64_C(0x603000000013c030));
	assert_true(c && c->value[0] == UINT64_C(0x1011111110212110));
	c = call_of(plan, STEADY_OP_SET, UINT64_C(0x6030000000140000));
	assert_true(c && c->value[0] == 0x10001);
	c = call_of(plan, STEADY_OP_SET, UINT64_C(0x6030000000160002));
	assert_true(c && c->value[0] == 1);
	c = call_of(plan, STEADY_OP_SET, UINT64_C(0x606000000015ffff));
	assert_true(c && c->value[0] == 1);
	assert_ptr_equal(call_of(plan, STEADY_OP_FINALIZE, 4), c + 1);
	/* only compared by KVM, never stored */
	assert_null(call_of(plan, STEADY_OP_SET, UINT64_C(0x6030000000140001)));
	steady_plan_free(plan);
	assert_int_equal(steady_plan_new(m, p[1], 1, &plan, NULL), 0);
	assert_null(call_of(plan, STEADY_OP_SET, UINT64_C(0x606000000015ffff)));
	steady_plan_free(plan);
	steady_model_free(m);
	steady_profile_free(p[0]);
	steady_profile_free(p[1]);
}

/* A bitmap that the model does not speak of is a service that it has not. */
static void test_unspoken_bitmap(void **state)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "a");
	struct steady_model *m = NULL;
	struct steady_plan *plan = NULL;

	(void)state;
	assert_int_equal(build_baseline(&p, 1, &m, NULL), 0);
	m->firmware_count = 1; /* PSCI alone */
	assert_int_equal(steady_plan_new(m, p, 1, &plan, NULL), 0);
	assert_non_null(call_of(plan, STEADY_OP_SET, UINT64_C(0x6030000000160000)));
	assert_non_null(call_of(plan, STEADY_OP_SET, UINT64_C(0x6030000000160002)));
	assert_null(call_of(plan, STEADY_OP_SET, UINT64_C(0x6030000000160003))); /* 0 already */
	steady_plan_free(plan);
	m->firmware_count = 0; /* nothing said of firmware at all: left alone */
	assert_int_equal(steady_plan_new(m, p, 1, &plan, NULL), 0);
	assert_null(call_of(plan, STEADY_OP_SET, UINT64_C(0x6030000000160000)));
	steady_plan_free(plan);
	steady_model_free(m);
	steady_profile_free(p);
}

static void test_blocked(void **state)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "a");
	struct steady_plan *plan = (struct steady_plan *)&p;
	struct steady_report *report;
	struct steady_model *m = NULL;

	(void)state;
	assert_int_equal(steady_report_new(&report), 0);
	assert_int_equal(build_baseline(&p, 1, &m, NULL), 0);
	build_put(p, "ID_AA64ISAR0_EL1.AES", 1);
	assert_int_equal(steady_plan_new(m, p, 1, &plan, report), -STEADY_EBLOCKED);
	assert_int_equal(steady_report_count(report), 1);
	assert_ptr_equal(plan, &p); /* untouched */
	steady_plan_free(NULL);
	steady_report_free(report);
	steady_model_free(m);
	steady_profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_features), cmocka_unit_test(test_order),
		cmocka_unit_test(test_writes),   cmocka_unit_test(test_unspoken_bitmap),
		cmocka_unit_test(test_blocked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
