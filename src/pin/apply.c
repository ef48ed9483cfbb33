/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "pin/ask.h"
#include "pin/inside.h"
#include "policy/policy.h"

#define POWER_OFF UINT32_C(1) /* KVM_ARM_VCPU_POWER_OFF: bit 0 */

/* What a call's error means for the model: that it cannot be shown here, or that nothing is known.
 */
static int answered(struct steady_report *report, enum steady_op op, const char *subject, int r)
{
	switch (steady_answer_of(op, r)) {
	case STEADY_ANSWER_ABSENT:
	case STEADY_ANSWER_OPTION:
		return steady_ask_blocked(report, op, subject, r);
	default:
		return steady_ask_failed(report, op, subject, r);
	}
}

static int create(const struct steady_host *h, struct steady_pin *pin, uint32_t vcpus, bool guest,
		  struct steady_report *report)
{
	uint64_t type = 0;
	int r = steady_ask_vm_type(h, &type);

	if (r)
		return steady_ask_failed(report, STEADY_OP_CHECK, "ARM_VM_IPA_SIZE", r);
	r = steady_ask(h, STEADY_OP_CREATE_VM, 0, type);
	if (r)
		return steady_ask_failed(report, STEADY_OP_CREATE_VM, NULL, r);
	r = steady_pin_vm(pin, report);
	if (!r && guest)
		r = steady_pin_answers(pin, report);
	for (uint32_t v = 0; v < vcpus && !r; v++) {
		r = steady_ask(h, STEADY_OP_CREATE_VCPU, v, 0);
		if (r) {
			r = answered(report, STEADY_OP_CREATE_VCPU, "vcpus", r);
			if (r == -STEADY_EBLOCKED)
				steady_report_wanted(report, "%" PRIu32, vcpus);
		}
	}
	return r;
}

static int init(const struct steady_host *h, struct steady_pin *pin, const struct steady_model *m,
		uint32_t vcpus, bool guest, struct steady_report *report)
{
	uint32_t features = steady_options_features(m->options);
	int r = steady_pin_features(pin, &features, report);

	for (uint32_t v = 0; v < vcpus && !r; v++) {
		r = steady_ask(h, STEADY_OP_INIT, v, features | (v && guest ? POWER_OFF : 0));
		if (r) {
			r = answered(report, STEADY_OP_INIT, "vcpu_features", r);
			if (r == -STEADY_EBLOCKED)
				steady_report_wanted(report, "0x%x", features);
		}
	}
	return r;
}

static int irqchip(const struct steady_host *h, const struct steady_model *m,
		   struct steady_report *report)
{
	uint32_t chip = steady_model_irqchip(m);
	int r;

	if (chip < STEADY_GICV2)
		return 0;
	r = steady_ask(h, STEADY_OP_CREATE_GIC, 0,
		       chip == STEADY_GICV2 ? STEADY_DEVICE_GICV2 : STEADY_DEVICE_GICV3);
	if (r) {
		r = answered(report, STEADY_OP_CREATE_GIC, "irqchip", r);
		if (r == -STEADY_EBLOCKED)
			steady_report_wanted(report, "%s", steady_irqchip_name(chip));
		return r;
	}
	r = steady_ask(h, STEADY_OP_INIT_GIC, 0, 0);
	if (r)
		return steady_ask_failed(report, STEADY_OP_INIT_GIC, "irqchip", r);
	return 0;
}

/* With or without an irqchip: a vCPU does not run with a PMU that was not initialised. */
static int pmu(const struct steady_host *h, struct steady_pin *pin, const struct steady_model *m,
	       uint32_t vcpus, struct steady_report *report)
{
	int error = m->options >> STEADY_OPTION_EL2 & 1 ? steady_pin_write_counters(pin, 0, report) : 0;

	if (error)
		return error;
	for (uint32_t v = 0; m->options >> STEADY_OPTION_PMU & 1 && v < vcpus; v++) {
		int r = steady_ask(h, STEADY_OP_PMU_INIT, v, 0);

		if (r)
			return answered(report, STEADY_OP_PMU_INIT,
					steady_options[STEADY_OPTION_PMU].name, r);
	}
	return 0;
}

static int finalize(const struct steady_host *h, struct steady_pin *pin,
		    const struct steady_model *m, uint32_t vcpus,
		    struct steady_report *report)
{
	for (uint32_t v = 0; m->options >> STEADY_OPTION_SVE & 1 && v < vcpus; v++) {
		int r = steady_ask(h, STEADY_OP_FINALIZE, v, STEADY_FINALIZE_SVE);

		if (r)
			return answered(report, STEADY_OP_FINALIZE,
					steady_options[STEADY_OPTION_SVE].name, r);
		r = steady_pin_finalized(pin, v, report);
		if (r)
			return r;
	}
	return 0;
}

static int run(const struct steady_host *h, uint32_t vcpus, struct steady_report *report)
{
	for (uint32_t v = 0; v < vcpus; v++) {
		int r = steady_ask(h, STEADY_OP_RUN, v, 0);

		if (steady_answer_of(STEADY_OP_RUN, r) != STEADY_ANSWER_ENTERED)
			return steady_ask_failed(report, STEADY_OP_RUN, NULL, r ? r : -EPROTO);
	}
	return 0;
}

static int sequence(const struct steady_host *h, struct steady_pin *pin,
		    const struct steady_model *m, uint32_t vcpus, bool guest,
		    struct steady_report *report)
{
	int r = create(h, pin, vcpus, guest, report);

	r = r ? r : init(h, pin, m, vcpus, guest, report);
	r = r ? r : irqchip(h, m, report);
	r = r ? r : pmu(h, pin, m, vcpus, report);
	for (uint32_t v = 0; v < vcpus && !r; v++)
		r = steady_pin_vcpu(pin, v, report);
	r = r ? r : finalize(h, pin, m, vcpus, report);
	r = r ? r : steady_pin_check_at(pin, "before the first run", report);
	r = r ? r : run(h, vcpus, report);
	return r ? r : steady_pin_check_at(pin, "after the first run", report);
}

static int apply(const struct steady_model *model, steady_call_fn *call, void *ctx, uint32_t vcpus,
		 bool guest, struct steady_applied *applied, struct steady_report *report)
{
	struct steady_writes writes = {.next = call, .ctx = ctx};
	struct steady_host host = {steady_writes_call, &writes};
	struct steady_pin *pin;
	int r;

	memset(applied, 0, sizeof(*applied));
	applied->vcpus = vcpus;
	if (!vcpus)
		return -STEADY_EUSAGE;
	r = steady_model_complete(model, report);
	r = r ? r : steady_pin_new(model, host.call, host.ctx, &pin);
	if (r)
		return r;
	r = sequence(&host, pin, model, vcpus, guest, report);
	if (steady_pin_target(pin)) {
		memcpy(applied->target, steady_pin_target(pin), sizeof(applied->target));
		applied->targeted = true;
		steady_note_tolerated(model, applied->target, report);
	}
	steady_pin_free(pin);
	applied->calls = writes.calls;
	applied->writes = writes.items;
	applied->write_count = writes.count;
	applied->pinned = !r;
	return r;
}

int steady_apply(const struct steady_model *model, steady_call_fn *call, void *ctx, uint32_t vcpus,
		 struct steady_applied *applied, struct steady_report *report)
{
	return apply(model, call, ctx, vcpus, false, applied, report);
}

int steady_apply_guest(const struct steady_model *model, steady_call_fn *call, void *ctx,
		       uint32_t vcpus, struct steady_applied *applied,
		       struct steady_report *report)
{
	return apply(model, call, ctx, vcpus, true, applied, report);
}

void steady_applied_clear(struct steady_applied *applied)
{
	free(applied->writes);
	applied->writes = NULL;
	applied->write_count = 0;
}
