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

#define STEADY_FEATURE_PSCI_0_2 (UINT32_C(1) << 2) /* KVM_ARM_VCPU_PSCI_0_2 */

struct steady_sim_other {   /* a register that is just memory */
	uint64_t id;
	uint64_t value[8];
};

struct steady_sim_vcpu {
	bool created, inited, finalized;
	bool pmu_irq, pmu; /* its interrupt is set; it is initialised */
	struct steady_vl sve;
	struct steady_sim_other *other;
	size_t other_count;
};

struct steady_sim {
	const struct steady_profile *profile;
	bool vm;
	bool mte;              /* KVM_CAP_ARM_MTE was enabled */
	bool imp_ids;          /* KVM_CAP_ARM_WRITABLE_IMP_ID_REGS */
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
/* Another configuration, since the irqchip is known now: the limits and the GIC fields are its. */
void steady_sim_adopt(struct steady_sim *s, const struct steady_configuration *c);
/* What the kernel does to the registers at the first run of a VM, before it freezes them. */
void steady_sim_settle(struct steady_sim *s);

#endif
