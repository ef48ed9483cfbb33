/* SPDX-License-Identifier: MIT */
#include "policy/workaround.h"

#include <inttypes.h>

#include "arch/kvm_ids.h"
#include "base/report.h"

/* KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2_NOT_REQUIRED (uapi asm/kvm.h) */
#define WA_2_NOT_REQUIRED 3

static const char ssbs[] = "ID_AA64PFR1_EL1.SSBS";

bool steady_is_workaround(uint64_t id)
{
	int row = steady_firmware_by_id(id);

	return row >= 0 && steady_firmware[row].kind == STEADY_FIRMWARE_WORKAROUND;
}

/*
 * kvm_arm_get_fw_reg_level() of arch/arm64/kvm/hypercalls.c: a mitigated host leaves it to a guest
 * that has FEAT_SSBS, and is safe for one that has not.
 */
uint64_t steady_workaround_without_ssbs(const struct steady_profile *p, uint64_t id,
					uint64_t recorded)
{
	if (id != STEADY_ID_WA_2 ||
	    !steady_profile_behaves(p, STEADY_BEHAVIOUR_WORKAROUND_2_BY_SSBS))
		return recorded;
	return WA_2_NOT_REQUIRED;
}

int steady_workaround_register(void)
{
	return steady_fields[steady_field_by_name(ssbs, sizeof(ssbs) - 1)].reg;
}

bool steady_workaround_ssbs(uint64_t pfr1)
{
	return steady_field_get(&steady_fields[steady_field_by_name(ssbs, sizeof(ssbs) - 1)], pfr1);
}

bool steady_workaround_lets(const struct steady_model *m, const char *name, uint64_t wanted,
			    uint64_t has)
{
	return wanted == has || steady_model_tolerates(m, name) ||
	       (has > wanted && steady_model_tolerates_more_of(m, name));
}

/* That a guest sees more than the model has, or less; whatever it is called then. */
static void begin(const char *name, uint64_t wanted, uint64_t has, struct steady_report *report)
{
	steady_report_subject(report, name, NULL);
	steady_report_wanted(report, "0x%" PRIx64, wanted);
	steady_report_offered(report, "0x%" PRIx64, has);
}

static void tolerated(const char *name, uint64_t wanted, uint64_t has,
		      struct steady_report *report)
{
	steady_report_add(report, STEADY_NOTE, 0);
	begin(name, wanted, has, report);
	steady_report_reason(report,
			     "tolerated: the model has %" PRIu64 ", a guest here sees %" PRIu64,
			     wanted, has);
	steady_report_add(report, STEADY_WARNING, 0);
	begin(name, wanted, has, report);
	if (has > wanted)
		steady_report_reason(report,
				     "a guest that starts here sees %" PRIu64 ", not %" PRIu64
				     ": it cannot move to hosts that have less",
				     has, wanted);
	else
		steady_report_reason(report,
				     "a guest that was told of %" PRIu64 " elsewhere cannot move "
				     "here, where it is %" PRIu64,
				     wanted, has);
}

int steady_workaround_check(const struct steady_model *m, uint64_t id, uint64_t wanted, uint64_t has,
			    struct steady_report *report)
{
	const char *name = steady_id_name(id);

	if (wanted == has)
		return 0;
	if (steady_workaround_lets(m, name, wanted, has)) {
		tolerated(name, wanted, has, report);
		return 0;
	}
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	begin(name, wanted, has, report);
	if (has < wanted) {
		steady_report_reason(report, "a mitigation that this host does not give");
		steady_report_advice(report, "make a baseline that includes this host");
	} else {
		steady_report_reason(report,
				     "a guest here sees what the host has, no write changes it, and "
				     "it could not move to hosts that have less");
		steady_report_advice(report, "keep this host out of the pool, or let its guests "
					     "stay on hosts as good: --tolerate %s", name);
	}
	return -STEADY_EBLOCKED;
}
