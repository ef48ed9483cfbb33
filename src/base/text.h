/* SPDX-License-Identifier: MIT */
/*
 * A growing text buffer. Errors stick: append as often as needed, ask once at the end.
 */
#ifndef STEADY_TEXT_H
#define STEADY_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct steady_text {
	char *data;    /* NUL terminated once anything was appended; NULL before */
	size_t length;
	size_t room;
	bool failed;   /* memory ran out; what is there is incomplete */
};

#define STEADY_TEXT_INIT {0}

void steady_text_add(struct steady_text *t, const char *bytes, size_t length);
void steady_text_str(struct steady_text *t, const char *string);
void steady_text_char(struct steady_text *t, char c);
/* "0x" and all 16 digits. */
void steady_text_hex(struct steady_text *t, uint64_t value);
__attribute__((format(printf, 2, 3))) void steady_text_printf(struct steady_text *t,
							      const char *format, ...);
void steady_text_vprintf(struct steady_text *t, const char *format, va_list args);
/* Hands the string over (to be freed by free()), NULL if memory ran out; t is empty again. */
char *steady_text_take(struct steady_text *t);
void steady_text_free(struct steady_text *t);

#endif
