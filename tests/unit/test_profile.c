/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>

#include "build_profile.h"

#define PMU (1u << STEADY_OPTION_PMU)
#define SVE (1u << STEADY_OPTION_SVE)
#define MTE (1u << STEADY_OPTION_MTE)

/* What was not captured is told by the fields that only an option can set. */
static void test_options(void **state)
{
	static const struct {
		enum build_cpu cpu;
		uint32_t options, known, want;
	} rows[] = {
		{BUILD_N1, 0, ~0u, 0},
		{BUILD_N1, PMU | SVE, ~0u, PMU | SVE}, /* what is known is not doubted */
		{BUILD_N1, 0, 0, PMU},
		{BUILD_N1, SVE, 0, PMU},
		{BUILD_V1, 0, 0, PMU | SVE | 1u << STEADY_OPTION_PTRAUTH},
		{BUILD_V1, 0, SVE, PMU | 1u << STEADY_OPTION_PTRAUTH},
		{BUILD_MAX, 0, 0, PMU | SVE | 1u << STEADY_OPTION_PTRAUTH | MTE},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_profile *p = build_host(rows[i].cpu, BUILD_7_3, "host");
		struct steady_configuration *c = &p->configurations[0];

		c->options = rows[i].options;
		c->options_known = rows[i].known;
		assert_int_equal(steady_configuration_options(c), rows[i].want);
		steady_profile_free(p);
	}
}

/* An IMPLEMENTATION DEFINED PMU (0xF) is not KVM's PMU. */
static void test_no_pmu(void **state)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "host");

	(void)state;
	p->configurations[0].options_known = 0;
	build_put(p, "ID_AA64DFR0_EL1.PMUVer", 15);
	build_put(p, "ID_DFR0_EL1.PerfMon", 15);
	assert_int_equal(steady_configuration_options(&p->configurations[0]), 0);
	steady_profile_free(p);
}

/* Of irqchips: the one asked for, else the one of unknown kind; none is never meant by unknown. */
static void test_find(void **state)
{
	enum { U, NONE, V2, V3 };
	static const struct {
		uint32_t has[2], asked;
		int want; /* index of the configuration, -1: NULL */
	} rows[] = {
		{{V3, V2}, V2, 1},  {{V3, V2}, U, 0},      {{V3, V2}, NONE, -1},
		{{U, V2}, V2, 1},   {{U, V2}, V3, 0},      {{V2, U}, U, 1},
		{{NONE, V3}, U, 1}, {{NONE, NONE}, U, -1}, {{U, NONE}, NONE, 1},
		{{U, U}, NONE, -1}, {{NONE, V3}, NONE, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "host");

		for (int k = 0; k < 2; k++) {
			p->configurations[k].options = PMU;
			p->configurations[k].irqchip = rows[i].has[k];
		}
		assert_ptr_equal(steady_profile_find(p, PMU, rows[i].asked),
				 rows[i].want < 0 ? NULL : &p->configurations[rows[i].want]);
		assert_null(steady_profile_find(p, SVE, rows[i].asked));
		steady_profile_free(p);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(steady_irqchip_name(STEADY_IRQCHIP_NONE), "none");
	assert_string_equal(steady_irqchip_name(STEADY_GICV2), "gicv2");
	assert_string_equal(steady_irqchip_name(STEADY_GICV3), "gicv3");
	assert_null(steady_irqchip_name(STEADY_IRQCHIP_UNKNOWN));
	assert_null(steady_irqchip_name(4));
	for (uint32_t i = 1; i < 4; i++)
		assert_int_equal(steady_irqchip_by_name(steady_irqchip_name(i)), i);
	assert_int_equal(steady_irqchip_by_name("gicv4"), STEADY_IRQCHIP_UNKNOWN);
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		const char *name = steady_unvirtualised_names[i];

		assert_int_equal(steady_unvirtualised_by_name(name, strlen(name)), i);
		assert_int_equal(steady_unvirtualised_by_name(name, strlen(name) - 1), -1);
	}
}

static void test_text(void **state)
{
	static const struct {
		uint32_t options, known, irqchip;
		const char *want;
	} rows[] = {
		{0, 0, 0, "options unknown"},
		{PMU, PMU | SVE, STEADY_GICV3, "pmu, no sve, gicv3"},
		{PMU | SVE, ~0u, STEADY_IRQCHIP_NONE, "pmu, sve, no ptrauth, no mte, no irqchip"},
		{1u << STEADY_OPTION_EL2, 1u << STEADY_OPTION_EL2, 0, "el2"},
		{0, 0, STEADY_GICV2, "gicv2"},
	};
	char out[128], small[8];

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_string_equal(steady_configuration_text(rows[i].options, rows[i].known,
							      rows[i].irqchip, out, sizeof(out)),
				    rows[i].want);
	/* too little room: cut, never beyond */
	memset(out, '#', sizeof(out));
	assert_int_equal(
		strlen(steady_configuration_text(PMU, ~0u, STEADY_GICV3, small, sizeof(small))),
		sizeof(small) - 1);
}

static void test_view_and_firmware(void **state)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_6_12, "host");
	struct steady_configuration *c = &p->configurations[0];
	struct steady_view view;

	(void)state;
	c->reg[20].state = STEADY_FAILED;
	c->reg[20].value = 7;
	steady_configuration_view(c, &view);
	assert_false(view.known[20]);
	assert_int_equal(view.value[20], 0);
	assert_true(view.known[32]);
	assert_true(view.value[32] == c->reg[32].value);
	assert_int_equal(steady_profile_firmware(p, 0x6030000000140000)->value, 0x10001);
	assert_int_equal(steady_profile_firmware(p, 0x6030000000160003)->error, ENOENT);
	assert_null(steady_profile_firmware(p, 0x6030000000160004));
	steady_profile_free(p);
}

static void test_writable(void **state)
{
	static const bool want[] = {[BUILD_6_1] = false, [BUILD_6_12] = true, [BUILD_7_3] = true};

	(void)state;
	for (size_t i = 0; i < LENGTH(want); i++) {
		struct steady_profile *p = build_host(BUILD_N1, (enum build_kernel)i, "host");

		assert_int_equal(steady_profile_writable(p), want[i]);
		steady_profile_free(p);
	}
	steady_profile_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options),  cmocka_unit_test(test_no_pmu),
		cmocka_unit_test(test_find),     cmocka_unit_test(test_names),
		cmocka_unit_test(test_text),     cmocka_unit_test(test_view_and_firmware),
		cmocka_unit_test(test_writable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
