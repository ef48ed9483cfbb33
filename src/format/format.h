/* SPDX-License-Identifier: MIT */
/*
 * Files: the models' canonical text (libc only, in libsteadyarm), the JSON of profiles and models
 * (jansson), ids (libmd), reading and writing files (for the command).
 *
 * Every reader takes the text, a name for it in messages (may be NULL), and a report that gets the
 * line and column of what is wrong. EINPUT: bad text. Output is stable: the same object gives the
 * same bytes.
 */
#ifndef STEADY_FORMAT_H
#define STEADY_FORMAT_H

#include <steadyarm/steadyarm.h>

#include "base/text.h"
#include "policy/model.h"
#include "policy/profile.h"

#define STEADY_FILE_MAX   (16u << 20) /* bytes of a file that is read at all */
#define STEADY_DEPTH_MAX  16          /* nesting of JSON */
#define STEADY_VALUES_MAX (1u << 18)  /* JSON values of a file; a large profile has 20,000 */
#define STEADY_LIST_MAX   4096u       /* elements of any one list: ids, CPUs, configurations */

/* model_text.c: libc only; steady_model_parse() of the public header is there too. */
int steady_model_read_text(const char *text, size_t length, const char *file,
			   struct steady_model **model, struct steady_report *report);
int steady_model_print(const struct steady_model *model, struct steady_text *out);

/* model_json.c, profile_json.c */
int steady_model_read_json(const char *text, size_t length, const char *file,
			   struct steady_model **model, struct steady_report *report);
/*
 * model_start.c: the same, of a file in its printed form, of all but its offer, which is not looked at. Any
 * error: read it with the other.
 */
int steady_model_read_start(const char *text, size_t length, struct steady_model **model);
int steady_model_print_json(const struct steady_model *model, struct steady_text *out);
int steady_profile_read_json(const char *text, size_t length, const char *file,
			     struct steady_profile **profile, struct steady_report *report);
int steady_profile_print_json(const struct steady_profile *profile, struct steady_text *out);

/* sniff.c: what a text is, by its first bytes and its "format" key */
enum steady_kind {
	STEADY_KIND_UNKNOWN,
	STEADY_KIND_PROFILE,
	STEADY_KIND_MODEL_JSON,
	STEADY_KIND_MODEL_TEXT
};
enum steady_kind steady_sniff(const char *text, size_t length);

/* digest.c: SHA-256 of the model's canonical text, as 64 hex digits */
int steady_model_id(const struct steady_model *model, char id[65]);
/* The same of a canonical text that was printed already. */
void steady_text_id(const struct steady_text *text, char id[65]);

/* file.c: "-" is standard input or output */
int steady_file_read(const char *path, char **text, size_t *length, struct steady_report *report);
/* Writes a temporary file beside it, syncs, renames: there is the old file or the new one. */
int steady_file_write(const char *path, const char *text, size_t length,
		      struct steady_report *report);

#endif
