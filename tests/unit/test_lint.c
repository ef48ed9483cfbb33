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

/* What lint says with one rule on, of a CPU that claims a version; the caller frees the report. */
static size_t lint_as(const char *rule, const char *version, const struct steady_view *view,
		      int *result, struct steady_report **report)
{
	const struct steady_lint_request request = {
		.only = &rule,
		.only_count = 1,
		.version =
			version ? (unsigned int)(steady_version_by_name(version, strlen(version)) +
						 1)
				: 0};

	assert_int_equal(steady_report_new(report), 0);
	*result = steady_lint(view, &request, *report);
	assert_int_equal(steady_lint(view, &request, NULL), *result);
	return steady_report_count(*report);
}

static size_t lint_rule(const char *rule, const struct steady_view *view, int *result,
			struct steady_report **report)
{
	return lint_as(rule, NULL, view, result, report);
}

static void expect_as(const char *rule, const char *version, const struct steady_view *view,
		      bool broken)
{
	int row = steady_rule_by_name(rule, strlen(rule)), result;
	struct steady_report *report;
	const struct steady_finding *f;
	size_t count;

	if (row < 0)
		fail_msg("no rule %s", rule);
	count = lint_as(rule, version, view, &result, &report);
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

static void expect(const char *rule, const struct steady_view *view, bool broken)
{
	expect_as(rule, NULL, view, broken);
}

static const struct {
	const char *rule;
	const char *version; /* to be claimed, or NULL */
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
		expect_as(witnesses[i].rule, witnesses[i].version, &view, true);
		if (witnesses[i].version) /* without the claim it is no CPU of that version */
			expect(witnesses[i].rule, &view, false);
		if (!witnesses[i].can_be_kept)
			continue;
		make_view(&view, witnesses[i].kept, 64);
		expect_as(witnesses[i].rule, witnesses[i].version, &view, false);
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

/* What versions ask for, of CPUs that claim one, and of those that show all of it (DDI0487 A2.1).
 */
static void test_versions(void **state)
{
	static const struct {
		const char *rule, *claim;
		struct value values[4];
		bool broken;
	} rows[] = {
		{"mandatory-v8.1-lse", "v8.1", {{"ID_AA64ISAR0_EL1.Atomic", 0}}, true},
		{"mandatory-v8.1-lse", "v8.1", {{"ID_AA64ISAR0_EL1.Atomic", 2}}, false},
		/* later versions ask for what earlier ones do, Armv9.0 for all of Armv8.5 */
		{"mandatory-v8.1-lse", "v8.4", {{"ID_AA64ISAR0_EL1.Atomic", 0}}, true},
		{"mandatory-v8.1-lse", "v9.0", {{"ID_AA64ISAR0_EL1.Atomic", 0}}, true},
		{"mandatory-v8.5-bti", "v9.0", {{"ID_AA64PFR1_EL1.BT", 0}}, true},
		{"mandatory-v8.6-ecv", "v9.1", {{"ID_AA64MMFR0_EL1.ECV", 0}}, true},
		/* and not for what later ones do */
		{"mandatory-v8.4-dit", "v8.3", {{"ID_AA64PFR0_EL1.DIT", 0}}, false},
		{"mandatory-v8.6-ecv", "v9.0", {{"ID_AA64MMFR0_EL1.ECV", 0}}, false},
		{"mandatory-v8.4-dit", NULL, {{"ID_AA64PFR0_EL1.DIT", 0}}, false},
		/* of CPUs that have something */
		{"mandatory-v8.4-advsimd-dotprod",
		 "v8.4",
		 {{"ID_AA64PFR0_EL1.AdvSIMD", 0}, {"ID_AA64ISAR0_EL1.DP", 0}},
		 true},
		{"mandatory-v8.4-advsimd-dotprod",
		 "v8.4",
		 {{"ID_AA64PFR0_EL1.AdvSIMD", 15}, {"ID_AA64ISAR0_EL1.DP", 0}},
		 false},
		{"mandatory-v9.0-advsimd-fp-flagm2",
		 "v9.0",
		 {{"ID_AA64PFR0_EL1.AdvSIMD", 0}, {"ID_AA64ISAR0_EL1.TS", 1}},
		 true},
		/* what Armv9.0 took away */
		{"removed-v9.0-doublelock", "v9.0", {{"ID_AA64DFR0_EL1.DoubleLock", 0}}, true},
		{"removed-v9.0-doublelock", "v9.0", {{"ID_AA64DFR0_EL1.DoubleLock", 15}}, false},
		{"removed-v9.0-doublelock", "v8.9", {{"ID_AA64DFR0_EL1.DoubleLock", 0}}, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_view view;

		make_view(&view, rows[i].values, 4);
		expect_as(rows[i].rule, rows[i].claim, &view, rows[i].broken);
	}
	assert_int_equal(steady_version_by_name("v8.0", 4), -1);
	assert_int_equal(steady_version_by_name("v8.4-a", 6), -1);
}

/*
 * The reason names the fields that hold what the version asks for (DDI0487 A2.1 and the fields'
 * descriptions), not others that the version's own condition reads.
 */
static void test_reason_of_versions(void **state)
{
	static const struct {
		const char *rule, *claim;
		struct value values[4];
		const char *reason;
	} rows[] = {
		{"mandatory-v8.4-dit",
		 "v8.4",
		 {{"ID_AA64PFR0_EL1.DIT", 0}, {"ID_AA64MMFR2_EL1.TTL", 0}},
		 "v8.4, but not FEAT_DIT: ID_AA64PFR0_EL1.DIT is 0 (not implemented)"},
		{"mandatory-v8.2-ras",
		 "v8.2",
		 {{"ID_AA64PFR0_EL1.RAS", 0}},
		 "v8.2, but not FEAT_RAS: ID_AA64PFR0_EL1.RAS is 0 (not implemented)"},
		{"mandatory-v8.5-bti",
		 "v8.5",
		 {{"ID_AA64PFR1_EL1.BT", 0}, {"ID_AA64ISAR1_EL1.SPECRES", 0}},
		 "v8.5, but not FEAT_BTI: ID_AA64PFR1_EL1.BT is 0 (not implemented)"},
		{"mandatory-v9.0-advsimd-fp-flagm2",
		 "v9.0",
		 {{"ID_AA64PFR0_EL1.AdvSIMD", 0},
		  {"ID_AA64PFR0_EL1.FP", 0},
		  {"ID_AA64ISAR0_EL1.TS", 1}},
		 "v9.0 & FEAT_AdvSIMD & FEAT_FP, but not FEAT_FlagM2: ID_AA64ISAR0_EL1.TS is 1 "
		 "(FlagM)"},
		{"mandatory-v8.3-pauth",
		 "v8.3",
		 {{"ID_AA64ISAR1_EL1.APA", 0}, {"ID_AA64ISAR1_EL1.API", 0},
		  {"ID_AA64ISAR2_EL1.APA3", 0}},
		 "v8.3, but not FEAT_PAuth: ID_AA64ISAR1_EL1.APA is 0 (not implemented), "
		 "ID_AA64ISAR1_EL1.API is 0 (not implemented), ID_AA64ISAR2_EL1.APA3 is 0 (not "
		 "implemented)"},
		{"removed-v9.0-aa32el1",
		 "v9.0",
		 {{"ID_AA64PFR0_EL1.EL1", 2}, {"ID_AA64DFR0_EL1.BRBE", 0}},
		 "v9.0 excludes FEAT_AA32EL1, which is there too: ID_AA64PFR0_EL1.EL1 is 2 "
		 "(AArch64 and AArch32)"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_report *report;
		struct steady_view view;
		int result;

		make_view(&view, rows[i].values, 4);
		assert_int_equal(lint_as(rows[i].rule, rows[i].claim, &view, &result, &report), 1);
		assert_string_equal(steady_report_get(report, 0)->reason, rows[i].reason);
		steady_report_free(report);
	}
}

/* A CPU that shows all that v8.4 asks for is one of v8.4, without a claim; level 0 of BBM will do.
 */
static void test_version_that_is_shown(void **state)
{
	static const char all[] = "v8.1 v8.2 v8.3 v8.4";
	struct steady_view view = {{0}, {0}};
	unsigned int features = 0;

	(void)state;
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++)
		view.known[reg] = true;
	view.value[build_reg("ID_AA64PFR0_EL1")] =
		UINT64_C(1) << 48 | 1 << 28 | 0x11; /* DIT, RAS */
	view.value[build_reg("ID_AA64ISAR0_EL1")] = UINT64_C(2) << 56 | UINT64_C(1) << 52 |
						    2 << 20 | 1 << 16; /* TLB, TS, Atomic, CRC32 */
	view.value[build_reg("ID_AA64ISAR1_EL1")] = 2 << 20 | 1 << 4 | 1; /* LRCPC, APA, DPB */
	view.value[build_reg("ID_AA64DFR0_EL1")] = 0x101009;
	view.value[build_reg("ID_AA64MMFR1_EL1")] = 2 << 20 | 1 << 16 | 1 << 12; /* PAN, LO, HPDS */
	view.value[build_reg("ID_AA64MMFR2_EL1")] = UINT64_C(1) << 48 | UINT64_C(1) << 36 |
						    UINT64_C(1) << 32 | 0x11; /* TTL, IDS, AT, .. */
	for (unsigned int i = 0; i < steady_rule_total; i++) {
		const struct steady_rule *r = &steady_rules[i];

		if (!r->version || !strstr(all, steady_versions[r->version - 1].name))
			continue;
		if (steady_rule_state_as(i, &view, r->version) == STEADY_NO &&
		    r->severity == STEADY_RULE_ERROR)
			fail_msg("%s", r->name);
		features++;
	}
	assert_true(features > 30);
	/* FEAT_RASv1p1 is mandatory from v8.4 on, with FEAT_RAS: nobody has to claim the version */
	expect("mandatory-v8.4-ras-rasv1p1", &view, true);
	view.value[build_reg("ID_AA64PFR0_EL1")] ^= UINT64_C(1) << 48; /* no DIT: not of v8.4 */
	expect("mandatory-v8.4-ras-rasv1p1", &view, false);
}

static void test_version_of_names(void **state)
{
	static const struct {
		const char *name, *version;
	} rows[] = {
		{"armv8.1-a", "v8.1"},
		{"armv9.4-a-v1", "v9.4"},
		{"armv8.4-a-v12", "v8.4"},
		{"armv8.0-a", NULL},
		{"armv8.4", NULL},
		{"armv8.4-a-", NULL},
		{"armv8.4-a-v", NULL},
		{"armv8.4-a-vx", NULL},
		{"armv8.4-ab", NULL},
		{"xarmv8.4-a", NULL},
		{"arm-a", NULL},
		{"armv8.44-a", NULL},
		{"", NULL},
		{NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		unsigned int version = steady_lint_version(rows[i].name);

		if (rows[i].version)
			assert_string_equal(steady_versions[version - 1].name, rows[i].version);
		else
			assert_int_equal(version, 0);
	}
}

/* What a guest without an option cannot be shown (arch/arm64/kvm/sys_regs.c, KVM_ARM_VCPU_*). */
static void test_options(void **state)
{
	static const struct {
		const char *rule, *field;
		unsigned int value;
		int option;
	} rows[] = {
		{"option-sve", "ID_AA64PFR0_EL1.SVE", 1, STEADY_OPTION_SVE},
		{"option-sve", "ID_AA64ZFR0_EL1.SVEver", 1, STEADY_OPTION_SVE},
		{"option-sve", "ID_AA64ZFR0_EL1.BF16", 1, STEADY_OPTION_SVE},
		{"option-pmu", "ID_AA64DFR0_EL1.PMUVer", 4, STEADY_OPTION_PMU},
		{"option-pmu", "ID_DFR0_EL1.PerfMon", 4, STEADY_OPTION_PMU},
		{"option-ptrauth", "ID_AA64ISAR1_EL1.APA", 1, STEADY_OPTION_PTRAUTH},
		{"option-ptrauth", "ID_AA64ISAR1_EL1.GPI", 1, STEADY_OPTION_PTRAUTH},
		{"option-ptrauth", "ID_AA64ISAR2_EL1.APA3", 5, STEADY_OPTION_PTRAUTH},
		{"option-mte", "ID_AA64PFR1_EL1.MTE", 2, STEADY_OPTION_MTE},
		{"option-mte", "ID_AA64PFR2_EL1.MTEFAR", 1, STEADY_OPTION_MTE},
		{"option-el2", "ID_AA64MMFR4_EL1.NV_frac", 1, STEADY_OPTION_EL2},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct value value = {rows[i].field, rows[i].value};
		const uint32_t bit = UINT32_C(1) << rows[i].option;
		struct steady_lint_request q = {.only = &rows[i].rule, .only_count = 1};
		const struct steady_finding *f;
		struct steady_report *report;
		struct steady_view view;

		make_view(&view, &value, 1);
		assert_int_equal(steady_lint(&view, &q, NULL), 0); /* the option is not known */
		q.options_known = bit;
		q.options = bit;
		assert_int_equal(steady_lint(&view, &q, NULL), 0);
		q.options = ~bit;
		assert_int_equal(steady_report_new(&report), 0);
		/* Linux 5.10 shows a PMU's version without the PMU: no error */
		assert_int_equal(steady_lint(&view, &q, report),
				 rows[i].option == STEADY_OPTION_PMU ? 0 : -STEADY_EINVALID);
		assert_int_equal(steady_report_count(report), 1);
		f = steady_report_get(report, 0);
		assert_string_equal(f->rule, rows[i].rule);
		assert_string_equal(f->field, strchr(rows[i].field, '.') + 1);
		steady_report_free(report);
		memset(view.value, 0, sizeof(view.value));
		assert_int_equal(steady_lint(&view, &q, NULL), 0);
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
	assert_int_equal(d.count, 80);
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
		cmocka_unit_test(test_versions),   cmocka_unit_test(test_version_of_names),
		cmocka_unit_test(test_options),    cmocka_unit_test(test_version_that_is_shown),
		cmocka_unit_test(test_switches),   cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_guests),     cmocka_unit_test(test_reason_of_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
