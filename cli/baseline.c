/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "cli.h"
#include "format/model_json.h"
#include "policy/explain.h"
#include "policy/outside.h"

#define MOST_NAMES     128
#define TOLERATE       "--tolerate "
#define OR             "; or "
#define MOST_TOLERATED 8 /* fields that an advice still proposes to tolerate */

static const char help[] =
	"Computes the greatest CPU model that every X accepts, X being hosts' profiles, models, "
	"or\n"
	"`kvm`. The model is written as JSON; what was given up is told on standard error. If the\n"
	"hosts have nothing in common somewhere: the conflicts, what each host accepts, what "
	"would\n"
	"remove them, and exit status 1.\n"
	"\n"
	"Options:\n"
	"  --name NAME            the model's name\n"
	"  --vcpu sve=off,pmu=on  vCPU options that must be on or off; the rest is chosen\n"
	"  --require FEAT,...     features that the model must have\n"
	"  --tolerate REG.FIELD   a field that need not be level (may be given again)\n"
	"  --discovery            guests may ask which CPUs they may meet, of a VMM that answers it\n"
	"  --identity[=0xMIDR]    tell guests that they are the hosts' CPU, of several this one\n"
	"  --exactly              one X, a host: the model of what an unpinned guest sees there\n"
	"\n"
	"Example:\n"
	"  steadyarm baseline --name web-v1 -o web-v1.json rack*.json\n";

struct wanted {
	struct steady_baseline_request request;
	const char *tolerate[MOST_NAMES];
	unsigned int require[MOST_NAMES];
	bool exactly;
	struct cli_identity identity;
};

/* ---- options ---- */

static bool take_name(struct cli *cli, void *ctx, const char *argument)
{
	struct wanted *w = ctx;

	(void)cli;
	w->request.name = argument;
	if (steady_model_name_ok(argument))
		return true;
	cli_say("--name: '%s': letters, digits and . _ + - only, at most 64", argument);
	return false;
}

static bool take_vcpu(struct cli *cli, void *ctx, const char *argument)
{
	struct wanted *w = ctx;

	(void)cli;
	return cli_parse_vcpu(argument, &w->request.options_on, &w->request.options_off);
}

static bool take_require(struct cli *cli, void *ctx, const char *argument)
{
	struct wanted *w = ctx;

	(void)cli;
	for (const char *p = argument; *p;) {
		size_t length = strcspn(p, ",");
		int feature = steady_feature_by_name(p, length);

		if (feature < 0 || w->request.require_count == MOST_NAMES) {
			const char *why = steady_feature_left_out(p, length);

			if (why)
				cli_say("--require: '%.*s' is left out of the features on purpose: "
					"%s", (int)length, p, why);
			else
				cli_say("--require: there is no feature '%.*s'", (int)length, p);
			return false;
		}
		w->require[w->request.require_count++] = (unsigned int)feature;
		p += length + (p[length] == ',');
	}
	w->request.require = w->require;
	if (!*argument)
		cli_say("--require: names no feature");
	return *argument != '\0';
}

static bool take_tolerate(struct cli *cli, void *ctx, const char *argument)
{
	struct wanted *w = ctx;

	(void)cli;
	if (!steady_tolerable(argument) || w->request.tolerate_count == MOST_NAMES) {
		cli_say("--tolerate: '%s' is no REGISTER.FIELD", argument);
		return false;
	}
	w->tolerate[w->request.tolerate_count++] = argument;
	w->request.tolerate = w->tolerate;
	return true;
}

static bool take_exactly(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	(void)argument;
	((struct wanted *)ctx)->exactly = true;
	return true;
}

static bool take_discovery(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	(void)argument;
	((struct wanted *)ctx)->request.discovery = true;
	return true;
}

/* ---- conflicts ---- */

/* "0-2,15" as numbers; other texts as they are. */
static json_t *accepted_json(const struct steady_finding *f)
{
	json_t *list = json_array();
	struct steady_text name = STEADY_TEXT_INIT;
	steady_set set;
	int field = -1;

	steady_text_printf(&name, "%s.%s", f->reg, f->field ? f->field : "");
	if (f->field && name.data)
		field = steady_field_by_name(name.data, name.length);
	if (field >= 0 && steady_set_parse(&steady_fields[field], f->offered, &set)) {
		for (unsigned int v = 0; v <= 0xff; v++) {
			if (steady_set_has(&steady_fields[field], set, v))
				json_array_append_new(list, json_integer(v));
		}
	} else if (f->offered) {
		json_array_append_new(list, json_string(f->offered));
	}
	steady_text_free(&name);
	return list;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* One conflict: the findings of one subject, which follow each other, a host each. */
static json_t *conflict_json(const struct cli *cli, size_t *index)
{
	const struct steady_finding *first = steady_report_get(cli->report, *index), *f;
	json_t *o = json_object(), *values = json_array();

	for (; (f = steady_report_get(cli->report, *index)); (*index)++) {
		json_t *one;

		if (f->severity != STEADY_ERROR || !same(f->reg, first->reg) ||
		    !same(f->field, first->field))
			break;
		one = json_object();
		json_object_set_new(one, "host", json_string(f->host ? f->host : ""));
		json_object_set_new(one, "accepted", accepted_json(f));
		json_array_append_new(values, one);
	}
	json_object_set_new(o, "register", json_string(first->reg ? first->reg : ""));
	if (first->field)
		json_object_set_new(o, "field", json_string(first->field));
	json_object_set_new(o, "values", values);
	json_object_set_new(o, "reason", json_string(first->reason ? first->reason : ""));
	json_object_set_new(o, "advice", json_string(first->advice ? first->advice : ""));
	return o;
}

/* What was told beside the answer. */
static json_t *notes_json(const struct cli *cli)
{
	const struct steady_finding *f;
	json_t *list = json_array();

	for (size_t i = 0; (f = steady_report_get(cli->report, i)); i++) {
		json_t *one;

		if (f->severity == STEADY_ERROR)
			continue;
		one = cli_finding_json(f);
		json_object_set_new(one, "severity", json_string(f->severity == STEADY_WARNING
									 ? "warning"
									 : "note"));
		if (f->host)
			json_object_set_new(one, "host", json_string(f->host));
		json_array_append_new(list, one);
	}
	return list;
}

static int put_conflicts_json(struct cli *cli)
{
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < steady_report_count(cli->report);) {
		if (steady_report_get(cli->report, i)->severity == STEADY_ERROR)
			json_array_append_new(list, conflict_json(cli, &i));
		else
			i++;
	}
	json_object_set_new(o, "conflicts", list);
	json_object_set_new(o, "notes", notes_json(cli));
	return cli_put_json(cli, o);
}

static bool one_conflict(const struct steady_finding *a, const struct steady_finding *b)
{
	return b && b->severity == STEADY_ERROR && same(a->reg, b->reg) && same(a->field, b->field);
}

/* The hosts that accept the same, in one line, from the first of them on. */
static void put_hosts(struct cli *cli, size_t index, size_t end)
{
	const struct steady_finding *first = steady_report_get(cli->report, index), *f;
	const char *comma = "";

	steady_text_printf(&cli->out, "  accepts %s: ", first->offered ? first->offered : "none");
	for (size_t i = index; i < end; i++) {
		f = steady_report_get(cli->report, i);
		if (!same(f->offered, first->offered))
			continue;
		steady_text_printf(&cli->out, "%s%s", comma, f->host ? f->host : "?");
		comma = ", ";
	}
	steady_text_char(&cli->out, '\n');
}

static bool offered_before(const struct cli *cli, size_t first, size_t index)
{
	const struct steady_finding *f = steady_report_get(cli->report, index);

	for (size_t i = first; i < index; i++) {
		if (same(steady_report_get(cli->report, i)->offered, f->offered))
			return true;
	}
	return false;
}

/* One conflict in words. */
static void put_conflict(struct cli *cli, size_t index)
{
	const struct steady_finding *first = steady_report_get(cli->report, index);
	size_t end = index;

	while (one_conflict(first, steady_report_get(cli->report, end)))
		end++;
	steady_text_printf(&cli->out, "%s%s%s: %s", first->reg ? first->reg : "",
			   first->field ? "." : "", first->field ? first->field : "",
			   first->reason ? first->reason : "");
	if (first->features)
		steady_text_printf(&cli->out, " (%s)", first->features);
	steady_text_char(&cli->out, '\n');
	for (size_t i = index; i < end; i++) {
		if (steady_report_get(cli->report, i)->host && !offered_before(cli, index, i))
			put_hosts(cli, i, end);
	}
}

/* Advice that differs in what is to be tolerated only is one: up to there it is the same. */
static size_t advice_head(const char *advice)
{
	const char *flag = strstr(advice, TOLERATE);

	return flag ? (size_t)(flag - advice) : strlen(advice);
}

/* How many conflicts from here on have the like advice; 0 if one before had it. */
static size_t like_advice(const struct cli *cli, const size_t *conflicts, size_t count,
			  size_t index)
{
	const char *advice = steady_report_get(cli->report, conflicts[index])->advice;
	size_t head = advice ? advice_head(advice) : 0, like = 0;

	for (size_t i = 0; advice && i < count; i++) {
		const char *other = steady_report_get(cli->report, conflicts[i])->advice;

		if (!other || advice_head(other) != head || strncmp(other, advice, head) != 0)
			continue;
		if (i < index)
			return 0;
		like++;
	}
	return like;
}

/* "--tolerate REG.FIELD; or ..." of a conflict whose advice begins like that; NULL: another one. */
static const char *flag_of(const struct cli *cli, size_t conflict, const char *advice, size_t head)
{
	const char *other = steady_report_get(cli->report, conflict)->advice;

	if (!other || advice_head(other) != head || strncmp(other, advice, head) != 0)
		return NULL;
	return other + head;
}

/* Advice once for all conflicts that have the like, with all that would have to be tolerated. */
static void put_advice(struct cli *cli, const size_t *conflicts, size_t count, size_t index)
{
	const char *advice = steady_report_get(cli->report, conflicts[index])->advice;
	size_t like = like_advice(cli, conflicts, count, index), head;

	if (!like)
		return;
	head = advice_head(advice);
	if (advice[head] && like > MOST_TOLERATED) {
		steady_text_printf(&cli->out,
				   "Do: put these hosts in different pools; that is much "
				   "for a guest to see change\n");
		return;
	}
	steady_text_printf(&cli->out, "Do: %.*s", (int)head, advice);
	for (size_t i = index; advice[head] && i < count; i++) {
		const char *flag = flag_of(cli, conflicts[i], advice, head);

		if (flag)
			steady_text_printf(&cli->out, "%s%.*s", i == index ? "" : " ",
					   (int)strcspn(flag, ";"), flag);
	}
	steady_text_char(&cli->out, '\n');
}

/* What stands behind "; or " in a conflict's advice to tolerate; NULL: nothing does. */
static const char *kernels_of(const struct cli *cli, size_t conflict)
{
	const struct steady_finding *f = steady_report_get(cli->report, conflict);
	const char *flag = f->field && f->advice ? strstr(f->advice, TOLERATE) : NULL;
	const char *rest = flag ? strstr(flag, OR) : NULL;

	return rest ? rest + strlen(OR) : NULL;
}

/* Which kernels would help, once for all fields that the same would. */
static void put_kernels(struct cli *cli, const size_t *conflicts, size_t count, size_t index)
{
	const char *kernels = kernels_of(cli, conflicts[index]);
	size_t fields = 0;

	for (size_t i = 0; kernels && i < index; i++) {
		if (same(kernels_of(cli, conflicts[i]), kernels))
			return;
	}
	for (size_t i = index; kernels && i < count; i++) {
		const struct steady_finding *f = steady_report_get(cli->report, conflicts[i]);

		if (same(kernels_of(cli, conflicts[i]), kernels))
			steady_text_printf(&cli->out, "%s%s.%s", fields++ ? ", " : "Or for ", f->reg,
					   f->field);
	}
	if (!fields)
		return;
	steady_text_str(&cli->out, ": ");
	steady_kernels_retell(&cli->out, kernels, fields > 1);
	steady_text_char(&cli->out, '\n');
}

static int put_words(struct cli *cli, int inputs)
{
	size_t total = steady_report_count(cli->report), count = 0;
	size_t *conflicts = calloc(total + 1, sizeof(*conflicts));
	const struct steady_finding *f, *before = NULL;

	if (!conflicts)
		return -STEADY_ENOMEM;
	for (size_t i = 0; i < total; i++) {
		f = steady_report_get(cli->report, i);
		if (f->severity != STEADY_ERROR)
			continue;
		if (!before || !one_conflict(before, f))
			conflicts[count++] = i;
		before = f;
	}
	steady_text_printf(&cli->out, "NO baseline of %d input%s: %zu conflict%s\n", inputs,
			   inputs == 1 ? "" : "s", count, count == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++)
		put_conflict(cli, conflicts[i]);
	for (size_t i = 0; i < count; i++)
		put_advice(cli, conflicts, count, i);
	for (size_t i = 0; i < count; i++)
		put_kernels(cli, conflicts, count, i);
	free(conflicts);
	return 0;
}

static int put_conflicts(struct cli *cli, int inputs)
{
	cli->output = NULL; /* no model: what was at -o FILE stays */
	cli->shown = true;
	if (cli->json)
		return put_conflicts_json(cli);
	return cli->quiet ? 0 : put_words(cli, inputs);
}

/* ---- the answer ---- */

static unsigned int features_of(const struct steady_model *m)
{
	struct steady_view view;
	unsigned int count = 0;

	steady_model_view(m, &view);
	for (unsigned int i = 0; i < steady_feature_count(); i++)
		count += steady_feature_state(i, &view) == STEADY_YES;
	return count;
}

/* To standard error, so that standard output is the model and nothing else. */
static void tell(const struct cli *cli, const struct steady_model *m)
{
	char options[128];
	const char *name;
	bool more;

	if (cli->quiet)
		return;
	cli_say("%s: %u features, %s", *steady_model_name(m) ? steady_model_name(m) : "baseline",
		features_of(m),
		steady_configuration_text(m->options, ~UINT32_C(0), m->irqchip, options,
					  sizeof(options)));
	for (size_t i = 0; (name = steady_model_tolerated_at(m, i, &more)); i++)
		cli_say("tolerated: %s%s", name, more ? ", where a host has more" : "");
}

static int compute(struct cli *cli, const struct cli_subject *subjects, struct wanted *w)
{
	struct steady_input *inputs = calloc((size_t)cli->argc, sizeof(*inputs));
	struct steady_model *model = NULL;
	int r, e;

	if (!inputs)
		return -STEADY_ENOMEM;
	for (int i = 0; i < cli->argc; i++)
		inputs[i] = (struct steady_input){subjects[i].name, subjects[i].profile,
						  subjects[i].model};
	r = w->exactly
		    ? steady_model_exactly(subjects[0].profile,
					   &subjects[0].profile->configurations[0], &model,
					   cli->report)
		    : steady_baseline(inputs, (size_t)cli->argc, &w->request, &model, cli->report);
	if (!r && w->exactly && w->request.identity)
		r = steady_model_identify(model, w->request.cpu, cli->report);
	if (!r && w->exactly && w->request.name)
		r = steady_model_set_name(model, w->request.name);
	if (!r) {
		tell(cli, model);
		r = steady_model_print_told(model, cli->json ? notes_json(cli) : NULL, &cli->out);
	} else if (r == -STEADY_ECONFLICT) {
		e = put_conflicts(cli, cli->argc);
		r = e ? e : r;
	}
	steady_model_free(model);
	free(inputs);
	return r;
}

static bool take_identity(struct cli *cli, void *ctx, const char *argument)
{
	struct wanted *w = ctx;

	(void)cli;
	w->request.identity = cli_parse_identity(argument, &w->identity);
	w->request.cpu = w->identity.named ? &w->identity.cpu : NULL;
	return w->request.identity;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {
		{"name", true, take_name},        {"vcpu", true, take_vcpu},
		{"require", true, take_require},  {"tolerate", true, take_tolerate},
		{"exactly", false, take_exactly}, {"identity", 2, take_identity},
		{"discovery", false, take_discovery},
	};
	struct wanted w = {0};
	struct cli_subject *subjects;
	bool help_given;
	int loaded = 0;
	int r = cli_options(cli, argc, argv, options, 7, &w, 1, -1, &help_given);

	if (r || help_given)
		return r;
	subjects = calloc((size_t)cli->argc, sizeof(*subjects));
	if (!subjects)
		return -STEADY_ENOMEM;
	while (!r && loaded < cli->argc) {
		r = w.exactly ? cli_subject_load_profile(cli, cli->argv[loaded], &subjects[loaded])
			      : cli_subject_load(cli, cli->argv[loaded], &subjects[loaded]);
		loaded += !r;
	}
	if (!r && w.exactly && cli->argc != 1) {
		cli_say("--exactly takes one host");
		r = -STEADY_EUSAGE;
	}
	r = r ? r : compute(cli, subjects, &w);
	for (int i = 0; i < loaded; i++)
		cli_subject_clear(&subjects[i]);
	free(subjects);
	return r;
}

const struct cli_command cli_baseline = {
	.name = "baseline",
	.summary = "compute the greatest CPU model that many hosts can show",
	.usage = "X...",
	.help = help,
	.run = run,
};
