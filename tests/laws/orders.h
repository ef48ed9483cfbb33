/* SPDX-License-Identifier: MIT */
/*
 * What more and less mean for the fields' values, and when rules between fields hold, for the laws:
 * the orders are written down by hand in orders.c, and conditions are read from their text. Of the
 * library only these are used: where fields are, and the texts of rules and features.
 */
#ifndef ORDERS_H
#define ORDERS_H

#include "policy/policy.h"

/* Of all fields that are not plain numbers of which more is more. */
struct order {
	const char *field;
	char sign; /* 's': conditions compare it as two's complement; 'u' */
	/*
	 * Chains of values, `a<b` and `a=b`, separated by `;`; or "exact N": no order, N being what
	 * any CPU may be called; or "mask": of independent bits. The last mentioned is taken first.
	 */
	const char *values;
	const char *legal; /* what a CPU can have, "0,2-15"; "": any */
	const char *source;
};
extern const struct order orders[];
extern const size_t orders_count;
const struct order *orders_of(unsigned int field); /* NULL: a plain number */

/* As steady_field_compare(), _rank() (of two values, the one to be taken) and `legal`. */
enum steady_compare orders_compare(unsigned int field, uint64_t a, uint64_t b);
bool orders_taken_before(unsigned int field, uint64_t a, uint64_t b); /* a is, not b */
bool orders_legal(unsigned int field, uint64_t value);
bool orders_is_for_any(unsigned int field, uint64_t value); /* any CPU may be called that */

/*
 * Whether a rule holds of a CPU, by the text of its `if` and `then`. YES for rules that are no
 * conditions, and those of versions and mirrors, which no law asks for.
 */
enum steady_truth orders_rule_holds(unsigned int rule, const struct steady_view *view);

#endif
