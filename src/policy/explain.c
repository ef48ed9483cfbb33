/* SPDX-License-Identifier: MIT */
#include "policy/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "policy/unknown.h"

#define FEATURES_MAX 64

void steady_explain_number(struct steady_text *out, uint64_t value)
{
	steady_text_printf(out, value > 0xff ? "0x%llx" : "%llu", (unsigned long long)value);
}

void steady_explain_unvirtualised(struct steady_text *out, int which, uint64_t value)
{
	switch (which) {
	case STEADY_CNTFRQ:
		steady_text_printf(out, "%" PRIu64 " Hz", value);
		break;
	case STEADY_IPA_SIZE:
		steady_text_printf(out, "%" PRIu64 " bits", value);
		break;
	case STEADY_PAGE_SIZE:
		steady_text_printf(out, "%" PRIu64 " bytes", value);
		break;
	case STEADY_PMCR_N:
		steady_text_printf(out, "%" PRIu64, value);
		break;
	default:
		steady_text_printf(out, "0x%" PRIx64, value);
	}
}

void steady_explain_clash(struct steady_report *report, uint32_t options)
{
	int one = steady_options_clash(options);
	struct steady_text others = STEADY_TEXT_INIT;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (options & steady_options[one].not_with & UINT32_C(1) << i)
			steady_text_printf(&others, "%s%s", others.length ? ", " : "", steady_options[i].title);
	}
	steady_report_reason(report, "no kernel gives a guest both %s and %s", steady_options[one].title,
			     others.data ? others.data : "");
	steady_report_advice(report, "give `baseline --vcpu` one of them");
	steady_text_free(&others);
}

const char *steady_explain_counters(uint32_t options, uint64_t wanted, uint64_t has)
{
	if (has < wanted)
		return "guests were told of more event counters than this host's PMU has";
	if (options >> STEADY_OPTION_EL2 & 1)
		return "this kernel is not known to give a guest with EL2 fewer event counters than "
		       "the host has (KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS)";
	return "this kernel is not known to give a guest fewer event counters than the host has";
}

void steady_explain_value(struct steady_text *out, unsigned int field, uint64_t value)
{
	const struct steady_value *v = steady_value_of((int)field, value);

	steady_explain_number(out, value);
	if (v && v->meaning && *v->meaning)
		steady_text_printf(out, " (%s)", v->meaning);
}

const char *steady_explain_relation(const struct steady_finding *f)
{
	char name[STEADY_FULLNAME], *end;
	const struct steady_field *field;
	uint64_t wanted;
	steady_set set;
	int row;

	snprintf(name, sizeof(name), "%s.%s", f->reg ? f->reg : "", f->field ? f->field : "");
	row = steady_field_by_name(name, strlen(name));
	if (row < 0 || !f->wanted || !f->offered)
		return "=";
	field = &steady_fields[row];
	wanted = strtoull(f->wanted, &end, 0);
	if (*end || field->order != STEADY_ORDER_LOWER || (field->is_signed && !wanted) ||
	    !steady_set_parse(field, f->offered, &set))
		return "=";
	for (uint64_t v = 0; v <= steady_field_mask(field) >> field->lsb && v <= 0xff; v++) {
		if (steady_set_has(field, set, v) &&
		    steady_field_rank(field, v) >= steady_field_rank(field, wanted))
			return "=";
	}
	return ">=";
}

void steady_explain_meaning(struct steady_text *out, const struct steady_view *view,
			    unsigned int field, uint64_t value)
{
	const struct steady_value *v = steady_value_of((int)field, value);

	if (steady_fields[field].counts_with &&
	    steady_field_counts((int)field, view) == STEADY_NO)
		steady_text_printf(out, "counts only with %s", steady_fields[field].counts_with);
	else if (v && v->meaning)
		steady_text_str(out, v->meaning);
}

void steady_explain_shown(struct steady_text *out, const struct steady_view *view,
			  unsigned int field, uint64_t value)
{
	struct steady_text meaning = STEADY_TEXT_INIT;

	steady_explain_number(out, value);
	steady_explain_meaning(&meaning, view, field, value);
	if (meaning.length)
		steady_text_printf(out, " (%s)", meaning.data);
	steady_text_free(&meaning);
}

void steady_explain_features(struct steady_text *out, const struct steady_view *view,
			     unsigned int field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[field];
	struct steady_view other = *view;
	uint16_t features[FEATURES_MAX];
	size_t count = steady_field_features((int)field, features, FEATURES_MAX);
	const char *comma = "";

	other.value[f->reg] = steady_field_put(f, other.value[f->reg], value);
	for (size_t i = 0; i < count && i < FEATURES_MAX; i++) {
		if (steady_feature_state(features[i], view) != STEADY_YES ||
		    steady_feature_state(features[i], &other) != STEADY_NO)
			continue;
		steady_text_printf(out, "%s%s", comma, steady_feature_name(features[i]));
		comma = ", ";
	}
}

void steady_explain_option(struct steady_text *out, const struct steady_view *view, int option)
{
	struct steady_view other = *view;
	const char *comma = "";

	for (unsigned int i = 0; i < steady_field_count; i++) {
		const struct steady_field *f = &steady_fields[i];

		if (steady_field_option((int)i) == option)
			other.value[f->reg] = steady_field_put(f, other.value[f->reg], 0);
	}
	for (unsigned int i = 0; i < steady_feature_count(); i++) {
		if (steady_feature_state(i, view) != STEADY_YES ||
		    steady_feature_state(i, &other) != STEADY_NO)
			continue;
		steady_text_printf(out, "%s%s", comma, steady_feature_name(i));
		comma = ", ";
	}
}

/* Whether a guest of this host may have the option at all. */
static bool can_turn_on(const struct steady_profile *p, const struct steady_configuration *c,
			int option)
{
	bool any = !p->name; /* of a live VM nobody knows what else could be made */

	for (size_t i = 0; i < p->configuration_count; i++)
		any = any || steady_configuration_options(&p->configurations[i]) >> option & 1;
	return any || !(c->options_known >> option & 1);
}

/* An option is off, and the field with it: by choice, or since this host has it not. */
static void explain_off(struct steady_report *report, const struct steady_profile *p,
			const struct steady_configuration *c, int option, const char *features)
{
	const struct steady_option_row *row = &steady_options[option];
	bool can = can_turn_on(p, c, option);

	if (*features)
		steady_report_features(report, "%s", features);
	steady_report_reason(report, "%s is off in the vCPU options%s", row->title,
			     can ? "" : ", and this host cannot turn it on");
	if (can)
		steady_report_advice(report, "turn %s on (QEMU: %s)", row->title, row->qemu);
	else
		steady_report_advice(report, "make a baseline that includes this host");
}

/* The guest would have more here than this host has. */
static void explain_more(struct steady_report *report, const struct steady_profile *p,
			 const char *features)
{
	if (*features)
		steady_report_features(report, "%s", features);
	steady_report_reason(report, "not on that CPU, or not shown by %s%s",
			     p->kernel ? "kernel " : "its kernel", p->kernel ? p->kernel : "");
	steady_report_advice(report, "make a baseline that includes this host");
}

/* The profile's own mask has all of the field, and the record of what was tried still lacks the value. */
static bool refused_when_tried(const struct steady_profile *p, const struct steady_configuration *c,
			       const struct steady_field *f, uint64_t wanted)
{
	uint64_t mask, bits = steady_field_mask(f);
	const struct steady_accepted *a = c->accepted ? &c->accepted[f - steady_fields] : NULL;

	return a && a->known && f->width <= 4 && !steady_set_has(f, a->values, wanted) &&
	       steady_profile_mask(p, f->reg, &mask) && (mask & bits) == bits;
}

/*
 * The kernel does not take the value; `features` is what a guest would see beyond the model. What
 * other kernels would do about it is known of those that behave as they were recorded.
 */
static void explain_fixed(struct steady_report *report, const struct steady_profile *p,
			  const struct steady_configuration *c, unsigned int field, uint64_t wanted,
			  bool one_value, const char *features)
{
	bool tried = refused_when_tried(p, c, &steady_fields[field], wanted);
	struct steady_text kernel = STEADY_TEXT_INIT;

	if (one_value && !tried)
		steady_kernels_advice(&kernel, c, field, wanted);
	if (tried)
		steady_report_reason(report, "by what was tried%s%s",
				     *features ? ": a guest sees " : "", features);
	else
		steady_report_reason(report, "%s%s%s%s%s", one_value ? "fixed by " : "refused by ",
				     p->kernel ? "kernel " : "its kernel",
				     p->kernel ? p->kernel : "",
				     *features ? ": a guest sees " : "", features);
	steady_report_advice(report, "make a baseline that includes this host%s%s",
			     kernel.length ? ", or " : "", kernel.length ? kernel.data : "");
	steady_text_free(&kernel);
}

/* The kernel takes it, and no baseline would have it: the field tells which CPU that is. */
static bool explain_other(struct steady_report *report, const struct steady_profile *p,
			  const struct steady_configuration *c, unsigned int field, uint64_t wanted)
{
	const struct steady_field *f = &steady_fields[field];
	steady_set kvm;

	if (!steady_kvm_accepts(p, c, field, &kvm) || !steady_set_has(f, kvm, wanted))
		return false;
	steady_report_reason(report, "that CPU has another there, though its kernel would take it");
	steady_report_advice(report,
			     "make a baseline that includes this host, or let guests see what it has: "
			     "--tolerate %s.%s",
			     steady_registers[f->reg].name, f->name);
	return true;
}

static void reason_for(struct steady_report *report, const struct steady_model *m,
		       const struct steady_profile *p, const struct steady_configuration *c,
		       unsigned int field, uint64_t wanted, steady_set accepts)
{
	const struct steady_field *f = &steady_fields[field];
	uint64_t limit = steady_field_get(f, c->reg[f->reg].value);
	enum steady_compare compare = steady_field_compare(f, wanted, limit);
	int option = steady_field_option((int)field);
	struct steady_text lost = STEADY_TEXT_INIT, gained = STEADY_TEXT_INIT;
	struct steady_view view;

	steady_model_view(m, &view);
	steady_explain_features(&lost, &view, field, limit);
	view.value[f->reg] = steady_field_put(f, view.value[f->reg], limit);
	steady_explain_features(&gained, &view, field, wanted);
	if (option >= 0 && !(steady_configuration_options(c) >> option & 1)) {
		explain_off(report, p, c, option, lost.length ? lost.data : "");
	} else if (compare == STEADY_MORE || (compare == STEADY_UNORDERED && lost.length)) {
		explain_more(report, p, lost.length ? lost.data : "");
	} else if (!explain_other(report, p, c, field, wanted)) {
		explain_fixed(report, p, c, field, wanted, accepts == steady_set_one(f, limit),
			      gained.length ? gained.data : "");
	}
	steady_text_free(&lost);
	steady_text_free(&gained);
}

void steady_explain_field(struct steady_report *report, const struct steady_model *m,
			  const struct steady_profile *p, const struct steady_configuration *c,
			  unsigned int field, uint64_t wanted, steady_set accepts)
{
	const struct steady_field *f = &steady_fields[field];
	struct steady_text text = STEADY_TEXT_INIT;

	if (!report)
		return;
	if (f->flags & STEADY_FIELD_RESERVED && !wanted) {
		steady_unknown_stays(report, m, STEADY_UNKNOWN_FIELD, steady_registers[f->reg].name,
				     f->name, steady_field_get(f, c->reg[f->reg].value),
				     "KVM does not let them be 0");
		return;
	}
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, steady_registers[f->reg].name, f->name);
	steady_explain_number(&text, wanted);
	steady_report_wanted(report, "%s", text.data ? text.data : "");
	steady_text_free(&text);
	steady_set_print(f, accepts, &text);
	steady_report_offered(report, "%s", text.data ? text.data : "");
	steady_text_free(&text);
	reason_for(report, m, p, c, field, wanted, accepts);
	if (steady_model_tolerates_more(m, field))
		steady_report_advice(report,
				     "leave this host out: the model lets a host have more of it, "
				     "not less; or let guests miss it: --tolerate %s.%s",
				     steady_registers[f->reg].name, f->name);
}

/* Options on request go with some of the others only: each choice of those that were asked for. */
static bool explain_choices(struct steady_text *out, const struct steady_offer *o, uint32_t asked)
{
	uint32_t on_request = 0;
	char text[128];

	for (int i = 0; i < STEADY_OPTIONS; i++)
		on_request |= (uint32_t)steady_options[i].on_request << i;
	for (size_t i = 0; asked & on_request && i < o->cell_count; i++) {
		const struct steady_cell *c = &o->cells[i];

		if ((c->options & on_request) == (asked & on_request))
			steady_text_printf(out, "%s%s", out->length ? "; " : "",
					   steady_configuration_text(c->options, c->options,
								     c->irqchip, text, sizeof(text)));
	}
	return out->length;
}

void steady_explain_options(struct steady_text *out, const struct steady_offer *o, uint32_t asked)
{
	uint32_t options = 0, chips = 0;
	const char *comma = "";

	if (explain_choices(out, o, asked))
		return;
	for (size_t i = 0; i < o->cell_count; i++) {
		options |= o->cells[i].options;
		chips |= UINT32_C(1) << o->cells[i].irqchip;
	}
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (!(options >> i & 1))
			continue;
		steady_text_printf(out, "%s%s", comma, steady_options[i].name);
		comma = ", ";
	}
	for (uint32_t chip = 0; chip < 32; chip++) {
		if (!(chips >> chip & 1) || !steady_irqchip_name(chip))
			continue;
		steady_text_printf(out, "%s%s", comma, steady_irqchip_name(chip));
		comma = ", ";
	}
	if (!*comma)
		steady_text_str(out, "none");
}
