/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "catalog.h"
#include "cli.h"
#include "policy/model.h"

static const char help[] =
	"Can these hosts run the model? Without a HOST: can this machine? Nothing is written to "
	"any\n"
	"VM. Each reason names the field, what the model wants, what the host accepts, and what\n"
	"would help. Exit status 0: all can, 1: one cannot. Without a MODEL: every model that\n"
	"`steadyarm models` lists.\n"
	"\n"
	"The HOST `self`, alone, is the Linux guest that this command runs in, seen as any program\n"
	"sees it: without privileges, KVM, or a restart. What that kernel does not show is unknown;\n"
	"what is lower than the model is perhaps hidden by it; what is higher is not the model.\n"
	"\n"
	"Options:\n"
	"  --all          every model that there is, so that all arguments are HOSTs\n" CLI_HELP_TOLERATE CLI_HELP_IDENTITY
	CLI_HELP_STRICT
	"\n"
	"Example:\n"
	"  steadyarm check web-v1.json rack*.json\n";

struct asked {
	struct cli_pinning pinning; /* of which only what is tolerated counts */
	bool all;
};

struct answers {
	struct cli_subject model;
	char *label;
	struct steady_text words;
	json_t *hosts;
	size_t count, refused;
	size_t seen; /* findings of hosts before this one */
};

static json_t *findings_json(const struct cli *cli, size_t from, uint32_t severity)
{
	json_t *list = json_array();
	const struct steady_finding *f;

	for (size_t i = from; (f = steady_report_get(cli->report, i)); i++) {
		if (f->severity == severity && !(f->unknown && severity == STEADY_NOTE))
			json_array_append_new(list, cli_finding_json(f));
	}
	return list;
}

/* What of the tolerated no guest of the model can miss, by name: a line for the host. */
static void put_not_missed(const struct cli *cli, struct answers *a)
{
	struct steady_text names = STEADY_TEXT_INIT, name = STEADY_TEXT_INIT;
	const struct steady_finding *f;
	const char *host = NULL;
	size_t count = 0;

	for (size_t i = a->seen; (f = steady_report_get(cli->report, i)); i++) {
		int field;

		if (f->severity != STEADY_NOTE || !f->reg || !f->field || f->unknown)
			continue;
		name.length = 0;
		steady_text_printf(&name, "%s.%s", f->reg, f->field);
		field = name.data ? steady_field_by_name(name.data, name.length) : -1;
		if (field < 0 || !steady_model_misses_nothing(a->model.model, (unsigned int)field))
			continue;
		steady_text_printf(&names, "%s%s", count++ ? ", " : "", name.data);
		host = f->host;
	}
	if (names.length)
		steady_text_printf(&a->words,
				   "note: %s  %s: tolerated: count%s only at EL2, which a guest "
				   "has not\n",
				   host ? host : "", names.data, count == 1 ? "s" : "");
	steady_text_free(&names);
	steady_text_free(&name);
}

/* What guests miss though the model has it, since that is tolerated, is said in words too. */
static void put_missed(const struct cli *cli, struct answers *a)
{
	const struct steady_finding *f;

	for (size_t i = a->seen; (f = steady_report_get(cli->report, i)); i++) {
		if (f->severity != STEADY_NOTE || f->unknown || (f->field && !f->features))
			continue;
		steady_text_printf(&a->words, "warning: %s  ", f->host ? f->host : "");
		cli_put_finding(&a->words, f);
		steady_text_char(&a->words, '\n');
	}
	put_not_missed(cli, a);
}

static void add_answer(struct cli *cli, struct answers *a, const char *host, bool can)
{
	json_t *one = json_object();

	json_object_set_new(one, "host", json_string(host));
	json_object_set_new(one, "can_run", json_boolean(can));
	json_object_set_new(one, "blockers", findings_json(cli, a->seen, STEADY_ERROR));
	json_object_set_new(one, "tolerated", findings_json(cli, a->seen, STEADY_NOTE));
	json_object_set_new(one, "unknown", cli_unknown_json(cli->report, a->seen));
	json_array_append_new(a->hosts, one);
	cli_put_findings(&a->words, cli->report, a->seen, STEADY_ERROR, "");
	cli_put_findings(&a->words, cli->report, a->seen, STEADY_WARNING, "warning: ");
	cli_put_unknown(&a->words, cli->report, a->seen, "");
	put_missed(cli, a);
	a->seen = steady_report_count(cli->report);
	a->count++;
	a->refused += !can;
}

static int check_host(struct cli *cli, struct answers *a, const struct cli_subject *host)
{
	int r;

	a->seen = steady_report_count(cli->report); /* warnings of probing are not this answer's */
	steady_report_default_host(cli->report, host->name);
	r = steady_check(a->model.model, host->profile, cli->report);
	steady_report_default_host(cli->report, NULL);
	if (r && r != -STEADY_EBLOCKED)
		return r;
	add_answer(cli, a, host->name, !r);
	return 0;
}

static int check_one(struct cli *cli, struct answers *a, const char *spec)
{
	struct cli_subject host;
	int r = cli_subject_load_profile(cli, spec, &host);

	if (r)
		return r;
	r = check_host(cli, a, &host);
	cli_subject_clear(&host);
	return r;
}

/* The hosts from this argument on, or this machine. */
static int check_hosts(struct cli *cli, struct answers *a, int first)
{
	int hosts = cli->argc > first ? cli->argc - first : 1, r = 0;

	for (int i = 0; i < hosts && !r; i++)
		r = check_one(cli, a, cli_host_argument(cli, i + first));
	return r;
}

static json_t *answers_json(const struct answers *a)
{
	json_t *o = json_object();

	json_object_set_new(o, "model", json_string(a->label));
	json_object_set(o, "hosts", a->hosts);
	return o;
}

static void put_words(struct cli *cli, const struct answers *a)
{
	if (a->refused)
		steady_text_printf(&cli->out, "%s: NO on %zu of %zu host%s\n", a->label, a->refused,
				   a->count, a->count == 1 ? "" : "s");
	else
		steady_text_printf(&cli->out, "%s: yes on %zu host%s\n", a->label, a->count,
				   a->count == 1 ? "" : "s");
	steady_text_add(&cli->out, a->words.data, a->words.length);
}

static void clear(struct answers *a)
{
	json_decref(a->hosts);
	free(a->label);
	steady_text_free(&a->words);
	cli_subject_clear(&a->model);
}

static int start(struct answers *a)
{
	a->label = cli_model_label(&a->model);
	a->hosts = json_array();
	return a->label && a->hosts ? 0 : -STEADY_ENOMEM;
}

static int check_model(struct cli *cli, const struct cli_pinning *pinning)
{
	struct answers a = {0};
	int r = cli_pinning_load(cli, cli->argv[0], pinning, &a.model, &a.label);

	if (r)
		return r;
	if (cli->argc == 2 && strcmp(cli->argv[1], CLI_SELF) == 0) {
		r = cli_check_self(cli, &a.model);
		clear(&a);
		return r;
	}
	a.hosts = json_array();
	r = a.hosts ? check_hosts(cli, &a, 1) : -STEADY_ENOMEM;
	if (!r) {
		cli->shown = true;
		if (cli->json)
			r = cli_put_json(cli, answers_json(&a));
		else if (!cli->quiet)
			put_words(cli, &a);
	}
	r = r ? r : a.refused ? -STEADY_EBLOCKED : 0;
	clear(&a);
	return r;
}

/* ---- every model that there is ---- */

static int check_entry(struct cli *cli, const struct cli_entry *entry,
		       const struct cli_subject *hosts, size_t count, json_t *models)
{
	struct answers a = {0};
	int r = cli_catalog_load(cli, entry, &a.model);

	if (r)
		return r;
	r = start(&a);
	for (size_t i = 0; i < count && !r; i++)
		r = check_host(cli, &a, &hosts[i]);
	if (!r && cli->json)
		json_array_append_new(models, answers_json(&a));
	else if (!r && !cli->quiet)
		put_words(cli, &a);
	r = r ? r : a.refused ? -STEADY_EBLOCKED : 0;
	clear(&a);
	return r;
}

static int check_catalog(struct cli *cli, const struct cli_catalog *catalog,
			 const struct cli_subject *hosts, size_t count)
{
	json_t *models = json_array();
	int result = 0, r = 0;

	for (size_t i = 0; i < catalog->count && (!r || r == -STEADY_EBLOCKED); i++) {
		r = check_entry(cli, &catalog->entries[i], hosts, count, models);
		result = r ? r : result;
	}
	if (!result || result == -STEADY_EBLOCKED) {
		cli->shown = true;
		r = cli->json ? cli_put_json(cli, json_pack("{s:O}", "models", models)) : 0;
	}
	json_decref(models);
	return r && r != -STEADY_EBLOCKED ? r : result;
}

static int check_every_model(struct cli *cli)
{
	size_t count = cli->argc ? (size_t)cli->argc : 1, loaded = 0;
	struct cli_subject *hosts = calloc(count, sizeof(*hosts));
	struct cli_catalog catalog;
	int r = hosts ? cli_catalog_read(cli, &catalog) : -STEADY_ENOMEM;

	if (r) {
		free(hosts);
		return r;
	}
	while (loaded < count && !r) {
		r = cli_subject_load_profile(cli, cli_host_argument(cli, (int)loaded),
					     &hosts[loaded]);
		loaded += !r;
	}
	r = r ? r : check_catalog(cli, &catalog, hosts, count);
	while (loaded)
		cli_subject_clear(&hosts[--loaded]);
	free(hosts);
	cli_catalog_clear(&catalog);
	return r;
}

static bool take_all(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	(void)argument;
	((struct asked *)ctx)->all = true;
	return true;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {{"tolerate", true, cli_take_tolerate},
						    {"identity", 2, cli_take_identity},
						    {"all", false, take_all},
						    CLI_STRICTNESS};
	struct asked asked = {0};
	bool help_given;
	int r = cli_options(cli, argc, argv, options, 5, &asked, 0, -1, &help_given);

	if (r || help_given)
		return r;
	if (!asked.all && cli->argc)
		return check_model(cli, &asked.pinning);
	if (asked.pinning.tolerate_count || asked.pinning.identity.wanted) {
		cli_say("check: --tolerate and --identity go with one MODEL");
		return -STEADY_EUSAGE;
	}
	return check_every_model(cli);
}

const struct cli_command cli_check = {
	.name = "check",
	.summary = "say whether hosts can run a model, and why not",
	.usage = "[MODEL [HOST]... | --all [HOST]...]",
	.help = help,
	.run = run,
};
