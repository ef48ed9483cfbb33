/* SPDX-License-Identifier: MIT */
/*
 * The orders of the data are those that orders.c has by hand, field by field and value by value,
 * and fields that it does not mention are plain numbers; rules hold where reading their text says
 * so.
 */
#include <stdio.h>
#include <string.h>

#include "laws.h"
#include "orders.h"

static void one_field(struct laws *l, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	const struct order *o = orders_of(field);
	char name[STEADY_FULLNAME];

	steady_field_fullname(field, name, sizeof(name));
	laws_hold(l, f->is_signed == (o && o->sign == 's'), "%s: its sign", name);
	if (f->width > 8)
		return;
	for (uint64_t a = 0; a <= steady_field_ones(f); a++) {
		laws_hold(l, f->width > 4 || (f->legal >> a & 1) == orders_legal(field, a),
			  "%s: %u is%s legal", name, (unsigned int)a,
			  orders_legal(field, a) ? "" : " not");
		for (uint64_t b = 0; b <= steady_field_ones(f); b++) {
			enum steady_compare c = steady_field_compare(f, a, b);

			laws_hold(l, c == orders_compare(field, a, b),
				  "%s: %u stands %d to %u, not %d", name, (unsigned int)a, (int)c,
				  (unsigned int)b, (int)orders_compare(field, a, b));
			laws_hold(l,
				  (steady_field_rank(f, a) > steady_field_rank(f, b)) ==
					  orders_taken_before(field, a, b),
				  "%s: which of %u and %u is taken", name, (unsigned int)a,
				  (unsigned int)b);
		}
	}
}

/* A CPU of small values, as rules speak of them. */
static void draw(struct laws *l, struct steady_view *view)
{
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		const struct steady_field *f = &steady_fields[steady_offer_first() + i];
		uint64_t v = laws_one_in(l, 8) ? laws_random(l) : laws_below(l, 3);

		view->value[f->reg] = steady_field_put(f, view->value[f->reg], v);
		view->known[f->reg] = !laws_one_in(l, 200);
	}
}

int main(void)
{
	unsigned int broken = 0, rules = 0;
	struct laws l;

	laws_start(&l, "law_orders", 300);
	for (unsigned int i = 0; i < steady_field_count; i++) {
		if (!(steady_fields[i].flags & (STEADY_FIELD_IDENTITY | STEADY_FIELD_TOPOLOGY)))
			one_field(&l, i);
	}
	while (laws_next(&l)) {
		struct steady_view view = {{0}, {0}};

		draw(&l, &view);
		for (unsigned int i = 0; i < steady_rule_total; i++) {
			const struct steady_rule *r = &steady_rules[i];

			if (!r->when || r->version || strstr(r->when, "mirror:") ||
			    strstr(r->then, "mirror:"))
				continue;
			rules++;
			broken += steady_rule_state(i, &view) == STEADY_NO;
			laws_hold(&l, steady_rule_state(i, &view) == orders_rule_holds(i, &view),
				  "%s: %d, not %d", r->name, (int)steady_rule_state(i, &view),
				  (int)orders_rule_holds(i, &view));
		}
		l.met++;
	}
	printf("law_orders: %zu fields by hand; of %u readings of rules %u found them broken\n",
	       orders_count, rules, broken);
	return laws_end(&l, 1) || (l.rounds >= 100 && broken < 1000);
}
