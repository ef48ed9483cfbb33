/* SPDX-License-Identifier: MIT */
/*
 * A guest looked at from inside, by a program: the fields that its kernel shows are held against
 * the model. A kernel shows less than there is (boot options, errata, features that it does not
 * know), never more.
 */
#include <inttypes.h>

#include "base/report.h"
#include "policy/policy.h"

static bool is_known(const struct steady_model *m, const struct steady_view *seen, unsigned int row)
{
	int reg = steady_fields[row].reg;

	return seen->known[reg] && m->has[reg];
}

static void tell(unsigned int row, uint64_t wanted, uint64_t got, bool more,
		 struct steady_report *report)
{
	const struct steady_field *f = &steady_fields[row];

	steady_report_add(report, more ? STEADY_ERROR : STEADY_NOTE, more ? STEADY_EBLOCKED : 0);
	steady_report_subject(report, steady_registers[f->reg].name, f->name);
	steady_report_wanted(report, "%" PRIu64, wanted);
	steady_report_offered(report, "%" PRIu64, got);
	if (more)
		steady_report_reason(report, "this guest has what the model has not");
	else
		steady_report_reason(report, "lower than the model: perhaps hidden by this guest's "
					     "kernel");
}

static int look_at(const struct steady_model *m, const struct steady_view *seen, unsigned int row,
		   struct steady_seen *counts, struct steady_report *report)
{
	const struct steady_field *f = &steady_fields[row];
	uint64_t wanted = steady_field_get(f, m->value[f->reg]);
	uint64_t got = steady_field_get(f, seen->value[f->reg]);
	bool more;

	counts->visible++;
	if (wanted == got) {
		counts->equal++;
		return 0;
	}
	if (steady_model_lets(m, row, wanted, got)) {
		counts->tolerated++;
		return 0;
	}
	more = steady_field_compare(f, got, wanted) != STEADY_LESS;
	counts->lower += !more;
	tell(row, wanted, got, more, report);
	return more ? -STEADY_EBLOCKED : 0;
}

static int check_cpu(const struct steady_model *m, const struct steady_view *seen,
		     struct steady_report *report)
{
	int midr = steady_register_by_name("MIDR_EL1", 8);

	if (!m->implementation_count || !seen->known[midr])
		return 0;
	for (size_t i = 0; i < m->implementation_count; i++) {
		if (m->implementations[i].midr == seen->value[midr])
			return 0;
	}
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, "MIDR_EL1", NULL);
	steady_report_offered(report, "0x%016" PRIx64, seen->value[midr]);
	steady_report_reason(report, "a CPU that is not among the model's implementations");
	return -STEADY_EBLOCKED;
}

int steady_check_seen(const struct steady_model *m, const struct steady_view *seen,
		      struct steady_seen *counts, struct steady_report *report)
{
	int result;

	*counts = (struct steady_seen){0};
	result = check_cpu(m, seen, report);
	for (unsigned int i = 0; i < steady_visible_field_count; i++) {
		unsigned int row = steady_visible_fields[i];
		int r = is_known(m, seen, row) ? look_at(m, seen, row, counts, report) : 0;

		result = result ? result : r;
	}
	for (unsigned int row = 0; row < steady_field_count; row++)
		counts->fields += steady_register_is_core(steady_fields[row].reg) &&
				  !(steady_fields[row].flags & STEADY_FIELD_RESERVED);
	return result;
}
