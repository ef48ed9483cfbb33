/* SPDX-License-Identifier: MIT */
/* The named models that are built in: gen/models.py makes the table from data/models/. */
#ifndef STEADY_BUILTIN_H
#define STEADY_BUILTIN_H

#include <stddef.h>

struct steady_builtin {
	const char *name;  /* "neoverse-n1-v1" */
	const char *title; /* a line: what it stands for */
	const char
		*about; /* lines: where the values come from, what is assumed, what is tolerated */
	const char *text; /* canonical text */
};

extern const struct steady_builtin steady_builtins[]; /* sorted by name, as strcmp() does */
extern const size_t steady_builtin_count;

/*
 * The length of a model's name without its version ("-v12" at the end), and the version; 0 if there
 * is none: then the length is that of all of it.
 */
size_t steady_builtin_stem(const char *name, unsigned long *version);
/* The row of a name, or of the newest version of a name without one; NULL: there is none. */
const struct steady_builtin *steady_builtin_find(const char *name);

#endif
