/* SPDX-License-Identifier: MIT */
/*
 * Laws are checked on random hosts. The seed is printed; a round that fails says with which seed
 * it comes first: STEADY_SEED=... STEADY_ROUNDS=1 does it again.
 */
#ifndef LAWS_H
#define LAWS_H

#include "base/text.h"
#include "policy/policy.h"

struct laws {
	const char *name;
	uint64_t seed;            /* of the round */
	uint64_t state;           /* of the generator */
	unsigned int cpu, kernel; /* of most hosts of this round, as in build_profile.h */
	unsigned int rounds, round;
	unsigned int met; /* rounds in which the law had something to say */
};

void laws_start(struct laws *l, const char *name, unsigned int rounds);
bool laws_next(struct laws *l);
/* The exit status; 1 if the law was met in less than one round of `one_in`. */
int laws_end(const struct laws *l, unsigned int one_in);
/* Ends the program, with the seed, unless the condition holds. */
__attribute__((format(printf, 3, 4))) void laws_hold(const struct laws *l, bool holds,
						     const char *format, ...);

uint64_t laws_random(struct laws *l);
unsigned int laws_below(struct laws *l, unsigned int n);
bool laws_one_in(struct laws *l, unsigned int n);

/* A host as they come: like N1, V1 or newer, of several kernels. */
struct steady_profile *laws_host(struct laws *l, const char *name);
/* The same with whatever a profile may hold: odd sets, gaps, failures, several irqchips. */
struct steady_profile *laws_wild_host(struct laws *l, const char *name);

/* An offer as text, in an order of its own: equal offers, equal text. To be freed. */
char *laws_dump(const struct steady_offer *offer);

#endif
