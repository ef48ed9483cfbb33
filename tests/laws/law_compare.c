/* SPDX-License-Identifier: MIT */
/* `subset` is an order: antisymmetric and transitive, `superset` is its inverse. */
#include <string.h>

#include "laws.h"

static enum steady_relation relate(const struct steady_view *a, const struct steady_view *b)
{
	size_t count;

	return steady_relate(a, b, NULL, 0, &count);
}

static enum steady_relation inverse(enum steady_relation r)
{
	return r == STEADY_SUBSET ? STEADY_SUPERSET : r == STEADY_SUPERSET ? STEADY_SUBSET : r;
}

/* A neighbour: most often some fields less, now and then one more. */
static void step(struct laws *l, struct steady_view *v)
{
	unsigned int changes = laws_below(l, 4);

	for (unsigned int i = 0; i < changes; i++) {
		unsigned int row = steady_offer_first() + laws_below(l, steady_offer_fields());
		const struct steady_field *f = &steady_fields[row];
		uint64_t now = steady_field_get(f, v->value[f->reg]);
		uint64_t other = laws_random(l) & (steady_field_mask(f) >> f->lsb);

		if (steady_field_compare(f, other, now) == STEADY_LESS || laws_one_in(l, 16))
			v->value[f->reg] = steady_field_put(f, v->value[f->reg], other);
	}
	if (laws_one_in(l, 32))
		v->known[STEADY_CORE_FIRST + laws_below(l, STEADY_CORE_COUNT)] = false;
}

static bool at_most(enum steady_relation r)
{
	return r == STEADY_SUBSET || r == STEADY_IDENTICAL;
}

static void check(struct laws *l, const struct steady_view *a, const struct steady_view *b,
		  const struct steady_view *c)
{
	enum steady_relation ab = relate(a, b), bc = relate(b, c), ac = relate(a, c);
	bool known = memcmp(a->known, b->known, sizeof(a->known)) == 0 &&
		     memcmp(b->known, c->known, sizeof(a->known)) == 0;

	laws_hold(l, relate(a, a) == STEADY_IDENTICAL, "reflexive");
	laws_hold(l, relate(b, a) == inverse(ab), "antisymmetric: %s, and back %s",
		  steady_relation_name(ab), steady_relation_name(relate(b, a)));
	if (!known || !at_most(ab) || !at_most(bc))
		return;
	l->met++;
	laws_hold(l, at_most(ac), "transitive: %s, %s, but %s", steady_relation_name(ab),
		  steady_relation_name(bc), steady_relation_name(ac));
	laws_hold(l, (ac == STEADY_IDENTICAL) == (ab == STEADY_IDENTICAL && bc == STEADY_IDENTICAL),
		  "identical at the ends, not between");
}

int main(void)
{
	struct laws l;

	laws_start(&l, "law_compare", 20000);
	while (laws_next(&l)) {
		struct steady_view a = {0}, b, c;

		for (int i = 0; i < STEADY_REGISTERS; i++) {
			a.known[i] = steady_register_is_core(i);
			c.value[i] = laws_random(&l);
		}
		memcpy(a.value, c.value, sizeof(a.value));
		memcpy(c.known, a.known, sizeof(c.known));
		b = c;
		step(&l, &b);
		a = b;
		step(&l, &a);
		check(&l, &a, &b, &c);
	}
	return laws_end(&l, 3);
}
