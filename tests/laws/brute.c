/* SPDX-License-Identifier: MIT */
#include "brute.h"

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

bool brute_accepts(const struct steady_profile *p, const struct steady_configuration *c,
		   unsigned int field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[field];
	uint64_t limit = c->reg[f->reg].value >> f->lsb & (steady_field_mask(f) >> f->lsb);
	int64_t a = as_number(f, value), b = as_number(f, limit);
	char name[STEADY_FULLNAME];

	if (a == b)
		return true;
	if (f->kvm_rule == STEADY_KVM_NONE || p->writable[f->reg].state != STEADY_VALUE ||
	    ~p->writable[f->reg].value & steady_field_mask(f))
		return false;
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
		bool legal = f->width > 4 || f->legal >> v & 1;
		bool within = steady_field_compare(f, v, limit) == STEADY_LESS ||
			      (f->order == STEADY_ORDER_EXACT && v == f->fallback);

		out->has[v] = (v == limit || (legal && within)) && brute_accepts(p, c, field, v);
	}
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
		if (b->has[v] &&
		    steady_field_compare(&steady_fields[field], v, value) == STEADY_MORE)
			return false;
	}
	return true;
}
