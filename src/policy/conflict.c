/* SPDX-License-Identifier: MIT */
/*
 * Where a baseline's hosts are at odds: how to find it, and how to tell it host by host.
 */
#include "policy/work.h"

#include <inttypes.h>
#include <string.h>

#include "base/report.h"
#include "policy/explain.h"

#define FEATURES_MAX 16 /* that one field tells: no field tells more */

/* ---- what is tolerated ---- */

bool steady_work_tolerates(const struct steady_work *w, const char *name)
{
	for (size_t i = 0; i < w->request->tolerate_count; i++) {
		if (strcmp(w->request->tolerate[i], name) == 0)
			return true;
	}
	for (size_t i = 0; i < w->count; i++) {
		if (w->inputs[i].model && steady_model_tolerates(w->inputs[i].model, name))
			return true;
	}
	return false;
}

static bool tolerated_field(const struct steady_work *w, unsigned int field)
{
	char name[STEADY_FULLNAME];

	return steady_work_tolerates(w, steady_field_fullname(field, name, sizeof(name)));
}

bool steady_work_tolerable(const void *work, unsigned int field)
{
	return tolerated_field(work, field);
}

/*
 * Values of an input's hosts, each having its greatest; of a model whose hosts differed, what it
 * took.
 */
uint64_t steady_work_value(const struct steady_work *w, size_t input,
			   const struct steady_cell *cell, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	const struct steady_cell *own =
		steady_offer_cell(w->offers[input], cell->options, cell->irqchip);
	steady_set s = *steady_cell_set(own, field);

	if (!steady_set_empty(f, s))
		return steady_set_greatest(f, s);
	return w->inputs[input].model ? steady_field_get(f, w->inputs[input].model->value[f->reg])
				      : 0;
}

uint64_t steady_work_least(const struct steady_work *w, const struct steady_cell *cell,
			   unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	uint64_t least = steady_work_value(w, 0, cell, field);

	for (size_t i = 1; i < w->count; i++) {
		uint64_t v = steady_work_value(w, i, cell, field);

		if (steady_field_rank(f, v) < steady_field_rank(f, least))
			least = v;
	}
	return least;
}

/*
 * A model that is an input lets hosts have more of this field, and they do: what it has stands.
 * Where a host has less, its guests would miss what they were promised.
 */
static bool only_more(const struct steady_work *w, const struct steady_cell *cell,
		      unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	uint64_t least = steady_work_least(w, cell, field);
	bool any = false;

	for (size_t i = 0; i < w->count; i++) {
		const struct steady_model *m = w->inputs[i].model;

		if (!m || !steady_model_tolerates_more(m, field))
			continue;
		any = true;
		if (steady_field_get(f, m->value[f->reg]) != least)
			return false;
		for (size_t j = 0; j < w->count; j++) {
			if (!steady_model_lets(m, field, least, steady_work_value(w, j, cell, field)))
				return false;
		}
	}
	return any;
}

bool steady_work_differs(const struct steady_work *w, uint32_t options, int which)
{
	bool el2 = options >> STEADY_OPTION_EL2 & 1;

	return (el2 ? w->joint->differs_el2 : w->joint->differs) >> which & 1;
}

static bool unvirtualised_conflict(const struct steady_work *w, const struct steady_cell *cell,
				   int which)
{
	if (!steady_work_differs(w, cell->options, which))
		return false;
	if (which == STEADY_PMCR_N && !(cell->options >> STEADY_OPTION_PMU & 1))
		return false;
	return !steady_work_tolerates(w, steady_unvirtualised_names[which]);
}

static bool sve_conflict(const struct steady_work *w, const struct steady_cell *cell)
{
	return cell->options >> STEADY_OPTION_SVE & 1 && w->joint->sve_known &&
	       steady_vl_empty(&w->joint->sve);
}

bool steady_work_no_value(const struct steady_cell *cell, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	steady_set s = *steady_cell_set(cell, field);

	return steady_set_empty(f, s) ||
	       (f->flags & STEADY_FIELD_RESERVED && !steady_set_has(f, s, 0));
}

static bool field_conflict(const struct steady_work *w, const struct steady_cell *cell,
			   unsigned int field)
{
	return steady_work_no_value(cell, field) && !tolerated_field(w, field) &&
	       !only_more(w, cell, field);
}

/* The part of a MIDR that says whose core it is. */
static uint64_t implementer(uint64_t midr)
{
	static const char name[] = "MIDR_EL1.Implementer";
	int row = steady_field_by_name(name, sizeof(name) - 1);

	return row < 0 ? 0 : steady_field_get(&steady_fields[row], midr);
}

static size_t cpus_of(const struct steady_input *in, const struct steady_cpu **cpus)
{
	*cpus = in->profile ? in->profile->cpus : in->model->implementations;
	return in->profile ? in->profile->cpu_count : in->model->implementation_count;
}

static bool implementers_differ(const struct steady_work *w)
{
	const struct steady_cpu *cpus, *first = NULL;

	for (size_t i = 0; i < w->count; i++) {
		size_t count = cpus_of(&w->inputs[i], &cpus);

		for (size_t k = 0; k < count; k++) {
			first = first ? first : &cpus[k];
			if (implementer(cpus[k].midr) != implementer(first->midr))
				return true;
		}
	}
	return false;
}

/*
 * Guests would be given an algorithm of pointer authentication that is each implementer's own
 * (FEAT_PACIMP, DDI0487 D8.11): a pointer that one signs does not authenticate on another.
 */
static bool pacimp_conflict(const struct steady_work *w, const struct steady_cell *cell)
{
	static const char name[] = "ID_AA64ISAR1_EL1.API";
	int row = steady_field_by_name(name, sizeof(name) - 1);
	const struct steady_field *f = &steady_fields[row < 0 ? 0 : row];
	steady_set set;

	if (row < 0 || !(cell->options >> STEADY_OPTION_PTRAUTH & 1))
		return false;
	set = *steady_cell_set(cell, (unsigned int)row);
	return !steady_set_empty(f, set) && steady_set_greatest(f, set) &&
	       !tolerated_field(w, (unsigned int)row) && implementers_differ(w);
}

unsigned int steady_work_conflicts(const struct steady_work *w, const struct steady_cell *cell)
{
	unsigned int count = sve_conflict(w, cell) + pacimp_conflict(w, cell) +
			     steady_work_outside_conflicts(w) +
			     steady_work_firmware_conflicts(w, cell);

	for (unsigned int i = 0; i < steady_offer_fields(); i++)
		count += field_conflict(w, cell, steady_offer_first() + i);
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++)
		count += unvirtualised_conflict(w, cell, i);
	return count;
}

/* The rule that leaves no CPU: ": REG.FIELD: FEAT_X needs FEAT_Y, ... (implies-x-y)". */
static void put_rule(const struct steady_work *w, const struct steady_cell *cell,
		     struct steady_text *out)
{
	struct steady_report *report;
	const struct steady_finding *f;
	struct steady_model *m = NULL;

	if (steady_report_new(&report))
		return;
	steady_work_attempt(w, cell, report, &m);
	steady_model_free(m);
	for (size_t i = 0; (f = steady_report_get(report, i)); i++) {
		if (f->severity != STEADY_ERROR || !f->rule || !f->reason)
			continue;
		steady_text_printf(out, ": %s.%s: %s (%s)", f->reg, f->field, f->reason, f->rule);
		break;
	}
	steady_report_free(report);
}

void steady_work_first(const struct steady_work *w, const struct steady_cell *cell,
		       struct steady_text *out)
{
	const char *firmware = steady_work_firmware_first(w, cell);
	char name[STEADY_FULLNAME];

	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		unsigned int field = steady_offer_first() + i;

		if (!field_conflict(w, cell, field))
			continue;
		steady_text_printf(out,
				   steady_fields[field].flags & STEADY_FIELD_RESERVED
					   ? "not every host lets %s be 0"
					   : "no value of %s is accepted by every host",
				   steady_field_fullname(field, name, sizeof(name)));
		return;
	}
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		if (!unvirtualised_conflict(w, cell, i))
			continue;
		steady_text_printf(out, "the hosts differ in %s", steady_unvirtualised_names[i]);
		return;
	}
	if (firmware) {
		steady_text_printf(out, "the hosts differ in %s", firmware);
		return;
	}
	if (sve_conflict(w, cell)) {
		steady_text_str(out, "the hosts have no vector length in common");
	} else if (pacimp_conflict(w, cell)) {
		steady_text_str(out,
				"a pointer that is signed on one host does not authenticate on "
				"another, whose algorithm is another implementer's own");
	} else {
		steady_text_str(out, "the rules between fields leave no CPU");
		put_rule(w, cell, out);
	}
}

/* ---- told host by host ---- */

static const struct steady_cell *own_cell(const struct steady_work *w, size_t input,
					  const struct steady_cell *cell)
{
	return steady_offer_cell(w->offers[input], cell->options, cell->irqchip);
}

/* The value that a guest has on an input's hosts if nothing else holds it down. */
static uint64_t greatest_of(const struct steady_work *w, size_t input,
			    const struct steady_cell *cell, unsigned int field)
{
	return steady_set_greatest(&steady_fields[field],
				   *steady_cell_set(own_cell(w, input, cell), field));
}

/* What is at stake: the features that this field gives on one host and not on another. */
static void conflict_features(const struct steady_work *w, const struct steady_cell *cell,
			      unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	struct steady_text names = STEADY_TEXT_INIT;
	struct steady_view view;
	uint16_t features[FEATURES_MAX];
	size_t count = steady_field_features((int)field, features, FEATURES_MAX);

	if (w->inputs[0].profile)
		steady_configuration_view(&w->inputs[0].profile->configurations[0], &view);
	else
		steady_model_view(w->inputs[0].model, &view);
	for (size_t i = 0; i < count && i < FEATURES_MAX; i++) {
		bool some = false, all = true;

		for (size_t j = 0; j < w->count; j++) {
			view.value[f->reg] = steady_field_put(f, view.value[f->reg],
							      greatest_of(w, j, cell, field));
			if (steady_feature_state(features[i], &view) == STEADY_YES)
				some = true;
			else
				all = false;
		}
		if (some && !all)
			steady_text_printf(&names, "%s%s", names.length ? ", " : "",
					   steady_feature_name(features[i]));
	}
	if (names.length)
		steady_report_features(w->report, "%s", names.data);
	steady_text_free(&names);
}

/* A model that does not say what its hosts accepted. */
static bool only_itself(const struct steady_input *in)
{
	return in->model && !in->model->offer;
}

/* Whether the hosts could agree on a field, were it not for models that accept only themselves. */
static bool fixed_by_models(const struct steady_work *w, const struct steady_cell *cell,
			    unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	steady_set rest = steady_set_range(f, 0, steady_field_mask(f) >> f->lsb);
	bool any = false;

	for (size_t i = 0; i < w->count; i++) {
		const struct steady_cell *own = own_cell(w, i, cell);

		if (only_itself(&w->inputs[i]))
			any = true;
		else
			rest = steady_set_and(f, rest, *steady_cell_set(own, field));
	}
	return any && !steady_set_empty(f, rest);
}

static void advise_hosts(const struct steady_work *w)
{
	struct steady_text names = STEADY_TEXT_INIT;
	size_t count = 0, named = 0;

	for (size_t i = 0; i < w->count; i++)
		count += only_itself(&w->inputs[i]);
	for (size_t i = 0; i < w->count; i++) {
		if (!only_itself(&w->inputs[i]))
			continue;
		named++;
		steady_text_printf(&names, "%s%s", w->inputs[i].name,
				   named == count ? "" : named + 1 == count ? " and " : ", ");
	}
	steady_report_advice(w->report,
			     count == 1 ? "give the hosts' profiles: %s is a model without an "
					  "offer, it accepts only itself"
					: "give the hosts' profiles: %s are models without an "
					  "offer, each accepts only itself",
			     names.data ? names.data : "");
	steady_text_free(&names);
}

static void advise_field(const struct steady_work *w, const struct steady_profile *p,
			 unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	int option = steady_field_option((int)field);
	struct steady_text kernel = STEADY_TEXT_INIT;

	if (option >= 0) {
		steady_report_advice(w->report, "turn %s off with --vcpu %s=off",
				     steady_options[option].title, steady_options[option].name);
		return;
	}
	/* what a kernel lets be written hangs on whether this host has AArch32 */
	steady_kernels_advice(&kernel, p ? &p->configurations[0] : NULL, field, 0);
	steady_report_advice(w->report, STEADY_WORK_ACCEPT "%s.%s%s%s",
			     steady_registers[f->reg].name, f->name, kernel.length ? "; or " : "",
			     kernel.length ? kernel.data : "");
	steady_text_free(&kernel);
}

static void explain_field_conflict(const struct steady_work *w, const struct steady_cell *cell,
				   unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	bool models = fixed_by_models(w, cell, field);

	for (size_t i = 0; i < w->count; i++) {
		struct steady_text set = STEADY_TEXT_INIT;

		steady_set_print(f, *steady_cell_set(own_cell(w, i, cell), field), &set);
		steady_report_add(w->report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_host(w->report, w->inputs[i].name);
		steady_report_subject(w->report, steady_registers[f->reg].name, f->name);
		conflict_features(w, cell, field);
		steady_report_offered(w->report, "%s", set.data ? set.data : "");
		steady_report_reason(w->report,
				     f->flags & STEADY_FIELD_RESERVED
					     ? "bits that this version has no name for, and not every "
					       "host's KVM lets them be 0"
					     : "no value that all hosts accept");
		if (models)
			advise_hosts(w);
		else
			advise_field(w, w->inputs[i].profile, field);
		steady_text_free(&set);
	}
}

static void explain_unvirtualised(const struct steady_work *w, int which)
{
	const char *name = steady_unvirtualised_names[which];

	for (size_t i = 0; i < w->count; i++) {
		const struct steady_reading *r = &w->offers[i]->unvirtualised[which];
		struct steady_text value = STEADY_TEXT_INIT;

		if (r->state != STEADY_VALUE)
			continue;
		steady_report_add(w->report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_host(w->report, w->inputs[i].name);
		steady_report_subject(w->report, name, NULL);
		steady_explain_unvirtualised(&value, which, r->value);
		steady_report_offered(w->report, "%s", value.data ? value.data : "");
		steady_text_free(&value);
		steady_report_reason(w->report, "a guest sees the hardware's own value, no write "
						"changes it, and the hosts' differ");
		steady_report_advice(w->report, STEADY_WORK_ACCEPT "%s", name);
	}
}

static void explain_pacimp(const struct steady_work *w)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct steady_cpu *cpus;

		if (!cpus_of(&w->inputs[i], &cpus))
			continue;
		steady_report_add(w->report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_host(w->report, w->inputs[i].name);
		steady_report_subject(w->report, "ID_AA64ISAR1_EL1", "API");
		steady_report_features(w->report, "FEAT_PACIMP");
		steady_report_offered(w->report, "that of implementer 0x%02x",
				      (unsigned int)implementer(cpus[0].midr));
		steady_report_reason(w->report,
				     "the algorithm of pointer authentication is the "
				     "implementer's own: a pointer that is signed on one of "
				     "these hosts does not authenticate on another");
		steady_report_advice(w->report, "turn pointer authentication off with --vcpu "
						"ptrauth=off, or put these hosts in different pools");
	}
}

int steady_work_explain(const struct steady_work *w, const struct steady_cell *cell)
{
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		if (field_conflict(w, cell, steady_offer_first() + i))
			explain_field_conflict(w, cell, steady_offer_first() + i);
	}
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		if (unvirtualised_conflict(w, cell, i))
			explain_unvirtualised(w, i);
	}
	if (pacimp_conflict(w, cell))
		explain_pacimp(w);
	steady_work_outside_explain(w);
	steady_work_firmware_explain(w, cell);
	for (size_t i = 0; sve_conflict(w, cell) && i < w->count; i++) {
		steady_report_add(w->report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_host(w->report, w->inputs[i].name);
		steady_report_subject(w->report, "SVE_VLS", NULL);
		steady_report_offered(w->report, "up to %u bytes",
				      steady_vl_max(&w->offers[i]->sve));
		steady_report_reason(w->report, "no vector length in common");
		steady_report_advice(w->report, "turn SVE off: --vcpu sve=off");
	}
	return -STEADY_ECONFLICT;
}

int steady_work_no_cell(const struct steady_work *w)
{
	bool clash = steady_options_clash(w->request->options_on) >= 0;

	for (size_t i = 0; i < w->count; i++) {
		struct steady_text all = STEADY_TEXT_INIT;

		steady_report_add(w->report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_host(w->report, w->inputs[i].name);
		steady_report_subject(w->report, "vcpu_features", NULL);
		if (clash) { /* whatever the hosts have */
			steady_explain_clash(w->report, w->request->options_on);
			continue;
		}
		steady_explain_options(&all, w->offers[i], w->request->options_on);
		steady_report_offered(w->report, "%s", all.data ? all.data : "");
		steady_text_free(&all);
		steady_report_reason(w->report, "no choice of vCPU options and irqchip that every "
						"host has and that was asked for");
		steady_report_advice(w->report, "ask for other options (--vcpu), or leave out the "
						"hosts that lack one");
	}
	return -STEADY_ECONFLICT;
}

/* ---- what is unknown ---- */

int steady_work_add_unknown(const struct steady_work *w, size_t input, const char *subject,
			    const char *reason)
{
	steady_report_add(w->report, STEADY_ERROR, STEADY_EUNKNOWN);
	steady_report_host(w->report, w->inputs[input].name);
	steady_report_subject(w->report, subject, NULL);
	steady_report_reason(w->report, "%s; no model is made from what is unknown", reason);
	steady_report_advice(w->report, "probe the host again");
	return -STEADY_EUNKNOWN;
}

int steady_work_unknown(const struct steady_work *w, const struct steady_cell *cell)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct steady_cell *own = own_cell(w, i, cell);

		if (own && own->unknown)
			steady_work_add_unknown(w, i, "registers",
				    "not all of the 56 registers of the core range are there, or "
				    "one, or what of it is writable, could not be read");
	}
	return -STEADY_EUNKNOWN;
}

/* What failed to be read of a host, beside its registers, and would be in the model. */
int steady_work_readings(const struct steady_work *w, const struct steady_cell *cell)
{
	int result = 0;

	for (size_t i = 0; i < w->count; i++) {
		const struct steady_profile *p = w->inputs[i].profile;
		char name[STEADY_FIRMWARE_LABEL];

		for (size_t j = 0; p && j < p->firmware_count; j++) {
			if (steady_reading_unknown(&p->firmware[j].reading))
				result = steady_work_add_unknown(w, i,
						     steady_firmware_label(p->firmware[j].id, name),
						     "it could not be read");
		}
		if (p && steady_work_outside_unknown(w, i))
			result = -STEADY_EUNKNOWN;
		for (int j = 0; p && j < STEADY_UNVIRTUALISED; j++) {
			if (steady_reading_unknown(&p->unvirtualised[j]) &&
			    (j != STEADY_PMCR_N || cell->options >> STEADY_OPTION_PMU & 1) &&
			    !steady_work_tolerates(w, steady_unvirtualised_names[j]))
				result = steady_work_add_unknown(w, i, steady_unvirtualised_names[j],
						     "it could not be read");
		}
	}
	return result;
}
