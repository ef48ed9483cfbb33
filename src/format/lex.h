/* SPDX-License-Identifier: MIT */
/*
 * What both formats of a model are spelt with: numbers, names of firmware registers, lists of ids.
 * libc only.
 */
#ifndef STEADY_LEX_H
#define STEADY_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "policy/model.h"

/* "0x" and 1 to 16 hex digits, nothing else. */
bool steady_lex_hex(const char *text, size_t length, uint64_t *out);
/* Decimal digits without sign or superfluous zeros, up to max. */
bool steady_lex_decimal(const char *text, size_t length, uint64_t max, uint64_t *out);

/*
 * The KVM id of a firmware register: by its name ("PSCI_VERSION"), or as "0x…" by any id that lies
 * where KVM has its firmware registers.
 */
bool steady_lex_firmware(const char *name, size_t length, uint64_t *id);
#define STEADY_FIRMWARE_NAME 64
/* The inverse; returns out. */
const char *steady_lex_firmware_name(uint64_t id, char out[STEADY_FIRMWARE_NAME]);

/*
 * Whether this names what may be tolerated; out gets the one name that is canonical, for a field's
 * register may have an old name too.
 */
bool steady_lex_tolerable(const char *name, size_t length, char out[STEADY_FULLNAME]);
/* The same of what a host may only have more of: a field, a workaround's state. */
bool steady_lex_more(const char *name, size_t length, char out[STEADY_FULLNAME]);
/* The same of a field alone. */
bool steady_lex_field(const char *name, size_t length, char out[STEADY_FULLNAME]);

/* A number and where it was met, so that after sorting a duplicate can still be pointed at. */
struct steady_placed {
	uint64_t value;
	size_t place;
};
/* Sorts by value, then place; returns the first element that repeats its predecessor, or NULL. */
const struct steady_placed *steady_lex_sort(struct steady_placed *all, size_t count);

/* Appends the bytes in quotes for a message: shortened, nothing in it that moves a cursor. */
void steady_lex_quote(struct steady_text *out, const char *bytes, size_t length);
/* Whether the string is UTF-8 without control characters; line feeds and tabs may be allowed. */
bool steady_lex_printable(const char *string, bool lines);

#endif
