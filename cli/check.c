/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/report.h"
#include "cli.h"

static const char help[] =
	"Can these hosts run the model? Without a HOST: can this machine? Nothing is written to any\n"
	"VM. Each reason names the field, what the model wants, what the host accepts, and what\n"
	"would help. Exit status 0: all can, 1: one cannot.\n"
	"\n"
	"Example:\n"
	"  steadyarm check web-v1.json rack*.json\n";

struct answers {
	struct cli_subject model;
	char *label;
	struct steady_text words;
	json_t *hosts;
	size_t count, refused;
	size_t seen; /* findings of hosts before this one */
};

static json_t *blockers_json(const struct cli *cli, size_t from)
{
	json_t *list = json_array();
	const struct steady_finding *f;

	for (size_t i = from; (f = steady_report_get(cli->report, i)); i++) {
		if (f->severity == STEADY_ERROR)
			json_array_append_new(list, cli_finding_json(f));
	}
	return list;
}

static void add_answer(struct cli *cli, struct answers *a, const char *host, bool can)
{
	json_t *one = json_object();

	json_object_set_new(one, "host", json_string(host));
	json_object_set_new(one, "can_run", json_boolean(can));
	json_object_set_new(one, "blockers", blockers_json(cli, a->seen));
	json_array_append_new(a->hosts, one);
	cli_put_findings(&a->words, cli->report, a->seen, STEADY_ERROR, "");
	cli_put_findings(&a->words, cli->report, a->seen, STEADY_WARNING, "warning: ");
	a->seen = steady_report_count(cli->report);
	a->count++;
	a->refused += !can;
}

static int check_one(struct cli *cli, struct answers *a, const char *spec)
{
	struct cli_subject host;
	int r = cli_subject_load_profile(cli, spec, &host);

	if (r)
		return r;
	a->seen = steady_report_count(cli->report); /* warnings of probing are not this answer's */
	steady_report_default_host(cli->report, host.name);
	r = steady_check(a->model.model, host.profile, cli->report);
	steady_report_default_host(cli->report, NULL);
	if (!r || r == -STEADY_EBLOCKED) {
		add_answer(cli, a, host.name, !r);
		r = 0;
	}
	cli_subject_clear(&host);
	return r;
}

static int check_all(struct cli *cli, struct answers *a)
{
	int hosts = cli->argc > 1 ? cli->argc - 1 : 1, r = 0;

	for (int i = 0; i < hosts && !r; i++)
		r = check_one(cli, a, cli_host_argument(cli, i + 1));
	if (r)
		return r;
	cli->shown = true;
	if (cli->json) {
		json_t *o = json_object();

		json_object_set_new(o, "model", json_string(a->label));
		json_object_set(o, "hosts", a->hosts);
		r = cli_put_json(cli, o);
	} else if (!cli->quiet) {
		if (a->refused)
			steady_text_printf(&cli->out, "%s: NO on %zu of %zu host%s\n", a->label,
					   a->refused, a->count, a->count == 1 ? "" : "s");
		else
			steady_text_printf(&cli->out, "%s: yes on %zu host%s\n", a->label, a->count,
					   a->count == 1 ? "" : "s");
		steady_text_add(&cli->out, a->words.data, a->words.length);
	}
	return r ? r : a->refused ? -STEADY_EBLOCKED : 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct answers a = {0};
	bool help_given;
	int r = cli_options(cli, argc, argv, NULL, 0, NULL, 1, -1, &help_given);

	if (r || help_given)
		return r;
	r = cli_subject_load_model(cli, cli->argv[0], &a.model);
	if (r)
		return r;
	a.label = cli_model_label(&a.model);
	a.hosts = json_array();
	r = a.label && a.hosts ? check_all(cli, &a) : -STEADY_ENOMEM;
	json_decref(a.hosts);
	free(a.label);
	steady_text_free(&a.words);
	cli_subject_clear(&a.model);
	return r;
}

const struct cli_command cli_check = {
	.name = "check",
	.summary = "say whether hosts can run a model, and why not",
	.usage = "MODEL [HOST]...",
	.help = help,
	.run = run,
};
