/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <steadyarm/steadyarm.h>

/* The numbers are ABI and the statuses are the command's contract: they stand here once more. */
static const struct {
	int result, number, status;
	const char *text;
} rows[] = {
	{-STEADY_ENOMEM, -1, 3, "out of memory"},
	{-STEADY_EUSAGE, -2, 2, "used wrongly"},
	{-STEADY_EINPUT, -3, 2, "bad input"},
	{-STEADY_EIO, -4, 2, "a file could not be read or written"},
	{-STEADY_EHOST, -5, 3, "the host failed"},
	{-STEADY_EBLOCKED, -6, 1, "the host cannot show this CPU"},
	{-STEADY_ECONFLICT, -7, 1, "the hosts have no CPU in common"},
	{-STEADY_EMISMATCH, -8, 1, "a register reads back another value"},
	{-STEADY_EFROZEN, -9, 1, "the VM has run already, its registers are frozen"},
	{-STEADY_EUNKNOWN, -10, 2, "the profile does not hold what this needs"},
	{0, 0, 0, "done"},
	{-9999, -9999, 3, "an error that this version has no name for"},
};

static void test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(rows[i].result, rows[i].number);
		assert_int_equal(steady_exit_status(rows[i].result), rows[i].status);
		assert_string_equal(steady_strerror(rows[i].result), rows[i].text);
	}
	assert_int_equal(steady_exit_status(5), 0);
	assert_string_equal(steady_strerror(5), "done");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_errors)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
