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

/* One register; returns how many differences there are, counted on from `found`. */
static size_t relate_register(const struct steady_view *a, const struct steady_view *b, int reg,
			      struct steady_difference *out, size_t room, size_t found,
			      unsigned int *relation)
{
	const uint64_t x = a->value[reg], y = b->value[reg];
	const bool a_known = a->known[reg], b_known = b->known[reg], both = a_known && b_known;
	uint64_t unlike = both ? x ^ y : ~UINT64_C(0);

	/* the fields cover all 64 bits */
	for (unsigned int i = steady_registers[reg].first; unlike; i++) {
		const struct steady_field *f = &steady_fields[i];
		struct steady_difference d = {.field = (uint16_t)i, a_known, b_known};

		if (!(unlike & steady_field_mask(f)))
			continue;
		unlike &= ~steady_field_mask(f);
		d.a = steady_field_get(f, x);
		d.b = steady_field_get(f, y);
		d.compare = both ? steady_field_compare(f, d.a, d.b) : STEADY_UNORDERED;
		*relation |= d.compare;
		if (found < room)
			out[found] = d;
		found++;
	}
	return found;
}

enum steady_relation steady_relate(const struct steady_view *a, const struct steady_view *b,
				   struct steady_difference *differences, size_t room,
				   size_t *count)
{
	unsigned int relation = STEADY_IDENTICAL;
	size_t found = 0;

	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
		bool both = a->known[reg] && b->known[reg];

		/* equal registers need no look at their fields */
		if ((both && a->value[reg] == b->value[reg]) || (!a->known[reg] && !b->known[reg]))
			continue;
		found = relate_register(a, b, reg, differences, room, found, &relation);
	}
	*count = found;
	return relation;
}
