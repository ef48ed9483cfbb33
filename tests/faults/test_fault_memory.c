/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at each allocation of a probe, an apply and a baseline: nothing is lost (under a
 * leak checker), nothing is claimed. The linker puts this allocator in place of libc's.
 */
#include "faults.h"

#include <errno.h>

static long countdown; /* allocations until the one that fails; 0: none does */
static bool failed;
static bool lasting;

static bool fails(void)
{
	if (failed && lasting)
		return true;
	if (!countdown || --countdown)
		return false;
	failed = true;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *string);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *string);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *string)
{
	return fails() ? NULL : __real_strdup(string);
}

static void start(long k, bool on)
{
	failed = false;
	lasting = on;
	countdown = k;
}

static bool stop(void)
{
	bool was = failed;

	countdown = 0;
	failed = lasting = false;
	return was;
}

/* The clean profile, or one that says that something is unknown for want of memory. */
static bool unknown_or_same(const struct steady_profile *p, const struct steady_profile *clean)
{
	if (p->configuration_count != clean->configuration_count)
		return false;
	for (size_t i = 0; i < p->configuration_count; i++) {
		for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
			const struct steady_reading *a = &p->configurations[i].reg[reg];
			const struct steady_reading *b = &clean->configurations[i].reg[reg];

			if (a->state == STEADY_FAILED ? a->error != ENOMEM
						      : a->value != b->value || a->state != b->state)
				return false;
		}
	}
	return true;
}

static long probes(struct steady_sim *sim, const struct steady_profile *clean, bool on)
{
	const struct steady_local local = {.name = "host", .kernel = "7.3", .kinds = 1};
	bool was;
	long k = 0;

	do {
		struct steady_profile *p = NULL;
		struct steady_report *report;
		int r;

		assert_int_equal(steady_report_new(&report), 0);
		start(++k, on);
		r = steady_probe(steady_sim_call, sim, &local, &p, report);
		was = stop();
		if (r) {
			assert_true(was);
			assert_null(p);
			assert_int_equal(steady_exit_status(r), 3);
		} else if (!unknown_or_same(p, clean)) {
			fail_msg("allocation %ld: another profile", k);
		}
		steady_profile_free(p);
		steady_report_free(report);
	} while (was);
	return k - 1;
}

static long applies(struct steady_sim *sim, const struct steady_model *model, bool on)
{
	bool was;
	long k = 0;

	do {
		struct steady_applied applied;
		struct steady_report *report;
		int r;

		assert_int_equal(steady_report_new(&report), 0);
		start(++k, on);
		r = steady_apply(model, steady_sim_call, sim, 2, &applied, report);
		was = stop();
		assert_int_equal(applied.pinned, !r);
		if (r && (!was || steady_exit_status(r) != 3))
			fail_msg("allocation %ld: result %d", k, r);
		steady_applied_clear(&applied);
		steady_report_free(report);
	} while (was);
	return k - 1;
}

static void test_memory(void **state)
{
	static const char *const hosts[] = {"neoverse-n1-6.12", "neoverse-n1-7.3", NULL};
	const struct steady_local local = {.name = "host", .kernel = "7.3", .kinds = 1};
	struct steady_profile *host = fault_host("neoverse-n1-7.3"), *clean = NULL;
	struct steady_model *model = fault_model(hosts, NULL);
	struct steady_sim *sim;
	long single, on;

	(void)state;
	assert_int_equal(steady_sim_new(host, &sim), 0);
	assert_int_equal(steady_probe(steady_sim_call, sim, &local, &clean, NULL), 0);
	single = probes(sim, clean, false);
	on = probes(sim, clean, true);
	print_message("  probe: %ld allocations failed, %ld times all that follow too\n", single, on);
	single = applies(sim, model, false);
	on = applies(sim, model, true);
	print_message("  apply: %ld allocations failed, %ld times all that follow too\n", single, on);
	steady_sim_free(sim);
	steady_profile_free(clean);
	steady_profile_free(host);
	steady_model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_memory)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
