/* SPDX-License-Identifier: MIT */
/*
 * Reading JSON strictly: what profiles and models share. Every function checks one value and
 * returns 0, EINPUT (reported, with the value's line and column) or ENOMEM.
 */
#ifndef STEADY_JSON_IN_H
#define STEADY_JSON_IN_H

#include <jansson.h>
#include <stdint.h>

#include "base/report.h"
#include "format/where.h"
#include "policy/profile.h"
#include "policy/set.h"

struct steady_json_in { /* the text */
	const char *text;
	size_t length;
	const char *file;
	struct steady_report *report;
};

struct steady_json { /* a value of it */
	const struct steady_json_in *in;
	json_t *value;
	const struct steady_path *path; /* for messages; NULL: the root */
};

/*
 * Parses a text of this format: size, nesting, syntax, UTF-8, duplicate keys, "format" and
 * "version". The root is an object, to be released by json_decref(). A NULL format: somebody else's
 * text, which has neither key.
 */
int steady_json_load(const struct steady_json_in *in, const char *format, json_t **root);

/* Reports what is wrong with the value, or with its key; returns -STEADY_EINPUT. */
#define STEADY_JSON_PRINTF __attribute__((format(printf, 2, 3)))
STEADY_JSON_PRINTF int steady_json_refuse(const struct steady_json *at, const char *format, ...);
STEADY_JSON_PRINTF int steady_json_refuse_key(const struct steady_json *at, const char *format,
					      ...);
/* Reports `"THE STRING" what` of a value that is a string. */
int steady_json_refuse_string(const struct steady_json *at, const char *what);
/* Reports that an object gives one thing under two names. */
int steady_json_twice(const struct steady_json *at);

/* Objects with a fixed set of keys, read in the table's order. */
struct steady_json_member {
	const char *key;
	bool required;
	int (*read)(const struct steady_json *at, void *target); /* NULL: nothing to do */
};
int steady_json_members(const struct steady_json *at, const struct steady_json_member *rows,
			size_t count, void *target);

/* Objects keyed by names that a look-up knows; `what` is what messages call such a thing. */
struct steady_json_names {
	const char *what;
	int (*look_up)(const char *name, size_t length); /* -1: none */
	int (*read)(const struct steady_json *at, int index, void *target);
};
int steady_json_named(const struct steady_json *at, const struct steady_json_names *names,
		      void *target);

/* Objects keyed by firmware registers, by name or id; by ids alone. Ids may come twice. */
int steady_json_firmware(const struct steady_json *at,
			 int (*read)(const struct steady_json *at, uint64_t id, void *target),
			 void *target);
int steady_json_by_id(const struct steady_json *at,
		      int (*read)(const struct steady_json *at, uint64_t id, void *target),
		      void *target);

/* Arrays; element() is called for each. */
int steady_json_array(const struct steady_json *at,
		      int (*element)(const struct steady_json *at, size_t index, void *target),
		      void *target);

/* JSON_TRUE stands for both booleans. */
int steady_json_expect(const struct steady_json *at, json_type type);
/* A string without control characters (line feeds and tabs may be allowed), to be freed. */
int steady_json_string(const struct steady_json *at, bool lines, char **out);
int steady_json_hex(const struct steady_json *at, uint64_t *out);
/* A hex string or {"errno":NAME}. */
int steady_json_reading(const struct steady_json *at, struct steady_reading *out);
/* The NAME alone. */
int steady_json_errno(const struct steady_json *at, struct steady_reading *out);
/* A set of a field's values: "0-2,15". */
int steady_json_set(const struct steady_json *at, unsigned int field, steady_set *out);

/* Things that both files have. */
struct steady_json_options {
	uint32_t on, known; /* 1 << enum steady_option */
};
int steady_json_options(const struct steady_json *at, struct steady_json_options *out);
int steady_json_irqchip(const struct steady_json *at, uint32_t *out);
int steady_json_ids(const struct steady_json *at, uint64_t **list, size_t *count);
int steady_json_sve(const struct steady_json *at, struct steady_vl *out);
int steady_json_cpu(const struct steady_json *at, struct steady_cpu *out);
/* {ID: "0x..."}: CCSIDR_EL1 by KVM's id */
int steady_json_ccsidr(const struct steady_json *at, struct steady_caches *out);
/* {NAME: READING} into all[STEADY_UNVIRTUALISED] */
int steady_json_unvirtualised(const struct steady_json *at, struct steady_reading *all);

#endif
