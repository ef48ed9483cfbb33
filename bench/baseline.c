/* SPDX-License-Identifier: MIT */
/* The baseline of 1 to 1000 hosts, against a plain copy of their profiles. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define MOST_HOSTS 1000
#define BATCH 5e6            /* ns */
#define GROWTH_LEAST 5.0     /* from 100 hosts to 1000 */
#define GROWTH_MOST 20.0

struct hosts {
	struct steady_input *inputs;
	size_t count;
	char *room; /* for the copy */
};

/* one CPU on several kernels, with what no write levels between those */
static const char *const names[] = {"max-6.12", "max-6.16", "max-6.17",
				    "max-6.18", "max-7.1",  "max-7.3"};
static const char *const tolerated[] = {"ID_AA64MMFR1_EL1.VH", "ID_AA64MMFR2_EL1.NV"};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static int baseline_of(const struct hosts *h, struct steady_report *report)
{
	const struct steady_baseline_request request = {
		.name = "bench", .tolerate = tolerated, .tolerate_count = LENGTH(tolerated)};
	struct steady_model *model;
	int r = steady_baseline(h->inputs, h->count, &request, &model, report);

	if (!r)
		steady_model_free(model);
	return r;
}

static void baseline(void *ctx)
{
	if (baseline_of(ctx, NULL))
		abort();
}

static size_t copy_part(char *room, const void *from, size_t size)
{
	if (room && from)
		memcpy(room, from, size);
	return from ? size : 0;
}

/* Copies what a baseline reads of a profile; returns its bytes. Without room they are counted. */
static size_t copy_profile(const struct steady_profile *p, char *room)
{
	size_t size = copy_part(room, p, sizeof(*p));

	for (size_t i = 0; i < p->configuration_count; i++) {
		const struct steady_configuration *c = &p->configurations[i];

		size += copy_part(room ? room + size : NULL, c, sizeof(*c));
		size += copy_part(room ? room + size : NULL, c->accepted,
				  steady_field_count * sizeof(*c->accepted));
		size += copy_part(room ? room + size : NULL, c->register_list,
				  c->register_count * sizeof(*c->register_list));
	}
	return size;
}

static void copy(void *ctx)
{
	struct hosts *h = ctx;

	for (size_t i = 0, at = 0; i < h->count; i++)
		at += copy_profile(h->inputs[i].profile, h->room + at);
	__asm__ volatile("" : : "r"(h->room) : "memory"); /* the copy is wanted */
}

static struct bench_time measure(struct hosts *h, size_t bytes)
{
	struct bench_time t = bench_measure(baseline, h, BATCH);
	struct bench_time plain = bench_measure(copy, h, BATCH / 10);

	printf("baseline of %4zu host%s %6zu KB %10.1f us %10.1f us median %8.0f ns a host"
	       " %6.1f copies\n",
	       h->count, h->count == 1 ? ", " : "s,", bytes / 1024, t.least / 1e3, t.median / 1e3,
	       t.least / (double)h->count, t.least / plain.least);
	return t;
}

/* Hosts that have nothing in memory in common, as those of a fleet; returns their bytes. */
static size_t load(struct steady_input *inputs)
{
	size_t bytes = 0;

	for (size_t i = 0; i < MOST_HOSTS; i++) {
		const char *name = names[i % LENGTH(names)];

		inputs[i] = (struct steady_input){.name = name, .profile = bench_profile(name)};
		bytes += copy_profile(inputs[i].profile, NULL);
	}
	return bytes;
}

/* Ends the program if these hosts have no baseline, with the conflicts. */
static void expect_none(struct hosts *h)
{
	struct steady_report *report;

	h->count = LENGTH(names);
	if (steady_report_new(&report))
		exit(2);
	if (baseline_of(h, report)) {
		for (size_t i = 0; i < steady_report_count(report); i++)
			fprintf(stderr, "%s.%s: %s\n", steady_report_get(report, i)->reg,
				steady_report_get(report, i)->field,
				steady_report_get(report, i)->reason);
		exit(2);
	}
	steady_report_free(report);
}

/* Measures 1, 10, 100 and 1000 hosts; returns how much longer 1000 take than 100. */
static double growth(struct hosts *h)
{
	static const size_t counts[] = {1, 10, 100, MOST_HOSTS};
	double least[LENGTH(counts)];

	for (size_t i = 0; i < LENGTH(counts); i++) {
		size_t bytes = 0;

		h->count = counts[i];

		for (size_t k = 0; k < h->count; k++)
			bytes += copy_profile(h->inputs[k].profile, NULL);
		least[i] = measure(h, bytes).least;
	}
	printf("10 times the hosts take %.1f, %.1f, %.1f times as long\n", least[1] / least[0],
	       least[2] / least[1], least[3] / least[2]);
	return least[3] / least[2];
}

int main(int argc, char **argv)
{
	static struct steady_input inputs[MOST_HOSTS];
	struct hosts h = {.inputs = inputs};
	int tries = 0;

	bench_start(argc, argv);
	h.room = malloc(load(inputs));
	if (!h.room)
		return 2;
	expect_none(&h);
	while (bench_again("1000 hosts against 100", growth(&h), GROWTH_LEAST, GROWTH_MOST, &tries))
		;
	for (size_t k = 0; k < MOST_HOSTS; k++)
		steady_profile_free((struct steady_profile *)inputs[k].profile);
	free(h.room);
	return bench_end();
}
