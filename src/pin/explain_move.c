/* SPDX-License-Identifier: MIT */
#include "pin/explain_move.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "arch/vmm.h"
#include "base/report.h"
#include "pin/ask.h"
#include "policy/explain.h"
#include "policy/policy.h"
#include "policy/workaround.h"

const char *steady_move_name(uint64_t id, char out[STEADY_ID_LABEL])
{
	const char *name = steady_id_name(id);

	for (unsigned int i = 0; !name && i < steady_listed_count; i++)
		name = steady_listed[i].id == id ? steady_listed[i].name : NULL;
	return name ? name : steady_id_label(id, out);
}

bool steady_move_put_switch(struct steady_text *out, int option, bool on)
{
	const char *qemu = steady_options[option].qemu, *value = qemu ? strrchr(qemu, '=') : NULL;

	if (!value)
		return false;
	steady_text_add(out, qemu, (size_t)(value + 1 - qemu)); /* what it turns on may be =off */
	steady_text_str(out, on == (strcmp(value, "=on") == 0) ? "on" : "off");
	return true;
}

void steady_move_explain_gone(struct steady_report *report, const struct steady_profile *host,
			      uint64_t id, bool after)
{
	char name[STEADY_ID_LABEL];

	steady_report_add(report, after ? STEADY_WARNING : STEADY_ERROR,
			  after ? STEADY_EMISMATCH : STEADY_EBLOCKED);
	steady_report_host(report, host->name);
	steady_report_subject(report, steady_move_name(id, name), NULL);
	if (after) {
		steady_report_wanted(report, "there");
		steady_report_offered(report, "gone");
	}
	steady_report_reason(report,
			     "KVM listed it and takes it away when the guest first runs, and a "
			     "VMM that saves the guest then cannot read it");
	steady_report_advice(report, "pin the guest to a model without it");
}

void steady_move_explain_unknown(struct steady_report *report, uint64_t id, bool dropped)
{
	char name[STEADY_ID_LABEL];

	steady_report_add(report, dropped ? STEADY_WARNING : STEADY_ERROR,
			  dropped ? STEADY_EMISMATCH : STEADY_EBLOCKED);
	steady_report_subject(report, steady_move_name(id, name), NULL);
	if (dropped) {
		steady_report_wanted(report, "there");
		steady_report_offered(report, "gone");
		steady_report_reason(report,
				     "the VMM calls it unknown, forgets that at a register that "
				     "it tolerates, and drops the guest's value");
		return;
	}
	steady_report_reason(report,
			     "in the stream, and unknown to the destination's kernel in such "
			     "a VM (KVM id 0x%016" PRIx64 ")",
			     id);
}

/* ---- a value that is refused ---- */

static void put_value(struct steady_text *out, unsigned int field, uint64_t value)
{
	steady_text_free(out);
	steady_explain_value(out, field, value);
}

static bool explain_fields(struct steady_report *report, const struct steady_profile *p,
			   const struct steady_configuration *c, int reg, uint64_t wanted,
			   uint64_t shown)
{
	const struct steady_register *r = &steady_registers[reg];
	struct steady_text text = STEADY_TEXT_INIT;
	bool told = false;

	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		const struct steady_field *f = &steady_fields[i];
		uint64_t value = steady_field_get(f, wanted);
		steady_set accepts;

		if (value == steady_field_get(f, shown) || !steady_kvm_accepts(p, c, i, &accepts) ||
		    (steady_set_has(f, accepts, value) && !steady_kvm_refuses(p, c, i, value)))
			continue;
		steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
		steady_report_host(report, p->name);
		steady_report_subject(report, r->name, f->name);
		put_value(&text, i, value);
		steady_report_wanted(report, "%s", text.data ? text.data : "");
		steady_text_free(&text);
		if (f->width > 8)
			steady_explain_number(&text, steady_field_get(f, shown));
		else
			steady_set_print(f, accepts, &text);
		steady_report_offered(report, "%s", text.data ? text.data : "");
		steady_text_free(&text);
		steady_report_reason(report, "the guest has seen it, and KVM refuses it here");
		told = true;
	}
	return told;
}

static void explain_number(struct steady_report *report, const struct steady_profile *p,
			   uint64_t id, uint64_t wanted, uint64_t shown, int r)
{
	char name[STEADY_ID_LABEL], says[STEADY_ASK_SAYS];

	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_host(report, p->name);
	steady_report_subject(report, steady_move_name(id, name), NULL);
	if (id == STEADY_ID_PSCI) {
		steady_report_wanted(report, "%" PRIu64 ".%" PRIu64, wanted >> 16, wanted & 0xffff);
		steady_report_offered(report, "%" PRIu64 ".%" PRIu64, shown >> 16, shown & 0xffff);
		steady_report_reason(report, "the guest was told of this version of PSCI, and the "
					     "kernel has none above its own");
		return;
	}
	if (wanted == shown && steady_answer_of(STEADY_OP_SET, r) == STEADY_ANSWER_ABSENT) {
		steady_report_reason(report,
				     "the destination lists it, the ID registers of the stream "
				     "take it away, and the VMM writes all of its list");
		return;
	}
	steady_report_wanted(report, "0x%" PRIx64, wanted);
	steady_report_offered(report, "0x%" PRIx64, shown);
	steady_report_reason(report, "KVM refuses it: %s", steady_ask_says(STEADY_OP_SET, r, says));
}

void steady_move_explain_refused(struct steady_report *report, const struct steady_profile *p,
				 const struct steady_configuration *c, uint64_t id, uint64_t wanted,
				 uint64_t shown, int r)
{
	int reg = steady_register_by_id(id);

	if (reg < 0 || !explain_fields(report, p, c, reg, wanted, shown))
		explain_number(report, p, id, wanted, shown, r);
}

/* ---- what changes ---- */

static const char CHANGES[] = "nothing refuses it, and the guest sees another value from now on";
static const char TOLERATED[] = "the model tolerates it: a guest sees it change";

/* One field of it, or a whole register where field is -1. */
static bool changed(struct steady_report *report, bool tolerated, const char *reg, int field,
		    uint64_t before, uint64_t after)
{
	struct steady_text text = STEADY_TEXT_INIT;

	steady_report_add(report, tolerated ? STEADY_NOTE : STEADY_WARNING,
			  tolerated ? 0 : STEADY_EMISMATCH);
	steady_report_subject(report, reg, field < 0 ? NULL : steady_fields[field].name);
	if (field < 0) {
		steady_report_wanted(report, "0x%" PRIx64, before);
		steady_report_offered(report, "0x%" PRIx64, after);
	} else {
		put_value(&text, (unsigned int)field, before);
		steady_report_wanted(report, "%s", text.data ? text.data : "");
		put_value(&text, (unsigned int)field, after);
		steady_report_offered(report, "%s", text.data ? text.data : "");
		steady_text_free(&text);
	}
	steady_report_reason(report, "%s", tolerated ? TOLERATED : CHANGES);
	return !tolerated;
}

bool steady_move_explain_changed(struct steady_report *report, const struct steady_model *model,
				 uint64_t id, uint64_t before, uint64_t after)
{
	int reg = steady_register_by_id(id);
	char name[STEADY_ID_LABEL];
	bool any = false;

	if (reg < 0)
		return changed(report,
			       model && steady_is_workaround(id) &&
				       steady_workaround_lets(model, steady_id_name(id), before,
							      after),
			       steady_move_name(id, name), -1, before, after);
	for (unsigned int i = steady_registers[reg].first;
	     i < (unsigned int)steady_registers[reg].first + steady_registers[reg].fields; i++) {
		const struct steady_field *f = &steady_fields[i];
		uint64_t x = steady_field_get(f, before), y = steady_field_get(f, after);

		if (x != y)
			any |= changed(report, model && steady_model_tolerates_field(model, i),
				       steady_registers[reg].name, (int)i, x, y);
	}
	return any;
}

bool steady_move_explain_unvirtualised(struct steady_report *report,
				       const struct steady_model *model, int which, uint64_t before,
				       uint64_t after)
{
	const char *name = steady_unvirtualised_names[which];
	bool tolerated = model && steady_model_tolerates(model, name);
	struct steady_text text = STEADY_TEXT_INIT;

	steady_report_add(report, tolerated ? STEADY_NOTE : STEADY_WARNING,
			  tolerated ? 0 : STEADY_EMISMATCH);
	steady_report_subject(report, name, NULL);
	steady_explain_unvirtualised(&text, which, before);
	steady_report_wanted(report, "%s", text.data ? text.data : "");
	steady_text_free(&text);
	steady_explain_unvirtualised(&text, which, after);
	steady_report_offered(report, "%s", text.data ? text.data : "");
	steady_text_free(&text);
	steady_report_reason(report, "%s",
			     tolerated                  ? TOLERATED
			     : which == STEADY_IPA_SIZE ? "a guest may have memory where this host has no "
							  "addresses"
						       : "a guest sees the hardware's own value");
	return !tolerated;
}
