/* SPDX-License-Identifier: MIT */
/*
 * Rules between fields: a baseline that is the greatest in every field by itself may still be no
 * CPU at all. Closing lowers fields until the rules hold.
 *
 * Which CPU comes out does not depend on the order of the rules. Say x is under y if no field of x
 * ranks higher than in y. The generator has seen to it (gen/rules.py) that of a closing rule
 * - `if` reads the field that it lowers, L, and less of L never makes `if` true;
 * - what else `if` reads is lowered by no rule, so it is the same in all that follows;
 * - more of a field other than L never makes `then` false.
 * So of two CPUs x and y that keep all rules, the one with the greater value of each field keeps
 * them too: where `if` holds of it, it holds of the one that its L is from; of that one `then`
 * holds, and of more still, with the same L. There is one greatest CPU g that keeps the rules, if
 * there is any. Lowering never goes under g: where a rule is broken at an x over g, either `if` is
 * false with g's value of L, or `then` is true with it (it is true of g, and x has more), so the
 * greatest value of L with which the rule holds is no less than g's. Each step lowers a field, so it
 * ends: at g, or where a field has no value left, and then there is no g.
 *
 * Errors that name no field to lower are left: a feature that excludes another, which less of
 * either never breaks, and those whose `then` is one feature, which CPUs that all keep the rule
 * have in common; only hosts that accept what is more or nothing (an offer with holes) can break
 * them together, and that is a conflict.
 */
#include "base/report.h"
#include "policy/policy.h"

struct closing {
	struct steady_model *model;
	const struct steady_cell *cell;
	steady_tolerable_fn *tolerable;
	const void *ctx;
	struct steady_report *report;
	struct steady_view view;
	bool lowered[STEADY_REGISTERS]; /* a field of this register was, by a rule */
	uint64_t before[STEADY_REGISTERS];
};

static bool binding(const struct steady_cell *cell, unsigned int rule)
{
	switch (steady_rules[rule].closes) {
	case STEADY_CLOSES_ALWAYS:
		return true;
	case STEADY_CLOSES_KEPT:
		return !steady_cell_breaks(cell, rule);
	default:
		return false;
	}
}

static uint64_t value_of(const struct closing *c, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];

	return steady_field_get(f, c->view.value[f->reg]);
}

static void put_value(struct closing *c, unsigned int field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[field];

	c->view.value[f->reg] = steady_field_put(f, c->view.value[f->reg], value);
}

/* The greatest value under the present one that is accepted and keeps the rule; false: none. */
static bool find_lower(struct closing *c, unsigned int rule, uint64_t *value)
{
	unsigned int field = (unsigned int)steady_rules[rule].lower;
	const struct steady_field *f = &steady_fields[field];
	steady_set set = *steady_cell_set(c->cell, field);
	uint64_t had = value_of(c, field), most = steady_field_mask(f) >> f->lsb;
	bool found = false;

	for (uint64_t v = 0; v <= most && v <= 0xff; v++) {
		if (!steady_set_has(f, set, v) ||
		    steady_field_rank(f, v) >= steady_field_rank(f, had) ||
		    (found && steady_field_rank(f, v) <= steady_field_rank(f, *value)))
			continue;
		put_value(c, field, v);
		if (steady_rule_state(rule, &c->view) == STEADY_NO)
			continue;
		*value = v;
		found = true;
	}
	put_value(c, field, found ? *value : had);
	return found;
}

/* A field that the rule's `then` reads and that an earlier step lowered, or -1. */
static int forced_by(const struct closing *c, unsigned int rule)
{
	uint16_t rows[64];
	size_t count = steady_rule_fields(rule, rows, 64);

	for (size_t i = 0; i < count && i < 64; i++) {
		const struct steady_field *f = &steady_fields[rows[i]];

		if (rows[i] != steady_rules[rule].lower && c->lowered[f->reg] &&
		    steady_field_get(f, c->before[f->reg]) != value_of(c, rows[i]))
			return rows[i];
	}
	return -1;
}

static void say_lowered(const struct closing *c, unsigned int rule, uint64_t had, uint64_t value)
{
	const struct steady_rule *r = &steady_rules[rule];
	const struct steady_field *f = &steady_fields[r->lower];
	int forced = forced_by(c, rule);
	char name[STEADY_FULLNAME];

	steady_report_add(c->report, STEADY_NOTE, 0);
	steady_report_rule(c->report, r->name);
	steady_report_subject(c->report, steady_registers[f->reg].name, f->name);
	steady_report_wanted(c->report, "%u", (unsigned int)had);
	steady_report_offered(c->report, "%u", (unsigned int)value);
	steady_report_reason(
		c->report, "lowered from %u to %u: %s needs %s%s%s%s%s%s", (unsigned int)had,
		(unsigned int)value, r->when, r->then, forced < 0 ? "" : ", and ",
		forced < 0 ? "" : steady_field_fullname((unsigned int)forced, name, sizeof(name)),
		forced < 0 ? "" : " had to be lowered", r->reason ? "; " : "",
		r->reason ? r->reason : "");
}

static int say_conflict(const struct closing *c, unsigned int rule)
{
	const struct steady_rule *r = &steady_rules[rule];
	const struct steady_field *f = &steady_fields[r->lower];

	steady_report_add(c->report, STEADY_ERROR, STEADY_ECONFLICT);
	steady_report_rule(c->report, r->name);
	steady_report_subject(c->report, steady_registers[f->reg].name, f->name);
	steady_report_reason(c->report,
			     "%s needs %s, which not all hosts have, and no value that does "
			     "without it is accepted by all%s%s",
			     r->when, r->then, r->reason ? "; " : "", r->reason ? r->reason : "");
	steady_report_advice(c->report,
			     "leave out a host that lacks it, or accept it: --tolerate %s.%s",
			     steady_registers[f->reg].name, f->name);
	return -STEADY_ECONFLICT;
}

/* Whether the guests of every host see the rule kept, and it is one that no CPU breaks. */
static bool is_law(const struct steady_cell *cell, unsigned int rule)
{
	return steady_rules[rule].severity == STEADY_RULE_ERROR &&
	       steady_rules[rule].closes == STEADY_CLOSES_NEVER && !steady_cell_breaks(cell, rule);
}

static bool reads_tolerable(const struct closing *c, unsigned int rule)
{
	uint16_t rows[64];
	size_t count = steady_rule_fields(rule, rows, 64);

	for (size_t i = 0; c->tolerable && i < count && i < 64; i++) {
		if (c->tolerable(c->ctx, rows[i]))
			return true;
	}
	return false;
}

/* After the closing: what is an error and has nothing to lower. */
static int check_laws(const struct closing *c)
{
	int result = 0;

	for (unsigned int i = 0; i < steady_rule_total; i++) {
		const struct steady_field *f;

		if (!is_law(c->cell, i) || steady_rule_state(i, &c->view) != STEADY_NO ||
		    reads_tolerable(c, i))
			continue;
		f = &steady_fields[steady_rule_subject(i)];
		steady_report_add(c->report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_rule(c->report, steady_rules[i].name);
		steady_report_subject(c->report, steady_registers[f->reg].name, f->name);
		steady_rule_explain(i, &c->view, c->report);
		steady_report_advice(c->report, "put these hosts in different pools: each keeps the "
						"rule, what they accept together does not");
		result = -STEADY_ECONFLICT;
	}
	return result;
}

/* Lowers what a broken rule names; *again if something changed. */
static int apply_rule(struct closing *c, unsigned int rule, bool *again)
{
	unsigned int field = (unsigned int)steady_rules[rule].lower;
	uint64_t had = value_of(c, field), value = had;
	char name[STEADY_FULLNAME];

	if (!find_lower(c, rule, &value)) {
		if (!c->tolerable || !c->tolerable(c->ctx, field))
			return say_conflict(c, rule);
		return steady_model_add_tolerated(c->model,
						  steady_field_fullname(field, name, sizeof(name)));
	}
	say_lowered(c, rule, had, value);
	c->lowered[steady_fields[field].reg] = true;
	*again = true;
	return 0;
}

int steady_close(struct steady_model *m, const struct steady_cell *cell,
		 steady_tolerable_fn *tolerable, const void *ctx, struct steady_report *report)
{
	struct closing c = {
		.model = m, .cell = cell, .tolerable = tolerable, .ctx = ctx, .report = report};
	bool again = true;
	int r = 0;

	steady_model_view(m, &c.view);
	for (int i = 0; i < STEADY_REGISTERS; i++)
		c.before[i] = c.view.value[i];
	while (again && !r) {
		again = false;
		for (unsigned int i = 0; i < steady_rule_total && !r; i++) {
			if (binding(cell, i) && steady_rule_state(i, &c.view) == STEADY_NO)
				r = apply_rule(&c, i, &again);
		}
	}
	r = r ? r : check_laws(&c);
	for (int i = 0; i < STEADY_REGISTERS && !r; i++)
		m->value[i] = c.view.value[i];
	return r;
}

/*
 * Whether only a hypervisor would ever notice, of a guest that has no EL2: one of the fields tells
 * of what EL2 alone can use. Of a version, which reads dozens, those that it asks for.
 */
static bool only_at_el2(const struct steady_model *m, unsigned int rule)
{
	const uint32_t el2 = UINT32_C(1) << STEADY_OPTION_EL2 |
			     UINT32_C(1) << STEADY_OPTION_EL2_E2H0;
	uint16_t rows[64];
	size_t count = steady_rules[rule].version ? steady_rule_then_fields(rule, rows, 64)
						  : steady_rule_fields(rule, rows, 64);

	for (size_t i = 0; !(m->options & el2) && i < count && i < 64; i++) {
		if (steady_fields[rows[i]].flags & STEADY_FIELD_EL2_ONLY)
			return true;
	}
	return false;
}

static void say(struct steady_report *report, unsigned int rule, const struct steady_view *view,
		uint32_t severity, int code)
{
	const struct steady_field *f = &steady_fields[steady_rule_subject(rule)];

	steady_report_add(report, severity, code);
	steady_report_rule(report, steady_rules[rule].name);
	steady_report_subject(report, steady_registers[f->reg].name, f->name);
	steady_rule_explain(rule, view, report);
}

void steady_close_warn(const struct steady_model *m, const struct steady_cell *cell,
		       struct steady_report *report)
{
	struct steady_view view;

	steady_model_view(m, &view);
	for (unsigned int i = 0; i < steady_rule_total; i++) {
		if (!steady_cell_breaks(cell, i) && steady_rule_state(i, &view) == STEADY_NO)
			say(report, i, &view, only_at_el2(m, i) ? STEADY_NOTE : STEADY_WARNING, 0);
	}
}

int steady_close_enforced(const struct steady_model *m, const struct steady_profile *p,
			  struct steady_report *report)
{
	bool enforced = steady_profile_behaves(p, STEADY_BEHAVIOUR_S1PIE_NEEDS_ATS1A);
	struct steady_view view;
	int result = 0;

	steady_model_view(m, &view);
	for (unsigned int i = 0; i < steady_rule_total; i++) {
		unsigned int field = steady_rule_subject(i);
		bool blocks = enforced && !steady_model_tolerates_field(m, field);

		if (steady_rules[i].closes != STEADY_CLOSES_ALWAYS ||
		    steady_rule_state(i, &view) != STEADY_NO)
			continue;
		say(report, i, &view, blocks ? STEADY_ERROR : STEADY_WARNING,
		    blocks ? STEADY_EBLOCKED : 0);
		if (!blocks)
			continue;
		steady_report_advice(report,
				     "make a baseline that includes this host, or let guests see it go: "
				     "--tolerate %s.%s",
				     steady_registers[steady_fields[field].reg].name,
				     steady_fields[field].name);
		result = -STEADY_EBLOCKED;
	}
	return result;
}
