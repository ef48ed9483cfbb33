/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define MOST_OPTIONS 16
#define FIRST_OWN    256 /* value of a command's first own option; above every character */

enum { OPTION_JSON = 1, OPTION_QUIET, OPTION_HELP };

void cli_say(const char *format, ...)
{
	va_list args;

	fputs("steadyarm: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void print_help(const struct cli_command *c)
{
	printf("usage: steadyarm %s [OPTIONS]%s%s\n\n%s\n", c->name, *c->usage ? " " : "", c->usage,
	       c->help);
	if (c->answers_nothing) {
		puts("Common options:\n"
		     "  --help             this text");
		return;
	}
	puts("Common options:\n"
	     "  --json         the answer as JSON\n"
	     "  -o FILE        write the answer to FILE (by way of a temporary file and a rename)\n"
	     "  --quiet        no answer in words, the exit status only; no warnings\n"
	     "  --help         this text");
}

static int usage(const struct cli *cli)
{
	fprintf(stderr, "usage: steadyarm %s [OPTIONS]%s%s\n", cli->command->name,
		*cli->command->usage ? " " : "", cli->command->usage);
	fprintf(stderr, "`steadyarm %s --help` says more.\n", cli->command->name);
	return -STEADY_EUSAGE;
}

static size_t fill(struct option *all, const struct cli_option *own, size_t count)
{
	static const struct option common[] = {
		{"json", no_argument, NULL, OPTION_JSON},
		{"quiet", no_argument, NULL, OPTION_QUIET},
		{"help", no_argument, NULL, OPTION_HELP},
		{"output", required_argument, NULL, 'o'},
	};
	size_t n = sizeof(common) / sizeof(common[0]);

	memcpy(all, common, sizeof(common));
	for (size_t i = 0; i < count; i++)
		all[n++] = (struct option){
			.name = own[i].name,
			.has_arg = own[i].has_argument,
			.val = (int)(FIRST_OWN + i),
		};
	all[n] = (struct option){0};
	return n;
}

int cli_options(struct cli *cli, int argc, char **argv, const struct cli_option *options,
		size_t count, void *ctx, int least, int most, bool *help)
{
	struct option all[MOST_OPTIONS + 5];
	int c;

	fill(all, options, count);
	*help = false;
	opterr = 0;
	optind = 0; /* GNU: start anew, permuting */
	while ((c = getopt_long(argc, argv, cli->first_only ? "+:o:" : ":o:", all, NULL)) != -1) {
		switch (c) {
		case OPTION_JSON:
			cli->json = true;
			break;
		case OPTION_QUIET:
			cli->quiet = true;
			break;
		case OPTION_HELP:
			print_help(cli->command);
			*help = true;
			return fflush(stdout) ? -STEADY_EIO : 0;
		case 'o':
			cli->output = optarg;
			break;
		case ':':
			cli_say("%s needs an argument", argv[optind - 1]);
			return usage(cli);
		case '?':
			cli_say("unknown option '%s'", argv[optind - 1]);
			return usage(cli);
		default:
			if (!options[c - FIRST_OWN].take(cli, ctx, optarg))
				return -STEADY_EUSAGE;
		}
	}
	if (cli->command->answers_nothing && (cli->json || cli->quiet || cli->output)) {
		cli_say("%s has no answer of its own, so that there is no %s", cli->command->name,
			cli->json ? "--json" : cli->quiet ? "--quiet" : "-o");
		return usage(cli);
	}
	cli->argc = argc - optind;
	cli->argv = argv + optind;
	if (cli->argc >= least && (most < 0 || cli->argc <= most))
		return 0;
	cli_say(cli->argc < least ? "too few arguments" : "too many arguments");
	return usage(cli);
}

bool cli_parse_vcpu(const char *text, uint32_t *on, uint32_t *off)
{
	for (const char *p = text; *p;) {
		size_t length = strcspn(p, ",");
		const char *equals = memchr(p, '=', length);
		size_t name = equals ? (size_t)(equals - p) : length;
		int option = steady_option_by_name(p, name);
		size_t value = equals ? length - name - 1 : 0;

		if (option < 0) {
			cli_say("--vcpu: there is no vCPU option '%.*s'; there are pmu, sve, ptrauth, "
				"mte, el2, el2_e2h0, el1_32bit",
				(int)name, p);
			return false;
		}
		if (value == 2 && memcmp(equals, "=on", 3) == 0) {
			*on |= UINT32_C(1) << option;
		} else if (value == 3 && memcmp(equals, "=off", 4) == 0) {
			*off |= UINT32_C(1) << option;
		} else {
			cli_say("--vcpu: '%.*s' is not NAME=on or NAME=off", (int)length, p);
			return false;
		}
		p += length + (p[length] == ',');
	}
	if (!*text) {
		cli_say("--vcpu: names no option");
		return false;
	}
	if (*on & *off) {
		cli_say("--vcpu: an option cannot be both on and off");
		return false;
	}
	*on = steady_options_implied(*on);
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if ((*on & *off) >> i & 1) {
			cli_say("--vcpu: %s is off, and another option needs it", steady_options[i].name);
			return false;
		}
	}
	return true;
}

bool cli_parse_number(const char *text, unsigned long least, unsigned long most, unsigned long *out)
{
	char *end;
	unsigned long v;

	if (*text < '0' || *text > '9')
		return false;
	v = strtoul(text, &end, 10);
	if (*end || v < least || v > most)
		return false;
	*out = v;
	return true;
}

bool cli_take_strict(struct cli *cli, void *ctx, const char *argument)
{
	(void)ctx;
	(void)argument;
	cli->lenient = false;
	return true;
}

bool cli_take_lenient(struct cli *cli, void *ctx, const char *argument)
{
	(void)ctx;
	(void)argument;
	cli->lenient = true;
	return true;
}

bool cli_take_vcpus(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	if (cli_parse_number(argument, 1, CLI_VCPUS, ctx))
		return true;
	cli_say("--vcpus: '%s' is no number from 1 to %d", argument, CLI_VCPUS);
	return false;
}

bool cli_take_tolerate(struct cli *cli, void *pinning, const char *argument)
{
	struct cli_pinning *p = pinning;

	(void)cli;
	if (!steady_tolerable(argument) || p->tolerate_count == CLI_TOLERATE) {
		cli_say("--tolerate: '%s' is no REGISTER.FIELD", argument);
		return false;
	}
	p->tolerate[p->tolerate_count++] = argument;
	return true;
}

/* A hexadecimal number of at most 64 bits; where it ends, or NULL. */
static const char *hex(const char *text, uint64_t *out)
{
	char *end;

	if (text[0] != '0' || text[1] != 'x' || strspn(text + 2, "0123456789abcdefABCDEF") > 16)
		return NULL;
	*out = strtoull(text, &end, 16);
	return end > text + 2 ? end : NULL;
}

bool cli_parse_identity(const char *argument, struct cli_identity *out)
{
	uint64_t *const parts[] = {&out->cpu.midr, &out->cpu.revidr, &out->cpu.aidr};
	const char *p = argument;

	out->wanted = true;
	if (!argument)
		return true;
	out->named = true;
	for (int i = 0; i < 3 && p; i++) {
		p = hex(p, parts[i]);
		if (p && !*p)
			return true;
		p = p && *p == ',' ? p + 1 : NULL;
	}
	cli_say("--identity: '%s' is not 0xMIDR or 0xMIDR,0xREVIDR,0xAIDR", argument);
	return false;
}

bool cli_take_identity(struct cli *cli, void *pinning, const char *argument)
{
	(void)cli;
	return cli_parse_identity(argument, &((struct cli_pinning *)pinning)->identity);
}
