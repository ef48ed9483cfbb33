/* SPDX-License-Identifier: MIT */
/* The parts of a profile that say how a kernel behaves, as JSON. */
#ifndef STEADY_BEHAVIOUR_JSON_H
#define STEADY_BEHAVIOUR_JSON_H

#include "format/json_in.h"
#include "format/json_out.h"

/* Readers of single sections; the target is the struct steady_profile. */
int steady_json_behaviours(const struct steady_json *at, void *profile);
int steady_json_gates(const struct steady_json *at, void *profile);
int steady_json_unnamed(const struct steady_json *at, void *profile);
int steady_json_caches(const struct steady_json *at, void *profile);
int steady_json_loaded(const struct steady_json *at, void *profile);
int steady_json_others(const struct steady_json *at, void *profile);
/* {ID: "0x..."}; the target is the struct steady_configuration. */
int steady_json_reset(const struct steady_json *at, void *configuration);
/* {"REG.FIELD": {"15": 0}}; the target is the struct steady_configuration. */
int steady_json_rewritten(const struct steady_json *at, void *configuration);

/* All sections of a profile, as far as there is something in them. */
void steady_json_put_behaviours(struct steady_json_out *o, json_t *root,
				const struct steady_profile *profile);
void steady_json_put_reset(struct steady_json_out *o, json_t *configuration,
			   const struct steady_configuration *c);
void steady_json_put_rewritten(struct steady_json_out *o, json_t *configuration,
			       const struct steady_accepted *accepted);

#endif
