/* SPDX-License-Identifier: MIT */
/* The "offer" of a model: what its hosts accepted together. */
#ifndef STEADY_OFFER_JSON_H
#define STEADY_OFFER_JSON_H

#include "format/json_in.h"
#include "format/json_out.h"
#include "policy/offer.h"

int steady_offer_read_json(const struct steady_json *at, struct steady_offer **offer);
/* NULL if memory ran out. */
json_t *steady_offer_new_json(struct steady_json_out *o, const struct steady_offer *offer);

/* outside_json.c: sections of an offer outside the core ID range */
int steady_outside_read_ctr(const struct steady_json *at, void *offer);
int steady_outside_read_caches(const struct steady_json *at, void *offer);
void steady_outside_put_json(struct steady_json_out *o, json_t *out,
			     const struct steady_offer *offer);

#endif
