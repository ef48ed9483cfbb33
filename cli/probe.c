/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "base/report.h"
#include "cli.h"
#include "format/format.h"
#include "format/lex.h"

static const char help[] =
	"Writes the profile of a host: what its CPU and kernel offer to a guest, in every\n"
	"combination of vCPU options. Only throw-away VMs are made; no running guest is touched.\n"
	"It needs no more than read and write access to /dev/kvm.\n"
	"\n"
	"HOST is `kvm` (the default), `kvm:PATH`, or a profile file, which is simulated.\n"
	"\n"
	"Options:\n"
	"  --deep         try every value of every field, and record what KVM accepts and keeps;\n"
	"                 of a real host the number of ioctls is told on stderr\n"
	"  --note TEXT    how the profile is made, kept in it\n"
	"  --name NAME    the host's name, if not the machine's own\n"
	"\n"
	"Example:\n"
	"  steadyarm probe -o rack7-12.json\n";

static bool take_note(struct cli *cli, void *ctx, const char *argument)
{
	struct cli_probing *w = ctx;

	(void)cli;
	w->note = argument;
	if (steady_lex_printable(argument, true))
		return true;
	cli_say("--note: not UTF-8, or with control characters other than line feeds and tabs");
	return false;
}

static bool take_name(struct cli *cli, void *ctx, const char *argument)
{
	struct cli_probing *w = ctx;

	(void)cli;
	w->name = argument;
	if (*argument && steady_lex_printable(argument, false))
		return true;
	cli_say("--name: empty, not UTF-8, or with control characters");
	return false;
}

static bool take_deep(struct cli *cli, void *ctx, const char *argument)
{
	struct cli_probing *w = ctx;

	(void)cli;
	(void)argument;
	w->deep = true;
	return true;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {
		{"note", true, take_note},
		{"name", true, take_name},
		{"deep", false, take_deep},
	};
	struct cli_probing w = {0};
	struct steady_profile *profile = NULL;
	bool help_given;
	int r = cli_options(cli, argc, argv, options, 3, &w, 0, 1, &help_given);

	if (r || help_given)
		return r;
	r = cli_probe_host(cli, cli_host_argument(cli, 0), &w, &profile);
	if (r)
		return r;
	r = steady_profile_print_json(profile, &cli->out);
	steady_profile_free(profile);
	if (w.deep && w.ioctls && !cli->quiet)
		cli_say("%" PRIu64 " ioctls", w.ioctls);
	return r;
}

const struct cli_command cli_probe = {
	.name = "probe",
	.summary = "write down what a host offers",
	.usage = "[HOST]",
	.help = help,
	.run = run,
};
