/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "cli.h"
#include "host/wrap.h"
#include "pin/replay.h"

static const char help[] =
	"Makes the calls of a log on a host and prints every one whose result differs, as a line\n"
	"of a log with the host's own result in a comment below. Exit status 0: none differs, 1: some\n"
	"do, 2: a line is no call. HOST is `kvm` (the default) or a profile file, whose simulated host\n"
	"is used; VMs are made, no running guest is touched.\n"
	"\n"
	"A log is text, `#` starts a comment, numbers are bare hexadecimal, R is 0 or an errno's\n"
	"name, of one without a name E and the number in decimal (which is read for any errno). Values\n"
	"are as wide as the register, or have fewer digits; registers of more than 512 bits have none\n"
	"here, and both calls of them answer EMSGSIZE without asking the kernel:\n"
	"  create-vm TYPE = R           discards the VM before\n"
	"  create-vcpu N = R            init N FEATURES = R         finalize N FEATURE = R\n"
	"  get N ID = R [VALUE]         set N ID VALUE = R          reg-list N = R [COUNT]\n"
	"  masks RANGE = R [VALUE...]   check CAP = VALUE           enable-cap CAP = R\n"
	"  create-gic TYPE = R          init-gic = R                pmu-init N = R\n"
	"  run N = R                    with immediate_exit: success is EINTR\n"
	"  smccc-filter FUNCTION COUNT ACTION = R                   pmu-counters N COUNT = R\n"
	"A simulated host makes interrupt controllers of the types 5 and 7 (GICv2, GICv3); what it\n"
	"does not simulate gives ENOSYS there.\n"
	"\n"
	"Example:\n"
	"  steadyarm replay calls.log rack7-12.json\n";

struct answer {
	struct cli *cli;
	struct steady_text lines; /* in words */
	json_t *list;             /* in JSON */
};

static char *result_text(const struct steady_log_call *logged, const struct steady_call *made,
			 int result)
{
	struct steady_text t = STEADY_TEXT_INIT;

	if (made)
		steady_result_print(&t, made, result);
	else
		steady_log_result_print(&t, logged);
	return steady_text_take(&t);
}

static void differs(void *ctx, uint32_t line, const struct steady_log_call *logged,
		    const struct steady_call *made, int result)
{
	struct answer *a = ctx;
	struct steady_text call = STEADY_TEXT_INIT;
	char *text, *was = result_text(logged, NULL, 0), *is = result_text(logged, made, result);

	steady_op_print(&call, &logged->call);
	text = steady_text_take(&call);
	if (!text || !was || !is) {
		a->lines.failed = true;
	} else if (a->cli->json) {
		json_array_append_new(a->list, json_pack("{s:i, s:s, s:s, s:s}", "line", (int)line,
							 "call", text, "log", was, "host", is));
	} else if (!a->cli->quiet) {
		steady_text_printf(&a->lines, "%s = %s\n# line %" PRIu32 ", here: %s\n", text, was,
				   line, is);
	}
	free(text);
	free(was);
	free(is);
}

static int read_error(struct cli *cli, const char *file, const char *what)
{
	steady_report_add(cli->report, STEADY_ERROR, STEADY_EIO);
	steady_report_file(cli->report, file);
	steady_report_reason(cli->report, "%s: %s", what, strerror(errno));
	return -STEADY_EIO;
}

/* Line by line, since logs are long. */
static int make_calls(struct cli *cli, struct steady_replay *replay, const char *path)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *in = standard ? stdin : fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t length = 0;
	int r = 0;

	replay->file = standard ? "(standard input)" : path;
	if (!in)
		return read_error(cli, replay->file, "cannot be opened");
	errno = 0;
	while (!r && (length = getline(&line, &room, in)) >= 0) {
		if (length && line[length - 1] == '\n')
			length--;
		r = steady_replay_line(replay, line, (size_t)length, cli->report);
		errno = 0;
	}
	if (!r && (ferror(in) || (length < 0 && !feof(in))))
		r = read_error(cli, replay->file, "cannot be read");
	free(line);
	if (!standard)
		fclose(in);
	return r;
}

static int put_answer(struct cli *cli, struct answer *a, const struct steady_replay *replay,
		      const char *host)
{
	if (a->lines.failed)
		return -STEADY_ENOMEM;
	if (cli->json)
		return cli_put_json(cli, json_pack("{s:s, s:s, s:I, s:O}", "log", replay->file,
						   "host", host, "calls",
						   (json_int_t)replay->calls, "differences",
						   a->list));
	if (cli->quiet)
		return 0;
	steady_text_printf(&cli->out, "# %s: %" PRIu64 " of %" PRIu64 " calls differ on %s\n",
			   replay->file, replay->differences, replay->calls, host);
	steady_text_add(&cli->out, a->lines.data ? a->lines.data : "", a->lines.length);
	return 0;
}

static int replay_on(struct cli *cli, struct cli_host *host)
{
	struct answer a = {.cli = cli, .list = json_array()};
	struct steady_replay replay = {
		.call = host->call,
		.ctx = host->ctx,
		.differs = differs,
		.differs_ctx = &a,
	};
	int r = a.list ? make_calls(cli, &replay, cli->argv[0]) : -STEADY_ENOMEM;

	r = r ? r : put_answer(cli, &a, &replay, host->name);
	steady_replay_clear(&replay);
	steady_text_free(&a.lines);
	json_decref(a.list);
	return !r && replay.differences ? -STEADY_EMISMATCH : r;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct cli_host host;
	bool help_given;
	int r = cli_options(cli, argc, argv, NULL, 0, NULL, 1, 2, &help_given);

	if (r || help_given)
		return r;
	r = cli_host_open(cli, cli_host_argument(cli, 1), &host);
	if (r)
		return r;
	r = replay_on(cli, &host);
	cli_host_close(&host);
	return r;
}

const struct cli_command cli_replay = {
	.name = "replay",
	.summary = "make the calls of a log, print what differs",
	.usage = "LOG [HOST]",
	.help = help,
	.run = run,
};
