/* SPDX-License-Identifier: MIT */
/*
 * What kernels do differently and no register shows: tried on throw-away VMs. A trial that cannot
 * be made (the CPU lacks the field, a call fails) leaves the behaviour unrecorded.
 */
#include <errno.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "pin/probe.h"
#include "policy/policy.h"

#define FEATURE_PSCI_0_2   (UINT32_C(1) << 2) /* KVM_ARM_VCPU_PSCI_0_2 */
#define FEATURE_HAS_EL2    (UINT32_C(1) << 7)
#define FEATURE_PMU_STRICT (UINT32_C(1) << 9)

enum answer { NO, YES, UNTRIED, FAILED };

static enum answer truth(bool yes)
{
	return yes ? YES : NO;
}

#define WITH_PMU (UINT32_C(1) << STEADY_OPTION_PMU)

#define LACKS 1 /* no errno: the host has not got what the trial takes, and no call said so */

/* Why a trial ended early: the host has not got what it takes, or something went wrong. */
static enum answer ended(const struct steady_probe *b, int r)
{
	enum steady_answer a = steady_answer_of(b->asked, r);

	return r == LACKS || a == STEADY_ANSWER_ABSENT || a == STEADY_ANSWER_REFUSED ||
			       a == STEADY_ANSWER_OPTION
		       ? UNTRIED
		       : FAILED;
}

/* By a call's result; any other than these two says nothing. */
static enum answer by_result(const struct steady_probe *b, int r, int yes, int no)
{
	return r == yes ? YES : r == no ? NO : ended(b, r);
}

/* ---- fields of the VM's first vCPU ---- */

static const struct steady_field *field(const char *name)
{
	return &steady_fields[steady_field_by_name(name, strlen(name))];
}

static int get(struct steady_probe *b, const char *name, uint64_t *value)
{
	const struct steady_field *f = field(name);
	uint64_t reg[8];
	int r = steady_ask_get(&b->host, 0, steady_register_id(f->reg), reg);

	if (!r)
		*value = steady_field_get(f, reg[0]);
	return r;
}

static int set(struct steady_probe *b, const char *name, uint64_t value)
{
	const struct steady_field *f = field(name);
	uint64_t id = steady_register_id(f->reg), reg[8];
	int r = steady_ask_get(&b->host, 0, id, reg);

	return r ? r : steady_ask_set64(&b->host, 0, id, steady_field_put(f, reg[0], value));
}

/* A first run: the kernel does to the registers what it does then. */
static int run(struct steady_probe *b)
{
	int r = steady_ask(&b->host, STEADY_OP_RUN, 0, 0);

	return r == -EINTR ? 0 : r ? r : -EPROTO;
}

/* A new VM, and what one of its fields shows. */
static int look(struct steady_probe *b, const char *name, uint64_t *value)
{
	int r = steady_probe_make_vm(b, 0);

	return r ? r : get(b, name, value);
}

/* ---- one function a behaviour ---- */

static enum answer features_per_vcpu(struct steady_probe *b)
{
	int r = steady_probe_make_vm(b, 0);

	r = r ? r : steady_ask(&b->host, STEADY_OP_CREATE_VCPU, 1, 0);
	return r ? ended(b, r) : by_result(b, steady_ask(&b->host, STEADY_OP_INIT, 1, 0), 0, -EINVAL);
}

static enum answer knows(struct steady_probe *b, uint32_t feature)
{
	int r = steady_ask(&b->host, STEADY_OP_CREATE_VM, 0, b->vm_type);

	r = r ? r : steady_ask(&b->host, STEADY_OP_CREATE_VCPU, 0, 0);
	if (r)
		return ended(b, r);
	r = steady_ask(&b->host, STEADY_OP_INIT, 0, feature | FEATURE_PSCI_0_2);
	return by_result(b, r ? r : -EINVAL, -EINVAL, -ENOENT);
}

static enum answer knows_el2(struct steady_probe *b)
{
	return knows(b, FEATURE_HAS_EL2);
}

static enum answer knows_pmu_strict(struct steady_probe *b)
{
	return knows(b, FEATURE_PMU_STRICT);
}

/* 8 is more than any PMU that KVM shows, unless it is -8. */
static enum answer pmu_signed(struct steady_probe *b)
{
	uint64_t limit;
	int r = look(b, "ID_AA64DFR0_EL1.PMUVer", &limit);

	if (r)
		return ended(b, r);
	return limit >= 8 ? UNTRIED
			  : by_result(b, set(b, "ID_AA64DFR0_EL1.PMUVer", 8), 0, -EINVAL);
}

static enum answer el_floor(struct steady_probe *b)
{
	int r = steady_probe_make_vm(b, 0);

	return r ? ended(b, r) : by_result(b, set(b, "ID_AA64PFR0_EL1.EL0", 0), -EINVAL, 0);
}

/* A VM whose GIC field was lowered before it got a GIC. */
static int lower_gic(struct steady_probe *b)
{
	uint64_t limit = 0;
	int r = look(b, "ID_AA64PFR0_EL1.GIC", &limit);

	r = r ? r : limit && b->gic ? set(b, "ID_AA64PFR0_EL1.GIC", 0) : LACKS;
	return r ? r : steady_ask(&b->host, STEADY_OP_CREATE_GIC, 0, b->gic);
}

static enum answer gic_at_creation(struct steady_probe *b)
{
	uint64_t now;
	int r = lower_gic(b);

	r = r ? r : get(b, "ID_AA64PFR0_EL1.GIC", &now);
	return r ? ended(b, r) : truth(now);
}

static enum answer gic_at_run(struct steady_probe *b)
{
	uint64_t now;
	int r = lower_gic(b);

	r = r ? r : steady_ask(&b->host, STEADY_OP_INIT_GIC, 0, 0);
	r = r ? r : set(b, "ID_AA64PFR0_EL1.GIC", 0);
	r = r ? r : run(b);
	r = r ? r : get(b, "ID_AA64PFR0_EL1.GIC", &now);
	return r ? ended(b, r) : truth(now);
}

static enum answer s1pie_needs_ats1a(struct steady_probe *b)
{
	uint64_t has = 0, now;
	int r = look(b, "ID_AA64MMFR3_EL1.S1PIE", &has);

	r = r ? r : has ? set(b, "ID_AA64ISAR2_EL1.ATS1A", 0) : LACKS;
	r = r ? r : run(b);
	r = r ? r : get(b, "ID_AA64MMFR3_EL1.S1PIE", &now);
	return r ? ended(b, r) : truth(!now);
}

static enum answer workaround_2_by_ssbs(struct steady_probe *b)
{
	uint64_t limit = 0, with[8], without[8];
	int r = look(b, "ID_AA64PFR1_EL1.SSBS", &limit);

	r = r ? r : limit ? steady_ask_get(&b->host, 0, STEADY_ID_WA_2, with) : LACKS;
	r = r ? r : set(b, "ID_AA64PFR1_EL1.SSBS", 0);
	r = r ? r : steady_ask_get(&b->host, 0, STEADY_ID_WA_2, without);
	return r ? ended(b, r) : truth(with[0] != without[0]);
}

static enum answer vcpu_exists_first(struct steady_probe *b)
{
	int r = steady_probe_make_vm(b, 0);

	r = r ? r : b->gic ? steady_ask(&b->host, STEADY_OP_CREATE_GIC, 0, b->gic) : LACKS;
	r = r ? r : steady_ask(&b->host, STEADY_OP_INIT_GIC, 0, 0);
	return r ? ended(b, r)
		 : by_result(b, steady_ask(&b->host, STEADY_OP_CREATE_VCPU, 0, 0), -EEXIST, -EBUSY);
}

static int make_vm_with_pmu(struct steady_probe *b)
{
	return b->available & WITH_PMU ? steady_probe_make_vm(b, WITH_PMU) : LACKS;
}

/* One counter less on the first vCPU, and the second has one less too: kernels before keep it apart. */
static enum answer counters_lowered(struct steady_probe *b)
{
	const uint64_t one = UINT64_C(1) << STEADY_PMCR_N_SHIFT;
	uint64_t before[8] = {0}, now[8] = {0};
	int r = make_vm_with_pmu(b);

	r = r ? r : steady_ask(&b->host, STEADY_OP_CREATE_VCPU, 1, 0);
	r = r ? r : steady_ask(&b->host, STEADY_OP_INIT, 1, steady_options_features(WITH_PMU));
	r = r ? r : steady_ask_get(&b->host, 1, STEADY_ID_PMCR_EL0, before);
	if (!r && !(before[0] >> STEADY_PMCR_N_SHIFT & STEADY_PMCR_N_MASK))
		return UNTRIED; /* there is none to take away */
	r = r ? r : steady_ask_set64(&b->host, 0, STEADY_ID_PMCR_EL0, before[0] - one);
	r = r ? r : steady_ask_get(&b->host, 1, STEADY_ID_PMCR_EL0, now);
	return r ? ended(b, r) : truth(now[0] == before[0] - one);
}

/* As many as there are: a host with none has nothing to choose. */
static enum answer counters_chosen(struct steady_probe *b)
{
	uint64_t now[8] = {0};
	int r = make_vm_with_pmu(b);

	r = r ? r : steady_ask_get(&b->host, 0, STEADY_ID_PMCR_EL0, now);
	return r ? ended(b, r)
		 : by_result(b, steady_ask(&b->host, STEADY_OP_PMU_COUNTERS, 0,
					   now[0] >> STEADY_PMCR_N_SHIFT & STEADY_PMCR_N_MASK),
			     0, -ENXIO);
}

static enum answer timers_reset(struct steady_probe *b)
{
	uint64_t now[8] = {0};
	int r = steady_probe_make_vm(b, 0);

	r = r ? r : steady_ask_set64(&b->host, 0, STEADY_ID_CNTV_CVAL_EL0, 1);
	r = r ? r : steady_ask(&b->host, STEADY_OP_INIT, 0, steady_options_features(0));
	r = r ? r : steady_ask_get(&b->host, 0, STEADY_ID_CNTV_CVAL_EL0, now);
	return r ? ended(b, r) : truth(!now[0]);
}

/* A write of 0 that leaves bits there. Kernels before the mask of 6.12 keep all that is written. */
static enum answer pmu_bits_apart(struct steady_probe *b)
{
	uint64_t now[8] = {0};
	int r = make_vm_with_pmu(b);

	r = r ? r : steady_ask_set64(&b->host, 0, STEADY_ID_PMCNTENSET_EL0, STEADY_PMU_CYCLES);
	r = r ? r : steady_ask_set64(&b->host, 0, STEADY_ID_PMCNTENSET_EL0, 0);
	r = r ? r : steady_ask_get(&b->host, 0, STEADY_ID_PMCNTENSET_EL0, now);
	return r ? ended(b, r) : truth(now[0] != 0);
}

int steady_probe_behaviours(struct steady_probe *b)
{
	static enum answer (*const trials[STEADY_BEHAVIOURS])(struct steady_probe *) = {
		[STEADY_BEHAVIOUR_FEATURES_PER_VCPU] = features_per_vcpu,
		[STEADY_BEHAVIOUR_KNOWS_EL2] = knows_el2,
		[STEADY_BEHAVIOUR_KNOWS_PMU_STRICT] = knows_pmu_strict,
		[STEADY_BEHAVIOUR_PMU_SIGNED] = pmu_signed,
		[STEADY_BEHAVIOUR_EL_FLOOR] = el_floor,
		[STEADY_BEHAVIOUR_GIC_AT_CREATION] = gic_at_creation,
		[STEADY_BEHAVIOUR_GIC_AT_RUN] = gic_at_run,
		[STEADY_BEHAVIOUR_S1PIE_NEEDS_ATS1A] = s1pie_needs_ats1a,
		[STEADY_BEHAVIOUR_WORKAROUND_2_BY_SSBS] = workaround_2_by_ssbs,
		[STEADY_BEHAVIOUR_VCPU_EXISTS_FIRST] = vcpu_exists_first,
		[STEADY_BEHAVIOUR_COUNTERS_LOWERED] = counters_lowered,
		[STEADY_BEHAVIOUR_COUNTERS_CHOSEN] = counters_chosen,
		[STEADY_BEHAVIOUR_TIMERS_RESET] = timers_reset,
		[STEADY_BEHAVIOUR_PMU_BITS_APART] = pmu_bits_apart,
	};

	for (int i = 0; i < STEADY_BEHAVIOURS; i++) {
		enum answer a = trials[i](b);

		if (a == FAILED) {
			steady_report_add(b->report, STEADY_WARNING, 0);
			steady_report_subject(b->report, steady_behaviour_names[i], NULL);
			steady_report_reason(b->report, "what the kernel does there could not be "
							"tried: a call failed");
		}
		if (a > YES)
			continue;
		b->p->behaviours_known |= UINT32_C(1) << i;
		b->p->behaviours |= (a == YES ? UINT32_C(1) : 0) << i;
	}
	return 0;
}
