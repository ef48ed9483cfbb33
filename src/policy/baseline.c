/* SPDX-License-Identifier: MIT */
/*
 * The baseline: vCPU options first (no option's fields compare across options), then the greatest
 * element of what all hosts accept, field by field, then the rules between fields.
 *
 * Options are tried in the order of the data, the first being the dearest: of all the choices that
 * leave no conflict the one is taken that keeps the dearest options.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "policy/explain.h"
#include "policy/outside.h"
#include "policy/unknown.h"
#include "policy/work.h"

/* ---- inputs ---- */

/* A model that does not say what its hosts accepted accepts only itself. */
static int offer_of_model(const struct steady_model *m, struct steady_offer **offer)
{
	struct steady_offer *o;
	struct steady_cell *cell;
	struct steady_view view;

	if (m->offer)
		return steady_offer_copy(m->offer, offer);
	o = steady_offer_alloc();
	cell = o ? steady_offer_add(o) : NULL;
	if (cell) {
		o->firmware = calloc(m->firmware_count + 1, sizeof(*o->firmware));
		cell->register_list = m->register_list
					      ? malloc((m->register_count + 1) * sizeof(uint64_t))
					      : NULL;
	}
	if (!cell || !o->firmware || (m->register_list && !cell->register_list)) {
		steady_offer_free(o);
		return -STEADY_ENOMEM;
	}
	cell->options = m->options;
	cell->irqchip = m->irqchip;
	steady_model_view(m, &view);
	steady_cell_add_breaks(cell, &view);
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		const struct steady_field *f = &steady_fields[steady_offer_first() + i];

		cell->set[i] = steady_set_one(f, steady_field_get(f, m->value[f->reg]));
		cell->unknown = cell->unknown || !m->has[f->reg];
	}
	if (m->register_list)
		memcpy(cell->register_list, m->register_list, m->register_count * sizeof(uint64_t));
	cell->register_count = m->register_count;
	for (size_t i = 0; i < m->firmware_count; i++)
		o->firmware[i] = (struct steady_firmware_offer){
			m->firmware[i].id, m->firmware[i].value, m->firmware[i].value};
	o->firmware_count = m->firmware_count;
	o->firmware_known = m->firmware_count > 0;
	o->sve = m->sve;
	o->sve_known = true;
	memcpy(o->unvirtualised, m->unvirtualised, sizeof(o->unvirtualised));
	steady_outside_of_model(m, &o->outside);
	*offer = o;
	return 0;
}

static int join_offers(struct steady_work *w)
{
	int r = 0;

	w->offers = calloc(w->count, sizeof(struct steady_offer *));
	if (!w->offers)
		return -STEADY_ENOMEM;
	for (size_t i = 0; i < w->count && !r; i++) {
		const struct steady_input *in = &w->inputs[i];

		r = in->profile ? steady_offer_of(in->profile, &w->offers[i])
				: offer_of_model(in->model, &w->offers[i]);
		if (r)
			return r;
		r = i ? steady_offer_and(w->joint, w->offers[i])
		      : steady_offer_copy(w->offers[0], &w->joint);
	}
	return r;
}

/* ---- options ---- */

/* Whether the request lets these options be chosen. */
static bool eligible(const struct steady_work *w, uint32_t options)
{
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		bool on = options >> i & 1;
		bool asked = w->request->options_on >> i & 1;

		if ((on && w->request->options_off >> i & 1) || (!on && asked) ||
		    (on && steady_options[i].on_request && !asked))
			return false;
	}
	return true;
}

/* Whether a is to be preferred to b: the first option that only one of them has decides. */
static bool dearer(const struct steady_cell *a, const struct steady_cell *b)
{
	uint32_t differ = a->options ^ b->options;

	if (differ)
		return a->options & (differ & -differ);
	return a->irqchip > b->irqchip;
}

/* The greatest that all accept, field by field; tolerated ones get the least that a host has. */
static int pick_values(const struct steady_work *w, const struct steady_cell *cell,
		       struct steady_model *m)
{
	char name[STEADY_FULLNAME];
	int r = 0;

	for (unsigned int i = 0; i < steady_offer_fields() && !r; i++) {
		unsigned int field = steady_offer_first() + i;
		const struct steady_field *f = &steady_fields[field];
		steady_set s = *steady_cell_set(cell, field);
		bool none = steady_work_no_value(cell, field);
		uint64_t v = f->flags & STEADY_FIELD_RESERVED ? 0
			     : none			      ? steady_work_least(w, cell, field)
							      : steady_set_greatest(f, s);

		steady_field_fullname(field, name, sizeof(name));
		if (none && steady_work_tolerates(w, name))
			r = steady_model_add_tolerated(m, name);
		else if (none)
			r = steady_model_add_more(m, name);
		m->value[f->reg] = steady_field_put(f, m->value[f->reg], v);
		m->has[f->reg] = true;
	}
	return r;
}

int steady_work_attempt(const struct steady_work *w, const struct steady_cell *cell,
			struct steady_report *report, struct steady_model **model)
{
	struct steady_model *m = steady_model_alloc();
	int r = m ? pick_values(w, cell, m) : -STEADY_ENOMEM;

	r = r ? r : steady_close(m, cell, steady_work_tolerable, w, report);
	if (r)
		steady_model_free(m);
	else
		*model = m;
	return r;
}

/* Whether the rules between fields leave a CPU; ECONFLICT if they do not. */
static int try_rules(const struct steady_work *w, const struct steady_cell *cell)
{
	struct steady_model *m = NULL;
	int r = steady_work_attempt(w, cell, NULL, &m);

	steady_model_free(m);
	return r;
}

static bool better(const struct steady_cell *cell, unsigned int count,
		   const struct steady_cell *best, unsigned int fewest)
{
	return !best || count < fewest || (count == fewest && dearer(cell, best));
}

int steady_work_choose(const struct steady_work *w, const struct steady_cell **best)
{
	unsigned int fewest = 0;

	*best = NULL;
	for (size_t i = 0; i < w->joint->cell_count; i++) {
		const struct steady_cell *cell = &w->joint->cells[i];
		unsigned int count;

		if (!eligible(w, cell->options))
			continue;
		/* what is unknown is not passed over for something lesser */
		count = cell->unknown ? 0 : steady_work_conflicts(w, cell);
		if (!count && !cell->unknown && better(cell, 0, *best, fewest)) {
			int r = try_rules(w, cell);

			if (r == -STEADY_ENOMEM)
				return r;
			count = r != 0;
		}
		if (better(cell, count, *best, fewest)) {
			*best = cell;
			fewest = count;
		}
	}
	return 0;
}

/* ---- values ---- */

static void note_loss(const struct steady_work *w, unsigned int field, uint64_t common,
		      uint64_t taken)
{
	const struct steady_field *f = &steady_fields[field];
	struct steady_text has = STEADY_TEXT_INIT, gets = STEADY_TEXT_INIT;

	steady_explain_value(&has, field, common);
	steady_explain_value(&gets, field, taken);
	steady_report_add(w->report, STEADY_NOTE, 0);
	steady_report_subject(w->report, steady_registers[f->reg].name, f->name);
	steady_report_wanted(w->report, "%u", (unsigned int)common);
	steady_report_offered(w->report, "%u", (unsigned int)taken);
	steady_report_reason(w->report,
			     "%s, though these CPUs could all have %s: the best that every host's "
			     "KVM accepts",
			     gets.data ? gets.data : "", has.data ? has.data : "");
	steady_text_free(&has);
	steady_text_free(&gets);
}

/*
 * Where the architecture would leave more than every host's KVM accepts: of the values that were
 * picked. What closing lowered is another loss, and was told.
 */
static int note_losses(const struct steady_work *w, const struct steady_cell *cell,
		       const uint64_t picked[STEADY_REGISTERS])
{
	struct steady_view *views = calloc(w->count, sizeof(*views)), common;
	int r = views ? 0 : -STEADY_ENOMEM;

	for (size_t i = 0; i < w->count && !r; i++) {
		for (unsigned int k = 0; k < steady_offer_fields(); k++) {
			unsigned int field = steady_offer_first() + k;
			const struct steady_field *f = &steady_fields[field];

			views[i].value[f->reg] = steady_field_put(f, views[i].value[f->reg],
								  steady_work_value(w, i, cell, field));
			views[i].known[f->reg] = true;
		}
	}
	r = r ? r : steady_meet(views, w->count, cell, &common);
	for (unsigned int k = 0; k < steady_offer_fields() && !r; k++) {
		unsigned int field = steady_offer_first() + k;
		const struct steady_field *f = &steady_fields[field];
		uint64_t taken = steady_field_get(f, w->model->value[f->reg]);
		uint64_t most = steady_field_get(f, common.value[f->reg]);

		if (taken == steady_field_get(f, picked[f->reg]) &&
		    steady_field_compare(f, taken, most) == STEADY_LESS)
			note_loss(w, field, most, taken);
	}
	free(views);
	return r;
}

/* Every CPU that the guest may meet; nothing if one input does not say. */
static int pick_implementations(const struct steady_work *w)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct steady_input *in = &w->inputs[i];

		if (in->profile ? in->profile->cpu_count : in->model->implementation_count)
			continue;
		steady_report_add(w->report, STEADY_WARNING, 0);
		steady_report_host(w->report, in->name);
		steady_report_subject(w->report, "MIDR_EL1", NULL);
		steady_report_reason(w->report, "not captured: the model does not list the CPUs "
						"that a guest may meet");
		return 0;
	}
	for (size_t i = 0; i < w->count; i++) {
		const struct steady_input *in = &w->inputs[i];
		const struct steady_cpu *cpus =
			in->profile ? in->profile->cpus : in->model->implementations;
		size_t count =
			in->profile ? in->profile->cpu_count : in->model->implementation_count;
		int r = 0;

		for (size_t j = 0; j < count && !r; j++)
			r = steady_model_add_implementation(w->model, &cpus[j]);
		if (r)
			return r;
	}
	return 0;
}

/* Whether an input's hosts let a guest ask; of a model that does not say so, nobody knows. */
static bool discovers(const struct steady_input *in, uint64_t id)
{
	const struct steady_reading *r;

	if (!in->profile)
		return steady_discovery_bits(in->model) != 0;
	r = steady_profile_firmware(in->profile, id);
	return r && r->state == STEADY_VALUE;
}

/* After the CPUs were picked: a guest asks for those. */
static int pick_discovery(const struct steady_work *w)
{
	uint64_t bits, id = steady_discovery_id(&bits);
	int result = w->model->implementation_count ? 0 : -STEADY_EUNKNOWN;

	if (!w->request->discovery)
		return 0;
	for (size_t i = 0; i < w->count; i++) {
		if (discovers(&w->inputs[i], id))
			continue;
		steady_report_add(w->report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_host(w->report, w->inputs[i].name);
		steady_report_subject(w->report, steady_id_name(id), NULL);
		steady_report_offered(w->report, "no");
		steady_report_reason(w->report, "its kernel has no implementation discovery, or is "
						"not known to have it");
		steady_report_advice(w->report, "boot a kernel that has it (6.15 and newer), or make "
						"the model without --discovery");
		result = -STEADY_ECONFLICT;
	}
	return result ? result : steady_model_add_firmware(w->model, id, bits);
}

/* State of features that the model has not is none of its guests'. */
static void drop_gated(struct steady_model *m)
{
	struct steady_view view;
	size_t kept = 0;

	steady_model_view(m, &view);
	for (size_t i = 0; i < m->register_count; i++) {
		if (steady_gate_open(m->register_list[i], &view))
			m->register_list[kept++] = m->register_list[i];
	}
	m->register_count = kept;
}

/* State that the model's list has not, since not every host's has it: only by name. */
static int tolerate_state(struct steady_work *w)
{
	struct steady_model *m = w->model;
	int r = 0;

	for (unsigned int i = 0; i < steady_state_count && m->register_list && !r; i++) {
		bool listed = false;

		for (size_t j = 0; j < m->register_count; j++)
			listed = listed || m->register_list[j] == steady_state[i].id;
		if (!listed && steady_work_tolerates(w, steady_state[i].name))
			r = steady_model_add_tolerated(m, steady_state[i].name);
	}
	return r;
}

static int pick_rest(struct steady_work *w, const struct steady_cell *cell)
{
	struct steady_model *m = w->model;
	int r = 0;

	m->options = cell->options;
	m->irqchip = cell->irqchip;
	if (cell->options >> STEADY_OPTION_SVE & 1)
		m->sve = w->joint->sve;
	if (cell->register_list) {
		m->register_list = malloc((cell->register_count + 1) * sizeof(uint64_t));
		if (!m->register_list)
			return -STEADY_ENOMEM;
		memcpy(m->register_list, cell->register_list,
		       cell->register_count * sizeof(uint64_t));
		m->register_count = cell->register_count;
	}
	for (int i = 0; i < STEADY_UNVIRTUALISED && !r; i++) {
		if (steady_work_differs(w, cell->options, i) &&
		    steady_work_tolerates(w, steady_unvirtualised_names[i]))
			r = steady_model_add_tolerated(m, steady_unvirtualised_names[i]);
	}
	r = r ? r : tolerate_state(w);
	if (w->request->name && !r)
		r = steady_model_set_name(m, w->request->name);
	r = r ? r : steady_work_firmware_pick(w, cell);
	r = r ? r : pick_implementations(w);
	r = r ? r : pick_discovery(w);
	return r ? r : steady_work_outside_pick(w);
}

/* ---- what is told of it ---- */

/* Whether the guest may meet cores of different makes. */
static bool cores_differ(const struct steady_model *m)
{
	static const char *const names[] = {"MIDR_EL1.Implementer", "MIDR_EL1.PartNum"};

	for (size_t i = 0; i < 2 * m->implementation_count; i++) {
		int row = steady_field_by_name(names[i & 1], strlen(names[i & 1]));

		if (row >= 0 &&
		    steady_field_get(&steady_fields[row], m->implementations[0].midr) !=
			    steady_field_get(&steady_fields[row], m->implementations[i / 2].midr))
			return true;
	}
	return false;
}

/*
 * An algorithm of the implementer's own: nobody knows whether another core's of the same maker is
 * the same, and a pointer that a guest signed on one may not authenticate on the other (DDI0487,
 * FEAT_PACIMP). Of another maker it is not, which is a conflict (conflict.c).
 */
static void warn_pacimp(const struct steady_work *w)
{
	static const char feature[] = "FEAT_PACIMP";
	int row = steady_feature_by_name(feature, sizeof(feature) - 1);
	struct steady_view view;

	steady_model_view(w->model, &view);
	if (row < 0 || steady_feature_state((unsigned int)row, &view) != STEADY_YES ||
	    (w->model->implementation_count && !cores_differ(w->model)) ||
	    (w->count == 1 && !w->model->implementation_count))
		return;
	steady_report_add(w->report, STEADY_WARNING, 0);
	steady_report_subject(w->report, "ID_AA64ISAR1_EL1", "API");
	steady_report_reason(w->report,
			     "%s, and their pointer authentication algorithm is their "
			     "implementers' own: a pointer signed on one may not authenticate on "
			     "another",
			     w->model->implementation_count
				     ? "the hosts' cores differ"
				     : "not every host says which cores it has");
	steady_report_advice(w->report, "turn pointer authentication off with --vcpu ptrauth=off, "
					"unless the cores are known to agree");
}

static void note_unneeded(const struct steady_work *w)
{
	for (size_t i = 0; i < w->request->tolerate_count; i++) {
		const char *name = w->request->tolerate[i];

		if (steady_model_tolerates(w->model, name) ||
		    steady_model_tolerates_more_of(w->model, name))
			continue;
		steady_report_add(w->report, STEADY_NOTE, 0);
		steady_report_subject(w->report, name, NULL);
		steady_report_reason(w->report, "need not be tolerated: the hosts are level there");
	}
}

/* An option that every host has and the model has not: which conflict it was left off for. */
static void note_dropped(const struct steady_work *w, const struct steady_cell *chosen)
{
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		uint32_t with = chosen->options | UINT32_C(1) << i;
		const struct steady_cell *cell = steady_offer_cell(w->joint, with, chosen->irqchip);
		struct steady_text why = STEADY_TEXT_INIT;

		if (with == chosen->options || !cell || !eligible(w, with))
			continue;
		steady_work_first(w, cell, &why);
		steady_report_add(w->report, STEADY_NOTE, 0);
		steady_report_subject(w->report, steady_options[i].name, NULL);
		steady_report_reason(w->report, "left off: with %s on, %s", steady_options[i].title,
				     why.data ? why.data : "there is a conflict");
		steady_report_advice(w->report, "put these hosts in different pools to keep it");
		steady_text_free(&why);
	}
}

static bool ever_on(const struct steady_offer *offer, int option)
{
	for (size_t i = 0; i < offer->cell_count; i++) {
		if (offer->cells[i].options >> option & 1)
			return true;
	}
	return false;
}

/* By what the host is not known to have, or cannot have beside the options that are on. */
static void note_lacking(const struct steady_work *w, size_t host, int option, bool together,
			 uint32_t with)
{
	int clash = steady_options_clash(with);

	steady_report_add(w->report, STEADY_NOTE, 0);
	steady_report_host(w->report, w->inputs[host].name);
	steady_report_subject(w->report, steady_options[option].name, NULL);
	if (clash >= 0)
		steady_report_reason(w->report, "left off: no kernel gives a guest both %s and %s",
				     steady_options[clash].title, steady_options[option].title);
	else if (together)
		steady_report_reason(w->report, "left off: %s together with the options that are on "
						"is not in what is known of this host",
				     steady_options[option].title);
	else
		steady_report_reason(w->report, "left off: this host is not known to have %s",
				     steady_options[option].title);
}

/* An option that some hosts have, and others have not, or not together with those that are on. */
static void note_lost(const struct steady_work *w, const struct steady_cell *chosen)
{
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		uint32_t with = chosen->options | UINT32_C(1) << i;
		size_t have = 0;

		if (with == chosen->options || steady_options[i].on_request ||
		    w->request->options_off >> i & 1)
			continue;
		for (size_t k = 0; k < w->count; k++)
			have += ever_on(w->offers[k], i);
		for (size_t k = 0; k < w->count && have; k++) {
			bool on = ever_on(w->offers[k], i);

			if (!on || (have == w->count &&
				    !steady_offer_cell(w->offers[k], with, chosen->irqchip)))
				note_lacking(w, k, i, on, with);
		}
	}
}

/* Which host keeps vectors from being as long as another's. */
static void note_shorter(const struct steady_work *w)
{
	const struct steady_vl *taken = &w->model->sve;
	unsigned int most = 0, first = 0;

	for (size_t k = 0; k < w->count && !steady_vl_empty(taken); k++) {
		const struct steady_vl *has = &w->offers[k]->sve;
		unsigned int differ = steady_vl_differ(has, taken);

		first = differ && (!first || differ < first) ? differ : first;
		most = steady_vl_max(has) > most ? steady_vl_max(has) : most;
	}
	for (size_t k = 0; k < w->count && first; k++) {
		if (steady_vl_has(&w->offers[k]->sve, first))
			continue;
		steady_report_add(w->report, STEADY_NOTE, 0);
		steady_report_host(w->report, w->inputs[k].name);
		steady_report_subject(w->report, "SVE_VLS", NULL);
		steady_report_wanted(w->report, "up to %u bytes", most);
		steady_report_offered(w->report, "up to %u bytes", steady_vl_max(taken));
		steady_report_reason(w->report, "lowered from %u bytes to %u: this host has no "
						"vectors of %u bytes",
				     most, steady_vl_max(taken), first);
	}
}

/* Event counters that a host has and the model has not: each host that has no more is named. */
static void note_counters(const struct steady_work *w)
{
	const struct steady_reading *taken = &w->model->unvirtualised[STEADY_PMCR_N];
	uint64_t most = 0;

	if (taken->state != STEADY_VALUE || !(w->model->options >> STEADY_OPTION_PMU & 1))
		return;
	for (size_t k = 0; k < w->count; k++) {
		const struct steady_reading *has = &w->offers[k]->unvirtualised[STEADY_PMCR_N];

		most = has->state == STEADY_VALUE && has->value > most ? has->value : most;
	}
	for (size_t k = 0; k < w->count && most > taken->value; k++) {
		if (w->offers[k]->unvirtualised[STEADY_PMCR_N].value != taken->value)
			continue;
		steady_report_add(w->report, STEADY_NOTE, 0);
		steady_report_host(w->report, w->inputs[k].name);
		steady_report_subject(w->report, steady_unvirtualised_names[STEADY_PMCR_N], NULL);
		steady_report_wanted(w->report, "%" PRIu64, most);
		steady_report_offered(w->report, "%" PRIu64, taken->value);
		steady_report_reason(w->report, "lowered from %" PRIu64 " to %" PRIu64
						": this host has no more event counters",
				     most, taken->value);
	}
}

/* What the model's own hosts will be refused for. */
static int warn_unknown(const struct steady_work *w)
{
	int r = 0;

	for (size_t k = 0; k < w->count && !r; k++) {
		if (w->inputs[k].profile)
			r = steady_unknown_foretell(w->model, w->inputs[k].profile,
						    w->inputs[k].name, w->report);
	}
	return r;
}

static int build(struct steady_work *w)
{
	uint64_t picked[STEADY_REGISTERS];
	const struct steady_cell *cell;
	int r = join_offers(w);

	if (r)
		return r;
	r = steady_work_choose(w, &cell);
	if (r)
		return r;
	if (!cell)
		return steady_work_no_cell(w);
	if (cell->unknown)
		return steady_work_unknown(w, cell);
	r = steady_work_readings(w, cell);
	if (r)
		return r;
	if (steady_work_conflicts(w, cell))
		return steady_work_explain(w, cell);
	w->model = steady_model_alloc();
	if (!w->model)
		return -STEADY_ENOMEM;
	r = pick_values(w, cell, w->model);
	memcpy(picked, w->model->value, sizeof(picked));
	r = r ? r : pick_rest(w, cell);
	if (!r && !w->request->as_shown)
		r = steady_close(w->model, cell, steady_work_tolerable, w, w->report);
	r = r ? r : note_losses(w, cell, picked);
	if (!r) {
		steady_close_warn(w->model, cell, w->report);
		warn_pacimp(w);
		drop_gated(w->model);
	}
	r = r ? r : steady_work_required(w);
	if (!r)
		note_unneeded(w);
	if (r)
		return r;
	note_dropped(w, cell);
	note_lost(w, cell);
	note_shorter(w);
	note_counters(w);
	return warn_unknown(w);
}

int steady_baseline(const struct steady_input *inputs, size_t count,
		    const struct steady_baseline_request *request, struct steady_model **model,
		    struct steady_report *report)
{
	struct steady_work w = {
		.inputs = inputs, .count = count, .request = request, .report = report};
	int r;

	if (!count || request->options_on & request->options_off)
		return -STEADY_EUSAGE;
	r = build(&w);
	for (size_t i = 0; w.offers && i < count; i++)
		steady_offer_free(w.offers[i]);
	free(w.offers);
	if (r) {
		steady_offer_free(w.joint);
		steady_model_free(w.model);
		return r;
	}
	w.model->offer = w.joint; /* so that the model can be an input with nothing lost */
	*model = w.model;
	return 0;
}

int steady_model_exactly(const struct steady_profile *p, const struct steady_configuration *c,
			 struct steady_model **model, struct steady_report *report)
{
	struct steady_profile only = *p;
	struct steady_configuration one = *c;
	struct steady_input input = {.name = p->name, .profile = &only};
	struct steady_baseline_request request = {
		.options_on = steady_configuration_options(c),
		.options_off = ~steady_configuration_options(c),
		.as_shown = true,
	};
	int r;

	only.configurations = &one;
	only.configuration_count = 1;
	r = steady_baseline(&input, 1, &request, model, report);
	if (r)
		return r;
	/* the limits themselves, whatever a baseline would offer */
	for (int i = 0; i < STEADY_REGISTERS; i++) {
		if (steady_register_is_core(i))
			(*model)->value[i] = c->reg[i].value;
	}
	return 0;
}
