/* SPDX-License-Identifier: MIT */
/*
 * A baseline's firmware registers. Of most the joint offer has what every host lets a guest see;
 * a workaround's state is each host's own, and hosts that differ in it are at odds: their guests
 * move one way only.
 */
#include <inttypes.h>

#include "base/report.h"
#include "policy/work.h"
#include "policy/workaround.h"

/* ---- what a guest is told ---- */

/* Whether guests have FEAT_SSBS; by the cell, or by the model once its values are picked. */
static bool has_ssbs(const struct steady_work *w, const struct steady_cell *cell)
{
	static const char name[] = "ID_AA64PFR1_EL1.SSBS";
	unsigned int row = (unsigned int)steady_field_by_name(name, sizeof(name) - 1);
	const struct steady_field *f = &steady_fields[row];

	if (steady_work_no_value(cell, row))
		return steady_work_least(w, cell, row);
	return steady_set_greatest(f, *steady_cell_set(cell, row));
}

static uint64_t shown(const struct steady_firmware_offer *f, bool ssbs)
{
	return ssbs ? f->allowed : f->without_ssbs;
}

/* Of an input, which has the register: the joint offer has it too. */
static uint64_t level(const struct steady_work *w, size_t input, uint64_t id, bool ssbs)
{
	const struct steady_offer *o = w->offers[input];

	for (size_t i = 0; i < o->firmware_count; i++) {
		if (o->firmware[i].id == id)
			return shown(&o->firmware[i], ssbs);
	}
	return 0;
}

static bool differs(const struct steady_work *w, uint64_t id, bool ssbs)
{
	for (size_t i = 1; i < w->count; i++) {
		if (level(w, i, id, ssbs) != level(w, 0, id, ssbs))
			return true;
	}
	return false;
}

/* By models that are inputs: their hosts differ, and none of them has more than is taken. */
static bool inherited(const struct steady_work *w, const char *name, uint64_t id, uint64_t least,
		      bool ssbs)
{
	bool any = false;

	for (size_t i = 0; i < w->count; i++) {
		const struct steady_model *m = w->inputs[i].model;

		if (!m || !steady_model_tolerates_more_of(m, name))
			continue;
		if (level(w, i, id, ssbs) != least)
			return false;
		any = true;
	}
	return any;
}

static bool conflict(const struct steady_work *w, const struct steady_firmware_offer *joint,
		     bool ssbs)
{
	return steady_is_workaround(joint->id) && differs(w, joint->id, ssbs) &&
	       !steady_work_tolerates(w, steady_id_name(joint->id)) &&
	       !inherited(w, steady_id_name(joint->id), joint->id, shown(joint, ssbs), ssbs);
}

/* ---- what is at odds ---- */

const char *steady_work_firmware_first(const struct steady_work *w, const struct steady_cell *cell)
{
	bool ssbs = has_ssbs(w, cell);

	for (size_t i = 0; w->joint->firmware_known && i < w->joint->firmware_count; i++) {
		if (conflict(w, &w->joint->firmware[i], ssbs))
			return steady_id_name(w->joint->firmware[i].id);
	}
	return NULL;
}

unsigned int steady_work_firmware_conflicts(const struct steady_work *w,
					    const struct steady_cell *cell)
{
	bool ssbs = has_ssbs(w, cell);
	unsigned int count = 0;

	for (size_t i = 0; w->joint->firmware_known && i < w->joint->firmware_count; i++)
		count += conflict(w, &w->joint->firmware[i], ssbs);
	return count;
}

static void explain(const struct steady_work *w, uint64_t id, bool ssbs)
{
	const char *name = steady_id_name(id);

	for (size_t i = 0; i < w->count; i++) {
		steady_report_add(w->report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_host(w->report, w->inputs[i].name);
		steady_report_subject(w->report, name, NULL);
		steady_report_offered(w->report, "%" PRIu64, level(w, i, id, ssbs));
		steady_report_reason(w->report, "a guest sees what its host has, no write changes "
						"it, and it cannot move to a host that has less");
		steady_report_advice(w->report,
				     "put these hosts in different pools, or let guests move "
				     "to hosts as good as theirs only: --tolerate %s", name);
	}
}

void steady_work_firmware_explain(const struct steady_work *w, const struct steady_cell *cell)
{
	bool ssbs = has_ssbs(w, cell);

	for (size_t i = 0; w->joint->firmware_known && i < w->joint->firmware_count; i++) {
		if (conflict(w, &w->joint->firmware[i], ssbs))
			explain(w, w->joint->firmware[i].id, ssbs);
	}
}

/* ---- what is chosen ---- */

/* The least, of which hosts have more; each of these is told. */
static int pick_least(const struct steady_work *w, const struct steady_firmware_offer *joint,
		      bool ssbs)
{
	const char *name = steady_id_name(joint->id);
	uint64_t least = shown(joint, ssbs);

	for (size_t i = 0; i < w->count; i++) {
		uint64_t has = level(w, i, joint->id, ssbs);

		if (has == least)
			continue;
		steady_report_add(w->report, STEADY_WARNING, 0);
		steady_report_host(w->report, w->inputs[i].name);
		steady_report_subject(w->report, name, NULL);
		steady_report_wanted(w->report, "%" PRIu64, least);
		steady_report_offered(w->report, "%" PRIu64, has);
		steady_report_reason(w->report,
				     "the model has %" PRIu64 ", and a guest that starts here sees "
				     "%" PRIu64 ": it cannot move to hosts that have less",
				     least, has);
	}
	return steady_model_add_more(w->model, name);
}

int steady_work_firmware_pick(const struct steady_work *w, const struct steady_cell *cell)
{
	bool ssbs = has_ssbs(w, cell);
	int r = 0;

	if (!w->joint->firmware_known) {
		steady_report_add(w->report, STEADY_WARNING, 0);
		steady_report_subject(w->report, "firmware", NULL);
		steady_report_reason(w->report, "not captured on every host: the model says "
						"nothing about PSCI or hypercalls");
		return 0;
	}
	for (size_t i = 0; i < w->joint->firmware_count && !r; i++) {
		const struct steady_firmware_offer *f = &w->joint->firmware[i];
		const char *name = steady_is_workaround(f->id) ? steady_id_name(f->id) : NULL;

		r = steady_model_add_firmware(w->model, f->id,
					      name ? shown(f, ssbs) : f->allowed);
		/* a model whose own hosts differ says so of the new one's too */
		if (!r && name && (differs(w, f->id, ssbs) ||
				   inherited(w, name, f->id, shown(f, ssbs), ssbs)))
			r = pick_least(w, f, ssbs);
	}
	return r;
}
