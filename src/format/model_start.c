/* SPDX-License-Identifier: MIT */
/*
 * A model's JSON for a VMM that waits to start. Most of such a file is its offer, which only later
 * baselines need, and of the rest its registers. What is left for the JSON library is little.
 */
#include <stdlib.h>
#include <string.h>

#include "format/format.h"
#include "format/lex.h"
#include "format/where.h"
#include "policy/model.h"

struct parts {
	uint64_t *ids; /* of the register list */
	size_t id_count;
	uint64_t value[STEADY_REGISTERS];
	bool has[STEADY_REGISTERS], any, any_offer;
};

static size_t past_blanks(const char *text, size_t at, size_t end)
{
	while (at < end && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r'))
		at++;
	return at;
}

/* The length of a string's text, if there is one at this place; an escape is no name and no number. */
static size_t string_at(const char *text, size_t at, size_t end)
{
	const char *quote = at < end && text[at] == '"' ? memchr(text + at + 1, '"', end - at - 1) : NULL;

	return quote ? (size_t)(quote - text) - at - 1 : 0;
}

/* "0x6030000000100000", and where it ends; 0: it is something else. */
static size_t read_hex(const char *text, size_t at, size_t end, uint64_t *value)
{
	size_t length = string_at(text, at, end);

	return length && steady_lex_hex(text + at + 1, length, value) ? at + length + 2 : 0;
}

/* As it is printed: ids in ascending order. */
static bool read_ids(const char *text, size_t at, size_t end, struct parts *parts)
{
	if (parts->ids || text[at] != '[')
		return false;
	parts->ids = malloc(STEADY_LIST_MAX * sizeof(*parts->ids));
	if (!parts->ids)
		return false;
	do {
		uint64_t id;

		if (parts->id_count == STEADY_LIST_MAX)
			return false;
		at = read_hex(text, past_blanks(text, at + 1, end), end, &id);
		if (!at || (parts->id_count && id <= parts->ids[parts->id_count - 1]))
			return false;
		parts->ids[parts->id_count++] = id;
		at = past_blanks(text, at, end);
	} while (at < end && text[at] == ',');
	return at + 1 == end && text[at] == ']';
}

/* "CTR_EL0": "0x84448004", and where it ends. */
static size_t read_register(const char *text, size_t at, size_t end, struct parts *parts)
{
	size_t length = string_at(text, at, end);
	int reg = length ? steady_register_by_name(text + at + 1, length) : -1;

	if (reg < 0 || parts->has[reg])
		return 0;
	at = past_blanks(text, at + length + 2, end);
	if (at >= end || text[at] != ':')
		return 0;
	parts->has[reg] = true;
	return read_hex(text, past_blanks(text, at + 1, end), end, &parts->value[reg]);
}

/* All of them; *first is where the first ends, which is left to the JSON library: there has to be one. */
static bool read_registers(const char *text, size_t at, size_t end, struct parts *parts, size_t *first)
{
	if (parts->any || text[at] != '{')
		return false;
	parts->any = true;
	*first = 0;
	do {
		at = read_register(text, past_blanks(text, at + 1, end), end, parts);
		if (!at)
			return false;
		*first = *first ? *first : at;
		at = past_blanks(text, at, end);
	} while (at < end && text[at] == ',');
	return at + 1 == end && text[at] == '}';
}

static bool is_key(const char *text, const struct steady_member *m, const char *key)
{
	size_t length = strlen(key);

	return m->key_end - m->key == length + 2 && memcmp(text + m->key + 1, key, length) == 0;
}

/* One member: read, or skipped, or put with the rest. */
static bool take(const char *text, const struct steady_member *m, struct steady_text *rest,
		 struct parts *parts)
{
	size_t first;

	if (memchr(text + m->key, '\\', m->key_end - m->key))
		return false;
	if (is_key(text, m, "offer")) {
		bool once = !parts->any_offer && text[m->value] == '{';

		parts->any_offer = true;
		return once;
	}
	if (is_key(text, m, "register_list"))
		return read_ids(text, m->value, m->end, parts);
	steady_text_char(rest, rest->length ? ',' : '{');
	if (!is_key(text, m, "registers")) {
		steady_text_add(rest, text + m->key, m->end - m->key);
		return true;
	}
	if (!read_registers(text, m->value, m->end, parts, &first))
		return false;
	steady_text_add(rest, text + m->key, first - m->key);
	steady_text_char(rest, '}');
	return true;
}

/* False: it is not as it is printed, or no JSON at all. */
static bool take_apart(const char *text, size_t length, struct steady_text *rest, struct parts *parts)
{
	struct steady_member m = {0};

	while (steady_where_next(text, length, &m)) {
		if (!take(text, &m, rest, parts))
			return false;
	}
	steady_text_char(rest, '}');
	return m.whole && parts->any && !rest->failed;
}

int steady_model_read_start(const char *text, size_t length, struct steady_model **model)
{
	struct steady_text rest = STEADY_TEXT_INIT;
	struct parts parts = {0};
	struct steady_model *m;
	int err = -STEADY_EINPUT;

	if (length <= STEADY_FILE_MAX && take_apart(text, length, &rest, &parts))
		err = steady_model_read_json(rest.data, rest.length, NULL, &m, NULL);
	steady_text_free(&rest);
	if (err) {
		free(parts.ids);
		return err;
	}
	memcpy(m->value, parts.value, sizeof(m->value));
	memcpy(m->has, parts.has, sizeof(m->has));
	m->register_list = parts.ids;
	m->register_count = parts.id_count;
	*model = m;
	return 0;
}
