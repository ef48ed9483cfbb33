/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

static void put_subject(struct steady_text *out, const struct steady_finding *f)
{
	if (!f->reg)
		return;
	steady_text_str(out, f->reg);
	if (f->field)
		steady_text_printf(out, ".%s", f->field);
	steady_text_str(out, ": ");
}

void cli_put_finding(struct steady_text *out, const struct steady_finding *f)
{
	put_subject(out, f);
	if (f->severity == STEADY_ERROR && f->wanted)
		steady_text_printf(out, "wants %s%s", f->wanted, f->offered ? ", " : ": ");
	if (f->severity == STEADY_ERROR && f->offered)
		steady_text_printf(out, "host %s %s: ",
				   f->error == STEADY_EMISMATCH ? "shows" : "accepts", f->offered);
	steady_text_str(out, f->reason ? f->reason : "");
	if (f->advice)
		steady_text_printf(out, ". Do: %s", f->advice);
}

void cli_put_findings(struct steady_text *out, const struct steady_report *report, size_t from,
		      uint32_t severity, const char *prefix)
{
	const struct steady_finding *f;

	for (size_t i = from; (f = steady_report_get(report, i)); i++) {
		if (f->severity != severity)
			continue;
		steady_text_str(out, prefix);
		if (f->host)
			steady_text_printf(out, "%s  ", f->host);
		cli_put_finding(out, f);
		steady_text_char(out, '\n');
	}
}

static void put(json_t *object, const char *key, const char *value)
{
	if (value)
		json_object_set_new(object, key, json_string(value));
}

json_t *cli_finding_json(const struct steady_finding *f)
{
	json_t *o = json_object();

	put(o, "register", f->reg);
	put(o, "field", f->field);
	put(o, "wanted", f->wanted);
	put(o, "offered", f->offered);
	put(o, "reason", f->reason);
	put(o, "advice", f->advice);
	put(o, "rule", f->rule);
	return o;
}

int cli_put_json(struct cli *cli, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_INDENT(2)) : NULL;

	json_decref(object);
	if (!text)
		return -STEADY_ENOMEM;
	steady_text_str(&cli->out, text);
	steady_text_char(&cli->out, '\n');
	free(text);
	return 0;
}

/* FILE:LINE:COLUMN, as compilers say it. */
static void put_place(struct steady_text *t, const struct steady_finding *f)
{
	if (f->file)
		steady_text_str(t, f->file);
	if (f->file && f->line)
		steady_text_printf(t, ":%u:%u", f->line, f->column);
	if (f->file)
		steady_text_str(t, ": ");
}

void cli_complain(const struct cli *cli)
{
	const struct steady_finding *f;

	for (size_t i = 0; (f = steady_report_get(cli->report, i)); i++) {
		struct steady_text t = STEADY_TEXT_INIT;

		if (cli->quiet && f->severity != STEADY_ERROR)
			continue;
		if (f->severity == STEADY_WARNING)
			steady_text_str(&t, "warning: ");
		if (f->severity == STEADY_NOTE)
			steady_text_str(&t, "note: ");
		put_place(&t, f);
		if (f->host)
			steady_text_printf(&t, "%s: ", f->host);
		cli_put_finding(&t, f);
		if (t.data)
			cli_say("%s", t.data);
		steady_text_free(&t);
	}
}
