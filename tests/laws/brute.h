/* SPDX-License-Identifier: MIT */
/*
 * What a host accepts, found the slow way and without the code under test: arm64_check_features()
 * of arch/arm64/kvm/sys_regs.c (6.12 to 7.3) once more, asked for every value of a field. Orders
 * and rules are those of orders.h. Of the library's these are used: the places of fields, Linux's
 * rule for each (kvm_rule and its sign, which tools/crosscheck holds against Linux's source), and
 * of the rules between fields their texts, and which field each lowers.
 */
#ifndef BRUTE_H
#define BRUTE_H

#include "policy/policy.h"

#define BRUTE_VALUES 256 /* of the widest field in the core range */

struct brute {
	unsigned int values; /* how many values the field has */
	bool has[BRUTE_VALUES];
};

/* Whether KVM takes the value for the field, all other fields staying at their limits. */
bool brute_accepts(const struct steady_profile *p, const struct steady_configuration *c,
		   unsigned int field, uint64_t value);
/*
 * Of that, what a guest may be shown: the host's own value, or one that the architecture allocates
 * and that says less; of a field without an order, the value that every CPU may be called.
 */
void brute_offer(const struct steady_profile *p, const struct steady_configuration *c,
		 unsigned int field, struct brute *out);
void brute_and(struct brute *a, const struct brute *b);
bool brute_empty(const struct brute *b);
/* The value of the set that is taken: the one that ranks highest in the data's order. */
uint64_t brute_top(const struct brute *b, unsigned int field);
/*
 * Every value that a CPU may have which all hosts accept in configurations of these options, and
 * which keeps the rules between fields that bind: each host's guests see them kept, or they always
 * do. One set for each field of the core range (steady_offer_fields()). Values are struck out, one
 * after the other, that no values of the other fields go with. False if there is no such CPU, or
 * the greatest breaks an error that all hosts keep and that names no field to lower; what `all`
 * holds then says nothing.
 */
bool brute_cpu(struct steady_profile *const *p, size_t count, uint32_t options, struct brute *all);
/* Whether `value` is in the set, and nothing in it is more. */
bool brute_is_greatest(const struct brute *b, unsigned int field, uint64_t value);

#endif
