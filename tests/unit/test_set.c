/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "build_profile.h"
#include "policy/set.h"

#define NIBBLE "ID_AA64ISAR0_EL1.AES"
#define BYTE   "ID_AA64DFR1_EL1.BRPs" /* 8 bits, DDI0487 D24.2.60 */

static const struct steady_field *field(const char *name)
{
	return &steady_fields[build_field(name)];
}

/* The word is a bit set by definition (set.h), so that it can stand in a file. */
static const struct {
	const char *field;
	uint64_t low, high;
	steady_set want;
} ranges[] = {
	{NIBBLE, 0, 0, 0x0001},   {NIBBLE, 0, 15, 0xffff},  {NIBBLE, 15, 15, 0x8000},
	{NIBBLE, 2, 4, 0x001c},   {NIBBLE, 4, 2, 0},        {NIBBLE, 16, 20, 0},
	{NIBBLE, 14, 20, 0xc000}, {BYTE, 0, 0, 0x0000},     {BYTE, 3, 7, 0x0703},
	{BYTE, 0, 255, 0xff00},   {BYTE, 255, 255, 0xffff}, {BYTE, 7, 3, 0x00ff},
	{BYTE, 256, 300, 0x00ff}, {BYTE, 250, 300, 0xfffa}, {"ID_AA64FPFR0_EL1.F8CVT", 0, 1, 0x3},
};

static void test_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(ranges); i++)
		assert_int_equal(
			steady_set_range(field(ranges[i].field), ranges[i].low, ranges[i].high),
			ranges[i].want);
}

static const struct {
	const char *field, *a, *b, *want;
} ands[] = {
	{NIBBLE, "0-2", "1-3", "1-2"},   {NIBBLE, "0,15", "0-14", "0"},
	{NIBBLE, "0-3", "4-15", "none"}, {NIBBLE, "none", "0-15", "none"},
	{BYTE, "0-5", "3-9", "3-5"},     {BYTE, "0-5", "6-9", "none"},
	{BYTE, "5", "5", "5"},           {BYTE, "none", "0-255", "none"},
	{BYTE, "0-255", "none", "none"}, {BYTE, "255", "0-255", "255"},
};

static void test_and(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(ands); i++) {
		const struct steady_field *f = field(ands[i].field);
		steady_set a, b, want;

		assert_true(steady_set_parse(f, ands[i].a, &a));
		assert_true(steady_set_parse(f, ands[i].b, &b));
		assert_true(steady_set_parse(f, ands[i].want, &want));
		assert_int_equal(steady_set_and(f, a, b), want);
		assert_int_equal(steady_set_and(f, b, a), want);
		assert_int_equal(steady_set_empty(f, want), !strcmp(ands[i].want, "none"));
	}
}

static void test_has(void **state)
{
	static const struct {
		const char *field;
		uint64_t value;
		bool want;
	} rows[] = {
		{NIBBLE, 1, false},  {NIBBLE, 2, true},   {NIBBLE, 4, true},  {NIBBLE, 5, false},
		{NIBBLE, 16, false}, {NIBBLE, 18, false}, {BYTE, 1, false},   {BYTE, 2, true},
		{BYTE, 4, true},     {BYTE, 5, false},    {BYTE, 258, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct steady_field *f = field(rows[i].field);

		assert_int_equal(steady_set_has(f, steady_set_range(f, 2, 4), rows[i].value),
				 rows[i].want);
		assert_false(steady_set_has(f, steady_set_none(f), rows[i].value));
	}
}

/* What "greatest" is stands in DDI0487 D24.1.3 (principles of the ID scheme) and the fields. */
static const struct {
	const char *field, *set;
	uint64_t want;
} greatest[] = {
	{NIBBLE, "0-2", 2},
	{NIBBLE, "0", 0},
	{BYTE, "3-7", 7},
	/* signed: 0xF says that the feature is not there, and is less than 0 */
	{"ID_AA64PFR0_EL1.FP", "0-1,15", 1},
	{"ID_AA64PFR0_EL1.FP", "0,15", 0},
	{"ID_AA64PFR0_EL1.FP", "15", 15},
	{"ID_AA64DFR0_EL1.DoubleLock", "0,15", 0},
	{"ID_AA64MMFR0_EL1.TGran4", "0-1,15", 1},
	/* 0xF: an IMPLEMENTATION DEFINED PMU, which no PMUv3 driver can use */
	{"ID_AA64DFR0_EL1.PMUVer", "0,15", 0},
	{"ID_AA64DFR0_EL1.PMUVer", "0-6,15", 6},
	/* more is less: 0b0001 says that SpecSEI may happen */
	{"ID_AA64MMFR1_EL1.SpecSEI", "0-1", 0},
	/* 0: as the field for stage 1; 1: none; 2: yes */
	{"ID_AA64MMFR0_EL1.TGran4_2", "1-2", 2},
};

static void test_greatest(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(greatest); i++) {
		const struct steady_field *f = field(greatest[i].field);
		steady_set s;

		assert_true(steady_set_parse(f, greatest[i].set, &s));
		assert_int_equal(steady_set_greatest(f, s), greatest[i].want);
	}
}

static void test_print_and_parse(void **state)
{
	static const char *const texts[] = {"none",   "0",       "0-15",        "15",
					    "0-2,15", "0,2,4-5", "1-3,5-7,9-11"};
	static const char *const wide[] = {"none", "0", "255", "0-255", "3-7"};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts) + LENGTH(wide); i++) {
		const struct steady_field *f = field(i < LENGTH(texts) ? NIBBLE : BYTE);
		const char *text = i < LENGTH(texts) ? texts[i] : wide[i - LENGTH(texts)];
		struct steady_text out = STEADY_TEXT_INIT;
		steady_set s;

		assert_true(steady_set_parse(f, text, &s));
		steady_set_print(f, s, &out);
		assert_string_equal(out.data, text);
		steady_text_free(&out);
	}
}

static void test_no_set(void **state)
{
	static const char *const bad[] = {
		"",     " 0",   "0 ",    "-1",   "1-",    "16",
		"0-16", "2-1",  "0,",    ",0",   "0,,1",  "0x1",
		"01",   "0-01", "none ", "None", "1-2-3", "99999999999999999999"};
	static const char *const bad_wide[] = {"256", "0-256", "1,2", "0-3,4-5", "0255"};
	steady_set s = 0x1234;

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++)
		assert_false(steady_set_parse(field(NIBBLE), bad[i], &s));
	for (size_t i = 0; i < LENGTH(bad_wide); i++)
		assert_false(steady_set_parse(field(BYTE), bad_wide[i], &s));
	assert_false(steady_set_parse(field("ID_AA64FPFR0_EL1.F8CVT"), "0-2", &s));
	assert_int_equal(s, 0x1234);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_and),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_greatest),
		cmocka_unit_test(test_print_and_parse),
		cmocka_unit_test(test_no_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
