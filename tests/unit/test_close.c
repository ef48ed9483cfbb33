/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "build_profile.h"

struct field_accepts {
	const char *name;
	uint64_t limit;
	uint16_t accepts; /* bit N: value N */
};

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

/* ---- every closing rule ---- */

/* Registers of the core range, all captured; sets that hold every value. */
static void start(struct steady_model **m, struct steady_offer **o)
{
	struct steady_cell *cell;

	*m = steady_model_alloc();
	*o = steady_offer_alloc();
	assert_true(*m && *o);
	cell = steady_offer_add(*o);
	assert_non_null(cell);
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++)
		(*m)->has[reg] = true;
	for (unsigned int i = 0; i < steady_offer_fields(); i++)
		cell->set[i] = steady_set_range(&steady_fields[steady_offer_first() + i], 0, 255);
}

static void put(struct steady_model *m, unsigned int field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[field];

	m->value[f->reg] = steady_field_put(f, m->value[f->reg], value);
}

static enum steady_truth state_of(unsigned int rule, const struct steady_model *m)
{
	struct steady_view view;

	steady_model_view(m, &view);
	return steady_rule_state(rule, &view);
}

static const struct {
	const char *rule;
	const char *version; /* to be claimed; no closing rule has one */
	struct {
		const char *field;
		unsigned int value;
	} broken[64], kept[64];
	bool can_be_kept;
} witnesses[] = {
#include "witnesses.h"
};

/* Broken, it is mended by its own field; broken by a host, it stays; fixed, it is a conflict. */
static void test_every_rule(void **state)
{
	unsigned int met = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(witnesses); i++) {
		const char *name = witnesses[i].rule;
		unsigned int rule = (unsigned int)steady_rule_by_name(name, strlen(name));
		const struct steady_rule *r = &steady_rules[rule];
		const struct steady_finding *f;
		struct steady_report *report;
		struct steady_model *m;
		struct steady_offer *o;
		steady_set *set;
		uint64_t had;

		if (r->closes == STEADY_CLOSES_NEVER)
			continue;
		met++;
		start(&m, &o);
		assert_int_equal(steady_report_new(&report), 0);
		for (size_t k = 0; k < 64 && witnesses[i].broken[k].field; k++)
			put(m, build_field(witnesses[i].broken[k].field),
			    witnesses[i].broken[k].value);
		had = m->value[steady_fields[r->lower].reg];
		assert_int_equal(state_of(rule, m), STEADY_NO);
		for (unsigned int k = 0; k < steady_rule_total; k++) /* not the question here */
			if (steady_rules[k].closes == STEADY_CLOSES_NEVER)
				o->cells[0].breaks[k / 8] |= (uint8_t)(1u << k % 8);
		set = steady_cell_set(&o->cells[0], (unsigned int)r->lower);
		*set = steady_set_one(&steady_fields[r->lower],
				      steady_field_get(&steady_fields[r->lower], had));
		assert_int_equal(steady_close(m, &o->cells[0], NULL, NULL, NULL),
				 -STEADY_ECONFLICT);
		assert_int_equal(m->value[steady_fields[r->lower].reg], had);
		*set = steady_set_range(&steady_fields[r->lower], 0, 255);
		assert_int_equal(steady_close(m, &o->cells[0], NULL, NULL, report), 0);
		if (state_of(rule, m) == STEADY_NO)
			fail_msg("%s is still broken", name);
		f = build_finding(report, steady_registers[steady_fields[r->lower].reg].name,
				  steady_fields[r->lower].name);
		assert_non_null(f);
		assert_int_equal(f->severity, STEADY_NOTE);
		assert_non_null(f->rule);
		m->value[steady_fields[r->lower].reg] = had;
		for (unsigned int k = 0; k < steady_rule_total; k++)
			o->cells[0].breaks[k / 8] |= (uint8_t)(1u << k % 8);
		assert_int_equal(steady_close(m, &o->cells[0], NULL, NULL, NULL), 0);
		assert_int_equal(m->value[steady_fields[r->lower].reg] == had,
				 r->closes == STEADY_CLOSES_KEPT);
		steady_report_free(report);
		steady_model_free(m);
		steady_offer_free(o);
	}
	assert_true(met > 130);
}

/* A host like this one in all but these fields, each of which accepts the values that follow. */
static struct steady_profile *host_with(const char *name, const struct field_accepts *fields)
{
	struct steady_profile *p = build_host(BUILD_V1, BUILD_7_3, name);

	for (; fields->name; fields++) {
		build_put(p, fields->name, fields->limit);
		build_accepted(p, fields->name, fields->accepts);
	}
	return p;
}

/*
 * Two hosts that keep a rule, each by another of the fields that its `then` reads: together neither
 * is left, and the field that `if` reads is lowered, or it is a conflict. DDI0487
 * ID_AA64MMFR0_EL1.PARange: 52 bits need the 64K granule (FEAT_LPA) or FEAT_LPA2; ID_AA64ZFR0_EL1:
 * it is 0 with neither SVE nor SME; ID_AA64ISAR1_EL1: an algorithm has both of its fields.
 */
static void test_kept_by_either(void **state)
{
	static const struct field_accepts lpa[] = {{"ID_AA64MMFR0_EL1.PARange", 6, 0x7f},
						   {"ID_AA64MMFR0_EL1.TGran4", 15, 0x8000},
						   {"ID_AA64MMFR0_EL1.TGran16", 1, 0x3},
						   {"ID_AA64MMFR0_EL1.TGran64", 0, 0x8001},
						   {NULL, 0, 0}};
	static const struct field_accepts lpa2[] = {
		{"ID_AA64MMFR0_EL1.PARange", 6, 0x7f}, {"ID_AA64MMFR0_EL1.TGran4", 15, 0x8000},
		{"ID_AA64MMFR0_EL1.TGran16", 2, 0x7},  {"ID_AA64MMFR0_EL1.TGran64", 15, 0x8000},
		{"ID_AA64MMFR2_EL1.VARange", 1, 0x3},  {NULL, 0, 0}};
	static const struct field_accepts lpa_fixed[] = {{"ID_AA64MMFR0_EL1.PARange", 6, 0x40},
							 {"ID_AA64MMFR0_EL1.TGran64", 0, 0x8001},
							 {NULL, 0, 0}};
	static const struct {
		const struct field_accepts *one, *other;
		const char *field;
		int result;
		uint64_t value;
		const char *rule;
	} cases[] = {
		/* 48 bits */
		{lpa, lpa2, "ID_AA64MMFR0_EL1.PARange", 0, 5, "group-lpa"},
		{lpa, lpa, "ID_AA64MMFR0_EL1.PARange", 0, 6, NULL},
		/* no host of the first kind lets it be less */
		{lpa_fixed, lpa2, "ID_AA64MMFR0_EL1.PARange", -STEADY_ECONFLICT, 0, "group-lpa"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct steady_profile *p[] = {host_with("a", cases[i].one),
					      host_with("b", cases[i].other)};
		unsigned int field = build_field(cases[i].field);
		const struct steady_finding *f;
		struct steady_model *m = NULL;
		struct steady_report *report;

		assert_int_equal(steady_report_new(&report), 0);
		assert_int_equal(build_baseline(p, 2, &m, report), cases[i].result);
		if (m)
			assert_int_equal(build_model_get(m, cases[i].field), cases[i].value);
		f = build_finding(report, steady_registers[steady_fields[field].reg].name,
				  steady_fields[field].name);
		if (cases[i].rule)
			assert_string_equal(f->rule, cases[i].rule);
		else
			assert_null(f);
		steady_model_free(m);
		steady_report_free(report);
		steady_profile_free(p[0]);
		steady_profile_free(p[1]);
	}
}

/* Fields of the core range with these values; rules that name a field to lower, lower it. */
static void test_lowers(void **state)
{
	static const struct {
		const char *field;
		unsigned int value;
		const char *rule;
		const char *also; /* a field that has to be there, or NULL */
		unsigned int there;
	} rows_[] = {
		{"ID_AA64ZFR0_EL1.BF16", 1, "group-zfr0-bf16", NULL, 0},
		{"ID_AA64ZFR0_EL1.I8MM", 1, "group-zfr0-i8mm", NULL, 0},
		{"ID_AA64SMFR0_EL1.I16I64", 15, "group-smfr0-i16i64", NULL, 0},
		{"ID_AA64ISAR1_EL1.GPA", 1, "group-pac-qarma5-back", NULL, 0},
		{"ID_AA64ISAR1_EL1.GPI", 1, "group-pac-imp-back", NULL, 0},
		{"ID_AA64ISAR2_EL1.GPA3", 1, "group-pac-qarma3-back", NULL, 0},
		{"ID_AA64ISAR1_EL1.APA", 1, "group-pac-qarma5", NULL, 0},
		{"ID_AA64ISAR1_EL1.API", 3, "group-pac-imp", NULL, 0},
		{"ID_AA64ISAR2_EL1.APA3", 5, "group-pac-qarma3", NULL, 0},
		{"ID_AA64ISAR2_EL1.PAC_frac", 1, "frac-pac", NULL, 0},
		/* as many context-aware breakpoints as there are breakpoints, numbers less 1 */
		{"ID_AA64DFR0_EL1.CTX_CMPs", 5, "group-breakpoints", "ID_AA64DFR0_EL1.BRPs", 3},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows_); i++) {
		const struct steady_finding *f;
		struct steady_report *report;
		struct steady_model *m;
		struct steady_offer *o;

		start(&m, &o);
		assert_int_equal(steady_report_new(&report), 0);
		put(m, build_field("ID_AA64PFR0_EL1.EL0"), 1);
		put(m, build_field("ID_AA64PFR0_EL1.EL1"), 1);
		put(m, build_field(rows_[i].field), rows_[i].value);
		if (rows_[i].also)
			put(m, build_field(rows_[i].also), rows_[i].there);
		assert_int_equal(steady_close(m, &o->cells[0], NULL, NULL, report), 0);
		if (build_model_get(m, rows_[i].field) != rows_[i].there)
			fail_msg("%s is %u", rows_[i].field,
				 (unsigned int)build_model_get(m, rows_[i].field));
		f = steady_report_get(report, 0);
		assert_string_equal(f->rule, rows_[i].rule);
		steady_report_free(report);
		steady_model_free(m);
		steady_offer_free(o);
	}
}

/* What no row lowers, and no CPU is like: a conflict, unless a field of it is tolerated. */
static bool tolerates_bf16(const void *ctx, unsigned int field)
{
	return field == *(const unsigned int *)ctx;
}

static void test_error_without_lower(void **state)
{
	static const char rule[] = "implies-sme-bf16";
	unsigned int bf16 = build_field("ID_AA64ISAR1_EL1.BF16");
	unsigned int row = (unsigned int)steady_rule_by_name(rule, strlen(rule));
	struct steady_report *report;
	struct steady_model *m;
	struct steady_offer *o;

	(void)state;
	start(&m, &o);
	assert_int_equal(steady_rules[row].closes, STEADY_CLOSES_NEVER);
	assert_int_equal(steady_report_new(&report), 0);
	put(m, build_field("ID_AA64PFR0_EL1.EL0"), 1);
	put(m, build_field("ID_AA64PFR0_EL1.EL1"), 1);
	put(m, build_field("ID_AA64PFR0_EL1.FP"), 1);
	put(m, build_field("ID_AA64PFR0_EL1.AdvSIMD"), 1);
	put(m, build_field("ID_AA64ISAR1_EL1.FCMA"), 1);
	put(m, build_field("ID_AA64ISAR0_EL1.FHM"), 1);
	put(m, build_field("ID_AA64PFR1_EL1.SME"), 1);
	assert_int_equal(steady_close(m, &o->cells[0], NULL, NULL, report), -STEADY_ECONFLICT);
	assert_int_equal(steady_report_count(report), 1);
	assert_string_equal(steady_report_get(report, 0)->rule, rule);
	assert_int_equal(steady_close(m, &o->cells[0], tolerates_bf16, &bf16, NULL), 0);
	o->cells[0].breaks[row / 8] |=
		(uint8_t)(1u << row % 8); /* a guest of a host is like that */
	assert_int_equal(steady_close(m, &o->cells[0], NULL, NULL, NULL), 0);
	steady_report_free(report);
	steady_model_free(m);
	steady_offer_free(o);
}

/* ---- the greatest, by looking at every CPU there is ---- */

/* The fields of FP8 and what it needs; each with the values 0 and 1 here. */
static const char *const fp8[] = {
	"ID_AA64FPFR0_EL1.F8CVT", "ID_AA64FPFR0_EL1.F8FMA", "ID_AA64FPFR0_EL1.F8DP4",
	"ID_AA64FPFR0_EL1.F8DP2", "ID_AA64FPFR0_EL1.F8MM8", "ID_AA64FPFR0_EL1.F8MM4",
	"ID_AA64PFR2_EL1.FPMR",   "ID_AA64ISAR2_EL1.LUT",   "ID_AA64ISAR3_EL1.FAMINMAX",
	"ID_AA64ISAR1_EL1.BF16",  "ID_AA64MMFR0_EL1.FGT",
};
#define CPUS (1u << LENGTH(fp8))

static void put_bits(struct steady_model *m, unsigned int bits)
{
	for (size_t i = 0; i < LENGTH(fp8); i++)
		put(m, build_field(fp8[i]), bits >> i & 1);
}

static unsigned int bits_of(const struct steady_model *m)
{
	unsigned int bits = 0;

	for (size_t i = 0; i < LENGTH(fp8); i++)
		bits |= (unsigned int)(build_model_get(m, fp8[i]) != 0) << i;
	return bits;
}

static bool closed(const struct steady_model *m)
{
	for (unsigned int i = 0; i < steady_rule_total; i++) {
		if (steady_rules[i].closes != STEADY_CLOSES_NEVER && state_of(i, m) == STEADY_NO)
			return false;
	}
	return true;
}

static void test_greatest(void **state)
{
	static bool is_closed[CPUS];
	unsigned int conflicts = 0, lowered = 0;
	struct steady_model *m;
	struct steady_offer *o;

	(void)state;
	start(&m, &o);
	for (unsigned int bits = 0; bits < CPUS; bits++) {
		put_bits(m, bits);
		is_closed[bits] = closed(m);
	}
	/* fields that may be 1, and of those the ones that may not be 0 */
	for (unsigned int top = 0; top < CPUS; top += 7) {
		for (unsigned int round = 0; round < 8; round++) {
			unsigned int fixed = top & (round * 0x9e3779b1u >> 7);
			unsigned int greatest = 0;
			bool any = false;
			int r;

			for (unsigned int bits = 0; bits < CPUS; bits++) {
				if (!is_closed[bits] || bits & ~top || ~bits & fixed)
					continue;
				/* with two of them, what either has is closed too */
				greatest |= bits;
				any = true;
			}
			assert_true(!any || is_closed[greatest]);
			for (size_t i = 0; i < LENGTH(fp8); i++) {
				unsigned int field = build_field(fp8[i]);

				*steady_cell_set(&o->cells[0], field) = steady_set_range(
					&steady_fields[field], fixed >> i & 1, top >> i & 1);
			}
			put_bits(m, top);
			r = steady_close(m, &o->cells[0], NULL, NULL, NULL);
			assert_int_equal(r, any ? 0 : -STEADY_ECONFLICT);
			assert_int_equal(bits_of(m), any ? greatest : top);
			conflicts += !any;
			lowered += any && greatest != top;
		}
	}
	assert_true(conflicts > 50 && lowered > 50);
	steady_model_free(m);
	steady_offer_free(o);
}

/* Where one lowering forces another it is said; what no rule can lower is warned of. */
static void test_told(void **state)
{
	const struct steady_finding *f;
	struct steady_report *report;
	struct steady_model *m;
	struct steady_offer *o;

	(void)state;
	start(&m, &o);
	assert_int_equal(steady_report_new(&report), 0);
	put(m, build_field("ID_AA64FPFR0_EL1.F8CVT"), 1);
	put(m, build_field("ID_AA64FPFR0_EL1.F8FMA"), 1);
	put(m, build_field("ID_AA64PFR2_EL1.FPMR"), 1);
	put(m, build_field("ID_AA64PFR1_EL1.RAS_frac"), 1);
	assert_int_equal(steady_close(m, &o->cells[0], NULL, NULL, report), 0);
	assert_int_equal(build_model_get(m, "ID_AA64FPFR0_EL1.F8FMA"), 0);
	f = build_finding(report, "ID_AA64FPFR0_EL1", "F8FMA");
	assert_string_equal(f->rule, "implies-fp8fma-fp8");
	assert_non_null(strstr(f->reason, "ID_AA64FPFR0_EL1.F8CVT had to be lowered"));
	steady_report_free(report);
	assert_int_equal(steady_report_new(&report), 0);
	steady_close_warn(m, &o->cells[0], report);
	f = build_finding(report, "ID_AA64PFR1_EL1", "RAS_frac");
	assert_int_equal(f->severity, STEADY_WARNING);
	assert_string_equal(f->rule, "frac-ras");
	steady_report_free(report);
	steady_model_free(m);
	steady_offer_free(o);
}

/* A rule that closes to nothing takes the next best options, if there are any. */
static void test_other_options(void **state)
{
	struct steady_profile *p[] = {build_host(BUILD_MAX, BUILD_7_3, "a"),
				      build_host(BUILD_MAX, BUILD_7_3, "b")};
	struct steady_model *m = NULL;

	(void)state;
	/* no SM4 that both accept, and SVE's SM4 instructions, which need it, cannot go */
	build_put(p[0], "ID_AA64ISAR0_EL1.SM4", 1);
	build_put(p[1], "ID_AA64ISAR0_EL1.SM4", 2);
	build_accepted(p[0], "ID_AA64ISAR0_EL1.SM4", 1 << 1 | 1 << 0);
	build_accepted(p[1], "ID_AA64ISAR0_EL1.SM4", 1 << 2 | 1 << 0);
	for (int i = 0; i < 2; i++) {
		build_mask(p[i], "ID_AA64ZFR0_EL1", 0);
		for (size_t k = 0; k < p[i]->configuration_count; k++) {
			struct steady_configuration *c = &p[i]->configurations[k];
			struct steady_reading *zfr0 = &c->reg[build_reg("ID_AA64ZFR0_EL1")];

			if (c->options >> STEADY_OPTION_SVE & 1)
				zfr0->value |= UINT64_C(1) << 40;
		}
	}
	assert_int_equal(build_baseline(p, 1, &m, NULL), 0);
	assert_int_equal(m->options >> STEADY_OPTION_SVE & 1, 1);
	steady_model_free(m);
	assert_int_equal(build_baseline(p, 2, &m, NULL), 0);
	assert_int_equal(m->options >> STEADY_OPTION_SVE & 1, 0);
	steady_model_free(m);
	steady_profile_free(p[0]);
	steady_profile_free(p[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_rule), cmocka_unit_test(test_greatest),
		cmocka_unit_test(test_told),       cmocka_unit_test(test_other_options),
		cmocka_unit_test(test_rules),      cmocka_unit_test(test_cannot_be_lowered),
		cmocka_unit_test(test_incomplete), cmocka_unit_test(test_kept_by_either),
		cmocka_unit_test(test_lowers),     cmocka_unit_test(test_error_without_lower),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
