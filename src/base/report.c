/* SPDX-License-Identifier: MIT */
#include "base/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct steady_report {
	struct steady_finding *findings;
	size_t count, room;
	size_t errors;
	const char *host; /* for findings that name none */
	bool open;        /* the last finding may still be added to */
	bool failed;
};

int steady_report_new(struct steady_report **report)
{
	struct steady_report *r = calloc(1, sizeof(*r));

	if (!r)
		return -STEADY_ENOMEM;
	*report = r;
	return 0;
}

static void finding_free(struct steady_finding *f)
{
	free((char *)f->file);
	free((char *)f->host);
	free((char *)f->reg);
	free((char *)f->field);
	free((char *)f->features);
	free((char *)f->wanted);
	free((char *)f->offered);
	free((char *)f->reason);
	free((char *)f->advice);
	free((char *)f->rule);
	free((char *)f->unknown);
}

void steady_report_free(struct steady_report *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		finding_free(&r->findings[i]);
	free(r->findings);
	free(r);
}

size_t steady_report_count(const struct steady_report *r)
{
	return r ? r->count : 0;
}

const struct steady_finding *steady_report_get(const struct steady_report *r, size_t index)
{
	return r && index < r->count ? &r->findings[index] : NULL;
}

size_t steady_report_errors(const struct steady_report *r)
{
	return r ? r->errors : 0;
}

bool steady_report_failed(const struct steady_report *r)
{
	return r && r->failed;
}

void steady_report_default_host(struct steady_report *r, const char *host)
{
	if (r)
		r->host = host;
}

/* The finding that the setters speak of, or NULL. */
static struct steady_finding *last(struct steady_report *r)
{
	return r && r->open ? &r->findings[r->count - 1] : NULL;
}

static void set(struct steady_report *r, const char **slot, char *value)
{
	if (!value) {
		r->failed = true;
		return;
	}
	free((char *)*slot);
	*slot = value;
}

void steady_report_add(struct steady_report *r, enum steady_severity severity, int error)
{
	struct steady_finding *f;

	if (!r)
		return;
	r->open = false;
	if (severity == STEADY_ERROR)
		r->errors++;
	if (r->count == r->room) {
		size_t room = r->room ? r->room * 2 : 8;

		f = realloc(r->findings, room * sizeof(*f));
		if (!f) {
			r->failed = true;
			return;
		}
		r->findings = f;
		r->room = room;
	}
	f = &r->findings[r->count++];
	*f = (struct steady_finding){
		.size = sizeof(*f),
		.severity = severity,
		.error = error,
	};
	r->open = true;
	if (r->host)
		steady_report_host(r, r->host);
}

void steady_report_file(struct steady_report *r, const char *file)
{
	struct steady_finding *f = last(r);

	if (f && file)
		set(r, &f->file, strdup(file));
}

void steady_report_place(struct steady_report *r, unsigned int line, unsigned int column)
{
	struct steady_finding *f = last(r);

	if (f) {
		f->line = line;
		f->column = column;
	}
}

void steady_report_host(struct steady_report *r, const char *host)
{
	struct steady_finding *f = last(r);

	if (f && host)
		set(r, &f->host, strdup(host));
}

void steady_report_subject(struct steady_report *r, const char *reg, const char *field)
{
	struct steady_finding *f = last(r);

	if (!f)
		return;
	if (reg)
		set(r, &f->reg, strdup(reg));
	if (field)
		set(r, &f->field, strdup(field));
}

void steady_report_rule(struct steady_report *r, const char *rule)
{
	struct steady_finding *f = last(r);

	if (f)
		set(r, &f->rule, strdup(rule));
}

void steady_report_unknown(struct steady_report *r, const char *what)
{
	struct steady_finding *f = last(r);

	if (f)
		set(r, &f->unknown, strdup(what));
}

#define SETTER(name)                                                                               \
	void steady_report_##name(struct steady_report *r, const char *format, ...)                \
	{                                                                                          \
		struct steady_finding *f = last(r);                                                \
		struct steady_text text = STEADY_TEXT_INIT;                                        \
		va_list args;                                                                      \
                                                                                                   \
		if (!f)                                                                            \
			return;                                                                    \
		va_start(args, format);                                                            \
		steady_text_vprintf(&text, format, args);                                          \
		va_end(args);                                                                      \
		set(r, &f->name, steady_text_take(&text));                                         \
	}

SETTER(features)
SETTER(wanted)
SETTER(offered)
SETTER(reason)
SETTER(advice)
