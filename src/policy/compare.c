/* SPDX-License-Identifier: MIT */
#include "policy/policy.h"

const char *steady_relation_name(enum steady_relation relation)
{
	static const char *const names[] = {
		[STEADY_IDENTICAL] = "identical",
		[STEADY_SUBSET] = "subset",
		[STEADY_SUPERSET] = "superset",
		[STEADY_INCOMPATIBLE] = "incompatible",
	};

	return names[relation];
}

enum steady_relation steady_relation_join(enum steady_relation one, enum steady_relation other)
{
	return one | other;
}

enum steady_relation steady_relate_vl(const struct steady_vl *a, const struct steady_vl *b)
{
	if (steady_vl_equal(a, b))
		return STEADY_IDENTICAL;
	if (steady_vl_is_prefix(a, b))
		return STEADY_SUBSET;
	return steady_vl_is_prefix(b, a) ? STEADY_SUPERSET : STEADY_INCOMPATIBLE;
}

struct relating {
	struct steady_difference *out;
	size_t room, found;
	unsigned int relation;
};

static inline void add(struct relating *r, unsigned int row, bool a_known, bool b_known, uint64_t a,
		       uint64_t b, unsigned int compare)
{
	r->relation |= compare;
	if (r->found < r->room) {
		struct steady_difference *d = &r->out[r->found];

		d->field = (uint16_t)row;
		d->a_known = a_known;
		d->b_known = b_known;
		d->a = a;
		d->b = b;
		d->compare = (uint8_t)compare;
	}
	r->found++;
}

/* A register that only one of them has: nothing follows from any of its fields. */
static void relate_unknown(struct relating *r, int reg, uint64_t x, uint64_t y, bool a_known,
			   bool b_known)
{
	const struct steady_register *of = &steady_registers[reg];

	for (unsigned int i = of->first; i < (unsigned int)of->first + of->fields; i++) {
		const struct steady_field *f = &steady_fields[i];

		add(r, i, a_known, b_known, steady_field_get(f, x), steady_field_get(f, y),
		    STEADY_UNORDERED);
	}
}

/* Field by field, from the lowest bit on; `relating` is by value to stay in registers. */
static struct relating relate_register(struct relating r, int reg, uint64_t x, uint64_t y)
{
	const unsigned int plain = steady_plain_nibbles[reg];
	uint64_t unlike = x ^ y;

	while (unlike) {
		unsigned int nibble = (unsigned int)__builtin_ctzll(unlike) / 4;
		uint64_t a = x >> 4 * nibble & 15, b = y >> 4 * nibble & 15;
		const struct steady_field *f;
		unsigned int row = steady_field_of_nibble[reg][nibble];

		if (plain >> nibble & 1) {
			unlike &= ~(UINT64_C(15) << 4 * nibble);
			add(&r, row, true, true, a, b, a < b ? STEADY_LESS : STEADY_MORE);
			continue;
		}
		f = &steady_fields[row];
		while (!(unlike & -unlike & steady_field_mask(f))) /* narrower than a nibble */
			f++;
		unlike &= ~steady_field_mask(f);
		a = steady_field_get(f, x);
		b = steady_field_get(f, y);
		add(&r, (unsigned int)(f - steady_fields), true, true, a, b,
		    steady_field_compare(f, a, b));
	}
	return r;
}

enum steady_relation steady_relate(const struct steady_view *a, const struct steady_view *b,
				   struct steady_difference *differences, size_t room,
				   size_t *count)
{
	struct relating r = {.out = differences, .room = room, .relation = STEADY_IDENTICAL};

	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
		const bool a_known = a->known[reg], b_known = b->known[reg];

		if (a_known && b_known && a->value[reg] != b->value[reg])
			r = relate_register(r, reg, a->value[reg], b->value[reg]);
		else if (a_known != b_known)
			relate_unknown(&r, reg, a->value[reg], b->value[reg], a_known, b_known);
	}
	*count = r.found;
	return r.relation;
}
