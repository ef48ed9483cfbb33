/* SPDX-License-Identifier: MIT */
/*
 * lint: every rule on the smallest registers that break it and that keep it, rules written out by
 * hand from the Arm ARM, what is no condition, and the dumps of real CPUs.
 */
#include "test.h"

#include <steadyarm/steadyarm.h>

#include "build_profile.h"
#include "dumps.h"
#include "policy/policy.h"

struct value {
	const char *field;
	unsigned int value;
};

/* Registers that hold these values, and 0 elsewhere; others are not captured. */
static void make_view(struct steady_view *view, const struct value *values, size_t count)
{
	memset(view, 0, sizeof(*view));
	for (size_t i = 0; i < count && values[i].field; i++) {
		const struct steady_field *f = &steady_fields[build_field(values[i].field)];

		view->value[f->reg] = steady_field_put(f, view->value[f->reg], values[i].value);
		view->known[f->reg] = true;
	}
}

/* What lint says with one rule on; the finding in *out, which the caller frees. */
static size_t lint_rule(const char *rule, const struct steady_view *view, int *result,
			struct steady_report **report)
{
	const struct steady_lint_request request = {.only = &rule, .only_count = 1};

	assert_int_equal(steady_report_new(report), 0);
	*result = steady_lint(view, &request, *report);
	assert_int_equal(steady_lint(view, &request, NULL), *result);
	return steady_report_count(*report);
}

static void expect(const char *rule, const struct steady_view *view, bool broken)
{
	int row = steady_rule_by_name(rule, strlen(rule)), result;
	struct steady_report *report;
	const struct steady_finding *f;
	size_t count;

	if (row < 0)
		fail_msg("no rule %s", rule);
	count = lint_rule(rule, view, &result, &report);
	if (count != broken)
		fail_msg("%s: %zu findings, expected %d", rule, count, broken);
	f = steady_report_get(report, 0);
	if (broken) {
		bool error = steady_rules[row].severity == STEADY_RULE_ERROR;

		assert_string_equal(f->rule, rule);
		assert_non_null(f->reg);
		assert_non_null(f->field);
		assert_non_null(f->reason);
		assert_int_equal(f->severity, error ? STEADY_ERROR : STEADY_WARNING);
		assert_int_equal(result, error ? -STEADY_EINVALID : 0);
	} else {
		assert_int_equal(result, 0);
	}
	steady_report_free(report);
}

static const struct {
	const char *rule;
	struct value broken[64], kept[64];
	bool can_be_kept; /* although its `if` holds */
} witnesses[] = {
#include "witnesses.h"
};

static void test_every_rule(void **state)
{
	unsigned int conditions = 0;

	(void)state;
	for (unsigned int i = 0; i < steady_rule_total; i++)
		conditions += steady_rules[i].when != NULL;
	assert_int_equal(LENGTH(witnesses), conditions);
	for (size_t i = 0; i < LENGTH(witnesses); i++) {
		struct steady_view view;

		make_view(&view, witnesses[i].broken, 64);
		expect(witnesses[i].rule, &view, true);
		if (!witnesses[i].can_be_kept)
			continue;
		make_view(&view, witnesses[i].kept, 64);
		expect(witnesses[i].rule, &view, false);
	}
}

/* With nothing captured there is nothing to say. */
static void test_unknown(void **state)
{
	struct steady_view view = {{0}, {0}};

	(void)state;
	for (size_t i = 0; i < LENGTH(witnesses); i++)
		expect(witnesses[i].rule, &view, false);
}

/* DDI0487, the descriptions of the registers and of the features (A2.2, A2.3, D24.2). */
static const struct {
	const char *rule;
	struct value values[8];
	bool broken;
} by_hand[] = {
	/* SVE2 without SVE is there in Streaming SVE mode only */
	{"implies-sve2-sve",
	 {{"ID_AA64PFR0_EL1.SVE", 0}, {"ID_AA64PFR1_EL1.SME", 1}, {"ID_AA64ZFR0_EL1.SVEver", 1}},
	 true},
	{"implies-sve2-sve",
	 {{"ID_AA64PFR0_EL1.SVE", 1}, {"ID_AA64PFR1_EL1.SME", 0}, {"ID_AA64ZFR0_EL1.SVEver", 1}},
	 false},
	/* FEAT_SHA256: "if implemented, FEAT_SHA1 is" */
	{"implies-sha256-sha1", {{"ID_AA64ISAR0_EL1.SHA2", 1}, {"ID_AA64ISAR0_EL1.SHA1", 0}}, true},
	{"implies-sha512-sha1",
	 {{"ID_AA64ISAR0_EL1.SHA2", 2}, {"ID_AA64ISAR0_EL1.SHA1", 1}},
	 false},
	/* FP and AdvSIMD have the same value, 0xF being none */
	{"implies-fp-advsimd", {{"ID_AA64PFR0_EL1.FP", 0}, {"ID_AA64PFR0_EL1.AdvSIMD", 15}}, true},
	{"implies-fp-advsimd",
	 {{"ID_AA64PFR0_EL1.FP", 15}, {"ID_AA64PFR0_EL1.AdvSIMD", 15}},
	 false},
	{"group-fp16", {{"ID_AA64PFR0_EL1.FP", 1}, {"ID_AA64PFR0_EL1.AdvSIMD", 0}}, true},
	/* two pointer authentication algorithms */
	{"excludes-pacimp-pacqarma5",
	 {{"ID_AA64ISAR1_EL1.APA", 1},
	  {"ID_AA64ISAR1_EL1.GPA", 1},
	  {"ID_AA64ISAR1_EL1.API", 1},
	  {"ID_AA64ISAR1_EL1.GPI", 1}},
	 true},
	{"excludes-pacimp-pacqarma5",
	 {{"ID_AA64ISAR1_EL1.APA", 5}, {"ID_AA64ISAR1_EL1.GPA", 1}},
	 false},
	/* PMUVer 8 and 9 are versions, not negative; 0xF is none */
	{"mirror-pmuv3p8",
	 {{"ID_AA64PFR0_EL1.EL0", 2}, {"ID_AA64DFR0_EL1.PMUVer", 8}, {"ID_DFR0_EL1.PerfMon", 7}},
	 true},
	{"mirror-pmuv3",
	 {{"ID_AA64PFR0_EL1.EL0", 2}, {"ID_AA64DFR0_EL1.PMUVer", 15}, {"ID_DFR0_EL1.PerfMon", 0}},
	 false},
	/* AArch32 registers do not count without AArch32 */
	{"mirror-dit",
	 {{"ID_AA64PFR0_EL1.EL0", 2}, {"ID_AA64PFR0_EL1.DIT", 1}, {"ID_PFR0_EL1.DIT", 0}},
	 true},
	{"mirror-dit",
	 {{"ID_AA64PFR0_EL1.EL0", 1}, {"ID_AA64PFR0_EL1.DIT", 1}, {"ID_PFR0_EL1.DIT", 0}},
	 false},
	/* RAS_frac counts for RAS 1 only */
	{"frac-ras", {{"ID_AA64PFR0_EL1.RAS", 2}, {"ID_AA64PFR1_EL1.RAS_frac", 1}}, true},
	{"frac-ras", {{"ID_AA64PFR0_EL1.RAS", 1}, {"ID_AA64PFR1_EL1.RAS_frac", 1}}, false},
	/* the context-aware breakpoints are among the breakpoints; numbers less 1 */
	{"group-breakpoints", {{"ID_AA64DFR0_EL1.BRPs", 5}, {"ID_AA64DFR0_EL1.CTX_CMPs", 6}}, true},
	{"group-breakpoints",
	 {{"ID_AA64DFR0_EL1.BRPs", 5}, {"ID_AA64DFR0_EL1.CTX_CMPs", 5}},
	 false},
	/* 52-bit stage 2 with 4K granules needs the same at stage 1 */
	{"group-s2gran4-lpa2",
	 {{"ID_AA64MMFR0_EL1.TGran4", 0}, {"ID_AA64MMFR0_EL1.TGran4_2", 3}},
	 true},
	{"implies-s2tgran16k-tgran16k",
	 {{"ID_AA64PFR0_EL1.EL2", 1},
	  {"ID_AA64MMFR0_EL1.TGran16", 0},
	  {"ID_AA64MMFR0_EL1.TGran16_2", 0}},
	 false},
	/* ID_AA64ZFR0_EL1 is 0 with neither SVE nor SME */
	{"group-zfr0-bf16",
	 {{"ID_AA64PFR0_EL1.SVE", 0}, {"ID_AA64PFR1_EL1.SME", 0}, {"ID_AA64ZFR0_EL1.BF16", 1}},
	 true},
};

static void test_by_hand(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(by_hand); i++) {
		struct steady_view view;

		make_view(&view, by_hand[i].values, 8);
		expect(by_hand[i].rule, &view, by_hand[i].broken);
	}
}

static void test_structure(void **state)
{
	static const struct {
		const char *rule, *reg, *field;
		uint64_t value;
		bool known;
	} rows[] = {
		{"missing-register", "ID_AA64ISAR3_EL1", NULL, 0, false},
		{"missing-register", "S3_0_C0_C7_7", NULL, 0, false},
		{"reserved-register", "S3_0_C0_C4_3", NULL, 1, true},
		{"reserved-field", "ID_AA64ISAR0_EL1", "[3:0]", 2, true},
		{"reserved-value", "ID_AA64ISAR0_EL1", "Atomic", 1 << 20, true},
		{"reserved-value", "ID_AA64DFR0_EL1", "DebugVer", 5, true},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int reg = build_reg(rows[i].reg), result;
		struct steady_view view = {{0}, {0}};
		struct steady_report *report;
		const struct steady_finding *f;

		for (int r = STEADY_CORE_FIRST; r < STEADY_CORE_FIRST + STEADY_CORE_COUNT; r++)
			view.known[r] = true;
		view.value[build_reg("ID_AA64DFR0_EL1")] = 0x101006; /* counts less 1, version */
		view.value[build_reg("ID_AA64PFR0_EL1")] = 0x11;
		assert_int_equal(lint_rule(rows[i].rule, &view, &result, &report), 0);
		steady_report_free(report);
		view.known[reg] = rows[i].known;
		view.value[reg] = rows[i].value | (rows[i].value == 5 ? UINT64_C(0x101000) : 0);
		assert_int_equal(lint_rule(rows[i].rule, &view, &result, &report), 1);
		f = steady_report_get(report, 0);
		assert_string_equal(f->rule, rows[i].rule);
		assert_string_equal(f->reg, rows[i].reg);
		if (rows[i].field)
			assert_string_equal(f->field, rows[i].field);
		else
			assert_null(f->field);
		steady_report_free(report);
	}
}

/* Rules are switched by name, or by kind. */
static void test_switches(void **state)
{
	static const struct value values[] = {
		{"ID_AA64ISAR0_EL1.SHA2", 2}, /* SHA512 without SHA1, FEAT_SHA256 without too */
		{"ID_AA64PFR1_EL1.RAS_frac", 1},
		{"ID_AA64PFR0_EL1.EL0", 1},
		{"ID_AA64PFR0_EL1.EL1", 1},
	};
	static const struct {
		const char *only[2], *except[2];
		const char *rules[4];
	} rows[] = {
		{{"frac"}, {NULL}, {"frac-ras"}},
		{{"frac", "implies-sha256-sha1"}, {NULL}, {"implies-sha256-sha1", "frac-ras"}},
		{{"implies", "frac"},
		 {"implies-sha256-sha1", "frac-ras"},
		 {"implies-sha512-crypto", "implies-sha512-sha1"}},
		{{"fra"}, {NULL}, {NULL}},
		{{"frac"}, {"frac"}, {NULL}},
	};
	struct steady_view view;

	(void)state;
	make_view(&view, values, LENGTH(values));
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_lint_request q = {.only = rows[i].only, .except = rows[i].except};
		struct steady_report *report;

		for (int k = 0; k < 2; k++) {
			q.only_count += rows[i].only[k] != NULL;
			q.except_count += rows[i].except[k] != NULL;
		}
		assert_int_equal(steady_report_new(&report), 0);
		steady_lint(&view, &q, report);
		for (size_t k = 0; k < 4; k++) {
			const struct steady_finding *f = steady_report_get(report, k);

			if (!f != !rows[i].rules[k])
				fail_msg("row %zu: %s, expected %s", i, f ? f->rule : "none",
					 rows[i].rules[k] ? rows[i].rules[k] : "none");
			if (f)
				assert_string_equal(f->rule, rows[i].rules[k]);
			else
				break;
		}
		steady_report_free(report);
	}
}

/* ---- real CPUs ---- */

/* The next row of lint_findings.tsv, as "cpu rule field severity"; false at the end. */
static bool next_known(FILE *f, char *out, size_t room)
{
	char line[512], cpu[128], rule[128], field[128], severity[16];

	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#' || strncmp(line, "cpu\t", 4) == 0)
			continue;
		if (sscanf(line, "%127s %127s %127s %15s", cpu, rule, field, severity) != 4)
			fail_msg("cannot read %s", line);
		snprintf(out, room, "%s %s %s %s", cpu, rule, field, severity);
		return true;
	}
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each finding is one that lint_findings.tsv explains, and the other way round. */
static void test_dumps(void **state)
{
	static const char *const except[] = {"missing"};
	static const struct steady_lint_request request = {.except = except, .except_count = 1};
	char path[1024], known[512], *found[1024];
	size_t count = 0;
	struct dumps d;
	FILE *f;

	(void)state;
	dumps_load(&d);
	assert_true(d.count >= 77);
	for (size_t i = 0; i < d.count; i++) {
		struct steady_report *report;
		const struct steady_finding *one;

		assert_int_equal(steady_report_new(&report), 0);
		steady_lint(d.view[i], &request, report);
		for (size_t k = 0; (one = steady_report_get(report, k)) && count < 1024; k++) {
			snprintf(known, sizeof(known), "%s %s %s.%s %s", d.name[i], one->rule,
				 one->reg, one->field ? one->field : "",
				 one->severity == STEADY_ERROR ? "error" : "warning");
			found[count++] = strdup(known);
		}
		steady_report_free(report);
	}
	qsort(found, count, sizeof(found[0]), by_text);
	snprintf(path, sizeof(path), "%s/cpus/lint_findings.tsv", getenv("STEADY_TEST_DATA"));
	f = fopen(path, "r");
	assert_non_null(f);
	for (size_t i = 0; i < count; i++) {
		if (!next_known(f, known, sizeof(known)))
			strcpy(known, "the end");
		if (strcmp(known, found[i]) != 0)
			fail_msg("found: %s; known: %s", found[i], known);
		free(found[i]);
	}
	assert_false(next_known(f, known, sizeof(known)));
	fclose(f);
	dumps_free(&d);
}

/* What KVM shows a guest has no errors. */
static void test_guests(void **state)
{
	static const char *const guests[] = {"firecracker-", "litmus-graviton", "litmus-rpi5",
					     "graviton3_"};
	static const char *const except[] = {"missing"};
	static const struct steady_lint_request request = {.except = except, .except_count = 1};
	size_t met = 0;
	struct dumps d;

	(void)state;
	dumps_load(&d);
	for (size_t i = 0; i < d.count; i++) {
		for (size_t k = 0; k < LENGTH(guests); k++) {
			if (strncmp(d.name[i], guests[k], strlen(guests[k])) != 0)
				continue;
			met++;
			if (steady_lint(d.view[i], &request, NULL))
				fail_msg("%s has an error", d.name[i]);
		}
	}
	assert_true(met >= 11);
	dumps_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_rule), cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_by_hand),    cmocka_unit_test(test_structure),
		cmocka_unit_test(test_switches),   cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
