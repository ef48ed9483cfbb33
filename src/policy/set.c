/* SPDX-License-Identifier: MIT */
#include "policy/set.h"

#include <stdlib.h>
#include <string.h>

#define NONE_WIDE UINT16_C(0x00ff) /* low 255, high 0 */

static bool is_wide(const struct steady_field *f)
{
	return f->width > 4;
}

static unsigned int low_of(steady_set s)
{
	return s & 0xff;
}

static unsigned int high_of(steady_set s)
{
	return s >> 8;
}

static uint64_t max_of(const struct steady_field *f)
{
	return f->width >= 64 ? UINT64_MAX : (UINT64_C(1) << f->width) - 1;
}

steady_set steady_set_none(const struct steady_field *f)
{
	return is_wide(f) ? NONE_WIDE : 0;
}

steady_set steady_set_range(const struct steady_field *f, uint64_t low, uint64_t high)
{
	if (low > high || low > max_of(f) || low > 0xff)
		return steady_set_none(f);
	if (high > max_of(f))
		high = max_of(f);
	if (is_wide(f))
		return (steady_set)((high > 0xff ? 0xff : high) << 8 | low);
	return (steady_set)((UINT32_C(2) << high) - (UINT32_C(1) << low));
}

steady_set steady_set_one(const struct steady_field *f, uint64_t value)
{
	return steady_set_range(f, value, value);
}

steady_set steady_set_and(const struct steady_field *f, steady_set a, steady_set b)
{
	unsigned int low, high;

	if (!is_wide(f))
		return a & b;
	low = low_of(a) > low_of(b) ? low_of(a) : low_of(b);
	high = high_of(a) < high_of(b) ? high_of(a) : high_of(b);
	/* one empty interval only, so that equal sets are equal words */
	return low > high ? NONE_WIDE : (steady_set)(high << 8 | low);
}

bool steady_set_empty(const struct steady_field *f, steady_set s)
{
	return s == steady_set_none(f);
}

bool steady_set_has(const struct steady_field *f, steady_set s, uint64_t value)
{
	if (value > max_of(f) || value > 0xff)
		return false;
	if (is_wide(f))
		return value >= low_of(s) && value <= high_of(s);
	return s >> value & 1;
}

uint64_t steady_set_greatest(const struct steady_field *f, steady_set s)
{
	uint64_t best = 0;
	bool any = false;

	for (uint64_t v = 0; v <= max_of(f) && v <= 0xff; v++) {
		if (!steady_set_has(f, s, v))
			continue;
		if (!any || steady_field_rank(f, v) > steady_field_rank(f, best))
			best = v;
		any = true;
	}
	return best;
}

void steady_set_print(const struct steady_field *f, steady_set s, struct steady_text *out)
{
	const char *comma = "";

	if (steady_set_empty(f, s)) {
		steady_text_str(out, "none");
		return;
	}
	for (uint64_t v = 0; v <= max_of(f) && v <= 0xff; v++) {
		uint64_t end = v;

		if (!steady_set_has(f, s, v))
			continue;
		while (end < max_of(f) && steady_set_has(f, s, end + 1))
			end++;
		if (end == v)
			steady_text_printf(out, "%s%u", comma, (unsigned int)v);
		else
			steady_text_printf(out, "%s%u-%u", comma, (unsigned int)v,
					   (unsigned int)end);
		comma = ",";
		v = end;
	}
}

/* A decimal number without sign, blanks or superfluous zeros; NULL if there is none. */
static const char *number(const char *text, uint64_t *out)
{
	uint64_t v = 0;
	const char *p = text;

	while (*p >= '0' && *p <= '9' && p - text < 4)
		v = v * 10 + (uint64_t)(*p++ - '0');
	if (p == text || (p - text > 1 && *text == '0') || v > 0xff)
		return NULL;
	*out = v;
	return p;
}

bool steady_set_parse(const struct steady_field *f, const char *text, steady_set *out)
{
	steady_set s = steady_set_none(f);

	if (strcmp(text, "none") == 0) {
		*out = s;
		return true;
	}
	for (const char *p = text;; p++) {
		uint64_t low, high;
		steady_set part;

		p = number(p, &low);
		if (!p)
			return false;
		high = low;
		if (*p == '-')
			p = number(p + 1, &high);
		if (!p || low > high || high > max_of(f))
			return false;
		part = steady_set_range(f, low, high);
		if (!is_wide(f))
			s |= part;
		else if (steady_set_empty(f, s))
			s = part;
		else
			return false; /* a wide field's set is one interval */
		if (!*p)
			break;
		if (*p != ',')
			return false;
	}
	*out = s;
	return true;
}
