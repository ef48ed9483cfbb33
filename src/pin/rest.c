/* SPDX-License-Identifier: MIT */
/*
 * What a pin does about registers that only a newer kernel lists: each is brought to 0 and read
 * back, or refused by name, or with a lenient model told and left. The list of an SVE vCPU cannot be
 * had before it is finalised; until then it is pending.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "pin/inside.h"
#include "policy/unknown.h"

#define BITMAP_FIRST UINT64_C(0x6030000000160000)

static bool is_zero(const uint64_t value[8])
{
	for (int i = 0; i < 8; i++) {
		if (value[i])
			return false;
	}
	return true;
}

/* ---- one register ---- */

/* Whether it is told and kept in mind already. */
static bool is_met(const struct steady_pin *p, uint64_t id)
{
	for (size_t i = 0; i < p->met_count; i++) {
		if (p->met[i] == id)
			return true;
	}
	return false;
}

static int meet(struct steady_pin *p, uint64_t id, uint64_t was, struct steady_report *report)
{
	char label[STEADY_ID_LABEL];
	uint64_t *all;

	if (is_met(p, id))
		return 0;
	all = realloc(p->met, (p->met_count + 1) * sizeof(*all));
	if (!all)
		return -STEADY_ENOMEM;
	p->met = all;
	all[p->met_count++] = id;
	steady_unknown_zero(report, STEADY_UNKNOWN_REGISTER, steady_id_label(id, label), NULL, was);
	return 0;
}

static int stays(struct steady_pin *p, uint64_t id, uint64_t value, int r,
		 struct steady_report *report)
{
	char label[STEADY_ID_LABEL], says[STEADY_ASK_SAYS], why[STEADY_ASK_SAYS + 32];

	if (r)
		snprintf(why, sizeof(why), "KVM refuses 0: %s",
			 steady_ask_says(STEADY_OP_SET, r, says));
	else
		snprintf(why, sizeof(why), "KVM accepts 0 and keeps another value");
	return steady_unknown_stays(report, p->model, STEADY_UNKNOWN_REGISTER,
				    steady_id_label(id, label), NULL, value, why);
}

static int bring_to_zero(struct steady_pin *p, uint32_t vcpu, uint64_t id, uint64_t value[8],
			 struct steady_report *report)
{
	static const uint64_t zero[8];
	char label[STEADY_ID_LABEL];
	uint64_t was = value[0];
	int r = steady_ask_set(&p->host, vcpu, id, zero);

	switch (r ? steady_answer_of(STEADY_OP_SET, r) : STEADY_ANSWER_ENTERED) {
	case STEADY_ANSWER_REFUSED:
	case STEADY_ANSWER_ABSENT:
	case STEADY_ANSWER_FROZEN:
		return stays(p, id, was, r, report);
	case STEADY_ANSWER_ENTERED: /* it was accepted */
		break;
	default:
		return steady_ask_failed(report, STEADY_OP_SET, steady_id_label(id, label), r);
	}
	r = steady_ask_get(&p->host, vcpu, id, value);
	if (r)
		return steady_ask_failed(report, STEADY_OP_GET, steady_id_label(id, label), r);
	return is_zero(value) ? meet(p, id, was, report) : stays(p, id, value[0], 0, report);
}

static int pin_one(struct steady_pin *p, uint32_t vcpu, uint64_t id, struct steady_report *report)
{
	const struct steady_firmware_value *want = steady_model_firmware(p->model, id);
	char label[STEADY_ID_LABEL];
	uint64_t value[8];
	int r;

	if (want && want->value)
		return 0; /* of a newer version's model, and pinned with the rest of its firmware */
	if (steady_id_wide(id))
		return steady_unknown_wide(report, p->model, id);
	r = steady_ask_get(&p->host, vcpu, id, value);
	if (steady_answer_of(STEADY_OP_GET, r) == STEADY_ANSWER_ABSENT)
		return 0;
	if (r)
		return steady_ask_failed(report, STEADY_OP_GET, steady_id_label(id, label), r);
	return is_zero(value) ? meet(p, id, 0, report) : bring_to_zero(p, vcpu, id, value, report);
}

/* ---- all of a vCPU ---- */

static bool has(const uint64_t *list, size_t count, uint64_t id)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == id)
			return true;
	}
	return false;
}

static int pin_listed(struct steady_pin *p, uint32_t vcpu, const uint64_t *list, size_t count,
		      struct steady_report *report)
{
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		int r = steady_id_known(list[i]) ? 0 : pin_one(p, vcpu, list[i], report);

		result = result ? result : r;
	}
	/* bitmaps by their numbers too: nothing is to depend on the list alone */
	for (uint64_t n = 0; p->model->firmware_count && n < STEADY_BITMAPS; n++) {
		uint64_t id = BITMAP_FIRST + n;
		int r = steady_id_known(id) || has(list, count, id) ? 0
								     : pin_one(p, vcpu, id, report);

		result = result ? result : r;
	}
	return result;
}

static void drop_pending(struct steady_pin *p, uint32_t vcpu)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->pending_count; i++) {
		if (p->pending[i] != vcpu)
			p->pending[kept++] = p->pending[i];
	}
	p->pending_count = kept;
}

static int add_pending(struct steady_pin *p, uint32_t vcpu)
{
	uint32_t *all = realloc(p->pending, (p->pending_count + 1) * sizeof(*all));

	if (!all)
		return -STEADY_ENOMEM;
	p->pending = all;
	all[p->pending_count++] = vcpu;
	return 0;
}

static void no_list(struct steady_pin *p, struct steady_report *report)
{
	if (p->no_list)
		return;
	p->no_list = true;
	steady_report_add(report, STEADY_WARNING, 0);
	steady_report_subject(report, "register_list", NULL);
	steady_report_reason(report, "the host gives none: registers that this version does not know "
				     "are not looked for");
}

int steady_pin_rest(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	uint64_t *list = NULL;
	size_t count = 0;
	int r = steady_ask_reglist(&p->host, vcpu, &list, &count);

	drop_pending(p, vcpu);
	if (r == -EPERM && p->model->options >> STEADY_OPTION_SVE & 1)
		return add_pending(p, vcpu);
	if (steady_answer_of(STEADY_OP_REG_LIST, r) == STEADY_ANSWER_ABSENT)
		no_list(p, report);
	else if (r)
		return steady_ask_failed(report, STEADY_OP_REG_LIST, "register_list", r);
	r = pin_listed(p, vcpu, list, count, report);
	free(list);
	return r;
}

/* Whatever a kernel lists for a vCPU it lists after its reset: the list need not be had once more. */
int steady_pin_rest_again(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	int result = 0;

	for (size_t i = 0; i < p->met_count; i++) {
		int r = pin_one(p, vcpu, p->met[i], report);

		result = result ? result : r;
	}
	return result;
}

static bool is_pending(const struct steady_pin *p, uint32_t vcpu)
{
	for (size_t i = 0; i < p->pending_count; i++) {
		if (p->pending[i] == vcpu)
			return true;
	}
	return false;
}

int steady_pin_pending(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	return is_pending(p, vcpu) ? steady_pin_rest(p, vcpu, report) : 0;
}

int steady_pin_finalized(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	int r = p->known ? steady_pin_pending(p, vcpu, report) : -STEADY_EUSAGE;

	if (!r && is_pending(p, vcpu))
		return steady_ask_failed(report, STEADY_OP_REG_LIST, "register_list", -EPERM);
	return r;
}
