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

#endif
