/* SPDX-License-Identifier: MIT */
/* Starting a program with what is preloaded into it: `run`, and steadyarm-qemu. */
#ifndef STEADY_CLI_RUN_H
#define STEADY_CLI_RUN_H

#include "cli.h"

#define CLI_RUN_FAILED    125 /* as env(1) */
#define CLI_RUN_TOLERATED 64

struct cli_run_request {
	const char *tolerate[CLI_RUN_TOLERATED];
	size_t tolerate_count;
	const char *model;    /* NULL: not pinned */
	const char *host;     /* a profile whose simulated host is /dev/kvm; NULL: the real one */
	const char *log;
	const char *conflict;
	const char *library;
};

/* Returns only if the program could not be started: the exit status. argv ends in NULL. */
int cli_run_start(struct cli *cli, const struct cli_run_request *request, char **argv);

/* qemu.c: what a program called steadyarm-qemu does; a command without a name of its own. */
extern const struct cli_command cli_qemu;

#endif
