/* SPDX-License-Identifier: MIT */
/*
 * The baseline of hosts that differ in a few fields is the greatest CPU of all that every host
 * takes and that keeps the rules between these fields, found by trying every combination of values;
 * where there is none, it is a conflict. What is more and what is less is written down here by
 * hand, value by value, from the least to the greatest (DDI0487 D24.1.3, and the fields' own
 * descriptions). Of the library's nothing is asked but which rules close, and which fields they
 * read: whether one holds is read from its text (orders.h).
 */
#include "laws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/build_profile.h"
#include "orders.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define FIELDS    4
#define HOSTS     4
#define VALUES    6
#define RULES     64 /* that close and read fields of one set */

struct small {
	const char *name;
	unsigned int count;
	uint8_t values[VALUES]; /* from the least to the greatest */
};

/* Fields of which no closing rule reads two: any three. */
static const struct small smalls[] = {
	{"ID_AA64ISAR0_EL1.RNDR", 2, {0, 1}},
	{"ID_AA64ISAR1_EL1.SPECRES", 3, {0, 1, 2}},
	{"ID_AA64ISAR1_EL1.DGH", 2, {0, 1}},
	{"ID_AA64DFR0_EL1.DoubleLock", 2, {15, 0}}, /* signed: 0xF says that there is none */
	{"ID_AA64MMFR1_EL1.SpecSEI", 2, {1, 0}},    /* 1 says that reads may raise SErrors */
	{"ID_AA64MMFR0_EL1.PARange", 4, {0, 1, 2, 3}},
};

/* Fields that closing rules read together. */
static const struct small sets[][FIELDS] = {
	{{"ID_AA64MMFR3_EL1.S1PIE", 2, {0, 1}}, /* implies-s1pie-*, implies-s1poe-*: always */
	 {"ID_AA64MMFR3_EL1.S1POE", 2, {0, 1}},
	 {"ID_AA64MMFR3_EL1.TCRX", 2, {0, 1}},
	 {"ID_AA64ISAR2_EL1.ATS1A", 2, {0, 1}}},
	{{"ID_AA64DFR0_EL1.CTX_CMPs", 6, {0, 2, 3, 4, 5, 6}}, /* group-breakpoints */
	 {"ID_AA64DFR0_EL1.BRPs", 6, {1, 2, 3, 4, 5, 6}}},
	{{"ID_AA64MMFR0_EL1.PARange", 3, {4, 5, 6}}, /* group-lpa: one of two */
	 {"ID_AA64MMFR0_EL1.TGran64", 2, {15, 0}},
	 {"ID_AA64MMFR0_EL1.TGran4", 2, {0, 1}}, /* implies-lpa2-lva-tgran4: one forces another */
	 {"ID_AA64MMFR2_EL1.VARange", 2, {0, 1}}},
	{{"ID_AA64MMFR0_EL1.TGran4_2", 3, {1, 2, 3}}, /* group-s2gran4-lpa2, and the one before */
	 {"ID_AA64MMFR0_EL1.TGran4", 2, {0, 1}},
	 {"ID_AA64MMFR2_EL1.VARange", 2, {0, 1}}},
};

struct round {
	const struct small *field[FIELDS];
	size_t fields;
	struct steady_profile *host[HOSTS];
	size_t hosts;
	uint16_t accepts[HOSTS][FIELDS]; /* bit N: the Nth value of the list */
	unsigned int rule[RULES];        /* that close, bind, and read one of the fields */
	size_t rules;
};

/* Some values up to what the host has, which is one of them. */
static void draw(struct laws *l, struct round *r, size_t host, size_t field)
{
	const struct small *s = r->field[field];
	unsigned int limit = laws_below(l, s->count);
	uint16_t some = (uint16_t)(1u << limit), values = 0;

	some |= (uint16_t)(laws_random(l) & ((1u << limit) - 1));
	if (!laws_one_in(l, 8)) /* or hosts would have little in common */
		some |= 1;
	for (unsigned int i = 0; i < s->count; i++) {
		if (some >> i & 1)
			values |= (uint16_t)(1u << s->values[i]);
	}
	build_put(r->host[host], s->name, s->values[limit]);
	build_accepted(r->host[host], s->name, values);
	r->accepts[host][field] = some;
}

static bool reads(unsigned int rule, const struct round *r)
{
	uint16_t rows[64];
	size_t count = steady_rule_fields(rule, rows, 64);

	for (size_t i = 0; i < count && i < 64; i++) {
		for (size_t k = 0; k < r->fields; k++) {
			if (rows[i] == build_field(r->field[k]->name))
				return true;
		}
	}
	return false;
}

static bool host_keeps(const struct round *r, size_t host, unsigned int rule)
{
	struct steady_view view;

	steady_configuration_view(&r->host[host]->configurations[0], &view);
	return orders_rule_holds(rule, &view) != STEADY_NO;
}

/* Fields of a CPU; most CPUs keep by themselves the rules that else do not bind. */
static void draw_host(struct laws *l, struct round *r, size_t host)
{
	bool again = true;

	for (int tries = 0; tries < 50 && again; tries++) {
		for (size_t i = 0; i < r->fields; i++)
			draw(l, r, host, i);
		again = false;
		for (size_t i = 0; i < r->rules && !again; i++)
			again = steady_rules[r->rule[i]].closes == STEADY_CLOSES_KEPT &&
				!host_keeps(r, host, r->rule[i]) && !laws_one_in(l, 8);
	}
}

static void find_rules(struct round *r)
{
	for (unsigned int i = 0; i < steady_rule_total; i++) {
		if (steady_rules[i].closes == STEADY_CLOSES_NEVER || !reads(i, r))
			continue;
		if (r->rules == RULES)
			abort();
		r->rule[r->rules++] = i;
	}
}

/* Leaves out those that a host breaks and that only bind where none does. */
static void leave_out_broken(struct round *r)
{
	size_t count = 0;

	for (size_t i = 0; i < r->rules; i++) {
		bool binds = true;

		for (size_t h = 0; h < r->hosts && binds; h++)
			binds = steady_rules[r->rule[i]].closes == STEADY_CLOSES_ALWAYS ||
				host_keeps(r, h, r->rule[i]);
		if (binds)
			r->rule[count++] = r->rule[i];
	}
	r->rules = count;
}

static void choose_fields(struct laws *l, struct round *r)
{
	unsigned int set = laws_below(l, LENGTH(sets) + 1);

	if (set < LENGTH(sets)) {
		while (r->fields < FIELDS && sets[set][r->fields].name) {
			r->field[r->fields] = &sets[set][r->fields];
			r->fields++;
		}
		return;
	}
	for (r->fields = 0; r->fields < 3; r->fields++) {
		do
			r->field[r->fields] = &smalls[laws_below(l, LENGTH(smalls))];
		while ((r->fields > 0 && r->field[r->fields] == r->field[0]) ||
		       (r->fields > 1 && r->field[r->fields] == r->field[1]));
	}
}

static void start(struct laws *l, struct round *r)
{
	memset(r, 0, sizeof(*r));
	r->hosts = 1 + laws_below(l, HOSTS);
	choose_fields(l, r);
	find_rules(r);
	for (size_t h = 0; h < r->hosts; h++) {
		r->host[h] = build_host(BUILD_N1, BUILD_7_3, "small");
		build_only(r->host[h], 0);
		draw_host(l, r, h);
	}
	leave_out_broken(r);
}

static bool all_take(const struct round *r, const unsigned int at[FIELDS])
{
	for (size_t h = 0; h < r->hosts; h++) {
		for (size_t i = 0; i < r->fields; i++) {
			if (!(r->accepts[h][i] >> at[i] & 1))
				return false;
		}
	}
	return true;
}

static bool keeps_rules(const struct round *r, const unsigned int at[FIELDS])
{
	struct steady_view view;

	steady_configuration_view(&r->host[0]->configurations[0], &view);
	for (size_t i = 0; i < r->fields; i++) {
		const struct steady_field *f = &steady_fields[build_field(r->field[i]->name)];

		view.value[f->reg] =
			steady_field_put(f, view.value[f->reg], r->field[i]->values[at[i]]);
	}
	for (size_t i = 0; i < r->rules; i++) {
		if (orders_rule_holds(r->rule[i], &view) == STEADY_NO)
			return false;
	}
	return true;
}

/*
 * Of all combinations that every host takes and that keep the rules, the one that no other exceeds
 * anywhere. *struck: without the rules it would be another.
 */
static bool greatest(const struct laws *l, const struct round *r, unsigned int best[FIELDS],
		     bool *struck)
{
	unsigned int most[FIELDS] = {0}, loose[FIELDS] = {0}, at[FIELDS] = {0};
	bool any = false, found = false;

	*struck = false;
	for (int pass = 0; pass < 2; pass++) {
		for (unsigned int n = 0; n < VALUES * VALUES * VALUES * VALUES; n++) {
			bool top = true, keeps;

			for (unsigned int i = 0, rest = n; i < FIELDS; i++, rest /= VALUES)
				at[i] = rest % VALUES;
			if (!all_take(r, at) || (r->fields < 4 && at[3]) ||
			    (r->fields < 3 && at[2]))
				continue;
			keeps = keeps_rules(r, at);
			any |= keeps;
			for (size_t i = 0; i < r->fields; i++) {
				if (at[i] > loose[i])
					loose[i] = at[i];
				if (keeps && !pass && at[i] > most[i])
					most[i] = at[i];
				top = top && at[i] == most[i];
			}
			if (pass && top && keeps) {
				memcpy(best, at, sizeof(at));
				found = true;
			}
		}
	}
	laws_hold(l, any == found, "there is a CPU, and none is the greatest");
	*struck = found && memcmp(loose, most, sizeof(most)) != 0;
	return found;
}

static bool check(const struct laws *l, const struct round *r, bool *struck)
{
	struct steady_model *m = NULL;
	unsigned int best[FIELDS];
	bool any = greatest(l, r, best, struck);
	int result = build_baseline(r->host, r->hosts, &m, NULL);

	laws_hold(l, result == (any ? 0 : -STEADY_ECONFLICT), "result %d (%s)", result,
		  r->field[0]->name);
	for (size_t i = 0; any && i < r->fields; i++) {
		const struct steady_field *f = &steady_fields[build_field(r->field[i]->name)];
		uint64_t v = steady_field_get(f, m->value[f->reg]);

		laws_hold(l, v == r->field[i]->values[best[i]], "%s is %u, not %u",
			  r->field[i]->name, (unsigned int)v, r->field[i]->values[best[i]]);
	}
	steady_model_free(m);
	return any;
}

int main(void)
{
	unsigned int closed = 0;
	struct laws l;

	laws_start(&l, "law_small", 4000);
	while (laws_next(&l)) {
		struct round r;
		bool struck;

		start(&l, &r);
		l.met += check(&l, &r, &struck);
		closed += struck;
		for (size_t h = 0; h < r.hosts; h++)
			steady_profile_free(r.host[h]);
	}
	printf("law_small: in %u rounds rules lowered a field\n", closed);
	return laws_end(&l, 4) || (l.rounds >= 1000 && closed < l.rounds / 40);
}
