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
	if (one == STEADY_IDENTICAL || one == other)
		return other;
	return other == STEADY_IDENTICAL ? one : STEADY_INCOMPATIBLE;
}

/* Adds one difference to what is known of the relation so far. */
static enum steady_relation join(enum steady_relation so_far, enum steady_compare c)
{
	enum steady_relation one = c == STEADY_SAME   ? STEADY_IDENTICAL
				   : c == STEADY_LESS ? STEADY_SUBSET
				   : c == STEADY_MORE ? STEADY_SUPERSET
						      : STEADY_INCOMPATIBLE;

	return steady_relation_join(so_far, one);
}

enum steady_relation steady_relate_vl(const struct steady_vl *a, const struct steady_vl *b)
{
	if (steady_vl_equal(a, b))
		return STEADY_IDENTICAL;
	if (steady_vl_is_prefix(a, b))
		return STEADY_SUBSET;
	return steady_vl_is_prefix(b, a) ? STEADY_SUPERSET : STEADY_INCOMPATIBLE;
}

/* One register; `found` counts on from the registers before it. */
static enum steady_relation relate_register(const struct steady_view *a,
					    const struct steady_view *b, int reg,
					    enum steady_relation so_far,
					    struct steady_difference *out, size_t room,
					    size_t *found)
{
	const struct steady_register *r = &steady_registers[reg];

	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		const struct steady_field *f = &steady_fields[i];
		struct steady_difference d = {
			.field = (uint16_t)i,
			.a_known = a->known[reg],
			.b_known = b->known[reg],
			.a = steady_field_get(f, a->value[reg]),
			.b = steady_field_get(f, b->value[reg]),
			.compare = STEADY_UNORDERED,
		};

		if (d.a_known && d.b_known)
			d.compare = steady_field_compare(f, d.a, d.b);
		if (d.compare == STEADY_SAME && d.a == d.b)
			continue;
		so_far = join(so_far, d.compare);
		if (*found < room)
			out[*found] = d;
		(*found)++;
	}
	return so_far;
}

enum steady_relation steady_relate(const struct steady_view *a, const struct steady_view *b,
				   struct steady_difference *differences, size_t room,
				   size_t *count)
{
	enum steady_relation relation = STEADY_IDENTICAL;
	size_t found = 0;

	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
		bool both = a->known[reg] && b->known[reg];

		/* equal registers need no look at their fields */
		if ((both && a->value[reg] == b->value[reg]) || (!a->known[reg] && !b->known[reg]))
			continue;
		relation = relate_register(a, b, reg, relation, differences, room, &found);
	}
	*count = found;
	return relation;
}
