/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "policy/explain.h"

static void put_subject(struct steady_text *out, const struct steady_finding *f)
{
	if (!f->reg)
		return;
	steady_text_str(out, f->reg);
	if (f->field)
		steady_text_printf(out, ".%s", f->field);
	steady_text_str(out, ": ");
}

/*
 * "FEAT_LSE: needs ID_AA64ISAR0_EL1.Atomic >= 2", in Arm's own words where there is one feature
 * and its condition is on this field alone.
 */
static void put_need(struct steady_text *out, const struct steady_finding *f)
{
	int feature = steady_feature_by_name(f->features, strlen(f->features));
	const char *condition = feature < 0 ? "" : steady_feature_condition((unsigned int)feature);
	size_t reg = strlen(f->reg);

	steady_text_printf(out, "%s: ", f->features);
	/* ">= 0" is a condition on a signed field: 15 is less, which no reader would guess */
	if (strncmp(condition, f->reg, reg) == 0 && condition[reg] == '.' &&
	    !strpbrk(condition, "&|!(") && !strstr(condition, ">= 0"))
		steady_text_printf(out, "needs %s", condition);
	else
		steady_text_printf(out, "%s %s.%s %s %s", feature < 0 ? "need" : "needs", f->reg,
				   f->field, steady_explain_relation(f), f->wanted);
}

/* What is wrong, without reason and advice. Whether anything was said. */
static bool put_complaint(struct steady_text *out, const struct steady_finding *f)
{
	bool error = f->severity == STEADY_ERROR;

	if (error && f->features && f->reg && f->field && f->wanted) {
		put_need(out, f);
	} else {
		put_subject(out, f);
		if (error && f->wanted)
			steady_text_printf(out, "wants %s", f->wanted);
	}
	if (error && f->offered)
		steady_text_printf(out, "%shost %s %s", f->wanted ? ", " : "",
				   f->error == STEADY_EMISMATCH ? "shows"
				   : f->field		       ? "accepts"
							       : "has",
				   f->offered);
	return error && (f->wanted || f->offered);
}

void cli_put_finding(struct steady_text *out, const struct steady_finding *f)
{
	bool values = put_complaint(out, f);

	if (f->reason)
		steady_text_printf(out, values ? " (%s)" : "%s", f->reason);
	if (f->advice)
		steady_text_printf(out, ". Do: %s", f->advice);
}

/* ---- many findings ---- */

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void put_start(struct steady_text *out, const char *prefix, const struct steady_finding *f)
{
	steady_text_str(out, prefix);
	if (f->host)
		steady_text_printf(out, "%s  ", f->host);
}

/* Whether two findings may share the line that says why and what to do. */
static bool alike(const struct steady_finding *a, const struct steady_finding *b)
{
	return a->severity == b->severity && a->advice && (a->wanted || a->offered) &&
	       (b->wanted || b->offered) && same(a->reason, b->reason) &&
	       same(a->advice, b->advice) && same(a->host, b->host);
}

/* Whether one before it of the same host is like it, so that it was put together with that one. */
static bool was_put(const struct steady_report *report, size_t from, size_t index)
{
	const struct steady_finding *f = steady_report_get(report, index);

	for (size_t i = index; i-- > from;) {
		const struct steady_finding *before = steady_report_get(report, i);

		if (!same(before->host, f->host))
			return false;
		if (alike(before, f))
			return true;
	}
	return false;
}

/* A finding and all that are like it, the reason and advice once, below them. */
static void put_group(struct steady_text *out, const struct steady_report *report, size_t index,
		      const char *prefix)
{
	const struct steady_finding *first = steady_report_get(report, index), *f;
	size_t count = 0;

	for (size_t i = index; (f = steady_report_get(report, i)) && same(f->host, first->host); i++)
		count += alike(first, f);
	put_start(out, prefix, first);
	if (count < 2) {
		cli_put_finding(out, first);
		steady_text_char(out, '\n');
		return;
	}
	for (size_t i = index; (f = steady_report_get(report, i)) && same(f->host, first->host);
	     i++) {
		if (!alike(first, f))
			continue;
		if (i != index)
			put_start(out, prefix, f);
		put_complaint(out, f);
		steady_text_char(out, '\n');
	}
	put_start(out, prefix, first);
	steady_text_printf(out, "all of these: %s. Do: %s\n", first->reason ? first->reason : "no",
			   first->advice);
}

void cli_put_findings(struct steady_text *out, const struct steady_report *report, size_t from,
		      uint32_t severity, const char *prefix)
{
	const struct steady_finding *f;

	for (size_t i = from; (f = steady_report_get(report, i)); i++) {
		if (f->severity == severity && !was_put(report, from, i))
			put_group(out, report, i, prefix);
	}
}

static void put(json_t *object, const char *key, const char *value)
{
	if (value)
		json_object_set_new(object, key, json_string(value));
}

/* ["FEAT_AES", "FEAT_PMULL"] of "FEAT_AES, FEAT_PMULL" */
static json_t *features_json(const char *names)
{
	json_t *list = json_array();

	while (*names) {
		size_t length = strcspn(names, ",");

		json_array_append_new(list, json_stringn(names, length));
		names += length;
		names += strspn(names, ", ");
	}
	return list;
}

json_t *cli_finding_json(const struct steady_finding *f)
{
	json_t *o = json_object();

	put(o, "register", f->reg);
	put(o, "field", f->field);
	if (f->features)
		json_object_set_new(o, "features", features_json(f->features));
	put(o, "wanted", f->wanted);
	put(o, "offered", f->offered);
	put(o, "reason", f->reason);
	put(o, "advice", f->advice);
	put(o, "rule", f->rule);
	put(o, "unknown", f->unknown);
	return o;
}

json_t *cli_unknown_json(const struct steady_report *report, size_t from)
{
	static const char *const states[] = {
		[STEADY_ERROR] = "refused",
		[STEADY_WARNING] = "left",
		[STEADY_NOTE] = "zero",
	};
	json_t *list = json_array();
	const struct steady_finding *f;

	for (size_t i = from; (f = steady_report_get(report, i)); i++) {
		json_t *o;

		if (!f->unknown)
			continue;
		o = cli_finding_json(f);
		put(o, "state", states[f->severity]);
		json_array_append_new(list, o);
	}
	return list;
}

void cli_put_unknown(struct steady_text *out, const struct steady_report *report, size_t from,
		     const char *prefix)
{
	const struct steady_finding *f;

	for (size_t i = from; (f = steady_report_get(report, i)); i++) {
		if (!f->unknown || f->severity != STEADY_NOTE)
			continue;
		put_start(out, prefix, f);
		cli_put_finding(out, f);
		steady_text_char(out, '\n');
	}
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
		steady_text_printf(t, ":%u", f->line);
	if (f->file && f->line && f->column)
		steady_text_printf(t, ":%u", f->column);
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
		if (f->unknown && f->severity == STEADY_NOTE && !f->advice)
			continue; /* what is 0 now, every answer has */
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
