/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "format/format.h"

#define TRIES 8

static bool checking, failed;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double batch_of(void (*fn)(void *ctx), void *ctx, size_t calls)
{
	double start = now();

	for (size_t i = 0; i < calls; i++)
		fn(ctx);
	return (now() - start) / (double)calls;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct bench_time bench_measure(void (*fn)(void *ctx), void *ctx, double batch)
{
	double each[BENCH_BATCHES] = {0}, start;
	size_t calls = 1, n = 0;

	while (batch_of(fn, ctx, calls) * (double)calls < batch)
		calls *= 2;
	start = now();
	while (n < BENCH_BATCHES && (n < 3 || now() - start < BENCH_LONGEST))
		each[n++] = batch_of(fn, ctx, calls);
	qsort(each, n, sizeof(each[0]), by_size);
	return (struct bench_time){each[0], each[n / 2]};
}

void bench_start(int argc, char **argv)
{
	checking = argc == 2 && strcmp(argv[1], "--check") == 0;
	if (argc > 1 && !checking) {
		fprintf(stderr, "usage: %s [--check]\n", argv[0]);
		exit(2);
	}
}

bool bench_again(const char *what, double is, double least, double most, int *tries)
{
	if (!checking || (is >= least && is <= most))
		return false;
	if (++*tries < TRIES)
		return true;
	fprintf(stderr, "%s: %.3g, is to be %.3g to %.3g\n", what, is, least, most);
	failed = true;
	return false;
}

int bench_end(void)
{
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

const char *bench_path(const char *name)
{
	static char path[1024];
	const char *data = getenv("STEADY_BENCH_DATA");

	snprintf(path, sizeof(path), "%s/profiles/%s.json", data ? data : "data", name);
	return path;
}

struct steady_profile *bench_profile(const char *name)
{
	const char *path = bench_path(name);
	struct steady_profile *profile;
	size_t length;
	char *text;

	if (steady_file_read(path, &text, &length, NULL) ||
	    steady_profile_read_json(text, length, path, &profile, NULL)) {
		fprintf(stderr, "cannot read %s; $STEADY_BENCH_DATA is to name data/\n", path);
		exit(2);
	}
	free(text);
	return profile;
}
