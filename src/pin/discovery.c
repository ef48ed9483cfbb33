/* SPDX-License-Identifier: MIT */
/*
 * Implementation discovery: a guest asks by hypercall which CPUs it may meet, and prepares for the
 * errata of all of them. KVM only advertises the calls (VENDOR_HYP_BMAP_2); the VMM answers them.
 * Linux, Documentation/virt/kvm/arm/hypercalls.rst and virt/kvm/devices/vm.rst
 * (KVM_ARM_VM_SMCCC_FILTER); Arm DEN0028 for the numbers of functions and results.
 */
#include <inttypes.h>

#include "base/report.h"
#include "pin/inside.h"
#include "policy/unknown.h"

#define VERSION_1_0       UINT64_C(0x10000) /* bits 31:16 major, 15:0 minor */
#define SUCCESS           UINT64_C(0)
#define INVALID_PARAMETER (UINT64_MAX - 2) /* -3 */
#define FORWARD           2 /* KVM_SMCCC_FILTER_FWD_TO_USER */

bool steady_model_answer(const struct steady_model *m, uint64_t x[4])
{
	const struct steady_cpu *cpu;

	switch ((uint32_t)x[0]) {
	case STEADY_DISCOVER_VERSION:
		x[0] = SUCCESS;
		x[1] = VERSION_1_0;
		x[2] = m->implementation_count;
		x[3] = 0;
		return true;
	case STEADY_DISCOVER_CPU:
		if (x[1] >= m->implementation_count) {
			x[0] = INVALID_PARAMETER;
			x[1] = x[2] = x[3] = 0;
			return true;
		}
		cpu = &m->implementations[x[1]];
		x[0] = SUCCESS;
		x[1] = cpu->midr;
		x[2] = cpu->revidr;
		x[3] = cpu->aidr;
		return true;
	default:
		return false;
	}
}

int steady_pin_answers(struct steady_pin *p, struct steady_report *report)
{
	struct steady_call c = {
		.size = sizeof(c),
		.op = STEADY_OP_SMCCC_FILTER,
		.id = STEADY_DISCOVER_VERSION,
		.value = {STEADY_DISCOVER_CPU - STEADY_DISCOVER_VERSION + 1, FORWARD},
	};
	enum steady_answer answer;
	int r;

	if (p->known)
		return -STEADY_EUSAGE;
	if (!steady_discovery_bits(p->model))
		return 0;
	if (!p->model->implementation_count) {
		steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
		steady_report_subject(report, "implementations", NULL);
		steady_report_reason(report, "a guest is to ask which CPUs it may meet, and the model "
					     "lists none");
		steady_report_advice(report, "make the model with baseline");
		return -STEADY_EBLOCKED;
	}
	r = p->host.call(p->host.ctx, &c);
	answer = steady_answer_of(STEADY_OP_SMCCC_FILTER, r);
	if (answer == STEADY_ANSWER_ABSENT || answer == STEADY_ANSWER_FROZEN)
		return steady_ask_blocked(report, STEADY_OP_SMCCC_FILTER, "VENDOR_HYP_BMAP_2", r);
	if (r)
		return steady_ask_failed(report, STEADY_OP_SMCCC_FILTER, "VENDOR_HYP_BMAP_2", r);
	p->answers = true;
	return 0;
}
