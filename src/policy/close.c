/* SPDX-License-Identifier: MIT */
#include "base/report.h"
#include "policy/policy.h"

static bool holds(const struct steady_model *m, const struct steady_closing_row *row)
{
	const struct steady_field *f = &steady_fields[row->field];
	const struct steady_field *needs = &steady_fields[row->needs];

	if (!m->has[f->reg] || !m->has[needs->reg])
		return true;
	return steady_field_get(f, m->value[f->reg]) < row->from ||
	       steady_field_get(needs, m->value[needs->reg]) >= row->needs_from;
}

/* The greatest value below the rule's trigger that every host takes; false if there is none. */
static bool lower(const struct steady_cell *cell, const struct steady_closing_row *row,
		  uint64_t *value)
{
	const struct steady_field *f = &steady_fields[row->field];
	steady_set below = steady_set_and(f, *steady_cell_set(cell, row->field),
					  steady_set_range(f, 0, row->from - 1u));

	if (steady_set_empty(f, below))
		return false;
	*value = steady_set_greatest(f, below);
	return true;
}

bool steady_close_stuck(const struct steady_model *m, const struct steady_cell *cell,
			const struct steady_closing_row *row)
{
	uint64_t value;

	return !holds(m, row) && !lower(cell, row, &value);
}

static int apply_row(struct steady_model *m, const struct steady_cell *cell,
		     const struct steady_closing_row *row, struct steady_report *report)
{
	const struct steady_field *f = &steady_fields[row->field];
	char needs[STEADY_FULLNAME];
	uint64_t had = steady_field_get(f, m->value[f->reg]), value;

	steady_field_fullname(row->needs, needs, sizeof(needs));
	if (!lower(cell, row, &value)) {
		if (steady_model_tolerates_field(m, row->field))
			return 0;
		steady_report_add(report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_subject(report, steady_registers[f->reg].name, f->name);
		steady_report_reason(report, "needs %s >= %u, and no host lets it be lowered (%s)",
				     needs, row->needs_from, row->reason);
		steady_report_advice(report, "accept that a guest may see it change: --tolerate "
				     "%s.%s", steady_registers[f->reg].name, f->name);
		return -STEADY_ECONFLICT;
	}
	m->value[f->reg] = steady_field_put(f, m->value[f->reg], value);
	steady_report_add(report, STEADY_NOTE, 0);
	steady_report_subject(report, steady_registers[f->reg].name, f->name);
	steady_report_wanted(report, "%u", (unsigned int)had);
	steady_report_offered(report, "%u", (unsigned int)value);
	steady_report_reason(report, "lowered from %u to %u: it needs %s >= %u (%s)",
			     (unsigned int)had, (unsigned int)value, needs, row->needs_from,
			     row->reason);
	return 0;
}

int steady_close(struct steady_model *m, const struct steady_cell *cell,
		 struct steady_report *report)
{
	bool again = true;
	int result = 0;

	/* A lowering may break a rule that held before. Each round that goes on lowers a field. */
	while (again && !result) {
		again = false;
		for (unsigned int i = 0; i < steady_closing_count && !result; i++) {
			const struct steady_closing_row *row = &steady_closing[i];
			uint64_t before = m->value[steady_fields[row->field].reg];

			if (holds(m, row))
				continue;
			result = apply_row(m, cell, row, report);
			if (m->value[steady_fields[row->field].reg] != before)
				again = true;
		}
	}
	return result;
}
