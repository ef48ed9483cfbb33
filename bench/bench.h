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
 * Says that a figure is to be at most so much; with --check the program fails where it is not. The
 * least of the batches is what to give, since a busy machine only ever adds.
 */
void bench_bound(const char *what, double is, double most);
int bench_end(void); /* the exit status */

/* A recorded profile, data/profiles/NAME.json; ends the program if it cannot be read. */
struct steady_profile *bench_profile(const char *name);
/* Where it is. */
const char *bench_path(const char *name);

#endif
