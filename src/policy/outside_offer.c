/* SPDX-License-Identifier: MIT */
/*
 * Joint offers outside the core ID range. CTR_EL0 is sets, field by field. Of the caches a host
 * takes any description or shows its own, so what is in common is one that is fixed, or, of those
 * that may be chosen, the one that needs most care: that order is total, so the AND stays
 * associative, commutative and idempotent.
 */
#include <string.h>

#include "policy/offer.h"
#include "policy/outside.h"

unsigned int steady_ctr_first(void)
{
	return steady_registers[steady_outside_register(STEADY_OUTSIDE_CTR)].first;
}

unsigned int steady_ctr_fields(void)
{
	unsigned int count = steady_registers[steady_outside_register(STEADY_OUTSIDE_CTR)].fields;

	return count < STEADY_CTR_ROOM ? count : STEADY_CTR_ROOM;
}

void steady_outside_all(struct steady_outside_offer *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned int i = 0; i < steady_ctr_fields(); i++)
		out->ctr[i] = steady_set_range(&steady_fields[steady_ctr_first() + i], 0, 0xff);
}

static void take_caches(const struct steady_profile *p, const struct steady_configuration *c,
			struct steady_outside_offer *out)
{
	static const char *const lines[] = {"CTR_EL0.DminLine", "CTR_EL0.IminLine"};
	static const char idc[] = "CTR_EL0.IDC";
	const struct steady_field *clean =
		&steady_fields[steady_field_by_name(idc, sizeof(idc) - 1)];
	int reg = steady_outside_register(STEADY_OUTSIDE_CLIDR);
	const struct steady_reading *ctr = &c->reg[clean->reg];
	struct steady_caches all = {0};
	uint64_t mask;

	if (c->reg[reg].state != STEADY_VALUE || ctr->state != STEADY_VALUE || !p->cache_count ||
	    !steady_profile_mask(p, reg, &mask))
		return;
	for (size_t i = 0; i < p->cache_count; i++) {
		int number = steady_cache_number(p->caches[i].id);

		if (number < 0 || !steady_clidr_has(c->reg[reg].value, (unsigned int)number))
			continue;
		if (p->caches[i].reading.state != STEADY_VALUE)
			return;
		all.has |= UINT32_C(1) << number;
		all.value[number] = (uint32_t)p->caches[i].reading.value;
	}
	out->ccsidr = all;
	out->clidr = c->reg[reg].value;
	out->caches_known = true;
	out->caches = mask ? STEADY_CACHES_ANY : STEADY_CACHES_FIXED;
	out->clean = mask && !steady_field_get(clean, ctr->value);
	for (int i = 0; i < 2 && mask; i++) {
		int row = steady_field_by_name(lines[i], strlen(lines[i]));

		out->line[i] = (uint8_t)steady_field_get(&steady_fields[row], ctr->value);
	}
}

void steady_outside_of(const struct steady_profile *p, struct steady_outside_offer *out)
{
	const struct steady_configuration *c = &p->configurations[0];

	steady_outside_all(out);
	if (!p->configuration_count)
		return;
	out->ctr_known = steady_profile_tells_ctr(p);
	for (unsigned int i = 0; out->ctr_known && i < steady_ctr_fields(); i++) {
		steady_set set;

		if (steady_offer_field(p, c, steady_ctr_first() + i, &set))
			out->ctr[i] = set;
		else
			out->ctr_known = false;
	}
	take_caches(p, c, out);
}

/* Which of two descriptions needs more care; any order will do beyond that, if it is total. */
static bool needs_more(const struct steady_outside_offer *a, const struct steady_outside_offer *b)
{
	bool x = steady_clidr_claims_coherence(a->clidr);
	bool y = steady_clidr_claims_coherence(b->clidr);

	if (x != y)
		return y;
	if (a->clidr != b->clidr)
		return a->clidr > b->clidr;
	return memcmp(&a->ccsidr, &b->ccsidr, sizeof(a->ccsidr)) > 0;
}

static bool same(const struct steady_outside_offer *a, const struct steady_outside_offer *b)
{
	return a->clidr == b->clidr && memcmp(&a->ccsidr, &b->ccsidr, sizeof(a->ccsidr)) == 0;
}

static void and_caches(struct steady_outside_offer *a, const struct steady_outside_offer *b)
{
	bool take = b->caches > a->caches ||
		    (b->caches == a->caches && a->caches == STEADY_CACHES_ANY && needs_more(b, a));

	a->caches_known = a->caches_known && b->caches_known;
	a->clean = a->clean || b->clean;
	for (int i = 0; i < 2; i++)
		a->line[i] = a->line[i] > b->line[i] ? a->line[i] : b->line[i];
	if (a->caches == STEADY_CACHES_FIXED && b->caches == STEADY_CACHES_FIXED && !same(a, b)) {
		a->caches = STEADY_CACHES_DIFFER;
		a->clidr = 0;
		memset(&a->ccsidr, 0, sizeof(a->ccsidr));
	}
	if (!take)
		return;
	a->caches = b->caches;
	a->clidr = b->clidr;
	a->ccsidr = b->ccsidr;
}

void steady_outside_and(struct steady_outside_offer *a, const struct steady_outside_offer *b)
{
	a->ctr_known = a->ctr_known && b->ctr_known;
	for (unsigned int i = 0; i < steady_ctr_fields(); i++)
		a->ctr[i] = steady_set_and(&steady_fields[steady_ctr_first() + i], a->ctr[i],
					   b->ctr[i]);
	and_caches(a, b);
}

bool steady_outside_equal(const struct steady_outside_offer *a,
			  const struct steady_outside_offer *b)
{
	return a->ctr_known == b->ctr_known && a->caches_known == b->caches_known &&
	       a->caches == b->caches && a->clean == b->clean && a->line[0] == b->line[0] &&
	       a->line[1] == b->line[1] && same(a, b) &&
	       memcmp(a->ctr, b->ctr, sizeof(a->ctr)) == 0;
}

bool steady_outside_caches_differ(const struct steady_outside_offer *o)
{
	static const char size[] = "CCSIDR_EL1.LineSize";
	const struct steady_field *f = &steady_fields[steady_field_by_name(size, sizeof(size) - 1)];

	if (o->caches != STEADY_CACHES_FIXED)
		return o->caches == STEADY_CACHES_DIFFER;
	if (o->clean && steady_clidr_claims_coherence(o->clidr))
		return true;
	for (unsigned int i = 0; i < STEADY_CACHES; i++) {
		/* LineSize counts from 16 bytes, the other from 4 (set_ccsidr()) */
		if (o->ccsidr.has >> i & 1 &&
		    steady_field_get(f, o->ccsidr.value[i]) + 2 < o->line[i & 1])
			return true;
	}
	return false;
}

void steady_outside_of_model(const struct steady_model *m, struct steady_outside_offer *out)
{
	int ctr = steady_outside_register(STEADY_OUTSIDE_CTR);
	int clidr = steady_outside_register(STEADY_OUTSIDE_CLIDR);

	steady_outside_all(out);
	out->ctr_known = m->has[ctr];
	for (unsigned int i = 0; m->has[ctr] && i < steady_ctr_fields(); i++) {
		const struct steady_field *f = &steady_fields[steady_ctr_first() + i];

		out->ctr[i] = steady_set_one(f, steady_field_get(f, m->value[ctr]));
	}
	if (!m->has[clidr])
		return;
	out->caches_known = true;
	out->caches = STEADY_CACHES_FIXED;
	out->clidr = m->value[clidr];
	out->ccsidr = m->caches;
}
