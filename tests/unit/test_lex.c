/* SPDX-License-Identifier: MIT */
#include "refused.h"

#include "base/errno_name.h"
#include "format/lex.h"

static void test_hex(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t value;
	} rows[] = {
		{"0x0", true, 0},
		{"0xfFaA09", true, 0xffaa09},
		{"0xffffffffffffffff", true, UINT64_MAX},
		{"0x0000000000000000f", false, 0},
		{"0x", false, 0},
		{"", false, 0},
		{"0", false, 0},
		{"x10", false, 0},
		{"1x0", false, 0},
		{"0x1 ", false, 0},
		{" 0x1", false, 0},
		{"0x/", false, 0},
		{"0x:", false, 0},
		{"0x@", false, 0},
		{"0xG", false, 0},
		{"0x`", false, 0},
		{"0xg", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 0;

		if (steady_lex_hex(rows[i].text, strlen(rows[i].text), &value) != rows[i].ok ||
		    value != rows[i].value)
			fail_msg("%s", rows[i].text);
	}
}

static void test_decimal(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool ok;
		uint64_t value;
	} rows[] = {
		{"0", 0, true, 0},
		{"1", 0, false, 0},
		{"9", 8, false, 0},
		{"255", 255, true, 255},
		{"256", 255, false, 0},
		{"00", 255, false, 0},
		{"", 255, false, 0},
		{"+1", 255, false, 0},
		{"1a", 255, false, 0},
		{"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, false, 0},
		{"99999999999999999999", UINT64_MAX, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 0;

		if (steady_lex_decimal(rows[i].text, strlen(rows[i].text), rows[i].max, &value) !=
			    rows[i].ok ||
		    value != rows[i].value)
			fail_msg("%s", rows[i].text);
	}
}

/* What a message may repeat of the input, and what a name may have. */
static void test_quote(void **state)
{
	static const struct {
		const char *text, *quoted;
		bool printable, lines;
	} rows[] = {
		{"", "\"\"", true, true},
		{"a b", "\"a b\"", true, true},
		{"a\nb\tc", "\"a\\x0ab\\x09c\"", false, true},
		{"\x1b[2J\x7f", "\"\\x1b[2J\\x7f\"", false, false},
		{"h\xc3\xa9", "\"h\xc3\xa9\"", true, true},
		{"\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xe2\x82\xac\xf0\x9f\x98\x80\"", true, true},
		{"\xc2\x9b", "\"\\xc2\\x9b\"", false, false}, /* CSI, of C1 */
		{"\xc2\xa0", "\"\xc2\xa0\"", true, true},
		{"\x80", "\"\\x80\"", false, false},
		{"\xc3", "\"\\xc3\"", false, false},          /* cut off */
		{"\xc0\xaf", "\"\\xc0\\xaf\"", false, false}, /* not the shortest form */
		{"\xe0\x80\xaf", "\"\\xe0\\x80\\xaf\"", false, false},
		{"\xed\xa0\x80", "\"\\xed\\xa0\\x80\"", false, false}, /* a surrogate */
		{"\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\"", false, false},
		{"\xf8\x88\x80\x80", "\"\\xf8\\x88\\x80\\x80\"", false, false},
		{"12345678901234567890123456789012345678901234567\xc3\xa9z",
		 "\"12345678901234567890123456789012345678901234567\xc3\xa9...\"", true, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct steady_text out = STEADY_TEXT_INIT;

		steady_lex_quote(&out, rows[i].text, strlen(rows[i].text));
		assert_string_equal(out.data, rows[i].quoted);
		assert_int_equal(steady_lex_printable(rows[i].text, false), rows[i].printable);
		assert_int_equal(steady_lex_printable(rows[i].text, true), rows[i].lines);
		steady_text_free(&out);
	}
}

static void test_errno(void **state)
{
	static const struct {
		int32_t number;
		const char *name;
	} rows[] = {
		{1, "EPERM"}, {2, "ENOENT"},      {7, "E2BIG"},  {22, "EINVAL"},
		{41, "E41"},  {133, "EHWPOISON"}, {134, "E134"}, {4095, "E4095"},
	};
	char name[STEADY_ERRNO_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(steady_errno_name(rows[i].number, name), rows[i].name);
		assert_int_equal(steady_errno_by_name(name, strlen(name)), rows[i].number);
	}
	assert_null(steady_errno_name(0, name));
	assert_null(steady_errno_name(-1, name));
	assert_null(steady_errno_name(4096, name));
	assert_int_equal(steady_errno_by_name("E22", 3), 22);
	assert_int_equal(steady_errno_by_name("E", 1), 0);
	assert_int_equal(steady_errno_by_name("", 0), 0);
	assert_int_equal(steady_errno_by_name("EINVA", 5), 0);
	assert_int_equal(steady_errno_by_name("5", 1), 0);
}

static void test_sort(void **state)
{
	struct steady_placed all[] = {{3, 0}, {1, 1}, {3, 2}, {2, 3}, {3, 4}};
	const struct steady_placed *repeated = steady_lex_sort(all, 5);

	(void)state;
	assert_non_null(repeated);
	assert_int_equal(repeated->value, 3);
	assert_int_equal(repeated->place, 2);
	assert_int_equal(all[0].value, 1);
	assert_null(steady_lex_sort(all, 3));
	assert_null(steady_lex_sort(NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hex),   cmocka_unit_test(test_decimal),
		cmocka_unit_test(test_quote), cmocka_unit_test(test_errno),
		cmocka_unit_test(test_sort),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
