/* SPDX-License-Identifier: MIT */
/*
 * Where in a JSON text a value stands. The JSON library parses; it forgets places, though, and
 * messages need them. This scanner finds them again, and is asked for nothing else.
 */
#ifndef STEADY_WHERE_H
#define STEADY_WHERE_H

#include <stdbool.h>
#include <stddef.h>

/* The way to a value, from the leaf to the root; a NULL path is the root value itself. */
struct steady_path {
	const struct steady_path *up;
	const char *key; /* of a member; NULL: an element */
	size_t index;    /* of an element */
};

struct steady_place {
	unsigned int line, column; /* from 1; a column is a character, not a byte */
};

/* The place of a byte of the text. */
struct steady_place steady_where_offset(const char *text, size_t length, size_t offset);
/* The byte at which the value at a path begins (or its key); false if the text has no such. */
bool steady_where_value(const char *text, size_t length, const struct steady_path *path,
			size_t *offset);
bool steady_where_key(const char *text, size_t length, const struct steady_path *path,
		      size_t *offset);

/* A member of the root object: where its key begins and ends (quotes included), and its value. */
struct steady_member {
	size_t key, key_end, value, end;
	bool whole; /* there is none after it, and nothing but blanks after the object */
};
/* The next one of an object, the first if *m is all 0. False: there is none, or no JSON. */
bool steady_where_next(const char *text, size_t length, struct steady_member *m);

enum steady_where_limit { STEADY_WITHIN, STEADY_TOO_DEEP, STEADY_TOO_MANY };
/*
 * Whether the text nests deeper than `depth` or has more than `values` values, and at which byte.
 * For a text that is no JSON the answer holds up to its first error, where a parser stops.
 */
enum steady_where_limit steady_where_limits(const char *text, size_t length, size_t depth,
					    size_t values, size_t *offset);

#endif
