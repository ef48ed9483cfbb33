/* SPDX-License-Identifier: MIT */
/* Joint offers do not depend on the order of the hosts, nor on how often one comes in. */
#include <stdlib.h>
#include <string.h>

#include "laws.h"

static struct steady_offer *both(const struct steady_offer *a, const struct steady_offer *b)
{
	struct steady_offer *o = NULL;

	if (steady_offer_copy(a, &o) || steady_offer_and(o, b))
		abort();
	return o;
}

static void same(const struct laws *l, const char *law, struct steady_offer *a,
		 struct steady_offer *b)
{
	char *x = laws_dump(a), *y = laws_dump(b);
	const char *from_x = x, *from_y = y;
	bool equal = strcmp(x, y) == 0;

	while (*from_x && *from_x == *from_y) {
		from_x++;
		from_y++;
	}
	laws_hold(l, equal, "%s, from here:\n%.60s\n%.60s", law, from_x, from_y);
	laws_hold(l, steady_offer_equal(a, b), "%s: equal offers are told apart", law);
	free(x);
	free(y);
}

static void check(struct laws *l, const struct steady_offer *a, const struct steady_offer *b,
		  const struct steady_offer *c)
{
	struct steady_offer *o[] = {both(a, b), both(b, a), both(b, c), both(a, a)};
	struct steady_offer *left = both(o[0], c), *right = both(a, o[2]), *copy;

	if (steady_offer_copy(a, &copy))
		abort();
	l->met += left->cell_count > 0;
	same(l, "a copy is the same", copy, o[3]);
	same(l, "commutative", o[0], o[1]);
	same(l, "associative", left, right);
	steady_offer_free(copy);
	steady_offer_free(left);
	steady_offer_free(right);
	for (size_t i = 0; i < 4; i++)
		steady_offer_free(o[i]);
}

int main(void)
{
	struct laws l;

	laws_start(&l, "law_offer", 100);
	while (laws_next(&l)) {
		struct steady_profile *p[3];
		struct steady_offer *o[3] = {0};

		for (int i = 0; i < 3; i++) {
			p[i] = laws_wild_host(&l, "host");
			if (steady_offer_of(p[i], &o[i]))
				abort();
		}
		check(&l, o[0], o[1], o[2]);
		for (int i = 0; i < 3; i++) {
			steady_offer_free(o[i]);
			steady_profile_free(p[i]);
		}
	}
	return laws_end(&l, 4);
}
