/* SPDX-License-Identifier: MIT */
/*
 * Features that were asked for and that the greatest model has not: which hosts can give them to a
 * guest, with whatever vCPU options, and what would help. Options are advised only where the
 * baseline was tried with them and has the feature then.
 */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "policy/work.h"

struct required {
	const struct steady_work *w;
	unsigned int feature;
	uint8_t *answer; /* enum steady_truth, of each input */
};

/* Whether a model of this input alone, with the options of a cell of its own, has the feature. */
static int gives_with(const struct required *q, size_t input, const struct steady_cell *cell,
		      enum steady_truth *answer)
{
	struct steady_offer *offer = q->w->offers[input];
	const struct steady_work alone = {.inputs = &q->w->inputs[input],
					  .count = 1,
					  .request = q->w->request,
					  .offers = &offer,
					  .joint = offer};
	struct steady_model *m = NULL;
	struct steady_view view;
	int r = cell->unknown ? 0 : steady_work_attempt(&alone, cell, NULL, &m);

	*answer = cell->unknown ? STEADY_UNKNOWN : STEADY_NO;
	if (!m)
		return r == -STEADY_ENOMEM ? r : 0;
	steady_model_view(m, &view);
	*answer = steady_feature_state(q->feature, &view);
	steady_model_free(m);
	return 0;
}

/* The same with any of the options that it has. */
static int gives(const struct required *q, size_t input)
{
	const struct steady_offer *offer = q->w->offers[input];
	enum steady_truth any = STEADY_NO, one;

	for (size_t i = 0; i < offer->cell_count && any != STEADY_YES; i++) {
		int r = gives_with(q, input, &offer->cells[i], &one);

		if (r)
			return r;
		any = one == STEADY_NO ? any : one;
	}
	q->answer[input] = (uint8_t)any;
	return 0;
}

/* ---- what would help ---- */

/* The request that has what this cell has and the chosen one has not, and the other way round. */
static struct steady_baseline_request turned(const struct steady_work *w,
					     const struct steady_cell *cell)
{
	struct steady_baseline_request request = *w->request;
	uint32_t on = cell->options & ~w->model->options, off = w->model->options & ~cell->options;

	request.options_on = (request.options_on & ~off) | on;
	request.options_off = (request.options_off & ~on) | off;
	return request;
}

static unsigned int changes(const struct steady_work *w, const struct steady_cell *cell)
{
	return (unsigned int)__builtin_popcount(cell->options ^ w->model->options);
}

/* 0, and *has: whether the baseline of that request has the feature. ENOMEM. */
static int attempt(const struct steady_work *w, const struct steady_cell *cell, unsigned int feature,
	       bool *has)
{
	struct steady_baseline_request request = turned(w, cell);
	struct steady_model *m = NULL;
	struct steady_work other = *w;
	const struct steady_cell *best;
	struct steady_view view;
	int r;

	*has = false;
	other.request = &request;
	r = steady_work_choose(&other, &best);
	if (r || !best || best->unknown || steady_work_conflicts(&other, best))
		return r;
	r = steady_work_attempt(&other, best, NULL, &m);
	if (r)
		return r == -STEADY_ENOMEM ? r : 0;
	steady_model_view(m, &view);
	*has = steady_feature_state(feature, &view) == STEADY_YES;
	steady_model_free(m);
	return 0;
}

/* Of the options that all hosts have, those that give it with the fewest changes; NULL: none. */
static int find_options(const struct steady_work *w, unsigned int feature,
			const struct steady_cell **found)
{
	*found = NULL;
	for (size_t i = 0; i < w->joint->cell_count; i++) {
		const struct steady_cell *cell = &w->joint->cells[i];
		bool has;
		int r;

		if (*found && changes(w, cell) >= changes(w, *found))
			continue;
		r = attempt(w, cell, feature, &has);
		if (r)
			return r;
		if (has)
			*found = cell;
	}
	return 0;
}

static void advise_options(struct steady_text *out, const struct steady_work *w,
			   const struct steady_cell *cell)
{
	uint32_t unlike = cell->options ^ w->model->options;
	const char *comma = "";

	steady_text_printf(out, "turn the vCPU option%s that it takes: --vcpu ",
			   unlike & (unlike - 1) ? "s as" : unlike & cell->options ? " on" : " off");
	for (int option = 0; option < STEADY_OPTIONS; option++) {
		if (!(unlike >> option & 1))
			continue;
		steady_text_printf(out, "%s%s=%s", comma, steady_options[option].name,
				   cell->options >> option & 1 ? "on" : "off");
		comma = ",";
	}
}

/* "max-6.1, max-6.12": the inputs that answer so, each name once; how many inputs those are. */
static size_t put_names(struct steady_text *out, const struct required *q, enum steady_truth answer)
{
	const struct steady_input *in = q->w->inputs;
	size_t count = 0;

	for (size_t i = 0; i < q->w->count; i++) {
		bool before = false;

		if (q->answer[i] != answer)
			continue;
		for (size_t j = 0; j < i && !before; j++)
			before = q->answer[j] == answer && strcmp(in[j].name, in[i].name) == 0;
		if (!before)
			steady_text_printf(out, "%s%s", count ? ", " : "", in[i].name);
		count++;
	}
	return count;
}

/* Where all inputs can give it: *reason why the model has it not, and what would help. ENOMEM. */
static int explain_lost(const struct required *q, const char **reason, struct steady_text *advice)
{
	const struct steady_cell *cell;
	int r = find_options(q->w, q->feature, &cell);

	if (r)
		return r;
	if (cell) {
		*reason = "a guest has it with other vCPU options only";
		advise_options(advice, q->w, cell);
	} else {
		*reason = "each host can give it to a guest, but not all of them to the same guest";
		steady_text_str(advice, "put these hosts in different pools");
	}
	return 0;
}

static int explain(const struct required *q, const char **reason, struct steady_text *advice)
{
	struct steady_text names = STEADY_TEXT_INIT;
	size_t lacking = put_names(&names, q, STEADY_NO);

	*reason = "not every host can give it to a guest";
	if (lacking == q->w->count)
		steady_text_printf(advice, "do without %s", steady_feature_name(q->feature));
	else if (lacking)
		steady_text_printf(advice, "leave out %s", names.data ? names.data : "");
	else if (put_names(&names, q, STEADY_UNKNOWN))
		steady_text_printf(advice, "probe %s again", names.data ? names.data : "");
	else
		return explain_lost(q, reason, advice);
	steady_text_free(&names);
	if (lacking == q->w->count)
		*reason = "no host can give it to a guest";
	return 0;
}

static int refuse(const struct required *q)
{
	static const char *const answers[] = {
		[STEADY_NO] = "no", [STEADY_YES] = "yes", [STEADY_UNKNOWN] = "unknown"};
	struct steady_report *report = q->w->report;
	struct steady_text advice = STEADY_TEXT_INIT;
	const char *reason;
	int r = 0;

	for (size_t i = 0; i < q->w->count && !r; i++)
		r = gives(q, i);
	r = r ? r : explain(q, &reason, &advice);
	for (size_t i = 0; i < q->w->count && !r; i++) {
		steady_report_add(report, STEADY_ERROR, STEADY_ECONFLICT);
		steady_report_host(report, q->w->inputs[i].name);
		steady_report_subject(report, steady_feature_name(q->feature), NULL);
		steady_report_offered(report, "%s", answers[q->answer[i]]);
		steady_report_reason(report, "required, and %s: it is %s", reason,
				     steady_feature_condition(q->feature));
		steady_report_advice(report, "%s", advice.data ? advice.data : "");
	}
	steady_text_free(&advice);
	return r ? r : -STEADY_ECONFLICT;
}

int steady_work_required(const struct steady_work *w)
{
	struct required q = {.w = w, .answer = calloc(w->count, sizeof(*q.answer))};
	struct steady_view view;
	int result = q.answer ? 0 : -STEADY_ENOMEM;

	steady_model_view(w->model, &view);
	for (size_t i = 0; i < w->request->require_count && result != -STEADY_ENOMEM; i++) {
		q.feature = w->request->require[i];
		if (steady_feature_state(q.feature, &view) != STEADY_YES)
			result = refuse(&q);
	}
	free(q.answer);
	return result;
}
