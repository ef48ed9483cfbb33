/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USUAL 64 /* bytes */

static bool reserve(struct steady_text *t, size_t more)
{
	size_t need, room;
	char *data;

	if (t->failed)
		return false;
	if (more > SIZE_MAX / 2 - t->length - 1) {
		t->failed = true;
		return false;
	}
	need = t->length + more + 1;
	if (need <= t->room)
		return true;
	for (room = t->room ? t->room : 64; room < need;)
		room *= 2;
	data = realloc(t->data, room);
	if (!data) {
		t->failed = true;
		return false;
	}
	t->data = data;
	t->room = room;
	return true;
}

void steady_text_add(struct steady_text *t, const char *bytes, size_t length)
{
	if (!reserve(t, length))
		return;
	if (length)
		memcpy(t->data + t->length, bytes, length);
	t->length += length;
	t->data[t->length] = '\0';
}

void steady_text_str(struct steady_text *t, const char *string)
{
	steady_text_add(t, string, strlen(string));
}

void steady_text_char(struct steady_text *t, char c)
{
	steady_text_add(t, &c, 1);
}

void steady_text_hex(struct steady_text *t, uint64_t value)
{
	static const char digit[] = "0123456789abcdef";
	char all[18] = "0x";

	for (int i = 0; i < 16; i++)
		all[2 + i] = digit[value >> (60 - 4 * i) & 0xf];
	steady_text_add(t, all, sizeof(all));
}

void steady_text_vprintf(struct steady_text *t, const char *format, va_list args)
{
	va_list again;
	size_t room;
	int length;

	va_copy(again, args);
	if (reserve(t, USUAL)) { /* most fit, and need not be formatted twice */
		room = t->room - t->length;
		length = vsnprintf(t->data + t->length, room, format, args);
		if (length < 0)
			t->failed = true;
		else if ((size_t)length >= room && reserve(t, (size_t)length))
			vsnprintf(t->data + t->length, (size_t)length + 1, format, again);
		if (!t->failed)
			t->length += (size_t)length;
		t->data[t->length] = '\0';
	}
	va_end(again);
}

void steady_text_printf(struct steady_text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	steady_text_vprintf(t, format, args);
	va_end(args);
}

char *steady_text_take(struct steady_text *t)
{
	char *data;

	steady_text_add(t, "", 0);
	data = t->data;
	if (t->failed) {
		free(data);
		data = NULL;
	}
	*t = (struct steady_text)STEADY_TEXT_INIT;
	return data;
}

void steady_text_free(struct steady_text *t)
{
	free(t->data);
	*t = (struct steady_text)STEADY_TEXT_INIT;
}
