/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "base/text.h"

static void test_grows(void **state)
{
	struct steady_text t = STEADY_TEXT_INIT;
	char *all;

	(void)state;
	for (int i = 0; i < 1000; i++)
		steady_text_printf(&t, "%03d,", i);
	assert_int_equal(t.length, 4000);
	assert_memory_equal(t.data, "000,001,002,", 12);
	assert_string_equal(t.data + 3996, "999,");
	all = steady_text_take(&t);
	assert_int_equal(strlen(all), 4000);
	assert_null(t.data);
	assert_int_equal(t.length, 0);
	free(all);
}

static void test_appends(void **state)
{
	struct steady_text t = STEADY_TEXT_INIT;

	(void)state;
	steady_text_str(&t, "one");
	steady_text_char(&t, ' ');
	steady_text_add(&t, "two\0three", 9);
	steady_text_add(&t, NULL, 0);
	steady_text_printf(&t, "%s", "");
	assert_int_equal(t.length, 13);
	assert_memory_equal(t.data, "one two\0three", 14);
	steady_text_free(&t);
	assert_null(t.data);
	steady_text_free(&t);
}

/* Nothing appended: still a string. */
static void test_empty(void **state)
{
	struct steady_text t = STEADY_TEXT_INIT;
	char *s = steady_text_take(&t);

	(void)state;
	assert_string_equal(s, "");
	free(s);
}

/* An error sticks: what comes later is not appended, and nothing is handed over. */
static void test_error_sticks(void **state)
{
	struct steady_text t = STEADY_TEXT_INIT;

	(void)state;
	steady_text_str(&t, "kept");
	steady_text_add(&t, "x", SIZE_MAX - 2); /* no such memory: refused before it is asked for */
	assert_true(t.failed);
	steady_text_str(&t, " lost");
	assert_string_equal(t.data, "kept");
	assert_null(steady_text_take(&t));
	assert_false(t.failed);
	steady_text_str(&t, "anew");
	assert_string_equal(t.data, "anew");
	steady_text_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_error_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
