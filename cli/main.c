/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "format/format.h"
#include "run.h"
#include "version.h"

static const struct cli_command *const commands[] = {
	&cli_probe,
	&cli_show,
	&cli_diff,
	&cli_baseline,
	&cli_models,
	&cli_check,
	&cli_plan,
	&cli_apply,
	&cli_verify,
	&cli_migrate_check,
	&cli_lint,
	&cli_run,
	&cli_ps,
	&cli_export,
	&cli_import,
	&cli_replay,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *to)
{
	fputs("usage: steadyarm COMMAND [OPTIONS] ARGUMENTS\n\n"
	      "Gives guests of arm64 KVM one stable CPU, whatever kernel and host lie under it.\n\n",
	      to);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-13s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nA HOST is `kvm` (this machine's /dev/kvm), `kvm:PATH`, or a profile file, which is\n"
	      "simulated. A MODEL is a name (`steadyarm models` lists them), a file, or `-`.\n"
	      "Every command takes --help, and all but `run` --json, -o FILE and --quiet.\n"
	      "Exit status: 0 done, or yes; 1 the answer is no; 2 bad usage or input; 3 the host "
	      "failed.\n",
	      to);
}

static const struct cli_command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The answer goes out whole or not at all. */
static int deliver(struct cli *cli, int result)
{
	int r = 0;

	if (cli->out.failed)
		return -STEADY_ENOMEM;
	if (cli->out.length) {
		r = steady_file_write(cli->output ? cli->output : "-", cli->out.data,
				      cli->out.length, cli->report);
		if (r)
			cli->shown = false;
	}
	return r ? r : result;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
	struct cli cli = {.command = command};
	int r = steady_report_new(&cli.report);

	if (!r) {
		r = command->run(&cli, argc, argv);
		r = deliver(&cli, r);
	}
	if (!cli.shown)
		cli_complain(&cli);
	if (r == -STEADY_ENOMEM)
		cli_say("out of memory");
	steady_text_free(&cli.out);
	steady_report_free(cli.report);
	return cli.status ? cli.status : steady_exit_status(r);
}

int main(int argc, char **argv)
{
	const struct cli_command *command;

	if (argc && strcmp(base_name(argv[0]), cli_qemu.name) == 0)
		return run(&cli_qemu, argc, argv);
	if (argc < 2) {
		print_help(stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(stdout);
		return fflush(stdout) ? 2 : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("steadyarm %s\n", STEADY_VERSION);
		return fflush(stdout) ? 2 : 0;
	}
	command = find(argv[1]);
	if (!command) {
		cli_say("there is no command '%s'; `steadyarm --help` lists them", argv[1]);
		return 2;
	}
	return run(command, argc - 1, argv + 1);
}
