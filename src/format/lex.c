/* SPDX-License-Identifier: MIT */
#include "format/lex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "policy/outside.h"

#define QUOTE_MAX 48 /* bytes of input that a message repeats */

/*
 * KVM_REG_ARM64 | KVM_REG_SIZE_U64 with the coprocessor of the firmware registers (0x14) or of
 * their feature bitmaps (0x16): arch/arm64/include/uapi/asm/kvm.h. Registers of later kernels,
 * which have no name here yet, lie there too; no other register may pass for one.
 */
#define FIRMWARE_SPACE(id) ((id) >> 16)
#define FIRMWARE_FW        UINT64_C(0x603000000014)
#define FIRMWARE_BMAP      UINT64_C(0x603000000016)

/* 16 and more: it is none. */
static unsigned int hex_digit(unsigned char c)
{
	unsigned int digit = c - (unsigned int)'0', letter = (c | 0x20u) - 'a';

	if (digit <= 9)
		return digit;
	return letter <= 5 ? letter + 10 : 16;
}

bool steady_lex_hex(const char *text, size_t length, uint64_t *out)
{
	uint64_t v = 0;

	if (length < 3 || length > 18 || text[0] != '0' || text[1] != 'x')
		return false;
	for (size_t i = 2; i < length; i++) {
		unsigned int digit = hex_digit((unsigned char)text[i]);

		if (digit > 15)
			return false;
		v = v << 4 | digit;
	}
	*out = v;
	return true;
}

bool steady_lex_decimal(const char *text, size_t length, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (!length || (length > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned int digit = (unsigned int)(text[i] - '0');

		if (text[i] < '0' || text[i] > '9' || v > (max - digit) / 10 || digit > max)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

bool steady_lex_firmware(const char *name, size_t length, uint64_t *id)
{
	int row = steady_firmware_by_name(name, length);
	uint64_t v;

	if (row >= 0) {
		*id = steady_firmware[row].id;
		return true;
	}
	if (!steady_lex_hex(name, length, &v) ||
	    (FIRMWARE_SPACE(v) != FIRMWARE_FW && FIRMWARE_SPACE(v) != FIRMWARE_BMAP))
		return false;
	*id = v;
	return true;
}

const char *steady_lex_firmware_name(uint64_t id, char out[STEADY_FIRMWARE_NAME])
{
	int row = steady_firmware_by_id(id);

	if (row >= 0)
		snprintf(out, STEADY_FIRMWARE_NAME, "%s", steady_firmware[row].name);
	else
		snprintf(out, STEADY_FIRMWARE_NAME, "0x%016llx", (unsigned long long)id);
	return out;
}

bool steady_lex_field(const char *name, size_t length, char out[STEADY_FULLNAME])
{
	int field = steady_field_by_name(name, length);

	if (field >= 0)
		steady_field_fullname((unsigned int)field, out, STEADY_FULLNAME);
	return field >= 0;
}

bool steady_lex_more(const char *name, size_t length, char out[STEADY_FULLNAME])
{
	if (steady_lex_field(name, length, out))
		return true;
	if (!steady_names_workaround(name, length))
		return false;
	snprintf(out, STEADY_FULLNAME, "%.*s", (int)length, name);
	return true;
}

bool steady_lex_tolerable(const char *name, size_t length, char out[STEADY_FULLNAME])
{
	int other;

	if (steady_lex_more(name, length, out))
		return true;
	other = steady_register_by_name(name, length);
	if (other >= 0 && steady_outside_of_register(other) >= 0) {
		snprintf(out, STEADY_FULLNAME, "%s", steady_registers[other].name);
		return true;
	}
	other = steady_unvirtualised_by_name(name, length);
	if (other < 0 && !steady_state_by_name(name, length))
		return false;
	snprintf(out, STEADY_FULLNAME, "%s",
		 other < 0 ? steady_state_by_name(name, length)->name
			   : steady_unvirtualised_names[other]);
	return true;
}

static int compare_placed(const void *a, const void *b)
{
	const struct steady_placed *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

const struct steady_placed *steady_lex_sort(struct steady_placed *all, size_t count)
{
	size_t i = 1;

	while (i < count && all[i].value > all[i - 1].value)
		i++;
	if (i >= count)
		return NULL; /* as in every file that was written by this program */
	qsort(all, count, sizeof(*all), compare_placed);
	for (i = 1; i < count; i++) {
		if (all[i].value == all[i - 1].value)
			return &all[i];
	}
	return NULL;
}

/* The length of the UTF-8 character at p (RFC 3629: shortest form, no surrogates), 0 if none. */
static size_t utf8_length(const unsigned char *p, size_t room)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = 2;
	uint32_t code;

	if (*p < 0x80)
		return 1;
	if (*p >> 4 == 0xe)
		length = 3;
	else if (*p >> 3 == 0x1e)
		length = 4;
	else if (*p >> 5 != 6)
		return 0;
	if (length > room)
		return 0;
	code = *p & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if (p[i] >> 6 != 2)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return length;
}

/* C0, DEL and C1, which terminals obey. */
static bool is_control(const unsigned char *p, size_t length)
{
	return *p < 0x20 || *p == 0x7f || (length == 2 && *p == 0xc2 && p[1] < 0xa0);
}

void steady_lex_quote(struct steady_text *out, const char *bytes, size_t length)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t i = 0;

	steady_text_char(out, '"');
	while (i < length && i < QUOTE_MAX) {
		size_t n = utf8_length(p + i, length - i);

		if (n && !is_control(p + i, n)) {
			steady_text_add(out, bytes + i, n);
			i += n;
		} else {
			steady_text_printf(out, "\\x%02x", p[i++]);
		}
	}
	steady_text_str(out, i < length ? "...\"" : "\"");
}

bool steady_lex_printable(const char *string, bool lines)
{
	const unsigned char *p = (const unsigned char *)string;
	size_t length = strlen(string);

	for (size_t i = 0; i < length;) {
		size_t n = utf8_length(p + i, length - i);

		if (!n)
			return false;
		if (is_control(p + i, n) && !(lines && (p[i] == '\n' || p[i] == '\t')))
			return false;
		i += n;
	}
	return true;
}
