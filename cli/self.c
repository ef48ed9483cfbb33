/* SPDX-License-Identifier: MIT */
#include "host/self.h"

#include <errno.h>
#include <stdlib.h>

#include "base/report.h"
#include "cli.h"
#include "policy/policy.h"

static int cannot_see(struct cli *cli, int error)
{
	steady_report_add(cli->report, STEADY_ERROR, STEADY_EHOST);
	steady_report_file(cli->report, CLI_SELF);
	if (error == -ENOEXEC)
		steady_report_reason(cli->report, "this machine is not arm64, or this command was "
						  "built for another");
	else
		steady_report_reason(cli->report, "this kernel does not let programs read ID registers "
						  "(no HWCAP_CPUID)");
	return -STEADY_EHOST;
}

static json_t *findings_json(const struct cli *cli, size_t from, uint32_t severity)
{
	json_t *list = json_array();
	const struct steady_finding *f;

	for (size_t i = from; (f = steady_report_get(cli->report, i)); i++) {
		if (f->severity == severity)
			json_array_append_new(list, cli_finding_json(f));
	}
	return list;
}

static json_t *answer_json(const struct cli *cli, size_t from, const char *label,
			   const struct steady_seen *s, bool can)
{
	return json_pack("{s:s, s:[{s:s, s:b, s:o, s:o, s:i, s:i, s:i, s:i}]}", "model", label,
			 "hosts", "host", CLI_SELF, "can_run", can, "blockers",
			 findings_json(cli, from, STEADY_ERROR), "lower",
			 findings_json(cli, from, STEADY_NOTE), "fields", s->fields, "visible",
			 s->visible, "equal", s->equal, "tolerated", s->tolerated);
}

static void put_findings(struct cli *cli, size_t from, uint32_t severity)
{
	const struct steady_finding *f;

	for (size_t i = from; (f = steady_report_get(cli->report, i)); i++) {
		if (f->severity != severity)
			continue;
		steady_text_printf(&cli->out, "%s%s%s: the model has %s, this guest %s (%s)\n", f->reg,
				   f->field ? "." : "", f->field ? f->field : "",
				   f->wanted ? f->wanted : "others", f->offered, f->reason);
	}
}

static void put_words(struct cli *cli, size_t from, const char *label, const struct steady_seen *s,
		      bool can)
{
	steady_text_printf(&cli->out, can ? "%s: yes, as far as a program here can see\n"
					  : "%s: NO, this guest is not pinned to it\n", label);
	put_findings(cli, from, STEADY_ERROR);
	steady_text_printf(&cli->out, "%u of %u fields can be seen, %u are as in the model", s->visible,
			   s->fields, s->equal);
	if (s->tolerated)
		steady_text_printf(&cli->out, ", %u are tolerated", s->tolerated);
	steady_text_char(&cli->out, '\n');
	put_findings(cli, from, STEADY_NOTE);
}

int cli_check_self(struct cli *cli, const struct cli_subject *model)
{
	size_t from = steady_report_count(cli->report);
	struct steady_view seen;
	struct steady_seen counts;
	char *label;
	int r = steady_self_read(&seen), e = 0;

	if (r)
		return cannot_see(cli, r);
	label = cli_model_label(model);
	if (!label)
		return -STEADY_ENOMEM;
	r = steady_check_seen(model->model, &seen, &counts, cli->report);
	cli->shown = true;
	if (cli->json)
		e = cli_put_json(cli, answer_json(cli, from, label, &counts, !r));
	else if (!cli->quiet)
		put_words(cli, from, label, &counts, !r);
	free(label);
	return e ? e : r;
}
