/* SPDX-License-Identifier: MIT */
/* The architectural meet: fields and pairs of fields, with the values that DDI0487 D24.2 gives. */
#include "test.h"

#include <steadyarm/steadyarm.h>

#include "base/report.h"
#include "build_profile.h"

struct pair {
	const char *fields[2];
	struct {
		unsigned int a[2], b[2], want[2];
	} rows[10];
};

static void put(struct steady_view *view, const char *field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[build_field(field)];

	view->value[f->reg] = steady_field_put(f, view->value[f->reg], value);
}

static uint64_t get(const struct steady_view *view, const char *field)
{
	const struct steady_field *f = &steady_fields[build_field(field)];

	return steady_field_get(f, view->value[f->reg]);
}

/* A CPU with nothing but what every CPU has. */
static void start(struct steady_view *view)
{
	memset(view, 0, sizeof(*view));
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++)
		view->known[reg] = true;
	put(view, "ID_AA64PFR0_EL1.EL0", 2);
	put(view, "ID_AA64PFR0_EL1.EL1", 1);
	put(view, "ID_AA64DFR0_EL1.DebugVer", 6);
	put(view, "ID_AA64DFR0_EL1.BRPs", 5);
	put(view, "ID_AA64DFR0_EL1.WRPs", 3);
	put(view, "ID_DFR0_EL1.CopDbg", 6);
}

static void meet(const struct steady_view *views, size_t count, struct steady_view *out)
{
	struct steady_offer *o = steady_offer_alloc();
	struct steady_cell *cell = steady_offer_add(o);

	assert_non_null(cell);
	for (size_t i = 0; i < count; i++)
		steady_cell_add_breaks(cell, &views[i]);
	assert_int_equal(steady_meet(views, count, cell, out), 0);
	steady_offer_free(o);
}

static const struct pair pairs[] = {
	/* FEAT_RASv1p1 is RAS 2, or RAS 1 with RAS_frac 1 */
	{{"ID_AA64PFR0_EL1.RAS", "ID_AA64PFR1_EL1.RAS_frac"},
	 {{{2, 0}, {1, 1}, {1, 1}},
	  {{2, 0}, {1, 0}, {1, 0}},
	  {{3, 0}, {2, 0}, {2, 0}},
	  {{0, 0}, {1, 1}, {0, 0}},
	  {{2, 0}, {2, 0}, {2, 0}}}},
	{{"ID_PFR0_EL1.RAS", "ID_PFR2_EL1.RAS_frac"}, /* and so in AArch32 */
	 {{{2, 0}, {1, 1}, {1, 1}}, {{1, 1}, {1, 0}, {1, 0}}, {{0, 0}, {1, 1}, {0, 0}}}},
	/* FEAT_CSV2_2 has nothing of FEAT_CSV2_1p1 */
	{{"ID_AA64PFR0_EL1.CSV2", "ID_AA64PFR1_EL1.CSV2_frac"},
	 {{{2, 0}, {1, 2}, {1, 0}}, {{1, 1}, {1, 2}, {1, 1}}, {{3, 0}, {2, 0}, {2, 0}}}},
	/* MPAM v0.1 and v1.0 have only v0.0 in common; v1.1 has both */
	{{"ID_AA64PFR0_EL1.MPAM", "ID_AA64PFR1_EL1.MPAM_frac"},
	 {{{1, 0}, {0, 1}, {0, 0}}, {{1, 1}, {0, 1}, {0, 1}}, {{1, 1}, {1, 0}, {1, 0}}}},
	/* NV_frac 1: NV2 alone */
	{{"ID_AA64MMFR2_EL1.NV", "ID_AA64MMFR4_EL1.NV_frac"},
	 {{{2, 0}, {0, 1}, {0, 1}},
	  {{1, 0}, {0, 1}, {0, 0}},
	  {{2, 2}, {0, 1}, {0, 1}},
	  {{2, 2}, {2, 0}, {2, 0}},
	  {{2, 2}, {2, 2}, {2, 2}}}},
	/* stage 2: 0 is what stage 1 has; 1 none, 2 the granule, 3 with 52 bits */
	{{"ID_AA64MMFR0_EL1.TGran4", "ID_AA64MMFR0_EL1.TGran4_2"},
	 {{{0, 0}, {0, 2}, {0, 2}},
	  {{1, 0}, {1, 3}, {1, 3}},
	  {{1, 0}, {0, 0}, {0, 2}},
	  {{0, 0}, {0, 0}, {0, 0}},
	  {{0, 1}, {0, 2}, {0, 1}},
	  {{15, 0}, {0, 2}, {15, 1}},
	  {{1, 1}, {0, 2}, {0, 1}}}},
	{{"ID_AA64MMFR0_EL1.TGran16", "ID_AA64MMFR0_EL1.TGran16_2"},
	 {{{1, 0}, {1, 2}, {1, 2}}, {{2, 0}, {1, 0}, {1, 2}}, {{0, 0}, {1, 2}, {0, 1}}}},
	/* LDREXD and STREXD (2) come with all of the fraction's; the fraction counts for 1 only */
	{{"ID_ISAR3_EL1.SynchPrim", "ID_ISAR4_EL1.SynchPrim_frac"},
	 {{{2, 0}, {1, 3}, {1, 3}}, {{1, 3}, {1, 0}, {1, 0}}, {{2, 0}, {0, 0}, {0, 0}}}},
	/* SWP on one core (SWP_frac) is less than everywhere */
	{{"ID_ISAR0_EL1.Swap", "ID_ISAR4_EL1.SWP_frac"},
	 {{{1, 0}, {0, 1}, {0, 1}}, {{0, 0}, {0, 1}, {0, 0}}, {{1, 0}, {0, 0}, {0, 0}}}},
	{{"ID_PFR1_EL1.Security", "ID_PFR1_EL1.Sec_frac"},
	 {{{1, 0}, {0, 2}, {0, 2}}, {{0, 1}, {0, 2}, {0, 1}}, {{2, 0}, {1, 0}, {1, 0}}}},
	{{"ID_PFR1_EL1.Virtualization", "ID_PFR1_EL1.Virt_frac"},
	 {{{1, 0}, {0, 1}, {0, 1}}, {{1, 0}, {0, 0}, {0, 0}}}},
	{{"ID_AA64MMFR0_EL1.TGran64", "ID_AA64MMFR0_EL1.TGran64_2"},
	 {{{0, 0}, {0, 2}, {0, 2}}, {{0, 1}, {0, 0}, {0, 1}}, {{15, 0}, {0, 0}, {15, 1}}}},
};

static void test_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(pairs); i++) {
		for (size_t k = 0; k < LENGTH(pairs[i].rows); k++) {
			struct steady_view view[2], back[2], out;

			start(&view[0]);
			start(&view[1]);
			for (int f = 0; f < 2; f++) {
				put(&view[0], pairs[i].fields[f], pairs[i].rows[k].a[f]);
				put(&view[1], pairs[i].fields[f], pairs[i].rows[k].b[f]);
			}
			back[0] = view[1];
			back[1] = view[0];
			meet(view, 2, &out);
			for (int f = 0; f < 2; f++) {
				if (get(&out, pairs[i].fields[f]) != pairs[i].rows[k].want[f])
					fail_msg("row %zu: %s is %u, expected %u", k,
						 pairs[i].fields[f],
						 (unsigned int)get(&out, pairs[i].fields[f]),
						 pairs[i].rows[k].want[f]);
			}
			meet(back, 2, &view[0]);
			assert_memory_equal(view[0].value, out.value, sizeof(out.value));
		}
	}
}

/* No row of groups.tsv is without one above. */
static void test_every_pair(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < steady_group_count; i++) {
		const struct steady_group *g = &steady_groups[i];
		bool found = false;

		for (size_t k = 0; k < LENGTH(pairs) && !found; k++)
			found = build_field(pairs[k].fields[0]) == g->field[0] &&
				build_field(pairs[k].fields[1]) == g->field[1];
		if (!found)
			fail_msg("groups.tsv: no test of '%s'", g->name);
	}
}

/* Fields that do not follow the standard scheme (DDI0487 D24.1.3 and their descriptions). */
static void test_fields(void **state)
{
	static const struct {
		const char *field;
		unsigned int a, b, want;
	} rows[] = {
		{"ID_AA64ISAR0_EL1.AES", 2, 1, 1},
		{"ID_AA64PFR0_EL1.FP", 1, 15, 15}, /* signed */
		{"ID_AA64DFR0_EL1.DoubleLock", 0, 15, 15},
		{"ID_AA64MMFR4_EL1.E2H0", 15, 14, 14},
		{"ID_AA64MMFR4_EL1.E2H0", 0, 15, 15},
		{"ID_AA64DFR0_EL1.MTPMU", 1, 15, 0}, /* neither is more */
		{"ID_AA64DFR0_EL1.MTPMU", 15, 15, 15},
		{"ID_AA64DFR0_EL1.PMUVer", 9, 8, 8},   /* not negative */
		{"ID_AA64DFR0_EL1.PMUVer", 15, 6, 0},  /* an own PMU: no PMU that is Arm's */
		{"ID_AA64MMFR1_EL1.SpecSEI", 0, 1, 1}, /* reverse */
		{"ID_AA64ISAR1_EL1.APA", 5, 4, 4},
		{"ID_AA64ISAR1_EL1.APA", 2, 3, 0}, /* FEAT_EPAC, not in FEAT_PAuth2 */
		{"ID_AA64ISAR2_EL1.PAC_frac", 0, 1, 0},
		{"ID_AA64ISAR0_EL1.Atomic", 3, 2, 2},
		{"ID_AA64DFR0_EL1.DebugVer", 11, 6, 6},
		{"ID_AA64DFR0_EL1.BRPs", 15, 5, 5},
		{"ID_AA64DFR1_EL1.BRPs", 63, 0, 0},
		{"ID_AA64SMFR0_EL1.I16I64", 15, 0, 0},
		{"ID_AA64MMFR0_EL1.PARange", 6, 5, 5},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_view view[2], out;

		start(&view[0]);
		start(&view[1]);
		put(&view[0], rows[i].field, rows[i].a);
		put(&view[1], rows[i].field, rows[i].b);
		meet(view, 2, &out);
		if (get(&out, rows[i].field) != rows[i].want)
			fail_msg("%s of %u and %u is %u, expected %u", rows[i].field, rows[i].a,
				 rows[i].b, (unsigned int)get(&out, rows[i].field), rows[i].want);
	}
}

/* Two CPUs that keep a rule: so does what they have in common. */
static void test_closed(void **state)
{
	struct steady_view view[2], out;

	(void)state;
	start(&view[0]);
	start(&view[1]);
	for (int i = 0; i < 2; i++) {
		put(&view[i], "ID_AA64PFR0_EL1.EL2", 1);
		put(&view[i], "ID_AA64MMFR3_EL1.SCTLRX", 1);
		put(&view[i], "ID_AA64MMFR1_EL1.HCX", 1);
	}
	put(&view[1], "ID_AA64PFR0_EL1.EL2", 0); /* then SCTLR2 does without HCX */
	put(&view[1], "ID_AA64MMFR1_EL1.HCX", 0);
	meet(view, 2, &out);
	assert_int_equal(get(&out, "ID_AA64MMFR3_EL1.SCTLRX"), 1);
	put(&view[0], "ID_AA64ISAR2_EL1.RPRES", 1);
	put(&view[0], "ID_AA64MMFR1_EL1.AFP", 1);
	put(&view[1], "ID_AA64ISAR2_EL1.RPRES", 1); /* breaks the rule itself */
	meet(view, 2, &out);
	assert_int_equal(get(&out, "ID_AA64ISAR2_EL1.RPRES"), 1);
	meet(view, 1, &out);
	assert_int_equal(get(&out, "ID_AA64ISAR2_EL1.RPRES"), 1);
}

/* A baseline says where KVM accepts less than the architecture would leave. */
static void test_loss_is_told(void **state)
{
	struct steady_profile *p[] = {build_host(BUILD_V1, BUILD_7_3, "a"),
				      build_host(BUILD_V1, BUILD_7_3, "b")};
	const struct steady_finding *f;
	struct steady_report *report;
	struct steady_model *m = NULL;

	(void)state;
	build_put(p[0], "ID_AA64PFR0_EL1.RAS", 2);
	build_put(p[1], "ID_AA64PFR0_EL1.RAS", 1);
	build_put(p[1], "ID_AA64PFR1_EL1.RAS_frac", 1);
	build_put(p[0], "ID_AA64MMFR0_EL1.TGran4_2", 0);
	build_put(p[1], "ID_AA64MMFR0_EL1.TGran4_2", 2);
	assert_int_equal(steady_report_new(&report), 0);
	assert_int_equal(build_baseline(p, 2, &m, report), 0);
	assert_int_equal(build_model_get(m, "ID_AA64PFR0_EL1.RAS"), 1);
	assert_int_equal(build_model_get(m, "ID_AA64PFR1_EL1.RAS_frac"), 0);
	assert_int_equal(build_model_get(m, "ID_AA64MMFR0_EL1.TGran4_2"), 1);
	f = build_finding(report, "ID_AA64PFR1_EL1", "RAS_frac");
	assert_non_null(f);
	assert_int_equal(f->severity, STEADY_NOTE);
	assert_string_equal(f->wanted, "1");
	assert_string_equal(f->offered, "0");
	f = build_finding(report, "ID_AA64MMFR0_EL1", "TGran4_2");
	assert_non_null(f);
	assert_string_equal(f->wanted, "2");
	assert_string_equal(f->offered, "1");
	steady_model_free(m);
	steady_report_free(report);
	steady_profile_free(p[0]);
	steady_profile_free(p[1]);
}

/* Each algorithm's two fields, DDI0487 ID_AA64ISAR1_EL1 and ID_AA64ISAR2_EL1. */
static const char *const algorithms[] = {"ID_AA64ISAR1_EL1.APA",  "ID_AA64ISAR1_EL1.GPA",
					 "ID_AA64ISAR1_EL1.API",  "ID_AA64ISAR1_EL1.GPI",
					 "ID_AA64ISAR2_EL1.APA3", "ID_AA64ISAR2_EL1.GPA3"};

/* FEAT_PACIMP: an algorithm of the implementer's own, which another core need not have. */
static void test_own_algorithm(void **state)
{
	(void)state;
	for (int differ = 0; differ < 2; differ++) {
		struct steady_profile *p[] = {build_host(BUILD_V1, BUILD_7_3, "a"),
					      build_host(BUILD_V1, BUILD_7_3, "b")};
		const struct steady_finding *f;
		struct steady_report *report;
		struct steady_model *m = NULL;

		p[1]->cpus[0].midr = differ ? 0x413fd0c1 : p[0]->cpus[0].midr ^ 1; /* a revision */
		assert_int_equal(steady_report_new(&report), 0);
		assert_int_equal(build_baseline(p, 2, &m, report), 0);
		assert_int_equal(m->options >> STEADY_OPTION_PTRAUTH & 1, 1);
		f = build_finding(report, "ID_AA64ISAR1_EL1", "API");
		assert_int_equal(f != NULL, differ);
		assert_true(!f || f->severity == STEADY_WARNING);
		steady_model_free(m);
		steady_report_free(report);
		steady_profile_free(p[0]);
		steady_profile_free(p[1]);
	}
}

/*
 * Of other implementers it is another algorithm: pointer authentication is turned off, and said; who
 * wants it on has a conflict that names the field, or tolerates it and is warned.
 */
static void test_other_implementers(void **state)
{
	static const char *const names[] = {"ID_AA64ISAR1_EL1.API"};
	struct steady_profile *p[] = {build_host(BUILD_V1, BUILD_7_3, "a"),
				      build_host(BUILD_V1, BUILD_7_3, "b")};
	struct steady_input in[2] = {{.name = "a", .profile = p[0]}, {.name = "b", .profile = p[1]}};
	struct steady_baseline_request request = {0};
	const struct steady_finding *f;
	struct steady_report *report;
	struct steady_model *m = NULL;

	(void)state;
	p[1]->cpus[0].midr = 0x481fd010; /* HiSilicon's */
	assert_int_equal(steady_report_new(&report), 0);
	assert_int_equal(steady_baseline(in, 2, &request, &m, report), 0);
	assert_int_equal(m->options >> STEADY_OPTION_PTRAUTH & 1, 0);
	for (size_t i = 0; i < LENGTH(algorithms); i++)
		assert_int_equal(build_model_get(m, algorithms[i]), 0);
	f = build_finding(report, "ptrauth", NULL);
	assert_int_equal(f->severity, STEADY_NOTE);
	assert_non_null(strstr(f->reason, "another implementer's own"));
	steady_model_free(m);
	steady_report_free(report);
	m = NULL;
	assert_int_equal(steady_report_new(&report), 0);
	request.options_on = 1u << STEADY_OPTION_PTRAUTH;
	assert_int_equal(steady_baseline(in, 2, &request, &m, report), -STEADY_ECONFLICT);
	assert_null(m);
	f = build_finding(report, "ID_AA64ISAR1_EL1", "API");
	assert_int_equal(f->error, STEADY_ECONFLICT);
	assert_string_equal(f->features, "FEAT_PACIMP");
	steady_report_free(report);
	assert_int_equal(steady_report_new(&report), 0);
	request.tolerate = names;
	request.tolerate_count = 1;
	assert_int_equal(steady_baseline(in, 2, &request, &m, report), 0);
	assert_int_equal(m->options >> STEADY_OPTION_PTRAUTH & 1, 1);
	assert_int_equal(build_finding(report, "ID_AA64ISAR1_EL1", "API")->severity,
			 STEADY_WARNING);
	steady_model_free(m);
	steady_report_free(report);
	steady_profile_free(p[0]);
	steady_profile_free(p[1]);
}

/* One column of pointer authentication or nothing, whatever the hosts accept of each field. */
static void test_one_column(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 64; round++) {
		struct steady_profile *p[] = {build_host(BUILD_V1, BUILD_7_3, "a"),
					      build_host(BUILD_V1, BUILD_7_3, "b")};
		struct steady_model *m = NULL;

		for (size_t i = 0; i < LENGTH(algorithms); i++) {
			unsigned int column = (unsigned int)i / 2; /* APA, GPA; API, GPI; APA3, GPA3 */

			for (int h = 0; h < 2; h++) {
				unsigned int other = round >> (2 + h) & 1;
				uint64_t value = column == (round & 1) + other ? 1 : 0;

				if (i % 2 == 0 && value && round >> 4 & 1)
					value = h ? 5 : 3;
				build_put(p[h], algorithms[i], value);
				/* a kernel that lets them all be 0, or only some */
				build_accepted(p[h], algorithms[i],
					       (uint16_t)(1u << value | (round >> 5 & 1 || i % 2)));
			}
		}
		if (build_baseline(p, 2, &m, NULL) == 0) {
			for (int k = 0; k < 3; k++)
				assert_int_equal(!build_model_get(m, algorithms[2 * k]),
						 !build_model_get(m, algorithms[2 * k + 1]));
			assert_true(!!build_model_get(m, algorithms[0]) +
					    !!build_model_get(m, algorithms[2]) +
					    !!build_model_get(m, algorithms[4]) <=
				    1);
		}
		steady_model_free(m);
		steady_profile_free(p[0]);
		steady_profile_free(p[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_every_pair),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_loss_is_told),
		cmocka_unit_test(test_own_algorithm),
		cmocka_unit_test(test_other_implementers),
		cmocka_unit_test(test_one_column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
