/* SPDX-License-Identifier: MIT */
/*
 * Registers outside the core ID range that a model may pin: CTR_EL0, the description of the caches
 * (CLIDR_EL1 with CCSIDR_EL1 of each level), and the identity (MIDR_EL1, REVIDR_EL1, AIDR_EL1).
 *
 * CTR_EL0 follows the rules of fields. The caches are described together, since CCSIDR_EL1 has a
 * meaning for the levels that CLIDR_EL1 names only: kernels from 6.3 on make both up and take what
 * a VMM writes, older ones show the hardware's (Linux, reset_clidr() and set_ccsidr()). The
 * identity can be written where KVM_CAP_ARM_WRITABLE_IMP_ID_REGS was enabled before the first vCPU.
 */
#ifndef STEADY_OUTSIDE_H
#define STEADY_OUTSIDE_H

#include <steadyarm/steadyarm.h>

#include "policy/model.h"
#include "policy/profile.h"
#include "policy/set.h"

enum steady_outside {
	STEADY_OUTSIDE_CTR,
	STEADY_OUTSIDE_CLIDR,
	STEADY_OUTSIDE_MIDR,
	STEADY_OUTSIDE_REVIDR,
	STEADY_OUTSIDE_AIDR,
	STEADY_OUTSIDES
};
int steady_outside_register(enum steady_outside which); /* row of steady_registers */
/* Which of them a register is, or -1. */
int steady_outside_of_register(int reg);
/* Whether a model says which CPU a guest shall take itself for. */
bool steady_model_has_identity(const struct steady_model *model);
/* Gives it one. */
void steady_model_set_identity(struct steady_model *model, const struct steady_cpu *cpu);
/*
 * Gives it that of its implementations, or of several the one asked for, which is the one that it
 * names already where none is. ECONFLICT: it has not.
 */
int steady_model_identify(struct steady_model *model, const struct steady_cpu *asked,
			  struct steady_report *report);
/*
 * That of a list of CPUs that is to be it: the one there is, or the one asked for (or NULL), whose
 * revidr and aidr may be left 0.
 */
int steady_identity_choose(const struct steady_cpu *all, size_t count,
			   const struct steady_cpu *asked, struct steady_cpu *out,
			   struct steady_report *report);

/* Whether a host's guests can be told that they are this CPU. */
bool steady_profile_takes_identity(const struct steady_profile *profile,
				   const struct steady_cpu *cpu);

/* What a model that does not say what its hosts accepted accepts: itself. */
void steady_outside_of_model(const struct steady_model *model, struct steady_outside_offer *out);

/* ---- one host ---- */

/*
 * Whether KVM's word on CTR_EL0 is what a guest reads. Before it could be written (6.11) KVM let
 * guests read the hardware's, and told userspace what Linux makes of that: with IDC where CLIDR_EL1
 * implies it (read_cpuid_effective_cachetype()).
 */
bool steady_profile_tells_ctr(const struct steady_profile *profile);
/*
 * What to write into a register outside the core range that the model has: the model's value, or
 * the host's where that is tolerated. EBLOCKED with a finding: this host cannot show it; EUNKNOWN:
 * the profile does not hold it.
 */
int steady_outside_target(const struct steady_model *model, const struct steady_profile *profile,
			  const struct steady_configuration *configuration, int reg,
			  uint64_t *target, struct steady_report *report);
/* The same of the caches' CCSIDR_EL1; where the target is the host's, `out` does not have it. */
int steady_caches_target(const struct steady_model *model, const struct steady_profile *profile,
			 const struct steady_configuration *configuration,
			 struct steady_caches *out, struct steady_report *report);
/* CCSIDR_EL1 that a host shows; NULL: it does not list it. */
const struct steady_reading *steady_profile_cache(const struct steady_profile *profile,
						  unsigned int number);
uint64_t steady_cache_id(unsigned int number); /* KVM's id of CCSIDR_EL1 of a CSSELR_EL1 */
int steady_cache_number(uint64_t id);          /* the inverse; -1: it is no such id */
/* Whether a CLIDR_EL1 has a cache of this number: the others' CCSIDR_EL1 is UNKNOWN (DDI0487). */
bool steady_clidr_has(uint64_t clidr, unsigned int number);
/* Whether a value of CLIDR_EL1 says that no cache has to be cleaned (Linux, set_clidr()). */
bool steady_clidr_claims_coherence(uint64_t clidr);

#endif
