/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "format/where.h"

#define STEPS 3

static const struct {
	const char *text;
	struct steady_path steps[STEPS]; /* from the root; `up` is filled in */
	int count;
	bool found;
	unsigned int value_line, value_column, key_line, key_column;
} places[] = {
	{"{}", {{0}}, 0, true, 1, 1, 1, 1},
	{" \n\t[1]", {{0}}, 0, true, 2, 2, 2, 2},
	{"", {{0}}, 0, false, 0, 0, 0, 0},
	{" \n", {{0}}, 0, false, 0, 0, 0, 0},
	{"{\"a\":1}", {{.key = "a"}}, 1, true, 1, 6, 1, 2},
	{"{\"a\" :\n 1}", {{.key = "a"}}, 1, true, 2, 2, 1, 2},
	{"{\"b\":{\"a\":0},\"a\":1}", {{.key = "a"}}, 1, true, 1, 18, 1, 14},
	{"{\"b\":\"a\",\n\"a\":1}", {{.key = "a"}}, 1, true, 2, 5, 2, 1},
	{"{\"b\":[{\"c\":\"}]\\\"\"},[]],\"a\":1}", {{.key = "a"}}, 1, true, 1, 28, 1, 24},
	{"{\"b\":-1.5e3,\"c\":null,\"a\":1}", {{.key = "a"}}, 1, true, 1, 26, 1, 22},
	{"{\"b\":1}", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"[1, 2,\n3]", {{.index = 2}}, 1, true, 2, 1, 2, 1},
	{"[1, 2]", {{.index = 2}}, 1, false, 0, 0, 0, 0},
	{"[]", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{}", {{.index = 0}}, 1, false, 0, 0, 0, 0},
	{"{\"a\":[{\"b\":1},{\"b\":2}]}",
	 {{.key = "a"}, {.index = 1}, {.key = "b"}},
	 3,
	 true,
	 1,
	 20,
	 1,
	 16},
	/* keys that are spelt with escapes */
	{"{\"\\u0061\":1}", {{.key = "a"}}, 1, true, 1, 11, 1, 2},
	{"{\"\\\"\\\\\\/\\b\\f\\n\\r\\t\":1}", {{.key = "\"\\/\b\f\n\r\t"}}, 1, true, 1, 21, 1, 2},
	{"{\"\\u00e9\":1}", {{.key = "\xc3\xa9"}}, 1, true, 1, 11, 1, 2},
	{"{\"\\u20AC\":1}", {{.key = "\xe2\x82\xac"}}, 1, true, 1, 11, 1, 2},
	{"{\"\\ud83D\\uDe00\":1}", {{.key = "\xf0\x9f\x98\x80"}}, 1, true, 1, 17, 1, 2},
	{"{\"\\ud83dx\":1}", {{.key = "\xf0\x9f\x98\x80"}}, 1, false, 0, 0, 0, 0},
	/* columns are characters */
	{"{\"\xc3\xa9\":\"\xf0\x9f\x98\x80\",\"a\":1}", {{.key = "a"}}, 1, true, 1, 14, 1, 10},
	/* texts that are no JSON have no places, but do no harm */
	{"{\"a", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{\"a\\", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{\"a\"", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{\"a\":", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{\"\\u00", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{\"\\u00\":1}", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{\"\\x\":1}", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{\"b\":}", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{\"b\":[", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{\"b\":[\"", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{\"b\":],\"a\":1}", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"{,}", {{.key = "a"}}, 1, false, 0, 0, 0, 0},
	{"[,]", {{.index = 1}}, 1, false, 0, 0, 0, 0},
};

static void test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *text = places[i].text;
		size_t length = strlen(text), value = 0, key = 0;
		struct steady_path steps[STEPS];
		const struct steady_path *path = NULL;
		struct steady_place at;

		for (int s = 0; s < places[i].count; s++) {
			steps[s] = places[i].steps[s];
			steps[s].up = path;
			path = &steps[s];
		}
		if (steady_where_value(text, length, path, &value) != places[i].found ||
		    steady_where_key(text, length, path, &key) != places[i].found)
			fail_msg("found or not: %s", text);
		if (!places[i].found)
			continue;
		at = steady_where_offset(text, length, value);
		if (at.line != places[i].value_line || at.column != places[i].value_column)
			fail_msg("value at %u:%u: %s", at.line, at.column, text);
		at = steady_where_offset(text, length, key);
		if (at.line != places[i].key_line || at.column != places[i].key_column)
			fail_msg("key at %u:%u: %s", at.line, at.column, text);
	}
}

static const struct {
	const char *text;
	enum steady_where_limit want;
	size_t offset;
} limits[] = {
	/* at most 3 levels, 4 values beyond the first of each container */
	{"[[[1]]]", STEADY_WITHIN, 0},
	{"[[[[", STEADY_TOO_DEEP, 3},
	{"[[[{}]]]", STEADY_TOO_DEEP, 3},
	{"[\"[[[[\",[]]", STEADY_WITHIN, 0},
	{"[\"\\\"[[[[\"]", STEADY_WITHIN, 0},
	{"]]][[[1]]]", STEADY_WITHIN, 0},
	{"[1,2,3,4]", STEADY_WITHIN, 0},
	{"[1,2,3,4,5]", STEADY_TOO_MANY, 8},
	{"{\"a\":[],\"b\":[],\"c\":[]}", STEADY_TOO_MANY, 14},
	{"[\",,,,,,,,", STEADY_WITHIN, 0},
	{"[\"\\", STEADY_WITHIN, 0},
	{"", STEADY_WITHIN, 0},
};

static void test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const char *text = limits[i].text;
		size_t offset = 0;

		if (steady_where_limits(text, strlen(text), 3, 4, &offset) != limits[i].want)
			fail_msg("%s", text);
		if (limits[i].want != STEADY_WITHIN)
			assert_int_equal(offset, limits[i].offset);
	}
}

static void test_offset(void **state)
{
	static const char text[] = "a\nb\xc3\xa9"
				   "c\n\n";
	static const struct {
		size_t offset;
		unsigned int line, column;
	} rows[] = {{0, 1, 1}, {1, 1, 2}, {2, 2, 1}, {3, 2, 2},
		    {5, 2, 3}, {7, 3, 1}, {8, 4, 1}, {99, 4, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct steady_place at =
			steady_where_offset(text, sizeof(text) - 1, rows[i].offset);

		assert_int_equal(at.line, rows[i].line);
		assert_int_equal(at.column, rows[i].column);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
