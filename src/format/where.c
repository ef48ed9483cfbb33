/* SPDX-License-Identifier: MIT */
#include "format/where.h"

#include <stdint.h>
#include <string.h>

struct cursor {
	const char *text;
	size_t length;
	size_t at;
};

/* The character here, NUL at the end (a NUL is nowhere part of JSON). */
static char peek(const struct cursor *c)
{
	return c->at < c->length ? c->text[c->at] : '\0';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void skip_blanks(struct cursor *c)
{
	while (c->at < c->length && is_blank(c->text[c->at]))
		c->at++;
}

static bool skip_char(struct cursor *c, char want)
{
	skip_blanks(c);
	if (peek(c) != want)
		return false;
	c->at++;
	return true;
}

/* From an opening quote to behind the closing one. */
static bool skip_string(struct cursor *c)
{
	const char *start = c->text + c->at + 1;
	const char *quote = memchr(start, '"', c->length - c->at - 1);

	if (quote && !memchr(start, '\\', (size_t)(quote - start))) { /* nearly all are so */
		c->at = (size_t)(quote + 1 - c->text);
		return true;
	}
	for (c->at++; c->at < c->length; c->at++) {
		if (c->text[c->at] == '"') {
			c->at++;
			return true;
		}
		if (c->text[c->at] == '\\')
			c->at++;
	}
	return false;
}

/* Over a value of any kind, without recursion. */
static bool skip_value(struct cursor *c)
{
	size_t depth = 0;

	skip_blanks(c);
	do {
		char here = peek(c);

		if (depth && (here == ' ' || here == ',')) { /* most of what is no string */
			c->at++;
			continue;
		}
		if (here == '"') {
			if (!skip_string(c))
				return false;
			continue;
		}
		if (here == '{' || here == '[')
			depth++;
		else if ((here == '}' || here == ']') && depth)
			depth--;
		else if (!depth) {
			size_t start = c->at;

			while (c->at < c->length && !memchr(" \t\r\n,:[]{}\"", c->text[c->at], 11))
				c->at++;
			return c->at > start;
		}
		c->at++;
	} while (depth && c->at < c->length);
	return !depth;
}

static bool hex4(const char *p, const char *end, uint32_t *out)
{
	uint32_t v = 0;

	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		const char *digits = "0123456789abcdef";
		char c = p[i] >= 'A' && p[i] <= 'F' ? (char)(p[i] - 'A' + 'a') : p[i];
		const char *digit = c ? strchr(digits, c) : NULL;

		if (!digit)
			return false;
		v = v << 4 | (uint32_t)(digit - digits);
	}
	*out = v;
	return true;
}

static size_t utf8_put(uint32_t code, char out[4])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

/* The character or escape at *p as UTF-8; 0 if there is none. */
static size_t unescape(const char **p, const char *end, char out[4])
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *simple;
	uint32_t code, low;

	out[0] = *(*p)++;
	if (out[0] != '\\')
		return 1;
	if (*p >= end)
		return 0;
	if (**p != 'u') {
		simple = **p ? strchr(from, **p) : NULL;
		(*p)++;
		if (simple)
			out[0] = to[simple - from];
		return simple != NULL;
	}
	if (!hex4(++*p, end, &code))
		return 0;
	*p += 4;
	if (code >> 10 == 0x36 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' &&
	    hex4(*p + 2, end, &low) && low >> 10 == 0x37) { /* a surrogate pair */
		code = 0x10000 + ((code & 0x3ff) << 10 | (low & 0x3ff));
		*p += 6;
	}
	return utf8_put(code, out);
}

/* Whether the string between two places (without its quotes) spells the key. */
static bool spells(const char *p, const char *end, const char *key)
{
	size_t left = strlen(key);

	while (p < end) {
		char bytes[4];
		size_t n = unescape(&p, end, bytes);

		if (!n || n > left || memcmp(bytes, key, n) != 0)
			return false;
		key += n;
		left -= n;
	}
	return left == 0;
}

/* From a value to its member or element; *key gets the member's key. */
static bool step(struct cursor *c, const struct steady_path *path, size_t *key)
{
	if (!skip_char(c, path->key ? '{' : '['))
		return false;
	for (size_t i = 0;; i++) {
		bool found = !path->key && i == path->index;

		skip_blanks(c);
		if (path->key) {
			*key = c->at;
			if (peek(c) != '"' || !skip_string(c))
				return false;
			found = spells(c->text + *key + 1, c->text + c->at - 1, path->key);
			if (!skip_char(c, ':'))
				return false;
			skip_blanks(c);
		}
		if (found)
			return c->at < c->length;
		if (!skip_value(c) || !skip_char(c, ','))
			return false;
	}
}

static bool walk(struct cursor *c, const struct steady_path *path, size_t *key)
{
	if (!path) {
		skip_blanks(c);
		*key = c->at;
		return c->at < c->length;
	}
	return walk(c, path->up, key) && step(c, path, key);
}

bool steady_where_value(const char *text, size_t length, const struct steady_path *path,
			size_t *offset)
{
	struct cursor c = {.text = text, .length = length};
	size_t key;

	if (!walk(&c, path, &key))
		return false;
	*offset = c.at;
	return true;
}

bool steady_where_key(const char *text, size_t length, const struct steady_path *path,
		      size_t *offset)
{
	struct cursor c = {.text = text, .length = length};
	size_t key;

	if (!walk(&c, path, &key))
		return false;
	*offset = path && path->key ? key : c.at;
	return true;
}

/* Whether the object ends here, and the text with it. */
static bool is_last(struct cursor *c)
{
	if (!skip_char(c, '}'))
		return false;
	skip_blanks(c);
	return c->at == c->length;
}

bool steady_where_next(const char *text, size_t length, struct steady_member *m)
{
	struct cursor c = {.text = text, .length = length, .at = m->end};

	if (m->end && is_last(&c)) {
		m->whole = true;
		return false;
	}
	c.at = m->end;
	if (!skip_char(&c, m->end ? ',' : '{'))
		return false;
	skip_blanks(&c);
	m->key = c.at;
	if (peek(&c) != '"' || !skip_string(&c))
		return false;
	m->key_end = c.at;
	if (!skip_char(&c, ':'))
		return false;
	skip_blanks(&c);
	m->value = c.at;
	if (!skip_value(&c))
		return false;
	m->end = c.at;
	return true;
}

struct steady_place steady_where_offset(const char *text, size_t length, size_t offset)
{
	struct steady_place place = {1, 1};

	for (size_t i = 0; i < offset && i < length; i++) {
		if (text[i] == '\n') {
			place.line++;
			place.column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			place.column++; /* all but a UTF-8 continuation byte */
		}
	}
	return place;
}

enum steady_where_limit steady_where_limits(const char *text, size_t length, size_t depth,
					    size_t values, size_t *offset)
{
	struct cursor c = {.text = text, .length = length};
	size_t level = 0, count = 0;

	while (c.at < c.length) {
		char here = c.text[c.at];

		*offset = c.at;
		if (here == '"') {
			if (!skip_string(&c))
				break;
			continue;
		}
		if (here == '{' || here == '[') {
			if (++level > depth)
				return STEADY_TOO_DEEP;
			count++;
		} else if ((here == '}' || here == ']') && level) {
			level--;
		} else if (here == ',') {
			count++;
		}
		if (count > values)
			return STEADY_TOO_MANY;
		c.at++;
	}
	return STEADY_WITHIN;
}
