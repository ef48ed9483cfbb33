/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include "base/sort.h"

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* As qsort(3) sorts, for every length and with equal values. */
static void test_as_qsort(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (size_t count = 0; count < 300; count++) {
		uint64_t ours[300], theirs[300];

		for (size_t i = 0; i < count; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			ours[i] = theirs[i] = count % 3 ? seed : seed >> 60;
		}
		steady_sort(ours, count);
		qsort(theirs, count, sizeof(*theirs), ascending);
		assert_memory_equal(ours, theirs, count * sizeof(*ours));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_qsort)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
