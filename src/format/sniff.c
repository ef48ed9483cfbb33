/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "format/format.h"
#include "format/where.h"

static bool begins(const char *text, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/* Text that may be cut off or broken further on is still told apart, for better messages. */
static enum steady_kind sniff_json(const char *text, size_t length)
{
	const struct steady_path format = {NULL, "format", 0};
	size_t at;

	if (!steady_where_value(text, length, &format, &at))
		return STEADY_KIND_UNKNOWN;
	if (begins(text + at, length - at, "\"steadyarm-profile\""))
		return STEADY_KIND_PROFILE;
	if (begins(text + at, length - at, "\"steadyarm-model\""))
		return STEADY_KIND_MODEL_JSON;
	return STEADY_KIND_UNKNOWN;
}

/* A line "format steadyarm-model", anywhere: the canonical order has it behind the registers. */
static bool is_model_text(const char *text, size_t length)
{
	const char *p = text, *end = text + length;

	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));

		if (!stop)
			stop = end;
		while (p < stop && (*p == ' ' || *p == '\t'))
			p++;
		if (begins(p, (size_t)(stop - p), "format")) {
			for (p += strlen("format"); p < stop && (*p == ' ' || *p == '\t');)
				p++;
			if (begins(p, (size_t)(stop - p), "steadyarm-model"))
				return true;
		}
		p = stop < end ? stop + 1 : end;
	}
	return false;
}

enum steady_kind steady_sniff(const char *text, size_t length)
{
	size_t at = 0;

	while (at < length && memchr(" \t\r\n", text[at], 4))
		at++;
	if (at < length && text[at] == '{')
		return sniff_json(text, length);
	return is_model_text(text, length) ? STEADY_KIND_MODEL_TEXT : STEADY_KIND_UNKNOWN;
}
