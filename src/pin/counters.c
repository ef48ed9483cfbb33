/* SPDX-License-Identifier: MIT */
/*
 * A pin of the number of event counters. It belongs to the VM and is fixed by the first run: a write
 * of PMCR_EL0 lowers it, and one that KVM does not take to heart is accepted all the same
 * (set_pmcr(), 6.7 to 7.3). So it is read back. A guest with EL2 has it from another call, which comes before
 * its PMU is initialised. Before 6.7 it is each vCPU's own and comes back with
 * every KVM_ARM_VCPU_INIT; there it is left alone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "pin/inside.h"
#include "policy/explain.h"
#include "policy/policy.h"

#define NAME steady_unvirtualised_names[STEADY_PMCR_N]

static uint64_t wanted(const struct steady_pin *p)
{
	return p->model->unvirtualised[STEADY_PMCR_N].value;
}

static uint64_t counters_of(uint64_t pmcr)
{
	return pmcr >> STEADY_PMCR_N_SHIFT & STEADY_PMCR_N_MASK;
}

static int read_pmcr(struct steady_pin *p, uint32_t vcpu, uint64_t *pmcr,
		     struct steady_report *report)
{
	uint64_t value[8] = {0};
	int r = steady_ask_get(&p->host, vcpu, STEADY_ID_PMCR_EL0, value);

	if (r)
		return steady_pin_not_read(report, NAME, r);
	*pmcr = value[0];
	return 0;
}

static int blocked(const struct steady_pin *p, uint64_t has, const char *reason,
		   struct steady_report *report)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, NAME, NULL);
	steady_report_wanted(report, "%" PRIu64, wanted(p));
	steady_report_offered(report, "%" PRIu64, has);
	steady_report_reason(report, "%s",
			     reason ? reason
				    : steady_explain_counters(p->model->options, wanted(p), has));
	return -STEADY_EBLOCKED;
}

/*
 * With EL2 it is an attribute of a vCPU whose PMU is not initialised (kvm_arm_pmu_v3_set_nr_counters(),
 * from 6.16 on). A call function may not have it.
 */
static int choose(struct steady_pin *p, uint32_t vcpu, uint64_t has, struct steady_report *report)
{
	int r = steady_ask(&p->host, STEADY_OP_PMU_COUNTERS, vcpu, wanted(p));
	char reason[192];

	if (!r)
		return 0;
	if (r != -ENOSYS && steady_answer_of(STEADY_OP_PMU_COUNTERS, r) == STEADY_ANSWER_FAILURE)
		return steady_ask_failed(report, STEADY_OP_PMU_COUNTERS, NAME, r);
	snprintf(reason, sizeof(reason),
		 "a guest with EL2 is given fewer event counters by KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS: %s",
		 r == -ENOSYS ? "this VMM's call function does not have it"
			      : steady_answer_says(STEADY_OP_PMU_COUNTERS, r));
	return blocked(p, has, reason, report);
}

static int lower(struct steady_pin *p, uint32_t vcpu, uint64_t pmcr, struct steady_report *report)
{
	int r;

	pmcr &= ~(STEADY_PMCR_N_MASK << STEADY_PMCR_N_SHIFT);
	r = steady_ask_set64(&p->host, vcpu, STEADY_ID_PMCR_EL0,
			     pmcr | wanted(p) << STEADY_PMCR_N_SHIFT);
	return r ? steady_pin_not_written(report, NAME, r) : 0;
}

int steady_pin_write_counters(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	bool el2 = p->model->options >> STEADY_OPTION_EL2 & 1;
	uint64_t pmcr = 0, has;
	int r;

	if (!steady_model_counters(p->model))
		return 0;
	r = read_pmcr(p, vcpu, &pmcr, report);
	if (r)
		return r;
	has = counters_of(pmcr);
	if (has == wanted(p))
		return 0;
	/* no masks: a kernel before 6.7 */
	if (has < wanted(p) || (!el2 && !p->ranges))
		return blocked(p, has, NULL, report);
	r = el2 ? choose(p, vcpu, has, report) : lower(p, vcpu, pmcr, report);
	r = r ? r : read_pmcr(p, vcpu, &pmcr, report);
	return r ? r : counters_of(pmcr) != wanted(p) ? blocked(p, has, NULL, report) : 0;
}

int steady_pin_compare_counters(struct steady_pin *p, uint32_t vcpu, const char *stage,
				struct steady_report *report)
{
	uint64_t pmcr = 0;
	int r;

	if (!steady_model_counters(p->model))
		return 0;
	r = read_pmcr(p, vcpu, &pmcr, report);
	if (r || counters_of(pmcr) == wanted(p))
		return r;
	steady_pin_mismatch(report, NAME, NULL, vcpu, wanted(p), counters_of(pmcr), stage);
	return -STEADY_EMISMATCH;
}
