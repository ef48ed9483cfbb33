/* SPDX-License-Identifier: MIT */
/* The generated tables that only this layer reads. gen/tables.py writes what is declared here. */
#ifndef STEADY_ARCH_TABLES_H
#define STEADY_ARCH_TABLES_H

#include "arch/arch.h"

struct steady_name {
	const char *name; /* in lower case; the tables are sorted by it */
	uint16_t index;
};

/* The order of a 4-bit field whose values do not follow a rule. */
struct steady_chains {
	int8_t rank[16]; /* the order of choice; -1: not allocated */
	uint16_t
		below[16]; /* the set of values that offer less; of equal ones each has the other */
};

enum steady_test_op {
	STEADY_TEST_AT_LEAST,
	STEADY_TEST_BELOW,
	STEADY_TEST_EQUAL,
	STEADY_TEST_NOT_EQUAL,
};

struct steady_test {
	uint16_t field; /* row of steady_fields */
	uint8_t op;     /* enum steady_test_op */
	int8_t value;
};

/* A condition is a run of words in postfix order: an index into steady_tests, or one of these. */
#define STEADY_WORD_AND 0x8000
#define STEADY_WORD_OR  0x8001
#define STEADY_WORD_NOT 0x8002
#define STEADY_STACK    16 /* the generator refuses conditions that need more */

struct steady_feature {
	const char *name;
	const char *condition;
	const char *mirror;
	const char *version;
	struct steady_run run, mirror_run, mirror_when; /* in steady_programs */
};

/* A name of a feature that no condition here tells, on purpose. */
struct steady_left_out {
	const char *name;
	const char *why;
};

extern const struct steady_left_out steady_left_out[];
extern const unsigned int steady_left_out_count;
extern const struct steady_name steady_register_names[];
extern const unsigned int steady_register_name_count;
extern const struct steady_chains steady_chains[];
extern const struct steady_feature steady_features[];
extern const unsigned int steady_feature_total;
extern const struct steady_name steady_feature_names[]; /* steady_feature_total entries */
extern const uint16_t steady_field_feature_start[];     /* steady_field_count + 1 entries */
extern const uint16_t steady_field_feature_list[];
extern const struct steady_test steady_tests[];
extern const uint16_t steady_programs[];

/* Kleene's three-valued logic over a view; an empty run is true. */
enum steady_truth steady_run_state(struct steady_run run, const struct steady_view *view);

/* The index that a table sorted by lower-case names gives a name in any case, or -1. */
int steady_name_find(const struct steady_name *table, size_t count, const char *name,
		     size_t length);
/* Whether a name of a length is a string, regardless of the case of ASCII letters. */
bool steady_name_is(const char *name, size_t length, const char *string);

#endif
