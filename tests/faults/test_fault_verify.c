/* SPDX-License-Identifier: MIT */
/*
 * Faults of a verify: every call by every errno, a guest that fails, and hosts and guests that lie.
 * No guest runs here: a stand-in reports what a guest of the simulated host would read and be told.
 * (tests/lab/faults.c does the same to a guest that runs.)
 */
#include "faults.h"

#include <errno.h>

#include "base/report.h"
#include "host/guest.h"

#define VCPUS     2
#define CORE_END  (STEADY_CORE_FIRST + STEADY_CORE_COUNT)
#define BMAP(n)   (UINT64_C(0x6030000000160000) | (n))
#define FIRMWARE(n) (UINT64_C(0x6030000000140000) | (n)) /* PSCI_VERSION, WORKAROUND_1 to 3 */
#define PSCI      FIRMWARE(0)
#define SYSREG    UINT64_C(0x62000000) /* ESR_EL1 of a trapped MRS: EC 0x18, IL (DDI0487 D24.2.40) */
#define UNDEFINED UINT64_C(0x02000000) /* EC 0 */

enum lie {
	HONEST,
	FAILS,       /* what runs the guest fails */
	NEVER_ENDS,  /* a vCPU does not come to its end */
	EL1_VALUE,   /* register `at` reads otherwise on vCPU `vcpu` */
	EL1_TRAPS,
	EL1_UNSEEN,
	EL0_READS,   /* it does not trap at EL0 */
	EL0_CLASS,   /* it traps as something else */
	CALL,        /* hypercall `at` is not answered, or is though it should not be */
	READABLE,    /* CTR_EL0, DCZID_EL0 or CNTFRQ_EL0 at EL0 on vCPU `vcpu` */
	FOUR,        /* result at / 4 of register at % 4 */
	FOUR_LESS,   /* the guest did not come to the last calls */
	LIES
};

struct guest {
	struct steady_sim *sim;
	const struct steady_profile *host;
	enum lie lie;
	uint32_t vcpu;
	int at, error;
	unsigned long runs;
};

static uint64_t value_of(struct steady_sim *sim, uint32_t vcpu, uint64_t id)
{
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_GET, .vcpu = vcpu, .id = id};

	return steady_sim_call(sim, &c) ? 0 : c.value[0];
}

/* kvm_smccc_call_handler() of a host whose levels are those of its registers (api.rst) */
static uint64_t workaround(struct steady_sim *sim, int n)
{
	uint64_t level = value_of(sim, 0, FIRMWARE(n)) & 0xf;

	if (n == 2)
		return level == 3 ? (uint64_t)-2 : level == 2 ? 0 : UINT64_MAX;
	return level == 2 ? 1 : level == 1 ? 0 : UINT64_MAX;
}

static void tell_four(struct steady_guest *g, const uint64_t x[4])
{
	memcpy(g->four[g->fours++], x, sizeof(g->four[0]));
}

/* What KVM says to the first vCPU's hypercalls, by the firmware registers that it has. */
static void ask(struct guest *s, const struct steady_guest_answers *answers, struct steady_guest *g)
{
	static const uint64_t uid[4] = {0xb66fb428, 0xe911c52e, 0x564bcaa9, 0x743a004d};
	static const uint64_t none[4] = {UINT64_MAX};
	uint64_t vendor = value_of(s->sim, 0, BMAP(2)), bits = value_of(s->sim, 0, BMAP(3));
	const uint64_t there[4] = {vendor, 0, bits, 0};
	uint64_t x[4] = {STEADY_DISCOVER_VERSION}, count;

	for (int i = 0; i < STEADY_GUEST_CALLS; i++)
		g->call[i] = UINT64_MAX;
	g->call[STEADY_GUEST_PSCI_VERSION] = value_of(s->sim, 0, PSCI);
	g->call[STEADY_GUEST_SMCCC_VERSION] = 0x10001;
	for (int n = 1; n <= 3; n++)
		g->call[STEADY_GUEST_WORKAROUND_1 + n - 1] = workaround(s->sim, n);
	g->call[STEADY_GUEST_DISCOVER_IMPL] = bits ? 0 : UINT64_MAX;
	g->call[STEADY_GUEST_TRNG_VERSION] = value_of(s->sim, 0, BMAP(0)) & 1 ? 0x10000 : UINT64_MAX;
	g->call[STEADY_GUEST_PV_TIME] = value_of(s->sim, 0, BMAP(1)) & 1 ? 0 : UINT64_MAX;
	g->call[STEADY_GUEST_VENDOR_FEATURES] = vendor & 1 ? vendor : UINT64_MAX;
	tell_four(g, vendor & 1 ? uid : none);
	tell_four(g, vendor & 1 ? there : none);
	if (!bits || !answers->answer(answers->ctx, x))
		memcpy(x, none, sizeof(x));
	tell_four(g, x);
	count = bits ? x[2] : 0;
	for (uint64_t i = 0; i <= count; i++) {
		uint64_t y[4] = {STEADY_DISCOVER_CPU, i};

		if (!bits || !answers->answer(answers->ctx, y))
			memcpy(y, none, sizeof(y));
		tell_four(g, y);
	}
}

static void lie(const struct guest *s, struct steady_guest *g)
{
	struct steady_guest_vcpu *v = &g->vcpu[s->vcpu];

	switch (s->lie) {
	case EL1_VALUE:
		v->el1[s->at].value ^= 1;
		break;
	case EL1_TRAPS:
		v->el1[s->at].syndrome = UNDEFINED;
		break;
	case EL1_UNSEEN:
		v->el1[s->at].seen = false;
		break;
	case EL0_READS:
		v->el0[s->at].syndrome = 0;
		break;
	case EL0_CLASS:
		v->el0[s->at].syndrome ^= SYSREG ^ UNDEFINED;
		break;
	case CALL:
		g->call[s->at] = (int32_t)g->call[s->at] == -1 ? 0 : UINT64_MAX;
		break;
	case READABLE:
		*(s->at == 0 ? &v->ctr : s->at == 1 ? &v->dczid : &v->cntfrq) ^= 0x10;
		break;
	case FOUR:
		g->four[s->at / 4][s->at % 4] ^= 0x10;
		break;
	case FOUR_LESS:
		g->fours--;
		break;
	default:
		break;
	}
}

/* As steady_guest_run(). */
static int run_guest(void *ctx, uint32_t vcpus, unsigned int seconds,
		     const struct steady_guest_answers *answers, struct steady_guest *g)
{
	static const char ids[] = "ID_AA64MMFR2_EL1.IDS";
	const struct steady_field *f = &steady_fields[steady_field_by_name(ids, sizeof(ids) - 1)];
	struct guest *s = ctx;

	assert_true(seconds > 0);
	memset(g, 0, sizeof(*g));
	g->vcpus = vcpus;
	s->runs++;
	for (uint32_t v = 0; v < vcpus; v++) {
		uint64_t decides = value_of(s->sim, v, steady_register_id(f->reg));

		for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
			g->vcpu[v].el1[reg].value = value_of(s->sim, v, steady_register_id(reg));
			g->vcpu[v].el1[reg].seen = true;
			g->vcpu[v].el0[reg].syndrome = steady_field_get(f, decides) ? SYSREG
										    : UNDEFINED;
		}
		g->vcpu[v].ctr = g->vcpu[v].el1[steady_register_by_name("CTR_EL0", 7)].value;
		g->vcpu[v].dczid = s->host->unvirtualised[STEADY_DCZID].value;
		g->vcpu[v].pmceid[0] = 0x20101;
		g->vcpu[v].cntfrq = s->host->unvirtualised[STEADY_CNTFRQ].value;
		g->vcpu[v].done = s->lie != NEVER_ENDS || v != s->vcpu;
	}
	ask(s, answers, g);
	lie(s, g);
	g->failed = s->lie == FAILS ? "KVM_SET_USER_MEMORY_REGION" : "KVM_RUN";
	g->error = s->lie == FAILS ? s->error : 0;
	return g->error ? -STEADY_EHOST : 0;
}

/* ---- a run ---- */

struct run {
	struct steady_profile *host;
	struct steady_model *model;
	struct guest guest;
	struct fault_calls calls;
	unsigned long faults, verified, no, host_failed;
};

/* A model whose guests ask which CPUs they may meet, on a host that has that or not. */
static void start(struct run *run, const char *name, const char *const *hosts, bool discovery)
{
	memset(run, 0, sizeof(*run));
	run->host = fault_host(name);
	run->model = fault_model(hosts, NULL);
	if (discovery)
		assert_int_equal(steady_model_add_firmware(run->model, BMAP(3), 3), 0);
	assert_int_equal(steady_sim_new(run->host, &run->guest.sim), 0);
	run->guest.host = run->host;
	run->calls = (struct fault_calls){.next = steady_sim_call, .ctx = run->guest.sim};
}

static void end(struct run *run)
{
	steady_sim_free(run->guest.sim);
	steady_model_free(run->model);
	steady_profile_free(run->host);
	free(run->calls.all);
}

static int verify(struct run *run, steady_call_fn *call, void *ctx, struct steady_verified *v,
		  struct steady_report *report)
{
	const struct steady_verifier with = {call, ctx, run_guest, &run->guest};

	return steady_verify_with(run->model, &with, VCPUS, v, report);
}

/* ---- calls that fail ---- */

static bool may_hold(const struct run *run, const struct fault *f)
{
	const struct steady_firmware_value *want = steady_model_firmware(run->model, f->call->id);

	if (f->call->op == STEADY_OP_RUN)
		return f->answer == STEADY_ANSWER_ENTERED;
	if (f->call->op == STEADY_OP_REG_LIST)
		return f->answer == STEADY_ANSWER_ABSENT ||
		       (f->error == EPERM && f->mode == FAULT_ONCE &&
			run->model->options >> STEADY_OPTION_SVE & 1);
	return f->call->op == STEADY_OP_GET && f->answer == STEADY_ANSWER_ABSENT &&
	       (steady_firmware_by_id(f->call->id) >= 0 ||
		steady_firmware_id_is_bitmap(f->call->id)) &&
	       !(want && want->value);
}

static void inject(struct run *run, const struct fault *f)
{
	struct steady_verified v;
	struct steady_report *report;
	struct fault_left left;
	struct fault_host host;
	int r, status;

	fault_left_start(&left, run->guest.sim);
	assert_int_equal(steady_report_new(&report), 0);
	fault_host_init(&host, f, steady_sim_call, run->guest.sim);
	run->guest.runs = 0;
	r = verify(run, fault_host_call, &host, &v, report);
	status = steady_exit_status(r);
	run->faults++;
	if (!host.hits)
		fault_wrong(f, "the call was not made");
	if (!r && !may_hold(run, f))
		fault_wrong(f, "verified all the same");
	if (r && status != 1 && status != 3)
		fault_wrong(f, "exit status %d", status);
	if (f->answer == STEADY_ANSWER_FAILURE && f->mode == FAULT_ONCE && r && status != 3)
		fault_wrong(f, "a failure taken for an answer: result %d", r);
	if (fault_is_answer(f) && f->mode == FAULT_ONCE && status == 3)
		fault_wrong(f, "an answer taken for a failure: result %d", r);
	if (r && (v.applied.pinned || run->guest.runs))
		fault_wrong(f, "the guest was run though the VM is not pinned");
	if (r && !steady_report_errors(report))
		fault_wrong(f, "no reason");
	if (r && f->mode != FAULT_ON && !fault_is_told(f, report, STEADY_ERROR))
		fault_wrong(f, "nothing says where");
	run->verified += !r;
	run->no += status == 1;
	run->host_failed += status == 3;
	steady_applied_clear(&v.applied);
	steady_report_free(report);
	fault_left_end(&left, f);
}

/* The call after the last fails: it is not made, and all is as without. */
static void unfaulted(struct run *run)
{
	const struct fault f = {&run->calls.all[0], run->calls.count + 1, EIO, FAULT_ONCE,
				STEADY_ANSWER_FAILURE};
	struct steady_verified v;
	struct fault_host host;

	fault_host_init(&host, &f, steady_sim_call, run->guest.sim);
	assert_int_equal(verify(run, fault_host_call, &host, &v, NULL), 0);
	assert_int_equal(host.hits, 0);
	assert_int_equal(host.fail.seen, run->calls.count);
	assert_true(v.applied.pinned);
	assert_int_equal(v.guests, VCPUS);
	assert_int_equal(v.equal, STEADY_CORE_COUNT);
	steady_applied_clear(&v.applied);
}

static void every_fault(const char *name, const char *const *hosts, bool discovery,
			enum fault_mode mode)
{
	const char *coarser = getenv("STEADY_FAULT_STRIDE"); /* for builds that are slow */
	size_t stride = coarser ? strtoul(coarser, NULL, 10) : 1;
	struct steady_verified clean;
	struct run run;

	start(&run, name, hosts, discovery);
	assert_int_equal(verify(&run, fault_calls_call, &run.calls, &clean, NULL), 0);
	assert_true(clean.applied.pinned);
	assert_int_equal(clean.guests, VCPUS);
	assert_int_equal(clean.equal, STEADY_CORE_COUNT);
	assert_int_equal(clean.trapped, STEADY_CORE_COUNT);
	assert_true(clean.events && clean.pmceid[0] == 0x20101);
	assert_int_equal(clean.discovered, discovery ? run.model->implementation_count : 0);
	steady_applied_clear(&clean.applied);
	for (size_t k = 1; k <= run.calls.count; k += stride) {
		const struct fault_call *call = &run.calls.all[k - 1];
		unsigned int state = 0;
		int error;

		while ((error = fault_next_errno(call->op, &state))) {
			struct fault f = {call, k, error, mode, steady_answer_of(call->op, error)};

			inject(&run, &f);
		}
	}
	unfaulted(&run);
	print_message("  verify on %s: %zu calls, %lu faults: %lu times status 3, %lu times 1, %lu "
		      "times verified\n",
		      name, run.calls.count, run.faults, run.host_failed, run.no, run.verified);
	end(&run);
}

static const char *const old[] = {"neoverse-n1-6.1", NULL};
static const char *const n1[] = {"neoverse-n1-6.18", "neoverse-n1-7.3", "cortex-a76-7.3", NULL};
static const char *const n2[] = {"neoverse-v1-6.18", "neoverse-n2-7.3", NULL};

static void test_calls(void **state)
{
	(void)state;
	for (enum fault_mode mode = FAULT_ONCE; mode <= FAULT_ALWAYS; mode++) {
		every_fault("neoverse-n1-6.1", old, false, mode);
		every_fault("neoverse-n1-7.3", n1, true, mode);
		every_fault("neoverse-n2-7.3", n2, false, mode);
	}
}

/* ---- guests that fail or lie ---- */

/* `reg` is what the finding has to name; NULL: nothing may be found. */
static void one_lie(struct run *run, int want, const char *reg)
{
	struct steady_verified v;
	struct steady_report *report;
	int r;

	assert_int_equal(steady_report_new(&report), 0);
	r = verify(run, steady_sim_call, run->guest.sim, &v, report);
	if (r != want)
		fail_msg("lie %d at %d on vCPU %u: result %d", run->guest.lie, run->guest.at,
			 run->guest.vcpu, r);
	if (reg && !build_finding(report, reg, NULL))
		fail_msg("lie %d at %d on vCPU %u: %s is not named", run->guest.lie, run->guest.at,
			 run->guest.vcpu, reg);
	assert_int_equal(steady_report_errors(report) != 0, want != 0);
	run->faults++;
	steady_applied_clear(&v.applied);
	steady_report_free(report);
}

static void test_guest_fails(void **state)
{
	static const int errors[] = {EINVAL, EEXIST, ENOMEM, EFAULT, EAGAIN, EIO, EPROTO, ETIMEDOUT,
				     ENOEXEC, EPERM};
	struct run run;

	(void)state;
	start(&run, "neoverse-n1-7.3", n1, true);
	run.guest.lie = FAILS;
	for (size_t i = 0; i < LENGTH(errors); i++) {
		run.guest.error = errors[i];
		one_lie(&run, -STEADY_EHOST, "guest");
	}
	run.guest.lie = NEVER_ENDS;
	for (run.guest.vcpu = 0; run.guest.vcpu < VCPUS; run.guest.vcpu++)
		one_lie(&run, -STEADY_EHOST, "guest");
	end(&run);
}

/* A workaround that the model has not, and a host that is better: no lie. */
static bool missing_level(const struct run *run)
{
	int n = run->guest.at - STEADY_GUEST_WORKAROUND_1 + 1;
	const struct steady_firmware_value *want;

	if (n < 1 || n > 3)
		return false;
	want = steady_model_firmware(run->model, FIRMWARE((uint64_t)n));
	return !want || !want->value;
}

static void test_guest_lies(void **state)
{
	static const char *const calls[STEADY_GUEST_CALLS] = {
		[STEADY_GUEST_PSCI_VERSION] = "PSCI_VERSION",
		[STEADY_GUEST_SMCCC_VERSION] = "SMCCC_VERSION",
		[STEADY_GUEST_WORKAROUND_1] = "WORKAROUND_1",
		[STEADY_GUEST_WORKAROUND_2] = "WORKAROUND_2",
		[STEADY_GUEST_WORKAROUND_3] = "WORKAROUND_3",
		[STEADY_GUEST_TRNG_VERSION] = "STD_BMAP",
		[STEADY_GUEST_PV_TIME] = "STD_HYP_BMAP",
		[STEADY_GUEST_VENDOR_FEATURES] = "VENDOR_HYP_BMAP",
		[STEADY_GUEST_DISCOVER_IMPL] = "DISCOVER_IMPL_VER",
	};
	static const char *const readable[] = {"CTR_EL0", "DCZID_EL0", "CNTFRQ_EL0"};
	static const char *const fours[] = {"VENDOR_HYP_CALL_UID", "VENDOR_HYP_KVM_FEATURES",
					    "DISCOVER_IMPL_VER"};
	unsigned int better = 0;
	struct run run;

	(void)state;
	start(&run, "neoverse-n1-7.3", n1, true);
	for (run.guest.lie = EL1_VALUE; run.guest.lie <= EL0_CLASS; run.guest.lie++) {
		for (run.guest.vcpu = 0; run.guest.vcpu < VCPUS; run.guest.vcpu++) {
			for (int reg = STEADY_CORE_FIRST; reg < CORE_END; reg++) {
				run.guest.at = reg;
				one_lie(&run, -STEADY_EMISMATCH, steady_registers[reg].name);
			}
		}
	}
	run.guest.vcpu = 0;
	run.guest.lie = CALL;
	for (run.guest.at = 0; run.guest.at < STEADY_GUEST_CALLS; run.guest.at++) {
		bool may_be_better = missing_level(&run);

		one_lie(&run, may_be_better ? 0 : -STEADY_EMISMATCH,
			may_be_better ? NULL : calls[run.guest.at]);
		better += may_be_better;
	}
	assert_int_equal(better, 1); /* WORKAROUND_2: its hosts have SSBS */
	run.guest.lie = READABLE;
	for (run.guest.vcpu = 0; run.guest.vcpu < VCPUS; run.guest.vcpu++) {
		for (run.guest.at = 0; run.guest.at < (int)LENGTH(readable); run.guest.at++)
			one_lie(&run, -STEADY_EMISMATCH, readable[run.guest.at]);
	}
	run.guest.vcpu = 0;
	run.guest.lie = FOUR;
	/* the CPUs of the model, and the one index beyond */
	for (run.guest.at = 0; run.guest.at < 4 * (4 + (int)run.model->implementation_count);
	     run.guest.at++)
		one_lie(&run, -STEADY_EMISMATCH,
			run.guest.at / 4 < 3 ? fours[run.guest.at / 4] : "DISCOVER_IMPL_CPUS");
	run.guest.lie = FOUR_LESS;
	one_lie(&run, -STEADY_EMISMATCH, "DISCOVER_IMPL_CPUS");
	print_message("  %lu lies of guests, all caught by name\n", run.faults);
	end(&run);
}

/* ---- a kernel that lies ---- */

struct liar {
	struct steady_sim *sim;
	uint64_t id;      /* accepts a write of this and keeps what it had */
	unsigned long told;
};

static int liar_call(void *ctx, struct steady_call *call)
{
	struct liar *l = ctx;

	if (call->op != STEADY_OP_SET || call->id != l->id)
		return steady_sim_call(l->sim, call);
	l->told++;
	return 0;
}

/* Every register that is written, one after the other: the read-back tells, no guest is run. */
static void test_kernel_lies(void **state)
{
	struct steady_verified clean;
	struct run run;
	unsigned long lies = 0;

	(void)state;
	start(&run, "neoverse-n2-7.3", n2, true);
	assert_int_equal(verify(&run, steady_sim_call, run.guest.sim, &clean, NULL), 0);
	assert_true(clean.applied.write_count > 3);
	for (size_t i = 0; i < clean.applied.write_count; i++) {
		struct liar liar = {run.guest.sim, clean.applied.writes[i].id, 0};
		struct steady_verified v;
		struct steady_report *report;
		char label[STEADY_ID_LABEL];

		run.guest.runs = 0;
		assert_int_equal(steady_report_new(&report), 0);
		assert_int_equal(verify(&run, liar_call, &liar, &v, report), -STEADY_EMISMATCH);
		assert_true(liar.told > 0);
		assert_int_equal(run.guest.runs, 0);
		assert_false(v.applied.pinned);
		assert_non_null(build_finding(report, liar.id == UINT64_C(0x606000000015ffff)
							      ? "SVE_VLS"
							      : steady_id_label(liar.id, label),
					      NULL));
		steady_applied_clear(&v.applied);
		steady_report_free(report);
		lies++;
	}
	print_message("  %lu lies of a kernel, all caught by name before a guest ran\n", lies);
	steady_applied_clear(&clean.applied);
	end(&run);
}

/*
 * AArch32 has no instruction that reads the ID registers of AArch64 (DDI0487), and the guest is not
 * made for EL2: none is begun.
 */
static void no_guest_with(uint32_t options)
{
	const struct steady_baseline_request request = {.options_on = options};
	static const char *const nested[] = {"max-7.3-nested", NULL};
	struct steady_input input = {.name = nested[0]};
	struct steady_report *report;
	struct steady_verified v;
	struct run run;

	start(&run, nested[0], nested, false);
	steady_model_free(run.model);
	input.profile = run.host;
	assert_int_equal(steady_baseline(&input, 1, &request, &run.model, NULL), 0);
	assert_int_equal(steady_report_new(&report), 0);
	assert_int_equal(verify(&run, steady_sim_call, run.guest.sim, &v, report), 0);
	assert_true(v.applied.pinned);
	assert_int_equal(run.guest.runs, 0);
	assert_int_equal(v.guests, 0);
	assert_int_equal(build_finding(report, "guest", NULL)->severity, STEADY_WARNING);
	steady_applied_clear(&v.applied);
	steady_report_free(report);
	end(&run);
}

static void test_no_guest(void **state)
{
	const uint32_t el2 = 1 << STEADY_OPTION_EL2;

	(void)state;
	no_guest_with(1 << STEADY_OPTION_EL1_32BIT);
	no_guest_with(el2);
	no_guest_with(el2 | 1 << STEADY_OPTION_EL2_E2H0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_guest_fails),
		cmocka_unit_test(test_guest_lies),
		cmocka_unit_test(test_kernel_lies),
		cmocka_unit_test(test_no_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
