/* SPDX-License-Identifier: MIT */
/*
 * The values of one field that are acceptable, as a set in one word.
 *
 * A field of up to 4 bits is a bit set: bit N for value N. A wider one (up to 8 bits, all that the
 * core ID range has) is an interval, low byte first; the empty interval is STEADY_SET_NONE_WIDE.
 * Both are closed under intersection, which is all that the algebra does with them.
 */
#ifndef STEADY_SET_H
#define STEADY_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/arch.h"
#include "base/text.h"

typedef uint16_t steady_set;

steady_set steady_set_one(const struct steady_field *f, uint64_t value);
steady_set steady_set_none(const struct steady_field *f);
/* low to high, both included, as unsigned numbers */
steady_set steady_set_range(const struct steady_field *f, uint64_t low, uint64_t high);
steady_set steady_set_and(const struct steady_field *f, steady_set a, steady_set b);
bool steady_set_empty(const struct steady_field *f, steady_set s);
bool steady_set_has(const struct steady_field *f, steady_set s, uint64_t value);
/* The greatest element in the field's order; the set must not be empty. */
uint64_t steady_set_greatest(const struct steady_field *f, steady_set s);
/* "0-2,15"; "none" for the empty set. */
void steady_set_print(const struct steady_field *f, steady_set s, struct steady_text *out);
/* The inverse; false if the text is no set of this field. */
bool steady_set_parse(const struct steady_field *f, const char *text, steady_set *out);

#endif
