/* SPDX-License-Identifier: MIT */
#include "brute.h"
#include "orders.h"

#include <string.h>

static int64_t as_number(const struct steady_field *f, uint64_t v)
{
	if (f->kvm_signed && v >> (f->width - 1) & 1)
		return (int64_t)v - (INT64_C(1) << f->width);
	return (int64_t)v;
}

/* arm64_ftr_safe_value(), arch/arm64/kernel/cpufeature.c */
static int64_t safe_value(const struct steady_field *f, int64_t a, int64_t b)
{
	switch (f->kvm_rule) {
	case STEADY_KVM_LOWER:
		return a < b ? a : b;
	case STEADY_KVM_HIGHER_OR_ZERO:
		if (!a || !b)
			return 0;
		/* fall through */
	case STEADY_KVM_HIGHER:
		return a > b ? a : b;
	default:
		return f->kvm_safe;
	}
}

/* The checks before it: set_id_aa64dfr0_el1(), set_id_dfr0_el1(), set_id_aa64pfr0_el1(). */
static bool refused_before(const char *name, uint64_t v)
{
	if (strcmp(name, "ID_AA64DFR0_EL1.DebugVer") == 0 ||
	    strcmp(name, "ID_DFR0_EL1.CopDbg") == 0)
		return v < 6;
	if (strcmp(name, "ID_DFR0_EL1.PerfMon") == 0)
		return v == 1 || v == 2;
	if (strcmp(name, "ID_AA64PFR0_EL1.EL0") == 0 || strcmp(name, "ID_AA64PFR0_EL1.EL1") == 0)
		return v == 0;
	return false;
}

/* A newer kernel's field in a nibble without a name: less of it, or of each of its single bits. */
static bool nameless_accepts(const struct steady_field *f, uint64_t writable, uint64_t limit,
			     uint64_t value)
{
	uint64_t mask = writable >> f->lsb & (steady_field_mask(f) >> f->lsb);

	if (mask == steady_field_mask(f) >> f->lsb)
		return value < limit;
	return (limit | value) == limit && ((limit ^ value) | mask) == mask;
}

bool brute_accepts(const struct steady_profile *p, const struct steady_configuration *c,
		   unsigned int field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[field];
	uint64_t limit = c->reg[f->reg].value >> f->lsb & (steady_field_mask(f) >> f->lsb);
	int64_t a = as_number(f, value), b = as_number(f, limit);
	char name[STEADY_FULLNAME];

	if (a == b)
		return true;
	if (c->accepted && c->accepted[field].known && f->width <= 4) /* a record is the truth */
		return c->accepted[field].values >> value & 1;
	if (p->writable[f->reg].state != STEADY_VALUE)
		return false;
	if (f->flags & STEADY_FIELD_RESERVED && f->width <= 4)
		return nameless_accepts(f, p->writable[f->reg].value, limit, value);
	if (~p->writable[f->reg].value & steady_field_mask(f))
		return false;
	if (f->kvm_rule ==
	    STEADY_KVM_NONE) /* known to a newer kernel only, which can leave it out */
		return value == 0 && f->width <= 4;
	return safe_value(f, a, b) == a &&
	       !refused_before(steady_field_fullname(field, name, sizeof(name)), value);
}

void brute_offer(const struct steady_profile *p, const struct steady_configuration *c,
		 unsigned int field, struct brute *out)
{
	const struct steady_field *f = &steady_fields[field];
	uint64_t limit = c->reg[f->reg].value >> f->lsb & (steady_field_mask(f) >> f->lsb);

	memset(out, 0, sizeof(*out));
	out->values = 1u << f->width;
	for (uint64_t v = 0; v < out->values; v++) {
		enum steady_compare stands = orders_compare(field, v, limit);
		bool within = stands == STEADY_LESS || stands == STEADY_SAME ||
			      orders_is_for_any(field, v);

		out->has[v] = (v == limit || (orders_legal(field, v) && within)) &&
			      brute_accepts(p, c, field, v);
	}
	/* of what has no name a guest is told nothing, if that can be had */
	if (f->flags & STEADY_FIELD_RESERVED && out->has[0])
		memset(out->has + 1, 0, sizeof(out->has) - sizeof(out->has[0]));
}

void brute_and(struct brute *a, const struct brute *b)
{
	for (unsigned int v = 0; v < a->values; v++)
		a->has[v] = a->has[v] && b->has[v];
}

bool brute_empty(const struct brute *b)
{
	for (unsigned int v = 0; v < b->values; v++) {
		if (b->has[v])
			return false;
	}
	return true;
}

bool brute_is_greatest(const struct brute *b, unsigned int field, uint64_t value)
{
	if (value >= b->values || !b->has[value])
		return false;
	for (uint64_t v = 0; v < b->values; v++) {
		if (b->has[v] && orders_compare(field, v, value) == STEADY_MORE)
			return false;
	}
	return true;
}

uint64_t brute_top(const struct brute *b, unsigned int field)
{
	uint64_t top = 0;
	bool any = false;

	for (uint64_t v = 0; v < b->values; v++) {
		if (!b->has[v])
			continue;
		if (!any || orders_taken_before(field, v, top))
			top = v;
		any = true;
	}
	return top;
}

static bool joint(struct steady_profile *const *p, size_t count, uint32_t options,
		  struct brute *all)
{
	for (size_t k = 0; k < count; k++) {
		const struct steady_configuration *c =
			steady_profile_find(p[k], options, STEADY_GICV3);

		for (unsigned int i = 0; c && i < steady_offer_fields(); i++) {
			struct brute one;

			brute_offer(p[k], c, steady_offer_first() + i, k ? &one : &all[i]);
			if (k)
				brute_and(&all[i], &one);
			if (brute_empty(&all[i]) ||
			    (steady_fields[steady_offer_first() + i].flags & STEADY_FIELD_RESERVED &&
			     !all[i].has[0]))
				return false;
		}
		if (!c)
			return false;
	}
	return true;
}

static bool binds(struct steady_profile *const *p, size_t count, uint32_t options,
		  unsigned int rule)
{
	if (steady_rules[rule].closes != STEADY_CLOSES_KEPT)
		return steady_rules[rule].closes == STEADY_CLOSES_ALWAYS;
	for (size_t k = 0; k < count; k++) {
		struct steady_view host;

		steady_configuration_view(steady_profile_find(p[k], options, STEADY_GICV3), &host);
		if (orders_rule_holds(rule, &host) == STEADY_NO)
			return false;
	}
	return true;
}

static void put(struct steady_view *view, unsigned int field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[field];

	view->value[f->reg] = steady_field_put(f, view->value[f->reg], value);
	view->known[f->reg] = true;
}

/*
 * A value goes if the rule is broken with the most that the other fields still have: less of them
 * never keeps a rule that more broke (see src/policy/close.c).
 */
static bool strike(unsigned int rule, struct brute *all, struct steady_view *view)
{
	unsigned int field = (unsigned int)steady_rules[rule].lower;
	struct brute *b = &all[field - steady_offer_first()];
	bool struck = false;

	for (uint64_t v = 0; v < b->values; v++) {
		if (!b->has[v])
			continue;
		put(view, field, v);
		if (orders_rule_holds(rule, view) != STEADY_NO)
			continue;
		b->has[v] = false;
		struck = true;
	}
	put(view, field, brute_top(b, field));
	return struck;
}

/* An error that names no field to lower (SVE or SME without FEAT_FP16): nothing is struck then. */
static bool law_broken(struct steady_profile *const *p, size_t count, uint32_t options,
		       const struct steady_view *view)
{
	for (unsigned int i = 0; i < steady_rule_total; i++) {
		bool keep = steady_rules[i].severity == STEADY_RULE_ERROR &&
			    steady_rules[i].closes == STEADY_CLOSES_NEVER &&
			    orders_rule_holds(i, view) == STEADY_NO;

		for (size_t k = 0; k < count && keep; k++) {
			struct steady_view host;

			steady_configuration_view(steady_profile_find(p[k], options, STEADY_GICV3),
						  &host);
			keep = orders_rule_holds(i, &host) != STEADY_NO;
		}
		if (keep)
			return true;
	}
	return false;
}

bool brute_cpu(struct steady_profile *const *p, size_t count, uint32_t options, struct brute *all)
{
	struct steady_view view = {{0}, {0}};
	bool bound[STEADY_RULE_ROOM], again = true;

	if (!joint(p, count, options, all))
		return false;
	for (unsigned int i = 0; i < steady_rule_total; i++)
		bound[i] = binds(p, count, options, i);
	for (unsigned int i = 0; i < steady_offer_fields(); i++)
		put(&view, steady_offer_first() + i, brute_top(&all[i], steady_offer_first() + i));
	while (again) {
		again = false;
		for (unsigned int i = steady_rule_total; i-- > 0;) {
			if (!bound[i] || !strike(i, all, &view))
				continue;
			again = true;
			if (brute_empty(&all[(unsigned int)steady_rules[i].lower -
					     steady_offer_first()]))
				return false;
		}
	}
	return !law_broken(p, count, options, &view);
}
