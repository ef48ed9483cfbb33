/* SPDX-License-Identifier: MIT */
/*
 * A baseline outside the core ID range: CTR_EL0, the caches' description, the identity, and what
 * KVM does not virtualise.
 */
#include <inttypes.h>
#include <string.h>

#include "base/report.h"
#include "policy/explain.h"
#include "policy/outside.h"
#include "policy/work.h"

static const char ctr_name[] = "CTR_EL0", clidr_name[] = "CLIDR_EL1";

/* ---- what is at odds ---- */

static bool ctr_conflict(const struct steady_work *w, unsigned int i)
{
	unsigned int row = steady_ctr_first() + i;
	char name[STEADY_FULLNAME];

	return steady_set_empty(&steady_fields[row], w->joint->outside.ctr[i]) &&
	       !steady_work_tolerates(w, ctr_name) &&
	       !steady_work_tolerates(w, steady_field_fullname(row, name, sizeof(name)));
}

static bool caches_conflict(const struct steady_work *w)
{
	return steady_outside_caches_differ(&w->joint->outside) &&
	       !steady_work_tolerates(w, clidr_name);
}

unsigned int steady_work_outside_conflicts(const struct steady_work *w)
{
	unsigned int count = caches_conflict(w);

	for (unsigned int i = 0; i < steady_ctr_fields(); i++)
		count += ctr_conflict(w, i);
	return count;
}

static void explain_ctr(const struct steady_work *w, unsigned int i)
{
	const struct steady_field *f = &steady_fields[steady_ctr_first() + i];

	for (size_t k = 0; k < w->count; k++) {
		struct steady_text set = STEADY_TEXT_INIT;

		steady_set_print(f, w->offers[k]->outside.ctr[i], &set);
		steady_report_add(w->report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_host(w->report, w->inputs[k].name);
		steady_report_subject(w->report, ctr_name, f->name);
		steady_report_offered(w->report, "%s", set.data ? set.data : "");
		steady_report_reason(w->report, "no value that all hosts accept");
		steady_report_advice(w->report, STEADY_WORK_ACCEPT "%s.%s", ctr_name, f->name);
		steady_text_free(&set);
	}
}

/* The first host of those that can show nothing but their own. */
static const struct steady_outside_offer *first_fixed(const struct steady_work *w)
{
	for (size_t k = 0; k < w->count; k++) {
		if (w->offers[k]->outside.caches == STEADY_CACHES_FIXED)
			return &w->offers[k]->outside;
	}
	return NULL;
}

static bool same_cache(const struct steady_caches *a, const struct steady_caches *b, unsigned int i)
{
	return (a->has >> i & 1) == (b->has >> i & 1) &&
	       (!(a->has >> i & 1) || a->value[i] == b->value[i]);
}

/* The first cache that hosts with one CLIDR_EL1 describe each in its own way; -1: it is CLIDR_EL1. */
static int differing_cache(const struct steady_work *w)
{
	const struct steady_outside_offer *first = first_fixed(w);
	int least = STEADY_CACHES;

	for (size_t k = 0; first && k < w->count; k++) {
		const struct steady_outside_offer *o = &w->offers[k]->outside;

		if (o->caches != STEADY_CACHES_FIXED)
			continue;
		if (o->clidr != first->clidr)
			return -1;
		for (int i = 0; i < least; i++) {
			if (!same_cache(&o->ccsidr, &first->ccsidr, (unsigned int)i))
				least = i;
		}
	}
	return least < STEADY_CACHES ? least : -1;
}

static void offer_caches(struct steady_report *report, const struct steady_outside_offer *o,
			 int cache)
{
	if (o->caches == STEADY_CACHES_ANY)
		steady_report_offered(report, "any that fits its cache lines");
	else if (cache < 0)
		steady_report_offered(report, "0x%" PRIx64, o->clidr);
	else if (o->ccsidr.has >> cache & 1)
		steady_report_offered(report, "0x%" PRIx32, o->ccsidr.value[cache]);
	else
		steady_report_offered(report, "none");
}

static void explain_caches(const struct steady_work *w)
{
	int cache = differing_cache(w);
	char label[STEADY_ID_LABEL];
	const char *name = cache < 0 ? clidr_name
				     : steady_id_label(steady_cache_id((unsigned int)cache), label);

	for (size_t k = 0; k < w->count; k++) {
		const struct steady_outside_offer *o = &w->offers[k]->outside;

		if (o->caches == STEADY_CACHES_UNSAID)
			continue;
		steady_report_add(w->report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_host(w->report, w->inputs[k].name);
		steady_report_subject(w->report, name, NULL);
		offer_caches(w->report, o, cache);
		steady_report_reason(w->report,
				     "an old kernel shows a guest the hardware's caches, "
				     "and not all hosts can show the same");
		steady_report_advice(w->report, STEADY_WORK_ACCEPT "%s", clidr_name);
	}
}

void steady_work_outside_explain(const struct steady_work *w)
{
	for (unsigned int i = 0; i < steady_ctr_fields(); i++) {
		if (ctr_conflict(w, i))
			explain_ctr(w, i);
	}
	if (caches_conflict(w))
		explain_caches(w);
}

bool steady_work_outside_unknown(const struct steady_work *w, size_t input)
{
	static const char failed[] = "it could not be read";
	const struct steady_profile *p = w->inputs[input].profile;
	const struct steady_reading *reg = p->configurations[0].reg;
	bool ctr = steady_reading_unknown(&reg[steady_outside_register(STEADY_OUTSIDE_CTR)]);
	bool clidr = steady_reading_unknown(&reg[steady_outside_register(STEADY_OUTSIDE_CLIDR)]);
	bool cache = false;

	for (size_t i = 0; i < p->cache_count; i++)
		cache = cache || steady_reading_unknown(&p->caches[i].reading);
	ctr = ctr && !steady_work_tolerates(w, ctr_name);
	if (ctr)
		steady_work_add_unknown(w, input, ctr_name, failed);
	if (steady_work_tolerates(w, clidr_name))
		return ctr;
	if (clidr)
		steady_work_add_unknown(w, input, clidr_name, failed);
	if (cache)
		steady_work_add_unknown(w, input, "CCSIDR_EL1", failed);
	return ctr || clidr || cache;
}

/* ---- what is chosen ---- */

static void unsaid(const struct steady_work *w, const char *name)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct steady_outside_offer *o = &w->offers[i]->outside;

		if (!w->inputs[i].profile || (name == ctr_name ? o->ctr_known : o->caches_known))
			continue;
		steady_report_add(w->report, STEADY_WARNING, 0);
		steady_report_host(w->report, w->inputs[i].name);
		steady_report_subject(w->report, name, NULL);
		if (name == ctr_name && !steady_profile_tells_ctr(w->inputs[i].profile))
			steady_report_reason(w->report, "a guest of this kernel reads the "
							"hardware's own, which KVM does not tell: "
							"the model says nothing about it");
		else
			steady_report_reason(w->report,
					     "not captured: the model says nothing about it");
	}
}

static uint64_t least_ctr(const struct steady_work *w, unsigned int i)
{
	const struct steady_field *f = &steady_fields[steady_ctr_first() + i];
	uint64_t least = steady_set_greatest(f, w->offers[0]->outside.ctr[i]);

	for (size_t k = 1; k < w->count; k++) {
		uint64_t v = steady_set_greatest(f, w->offers[k]->outside.ctr[i]);

		if (steady_field_rank(f, v) < steady_field_rank(f, least))
			least = v;
	}
	return least;
}

static int pick_ctr(const struct steady_work *w)
{
	int reg = steady_outside_register(STEADY_OUTSIDE_CTR), r = 0;
	struct steady_model *m = w->model;

	if (steady_work_tolerates(w, ctr_name))
		return steady_model_add_tolerated(m, ctr_name);
	if (!w->joint->outside.ctr_known) {
		unsaid(w, ctr_name);
		return 0;
	}
	for (unsigned int i = 0; i < steady_ctr_fields() && !r; i++) {
		unsigned int row = steady_ctr_first() + i;
		const struct steady_field *f = &steady_fields[row];
		steady_set s = w->joint->outside.ctr[i];
		char name[STEADY_FULLNAME];

		if (steady_set_empty(f, s))
			r = steady_model_add_tolerated(
				m, steady_field_fullname(row, name, sizeof(name)));
		m->value[reg] = steady_field_put(
			f, m->value[reg],
			steady_set_empty(f, s) ? least_ctr(w, i) : steady_set_greatest(f, s));
	}
	m->has[reg] = true;
	return r;
}

/* Tags of memory have caches of their own kind, which a guest without the option has not. */
static void drop_tags(struct steady_model *m, int reg)
{
	const struct steady_register *r = &steady_registers[reg];

	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		if (strncmp(steady_fields[i].name, "Ttype", 5) == 0)
			m->value[reg] = steady_field_put(&steady_fields[i], m->value[reg], 0);
	}
}

/* Lines that no host refuses: LineSize counts from 16 bytes, CTR_EL0 from 4. */
static void lengthen_lines(struct steady_model *m, const uint8_t line[2])
{
	static const char size[] = "CCSIDR_EL1.LineSize";
	const struct steady_field *f = &steady_fields[steady_field_by_name(size, sizeof(size) - 1)];

	for (unsigned int i = 0; i < STEADY_CACHES; i++) {
		uint32_t *v = &m->caches.value[i];

		if (m->caches.has >> i & 1 && steady_field_get(f, *v) + 2 < line[i & 1])
			*v = (uint32_t)steady_field_put(f, *v, line[i & 1] - 2u);
	}
}

static int pick_caches(const struct steady_work *w)
{
	const struct steady_outside_offer *o = &w->joint->outside;
	int reg = steady_outside_register(STEADY_OUTSIDE_CLIDR);
	struct steady_model *m = w->model;

	if (steady_work_tolerates(w, clidr_name))
		return steady_model_add_tolerated(m, clidr_name);
	if (!o->caches_known) {
		unsaid(w, clidr_name);
		return 0;
	}
	m->has[reg] = true;
	m->value[reg] = o->clidr;
	m->caches = o->ccsidr;
	if (o->caches != STEADY_CACHES_ANY)
		return 0;
	if (!(m->options >> STEADY_OPTION_MTE & 1))
		drop_tags(m, reg);
	lengthen_lines(m, o->line);
	return 0;
}

static void pick_unvirtualised(const struct steady_work *w)
{
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		const struct steady_reading *r = &w->joint->unvirtualised[i];

		if (r->state != STEADY_VALUE ||
		    steady_work_differs(w, w->model->options, i) ||
		    (i == STEADY_PMCR_N && !(w->model->options >> STEADY_OPTION_PMU & 1)))
			continue;
		w->model->unvirtualised[i] = *r;
	}
}

/* ---- identity ---- */

static int cannot_tell(const struct steady_work *w, size_t input, const struct steady_cpu *cpu)
{
	steady_report_add(w->report, STEADY_ERROR, STEADY_ECONFLICT);
	steady_report_host(w->report, w->inputs[input].name);
	steady_report_subject(w->report, "MIDR_EL1", NULL);
	steady_report_wanted(w->report, "0x%08" PRIx64, cpu->midr);
	if (w->inputs[input].profile)
		steady_report_reason(
			w->report, "another CPU than this host's, and its kernel lets none but the "
				   "hardware's be shown (KVM_CAP_ARM_WRITABLE_IMP_ID_REGS)");
	else
		steady_report_reason(w->report, "another CPU than this model's hosts have, and it "
						"does not say whether they can show it");
	steady_report_advice(w->report, "leave out the host, or make the model without --identity");
	return -STEADY_ECONFLICT;
}

static bool model_takes(const struct steady_model *m, const struct steady_cpu *cpu)
{
	bool all = m->implementation_count > 0;

	for (size_t i = 0; i < m->implementation_count; i++)
		all = all && memcmp(&m->implementations[i], cpu, sizeof(*cpu)) == 0;
	return all || steady_model_has_identity(m); /* its hosts let it be written */
}

static int pick_identity(const struct steady_work *w)
{
	const struct steady_baseline_request *q = w->request;
	struct steady_model *m = w->model;
	struct steady_cpu cpu;
	int result = 0;

	for (size_t i = 0; i < w->count && !q->identity; i++) {
		if (!w->inputs[i].model || !steady_model_has_identity(w->inputs[i].model))
			continue;
		steady_report_add(w->report, STEADY_WARNING, 0);
		steady_report_host(w->report, w->inputs[i].name);
		steady_report_subject(w->report, "MIDR_EL1", NULL);
		steady_report_reason(w->report, "it says which CPU guests take themselves for, and "
						"the new model does not: that takes --identity");
	}
	if (!q->identity)
		return 0;
	result = steady_identity_choose(m->implementations, m->implementation_count, q->cpu, &cpu,
					w->report);
	if (result)
		return result;
	for (size_t i = 0; i < w->count; i++) {
		const struct steady_input *in = &w->inputs[i];

		if (in->profile ? !steady_profile_takes_identity(in->profile, &cpu)
				: !model_takes(in->model, &cpu))
			result = cannot_tell(w, i, &cpu);
	}
	steady_model_set_identity(m, &cpu);
	return result;
}

int steady_work_outside_pick(const struct steady_work *w)
{
	int r = pick_ctr(w);

	r = r ? r : pick_caches(w);
	if (!r)
		pick_unvirtualised(w);
	return r ? r : pick_identity(w);
}
