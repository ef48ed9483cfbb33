/* SPDX-License-Identifier: MIT */
/*
 * What CPUs have in common by the architecture, whatever a kernel lets be written. What hosts all
 * accept is often less; a baseline says where (baseline.c).
 */
#include "policy/policy.h"

struct meet {
	const struct steady_view *views;
	size_t count;
	struct steady_offer *offer; /* of one cell: what each field may be called */
	struct steady_cell *cell;
	struct steady_model *model;
};

static uint64_t value_of(const struct steady_view *view, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];

	return steady_field_get(f, view->value[f->reg]);
}

/* What a CPU with this value may be called; of wide fields an interval. */
static steady_set within(const struct steady_field *f, uint64_t value)
{
	uint64_t most = steady_field_mask(f) >> f->lsb;
	steady_set set;

	if (f->width <= 4)
		return steady_field_within(f, value);
	if (f->order == STEADY_ORDER_LOWER && !f->is_signed)
		return steady_set_range(f, 0, value);
	if (f->order == STEADY_ORDER_HIGHER)
		return steady_set_range(f, value, most);
	set = steady_set_one(f, value);
	return steady_set_empty(f, set) ? steady_set_one(f, 0) : set;
}

static void put(struct meet *m, unsigned int field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[field];

	m->model->value[f->reg] = steady_field_put(f, m->model->value[f->reg], value);
	m->model->has[f->reg] = true;
}

/*
 * Of values that have nothing in common: the least that a CPU may have. PMUVer 0xF, a PMU that is
 * none of Arm's, and a version of Arm's leave no PMU.
 */
static uint64_t least(const struct steady_field *f)
{
	uint64_t most = steady_field_mask(f) >> f->lsb, value = 0;
	bool any = false;

	for (uint64_t v = 0; v <= most && f->width <= 4; v++) {
		if (!(f->legal >> v & 1) ||
		    (any && steady_field_rank(f, v) >= steady_field_rank(f, value)))
			continue;
		value = v;
		any = true;
	}
	return value;
}

static void meet_field(struct meet *m, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	steady_set *set = steady_cell_set(m->cell, field);

	*set = within(f, value_of(&m->views[0], field));
	for (size_t i = 1; i < m->count; i++)
		*set = steady_set_and(f, *set, within(f, value_of(&m->views[i], field)));
	put(m, field, steady_set_empty(f, *set) ? least(f) : steady_set_greatest(f, *set));
}

static void meet_group(struct meet *m, const struct steady_group *g)
{
	unsigned int common = 0xffff;
	int first = steady_group_state(g, &m->views[0]), best = -1;
	bool same = true;

	for (size_t i = 0; i < m->count; i++) {
		int state = steady_group_state(g, &m->views[i]);

		if (state < 0)
			return; /* values that nobody has described: field by field */
		common &= g->within[state];
		same = same && state == first;
	}
	for (int i = 0; i < g->states; i++) {
		if (common >> i & 1)
			best = i;
	}
	if (same)
		best = first;
	for (int i = 0; i < 2 && best >= 0; i++) {
		const struct steady_field *f = &steady_fields[g->field[i]];

		*steady_cell_set(m->cell, g->field[i]) = within(f, g->value[best][i]);
		put(m, g->field[i], g->value[best][i]);
	}
}

static int meet(struct meet *m, const struct steady_cell *cell, struct steady_view *out)
{
	int r;

	for (size_t i = 0; i < sizeof(cell->breaks); i++)
		m->cell->breaks[i] = cell->breaks[i];
	for (unsigned int i = 0; i < steady_offer_fields(); i++)
		meet_field(m, steady_offer_first() + i);
	for (unsigned int i = 0; i < steady_group_count; i++)
		meet_group(m, &steady_groups[i]);
	r = steady_close(m->model, m->cell, NULL, NULL, NULL);
	if (r == -STEADY_ECONFLICT) /* a field that may not be called less: it stays as it is */
		r = 0;
	if (!r)
		steady_model_view(m->model, out);
	return r;
}

int steady_meet(const struct steady_view *views, size_t count, const struct steady_cell *cell,
		struct steady_view *out)
{
	struct meet m = {.views = views, .count = count};
	int r = -STEADY_ENOMEM;

	m.offer = steady_offer_alloc();
	m.cell = m.offer ? steady_offer_add(m.offer) : NULL;
	m.model = steady_model_alloc();
	if (m.cell && m.model)
		r = meet(&m, cell, out);
	steady_offer_free(m.offer);
	steady_model_free(m.model);
	return r;
}
