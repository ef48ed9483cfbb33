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

static bool is_one_of(const char *argument, const char *const *names)
{
	for (; *names; names++) {
		if (is_option(argument, *names))
			return true;
	}
	return false;
}

/* The options of QEMU 7.2 to 11 without an argument (qemu-options.hx); all others have one. */
static const char *const flags[] = {
	"version", "help", "h", "S", "s", "async-teardown", "audio-help", "daemonize", "enable-kvm",
	"enable-sync-profile", "full-screen", "jitdump", "mem-prealloc", "no-acpi",
	"no-fd-bootchk", "no-hpet", "no-reboot", "no-shutdown", "no-user-config", "nodefaults",
	"nographic", "old-param", "one-insn-per-tb", "only-migratable", "perfmap", "portrait",
	"preconfig", "semihosting", "singlestep", "snapshot", "usb", "win2k-hack", "xen-attach",
	"xen-domid-restrict", NULL};

/*
 * The next option from *i on, NULL at the end; its value is NULL where it has none. What is not known
 * here to stand alone takes the word after it, so that no value is taken for an option.
 */
static const char *next_option(int argc, char **argv, int *i, const char **value)
{
	while (*i < argc && argv[*i]) {
		const char *word = argv[(*i)++];

		*value = NULL;
		if (*word != '-' || !word[1])
			continue; /* a disk image */
		if (!is_one_of(word, flags) && *i < argc)
			*value = argv[(*i)++];
		return word;
	}
	return NULL;
}

static bool asks_for_help(const char *value)
{
	return value && (strcmp(value, "help") == 0 || strcmp(value, "?") == 0);
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

/* The machine's type, if an option `-machine` names one. QEMU merges them: the last one counts. */
static void find_type(const char *value, char type[NAME_ROOM])
{
	char part[NAME_ROOM];
	bool first = true;

	for (const char *p = value; p; first = false) {
		p = next_part(p, part);
		if (strncmp(part, "type=", 5) == 0)
			memmove(type, part + 5, strlen(part + 5) + 1);
		else if (first && !strchr(part, '='))
			memcpy(type, part, strlen(part) + 1);
	}
}

/*
 * ANSWERED: QEMU answers and ends, whatever else it is told. NO_MACHINE: libvirt's questions by QMP;
 * no guest, unless somebody builds one of devices.
 */
enum errand { GUEST, NO_MACHINE, ANSWERED };

static enum errand errand_of(int argc, char **argv)
{
	static const char *const answered[] = {"version", "help", "h", NULL};
	static const char *const listers[] = {"machine", "M", "device", "accel", "netdev", NULL};
	static const char *const machine[] = {"machine", "M", NULL}, *const file[] = {"readconfig", NULL};
	char type[NAME_ROOM] = "";
	const char *option, *value, *cpu = NULL;
	bool elsewhere = false;
	int i = 1;

	while ((option = next_option(argc, argv, &i, &value))) {
		if (is_one_of(option, answered) ||
		    (is_one_of(option, listers) && asks_for_help(value)))
			return ANSWERED;
		if (is_one_of(option, machine) && value)
			find_type(value, type);
		if (is_option(option, "cpu"))
			cpu = value;
		elsewhere = elsewhere || is_one_of(option, file);
	}
	if (asks_for_help(cpu))
		return ANSWERED;
	return !elsewhere && strcmp(type, "none") == 0 ? NO_MACHINE : GUEST;
}

/* -name web1, or -name guest=web1,debug-threads=on */
static void find_guest(int argc, char **argv, char guest[NAME_ROOM])
{
	const char *option, *value;
	char part[NAME_ROOM];
	int i = 1;

	guest[0] = '\0';
	while ((option = next_option(argc, argv, &i, &value))) {
		bool first = true;

		if (!is_option(option, "name"))
			continue;
		for (const char *p = value; p; first = false) {
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

static const char *configuration(void)
{
	const char *given = getenv("STEADYARM_QEMU_CONF");

	return given ? given : CONFIGURATION;
}

static int read_configuration(struct cli *cli, struct choice *c)
{
	const char *given = getenv("STEADYARM_QEMU_CONF"), *file = configuration();
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

	if ((qemu && !replace(&c->qemu, qemu)) || (model && *model && !replace(&c->model, model)))
		return -STEADY_ENOMEM;
	if (!(c->qemu && c->model)) {
		int r = read_configuration(cli, c);

		if (r)
			return r;
	}
	return c->qemu || replace(&c->qemu, QEMU) ? 0 : -STEADY_ENOMEM;
}

/* ---- becoming QEMU ---- */

static int become(struct cli *cli, const struct choice *c, enum errand errand, char **argv)
{
	struct cli_run_request request = {.model = c->model};

	argv[0] = c->qemu;
	if (errand == ANSWERED || (errand == NO_MACHINE && !c->model) ||
	    (c->model && strcmp(c->model, UNPINNED) == 0)) {
		execvp(c->qemu, argv);
		cli_say("%s: %s", c->qemu, strerror(errno));
		return errno == ENOENT ? 127 : 126;
	}
	if (!c->model) {
		cli_say("guest '%s' has no model: set STEADYARM_MODEL, or have a line `model %s NAME` in "
			"%s (NAME `" UNPINNED "` lets it run as it is)",
			c->guest, *c->guest ? c->guest : "*", configuration());
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
	cli->status = r ? CLI_RUN_FAILED : become(cli, &c, errand_of(argc, argv), argv);
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
