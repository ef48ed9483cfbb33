/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "cli.h"

#define MOST_NAMES 64

static const char help[] =
	"Looks for what no CPU has: fields that contradict each other, registers that are "
	"missing,\n"
	"reserved bits that are not 0. A model, or a profile in each of its configurations.\n"
	"\n"
	"  --rule NAME      only this rule, or all rules of a kind (implies, excludes, removed,\n"
	"                   mandatory, mirror, frac, group, option, reserved, missing); may be\n"
	"                   repeated\n"
	"  --no-rule NAME   all but these\n"
	"  --as VERSION     as a CPU of this version of the architecture, v8.4 or armv8.4-a: all "
	"that\n"
	"                   the version makes mandatory has to be there. A model that is named\n"
	"                   armv8.4-a is held to it by itself\n"
	"  --rules          list the rules and where they are from, and look at nothing\n"
	"\n"
	"An error is something that no CPU has and no KVM shows. A warning is something that KVM\n"
	"shows guests of some kernels. Exit status 0: no errors, 1: errors.\n"
	"\n"
	"Example:\n"
	"  steadyarm lint web-v1.json --no-rule mirror\n";

struct names {
	const char *name[MOST_NAMES];
	size_t count;
};

struct lint {
	struct names only, except;
	unsigned int version; /* --as, as steady_lint_request has it */
	bool list;
	size_t seen; /* findings of models before this one */
	size_t errors, warnings;
	struct steady_text words;
	json_t *models;
};

static bool take(struct names *names, const char *option, const char *name)
{
	for (unsigned int i = 0; i < steady_rule_total; i++) {
		if (!steady_rule_is(i, name))
			continue;
		if (names->count == MOST_NAMES) {
			cli_say("%s: more than %d names", option, MOST_NAMES);
			return false;
		}
		names->name[names->count++] = name;
		return true;
	}
	cli_say("%s: there is no rule '%s'; `steadyarm lint --rules` lists them", option, name);
	return false;
}

static bool take_rule(struct cli *cli, void *ctx, const char *name)
{
	(void)cli;
	return take(&((struct lint *)ctx)->only, "--rule", name);
}

static bool take_no_rule(struct cli *cli, void *ctx, const char *name)
{
	(void)cli;
	return take(&((struct lint *)ctx)->except, "--no-rule", name);
}

static bool take_as(struct cli *cli, void *ctx, const char *name)
{
	unsigned int version = (unsigned int)(steady_version_by_name(name, strlen(name)) + 1);

	(void)cli;
	version = version ? version : steady_lint_version(name);
	((struct lint *)ctx)->version = version;
	if (!version)
		cli_say("--as: '%s' is no version that registers tell of: v8.1 to %s", name,
			steady_versions[steady_version_count - 1].name);
	return version != 0;
}

static bool take_rules(struct cli *cli, void *ctx, const char *none)
{
	(void)cli;
	(void)none;
	((struct lint *)ctx)->list = true;
	return true;
}

/* ---- the rules ---- */

static const char *severity_name(uint8_t severity)
{
	return severity == STEADY_RULE_ERROR ? "error" : "warning";
}

static void put(json_t *object, const char *key, const char *value)
{
	if (value)
		json_object_set_new(object, key, json_string(value));
}

static int list_rules(struct cli *cli)
{
	json_t *all = json_array(), *o;

	for (unsigned int i = 0; i < steady_rule_total; i++) {
		const struct steady_rule *r = &steady_rules[i];
		char lower[STEADY_FULLNAME] = "";

		if (r->lower >= 0)
			steady_field_fullname((unsigned int)r->lower, lower, sizeof(lower));
		if (!cli->json) {
			steady_text_printf(&cli->out, "%-7s  %s", severity_name(r->severity),
					   r->name);
			if (r->when)
				steady_text_printf(&cli->out, ": %s: %s", r->when, r->then);
			if (*lower)
				steady_text_printf(&cli->out, ", else a baseline lowers %s", lower);
			steady_text_printf(&cli->out, " [%s]\n", r->source);
			continue;
		}
		o = json_object();
		put(o, "rule", r->name);
		put(o, "severity", severity_name(r->severity));
		put(o, "if", r->when);
		put(o, "then", r->then);
		put(o, "lower", *lower ? lower : NULL);
		put(o, "source", r->source);
		json_array_append_new(all, o);
	}
	o = json_object();
	json_object_set_new(o, "rules", all);
	if (cli->json)
		return cli_put_json(cli, o);
	json_decref(o);
	return 0;
}

/* ---- one model or profile ---- */

static const char *source_of(const struct steady_finding *f)
{
	int rule = steady_rule_by_name(f->rule, strlen(f->rule));

	return rule < 0 ? "" : steady_rules[rule].source;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_finding(const struct steady_finding *a, const struct steady_finding *b)
{
	return same(a->rule, b->rule) && same(a->reg, b->reg) && same(a->field, b->field) &&
	       same(a->reason, b->reason);
}

/* What was found in several configurations is told once. */
static bool is_first(const struct cli *cli, const struct lint *l, size_t index)
{
	const struct steady_finding *f = steady_report_get(cli->report, index);

	for (size_t i = l->seen; i < index; i++) {
		if (same_finding(steady_report_get(cli->report, i), f))
			return false;
	}
	return true;
}

static void put_words(struct lint *l, const struct steady_finding *f, size_t others)
{
	steady_text_str(&l->words, f->severity == STEADY_ERROR ? "  error: " : "  warning: ");
	if (f->host)
		steady_text_printf(&l->words, "%s: ", f->host);
	steady_text_printf(&l->words, "%s%s%s: %s", f->reg, f->field ? "." : "",
			   f->field ? f->field : "", f->reason ? f->reason : "");
	if (others)
		steady_text_printf(&l->words, "; %zu more configuration%s", others,
				   others == 1 ? "" : "s");
	if (f->advice)
		steady_text_printf(&l->words, ". Do: %s", f->advice);
	steady_text_printf(&l->words, " [%s; %s]\n", f->rule, source_of(f));
}

static void put_finding(const struct cli *cli, struct lint *l, size_t index, json_t *list)
{
	const struct steady_finding *f = steady_report_get(cli->report, index), *other;
	bool error = f->severity == STEADY_ERROR;
	json_t *o = cli_finding_json(f), *configurations = json_array();
	size_t count = 0;

	*(error ? &l->errors : &l->warnings) += 1;
	put(o, "severity", error ? "error" : "warning");
	put(o, "source", source_of(f));
	for (size_t i = index; (other = steady_report_get(cli->report, i)); i++) {
		if (!other->host || !same_finding(f, other))
			continue;
		json_array_append_new(configurations, json_string(other->host));
		count++;
	}
	if (count)
		json_object_set(o, "configurations", configurations);
	json_decref(configurations);
	json_array_append_new(list, o);
	put_words(l, f, count ? count - 1 : 0);
}

static int lint_view(struct cli *cli, struct lint *l, const struct steady_view *view,
		     struct steady_lint_request request)
{
	const struct steady_lint_request whole = {
		.only = l->only.name,
		.only_count = l->only.count,
		.except = l->except.name,
		.except_count = l->except.count,
		.version = l->version ? l->version : request.version,
		.options = request.options,
		.options_known = request.options_known,
	};
	int r = steady_lint(view, &whole, cli->report);

	return r == -STEADY_EINVALID ? 0 : r;
}

static int lint_subject(struct cli *cli, struct lint *l, const struct cli_subject *s)
{
	struct steady_view view;
	char text[160];
	int r = 0;

	if (s->model) {
		steady_model_view(s->model, &view);
		return lint_view(
			cli, l, &view,
			(struct steady_lint_request){.version = steady_lint_version(s->model->name),
						     .options = s->model->options,
						     .options_known = UINT32_MAX});
	}
	for (size_t i = 0; i < s->profile->configuration_count && !r; i++) {
		const struct steady_configuration *c = &s->profile->configurations[i];

		steady_configuration_text(c->options, c->options_known, c->irqchip, text,
					  sizeof(text));
		steady_report_default_host(cli->report, text);
		steady_configuration_view(c, &view);
		r = lint_view(cli, l, &view,
			      (struct steady_lint_request){.options = c->options,
							   .options_known = c->options_known});
		steady_report_default_host(cli->report, NULL);
	}
	return r;
}

static int lint_one(struct cli *cli, struct lint *l, const char *spec)
{
	struct cli_subject s;
	size_t errors = l->errors, warnings = l->warnings;
	struct steady_text head = STEADY_TEXT_INIT;
	json_t *o, *list;
	int r = cli_subject_load(cli, spec, &s);

	if (r)
		return r;
	l->seen = steady_report_count(cli->report); /* warnings of reading are not its findings */
	r = lint_subject(cli, l, &s);
	steady_text_add(&head, l->words.data, l->words.length);
	steady_text_free(&l->words);
	list = json_array();
	for (size_t i = l->seen; !r && i < steady_report_count(cli->report); i++) {
		if (is_first(cli, l, i))
			put_finding(cli, l, i, list);
	}
	errors = l->errors - errors;
	warnings = l->warnings - warnings;
	steady_text_printf(&head, "%s: %s, %zu error%s, %zu warning%s\n", s.name,
			   errors ? "NO" : "yes", errors, errors == 1 ? "" : "s", warnings,
			   warnings == 1 ? "" : "s");
	steady_text_add(&head, l->words.data, l->words.length);
	steady_text_free(&l->words);
	l->words = head;
	o = json_object();
	put(o, "name", s.name);
	json_object_set_new(o, "consistent", json_boolean(errors == 0));
	json_object_set_new(o, "findings", list);
	json_array_append_new(l->models, o);
	cli_subject_clear(&s);
	return r;
}

static int run_lint(struct cli *cli, struct lint *l)
{
	int r = 0;

	for (int i = 0; i < cli->argc && !r; i++)
		r = lint_one(cli, l, cli->argv[i]);
	if (r)
		return r;
	cli->shown = true;
	if (cli->json) {
		json_t *o = json_object();

		json_object_set(o, "models", l->models);
		r = cli_put_json(cli, o);
	} else if (!cli->quiet) {
		steady_text_add(&cli->out, l->words.data, l->words.length);
	}
	return r ? r : l->errors ? -STEADY_EINVALID : 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {
		{"rule", true, take_rule},
		{"no-rule", true, take_no_rule},
		{"as", true, take_as},
		{"rules", false, take_rules},
	};
	struct lint l = {0};
	bool help_given;
	int r = cli_options(cli, argc, argv, options, 4, &l, 0, -1, &help_given);

	if (r || help_given)
		return r;
	if (l.list)
		return list_rules(cli);
	if (cli->argc < 1) {
		cli_say("which model? `steadyarm lint --help` says more");
		return -STEADY_EUSAGE;
	}
	l.models = json_array();
	r = l.models ? run_lint(cli, &l) : -STEADY_ENOMEM;
	json_decref(l.models);
	steady_text_free(&l.words);
	return r;
}

const struct cli_command cli_lint = {
	.name = "lint",
	.summary = "look for what no CPU has: contradictions, missing registers",
	.usage = "MODEL...",
	.help = help,
	.run = run,
};
