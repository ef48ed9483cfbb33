/* SPDX-License-Identifier: MIT */
/* Every call of an apply, by every errno: pinned only if all was read back, else told where not. */
#include "faults.h"

#include <errno.h>
#include <string.h>

#include "base/report.h"

#define VCPUS 2

struct run {
	struct steady_sim *sim;
	struct steady_model *model;
	struct fault_calls calls;
	uint64_t target[STEADY_REGISTERS];
	unsigned long faults, host, no, pinned;
};

/*
 * The only faults that may leave a VM pinned: a first run that the call function made up, a firmware
 * register that this kernel says it does not have, where the model wants nothing of it, and a
 * register list that it does not give, or not yet.
 */
static bool may_be_pinned(const struct run *run, const struct fault *f)
{
	const struct steady_firmware_value *want = steady_model_firmware(run->model, f->call->id);

	if (f->call->op == STEADY_OP_RUN)
		return f->answer == STEADY_ANSWER_ENTERED;
	if (f->call->op == STEADY_OP_REG_LIST) /* no list: said, or had once it is finalised */
		return f->answer == STEADY_ANSWER_ABSENT ||
		       (f->error == EPERM && f->mode == FAULT_ONCE &&
			run->model->options >> STEADY_OPTION_SVE & 1);
	return f->call->op == STEADY_OP_GET && f->answer == STEADY_ANSWER_ABSENT &&
	       (steady_firmware_by_id(f->call->id) >= 0 ||
		steady_firmware_id_is_bitmap(f->call->id)) &&
	       !(want && want->value);
}

static bool wrote_it(const struct fault *f, const struct steady_applied *a)
{
	for (size_t i = 0; i < a->write_count; i++) {
		if (a->writes[i].id == f->call->id && a->writes[i].vcpu == f->call->vcpu &&
		    a->writes[i].error == f->error)
			return true;
	}
	return false;
}

/*
 * Of a capability that the host does not enable, it is told what that leads to: the register that
 * cannot be written.
 */
static bool is_told(const struct fault *f, const struct steady_report *report)
{
	const struct steady_finding *finding;

	if (fault_is_told(f, report, STEADY_ERROR))
		return true;
	for (size_t i = 0; (finding = steady_report_get(report, i)); i++) {
		if (f->call->op == STEADY_OP_ENABLE_CAP && f->answer == STEADY_ANSWER_OPTION &&
		    finding->severity == STEADY_ERROR && finding->reg &&
		    strcmp(finding->reg, "MIDR_EL1") == 0)
			return true;
	}
	return false;
}

static void check(struct run *run, const struct fault *f, int r, const struct steady_applied *a,
		  const struct steady_report *report)
{
	int status = steady_exit_status(r);

	if (a->pinned != !r)
		fault_wrong(f, "result %d, pinned %d", r, a->pinned);
	if (!r && !may_be_pinned(run, f))
		fault_wrong(f, "pinned all the same");
	if (r && status != 1 && status != 3)
		fault_wrong(f, "exit status %d", status);
	if (f->answer == STEADY_ANSWER_FAILURE && f->mode == FAULT_ONCE && r && status != 3)
		fault_wrong(f, "a failure taken for an answer: result %d", r);
	if (fault_is_answer(f) && f->mode == FAULT_ONCE && status == 3)
		fault_wrong(f, "an answer taken for a failure: result %d", r);
	if (r && !steady_report_errors(report))
		fault_wrong(f, "no reason");
	if (r && f->mode != FAULT_ON && !is_told(f, report))
		fault_wrong(f, "nothing says where");
	if (a->targeted && memcmp(a->target, run->target, sizeof(run->target)) != 0)
		fault_wrong(f, "other targets");
	if (f->call->op == STEADY_OP_SET && !wrote_it(f, a))
		fault_wrong(f, "the write that failed is not among the writes");
	run->pinned += !r;
	run->no += status == 1;
	run->host += status == 3;
}

static void inject(struct run *run, const struct fault *f)
{
	struct steady_applied applied;
	struct steady_report *report;
	struct fault_left left;
	struct fault_host host;
	int r;

	fault_left_start(&left, run->sim);
	assert_int_equal(steady_report_new(&report), 0);
	fault_host_init(&host, f, steady_sim_call, run->sim);
	r = steady_apply(run->model, fault_host_call, &host, VCPUS, &applied, report);
	run->faults++;
	if (!host.hits)
		fault_wrong(f, "the call was not made");
	check(run, f, r, &applied, report);
	steady_applied_clear(&applied);
	steady_report_free(report);
	fault_left_end(&left, f);
}

/* The call after the last fails: it is not made, and all is as without. */
static void unfaulted(struct run *run, const struct steady_applied *clean)
{
	const struct fault f = {&run->calls.all[0], run->calls.count + 1, EIO, FAULT_ONCE,
				STEADY_ANSWER_FAILURE};
	struct steady_applied applied;
	struct fault_host host;

	fault_host_init(&host, &f, steady_sim_call, run->sim);
	assert_int_equal(steady_apply(run->model, fault_host_call, &host, VCPUS, &applied, NULL), 0);
	assert_int_equal(host.hits, 0);
	assert_int_equal(host.fail.seen, run->calls.count);
	assert_true(applied.pinned);
	assert_int_equal(applied.write_count, clean->write_count);
	assert_memory_equal(applied.target, clean->target, sizeof(clean->target));
	steady_applied_clear(&applied);
}

static void every_fault(const char *name, struct steady_model *model, size_t stride,
			enum fault_mode mode)
{
	struct steady_profile *host = fault_host(name);
	const char *coarser = getenv("STEADY_FAULT_STRIDE"); /* for builds that are slow */
	struct run run = {.model = model};
	struct steady_applied clean;

	assert_int_equal(steady_sim_new(host, &run.sim), 0);
	run.calls = (struct fault_calls){.next = steady_sim_call, .ctx = run.sim};
	assert_int_equal(steady_apply(run.model, fault_calls_call, &run.calls, VCPUS, &clean, NULL),
			 0);
	assert_true(clean.pinned);
	memcpy(run.target, clean.target, sizeof(run.target));
	if (stride > 1 || host->configurations[0].options >> STEADY_OPTION_MTE & 1)
		stride *= coarser ? strtoul(coarser, NULL, 10) : 1;
	for (size_t k = 1; k <= run.calls.count; k += stride) {
		const struct fault_call *call = &run.calls.all[k - 1];
		unsigned int state = 0;
		int error;

		while ((error = fault_next_errno(call->op, &state))) {
			struct fault f = {call, k, error, mode, steady_answer_of(call->op, error)};

			inject(&run, &f);
		}
	}
	unfaulted(&run, &clean);
	print_message("  apply on %s: %zu calls, %zu writes, %lu faults: %lu times status 3, %lu "
		      "times 1, %lu times pinned\n",
		      name, run.calls.count, clean.write_count, run.faults, run.host, run.no,
		      run.pinned);
	steady_applied_clear(&clean);
	steady_sim_free(run.sim);
	steady_model_free(run.model);
	steady_profile_free(host);
	free(run.calls.all);
}

static void all_hosts(enum fault_mode mode)
{
	static const char *const old[] = {"neoverse-n1-6.1", NULL};
	static const char *const n1[] = {"neoverse-n1-6.12", "neoverse-n1-7.3", NULL};
	static const char *const v1[] = {"neoverse-v1-6.18", "neoverse-n2-7.3", NULL};
	/* a capability is enabled before the first vCPU: memory tagging; to write MIDR_EL1 */
	static const char *const mte[] = {"max-7.3-mte", NULL};
	static const char *const told[] = {"cortex-a76-7.3", "neoverse-n1-7.3", NULL};

	every_fault("neoverse-n1-6.1", fault_model(old, NULL), 1, mode);
	every_fault("neoverse-n1-7.3", fault_model(n1, NULL), 1, mode);
	every_fault("neoverse-n2-7.3", fault_model(v1, NULL), 1, mode);
	every_fault("max-7.3-mte", fault_model(mte, NULL), 1, mode);
	every_fault("neoverse-n1-7.3", fault_model_identity(told), 1, mode);
	every_fault("max-7.3-nested", fault_model_counters("max-7.3-nested"), 1, mode);
}

static void test_single(void **state)
{
	(void)state;
	all_hosts(FAULT_ONCE);
}

static void test_lasting(void **state)
{
	(void)state;
	all_hosts(FAULT_ON);
}

static void test_always(void **state)
{
	(void)state;
	all_hosts(FAULT_ALWAYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_lasting),
		cmocka_unit_test(test_always),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
