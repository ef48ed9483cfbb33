/* SPDX-License-Identifier: MIT */
/*
 * A guest seen by a program in it. Which fields Linux shows: those of FTR_VISIBLE in its
 * arch/arm64/kernel/cpufeature.c (7.3); some are written down here from
 * Documentation/arch/arm64/cpu-feature-registers.rst.
 */
#include "test.h"

#include "build_profile.h"
#include "policy/policy.h"

static int field_of(const char *name)
{
	int row = steady_field_by_name(name, strlen(name));

	assert_true(row >= 0);
	return row;
}

static void test_which_are_visible(void **state)
{
	static const struct {
		const char *field;
		bool visible;
	} rows[] = {
		/* cpu-feature-registers.rst, 4. "List of registers with visible features" */
		{"ID_AA64ISAR0_EL1.RNDR", true},   {"ID_AA64ISAR0_EL1.TS", true},
		{"ID_AA64ISAR0_EL1.Atomic", true}, {"ID_AA64ISAR0_EL1.AES", true},
		{"ID_AA64PFR0_EL1.DIT", true},     {"ID_AA64PFR0_EL1.SVE", true},
		{"ID_AA64PFR0_EL1.AdvSIMD", true}, {"ID_AA64PFR0_EL1.FP", true},
		{"ID_AA64PFR1_EL1.SSBS", true},    {"ID_AA64PFR1_EL1.BT", true},
		{"ID_AA64ISAR1_EL1.DPB", true},    {"ID_AA64ISAR1_EL1.APA", true},
		{"ID_AA64MMFR0_EL1.ECV", true},    {"ID_AA64MMFR2_EL1.AT", true},
		{"ID_AA64ZFR0_EL1.SVEver", true},  {"ID_AA64MMFR1_EL1.AFP", true},
		{"ID_AA64ISAR2_EL1.WFxT", true},   {"ID_AA64ISAR2_EL1.MOPS", true},
		/* FTR_HIDDEN, or not there */
		{"ID_AA64ISAR0_EL1.TLB", false},   {"ID_AA64PFR0_EL1.CSV2", false},
		{"ID_AA64PFR0_EL1.EL0", false},    {"ID_AA64MMFR2_EL1.NV", false},
		{"ID_AA64DFR0_EL1.PMUVer", false}, {"ID_AA64MMFR0_EL1.PARange", false},
		{"ID_AA64MMFR1_EL1.HAFDBS", false}, {"ID_ISAR5_EL1.AES", false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		bool found = false;

		for (unsigned int n = 0; n < steady_visible_field_count; n++)
			found = found || steady_visible_fields[n] == field_of(rows[i].field);
		if (found != rows[i].visible)
			fail_msg("%s", rows[i].field);
	}
}

struct seen {
	struct steady_model *model;
	struct steady_view view;
	struct steady_seen counts;
	struct steady_report *report;
};

static void start(struct seen *s)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "host");

	assert_int_equal(steady_model_exactly(p, &p->configurations[0], &s->model, NULL), 0);
	steady_profile_free(p);
	steady_model_view(s->model, &s->view);
	assert_int_equal(steady_report_new(&s->report), 0);
}

static void stop(struct seen *s)
{
	steady_model_free(s->model);
	steady_report_free(s->report);
}

static void see(struct seen *s, const char *field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[field_of(field)];

	s->view.value[f->reg] = steady_field_put(f, s->view.value[f->reg], value);
}

static int check(struct seen *s)
{
	return steady_check_seen(s->model, &s->view, &s->counts, s->report);
}

static void test_equal(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	see(&s, "ID_AA64PFR0_EL1.CSV2", 15); /* no program sees it: it is not looked at */
	assert_int_equal(check(&s), 0);
	assert_int_equal(steady_report_count(s.report), 0);
	assert_int_equal(s.counts.equal, s.counts.visible);
	assert_int_equal(s.counts.visible, steady_visible_field_count);
	assert_true(s.counts.visible < s.counts.fields);
	stop(&s);
}

static void test_lower(void **state)
{
	const struct steady_finding *f;
	struct seen s;

	(void)state;
	start(&s);
	see(&s, "ID_AA64ISAR0_EL1.Atomic", 0);
	see(&s, "ID_AA64PFR0_EL1.FP", 15); /* NI, which is less than 0 */
	assert_int_equal(check(&s), 0);
	assert_int_equal(s.counts.lower, 2);
	f = steady_report_get(s.report, 1);
	assert_int_equal(f->severity, STEADY_NOTE);
	assert_string_equal(f->field, "Atomic");
	assert_string_equal(f->wanted, "2");
	assert_string_equal(f->offered, "0");
	assert_non_null(strstr(f->reason, "perhaps hidden by this guest's kernel"));
	stop(&s);
}

static void test_higher(void **state)
{
	const struct steady_finding *f;
	struct seen s;

	(void)state;
	start(&s);
	see(&s, "ID_AA64ISAR0_EL1.RNDR", 1);
	assert_int_equal(check(&s), -STEADY_EBLOCKED);
	f = steady_report_get(s.report, 0);
	assert_int_equal(f->severity, STEADY_ERROR);
	assert_string_equal(f->reg, "ID_AA64ISAR0_EL1");
	assert_string_equal(f->field, "RNDR");
	stop(&s);
}

static void test_tolerated(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	assert_int_equal(steady_model_add_tolerated(s.model, "ID_AA64ISAR0_EL1.RNDR"), 0);
	see(&s, "ID_AA64ISAR0_EL1.RNDR", 1);
	assert_int_equal(check(&s), 0);
	assert_int_equal(s.counts.tolerated, 1);
	assert_int_equal(steady_report_count(s.report), 0);
	stop(&s);
}

static void test_unknown(void **state)
{
	struct seen s;

	(void)state;
	start(&s);
	see(&s, "ID_AA64ISAR0_EL1.RNDR", 1);
	s.view.known[steady_register_by_name("ID_AA64ISAR0_EL1", 16)] = false;
	assert_int_equal(check(&s), 0);
	assert_true(s.counts.visible < steady_visible_field_count);
	assert_int_equal(s.counts.equal, s.counts.visible);
	stop(&s);
}

static void test_another_cpu(void **state)
{
	const struct steady_cpu n1 = {.midr = 0x413fd0c1}, v1 = {.midr = 0x411fd401};
	int midr = steady_register_by_name("MIDR_EL1", 8);
	struct seen s;

	(void)state;
	start(&s);
	s.model->implementation_count = 0;
	assert_int_equal(steady_model_add_implementation(s.model, &n1), 0);
	s.view.known[midr] = true;
	s.view.value[midr] = n1.midr;
	assert_int_equal(check(&s), 0);
	s.view.value[midr] = v1.midr;
	assert_int_equal(check(&s), -STEADY_EBLOCKED);
	assert_string_equal(steady_report_get(s.report, 0)->reg, "MIDR_EL1");
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_are_visible), cmocka_unit_test(test_equal),
		cmocka_unit_test(test_lower),             cmocka_unit_test(test_higher),
		cmocka_unit_test(test_tolerated),         cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_another_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
