/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "base/report.h"

static void test_findings(void **state)
{
	struct steady_report *r = NULL;
	const struct steady_finding *f;

	(void)state;
	assert_int_equal(steady_report_new(&r), 0);
	assert_int_equal(steady_report_count(r), 0);
	assert_null(steady_report_get(r, 0));
	steady_report_add(r, STEADY_ERROR, STEADY_EINPUT);
	steady_report_file(r, "a.model");
	steady_report_place(r, 3, 7);
	steady_report_subject(r, "ID_AA64PFR0_EL1", "CSV2");
	steady_report_wanted(r, "%d", 2);
	steady_report_offered(r, "%s-%s", "0", "1");
	steady_report_reason(r, "because");
	steady_report_advice(r, "do");
	steady_report_add(r, STEADY_NOTE, 0);
	f = steady_report_get(r, 0);
	assert_int_equal(f->size, sizeof(*f));
	assert_int_equal(f->severity, STEADY_ERROR);
	assert_int_equal(f->error, STEADY_EINPUT);
	assert_int_equal(f->line, 3);
	assert_int_equal(f->column, 7);
	assert_string_equal(f->file, "a.model");
	assert_string_equal(f->reg, "ID_AA64PFR0_EL1");
	assert_string_equal(f->field, "CSV2");
	assert_string_equal(f->wanted, "2");
	assert_string_equal(f->offered, "0-1");
	assert_string_equal(f->reason, "because");
	assert_string_equal(f->advice, "do");
	assert_null(f->host);
	f = steady_report_get(r, 1);
	assert_int_equal(f->severity, STEADY_NOTE);
	assert_null(f->reason);
	assert_null(steady_report_get(r, 2));
	assert_int_equal(steady_report_count(r), 2);
	assert_int_equal(steady_report_errors(r), 1);
	assert_false(steady_report_failed(r));
	steady_report_free(r);
}

/* Setters replace; what a caller passes is copied. */
static void test_strings_are_copied(void **state)
{
	struct steady_report *r;
	char name[] = "rack7";

	(void)state;
	assert_int_equal(steady_report_new(&r), 0);
	steady_report_add(r, STEADY_WARNING, 0);
	steady_report_host(r, name);
	steady_report_reason(r, "first");
	steady_report_reason(r, "second");
	name[0] = 'X';
	assert_string_equal(steady_report_get(r, 0)->host, "rack7");
	assert_string_equal(steady_report_get(r, 0)->reason, "second");
	steady_report_free(r);
}

static void test_default_host(void **state)
{
	struct steady_report *r;

	(void)state;
	assert_int_equal(steady_report_new(&r), 0);
	steady_report_default_host(r, "rack7");
	steady_report_add(r, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_add(r, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_host(r, "rack8");
	steady_report_default_host(r, NULL);
	steady_report_add(r, STEADY_ERROR, STEADY_EBLOCKED);
	assert_string_equal(steady_report_get(r, 0)->host, "rack7");
	assert_string_equal(steady_report_get(r, 1)->host, "rack8");
	assert_null(steady_report_get(r, 2)->host);
	steady_report_free(r);
}

/* More findings than the first allocation holds; pointers into earlier ones stay valid strings. */
static void test_many(void **state)
{
	struct steady_report *r;
	char text[32];

	(void)state;
	assert_int_equal(steady_report_new(&r), 0);
	for (int i = 0; i < 1000; i++) {
		steady_report_add(r, STEADY_ERROR, STEADY_EBLOCKED);
		steady_report_wanted(r, "%d", i);
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		assert_string_equal(steady_report_get(r, (size_t)i)->wanted, text);
	}
	steady_report_free(r);
}

/* A setter with no finding to speak of, and a report that nobody wants. */
static void test_nothing_to_write_to(void **state)
{
	struct steady_report *r;

	(void)state;
	assert_int_equal(steady_report_new(&r), 0);
	steady_report_reason(r, "lost");
	assert_int_equal(steady_report_count(r), 0);
	steady_report_free(r);
	steady_report_add(NULL, STEADY_ERROR, STEADY_EINPUT);
	steady_report_file(NULL, "a");
	steady_report_place(NULL, 1, 1);
	steady_report_host(NULL, "a");
	steady_report_subject(NULL, "a", "b");
	steady_report_wanted(NULL, "a");
	steady_report_default_host(NULL, "a");
	assert_int_equal(steady_report_count(NULL), 0);
	assert_int_equal(steady_report_errors(NULL), 0);
	assert_null(steady_report_get(NULL, 0));
	assert_false(steady_report_failed(NULL));
	steady_report_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_strings_are_copied),
		cmocka_unit_test(test_default_host),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_nothing_to_write_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
