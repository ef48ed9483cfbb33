/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "build_profile.h"

static void put(struct steady_view *v, const char *field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[build_field(field)];

	v->value[f->reg] = steady_field_put(f, v->value[f->reg], value);
}

/* b is N1; a differs from it in up to two fields. The fields' orders: DDI0487 D24.2. */
static const struct {
	const char *field;
	uint64_t value;
	const char *other;
	uint64_t other_value;
	enum steady_relation want;
	size_t differences;
} rows[] = {
	{NULL, 0, NULL, 0, STEADY_IDENTICAL, 0},
	{"ID_AA64ISAR0_EL1.AES", 1, NULL, 0, STEADY_SUBSET, 1},
	{"ID_AA64ISAR0_EL1.RNDR", 1, NULL, 0, STEADY_SUPERSET, 1},
	{"ID_AA64ISAR0_EL1.AES", 1, "ID_AA64ISAR0_EL1.SHA1", 0, STEADY_SUBSET, 2},
	{"ID_AA64ISAR0_EL1.AES", 1, "ID_AA64ISAR0_EL1.RNDR", 1, STEADY_INCOMPATIBLE, 2},
	{"ID_AA64PFR0_EL1.FP", 15, NULL, 0, STEADY_SUBSET, 1},      /* signed: none */
	{"ID_AA64MMFR1_EL1.SpecSEI", 1, NULL, 0, STEADY_SUBSET, 1}, /* more is less */
	{"ID_AA64DFR0_EL1.DoubleLock", 15, NULL, 0, STEADY_SUBSET, 1},
	{"ID_AA64DFR0_EL1.PMUVer", 15, NULL, 0, STEADY_SUBSET, 1}, /* less than none */
	{"ID_AA64MMFR0_EL1.TGran4_2", 1, NULL, 0, STEADY_SUBSET, 1},
	{"ID_AA64ISAR1_EL1.APA", 1, NULL, 0, STEADY_SUPERSET, 1},
	{"MVFR0_EL1.FPDP", 0, "ID_AA64ISAR0_EL1.RNDR", 1, STEADY_INCOMPATIBLE, 2},
	{"CTR_EL0.DIC", 0, NULL, 0, STEADY_IDENTICAL, 0}, /* outside the core ID range */
	{"MIDR_EL1.PartNum", 7, NULL, 0, STEADY_IDENTICAL, 0},
};

static enum steady_relation turned(enum steady_relation r)
{
	return r == STEADY_SUBSET ? STEADY_SUPERSET : r == STEADY_SUPERSET ? STEADY_SUBSET : r;
}

static void test_relations(void **state)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "n1");

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		enum steady_relation want = rows[i].want;
		struct steady_difference d[4];
		struct steady_view a, b;
		size_t count = 99;

		steady_configuration_view(&p->configurations[0], &b);
		a = b;
		if (rows[i].field)
			put(&a, rows[i].field, rows[i].value);
		if (rows[i].other)
			put(&a, rows[i].other, rows[i].other_value);
		assert_int_equal(steady_relate(&a, &b, d, 4, &count), want);
		assert_int_equal(count, rows[i].differences);
		if (count) {
			assert_true(d[0].a_known && d[0].b_known);
			assert_true(d[0].a != d[0].b);
		}
		assert_int_equal(steady_relate(&b, &a, NULL, 0, &count), turned(want));
		assert_int_equal(count, rows[i].differences);
	}
	steady_profile_free(p);
}

/*
 * Pairs of fields against each other: those of a by number, those of b. RAS_frac: DDI0487
 * ID_AA64PFR1_EL1, FEAT_RASv1p1 is RAS == 2, or RAS == 1 with RAS_frac == 1. CSV2_frac counts where
 * CSV2 is 1. TGranX_2: DDI0487 ID_AA64MMFR0_EL1, 0 is what stage 1 has, 1 none, 2 there, 3 with 52
 * bits. NV_frac: DDI0487 ID_AA64MMFR4_EL1. MPAM: version MPAM.MPAM_frac.
 */
static const struct {
	const char *first, *second;
	uint64_t a[2], b[2];
	enum steady_relation want;
} pairs[] = {
	{"ID_AA64PFR0_EL1.RAS", "ID_AA64PFR1_EL1.RAS_frac", {1, 1}, {2, 0}, STEADY_SUBSET},
	{"ID_AA64PFR0_EL1.RAS", "ID_AA64PFR1_EL1.RAS_frac", {1, 1}, {1, 0}, STEADY_SUPERSET},
	{"ID_AA64PFR0_EL1.RAS", "ID_AA64PFR1_EL1.RAS_frac", {2, 1}, {2, 0}, STEADY_IDENTICAL},
	{"ID_AA64PFR0_EL1.RAS", "ID_AA64PFR1_EL1.RAS_frac", {1, 1}, {4, 0}, STEADY_SUBSET}, /* newer */
	{"ID_AA64PFR0_EL1.RAS", "ID_AA64PFR1_EL1.RAS_frac", {1, 1}, {1, 2}, STEADY_SUBSET},
	{"ID_AA64PFR0_EL1.CSV2", "ID_AA64PFR1_EL1.CSV2_frac", {1, 2}, {2, 0}, STEADY_INCOMPATIBLE},
	{"ID_AA64PFR0_EL1.MPAM", "ID_AA64PFR1_EL1.MPAM_frac", {0, 1}, {1, 1}, STEADY_SUBSET},
	{"ID_AA64PFR0_EL1.MPAM", "ID_AA64PFR1_EL1.MPAM_frac", {0, 1}, {1, 0}, STEADY_INCOMPATIBLE},
	{"ID_AA64MMFR2_EL1.NV", "ID_AA64MMFR4_EL1.NV_frac", {0, 1}, {2, 0}, STEADY_SUBSET},
	{"ID_AA64MMFR0_EL1.TGran16", "ID_AA64MMFR0_EL1.TGran16_2", {0, 0}, {0, 1}, STEADY_IDENTICAL},
	{"ID_AA64MMFR0_EL1.TGran64", "ID_AA64MMFR0_EL1.TGran64_2", {15, 0}, {15, 1},
	 STEADY_IDENTICAL},
	{"ID_AA64MMFR0_EL1.TGran4", "ID_AA64MMFR0_EL1.TGran4_2", {0, 0}, {0, 2}, STEADY_IDENTICAL},
	{"ID_AA64MMFR0_EL1.TGran4", "ID_AA64MMFR0_EL1.TGran4_2", {0, 2}, {1, 0}, STEADY_SUBSET},
	{"ID_ISAR0_EL1.Swap", "ID_ISAR4_EL1.SWP_frac", {0, 1}, {1, 0}, STEADY_SUBSET},
	{"ID_ISAR3_EL1.SynchPrim", "ID_ISAR4_EL1.SynchPrim_frac", {1, 3}, {2, 0}, STEADY_SUBSET},
};

static void test_groups(void **state)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "n1");

	(void)state;
	for (size_t i = 0; i < LENGTH(pairs); i++) {
		struct steady_difference d[4];
		struct steady_view a, b;
		size_t count;

		steady_configuration_view(&p->configurations[0], &a);
		put(&a, "ID_AA64PFR0_EL1.EL0", 2);
		b = a;
		put(&a, pairs[i].first, pairs[i].a[0]);
		put(&a, pairs[i].second, pairs[i].a[1]);
		put(&b, pairs[i].first, pairs[i].b[0]);
		put(&b, pairs[i].second, pairs[i].b[1]);
		if (steady_relate(&a, &b, d, 4, &count) != pairs[i].want)
			fail_msg("row %zu: %s", i,
				 steady_relation_name(steady_relate(&a, &b, d, 4, &count)));
		assert_int_equal(steady_relate(&b, &a, NULL, 0, &count), turned(pairs[i].want));
		for (size_t k = 0; k < count; k++)
			assert_non_null(steady_difference_basis(&a, &b, d[k].field).group);
	}
	steady_profile_free(p);
}

/* DDI0487 D24: AArch32's registers are UNKNOWN where EL0 has none; ID_AA64ZFR0_EL1 without SVE. */
static void test_void(void **state)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "n1");
	struct steady_difference d[4];
	struct steady_view a, b;
	size_t count;

	(void)state;
	steady_configuration_view(&p->configurations[0], &a);
	put(&a, "ID_AA64PFR0_EL1.EL0", 2);
	b = a;
	put(&b, "ID_AA64PFR0_EL1.EL0", 1);
	put(&b, "ID_ISAR6_EL1.I8MM", 1);
	put(&a, "ID_ISAR6_EL1.I8MM", 0);
	assert_int_equal(steady_relate(&a, &b, d, 4, &count), STEADY_SUPERSET);
	assert_int_equal(count, 2);
	assert_int_equal(d[0].field, build_field("ID_ISAR6_EL1.I8MM"));
	assert_true(steady_difference_basis(&a, &b, d[0].field).b_void);
	assert_false(steady_difference_basis(&a, &b, d[0].field).a_void);
	assert_int_equal(d[0].compare, STEADY_SAME);
	b = a;
	put(&b, "ID_AA64ZFR0_EL1.SVEver", 1); /* N1 has no SVE */
	assert_int_equal(steady_relate(&a, &b, d, 4, &count), STEADY_IDENTICAL);
	assert_true(steady_difference_basis(&a, &b, d[0].field).a_void);
	steady_profile_free(p);
}

/* What was not captured is neither the same nor less; unknown on both sides is no difference. */
static void test_unknown(void **state)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "n1");
	int reg = build_reg("ID_AA64ISAR0_EL1");
	struct steady_difference d[64];
	struct steady_view a, b;
	size_t count;

	(void)state;
	steady_configuration_view(&p->configurations[0], &b);
	a = b;
	a.known[reg] = false;
	a.value[reg] = 0;
	assert_int_equal(steady_relate(&a, &b, d, 64, &count), STEADY_INCOMPATIBLE);
	assert_int_equal(count, steady_registers[reg].fields);
	assert_false(d[0].a_known);
	assert_true(d[0].b_known);
	assert_int_equal(d[0].compare, STEADY_UNORDERED);
	b.known[reg] = false;
	assert_int_equal(steady_relate(&a, &b, d, 64, &count), STEADY_IDENTICAL);
	assert_int_equal(count, 0);
	steady_profile_free(p);
}

static void test_room(void **state)
{
	struct steady_difference d[2] = {{0}, {.field = 0xffff}};
	struct steady_view a = {0}, b = {0};
	size_t count;

	(void)state;
	for (int i = 0; i < STEADY_REGISTERS; i++)
		a.known[i] = b.known[i] = true;
	put(&a, "ID_AA64ISAR0_EL1.AES", 1);
	put(&a, "ID_AA64ISAR0_EL1.SHA1", 1);
	put(&a, "ID_AA64ISAR0_EL1.SHA2", 1);
	assert_int_equal(steady_relate(&a, &b, d, 1, &count), STEADY_SUPERSET);
	assert_int_equal(count, 3);
	assert_int_equal(d[0].field, build_field("ID_AA64ISAR0_EL1.AES"));
	assert_int_equal(d[0].compare, STEADY_MORE);
	assert_int_equal(d[1].field, 0xffff); /* untouched */
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(steady_relation_name(STEADY_IDENTICAL), "identical");
	assert_string_equal(steady_relation_name(STEADY_SUBSET), "subset");
	assert_string_equal(steady_relation_name(STEADY_SUPERSET), "superset");
	assert_string_equal(steady_relation_name(STEADY_INCOMPATIBLE), "incompatible");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relations),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_void),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
