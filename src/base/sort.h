/* SPDX-License-Identifier: MIT */
/*
 * Sorting in place. qsort(3) takes memory for more than a few, and asks the kernel how much there is
 * (glibc up to 2.36: sysinfo(2)), which may be the end of a VMM that shut itself in.
 */
#ifndef STEADY_SORT_H
#define STEADY_SORT_H

#include <stddef.h>
#include <stdint.h>

void steady_sort(uint64_t *all, size_t count);

#endif
