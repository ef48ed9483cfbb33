/* SPDX-License-Identifier: MIT */
/*
 * A model's JSON for a VMM that waits to start. Most of such a file is its offer, which only later
 * baselines need, and of the rest its register list. What is left for the JSON library is little.
 */
#include <stdlib.h>
#include <string.h>

#include "format/format.h"
#include "format/lex.h"
#include "format/where.h"
#include "policy/model.h"

struct ids {
	uint64_t *all;
	size_t count;
};

static size_t past_blanks(const char *text, size_t at, size_t end)
{
	while (at < end && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r'))
		at++;
	return at;
}

/* "0x6030000000100000", and where it ends; 0: it is something else. */
static size_t read_id(const char *text, size_t at, size_t end, uint64_t *id)
{
	const char *quote;

	if (at >= end || text[at++] != '"')
		return 0;
	quote = memchr(text + at, '"', end - at);
	if (!quote || !steady_lex_hex(text + at, (size_t)(quote - text) - at, id))
		return 0;
	return (size_t)(quote + 1 - text);
}

/* As it is printed: ids in ascending order. */
static bool read_ids(const char *text, size_t at, size_t end, struct ids *ids)
{
	if (ids->all || text[at] != '[')
		return false;
	ids->all = malloc(STEADY_LIST_MAX * sizeof(*ids->all));
	if (!ids->all)
		return false;
	do {
		uint64_t id;

		at = past_blanks(text, at + 1, end);
		if (ids->count == STEADY_LIST_MAX)
			return false;
		at = read_id(text, at, end, &id);
		if (!at || (ids->count && id <= ids->all[ids->count - 1]))
			return false;
		ids->all[ids->count++] = id;
		at = past_blanks(text, at, end);
	} while (at < end && text[at] == ',');
	return at + 1 == end && text[at] == ']';
}

static bool is_key(const char *text, const struct steady_member *m, const char *key)
{
	size_t length = strlen(key);

	return m->key_end - m->key == length + 2 && memcmp(text + m->key + 1, key, length) == 0;
}

/* All members but two, one of which is read. False: it is not as it is printed, or no JSON at all. */
static bool take_apart(const char *text, size_t length, struct steady_text *rest, struct ids *ids)
{
	struct steady_member m = {0};
	bool any_offer = false;
	char before = '{';

	while (steady_where_next(text, length, &m)) {
		if (memchr(text + m.key, '\\', m.key_end - m.key))
			return false;
		if (is_key(text, &m, "offer")) {
			if (any_offer || text[m.value] != '{')
				return false;
			any_offer = true;
			continue;
		}
		if (is_key(text, &m, "register_list")) {
			if (!read_ids(text, m.value, m.end, ids))
				return false;
			continue;
		}
		steady_text_char(rest, before);
		steady_text_add(rest, text + m.key, m.end - m.key);
		before = ',';
	}
	steady_text_char(rest, '}');
	return m.whole && before == ',' && !rest->failed;
}

int steady_model_read_start(const char *text, size_t length, struct steady_model **model)
{
	struct steady_text rest = STEADY_TEXT_INIT;
	struct ids ids = {0};
	int err = -STEADY_EINPUT;

	if (length <= STEADY_FILE_MAX && take_apart(text, length, &rest, &ids))
		err = steady_model_read_json(rest.data, rest.length, NULL, model, NULL);
	steady_text_free(&rest);
	if (err) {
		free(ids.all);
		return err;
	}
	(*model)->register_list = ids.all;
	(*model)->register_count = ids.count;
	return 0;
}
