/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "catalog.h"
#include "cli.h"
#include "format/format.h"

static const char help[] =
	"Lists the models that can be given by name: those that are built in, and those that are\n"
	"installed as NAME.model or NAME.json in the folders of STEADYARM_MODEL_PATH (by default\n"
	"/etc/steadyarm/models:/usr/share/steadyarm/models). With one MODEL: all that is known of\n"
	"it. With HOSTs, which are profiles or `kvm`: how many of them run each model, and which\n"
	"if not all; of one MODEL also why others do not. A name without its version (-v1) stands\n"
	"for the newest.\n"
	"\n"
	"Options:\n"
	"  --text         the canonical text of one MODEL, as a file to keep or to change\n"
	"\n"
	"Example:\n"
	"  steadyarm models data/profiles/*.json\n"
	"  steadyarm models neoverse-n1 rack7-12.json\n";

struct item {
	struct cli_subject model;
	const struct cli_entry *entry; /* NULL: a file that was given */
	struct steady_view view;
	unsigned int features;
	json_t *hosts;
	size_t can;
};

struct listing {
	struct cli_catalog catalog;
	struct item *items;
	size_t count;
	struct cli_subject *hosts;
	size_t host_count;
	bool text;
	struct steady_text blockers; /* of one model */
};

static bool take_text(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	(void)argument;
	((struct listing *)ctx)->text = true;
	return true;
}

/* ---- what to list ---- */

static void count_features(struct item *it)
{
	steady_model_view(it->model.model, &it->view);
	for (unsigned int i = 0; i < steady_feature_count(); i++)
		it->features += steady_feature_state(i, &it->view) == STEADY_YES;
}

/* Takes the subject over. */
static int add_model(struct listing *l, const struct cli_subject *s, const struct cli_entry *entry)
{
	struct item *all = realloc(l->items, (l->count + 1) * sizeof(*all));

	if (!all)
		return -STEADY_ENOMEM;
	l->items = all;
	all[l->count] = (struct item){.model = *s, .entry = entry, .hosts = json_array()};
	count_features(&all[l->count++]);
	return 0;
}

static int add_host(struct listing *l, const struct cli_subject *s)
{
	struct cli_subject *all = realloc(l->hosts, (l->host_count + 1) * sizeof(*all));

	if (!all)
		return -STEADY_ENOMEM;
	l->hosts = all;
	all[l->host_count++] = *s;
	return 0;
}

/* What the catalog says of it; nothing, if a file has a built-in model's name and another content. */
static const struct cli_entry *entry_of(const struct listing *l, const struct cli_subject *s)
{
	const struct cli_entry *e = cli_catalog_find(&l->catalog, s->name);
	struct steady_model *known;
	char id[65], own[65];
	bool same;

	if (!e || !e->builtin)
		return e;
	if (steady_model_builtin(e->builtin->name, &known))
		return NULL;
	same = !steady_model_id(known, id) && !steady_model_id(s->model, own) &&
	       strcmp(id, own) == 0;
	steady_model_free(known);
	return same ? e : NULL;
}

static int load_arguments(struct cli *cli, struct listing *l)
{
	int r = 0;

	for (int i = 0; i < cli->argc && !r; i++) {
		struct cli_subject s;

		r = cli_subject_load(cli, cli->argv[i], &s);
		if (r)
			break;
		r = s.model ? add_model(l, &s, entry_of(l, &s)) : add_host(l, &s);
		if (r)
			cli_subject_clear(&s);
	}
	return r;
}

static int load_all(struct cli *cli, struct listing *l)
{
	int r = 0;

	for (size_t i = 0; i < l->catalog.count && !r; i++) {
		const struct cli_entry *e = &l->catalog.entries[i];
		struct cli_subject s;

		r = cli_catalog_load(cli, e, &s);
		if (r)
			break;
		r = add_model(l, &s, e);
		if (r)
			cli_subject_clear(&s);
	}
	return r;
}

/* ---- which hosts run them ---- */

/*
 * The note in a recorded profile says that its CPU is emulated: what such a host lacks tells nothing
 * of the core that it is named after.
 */
static void put_emulated(struct listing *l, const struct cli_subject *host, int result)
{
	static const char start[] = "emulated by ";
	const struct steady_profile *p = host->profile;
	struct steady_text words = STEADY_TEXT_INIT;

	if (result != -STEADY_EBLOCKED || !p->note ||
	    strncmp(p->note, start, sizeof(start) - 1) != 0)
		return;
	steady_text_printf(&words, "%s is no hardware, by its profile: \"%.*s\". What is not emulated is "
				   "left out there, and the real core may have it.",
			   host->name, (int)strcspn(p->note, ";"), p->note);
	steady_text_str(&l->blockers, "  ");
	cli_put_wrapped(&l->blockers, 2, words.data ? words.data : "");
	steady_text_char(&l->blockers, '\n');
	steady_text_free(&words);
}

static int check_one(struct cli *cli, struct listing *l, struct item *it, size_t which)
{
	const struct cli_subject *host = &l->hosts[which];
	size_t seen = steady_report_count(cli->report);
	json_t *one = json_object(), *blockers = json_array();
	const struct steady_finding *f;
	int r;

	steady_report_default_host(cli->report, host->name);
	r = steady_check(it->model.model, host->profile, cli->report);
	steady_report_default_host(cli->report, NULL);
	for (size_t i = seen; (f = steady_report_get(cli->report, i)); i++) {
		if (f->severity == STEADY_ERROR)
			json_array_append_new(blockers, cli_finding_json(f));
	}
	if (l->count == 1) {
		cli_put_findings(&l->blockers, cli->report, seen, STEADY_ERROR, "");
		put_emulated(l, host, r);
	}
	it->can += !r;
	json_object_set_new(one, "host", json_string(host->name));
	/* a profile that does not say is no answer */
	json_object_set_new(one, "can_run",
			    !r || r == -STEADY_EBLOCKED ? json_boolean(!r) : json_null());
	json_object_set_new(one, "blockers", blockers);
	json_array_append_new(it->hosts, one);
	return r == -STEADY_ENOMEM ? r : 0;
}

static int check_all(struct cli *cli, struct listing *l)
{
	int r = 0;

	for (size_t i = 0; i < l->count; i++) {
		for (size_t h = 0; h < l->host_count && !r; h++)
			r = check_one(cli, l, &l->items[i], h);
	}
	return r;
}

/* ---- words ---- */

static const char *title_of(const struct item *it)
{
	if (it->entry && it->entry->builtin)
		return it->entry->builtin->title;
	return it->entry ? it->entry->path : it->model.spec;
}

static const char *options_of(const struct item *it, char *out, size_t room)
{
	const struct steady_model *m = it->model.model;

	return steady_configuration_text(m->options, m->options, m->irqchip, out, room);
}

/* Those that run the model, where some do not. */
static void put_hosts(struct steady_text *out, const struct item *it, size_t all)
{
	const json_t *one;
	size_t i, put = 0;

	if (!it->can || it->can == all)
		return;
	json_array_foreach(it->hosts, i, one) {
		const char *name = json_string_value(json_object_get(one, "host"));

		if (!json_is_true(json_object_get(one, "can_run")))
			continue;
		cli_put_word(out, 2, name, strlen(name));
		steady_text_str(out, ++put < it->can ? "," : "");
	}
	steady_text_char(out, '\n');
}

static void put_list(struct cli *cli, const struct listing *l)
{
	struct steady_text *out = &cli->out;
	char options[128], runs[32] = "";

	if (l->host_count)
		snprintf(runs, sizeof(runs), "%-11s", "RUNS ON");
	steady_text_printf(out, "%-18s %8s  %s%-26s %s\n", "NAME", "FEATURES", runs, "VCPU",
			   "WHAT IT IS");
	for (size_t i = 0; i < l->count; i++) {
		const struct item *it = &l->items[i];

		if (l->host_count)
			snprintf(runs, sizeof(runs), "%3zu of %-4zu", it->can, l->host_count);
		steady_text_printf(out, "%-18s %8u  %s%-26s %s\n", it->model.name, it->features,
				   runs, options_of(it, options, sizeof(options)), title_of(it));
		put_hosts(out, it, l->host_count);
	}
}

static void put_features(struct steady_text *out, const struct item *it)
{
	steady_text_printf(out, "\n%u features:\n", it->features);
	for (unsigned int i = 0; i < steady_feature_count(); i++) {
		const char *name = steady_feature_name(i);

		if (steady_feature_state(i, &it->view) == STEADY_YES)
			cli_put_word(out, 2, name, strlen(name));
	}
	steady_text_str(out, "\n");
}

static void put_one(struct cli *cli, const struct listing *l)
{
	const struct item *it = &l->items[0];
	const struct cli_entry *e = it->entry;
	struct steady_text *out = &cli->out;
	char *label = cli_model_label(&it->model), options[128];

	steady_text_printf(out, "%s: %s\n", label ? label : it->model.name, title_of(it));
	steady_text_printf(out, "vCPU: %s\n", options_of(it, options, sizeof(options)));
	if (l->host_count)
		steady_text_printf(out, "runs on %zu of %zu host%s%s\n", it->can, l->host_count,
				   l->host_count == 1 ? "" : "s",
				   it->can && it->can < l->host_count ? ":" : "");
	put_hosts(out, it, l->host_count);
	steady_text_add(out, l->blockers.data, l->blockers.length);
	put_features(out, it);
	if (e && e->builtin && *e->builtin->about)
		steady_text_printf(out, "\n%s\n", e->builtin->about);
	if (!(e && e->builtin))
		cli_put_tolerated(out, it->model.model);
	free(label);
}

/* ---- JSON ---- */

static json_t *names_json(const struct item *it)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < steady_feature_count(); i++) {
		if (steady_feature_state(i, &it->view) == STEADY_YES)
			json_array_append_new(list, json_string(steady_feature_name(i)));
	}
	return list;
}

static json_t *options_json(uint32_t options)
{
	json_t *o = json_object();

	for (int i = 0; i < STEADY_OPTIONS; i++)
		json_object_set_new(o, steady_options[i].name, json_boolean(options >> i & 1));
	return o;
}

static json_t *item_json(const struct item *it, bool hosts)
{
	const struct steady_model *m = it->model.model;
	json_t *o = json_object(), *tolerated = json_array(), *only_more = json_array();
	const char *name;
	char id[65];
	bool more;

	for (size_t i = 0; (name = steady_model_tolerated_at(m, i, &more)); i++) {
		json_array_append_new(tolerated, json_string(name));
		if (more)
			json_array_append_new(only_more, json_string(name));
	}
	json_object_set_new(o, "name", json_string(it->model.name));
	json_object_set_new(o, "id", steady_model_id(m, id) ? NULL : json_string(id));
	if (it->entry && it->entry->builtin)
		json_object_set_new(o, "title", json_string(it->entry->builtin->title));
	else
		json_object_set_new(o, "file", json_string(title_of(it)));
	json_object_set_new(o, "vcpu_features", options_json(m->options));
	json_object_set_new(o, "features", names_json(it));
	json_object_set_new(o, "tolerated", tolerated);
	json_object_set_new(o, "tolerated_more", only_more);
	if (hosts)
		json_object_set(o, "hosts", it->hosts);
	return o;
}

static int put_json(struct cli *cli, const struct listing *l)
{
	json_t *o = json_object(), *list = json_array();

	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(list, item_json(&l->items[i], l->host_count));
	json_object_set_new(o, "models", list);
	return cli_put_json(cli, o);
}

/* ---- the command ---- */

static int put(struct cli *cli, struct listing *l, bool one)
{
	if (l->text && !one) {
		cli_say("--text takes one MODEL");
		return -STEADY_EUSAGE;
	}
	if (l->text)
		return steady_model_print(l->items[0].model.model, &cli->out);
	if (cli->json)
		return put_json(cli, l);
	if (!cli->quiet && one)
		put_one(cli, l);
	else if (!cli->quiet)
		put_list(cli, l);
	return 0;
}

static void clear(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++) {
		cli_subject_clear(&l->items[i].model);
		json_decref(l->items[i].hosts);
	}
	for (size_t i = 0; i < l->host_count; i++)
		cli_subject_clear(&l->hosts[i]);
	free(l->items);
	free(l->hosts);
	steady_text_free(&l->blockers);
	cli_catalog_clear(&l->catalog);
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {{"text", false, take_text}};
	struct listing l = {0};
	bool help_given, one;
	int r = cli_options(cli, argc, argv, options, 1, &l, 0, -1, &help_given);

	if (r || help_given)
		return r;
	r = cli_catalog_read(cli, &l.catalog);
	r = r ? r : load_arguments(cli, &l);
	one = l.count == 1;
	if (!r && !l.count)
		r = load_all(cli, &l);
	r = r ? r : check_all(cli, &l);
	if (!r) {
		cli->shown = steady_report_errors(cli->report) > 0 || cli->shown;
		r = put(cli, &l, one);
	}
	clear(&l);
	return r;
}

const struct cli_command cli_models = {
	.name = "models",
	.summary = "list the named models, and which hosts run them",
	.usage = "[MODEL | HOST]...",
	.help = help,
	.run = run,
};
