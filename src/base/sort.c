/* SPDX-License-Identifier: MIT */
#include "base/sort.h"

#include <stdbool.h>

/* Heapsort: lets `all[at]` sink until no child of it is greater. */
static void sink(uint64_t *all, size_t at, size_t count)
{
	uint64_t value = all[at];
	size_t child;

	while ((child = 2 * at + 1) < count) {
		if (child + 1 < count && all[child + 1] > all[child])
			child++;
		if (all[child] <= value)
			break;
		all[at] = all[child];
		at = child;
	}
	all[at] = value;
}

static bool in_order(const uint64_t *all, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (all[i - 1] > all[i])
			return false;
	}
	return true;
}

void steady_sort(uint64_t *all, size_t count)
{
	if (in_order(all, count)) /* a simulated host's lists are */
		return;
	for (size_t i = count / 2; i-- > 0;)
		sink(all, i, count);
	while (count > 1) {
		uint64_t greatest = all[0];

		all[0] = all[--count];
		all[count] = greatest;
		sink(all, 0, count);
	}
}
