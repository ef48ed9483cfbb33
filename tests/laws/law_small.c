/* SPDX-License-Identifier: MIT */
/*
 * The baseline of hosts that differ in three fields is the greatest CPU of all that every host
 * takes, found by trying every combination of values; where there is none, it is a conflict. What
 * is more and what is less is written down here by hand, value by value, from the least to the
 * greatest (DDI0487 D24.1.3, and the fields' own descriptions); nothing of the library's is asked.
 */
#include "laws.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/build_profile.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define FIELDS 3
#define HOSTS  4
#define VALUES 4

static const struct small {
	const char *name;
	unsigned int count;
	uint8_t values[VALUES]; /* from the least to the greatest */
} smalls[] = {
	{"ID_AA64ISAR0_EL1.RNDR", 2, {0, 1}},
	{"ID_AA64ISAR1_EL1.SPECRES", 3, {0, 1, 2}},
	{"ID_AA64ISAR1_EL1.DGH", 2, {0, 1}},
	{"ID_AA64DFR0_EL1.DoubleLock", 2, {15, 0}}, /* signed: 0xF says that there is none */
	{"ID_AA64MMFR1_EL1.SpecSEI", 2, {1, 0}},    /* 1 says that reads may raise SErrors */
	{"ID_AA64MMFR0_EL1.PARange", 4, {0, 1, 2, 3}},
};

struct round {
	const struct small *field[FIELDS];
	struct steady_profile *host[HOSTS];
	size_t hosts;
	uint16_t accepts[HOSTS][FIELDS]; /* bit N: the Nth value of the list */
};

/* Some values up to what the host has, which is one of them. */
static void draw(struct laws *l, struct round *r, size_t host, size_t field)
{
	const struct small *s = r->field[field];
	unsigned int limit = laws_below(l, s->count);
	uint16_t some = (uint16_t)(1u << limit), values = 0;

	some |= (uint16_t)(laws_random(l) & ((1u << limit) - 1));
	for (unsigned int i = 0; i < s->count; i++) {
		if (some >> i & 1)
			values |= (uint16_t)(1u << s->values[i]);
	}
	build_put(r->host[host], s->name, s->values[limit]);
	build_accepted(r->host[host], s->name, values);
	r->accepts[host][field] = some;
}

static void start(struct laws *l, struct round *r)
{
	memset(r, 0, sizeof(*r));
	r->hosts = 1 + laws_below(l, HOSTS);
	for (size_t i = 0; i < FIELDS; i++) {
		do
			r->field[i] = &smalls[laws_below(l, LENGTH(smalls))];
		while ((i > 0 && r->field[i] == r->field[0]) ||
		       (i > 1 && r->field[i] == r->field[1]));
	}
	for (size_t h = 0; h < r->hosts; h++) {
		r->host[h] = build_host(BUILD_N1, BUILD_7_3, "small");
		build_only(r->host[h], 0);
		for (size_t i = 0; i < FIELDS; i++)
			draw(l, r, h, i);
	}
}

static bool all_take(const struct round *r, const unsigned int at[FIELDS])
{
	for (size_t h = 0; h < r->hosts; h++) {
		for (size_t i = 0; i < FIELDS; i++) {
			if (!(r->accepts[h][i] >> at[i] & 1))
				return false;
		}
	}
	return true;
}

/* Of all combinations that every host takes, the one that no other exceeds anywhere. */
static bool greatest(const struct laws *l, const struct round *r, unsigned int best[FIELDS])
{
	unsigned int most[FIELDS] = {0}, at[FIELDS];
	bool any = false, found = false;

	for (int pass = 0; pass < 2; pass++) {
		for (unsigned int n = 0; n < VALUES * VALUES * VALUES; n++) {
			bool top = true;

			at[0] = n % VALUES;
			at[1] = n / VALUES % VALUES;
			at[2] = n / VALUES / VALUES;
			if (!all_take(r, at))
				continue;
			any = true;
			for (size_t i = 0; i < FIELDS; i++) {
				if (!pass && at[i] > most[i])
					most[i] = at[i];
				top = top && at[i] == most[i];
			}
			if (pass && top) {
				memcpy(best, at, sizeof(at));
				found = true;
			}
		}
	}
	laws_hold(l, any == found, "there is a CPU, and none is the greatest");
	return found;
}

int main(void)
{
	struct laws l;

	laws_start(&l, "law_small", 2000);
	while (laws_next(&l)) {
		struct steady_model *m = NULL;
		unsigned int best[FIELDS];
		struct round r;
		bool any;
		int result;

		start(&l, &r);
		any = greatest(&l, &r, best);
		result = build_baseline(r.host, r.hosts, &m, NULL);
		laws_hold(&l, result == (any ? 0 : -STEADY_ECONFLICT), "result %d", result);
		for (size_t i = 0; any && i < FIELDS; i++) {
			const struct steady_field *f =
				&steady_fields[build_field(r.field[i]->name)];
			uint64_t v = steady_field_get(f, m->value[f->reg]);

			laws_hold(&l, v == r.field[i]->values[best[i]], "%s is %u, not %u",
				  r.field[i]->name, (unsigned int)v,
				  r.field[i]->values[best[i]]);
		}
		l.met += any;
		steady_model_free(m);
		for (size_t h = 0; h < r.hosts; h++)
			steady_profile_free(r.host[h]);
	}
	return laws_end(&l, 4);
}
