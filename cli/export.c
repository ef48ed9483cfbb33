/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/report.h"
#include "cli.h"
#include "format/foreign.h"
#include "format/format.h"

static const char help[] =
	"Writes a model in another program's words. What the format cannot carry is said on standard\n"
	"error.\n"
	"\n"
	"Options:\n"
	"  --to FORMAT    c: tables in C for people who write VMMs; firecracker: a custom CPU template;\n"
	"                 libvirt: the parts of a domain's XML that pin it; qemu: a command line; text:\n"
	"                 the model's canonical text\n"
	"  --unreleased   with qemu: the form that no release understands yet\n"
	"  --strict       exit status 1 if something could not be carried\n"
	"\n"
	"Example:\n"
	"  steadyarm export --to firecracker neoverse-n1-v1 -o template.json\n";

struct wanted {
	const struct steady_foreign *format;
	bool unreleased;
	bool strict;
};

static bool take_to(struct cli *cli, void *ctx, const char *argument)
{
	struct wanted *w = ctx;

	(void)cli;
	w->format = steady_foreign_by_name(argument);
	if (!w->format)
		cli_say("--to: there is no format '%s'; there are c, firecracker, libvirt, qemu, text",
			argument);
	return w->format != NULL;
}

static bool take_unreleased(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	(void)argument;
	((struct wanted *)ctx)->unreleased = true;
	return true;
}

static bool take_strict(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	(void)argument;
	((struct wanted *)ctx)->strict = true;
	return true;
}

/* The text in one string, and what it does not carry. */
static int put_json(struct cli *cli, const char *format, size_t before)
{
	json_t *lost = json_array(), *root;
	const struct steady_finding *f;
	char *text = steady_text_take(&cli->out);

	for (size_t i = before; (f = steady_report_get(cli->report, i)); i++)
		json_array_append_new(lost, json_pack("{s:s, s:s}", "what", f->reg, "reason", f->reason));
	root = json_pack("{s:s, s:s, s:o}", "format", format, "text", text ? text : "", "lost", lost);
	free(text);
	cli->shown = true;
	return cli_put_json(cli, root);
}

static int put(struct cli *cli, const struct wanted *w)
{
	struct steady_export e = {.unreleased = w->unreleased};
	size_t before = steady_report_count(cli->report);
	struct cli_subject s;
	char id[65];
	int r = cli_subject_load_model(cli, cli->argv[0], &s);

	if (r)
		return r;
	r = steady_model_id(s.model, id);
	e.model = s.model;
	e.name = *steady_model_name(s.model) ? s.name : "model";
	e.id = id;
	r = r ? r : w->format->print(&e, &cli->out, cli->report);
	cli_subject_clear(&s);
	if (!r && cli->json)
		r = put_json(cli, w->format->name, before);
	return !r && w->strict && steady_report_count(cli->report) > before ? -STEADY_EBLOCKED : r;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {
		{"to", true, take_to},
		{"unreleased", false, take_unreleased},
		{"strict", false, take_strict},
	};
	struct wanted w = {0};
	bool help_given;
	int r = cli_options(cli, argc, argv, options, 3, &w, 1, 1, &help_given);

	if (r || help_given)
		return r;
	if (!w.format) {
		cli_say("export: --to FORMAT is not given");
		return -STEADY_EUSAGE;
	}
	if (w.unreleased && !w.format->has_unreleased) {
		cli_say("--unreleased: %s has no such form", w.format->name);
		return -STEADY_EUSAGE;
	}
	return put(cli, &w);
}

const struct cli_command cli_export = {
	.name = "export",
	.summary = "write a model for Firecracker, QEMU, libvirt, or in C",
	.usage = "--to FORMAT MODEL",
	.help = help,
	.run = run,
};
