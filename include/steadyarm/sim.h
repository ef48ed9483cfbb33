/* SPDX-License-Identifier: MIT */
/*
 * Steadyarm for tests: a host in userspace, made from a host profile. It answers the same calls
 * as KVM with the same results and the same errno, as far as a guest's CPU goes: feature ID
 * registers, firmware registers, vCPU options. Other registers that the profile lists are memory:
 * they read as last written, 0 at first. It runs no guest.
 *
 * Never link this into a VMM for production.
 */
#ifndef STEADYARM_SIM_H
#define STEADYARM_SIM_H

#include <steadyarm/steadyarm.h>

#ifdef __cplusplus
extern "C" {
#endif

struct steady_profile;
struct steady_sim;

/* Borrows the profile until the simulated host is freed. ENOMEM; EUNKNOWN: no configuration. */
int steady_sim_new(const struct steady_profile *profile, struct steady_sim **sim);
void steady_sim_free(struct steady_sim *sim);
/* A steady_call_fn: the context is the struct steady_sim. */
int steady_sim_call(void *sim, struct steady_call *call);

#ifdef __cplusplus
}
#endif
#endif
