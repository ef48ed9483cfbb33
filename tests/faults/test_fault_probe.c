/* SPDX-License-Identifier: MIT */
/* Every call of a probe, by every errno: the profile is right, unknown where it must be, or none. */
#include "faults.h"

#include <errno.h>

#include "base/report.h"
#include "format/format.h"

#define UNNAMED UINT64_C(0x603000000013c10e) /* UNALLOCATED in Arm's 2026-03, as what follows it */

struct run {
	struct steady_sim *sim;
	struct steady_local local;
	struct steady_profile *clean;
	char *model;              /* the clean profile's baseline */
	struct fault_calls calls;
	unsigned long faults, failed, equal, refused;
};

/* ---- profile against profile ---- */

static bool same(const struct steady_reading *a, const struct steady_reading *b)
{
	return a->state == b->state && a->value == b->value && a->error == b->error;
}

/* Counts what is unknown; ends the test at anything that was not read. */
static void compare(const struct fault *f, const char *what, const struct steady_reading *got,
		    const struct steady_reading *clean, unsigned int *unknown)
{
	if (same(got, clean))
		return;
	if (got->state != STEADY_FAILED || got->error != f->error)
		fault_wrong(f, "%s is 0x%llx (state %u, errno %d), it was 0x%llx", what,
			    (unsigned long long)got->value, got->state, got->error,
			    (unsigned long long)clean->value);
	(*unknown)++;
}

/*
 * What was found by trying: the same, or not known. A trial that gets an answer of KVM's may find
 * another truth, that of a kernel which answers so; to the question which of two checks of a second
 * vCPU comes first, failures are answers too.
 */
static bool is_answer(const struct fault *f)
{
	return f->answer != STEADY_ANSWER_FAILURE ||
	       (f->call->op == STEADY_OP_CREATE_VCPU && (f->error == EEXIST || f->error == EBUSY));
}

static void compare_list(const struct fault *f, const struct steady_configuration *got,
			 const struct steady_configuration *clean, unsigned int *unknown)
{
	if (!got->register_list) {
		*unknown += clean->register_list != NULL;
		return;
	}
	if (got->register_count != clean->register_count ||
	    memcmp(got->register_list, clean->register_list,
		   got->register_count * sizeof(uint64_t)) != 0)
		fault_wrong(f, "another register list");
}

static void compare_configuration(const struct fault *f, const struct steady_configuration *got,
				  const struct steady_configuration *clean, unsigned int *unknown)
{
	bool lost = got->reg[STEADY_CORE_FIRST].state == STEADY_FAILED &&
		    !got->register_list && clean->register_list;

	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if ((lost || !got->register_list) && got->reg[reg].state == STEADY_NOT_CAPTURED)
			continue;
		compare(f, steady_registers[reg].name, &got->reg[reg], &clean->reg[reg], unknown);
	}
	if (!lost && got->irqchip != clean->irqchip && f->call->op != STEADY_OP_CREATE_GIC)
		fault_wrong(f, "irqchip %u, it was %u", got->irqchip, clean->irqchip);
	compare_list(f, got, clean, unknown);
}

static unsigned int compare_configurations(const struct fault *f, const struct steady_profile *got,
					   const struct steady_profile *clean)
{
	unsigned int unknown = 0;
	size_t at = 0;

	for (size_t i = 0; i < clean->configuration_count; i++) {
		const struct steady_configuration *c = &clean->configurations[i];

		if (at < got->configuration_count && got->configurations[at].options == c->options) {
			compare_configuration(f, &got->configurations[at++], c, &unknown);
			continue;
		}
		if (f->answer != STEADY_ANSWER_OPTION)
			fault_wrong(f, "configuration %zu is not there, and that was no answer", i);
		unknown++;
	}
	if (at != got->configuration_count)
		fault_wrong(f, "configurations that nobody has");
	return unknown;
}

/* Of each field what was found before, or nothing. */
static unsigned int compare_accepted(const struct fault *f, const struct steady_accepted *got,
				     const struct steady_accepted *clean)
{
	static const struct steady_accepted nothing;
	unsigned int unknown = 0;

	for (unsigned int i = 0; i < steady_field_count; i++) {
		const struct steady_accepted *a = got ? &got[i] : &nothing;
		const struct steady_accepted *b = clean ? &clean[i] : &nothing;

		if (a->known == b->known && a->values == b->values && a->rewritten == b->rewritten &&
		    memcmp(a->kept, b->kept, sizeof(a->kept)) == 0)
			continue;
		if (a->known || a->rewritten)
			fault_wrong(f, "%s accepts others", steady_fields[i].name);
		unknown++;
	}
	return unknown;
}

static unsigned int compare_trials(const struct fault *f, const struct steady_profile *got,
				   const struct steady_profile *clean)
{
	uint32_t both = got->behaviours_known & clean->behaviours_known;
	unsigned int unknown = got->behaviours_known != clean->behaviours_known;

	if (is_answer(f))
		return 0;
	if ((got->behaviours ^ clean->behaviours) & both || got->behaviours_known & ~both)
		fault_wrong(f, "behaviours 0x%x of 0x%x, they were 0x%x of 0x%x", got->behaviours,
			    got->behaviours_known, clean->behaviours, clean->behaviours_known);
	if (got->gate_count && (got->gate_count != clean->gate_count ||
				memcmp(got->gates, clean->gates,
				       got->gate_count * sizeof(*got->gates)) != 0))
		fault_wrong(f, "%zu gates, there were %zu", got->gate_count, clean->gate_count);
	unknown += got->gate_count != clean->gate_count;
	for (size_t i = 0; i < got->configuration_count; i++)
		unknown += compare_accepted(f, got->configurations[i].accepted,
					    clean->configurations[i].accepted) != 0;
	return unknown;
}

static void compare_caches(const struct fault *f, const struct steady_profile *got,
			   const struct steady_profile *clean, unsigned int *unknown)
{
	for (size_t i = 0; i < got->cache_count; i++) {
		if (i >= clean->cache_count || got->caches[i].id != clean->caches[i].id)
			fault_wrong(f, "other caches");
		compare(f, "a cache", &got->caches[i].reading, &clean->caches[i].reading, unknown);
	}
}

/* What nobody has a name for, and whether it can be 0. */
static void compare_unnamed(const struct fault *f, const struct steady_profile *got,
			    const struct steady_profile *clean, unsigned int *unknown)
{
	size_t at = 0;

	for (size_t i = 0; i < got->unnamed_count; i++) {
		const struct steady_unnamed *u = &got->unnamed[i];
		unsigned int before = *unknown;

		while (at < clean->unnamed_count && clean->unnamed[at].id != u->id)
			at++;
		if (at == clean->unnamed_count)
			fault_wrong(f, "another register without a name");
		compare(f, "a register without a name", &u->reading, &clean->unnamed[at].reading,
			unknown);
		if (u->zero != clean->unnamed[at].zero && *unknown == before && !is_answer(f))
			fault_wrong(f, "0x%llx can be 0: %d", (unsigned long long)u->id, u->zero);
	}
	*unknown += got->unnamed_count != clean->unnamed_count;
}

/* Those that are not 0: another that stands there is one that failed. */
static void compare_listed(const struct fault *f, const char *what,
			   const struct steady_firmware_reading *got, size_t count,
			   const struct steady_firmware_reading *clean, size_t clean_count,
			   unsigned int *unknown)
{
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		while (at < clean_count && clean[at].id < got[i].id)
			at++;
		if (at < clean_count && clean[at].id == got[i].id)
			compare(f, what, &got[i].reading, &clean[at].reading, unknown);
		else if (got[i].reading.state == STEADY_FAILED)
			++*unknown;
		else
			fault_wrong(f, "%s 0x%llx that there is not", what,
				    (unsigned long long)got[i].id);
	}
	if (count < clean_count)
		++*unknown;
}

static unsigned int compare_profiles(const struct fault *f, const struct steady_profile *got,
				     const struct steady_profile *clean)
{
	unsigned int unknown = compare_configurations(f, got, clean);
	char name[STEADY_FIRMWARE_LABEL];

	for (int i = 0; i < STEADY_REGISTERS; i++)
		compare(f, "a mask", &got->writable[i], &clean->writable[i], &unknown);
	for (unsigned int i = 0; i < steady_capability_count; i++)
		compare(f, steady_capabilities[i].name, &got->capabilities[i],
			&clean->capabilities[i], &unknown);
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		/* counters are read in a VM with the PMU: there may be none left */
		if (i == STEADY_PMCR_N && got->unvirtualised[i].state == STEADY_NOT_CAPTURED)
			unknown++;
		else
			compare(f, steady_unvirtualised_names[i], &got->unvirtualised[i],
				&clean->unvirtualised[i], &unknown);
	}
	if (!got->firmware_known && clean->firmware_known)
		unknown++;
	for (size_t i = 0; i < got->firmware_count; i++) {
		if (i >= clean->firmware_count || got->firmware[i].id != clean->firmware[i].id)
			fault_wrong(f, "other firmware registers");
		compare(f, steady_firmware_label(got->firmware[i].id, name),
			&got->firmware[i].reading, &clean->firmware[i].reading, &unknown);
	}
	compare_caches(f, got, clean, &unknown);
	compare_unnamed(f, got, clean, &unknown);
	compare_listed(f, "a capability", got->others, got->other_count, clean->others,
		       clean->other_count, &unknown);
	if (got->configurations[0].options == clean->configurations[0].options)
		compare_listed(f, "a reset value", got->configurations[0].reset,
			       got->configurations[0].reset_count, clean->configurations[0].reset,
			       clean->configurations[0].reset_count, &unknown);
	if (got->sve_known && !steady_vl_equal(&got->sve, &clean->sve))
		fault_wrong(f, "other vector lengths");
	unknown += got->sve_known != clean->sve_known;
	if (got->cpu_count && (got->cpu_count != clean->cpu_count ||
			       memcmp(got->cpus, clean->cpus, sizeof(*got->cpus)) != 0))
		fault_wrong(f, "other CPUs");
	unknown += got->cpu_count != clean->cpu_count;
	return unknown;
}

/* ---- one fault ---- */

static void check_round_trip(const struct fault *f, const struct steady_profile *p)
{
	struct steady_text text = STEADY_TEXT_INIT;
	struct steady_profile *again = NULL;
	unsigned int unknown;

	if (steady_profile_print_json(p, &text) ||
	    steady_profile_read_json(text.data, text.length, "FILE", &again, NULL))
		fault_wrong(f, "the profile cannot be written and read again");
	unknown = compare_configurations(f, again, p);
	if (unknown)
		fault_wrong(f, "written and read again the profile differs");
	steady_profile_free(again);
	steady_text_free(&text);
}

/* No model is made from what is unknown, and none lesser instead. */
static void check_baseline(struct run *run, const struct fault *f, const struct steady_profile *p)
{
	struct steady_report *report;
	char *text = NULL;
	int r;

	assert_int_equal(steady_report_new(&report), 0);
	r = fault_baseline(p, &text, report);
	if (r && !steady_report_errors(report))
		fault_wrong(f, "no baseline, and no reason");
	if (!r && f->answer == STEADY_ANSWER_FAILURE && strcmp(text, run->model) != 0)
		fault_wrong(f, "another baseline was made of what is unknown:\n%.400s", text);
	run->equal += !r;
	run->refused += r != 0;
	free(text);
	steady_report_free(report);
}

/* A profile that was made all the same: what is not known is known to be not known. */
static void check_profile(struct run *run, const struct fault *f, const struct steady_profile *p,
			  const struct steady_report *report)
{
	unsigned int unknown = compare_profiles(f, p, run->clean);

	if (unknown && (!steady_report_count(report) ||
			(f->mode != FAULT_ON && !fault_is_told(f, report, STEADY_WARNING))))
		fault_wrong(f, "%u readings are unknown, and nothing says so", unknown);
	if (f->error == EIO) { /* it is the slowest part: once for each call */
		long live = fault_live();

		check_round_trip(f, p);
		fault_live_is(live);
	}
	if (compare_trials(f, p, run->clean) && !steady_report_count(report))
		fault_wrong(f, "what could not be tried is not told");
	if (unknown && run->model)
		check_baseline(run, f, p);
}

static void inject(struct run *run, const struct fault *f)
{
	struct fault_host host;
	struct steady_profile *p = NULL;
	struct steady_report *report;
	struct fault_left left;
	int r;

	fault_left_start(&left, run->sim);
	assert_int_equal(steady_report_new(&report), 0);
	fault_host_init(&host, f, steady_sim_call, run->sim);
	r = steady_probe(fault_host_call, &host, &run->local, &p, report);
	run->faults++;
	if (!host.hits)
		fault_wrong(f, "the call was not made");
	if (r) {
		if (p || steady_exit_status(r) != 3)
			fault_wrong(f, "result %d", r);
		if (!steady_report_errors(report) ||
		    (f->mode != FAULT_ON && !fault_is_told(f, report, STEADY_WARNING)))
			fault_wrong(f, "the host failed, and nothing says where");
		run->failed++;
	} else {
		check_profile(run, f, p, report);
		steady_profile_free(p);
	}
	steady_report_free(report);
	fault_left_end(&left, f);
}

/* The call after the last fails: it is not made, and the profile is the clean one. */
static void unfaulted(struct run *run)
{
	const struct fault f = {&run->calls.all[0], run->calls.count + 1, EIO, FAULT_ONCE,
				STEADY_ANSWER_FAILURE};
	struct steady_text got = STEADY_TEXT_INIT, clean = STEADY_TEXT_INIT;
	struct steady_profile *p = NULL;
	struct fault_host host;

	fault_host_init(&host, &f, steady_sim_call, run->sim);
	assert_int_equal(steady_probe(fault_host_call, &host, &run->local, &p, NULL), 0);
	assert_int_equal(host.hits, 0);
	assert_int_equal(host.fail.seen, run->calls.count);
	assert_int_equal(steady_profile_print_json(p, &got), 0);
	assert_int_equal(steady_profile_print_json(run->clean, &clean), 0);
	assert_string_equal(got.data, clean.data);
	steady_text_free(&got);
	steady_text_free(&clean);
	steady_profile_free(p);
}

/* ---- all faults ---- */

static void start(struct run *run, const struct steady_profile *host, bool deep)
{
	memset(run, 0, sizeof(*run));
	run->local = (struct steady_local){
		.name = "host", .kernel = host->kernel, .kinds = 1, .deep = deep};
	memcpy(run->local.unvirtualised, host->unvirtualised, sizeof(run->local.unvirtualised));
	assert_int_equal(steady_sim_new(host, &run->sim), 0);
	run->calls.next = steady_sim_call;
	run->calls.ctx = run->sim;
	assert_int_equal(steady_probe(fault_calls_call, &run->calls, &run->local, &run->clean,
				      NULL), 0);
	fault_baseline(run->clean, &run->model, NULL); /* of the least host there is none */
}

static void end(struct run *run, const char *name, size_t stride)
{
	print_message("  probe%s of %s: %zu calls, every %zu., %lu faults: %lu times no profile, %lu "
		      "times no model of it, %lu times the same\n",
		      run->local.deep ? " --deep" : "", name, run->calls.count, stride, run->faults,
		      run->failed, run->refused, run->equal);
	steady_sim_free(run->sim);
	steady_profile_free(run->clean);
	free(run->model);
	free(run->calls.all);
}

/* Every `stride`-th call, from the first on, by each errno of its row. */
static void faults_of(struct steady_profile *host, const char *name, bool deep,
		      enum fault_mode mode, size_t stride)
{
	const char *coarser = getenv("STEADY_FAULT_STRIDE"); /* for builds that are slow */
	struct run run;

	stride *= coarser ? strtoul(coarser, NULL, 10) : 1;
	start(&run, host, deep);
	for (size_t k = 1; k <= run.calls.count; k += stride) {
		const struct fault_call *call = &run.calls.all[k - 1];
		unsigned int state = 0;
		int error;

		while ((error = fault_next_errno(call->op, &state))) {
			struct fault f = {call, k, error, mode,
					  steady_answer_of(call->op, error)};

			inject(&run, &f);
		}
	}
	unfaulted(&run);
	end(&run, name, stride);
	steady_profile_free(host);
}

static void every_fault(const char *name, enum fault_mode mode, size_t stride)
{
	faults_of(fault_host(name), name, false, mode, stride);
}

static void test_single(void **state)
{
	(void)state;
	every_fault("neoverse-n1-6.1", FAULT_ONCE, 1);
	every_fault("neoverse-n1-7.3", FAULT_ONCE, 5);
	every_fault("cortex-a76-6.12", FAULT_ONCE, 11);
	every_fault("neoverse-v1-7.3", FAULT_ONCE, 1); /* with SVE and pointer authentication */
}

/*
 * A host of one configuration that can read three ID registers and two registers without a name,
 * so that a deep probe of it is short enough for every call of it to fail.
 */
static struct steady_profile *least_host(void)
{
	static const char *const readable[] = {"ID_AA64DFR0_EL1", "ID_AA64PFR0_EL1", "ID_AA64MMFR2_EL1"};
	struct steady_profile *p = fault_host("neoverse-n1-7.3");

	build_only(p, p->configuration_count - 1);
	build_capability(p, "ARM_PMU_V3", 0);
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
		bool kept = false;

		for (size_t i = 0; i < LENGTH(readable); i++)
			kept = kept || strcmp(steady_registers[reg].name, readable[i]) == 0;
		if (!kept)
			p->configurations[0].reg[reg] = (struct steady_reading){0, EIO, STEADY_FAILED};
	}
	fault_add_unnamed(p, UNNAMED, 0x11, true);
	fault_add_unnamed(p, UNNAMED + 1, 0x11, false);
	return p;
}

static void test_deep(void **state)
{
	(void)state;
	faults_of(least_host(), "the least host", true, FAULT_ONCE, 1);
	faults_of(fault_host("neoverse-n1-7.3"), "neoverse-n1-7.3", true, FAULT_ONCE, 401);
	faults_of(fault_host("neoverse-n1-7.3"), "neoverse-n1-7.3", true, FAULT_ALWAYS, 2003);
}

static void test_lasting(void **state)
{
	(void)state;
	every_fault("neoverse-n1-6.1", FAULT_ON, 3);
	every_fault("neoverse-n1-7.3", FAULT_ON, 7);
	every_fault("neoverse-v1-6.18", FAULT_ON, 41);
}

static void test_always(void **state)
{
	(void)state;
	every_fault("neoverse-n1-6.1", FAULT_ALWAYS, 3);
	every_fault("neoverse-n1-7.3", FAULT_ALWAYS, 7);
	every_fault("neoverse-v1-6.18", FAULT_ALWAYS, 43);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_lasting),
		cmocka_unit_test(test_always),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
