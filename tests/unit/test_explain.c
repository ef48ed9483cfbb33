/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "build_profile.h"
#include "policy/explain.h"

/* Meanings as Linux's arch/arm64/tools/sysreg names them. */
static const struct {
	const char *field;
	uint64_t value;
	const char *want;
} values[] = {
	{"ID_AA64ISAR0_EL1.AES", 0, "0 (not implemented)"},
	{"ID_AA64ISAR0_EL1.AES", 2, "2 (AES and PMULL)"},
	{"ID_AA64DFR0_EL1.DoubleLock", 15, "15 (not implemented)"},
	{"ID_AA64ISAR0_EL1.AES", 9, "9"},
	{"ID_AA64ISAR0_EL1.AES", 10, "10"},
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++) {
		struct steady_text t = STEADY_TEXT_INIT;

		steady_explain_value(&t, build_field(values[i].field), values[i].value);
		assert_string_equal(t.data, values[i].want);
		steady_text_free(&t);
	}
}

/* DDI0487 D24.1.3: of most fields more is more, not of SpecSEI or PMUVer; a signed 15 is less. */
static void test_relation(void **state)
{
	static const struct {
		const char *reg, *field, *wanted, *offered, *want;
	} rows[] = {
		{"ID_AA64ZFR0_EL1", "SVEver", "1", "0", ">="},
		{"ID_AA64DFR0_EL1", "DebugVer", "8", "6", ">="},
		{"ID_AA64DFR0_EL1", "DebugVer", "8", "6-7", ">="},
		{"ID_AA64PFR0_EL1", "CSV3", "1", "none", ">="},
		{"ID_AA64PFR0_EL1", "CSV3", "1", "0,2", "="}, /* has more, and not this */
		{"ID_AA64DFR0_EL1", "DoubleLock", "0", "15", "="},
		{"ID_AA64MMFR0_EL1", "TGran4", "1", "0,15", ">="},
		{"ID_AA64MMFR1_EL1", "SpecSEI", "0", "1", "="}, /* less is more */
		{"ID_AA64DFR0_EL1", "PMUVer", "6", "0-1,4", "="},
		{"ID_AA64MMFR2_EL1", "CCIDX", "1", "0", "="},
		{"ID_AA64PFR0_EL1", "CSV3", NULL, "0", "="},
		{"ID_AA64PFR0_EL1", "CSV3", "1", "unknown", "="},
		{"CNTFRQ_EL0", NULL, "1", "0", "="},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_finding f = {.reg = rows[i].reg,
					   .field = rows[i].field,
					   .wanted = rows[i].wanted,
					   .offered = rows[i].offered};

		if (strcmp(steady_explain_relation(&f), rows[i].want) != 0)
			fail_msg("%s.%s: %s", rows[i].reg, rows[i].field,
				 steady_explain_relation(&f));
	}
}

/* DDI0487: without SVE and SME ID_AA64ZFR0_EL1 is RES0; MTE_frac tells of CPUs with FEAT_MTE2. */
static void test_shown(void **state)
{
	static const struct {
		const char *field;
		uint64_t value;
		const char *want;
	} rows[] = {
		{"ID_AA64ZFR0_EL1.SVEver", 0, "0 (counts only with FEAT_SVE or FEAT_SME)"},
		{"ID_AA64SMFR0_EL1.SMEver", 0, "0 (counts only with FEAT_SME)"},
		{"ID_AA64PFR1_EL1.MTE_frac", 0, "0 (counts only with FEAT_MTE2)"},
		{"ID_AA64PFR1_EL1.CSV2_frac", 0, "0 (not implemented)"}, /* N1 has CSV2 1 */
		{"ID_AA64ISAR0_EL1.AES", 9, "9"},
	};
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "n1");
	struct steady_view view;

	(void)state;
	steady_configuration_view(&p->configurations[0], &view);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_text t = STEADY_TEXT_INIT;

		steady_explain_shown(&t, &view, build_field(rows[i].field), rows[i].value);
		assert_string_equal(t.data, rows[i].want);
		steady_text_free(&t);
	}
	steady_profile_free(p);
}

static void test_features(void **state)
{
	static const struct {
		uint64_t value;
		const char *want;
	} rows[] = {{2, ""}, {1, "FEAT_PMULL"}, {0, "FEAT_AES, FEAT_PMULL"}};
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "n1");
	struct steady_view view;

	(void)state;
	steady_configuration_view(&p->configurations[0], &view);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_text t = STEADY_TEXT_INIT;

		steady_explain_features(&t, &view, build_field("ID_AA64ISAR0_EL1.AES"),
					rows[i].value);
		assert_string_equal(t.data ? t.data : "", rows[i].want);
		steady_text_free(&t);
	}
	steady_profile_free(p);
}

/* Why a field is refused: an option that is off, too little, or fixed by the kernel. */
static const struct {
	enum build_cpu cpu;
	const char *reg, *field;
	uint64_t value;
	const char *reason, *advice;
	bool bare; /* in the configuration without options */
} rows[] = {
	{BUILD_N1, "ID_AA64ISAR0_EL1", "RNDR", 1, "not on that CPU", "baseline", false},
	{BUILD_N1, "ID_AA64PFR0_EL1", "SVE", 1, "and this host cannot turn it on", "baseline", false},
	{BUILD_V1, "ID_AA64PFR0_EL1", "SVE", 1, "SVE is off in the vCPU options", "sve=on", true},
	{BUILD_N1, "ID_AA64MMFR1_EL1", "VH", 0, "fixed by kernel 7.3.4", "baseline", false},
	{BUILD_N1, "S3_0_C0_C4_3", "[3:0]", 1, "not on that CPU", "baseline", false},
};

static void test_reasons(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_profile *p = build_host(rows[i].cpu, BUILD_7_3, "host");
		struct steady_model *m = NULL;
		const struct steady_finding *f;
		struct steady_report *report;
		char name[64];
		const struct steady_field *field;
		const struct steady_configuration *c =
			&p->configurations[rows[i].bare ? p->configuration_count - 1 : 0];
		uint64_t limit;

		snprintf(name, sizeof(name), "%s.%s", rows[i].reg, rows[i].field);
		field = &steady_fields[build_field(name)];
		limit = steady_field_get(field, c->reg[field->reg].value);
		assert_int_equal(steady_report_new(&report), 0);
		assert_int_equal(build_baseline(&p, 1, &m, NULL), 0);
		m->value[field->reg] = steady_field_put(field, m->value[field->reg], rows[i].value);
		steady_explain_field(report, m, p, c, build_field(name), rows[i].value, steady_set_one(field, limit));
		f = build_finding(report, rows[i].reg, rows[i].field);
		assert_non_null(f);
		assert_int_equal(f->error, STEADY_EBLOCKED);
		assert_non_null(strstr(f->reason, rows[i].reason));
		assert_non_null(strstr(f->advice, rows[i].advice));
		steady_explain_field(NULL, m, p, c, build_field(name), 0, 0);
		steady_report_free(report);
		steady_model_free(m);
		steady_profile_free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_relation),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
