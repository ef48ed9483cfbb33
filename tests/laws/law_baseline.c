/* SPDX-License-Identifier: MIT */
/*
 * The baseline is the greatest model that every host accepts, as brute force finds it; a conflict
 * exactly where brute force finds nothing. It says the same when it is an input again.
 */
#include <stdlib.h>
#include <string.h>

#include <steadyarm/sim.h>

#include "base/report.h"
#include "brute.h"
#include "laws.h"

#define HOSTS 3

/* Workarounds differ between hosts as no field does; laws_host() draws this one's state. */
static const char *const one_way[] = {"WORKAROUND_1"};

static struct steady_model *baseline(const struct steady_input *inputs, size_t count,
				     const struct steady_baseline_request *request,
				     struct steady_report *report)
{
	struct steady_model *m = NULL;
	int r = steady_baseline(inputs, count, request, &m, report);

	if (r == -STEADY_ENOMEM)
		abort();
	return r ? NULL : m;
}

static struct brute *all_of(void)
{
	struct brute *all = calloc(steady_offer_fields(), sizeof(*all));

	if (!all)
		abort();
	return all;
}

/* Whether brute force finds a CPU for these options. */
static bool possible(struct steady_profile *const *p, uint32_t options)
{
	struct brute *all = all_of();
	bool any = brute_cpu(p, HOSTS, options, all);

	free(all);
	return any;
}

static void greatest(struct laws *l, struct steady_profile *const *p, const struct steady_model *m)
{
	struct brute *all = all_of();
	char name[STEADY_FULLNAME];

	laws_hold(l, brute_cpu(p, HOSTS, m->options, all), "a model, and brute force finds none");
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		unsigned int field = steady_offer_first() + i;
		const struct steady_field *f = &steady_fields[field];
		uint64_t v = steady_field_get(f, m->value[f->reg]);

		laws_hold(l, brute_is_greatest(&all[i], field, v) && v == brute_top(&all[i], field),
			  "%s = %u is not the greatest",
			  steady_field_fullname(field, name, sizeof(name)), (unsigned int)v);
	}
	free(all);
}

/* No choice of options is left out that would have given a model with a dearer option. */
static void dearest(struct laws *l, struct steady_profile *const *p, uint32_t chosen)
{
	uint32_t all = (1u << STEADY_OPTION_EL2) - 1; /* the rest is on request */

	for (uint32_t options = 0; options <= all; options++) {
		uint32_t differ = options ^ chosen;

		if (!(options & differ & -differ))
			continue;
		laws_hold(l, !possible(p, options), "options %x were possible, not %x", options,
			  chosen);
	}
}

static void accepted_and_below(struct laws *l, struct steady_profile *const *p,
			       const struct steady_model *m)
{
	struct steady_view model, host;
	struct steady_difference d[64];
	size_t count;

	steady_model_view(m, &model);
	for (int i = 0; i < HOSTS; i++) {
		int r = steady_check(m, p[i], NULL);

		laws_hold(l, r == 0, "check says %d of host %d", r, i);
		steady_configuration_view(steady_profile_find(p[i], m->options, m->irqchip), &host);
		steady_relate(&model, &host, d, 64, &count);
		for (size_t k = 0; k < count && k < 64; k++) {
			const struct steady_field *f = &steady_fields[d[k].field];

			/* values without an order are neither below nor above each other */
			laws_hold(l,
				  d[k].compare == STEADY_LESS || d[k].compare == STEADY_SAME ||
					  f->order == STEADY_ORDER_EXACT ||
					  f->order == STEADY_ORDER_MASK,
				  "%s is not below host %d", f->name, i);
			laws_hold(l, d[k].compare != STEADY_MORE, "%s is above host %d", f->name,
				  i);
		}
	}
}

static void same_model(struct laws *l, const char *law, const struct steady_model *a,
		       const struct steady_model *b)
{
	char *x, *y;

	laws_hold(l, b != NULL, "%s: no model", law);
	laws_hold(l,
		  a->options == b->options && a->irqchip == b->irqchip &&
			  memcmp(a->value, b->value, sizeof(a->value)) == 0 &&
			  memcmp(a->has, b->has, sizeof(a->has)) == 0 &&
			  steady_vl_equal(&a->sve, &b->sve),
		  "%s: other values", law);
	laws_hold(l,
		  a->firmware_count == b->firmware_count &&
			  a->register_count == b->register_count &&
			  a->implementation_count == b->implementation_count &&
			  a->tolerated_count == b->tolerated_count &&
			  a->more_count == b->more_count,
		  "%s: other lists", law);
	laws_hold(l,
		  memcmp(a->firmware, b->firmware, a->firmware_count * sizeof(*a->firmware)) == 0 &&
			  memcmp(a->implementations, b->implementations,
				 a->implementation_count * sizeof(*a->implementations)) == 0,
		  "%s: other contents", law);
	x = laws_dump(a->offer);
	y = laws_dump(b->offer);
	laws_hold(l, strcmp(x, y) == 0, "%s: another offer", law);
	free(x);
	free(y);
}

/* The model is an input as good as its hosts: alone, with a host, in any grouping and order. */
static void again(struct laws *l, const struct steady_input *in, const struct steady_model *m)
{
	const struct steady_baseline_request request = {.tolerate = one_way, .tolerate_count = 1};
	struct steady_input inputs[HOSTS] = {{.name = "model", .model = m}, in[1], in[0]};
	struct steady_model *alone = baseline(inputs, 1, &request, NULL);
	struct steady_model *with = baseline(inputs, 3, &request, NULL);
	struct steady_model *pair, *grouped = NULL;

	same_model(l, "of itself", m, alone);
	same_model(l, "with its hosts", m, with);
	inputs[0] = in[0];
	pair = baseline(inputs, 2, &request, NULL);
	if (pair) { /* the hosts of a pair may be at odds in options that the third has not */
		struct steady_input two[] = {in[2], {.name = "pair", .model = pair}};

		grouped = baseline(two, 2, &request, NULL);
		same_model(l, "grouped", m, grouped);
	}
	steady_model_free(alone);
	steady_model_free(with);
	steady_model_free(pair);
	steady_model_free(grouped);
}

/* A conflict names a field for which there is really nothing. */
static void conflict(struct laws *l, struct steady_profile *const *p,
		     const struct steady_report *report)
{
	uint32_t all = (1u << STEADY_OPTION_EL2) - 1;

	for (uint32_t options = 0; options <= all; options++)
		laws_hold(l, !possible(p, options), "a conflict, and options %x were possible",
			  options);
	laws_hold(l, steady_report_errors(report) > 0, "a conflict without a reason");
}

static void round_of(struct laws *l)
{
	const struct steady_baseline_request request = {
		.name = "law", .tolerate = one_way, .tolerate_count = 1};
	struct steady_profile *p[HOSTS];
	struct steady_input in[HOSTS] = {0};
	struct steady_report *report;
	struct steady_model *m;

	if (steady_report_new(&report))
		abort();
	for (int i = 0; i < HOSTS; i++) {
		p[i] = laws_host(l, i ? "other" : "one");
		p[i]->unvirtualised[STEADY_DCZID] = (struct steady_reading){0};
		memset(&p[i]->sve, 0, sizeof(p[i]->sve));
		steady_vl_add(&p[i]->sve, 16);
		if (laws_one_in(l, 2))
			steady_vl_add(&p[i]->sve, 32);
		in[i] = (struct steady_input){.name = p[i]->name, .profile = p[i]};
	}
	m = baseline(in, HOSTS, &request, report);
	if (m) {
		l->met++;
		greatest(l, p, m);
		dearest(l, p, m->options);
		accepted_and_below(l, p, m);
		again(l, in, m);
	} else {
		conflict(l, p, report);
	}
	steady_model_free(m);
	steady_report_free(report);
	for (int i = 0; i < HOSTS; i++)
		steady_profile_free(p[i]);
}

int main(void)
{
	struct laws l;

	laws_start(&l, "law_baseline", 80);
	while (laws_next(&l))
		round_of(&l);
	return laws_end(&l, 10);
}
