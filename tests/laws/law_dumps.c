/* SPDX-License-Identifier: MIT */
/*
 * Baselines of real CPUs: of any few of the dumps in tests/data/cpus, as hosts of several kernels
 * or with a record of what was accepted, the baseline is, field by field, the greatest that an
 * enumeration of values finds; a conflict exactly where that finds none; and it keeps every closing
 * rule that all of the CPUs keep.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/build_profile.h"
#include "../unit/dumps.h"
#include "brute.h"
#include "laws.h"
#include "orders.h"

#define MOST 6

struct hosts {
	struct steady_profile *p[MOST];
	size_t count;
	uint32_t options; /* of all */
};

static uint32_t options_of(const struct steady_profile *p)
{
	return steady_configuration_options(&p->configurations[0]);
}

/* All masks of one kernel, by what build_host() knows of it; or all bits. */
static void set_masks(struct laws *l, struct steady_profile *p, bool all)
{
	enum build_kernel kernel = (enum build_kernel)laws_below(l, 3);
	struct steady_profile *like = build_host(BUILD_N1, kernel, "like");

	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		p->writable[reg] = like->writable[reg];
		if (p->writable[reg].state != STEADY_VALUE) /* 6.1's answer: none */
			p->writable[reg] = (struct steady_reading){.state = STEADY_VALUE};
		if (all)
			p->writable[reg] =
				(struct steady_reading){.value = UINT64_MAX, .state = STEADY_VALUE};
	}
	steady_profile_free(like);
}

/*
 * What real CPUs have in common keeps nearly every rule by itself. So some get other values in
 * fields that closing rules read.
 */
static void change(struct laws *l, struct steady_profile *p)
{
	for (unsigned int i = 0; i < steady_rule_total; i++) {
		uint16_t rows[64];
		size_t count = steady_rule_fields(i, rows, 64);

		if (steady_rules[i].closes == STEADY_CLOSES_NEVER || !laws_one_in(l, 3))
			continue;
		for (size_t k = 0; k < count && k < 64; k++) {
			const struct steady_field *f = &steady_fields[rows[k]];
			struct steady_reading *r = &p->configurations[0].reg[f->reg];

			uint64_t value = laws_below(l, 3);

			if (steady_field_option(rows[k]) < 0 && f->width <= 4 &&
			    orders_legal(rows[k], value) && laws_one_in(l, 2))
				r->value = steady_field_put(f, r->value, value);
		}
	}
}

/*
 * A record, as of a deep probe: any values, the limit among them. Of most hosts the least that a
 * CPU can have is one of them in every field (0, 1, or 6 of DebugVer, 0xF of signed ones), or hosts
 * would nearly never have anything in common.
 */
static void set_records(struct laws *l, struct steady_profile *p)
{
	bool holes = laws_one_in(l, 16);

	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		unsigned int field = steady_offer_first() + i;
		const struct steady_field *f = &steady_fields[field];
		uint64_t limit = steady_field_get(f, p->configurations[0].reg[f->reg].value);
		char name[STEADY_FULLNAME];
		uint16_t values = (uint16_t)(laws_random(l) | laws_random(l));

		if (f->width > 4 || laws_one_in(l, 4))
			continue;
		values |= (uint16_t)(1u << limit);
		if (!holes || !laws_one_in(l, 64))
			values |= 1u << 0 | 1u << 1 | 1u << 6 | 1u << 15;
		if (f->width < 4)
			values &= (uint16_t)((1u << (1u << f->width)) - 1);
		build_accepted(p, steady_field_fullname(field, name, sizeof(name)), values);
	}
}

/* How the hosts of a round are made. */
struct kind {
	bool family;  /* of one name's: "trm-", "qemu-" */
	bool changed; /* with other values in fields that closing rules read */
	bool alike;   /* in what no CPU can have 0 of */
	bool open;    /* every bit of every register can be written, on most of them */
	uint32_t off; /* vCPU options that are not chosen: their fields read 0 */
};

static void turn_off(struct steady_profile *p, uint32_t options)
{
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		unsigned int field = steady_offer_first() + i;
		int option = steady_field_option((int)field);
		struct steady_reading *r = &p->configurations[0].reg[steady_fields[field].reg];

		if (option >= 0 && options >> option & 1)
			r->value = steady_field_put(&steady_fields[field], r->value, 0);
	}
}

/* What is not in a dump reads 0, as it does on CPUs that are older than the register. */
static struct steady_profile *host_of(struct laws *l, const struct steady_view *view,
				      const char *name, const struct kind *kind)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, name);
	struct steady_configuration *c;

	build_only(p, 0);
	c = &p->configurations[0];
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++)
		c->reg[reg] =
			(struct steady_reading){.value = view->value[reg], .state = STEADY_VALUE};
	c->options_known = 0; /* the fields tell */
	c->options = 0;
	memset(&p->sve, 0, sizeof(p->sve));
	steady_vl_add(&p->sve, 16);
	if (kind->changed)
		change(l, p);
	turn_off(p, kind->off);
	set_masks(l, p, kind->open ? !laws_one_in(l, 32) : laws_one_in(l, 2));
	if (laws_one_in(l, 3))
		set_records(l, p);
	return p;
}

/*
 * Whether two CPUs are alike in what no CPU can have 0 of (EL0, DebugVer), and those may show 0
 * that have it not at all (CopDbg without AArch32).
 */
static bool alike(const struct steady_profile *a, const struct steady_profile *b)
{
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		unsigned int field = steady_offer_first() + i;
		const struct steady_field *f = &steady_fields[field];

		if (!orders_legal(field, 0) &&
		    !steady_field_get(f, a->configurations[0].reg[f->reg].value) !=
			    !steady_field_get(f, b->configurations[0].reg[f->reg].value))
			return false;
	}
	return true;
}

/*
 * Two CPUs or more that show the same options; in three rounds of four some options are not chosen,
 * so that more CPUs can be joined. Most hosts of most rounds can change every field; where kernels
 * hold some, CPUs differ in them, and what is found is a conflict.
 */
static void choose(struct laws *l, const struct dumps *d, struct hosts *h)
{
	size_t want = 2 + laws_below(l, MOST - 1);
	size_t first = laws_below(l, (unsigned int)d->count);
	const struct kind kind = {
		.family = laws_one_in(l, 2),
		.changed = laws_one_in(l, 4),
		.alike = !laws_one_in(l, 8),
		.open = !laws_one_in(l, 6),
		.off = laws_one_in(l, 4) ? 0 : (uint32_t)(laws_random(l) | laws_random(l)),
	};

	h->count = 0;
	for (int tries = 0; tries < 100 || h->count < 2; tries++) {
		size_t i = h->count ? laws_below(l, (unsigned int)d->count) : first;
		struct steady_profile *p;

		if (h->count == want)
			break;
		if (kind.family && strncmp(d->name[i], d->name[first], 4) != 0)
			continue;
		p = host_of(l, d->view[i], d->name[i], &kind);
		if (h->count &&
		    (options_of(p) != h->options || (kind.alike && !alike(p, h->p[0])))) {
			steady_profile_free(p);
			continue;
		}
		h->options = options_of(p);
		h->p[h->count++] = p;
	}
}

static void same_values(struct laws *l, const struct hosts *h, const struct steady_model *m,
			const struct brute *all)
{
	char name[STEADY_FULLNAME];

	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		unsigned int field = steady_offer_first() + i;
		const struct steady_field *f = &steady_fields[field];
		uint64_t v = steady_field_get(f, m->value[f->reg]);

		laws_hold(l, v == brute_top(&all[i], field) && brute_is_greatest(&all[i], field, v),
			  "%s is %u, not %u (%s and %zu more)",
			  steady_field_fullname(field, name, sizeof(name)), (unsigned int)v,
			  (unsigned int)brute_top(&all[i], field), h->p[0]->name, h->count - 1);
	}
}

/*
 * What no host's guest sees broken is not broken for the guests of all of them: no error at all,
 * and no warning whose row names a field to lower. The others only warn.
 */
static void kept(struct laws *l, const struct hosts *h, const struct steady_model *m)
{
	struct steady_view model, host;

	steady_model_view(m, &model);
	for (unsigned int i = 0; i < steady_rule_total; i++) {
		bool keep = steady_rules[i].severity == STEADY_RULE_ERROR ||
			    steady_rules[i].closes != STEADY_CLOSES_NEVER;

		for (size_t k = 0; k < h->count && keep; k++) {
			steady_configuration_view(&h->p[k]->configurations[0], &host);
			keep = orders_rule_holds(i, &host) != STEADY_NO;
		}
		laws_hold(l, !keep || orders_rule_holds(i, &model) != STEADY_NO,
			  "%s is broken, and all hosts keep it", steady_rules[i].name);
	}
}

/* Whether a rule lowered something: the law is to meet that too. */
static bool was_closed(const struct steady_report *report)
{
	const struct steady_finding *f;

	for (size_t i = 0; (f = steady_report_get(report, i)); i++) {
		if (f->severity == STEADY_NOTE && f->rule)
			return true;
	}
	return false;
}

static void check(struct laws *l, const struct hosts *h, struct brute *all, unsigned int *closed)
{
	struct steady_report *report;
	struct steady_model *m = NULL;
	bool any = brute_cpu(h->p, h->count, h->options, all);
	int r;

	if (steady_report_new(&report))
		abort();
	r = build_baseline(h->p, h->count, &m, report);
	laws_hold(l, r == (any ? 0 : -STEADY_ECONFLICT), "result %d; enumeration finds %s (%s)", r,
		  any ? "a CPU" : "none", h->p[0]->name);
	if (m) {
		l->met++;
		*closed += was_closed(report);
		same_values(l, h, m, all);
		kept(l, h, m);
	}
	steady_model_free(m);
	steady_report_free(report);
}

int main(void)
{
	struct brute *all = calloc(steady_offer_fields(), sizeof(*all));
	unsigned int closed = 0;
	struct dumps d;
	struct laws l;

	if (!all)
		abort();
	dumps_load(&d);
	laws_start(&l, "law_dumps", 10000);
	while (laws_next(&l)) {
		struct hosts h;

		choose(&l, &d, &h);
		check(&l, &h, all, &closed);
		for (size_t i = 0; i < h.count; i++)
			steady_profile_free(h.p[i]);
	}
	dumps_free(&d);
	free(all);
	printf("law_dumps: %u of %u rounds of two CPUs and more found one; in %u a rule lowered a "
	       "field\n",
	       l.met, l.rounds, closed);
	return laws_end(&l, 2) ||
	       (l.rounds >= 1000 && (closed < l.rounds / 50 || l.rounds - l.met < l.rounds / 10));
}
