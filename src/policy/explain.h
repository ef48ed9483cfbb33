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
/* The open finding's reason and advice: some of these options no kernel gives together. */
void steady_explain_clash(struct steady_report *report, uint32_t options);
/* Why a host that has so many event counters gives no guest with these options so many. */
const char *steady_explain_counters(uint32_t options, uint64_t wanted, uint64_t has);
/* The value of what KVM does not virtualise, with its unit: "62500000 Hz". */
void steady_explain_unvirtualised(struct steady_text *out, int which, uint64_t value);
/* "1 (V1P1)": a value with its meaning where there is one. */
void steady_explain_value(struct steady_text *out, unsigned int field, uint64_t value);
/* What a value means in these registers: where the field does not count, with what it would. */
void steady_explain_meaning(struct steady_text *out, const struct steady_view *view,
			    unsigned int field, uint64_t value);
/* "0 (counts only with FEAT_SME)": the same, after the value. */
void steady_explain_shown(struct steady_text *out, const struct steady_view *view,
			  unsigned int field, uint64_t value);
/* "FEAT_AES, FEAT_PMULL": the features of a view that reading `value` instead would lose. */
void steady_explain_features(struct steady_text *out, const struct steady_view *view,
			     unsigned int field, uint64_t value);

/*
 * ">=" where a finding's field is a number of which more is more, and the host accepts nothing from
 * what is wanted on; else "=". Of a signed field 0 is not the least, which nobody would guess.
 */
const char *steady_explain_relation(const struct steady_finding *f);

/* The features of a view that are gone with a vCPU option: all of its fields read 0 without it. */
void steady_explain_option(struct steady_text *out, const struct steady_view *view, int option);

/* ---- kernels.c ---- */

/* "6.12.95 to 6.12.117, 6.17.13 and newer": a set of recorded kernels, of those in `known`. */
void steady_kernels_print(struct steady_text *out, uint32_t set, uint32_t known);
/* Those of which nothing is recorded for a field. */
uint32_t steady_kernels_unrecorded(const struct steady_kernel_row *row);
/*
 * "boot a kernel that hides it: 6.16.12 and newer": which recorded kernels would let a guest of
 * such a host (NULL: one with AArch32) see the value that this one fixes; nothing if none would.
 */
void steady_kernels_advice(struct steady_text *out, const struct steady_configuration *c,
			   unsigned int field, uint64_t wanted);
/* That again of the fields that it is the same for: "boot a kernel that hides them: ...". */
void steady_kernels_retell(struct steady_text *out, const char *advice, bool several);
/* "pmu, sve, gicv3": what a host has in one configuration or another. */
void steady_explain_options(struct steady_text *out, const struct steady_offer *offer,
			    uint32_t asked);

#endif
