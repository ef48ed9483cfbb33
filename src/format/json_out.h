/* SPDX-License-Identifier: MIT */
/*
 * Writing JSON: the values that profiles and models share, and the layout of files. The JSON
 * library builds and escapes; only the blanks between values are ours.
 */
#ifndef STEADY_JSON_OUT_H
#define STEADY_JSON_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "policy/profile.h"
#include "policy/set.h"

/* An error sticks, so that only the end need ask: 0, ENOMEM, or EINPUT for what no file can hold.
 */
struct steady_json_out {
	int error;
};

/* All take over `value`; NULL counts as an error. */
void steady_json_put(struct steady_json_out *o, json_t *object, const char *key, json_t *value);
void steady_json_append(struct steady_json_out *o, json_t *array, json_t *value);

/* Does nothing for a NULL string. */
void steady_json_put_string(struct steady_json_out *o, json_t *object, const char *key,
			    const char *string, bool lines);
/* Does nothing for what was not captured. `digits` is the least number of hex digits. */
void steady_json_put_reading(struct steady_json_out *o, json_t *object, const char *key,
			     const struct steady_reading *reading, int digits);
#define STEADY_REGISTER_DIGITS 16
/* "errno": NAME of a reading that failed. */
void steady_json_put_errno(struct steady_json_out *o, json_t *object,
			   const struct steady_reading *reading);
/* "REGISTER.FIELD": "0-2" */
void steady_json_put_set(struct steady_json_out *o, json_t *object, unsigned int field,
			 steady_set set);
void steady_json_put_firmware(struct steady_json_out *o, json_t *object, uint64_t id,
			      const struct steady_reading *reading);
#define STEADY_OPTIONS_ALL ((UINT32_C(1) << STEADY_OPTIONS) - 1)
void steady_json_put_options(struct steady_json_out *o, json_t *object, uint32_t on,
			     uint32_t known);
void steady_json_put_irqchip(struct steady_json_out *o, json_t *object, uint32_t irqchip);
/* Does nothing for a NULL list. */
void steady_json_put_ids(struct steady_json_out *o, json_t *object, const char *key,
			 const uint64_t *list, size_t count);
void steady_json_put_sve(struct steady_json_out *o, json_t *object, const struct steady_vl *sve);
void steady_json_put_cpus(struct steady_json_out *o, json_t *object, const char *key,
			  const struct steady_cpu *cpus, size_t count);
/* Does nothing where there are none. */
void steady_json_put_ccsidr(struct steady_json_out *o, json_t *object, const char *key,
			    const struct steady_caches *caches);
void steady_json_put_unvirtualised(struct steady_json_out *o, json_t *object,
				   const struct steady_reading *all);
json_t *steady_json_new_hex(uint64_t value, int digits);

/*
 * Appends the value with a line feed. What nests little and fits in a line is one; lists fill
 * their lines; all else has a member a line, indented by two blanks.
 */
int steady_json_layout(const json_t *value, struct steady_text *out);

#endif
