/* SPDX-License-Identifier: MIT */
/* Conditions over fields: Arm's features, and when a field counts. */
#include <string.h>

#include "arch/tables.h"

unsigned int steady_feature_count(void)
{
	return steady_feature_total;
}

const char *steady_feature_name(unsigned int feature)
{
	return feature < steady_feature_total ? steady_features[feature].name : NULL;
}

const char *steady_feature_condition(unsigned int feature)
{
	return feature < steady_feature_total ? steady_features[feature].condition : NULL;
}

const char *steady_feature_mirror(unsigned int feature)
{
	return feature < steady_feature_total ? steady_features[feature].mirror : NULL;
}

const char *steady_feature_version(unsigned int feature)
{
	return feature < steady_feature_total ? steady_features[feature].version : NULL;
}

static const char prefix[] = "FEAT_";

int steady_feature_by_name(const char *name, size_t length)
{
	char full[64];
	const size_t before = sizeof(prefix) - 1;

	if (length >= before && steady_name_is(name, before, prefix))
		return steady_name_find(steady_feature_names, steady_feature_total, name, length);
	if (length > sizeof(full) - before)
		return -1;
	memcpy(full, prefix, before);
	memcpy(full + before, name, length);
	return steady_name_find(steady_feature_names, steady_feature_total, full, before + length);
}

const char *steady_feature_left_out(const char *name, size_t length)
{
	for (unsigned int i = 0; i < steady_left_out_count; i++) {
		const char *own = steady_left_out[i].name;

		if (steady_name_is(name, length, own) ||
		    steady_name_is(name, length, own + sizeof(prefix) - 1))
			return steady_left_out[i].why;
	}
	return NULL;
}

static enum steady_truth test(const struct steady_test *t, const struct steady_view *view)
{
	const struct steady_field *f = &steady_fields[t->field];
	int64_t value;

	if (!view->known[f->reg])
		return STEADY_UNKNOWN;
	value = steady_field_signed(f, steady_field_get(f, view->value[f->reg]));
	switch (t->op) {
	case STEADY_TEST_AT_LEAST:
		return value >= t->value ? STEADY_YES : STEADY_NO;
	case STEADY_TEST_BELOW:
		return value < t->value ? STEADY_YES : STEADY_NO;
	case STEADY_TEST_EQUAL:
		return value == t->value ? STEADY_YES : STEADY_NO;
	default:
		return value != t->value ? STEADY_YES : STEADY_NO;
	}
}

/* Kleene's logic: `decides` settles the result, whatever the other side is. */
static enum steady_truth join(enum steady_truth a, enum steady_truth b, enum steady_truth decides)
{
	if (a == decides || b == decides)
		return decides;
	return a == STEADY_UNKNOWN ? a : b;
}

static enum steady_truth program(struct steady_run run, const struct steady_view *view)
{
	enum steady_truth stack[STEADY_STACK] = {STEADY_YES};
	unsigned int n = 0;

	for (unsigned int i = 0; i < run.length; i++) {
		uint16_t word = steady_programs[run.start + i];

		switch (word) {
		case STEADY_WORD_AND:
			n--;
			stack[n - 1] = join(stack[n - 1], stack[n], STEADY_NO);
			break;
		case STEADY_WORD_OR:
			n--;
			stack[n - 1] = join(stack[n - 1], stack[n], STEADY_YES);
			break;
		case STEADY_WORD_NOT:
			if (stack[n - 1] != STEADY_UNKNOWN)
				stack[n - 1] = stack[n - 1] == STEADY_NO ? STEADY_YES : STEADY_NO;
			break;
		default:
			stack[n++] = test(&steady_tests[word], view);
		}
	}
	return stack[0];
}

enum steady_truth steady_run_state(struct steady_run run, const struct steady_view *view)
{
	if (run.length == 1) /* nearly all that are asked often */
		return test(&steady_tests[steady_programs[run.start]], view);
	return program(run, view);
}

enum steady_truth steady_feature_state(unsigned int feature, const struct steady_view *view)
{
	if (feature >= steady_feature_total)
		return STEADY_UNKNOWN;
	return steady_run_state(steady_features[feature].run, view);
}

enum steady_truth steady_feature_mirror_state(unsigned int feature, const struct steady_view *view)
{
	const struct steady_feature *f;

	if (feature >= steady_feature_total || steady_features[feature].mirror == NULL)
		return STEADY_UNKNOWN;
	f = &steady_features[feature];
	if (steady_run_state(f->mirror_when, view) != STEADY_YES)
		return STEADY_UNKNOWN;
	return steady_run_state(f->mirror_run, view);
}

enum steady_truth steady_field_counts(int field, const struct steady_view *view)
{
	if (field < 0 || (unsigned int)field >= steady_field_count)
		return STEADY_UNKNOWN;
	return steady_run_state(steady_fields[field].when, view);
}

enum steady_truth steady_register_counts(int reg, const struct steady_view *view)
{
	if (reg < 0 || reg >= STEADY_REGISTERS)
		return STEADY_UNKNOWN;
	return steady_run_state(steady_registers[reg].when, view);
}

size_t steady_field_features(int field, uint16_t *out, size_t room)
{
	size_t first, n;

	if (field < 0 || (unsigned int)field >= steady_field_count)
		return 0;
	first = steady_field_feature_start[field];
	n = steady_field_feature_start[field + 1] - first;
	for (size_t i = 0; i < n && i < room; i++)
		out[i] = steady_field_feature_list[first + i];
	return n;
}
