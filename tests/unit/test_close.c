/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "build_profile.h"

/*
 * DDI0487 A2.3: FEAT_S1PIE and FEAT_S1POE need FEAT_TCR2, FEAT_ATS1A, the latter FEAT_HPDS too;
 * Linux 7.3.4 takes them from a guest that lacks one (kvm_finalize_sys_regs()).
 */
static const struct {
	const char *missing; /* set to 0 in the host */
	uint64_t s1pie, s1poe;
} rows[] = {
	{NULL, 1, 1},
	{"ID_AA64MMFR3_EL1.TCRX", 0, 0},
	{"ID_AA64ISAR2_EL1.ATS1A", 0, 0},
	{"ID_AA64MMFR1_EL1.HPDS", 1, 0},
};

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_profile *p = build_host(BUILD_MAX, BUILD_7_3, "max");
		struct steady_report *report;
		struct steady_model *m = NULL;

		assert_int_equal(steady_report_new(&report), 0);
		if (rows[i].missing)
			build_put(p, rows[i].missing, 0);
		assert_int_equal(build_baseline(&p, 1, &m, report), 0);
		assert_int_equal(build_model_get(m, "ID_AA64MMFR3_EL1.S1PIE"), rows[i].s1pie);
		assert_int_equal(build_model_get(m, "ID_AA64MMFR3_EL1.S1POE"), rows[i].s1poe);
		assert_int_equal(build_finding(report, "ID_AA64MMFR3_EL1", "S1PIE") != NULL,
				 !rows[i].s1pie);
		assert_int_equal(build_finding(report, "ID_AA64MMFR3_EL1", "S1POE") != NULL,
				 !rows[i].s1poe);
		steady_model_free(m);
		steady_report_free(report);
		steady_profile_free(p);
	}
}

/* A field that no host can lower: a conflict, unless it is tolerated. */
static void test_cannot_be_lowered(void **state)
{
	const char *names[] = {"ID_AA64MMFR3_EL1.S1PIE"};
	struct steady_profile *p = build_host(BUILD_MAX, BUILD_7_3, "max");
	struct steady_baseline_request request = {0};
	struct steady_input in = {.name = "max", .profile = p};
	struct steady_report *report;
	struct steady_model *m = NULL;

	(void)state;
	assert_int_equal(steady_report_new(&report), 0);
	build_put(p, "ID_AA64ISAR2_EL1.ATS1A", 0);
	build_mask(p, "ID_AA64MMFR3_EL1", 0xf00ff); /* all but S1PIE */
	assert_int_equal(steady_baseline(&in, 1, &request, &m, report), -STEADY_ECONFLICT);
	assert_int_equal(build_finding(report, "ID_AA64MMFR3_EL1", "S1PIE")->error,
			 STEADY_ECONFLICT);
	assert_null(m);
	request.tolerate = names;
	request.tolerate_count = 1;
	assert_int_equal(steady_baseline(&in, 1, &request, &m, NULL), 0);
	assert_int_equal(build_model_get(m, names[0]), 1);
	assert_int_equal(build_model_get(m, "ID_AA64MMFR3_EL1.S1POE"), 0);
	assert_true(steady_model_tolerates(m, names[0]));
	steady_model_free(m);
	steady_report_free(report);
	steady_profile_free(p);
}

/* Registers that a model does not have are not spoken of. */
static void test_incomplete(void **state)
{
	struct steady_profile *p = build_host(BUILD_MAX, BUILD_7_3, "max");
	struct steady_model *m = NULL;

	(void)state;
	assert_int_equal(build_baseline(&p, 1, &m, NULL), 0);
	m->has[build_reg("ID_AA64ISAR2_EL1")] = false;
	m->value[build_reg("ID_AA64ISAR2_EL1")] = 0;
	assert_int_equal(steady_close(m, &m->offer->cells[0], NULL, NULL, NULL), 0);
	assert_int_equal(build_model_get(m, "ID_AA64MMFR3_EL1.S1PIE"), 1);
	steady_model_free(m);
	steady_profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_cannot_be_lowered),
		cmocka_unit_test(test_incomplete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
