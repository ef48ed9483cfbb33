/* SPDX-License-Identifier: MIT */
/*
 * What KVM passes through to a guest as the host has it, and no call shows to be otherwise before it
 * runs: the counter's frequency, the size of DC ZVA, pages, and how much a guest can address. A model
 * has values for it; a host that differs is refused by name, before there is a VM.
 */
#include <inttypes.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "pin/inside.h"
#include "policy/policy.h"

#define TYPE_BITS  UINT64_C(0xff) /* KVM_VM_TYPE_ARM_IPA_SIZE_MASK (uapi linux/kvm.h) */
#define USUAL_BITS 40             /* of type 0: KVM_PHYS_SHIFT */

int steady_pin_check_passed(const struct steady_pin *p, const struct steady_passed *here,
			    size_t count, struct steady_report *report)
{
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		int which = steady_unvirtualised_by_name(here[i].name, strlen(here[i].name));
		int r = which < 0 ? 0 : steady_check_passed(p->model, which, here[i].value, report);

		result = result ? result : r;
	}
	return result;
}

uint64_t steady_pin_ipa_size(const struct steady_pin *p)
{
	const struct steady_reading *r = &p->model->unvirtualised[STEADY_IPA_SIZE];
	bool free = steady_model_tolerates(p->model, steady_unvirtualised_names[STEADY_IPA_SIZE]);

	return r->state == STEADY_VALUE && !free ? r->value : UINT64_MAX;
}

int steady_pin_vm_type(const struct steady_pin *p, uint64_t type, struct steady_report *report)
{
	uint64_t bits = type & TYPE_BITS ? type & TYPE_BITS : USUAL_BITS;
	uint64_t most = steady_pin_ipa_size(p);

	if (bits <= most)
		return 0;
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, steady_unvirtualised_names[STEADY_IPA_SIZE], NULL);
	steady_report_wanted(report, "%" PRIu64 " bits", bits);
	steady_report_offered(report, "%" PRIu64 " bits", most);
	steady_report_reason(report, "the VMM asks for a VM with more addresses than the model's "
				     "have, which could not be made on other hosts");
	steady_report_advice(report, "give the guest less memory, or --tolerate %s",
			     steady_unvirtualised_names[STEADY_IPA_SIZE]);
	return -STEADY_EBLOCKED;
}
