/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at each point, one after the other: the functions say ENOMEM or succeed, nothing
 * leaks, and outputs are untouched. The linker puts the functions below in place of libc's
 * (--wrap), so that the k-th allocation fails.
 */
#include "test.h"

#include <errno.h>

#include <steadyarm/sim.h>

#include "base/report.h"
#include "build_profile.h"

static struct {
	bool on;
	unsigned int fail, seen; /* the one to fail, from 1; so far */
	long live;
} memory;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *string);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *string);
void __wrap_free(void *p);

static bool fails(void)
{
	return memory.on && ++memory.seen == memory.fail;
}

static void *counted(void *p)
{
	memory.live += memory.on && p;
	return p;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	void *p;

	if (fails())
		return NULL;
	p = __real_realloc(old, size);
	return old ? p : counted(p);
}

char *__wrap_strdup(const char *string)
{
	return fails() ? NULL : counted(__real_strdup(string));
}

void __wrap_free(void *p)
{
	memory.live -= memory.on && p;
	__real_free(p);
}

/* ---- what is tried ---- */

static struct steady_profile *hosts[3]; /* two that agree, one at odds with them */
static struct steady_model *model;
static char sentinel;

static int try_offer(void)
{
	struct steady_offer *o = (struct steady_offer *)&sentinel;
	int r = steady_offer_of(hosts[0], &o);

	if (r)
		assert_ptr_equal(o, &sentinel);
	else
		steady_offer_free(o);
	return r;
}

static int try_copy(void)
{
	struct steady_offer *o = (struct steady_offer *)&sentinel;
	int r = steady_offer_copy(model->offer, &o);

	if (r)
		assert_ptr_equal(o, &sentinel);
	else
		assert_true(steady_offer_equal(o, model->offer));
	if (!r)
		steady_offer_free(o);
	return r;
}

static struct steady_offer *first, *second, *untouched; /* made while memory is there */

static int try_and(void)
{
	struct steady_offer *o;
	int r;

	if (steady_offer_copy(first, &o))
		return -STEADY_ENOMEM;
	r = steady_offer_and(o, second);
	if (r)
		assert_true(steady_offer_equal(o, untouched));
	steady_offer_free(o);
	return r;
}

static int try_baseline_of(const struct steady_input *in, size_t count, const char *tolerate)
{
	struct steady_baseline_request request = {.name = "low", .tolerate = &tolerate};
	struct steady_model *m = (struct steady_model *)&sentinel;
	struct steady_report *report = NULL;
	int r;

	request.tolerate_count = tolerate != NULL;
	if (steady_report_new(&report))
		return -STEADY_ENOMEM;
	r = steady_baseline(in, count, &request, &m, report);
	if (r)
		assert_ptr_equal(m, &sentinel);
	else
		steady_model_free(m);
	steady_report_free(report);
	return r;
}

static int try_baseline(void)
{
	const struct steady_input in[] = {{.name = "a", .profile = hosts[0]},
					  {.name = "m", .model = model},
					  {.name = "b", .profile = hosts[1]}};

	return try_baseline_of(in, 3, NULL);
}

static int try_baseline_of_model(void)
{
	struct steady_offer *o = model->offer;
	struct steady_input in = {.name = "m", .model = model};
	int r;

	model->offer = NULL;
	r = try_baseline_of(&in, 1, NULL);
	model->offer = o;
	return r;
}

static int try_conflict(void)
{
	const struct steady_input in[] = {{.name = "a", .profile = hosts[0]},
					  {.name = "c", .profile = hosts[2]}};

	return try_baseline_of(in, 2, NULL);
}

static int try_tolerated(void)
{
	const struct steady_input in[] = {{.name = "a", .profile = hosts[0]},
					  {.name = "c", .profile = hosts[2]}};

	return try_baseline_of(in, 2, "ID_AA64MMFR1_EL1.VH");
}

static int try_exactly(void)
{
	struct steady_model *m = (struct steady_model *)&sentinel;
	int r = steady_model_exactly(hosts[0], &hosts[0]->configurations[0], &m, NULL);

	if (r)
		assert_ptr_equal(m, &sentinel);
	else
		steady_model_free(m);
	return r;
}

static int try_check(void)
{
	struct steady_report *report = NULL;
	int r;

	if (steady_report_new(&report))
		return -STEADY_ENOMEM;
	r = steady_check(model, hosts[2], report);
	/* the answer does not depend on whether there was room for the reason */
	assert_int_equal(r, -STEADY_EBLOCKED);
	assert_true(steady_report_errors(report) >= 1);
	assert_true(steady_report_failed(report) || steady_report_count(report) >= 1);
	steady_report_free(report);
	return r;
}

static int try_plan(void)
{
	struct steady_plan *plan = (struct steady_plan *)&sentinel;
	int r = steady_plan_new(model, hosts[0], 2, &plan, NULL);

	if (r)
		assert_ptr_equal(plan, &sentinel);
	else
		steady_plan_free(plan);
	return r;
}

static int fill(struct steady_model *m)
{
	const struct steady_cpu cpu = {1, 2, 3};
	int r = steady_model_set_name(m, "x");

	r = r ? r : steady_model_add_firmware(m, 1, 2);
	r = r ? r : steady_model_add_firmware(m, 0, 2);
	r = r ? r : steady_model_add_implementation(m, &cpu);
	r = r ? r : steady_model_add_tolerated(m, "CNTFRQ_EL0");
	return r ? r : steady_model_add_tolerated(m, "A");
}

static int try_model(void)
{
	struct steady_model *m = steady_model_alloc();
	int r = m ? fill(m) : -STEADY_ENOMEM;

	steady_model_free(m);
	return r;
}

static int try_profile(void)
{
	struct steady_profile *p = steady_profile_alloc();
	bool ok = p && steady_profile_add(p) && steady_profile_add(p);

	steady_profile_free(p);
	return ok ? 0 : -STEADY_ENOMEM;
}

static int try_simulated(void)
{
	struct steady_sim *s = (struct steady_sim *)&sentinel;
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_CREATE_VM};
	int r = steady_sim_new(hosts[0], &s);

	if (r) {
		assert_ptr_equal(s, &sentinel);
		return r;
	}
	steady_sim_call(s, &c);
	c.op = STEADY_OP_CREATE_VCPU;
	steady_sim_call(s, &c);
	c.op = STEADY_OP_INIT;
	c.id = 4;
	steady_sim_call(s, &c);
	c.op = STEADY_OP_SET;
	c.id = UINT64_C(0x6030000000100000);
	r = steady_sim_call(s, &c);
	steady_sim_free(s);
	return r == -ENOMEM ? -STEADY_ENOMEM : r;
}

static const struct {
	const char *name;
	int (*attempt)(void);
	int want; /* with all the memory there is */
} attempts[] = {
	{"offer", try_offer, 0},
	{"copy", try_copy, 0},
	{"and", try_and, 0},
	{"baseline", try_baseline, 0},
	{"baseline of a model", try_baseline_of_model, 0},
	{"conflict", try_conflict, -STEADY_ECONFLICT},
	{"tolerated", try_tolerated, 0},
	{"exactly", try_exactly, 0},
	{"check", try_check, -STEADY_EBLOCKED},
	{"plan", try_plan, 0},
	{"model", try_model, 0},
	{"profile", try_profile, 0},
	{"simulated", try_simulated, 0},
};

static void test_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(attempts); i++) {
		for (memory.fail = 1;; memory.fail++) {
			int r;

			memory.seen = 0;
			memory.live = 0;
			memory.on = true;
			r = attempts[i].attempt();
			memory.on = false;
			if (memory.live)
				fail_msg("%s leaks %ld when allocation %u fails", attempts[i].name,
					 memory.live, memory.fail);
			if (r != attempts[i].want && r != -STEADY_ENOMEM)
				fail_msg("%s: %d when allocation %u fails", attempts[i].name, r,
					 memory.fail);
			if (memory.seen < memory.fail) {
				assert_int_equal(r, attempts[i].want);
				break;
			}
		}
		assert_true(memory.fail > 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
	int r;

	hosts[0] = build_host(BUILD_V1, BUILD_7_3, "a");
	hosts[1] = build_host(BUILD_V1, BUILD_6_12, "b");
	hosts[2] = build_host(BUILD_V1, BUILD_7_3, "c");
	build_put(hosts[2], "ID_AA64MMFR1_EL1.VH", 0);
	build_put(hosts[1], "ID_AA64ISAR0_EL1.AES", 1);
	if (build_baseline(hosts, 2, &model, NULL) || steady_offer_of(hosts[0], &first) ||
	    steady_offer_of(hosts[1], &second) || steady_offer_copy(first, &untouched))
		return 99;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	steady_offer_free(first);
	steady_offer_free(second);
	steady_offer_free(untouched);
	steady_model_free(model);
	for (int i = 0; i < 3; i++)
		steady_profile_free(hosts[i]);
	return r;
}
