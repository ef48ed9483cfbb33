/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "format/foreign.h"
#include "format/format.h"

static const char help[] =
	"Makes a model of another program's file. What the file leaves to the host, such as the bits\n"
	"`x` of a template, comes from --host, in the configuration that the other program would make;\n"
	"without a host such a file is refused. What a model does not hold is said on standard error.\n"
	"\n"
	"Options:\n"
	"  --from FORMAT  firecracker: a custom CPU template, or a fingerprint dump; text: a model's\n"
	"                 canonical text\n"
	"  --host HOST    a profile, or `kvm`\n"
	"  --name NAME    the model's name\n"
	"\n"
	"Example:\n"
	"  steadyarm import --from firecracker template.json --host rack7-12.json -o web-v1.json ...\n";

struct wanted {
	const struct steady_foreign *format;
	const char *host;
	const char *name;
};

static bool take_from(struct cli *cli, void *ctx, const char *argument)
{
	struct wanted *w = ctx;

	(void)cli;
	w->format = steady_foreign_by_name(argument);
	if (w->format && w->format->read)
		return true;
	cli_say("--from: '%s' cannot be read; there are firecracker, text", argument);
	return false;
}

static bool take_host(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	((struct wanted *)ctx)->host = argument;
	return true;
}

static bool take_name(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	((struct wanted *)ctx)->name = argument;
	if (steady_model_name_ok(argument))
		return true;
	cli_say("--name: '%s' is no name for a model: letters, digits and . _ + -", argument);
	return false;
}

static int read_it(struct cli *cli, const struct wanted *w, struct steady_import *i)
{
	struct steady_model *model = NULL;
	char *text = NULL;
	int r = steady_file_read(cli->argv[0], &text, &i->length, cli->report);

	if (r)
		return r;
	i->text = text;
	i->file = strcmp(cli->argv[0], "-") == 0 ? "(standard input)" : cli->argv[0];
	r = w->format->read(i, &model, cli->report);
	if (!r && w->name)
		r = steady_model_set_name(model, w->name);
	r = r ? r : steady_model_print_json(model, &cli->out);
	steady_model_free(model);
	free(text);
	return r;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {
		{"from", true, take_from},
		{"host", true, take_host},
		{"name", true, take_name},
	};
	struct steady_import i = {0};
	struct cli_subject host = {0};
	struct wanted w = {0};
	bool help_given;
	int r = cli_options(cli, argc, argv, options, 3, &w, 1, 1, &help_given);

	if (r || help_given)
		return r;
	if (!w.format) {
		cli_say("import: --from FORMAT is not given");
		return -STEADY_EUSAGE;
	}
	if (w.host)
		r = cli_subject_load_profile(cli, w.host, &host);
	i.host = host.profile;
	r = r ? r : read_it(cli, &w, &i);
	if (w.host)
		cli_subject_clear(&host);
	return r;
}

const struct cli_command cli_import = {
	.name = "import",
	.summary = "make a model of another program's file",
	.usage = "--from FORMAT FILE",
	.help = help,
	.run = run,
};
