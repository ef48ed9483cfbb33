/* SPDX-License-Identifier: MIT */
/* What the benchmarks share: time taken in batches, bounds that --check holds it to, profiles. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>

#include "policy/policy.h"

#define BENCH_BATCHES 31
#define BENCH_LONGEST 1e9 /* ns: after that no more than three batches are taken */

struct bench_time {
	double least, median; /* ns for one call, of the batches */
};
/* The time of fn(ctx), from batches of so many calls that one takes `batch` ns. */
struct bench_time bench_measure(void (*fn)(void *ctx), void *ctx, double batch);

/* Reads the command line, which is [--check]. */
void bench_start(int argc, char **argv);
/*
 * Whether to measure again, with --check: a figure lies outside of its bounds, and there are tries
 * left (start `tries` at 0). On the last one the program is said to have failed. The least of the
 * batches is what to give, since a busy machine only ever adds.
 */
bool bench_again(const char *what, double is, double least, double most, int *tries);
int bench_end(void); /* the exit status */

/* A recorded profile, data/profiles/NAME.json; ends the program if it cannot be read. */
struct steady_profile *bench_profile(const char *name);
/* Where it is. */
const char *bench_path(const char *name);

#endif
