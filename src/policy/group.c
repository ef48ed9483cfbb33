/* SPDX-License-Identifier: MIT */
/*
 * Pairs of fields that tell one thing together (data/groups.tsv): the state that a CPU is in by
 * both, and how states compare.
 */
#include "policy/policy.h"

struct reading {
	uint64_t value[2]; /* 0 for a field that does not count */
	bool second;       /* whether the second field counts */
	int state;         /* or -1 */
};

static struct reading read_group(const struct steady_group *g, const struct steady_view *view)
{
	struct reading r = {.state = -1};

	for (int i = 0; i < 2; i++) {
		const struct steady_field *f = &steady_fields[g->field[i]];

		r.second = !f->when.length ||
			   steady_field_counts(g->field[i], view) != STEADY_NO;
		r.value[i] = r.second ? steady_field_get(f, view->value[f->reg]) : 0;
	}
	for (int i = 0; i < g->states && r.state < 0; i++) {
		if (g->value[i][0] == r.value[0] && g->value[i][1] == r.value[1])
			r.state = i;
	}
	return r;
}

int steady_group_state(const struct steady_group *g, const struct steady_view *view)
{
	return read_group(g, view).state;
}

static bool field_at_most(const struct steady_group *g, int which, uint64_t a, uint64_t b)
{
	return !(steady_field_compare(&steady_fields[g->field[which]], a, b) & STEADY_MORE);
}

/* Whether the first field is above all that was described: a CPU that is newer than these facts. */
static bool is_newer(const struct steady_group *g, const struct reading *r)
{
	const struct steady_field *f = &steady_fields[g->field[0]];

	for (int i = 0; i < g->states; i++) {
		if (steady_field_compare(f, g->value[i][0], r->value[0]) != STEADY_LESS)
			return false;
	}
	return true;
}

/* Values against some that nobody has described: field by field, if these are newer or go on. */
static bool beyond_at_most(const struct steady_group *g, const uint64_t a[2],
			   const struct reading *b)
{
	if (a[0] != b->value[0] && !is_newer(g, b))
		return false;
	return field_at_most(g, 0, a[0], b->value[0]) &&
	       (!b->second || field_at_most(g, 1, a[1], b->value[1]));
}

/*
 * Whether b offers all that a does. What nobody has described is above a state if one that offers
 * as much is below it field by field, and below none: so the whole is an order.
 */
static bool at_most(const struct steady_group *g, const struct reading *a, const struct reading *b)
{
	if (a->value[0] == b->value[0] && a->value[1] == b->value[1])
		return true;
	if (a->state >= 0 && b->state >= 0)
		return g->within[b->state] >> a->state & 1;
	if (b->state >= 0)
		return false;
	if (a->state < 0)
		return beyond_at_most(g, a->value, b);
	for (int i = 0; i < g->states; i++) {
		const uint64_t value[2] = {g->value[i][0], g->value[i][1]};

		if (g->within[i] >> a->state & 1 && beyond_at_most(g, value, b))
			return true;
	}
	return false;
}

enum steady_compare steady_group_compare(const struct steady_group *g, const struct steady_view *a,
					 const struct steady_view *b)
{
	const struct reading of_a = read_group(g, a), of_b = read_group(g, b);

	return (at_most(g, &of_b, &of_a) ? 0 : STEADY_LESS) |
	       (at_most(g, &of_a, &of_b) ? 0 : STEADY_MORE);
}
