/* SPDX-License-Identifier: MIT */
/*
 * The simulated host from inside: sim.c has the VM and its calls, sim_register.c what is written
 * to and read from registers.
 */
#ifndef STEADY_SIM_INSIDE_H
#define STEADY_SIM_INSIDE_H

#include <steadyarm/sim.h>

#include "policy/profile.h"

#define STEADY_SIM_VCPUS 512

struct steady_sim_other {   /* a register that is just memory */
	uint64_t id;
	uint64_t value[8];
};

struct steady_sim_vcpu {
	bool created, inited, finalized;
	struct steady_vl sve;
	struct steady_sim_other *other;
	size_t other_count;
};

struct steady_sim {
	const struct steady_profile *profile;
	bool vm;
	bool mte;              /* KVM_CAP_ARM_MTE was enabled */
	bool any_vcpu;
	uint32_t features;     /* of the first KVM_ARM_VCPU_INIT */
	const struct steady_configuration *c; /* chosen by it; NULL before */
	uint64_t reg[STEADY_REGISTERS];
	uint64_t *firmware;    /* current values, one per row of profile->firmware */
	uint32_t gic;          /* KVM_DEV_TYPE_..., 0: none */
	bool gic_ready;
	bool frozen;           /* KVM_RUN has come as far as the guest's entry */
	struct steady_sim_vcpu vcpus[STEADY_SIM_VCPUS];
};

int steady_sim_get(struct steady_sim *s, struct steady_call *call);
int steady_sim_set(struct steady_sim *s, struct steady_call *call);
/* What the kernel does at the first run of a VM. */
void steady_sim_freeze(struct steady_sim *s);

#endif
