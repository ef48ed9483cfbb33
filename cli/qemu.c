/* SPDX-License-Identifier: MIT */
/*
 * steadyarm-qemu: what libvirt, or anybody, starts in QEMU's place. It takes QEMU's arguments, has
 * none of its own, finds out which model the guest is to have, and becomes QEMU.
 */
#define _DEFAULT_SOURCE /* strsep */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/format.h"
#include "run.h"

#define CONFIGURATION "/etc/steadyarm/qemu.conf"
#define QEMU          "qemu-system-aarch64"
#define UNPINNED      "unpinned" /* in a model's place */
#define NAME_ROOM     256

struct choice {
	char guest[NAME_ROOM]; /* its name, "" if it has none */
	char *qemu;
	char *model;
};

/* ---- what QEMU is asked for ---- */

static bool is_option(const char *argument, const char *name)
{
	if (*argument != '-')
		return false;
	argument += argument[1] == '-' ? 2 : 1;
	return strcmp(argument, name) == 0;
}

/* Nothing that runs a guest: questions about QEMU, libvirt's among them, which uses no machine. */
static bool is_question(int argc, char **argv)
{
	static const char *const questions[] = {"version", "help", "h"};
	static const char *const takers[] = {"machine", "M", "cpu", "device", "accel", "netdev"};

	for (int i = 1; i < argc && argv[i]; i++) {
		const char *next = argv[i + 1] ? argv[i + 1] : ""; /* they end in NULL */

		for (size_t q = 0; q < sizeof(questions) / sizeof(questions[0]); q++) {
			if (is_option(argv[i], questions[q]))
				return true;
		}
		for (size_t t = 0; t < sizeof(takers) / sizeof(takers[0]); t++) {
			if (is_option(argv[i], takers[t]) &&
			    (strcmp(next, "help") == 0 || strcmp(next, "?") == 0))
				return true;
		}
		if ((is_option(argv[i], "machine") || is_option(argv[i], "M")) &&
		    (strcmp(next, "none") == 0 || strncmp(next, "none,", 5) == 0))
			return true;
	}
	return false;
}

/* QEMU's way of writing options: commas separate, two of them are one in a value. */
static const char *next_part(const char *p, char out[NAME_ROOM])
{
	size_t n = 0;

	for (; *p; p++) {
		if (*p == ',' && p[1] != ',')
			break;
		p += *p == ',';
		if (n < NAME_ROOM - 1)
			out[n++] = *p;
	}
	out[n] = '\0';
	return *p ? p + 1 : NULL;
}

/* -name web1, or -name guest=web1,debug-threads=on */
static void find_guest(int argc, char **argv, char guest[NAME_ROOM])
{
	char part[NAME_ROOM];

	guest[0] = '\0';
	for (int i = 1; i + 1 < argc && argv[i] && argv[i + 1]; i++) {
		bool first = true;

		if (!is_option(argv[i], "name"))
			continue;
		for (const char *p = argv[i + 1]; p; first = false) {
			p = next_part(p, part);
			if (strncmp(part, "guest=", 6) == 0)
				memmove(guest, part + 6, strlen(part + 6) + 1);
			else if (first && !strchr(part, '='))
				memcpy(guest, part, strlen(part) + 1);
		}
	}
}

/* ---- the configuration ---- */

static bool replace(char **at, const char *word)
{
	free(*at);
	*at = strdup(word);
	return *at != NULL;
}

static int bad_line(const char *file, unsigned int line, const char *what)
{
	cli_say("%s:%u:1: %s", file, line, what);
	return -STEADY_EINPUT;
}

/* `qemu PATH`, or `model GUEST MODEL`; what was found first counts. */
static int take_line(struct choice *c, const char *file, unsigned int number, char *line)
{
	char *rest = line, *word[4];
	int n = 0;

	line[strcspn(line, "#")] = '\0';
	while (n < 4 && (word[n] = strtok_r(rest, " \t\r", &rest)))
		n++;
	if (!n)
		return 0;
	if (strcmp(word[0], "qemu") == 0) {
		if (n != 2)
			return bad_line(file, number, "this is wanted: qemu PATH");
		return c->qemu || replace(&c->qemu, word[1]) ? 0 : -STEADY_ENOMEM;
	}
	if (strcmp(word[0], "model") != 0)
		return bad_line(file, number, "a line begins with `qemu` or `model`");
	if (n != 3)
		return bad_line(file, number, "this is wanted: model GUEST MODEL");
	if (c->model || fnmatch(word[1], c->guest, 0) != 0)
		return 0;
	return replace(&c->model, word[2]) ? 0 : -STEADY_ENOMEM;
}

static int read_configuration(struct cli *cli, struct choice *c)
{
	const char *given = getenv("STEADYARM_QEMU_CONF");
	const char *file = given ? given : CONFIGURATION;
	char *text = NULL, *rest, *line;
	unsigned int number = 0;
	size_t length = 0;
	int r = 0;

	if (!given && access(file, F_OK) != 0 && errno == ENOENT)
		return 0; /* there need be none */
	r = steady_file_read(file, &text, &length, cli->report);
	for (rest = text; !r && rest && (line = strsep(&rest, "\n"));)
		r = take_line(c, file, ++number, line);
	free(text);
	return r;
}

static int choose(struct cli *cli, struct choice *c)
{
	const char *qemu = getenv("STEADYARM_QEMU"), *model = getenv("STEADYARM_MODEL");

	if ((qemu && !replace(&c->qemu, qemu)) || (model && !replace(&c->model, model)))
		return -STEADY_ENOMEM;
	if (!(c->qemu && c->model)) {
		int r = read_configuration(cli, c);

		if (r)
			return r;
	}
	return c->qemu || replace(&c->qemu, QEMU) ? 0 : -STEADY_ENOMEM;
}

/* ---- becoming QEMU ---- */

static int become(struct cli *cli, const struct choice *c, bool question, char **argv)
{
	struct cli_run_request request = {.model = c->model};

	argv[0] = c->qemu;
	if (question || (c->model && strcmp(c->model, UNPINNED) == 0)) {
		execvp(c->qemu, argv);
		cli_say("%s: %s", c->qemu, strerror(errno));
		return errno == ENOENT ? 127 : 126;
	}
	if (!c->model) {
		cli_say("guest '%s' has no model: set STEADYARM_MODEL, or have a line `model %s NAME` in "
			CONFIGURATION " (NAME `" UNPINNED "` lets it run as it is)",
			c->guest, *c->guest ? c->guest : "*");
		return CLI_RUN_FAILED;
	}
	return cli_run_start(cli, &request, argv);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct choice c = {0};
	int r;

	find_guest(argc, argv, c.guest);
	r = choose(cli, &c);
	cli->status = r ? CLI_RUN_FAILED : become(cli, &c, is_question(argc, argv), argv);
	free(c.qemu);
	free(c.model);
	return r ? r : -STEADY_EUSAGE; /* it is still here, so it has failed */
}

const struct cli_command cli_qemu = {
	.name = "steadyarm-qemu",
	.summary = "QEMU, pinned",
	.usage = "[QEMU'S ARGUMENT]...",
	.help = "",
	.run = run,
};
