/* SPDX-License-Identifier: MIT */
/* What the tests of readers share: a refusal has one finding, with a place and a reason. */
#ifndef STEADY_REFUSED_H
#define STEADY_REFUSED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <steadyarm/steadyarm.h>

struct refusal {
	const char *text;
	unsigned int line, column;
	const char *reason; /* part of it */
};

/* JSON in C strings is written with ' for ": a copy with real quotes, to be freed. */
static inline char *quoted(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	for (char *c = copy; *c; c++) {
		if (*c == '\'')
			*c = '"';
	}
	return copy;
}

/* Compares what the report says with what was expected, and frees the report. */
static inline void check_refusal(const struct refusal *want, int result,
				 struct steady_report *report)
{
	const struct steady_finding *f = steady_report_get(report, 0);

	if (result != -STEADY_EINPUT || !f)
		fail_msg("not refused (%d): %s", result, want->text);
	if (f->line != want->line || f->column != want->column)
		fail_msg("at %u:%u, not %u:%u: %s: %s", f->line, f->column, want->line,
			 want->column, f->reason, want->text);
	if (!f->reason || !strstr(f->reason, want->reason))
		fail_msg("\"%s\" is not in \"%s\": %s", want->reason, f->reason, want->text);
	assert_string_equal(f->file, "FILE");
	assert_int_equal(steady_report_count(report), 1);
	assert_int_equal(f->error, STEADY_EINPUT);
	steady_report_free(report);
}

#endif
