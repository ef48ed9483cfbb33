/* SPDX-License-Identifier: MIT */
/* Rules between fields. */
#include <string.h>

#include "arch/tables.h"

int steady_rule_by_name(const char *name, size_t length)
{
	for (unsigned int i = 0; i < steady_rule_total; i++)
		if (steady_name_is(name, length, steady_rules[i].name))
			return (int)i;
	return -1;
}

bool steady_rule_is(unsigned int rule, const char *name)
{
	const char *own;
	size_t kind;

	if (rule >= steady_rule_total)
		return false;
	own = steady_rules[rule].name;
	kind = strcspn(own, "-");
	return strcmp(own, name) == 0 || (strlen(name) == kind && memcmp(own, name, kind) == 0);
}

enum steady_truth steady_rule_applies(unsigned int rule, const struct steady_view *view)
{
	if (rule >= steady_rule_total || !steady_rules[rule].when)
		return STEADY_UNKNOWN;
	return steady_run_state(steady_rules[rule].when_run, view);
}

int steady_version_by_name(const char *name, size_t length)
{
	for (unsigned int i = 0; i < steady_version_count; i++)
		if (steady_name_is(name, length, steady_versions[i].name))
			return (int)i;
	return -1;
}

/* Whether a version (1 + its row, 0: none) has all that another one (the same) asks for. */
static bool includes(unsigned int version, unsigned int other)
{
	return version && version <= steady_version_count && other &&
	       steady_versions[version - 1].includes >> (other - 1) & 1;
}

enum steady_truth steady_rule_state_as(unsigned int rule, const struct steady_view *view,
				       unsigned int version)
{
	const struct steady_rule *r = &steady_rules[rule < steady_rule_total ? rule : 0];
	enum steady_truth when, then;

	if (rule >= steady_rule_total || !r->when)
		return STEADY_UNKNOWN;
	when = steady_run_state(includes(version, r->version) ? r->rest_run : r->when_run, view);
	if (when == STEADY_NO)
		return STEADY_YES;
	then = steady_run_state(r->then_run, view);
	return when == STEADY_YES || then == STEADY_YES ? then : STEADY_UNKNOWN;
}

enum steady_truth steady_rule_state(unsigned int rule, const struct steady_view *view)
{
	return steady_rule_state_as(rule, view, 0);
}

static size_t add_fields(struct steady_run run, uint16_t *out, size_t room, size_t n)
{
	for (unsigned int i = 0; i < run.length; i++) {
		uint16_t word = steady_programs[run.start + i];
		bool seen = word >= STEADY_WORD_AND;

		for (size_t k = 0; k < n && k < room && !seen; k++)
			seen = out[k] == steady_tests[word].field;
		if (seen)
			continue;
		if (n < room)
			out[n] = steady_tests[word].field;
		n++;
	}
	return n;
}

size_t steady_rule_fields(unsigned int rule, uint16_t *out, size_t room)
{
	size_t n;

	if (rule >= steady_rule_total)
		return 0;
	n = add_fields(steady_rules[rule].when_run, out, room, 0);
	return add_fields(steady_rules[rule].then_run, out, room, n);
}

size_t steady_rule_then_fields(unsigned int rule, uint16_t *out, size_t room)
{
	if (rule >= steady_rule_total)
		return 0;
	return add_fields(steady_rules[rule].then_run, out, room, 0);
}

unsigned int steady_rule_subject(unsigned int rule)
{
	enum { FEW = 6 }; /* a version reads dozens: then the subject is what is missing */
	const struct steady_rule *r = &steady_rules[rule];
	uint16_t rows[FEW] = {0};
	size_t n;

	if (r->lower >= 0)
		return (unsigned int)r->lower;
	/* what comes first are guards: exception levels, SVE, whether a mirror counts */
	n = add_fields(r->when_run, rows, FEW, 0);
	if (n > FEW)
		n = add_fields(r->then_run, rows, FEW, 0);
	return rows[n > FEW ? FEW - 1 : n ? n - 1 : 0];
}
