/* SPDX-License-Identifier: MIT */
/*
 * Reasons, in the words that people use.
 */
#ifndef STEADY_EXPLAIN_H
#define STEADY_EXPLAIN_H

#include "policy/policy.h"

/* A finding: the host does not accept `wanted` for the field; `accepts` may be the empty set. */
void steady_explain_field(struct steady_report *report, const struct steady_model *model,
			  const struct steady_profile *profile,
			  const struct steady_configuration *configuration, unsigned int field,
			  uint64_t wanted, steady_set accepts);

/* A field's value, in decimal like the sets of values; what is wider than a byte in hex. */
void steady_explain_number(struct steady_text *out, uint64_t value);
/* The value of what KVM does not virtualise, with its unit: "62500000 Hz". */
void steady_explain_unvirtualised(struct steady_text *out, int which, uint64_t value);
/* "1 (V1P1)": a value with its meaning where there is one. */
void steady_explain_value(struct steady_text *out, unsigned int field, uint64_t value);
/* "FEAT_AES, FEAT_PMULL": the features of a view that reading `value` instead would lose. */
void steady_explain_features(struct steady_text *out, const struct steady_view *view,
			     unsigned int field, uint64_t value);

#endif
