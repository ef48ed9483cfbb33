/* SPDX-License-Identifier: MIT */
/* Comparing two CPUs, against a plain copy of the registers that are compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define ROOM  1024
#define BATCH 2e6 /* ns */

struct pair {
	struct steady_view a, b;
	size_t differences;
};

static void relate(void *ctx)
{
	static struct steady_difference differences[ROOM];
	struct pair *p = ctx;

	steady_relate(&p->a, &p->b, differences, ROOM, &p->differences);
}

static void copy(void *ctx)
{
	static uint64_t value[2][STEADY_CORE_COUNT];
	static bool known[2][STEADY_CORE_COUNT];
	struct pair *p = ctx;

	memcpy(value[0], &p->a.value[STEADY_CORE_FIRST], sizeof(value[0]));
	memcpy(value[1], &p->b.value[STEADY_CORE_FIRST], sizeof(value[1]));
	memcpy(known[0], &p->a.known[STEADY_CORE_FIRST], sizeof(known[0]));
	memcpy(known[1], &p->b.known[STEADY_CORE_FIRST], sizeof(known[1]));
	__asm__ volatile("" : : "r"(value), "r"(known) : "memory"); /* the copy is wanted */
}

static void load(struct steady_view *view, const char *name)
{
	struct steady_profile *profile = bench_profile(name);

	steady_configuration_view(&profile->configurations[0], view);
	steady_profile_free(profile);
}

static void measure(const char *what, struct pair *p, double most)
{
	struct bench_time t, plain = bench_measure(copy, p, BATCH);
	int tries = 0;

	do
		t = bench_measure(relate, p, BATCH);
	while (bench_again(what, t.least, 0, most, &tries));
	printf("compare %-36s %4zu fields differ %8.0f ns %8.0f ns median %6.1f copies\n", what,
	       p->differences, t.least, t.median, t.least / plain.least);
}

/* All that there is to look at: no register is as it is in the other. */
static void all_unlike(struct pair *p)
{
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		p->a.known[reg] = p->b.known[reg] = true;
		p->a.value[reg] = UINT64_C(0x1111111111111111);
		p->b.value[reg] = UINT64_C(0x2222222222222222);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *a, *b;
		double most; /* ns */
	} rows[] = {
		{"neoverse-n1-7.3", "neoverse-n1-7.3", 1000},
		{"neoverse-n1-6.12", "neoverse-n1-7.3", 1000},
		{"neoverse-n1-7.3", "cortex-a76-7.3", 1000},
		{"neoverse-n1-7.3", "neoverse-v1-7.3", 1000},
		/* as unlike as CPUs get */
		{"a64fx-7.3", "max-7.3", 1000},
	};
	static struct pair pair;
	char what[80];

	bench_start(argc, argv);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		load(&pair.a, rows[i].a);
		load(&pair.b, rows[i].b);
		snprintf(what, sizeof(what), "%s, %s", rows[i].a, rows[i].b);
		measure(what, &pair, rows[i].most);
	}
	all_unlike(&pair);
	measure("every field unlike", &pair, 10000); /* no CPUs: the worst there can be */
	return bench_end();
}
