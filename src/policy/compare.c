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

struct pair {
	const struct steady_view *a, *b;
	struct steady_run when; /* of the last register that had one, and whether it fails on one */
	bool is_void;
};

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

/* Whether the other field of its group is known of both, so that the two can be compared as one. */
static bool has_group(const struct steady_view *a, const struct steady_view *b,
		      const struct steady_field *f)
{
	const struct steady_group *g = f->group ? &steady_groups[f->group - 1] : NULL;
	bool known = g;

	for (int i = 0; g && i < 2; i++) {
		const unsigned int reg = steady_fields[g->field[i]].reg;

		known = known && a->known[reg] && b->known[reg];
	}
	return known;
}

struct steady_difference_basis steady_difference_basis(const struct steady_view *a,
						       const struct steady_view *b,
						       unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	struct steady_difference_basis basis = {
		.a_void = steady_register_counts(f->reg, a) == STEADY_NO,
		.b_void = steady_register_counts(f->reg, b) == STEADY_NO,
	};

	if (basis.a_void || basis.b_void)
		return basis;
	if (has_group(a, b, f)) {
		basis.group = &steady_groups[f->group - 1];
		return basis;
	}
	basis.a_void = steady_field_counts((int)field, a) == STEADY_NO;
	basis.b_void = steady_field_counts((int)field, b) == STEADY_NO;
	return basis;
}

/* A field that does not say all by itself. */
__attribute__((noinline)) static unsigned int judge(const struct pair *p,
						    const struct steady_field *f, uint64_t a,
						    uint64_t b)
{
	const struct steady_difference_basis basis =
		steady_difference_basis(p->a, p->b, (unsigned int)(f - steady_fields));

	if (basis.a_void || basis.b_void)
		return STEADY_SAME;
	return basis.group ? steady_group_compare(basis.group, p->a, p->b)
			   : steady_field_compare(f, a, b);
}

/* A register that only one of them has: nothing follows from any of its fields. */
static struct relating relate_unknown(struct relating r, const struct pair *p, int reg)
{
	const struct steady_register *of = &steady_registers[reg];

	for (unsigned int i = of->first; i < (unsigned int)of->first + of->fields; i++) {
		const struct steady_field *f = &steady_fields[i];

		add(&r, i, p->a->known[reg], p->b->known[reg],
		    steady_field_get(f, p->a->value[reg]), steady_field_get(f, p->b->value[reg]),
		    STEADY_UNORDERED);
	}
	return r;
}

/*
 * What its fields say counts: STEADY_UNORDERED, all of it; STEADY_SAME, nothing, since the register
 * means nothing on one of them.
 */
static unsigned int counting(struct pair *p, int reg)
{
	const struct steady_run when = steady_registers[reg].when;

	if (!when.length)
		return STEADY_UNORDERED;
	if (when.start != p->when.start || when.length != p->when.length) {
		p->when = when; /* which all registers of AArch32 have in common */
		p->is_void = steady_register_counts(reg, p->a) == STEADY_NO ||
			     steady_register_counts(reg, p->b) == STEADY_NO;
	}
	return p->is_void ? STEADY_SAME : STEADY_UNORDERED;
}

/* Field by field, from the lowest bit on; `relating` is by value to stay in registers. */
static inline struct relating relate_register(struct relating r, struct pair *p, int reg, uint64_t x,
					      uint64_t y)
{
	const unsigned int plain = steady_plain_nibbles[reg], counts = counting(p, reg);
	uint64_t unlike = x ^ y;

	while (unlike) {
		unsigned int nibble = (unsigned int)__builtin_ctzll(unlike) / 4;
		uint64_t a = x >> 4 * nibble & 15, b = y >> 4 * nibble & 15;
		unsigned int row = steady_field_of_nibble[reg][nibble], compare;
		const struct steady_field *f;

		if (plain >> nibble & 1) {
			unlike &= ~(UINT64_C(15) << 4 * nibble);
			add(&r, row, true, true, a, b,
			    (a < b ? STEADY_LESS : STEADY_MORE) & counts);
			continue;
		}
		f = &steady_fields[row];
		while (!(unlike & -unlike & steady_field_mask(f))) /* narrower than a nibble */
			f++;
		unlike &= ~steady_field_mask(f);
		a = steady_field_get(f, x);
		b = steady_field_get(f, y);
		if (!counts)
			compare = STEADY_SAME;
		else if (f->group || f->when.length != steady_registers[reg].when.length)
			compare = judge(p, f, a, b);
		else
			compare = steady_field_compare(f, a, b);
		add(&r, (unsigned int)(f - steady_fields), true, true, a, b, compare);
	}
	return r;
}

enum steady_relation steady_relate(const struct steady_view *a, const struct steady_view *b,
				   struct steady_difference *differences, size_t room,
				   size_t *count)
{
	struct relating r = {.out = differences, .room = room, .relation = STEADY_IDENTICAL};
	struct pair p = {.a = a, .b = b};

	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
		const bool a_known = a->known[reg], b_known = b->known[reg];

		if (a_known && b_known && a->value[reg] != b->value[reg])
			r = relate_register(r, &p, reg, a->value[reg], b->value[reg]);
		else if (a_known != b_known)
			r = relate_unknown(r, &p, reg);
	}
	*count = r.found;
	return r.relation;
}
