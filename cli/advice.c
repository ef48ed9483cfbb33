/* SPDX-License-Identifier: MIT */
#include "advice.h"

#include <steadyarm/sim.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "pin/explain_move.h"

#define TOLERATE_MAX 32

int cli_move_make(const struct cli_move *move, struct steady_moved *moved, struct steady_report *report)
{
	struct steady_sim *from = NULL, *to = NULL;
	struct steady_move_request request = {
		.source = {move->from->profile, steady_sim_call, NULL, move->model},
		.destination = {move->to->profile, steady_sim_call, NULL,
				move->leave ? NULL : move->model},
		.vmm = move->vmm,
		.options_on = move->on,
		.options_off = move->off,
	};
	int r = steady_sim_new(move->from->profile, &from);

	r = r ? r : steady_sim_new(move->to->profile, &to);
	request.source.ctx = from;
	request.destination.ctx = to;
	r = r ? r : steady_move(&request, moved, report);
	steady_sim_free(from);
	steady_sim_free(to);
	return r;
}

/* 0 and whether it works; or what went wrong in trying. */
static int try_move(const struct cli_move *move, bool *works)
{
	struct steady_moved moved;
	int r = cli_move_make(move, &moved, NULL);

	*works = !r;
	return r == -STEADY_EBLOCKED || r == -STEADY_EMISMATCH || r == -STEADY_EUNKNOWN ? 0 : r;
}

/* ---- what the VMMs are told ---- */

static uint32_t options_of(const struct steady_profile *p)
{
	uint32_t all = 0;

	for (size_t i = 0; i < p->configuration_count; i++)
		all |= steady_configuration_options(&p->configurations[i]);
	return all;
}

/* Neither turn on what a host has not, nor off what the model has. */
static void fit_options(struct cli_move *move)
{
	uint32_t both = options_of(move->from->profile) & options_of(move->to->profile);

	if (move->model) {
		move->off &= ~move->model->options;
		return;
	}
	move->off |= move->on & ~both;
	move->on &= both;
}

static uint32_t differing(const struct cli_move *a, const struct cli_move *b)
{
	return (a->on ^ b->on) | (a->off ^ b->off);
}

static void put_switches(struct steady_text *out, const struct cli_move *asked,
			 const struct cli_move *fit)
{
	const char *before = "tell both VMMs ";
	uint32_t on = fit->model ? fit->model->options : fit->on;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (!(differing(asked, fit) >> i & 1))
			continue;
		steady_text_str(out, before);
		steady_move_put_switch(out, i, on >> i & 1);
		before = ", ";
	}
}

static void put_vcpu(struct steady_text *out, uint32_t on, uint32_t off)
{
	const char *before = " --vcpu ";

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (!((on | off) >> i & 1))
			continue;
		steady_text_printf(out, "%s%s=%s", before, steady_options[i].name,
				   on >> i & 1 ? "on" : "off");
		before = ",";
	}
}

/* ---- a model of both ---- */

struct tolerated {
	char name[TOLERATE_MAX][STEADY_FULLNAME];
	const char *list[TOLERATE_MAX];
	size_t count;
};

static void add_tolerated(struct tolerated *t, const struct steady_finding *f)
{
	char name[STEADY_FULLNAME];

	if (f->severity != STEADY_ERROR || !f->reg || t->count == TOLERATE_MAX)
		return;
	snprintf(name, sizeof(name), "%s%s%s", f->reg, f->field ? "." : "",
		 f->field ? f->field : "");
	if (!steady_tolerable(name))
		return;
	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->name[i], name) == 0)
			return;
	}
	memcpy(t->name[t->count], name, sizeof(name));
	t->list[t->count] = t->name[t->count];
	t->count++;
}

/* What they have no common value for is tolerated. NULL and 0: there is none. */
static int make_baseline(const struct cli_move *move, struct tolerated *t, struct steady_model **model)
{
	const struct steady_input inputs[] = {{move->from->name, move->from->profile, NULL},
					      {move->to->name, move->to->profile, NULL}};
	struct steady_baseline_request request = {.options_on = move->on,
						  .options_off = move->off};
	struct steady_report *report = NULL;
	const struct steady_finding *f;
	int r = steady_report_new(&report);

	r = r ? r : steady_baseline(inputs, 2, &request, model, report);
	for (size_t i = 0; r == -STEADY_ECONFLICT && (f = steady_report_get(report, i)); i++)
		add_tolerated(t, f);
	if (r == -STEADY_ECONFLICT && t->count) {
		request.tolerate = t->list;
		request.tolerate_count = t->count;
		r = steady_baseline(inputs, 2, &request, model, NULL);
	}
	steady_report_free(report);
	return r == -STEADY_ECONFLICT || r == -STEADY_EUNKNOWN || r == -STEADY_EBLOCKED ? 0 : r;
}

static void put_baseline(struct steady_text *out, const struct cli_move *move,
			 const struct tolerated *t)
{
	steady_text_str(out, "steadyarm baseline -o MODEL.json ");
	cli_put_quoted(out, move->from->spec);
	steady_text_char(out, ' ');
	cli_put_quoted(out, move->to->spec);
	put_vcpu(out, move->on, move->off);
	for (size_t i = 0; i < t->count; i++)
		steady_text_printf(out, " --tolerate %s", t->name[i]);
}

/* In the words of what there is now: a guest keeps the model that it was started with. */
static void put_model(struct steady_text *out, const struct cli_move *asked,
		      const struct cli_move *fit, const struct tolerated *t)
{
	put_switches(out, asked, fit);
	if (differing(asked, fit))
		steady_text_str(out, "; ");
	if (!asked->model)
		steady_text_str(out, "pin both VMMs to one model; this move then works: ");
	else if (fit->leave)
		steady_text_str(out, "start guests that are to leave with a model of both hosts; "
				     "this move then works: ");
	else
		steady_text_printf(out,
				   "start guests with a model of both hosts%s; this move then "
				   "works: ",
				   asked->leave ? ", and pin the VMM at the destination too" : "");
	put_baseline(out, fit, t);
}

static int try_baseline(const struct cli_move *asked, const struct cli_move *fit,
			struct steady_text *advice)
{
	struct tolerated *t = calloc(1, sizeof(*t));
	struct steady_model *model = NULL;
	struct cli_move move = *fit;
	bool works = false;
	int r = t ? make_baseline(fit, t, &model) : -STEADY_ENOMEM;

	move.model = model;
	if (!r && model)
		r = try_move(&move, &works);
	if (!r && model && !works && move.leave) {
		move.leave = false;
		r = try_move(&move, &works);
	}
	move.model = fit->model; /* whose options put_switches() is about */
	if (!r && works)
		put_model(advice, asked, &move, t);
	else if (!r)
		steady_text_str(advice, "keep the two in different pools: no baseline of both "
					"makes this move work");
	steady_model_free(model);
	free(t);
	return r;
}

/* ---- in the order of what is least to do ---- */

int cli_move_advise(const struct cli_move *asked, int result, struct steady_text *advice)
{
	struct cli_move fit = *asked, pinned;
	bool works = false;
	int r = 0;

	if (!result)
		return 0;
	fit_options(&fit);
	if (differing(asked, &fit))
		r = try_move(&fit, &works);
	if (r)
		return r;
	if (works) {
		put_switches(advice, asked, &fit);
		steady_text_str(advice, "; this move then works");
		return 0;
	}
	pinned = fit;
	pinned.leave = false;
	if (asked->leave)
		r = try_move(&pinned, &works);
	if (r || !works)
		return r ? r : try_baseline(asked, &fit, advice);
	put_switches(advice, asked, &fit);
	if (differing(asked, &fit))
		steady_text_str(advice, "; ");
	steady_text_str(advice, "pin the VMM at the destination too; this move then works: steadyarm "
				"run --model ");
	cli_put_quoted(advice, asked->model_spec);
	steady_text_str(advice, " -- COMMAND");
	return 0;
}
