/* SPDX-License-Identifier: MIT */
/*
 * The simulated host's interrupt controller, PMU and run, as far as they decide on a guest's CPU:
 * kvm_vgic_create(), kvm_arm_pmu_v3_set_attr(), kvm_arch_vcpu_run_pid_change() (6.1 to 7.3).
 */
#include <errno.h>
#include <stdlib.h>

#include "arch/kvm_ids.h"
#include "host/sim.h"

#define GICV2_VCPUS 8 /* VGIC_V2_MAX_CPUS */
#define DEVICE_VFIO 4 /* KVM_DEV_TYPE_VFIO */
#define DEVICE_ITS  8 /* KVM_DEV_TYPE_ARM_VGIC_ITS */

uint64_t steady_sim_max_vcpus(const struct steady_sim *s)
{
	uint64_t most = steady_sim_capability(s, STEADY_CAP_MAX_VCPUS);

	if (!most || most > STEADY_SIM_VCPUS)
		most = STEADY_SIM_VCPUS;
	return s->gic == STEADY_DEVICE_GICV2 ? GICV2_VCPUS : most;
}

/* Whether a configuration has shown anything, and so that its interrupt controller could be made. */
static bool was_made(const struct steady_configuration *c)
{
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (c->reg[reg].state == STEADY_VALUE)
			return true;
	}
	return false;
}

bool steady_sim_can_make_gic(const struct steady_sim *s, uint64_t type)
{
	uint32_t wanted = type == STEADY_DEVICE_GICV2	? STEADY_GICV2
			  : type == STEADY_DEVICE_GICV3 ? STEADY_GICV3
							: STEADY_IRQCHIP_NONE;

	for (size_t i = 0; i < s->profile->configuration_count; i++) {
		const struct steady_configuration *c = &s->profile->configurations[i];

		/* what was not captured may be either */
		if (wanted != STEADY_IRQCHIP_NONE && was_made(c) &&
		    (c->irqchip == wanted || steady_irqchip_may_be(wanted, c->irqchip)))
			return true;
	}
	return false;
}

int steady_sim_create_gic(struct steady_sim *s, uint64_t type)
{
	if (type == DEVICE_VFIO || type == DEVICE_ITS)
		return -ENOSYS; /* there on most hosts, and nothing that a profile tells */
	if (!steady_sim_can_make_gic(s, type))
		return -ENODEV;
	if (s->gic)
		return -EEXIST;
	for (uint32_t i = 0; i < STEADY_SIM_VCPUS; i++) {
		if (s->vcpus[i].ran)
			return -EBUSY;
	}
	s->gic = (uint32_t)type;
	steady_sim_gic_created(s);
	return 0;
}

/* Addresses can be given once. */
int steady_sim_init_gic(struct steady_sim *s)
{
	if (s->gic_ready)
		return -EEXIST;
	s->gic_ready = true;
	return 0;
}

/* The VM's, or on kernels where each vCPU has its own that of this one. */
static uint32_t features_of(const struct steady_sim *s, const struct steady_sim_vcpu *v)
{
	return steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_FEATURES_PER_VCPU) ? v->features
										      : s->features;
}

/*
 * With a GIC the interrupt is set first, and stays set when what follows fails; without one there
 * is none to set. A strict vCPU's PMU is to be chosen before, by a call that is not simulated.
 */
int steady_sim_init_pmu(struct steady_sim *s, struct steady_sim_vcpu *v)
{
	uint32_t features = features_of(s, v);

	if (!(features & steady_options[STEADY_OPTION_PMU].features))
		return -ENODEV;
	if (v->pmu_ready || v->pmu_irq)
		return -EBUSY;
	v->pmu_irq = s->gic;
	if (features & STEADY_SIM_PMU_STRICT)
		return -ENXIO;
	if (s->gic && !s->gic_ready)
		return -ENODEV;
	v->pmu_ready = true;
	return 0;
}

/* kvm_arm_pmu_v3_set_nr_counters() */
int steady_sim_set_counters(struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t counters)
{
	if (!(features_of(s, v) & steady_options[STEADY_OPTION_PMU].features))
		return -ENODEV;
	if (v->pmu_ready)
		return -EBUSY;
	if (!steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_COUNTERS_CHOSEN))
		return -ENXIO;
	if (s->features & STEADY_SIM_PMU_STRICT ||
	    counters > s->profile->unvirtualised[STEADY_PMCR_N].value)
		return -EINVAL;
	return steady_sim_give_counters(s, counters);
}

/* ---- PMCR_EL0: reset_pmcr(), kvm_vcpu_read_pmcr(), set_pmcr() of 6.12 to 7.3 ---- */

#define PMCR_KEPT UINT64_C(0xff)    /* ARMV8_PMU_PMCR_MASK: what userspace may set */
#define PMCR_LC   (UINT64_C(1) << 6) /* RES1 without AArch32 */

/* Before 6.7 it is memory, and more of it is unknown than the number of counters. */
bool steady_sim_has_pmcr(const struct steady_sim *s)
{
	return s->modern && s->profile->unvirtualised[STEADY_PMCR_N].state == STEADY_VALUE;
}

uint64_t steady_sim_get_pmcr(const struct steady_sim *s, struct steady_sim_vcpu *v)
{
	return v->pmcr | (s->aarch32 ? 0 : PMCR_LC) |
	       steady_sim_counters(s, v) << STEADY_PMCR_N_SHIFT;
}

int steady_sim_set_pmcr(struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t value)
{
	uint64_t counters = value >> STEADY_PMCR_N_SHIFT & STEADY_PMCR_N_MASK;

	if (!s->frozen && !steady_sim_has(v, STEADY_OPTION_EL2) &&
	    !(s->features & STEADY_SIM_PMU_STRICT) &&
	    steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_COUNTERS_LOWERED) &&
	    counters <= s->profile->unvirtualised[STEADY_PMCR_N].value)
		s->counters = counters;
	v->pmcr = value & PMCR_KEPT;
	return 0;
}

/* kvm_smccc_set_filter(): what Arm's own calls are handled by is not to be changed. */
static const struct steady_sim_range reserved[] = {
	{UINT32_C(0x80000000), UINT32_C(0x8000ffff)},
	{UINT32_C(0xc0000000), UINT32_C(0xc000ffff)},
};

static bool meets(const struct steady_sim_range *a, const struct steady_sim_range *b)
{
	return a->first <= b->last && b->first <= a->last;
}

int steady_sim_set_filter(struct steady_sim *s, const struct steady_call *call)
{
	const struct steady_sim_range range = {(uint32_t)call->id,
					       (uint32_t)call->id + (uint32_t)call->value[0] - 1};
	struct steady_sim_range *all;
	bool taken = meets(&range, &reserved[0]) || meets(&range, &reserved[1]);

	if (!s->modern || range.last < range.first || (uint8_t)call->value[1] > 2)
		return -EINVAL; /* 6.1 has no attributes of a VM */
	if (s->frozen)
		return -EBUSY;
	for (size_t i = 0; i < s->filter_count; i++)
		taken = taken || meets(&range, &s->filter[i]);
	if (taken)
		return -EEXIST;
	all = realloc(s->filter, (s->filter_count + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	s->filter = all;
	all[s->filter_count++] = range;
	return 0;
}

int steady_sim_run(struct steady_sim *s, struct steady_sim_vcpu *v)
{
	if (steady_sim_has(v, STEADY_OPTION_SVE) && !v->finalized)
		return -EPERM;
	if (v->ran)
		return steady_sim_loaded(s, v);
	if (s->gic && !s->gic_ready) {
		s->dead = true; /* kvm_vgic_map_resources(): it has no address yet */
		return -ENXIO;
	}
	if (!s->frozen)
		steady_sim_first_run(s, v);
	if (steady_sim_has(v, STEADY_OPTION_EL2) && !s->at_el2_ran) {
		s->at_el2_ran = true; /* kvm_init_nv_sysregs(): without a PMU HPMN is RES0 */
		s->no_hpmn = !steady_sim_field(s, STEADY_SIM_PMUVER);
	}
	if (steady_sim_has(v, STEADY_OPTION_EL2) && !s->gic)
		return -EAGAIN; /* kvm_vgic_vcpu_nv_init() */
	if (steady_sim_has(v, STEADY_OPTION_PMU) && (!v->pmu_ready || (s->gic && !v->pmu_irq)))
		return -EINVAL;
	v->ran = true;
	s->frozen = true;
	return steady_sim_loaded(s, v);
}
