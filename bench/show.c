/* SPDX-License-Identifier: MIT */
/* The whole process `steadyarm show PROFILE`, its first argument being the command. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define BATCH 1 /* ns: every call is a batch */
#define MOST                                                                                       \
	10e6 /* ns, the least of many runs; the largest takes 5 to 6 ms beside four other programs \
	      */

extern char **environ;

static const char *command;

static void run(void *ctx)
{
	posix_spawn_file_actions_t actions;
	char *argv[] = {(char *)command, ctx ? (char *)"show" : (char *)"--version", ctx, NULL};
	int status = -1;
	pid_t pid;

	if (posix_spawn_file_actions_init(&actions) ||
	    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0) ||
	    posix_spawn(&pid, command, &actions, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "%s %s: failed\n", command, argv[1]);
		exit(2);
	}
	posix_spawn_file_actions_destroy(&actions);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"neoverse-n1-7.3", "max-7.3", "max-7.3-mte"};
	struct bench_time t;

	if (argc < 2) {
		fprintf(stderr, "usage: %s STEADYARM [--check]\n", argv[0]);
		return 2;
	}
	command = argv[1];
	bench_start(argc - 1, argv + 1);
	t = bench_measure(run, NULL, BATCH);
	printf("process that does nothing    %6.2f ms %6.2f ms median\n", t.least / 1e6,
	       t.median / 1e6);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = strdup(bench_path(names[i]));
		int tries = 0;

		do
			t = bench_measure(run, path, BATCH);
		while (bench_again(names[i], t.least, 0, MOST, &tries));
		printf("show %-23s %6.2f ms %6.2f ms median\n", names[i], t.least / 1e6,
		       t.median / 1e6);
		free(path);
	}
	return bench_end();
}
