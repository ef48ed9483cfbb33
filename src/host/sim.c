/* SPDX-License-Identifier: MIT */
/*
 * The simulated host: KVM's interface to a VM's and its vCPUs' options, driven by a profile.
 * The order of the checks is that of kvm_arch_vcpu_ioctl() and kvm_vcpu_set_target() (6.12 to 7.3).
 */
#include "host/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"

#define POWER_OFF   (UINT32_C(1) << 0) /* KVM_ARM_VCPU_POWER_OFF */
#define KNOWN       (UINT32_C(0x1ff))  /* feature bits of KVM_ARM_VCPU_INIT up to 7.2 */
#define ID_MASK_WORDS 192

int steady_sim_new(const struct steady_profile *profile, struct steady_sim **sim)
{
	struct steady_sim *s;

	if (!profile->configuration_count)
		return -STEADY_EUNKNOWN;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -STEADY_ENOMEM;
	s->firmware = calloc(profile->firmware_count + 1, sizeof(*s->firmware));
	if (!s->firmware) {
		free(s);
		return -STEADY_ENOMEM;
	}
	s->profile = profile;
	*sim = s;
	return 0;
}

static void discard_vm(struct steady_sim *s)
{
	for (size_t i = 0; i < STEADY_SIM_VCPUS; i++)
		free(s->vcpus[i].other);
	memset(s->vcpus, 0, sizeof(s->vcpus));
	s->vm = s->mte = s->imp_ids = s->any_vcpu = s->gic_ready = s->frozen = false;
	s->c = NULL;
	s->gic = 0;
}

void steady_sim_free(struct steady_sim *s)
{
	if (!s)
		return;
	discard_vm(s);
	free(s->firmware);
	free(s);
}

static uint64_t capability(const struct steady_sim *s, uint64_t number)
{
	for (unsigned int i = 0; s->profile->capabilities && i < steady_capability_count; i++) {
		if (steady_capabilities[i].number == number)
			return s->profile->capabilities[i].state == STEADY_VALUE
				       ? s->profile->capabilities[i].value
				       : 0;
	}
	return 0;
}

/* ---- VM ---- */

static int create_vm(struct steady_sim *s, uint64_t type)
{
	const struct steady_reading *ipa = &s->profile->unvirtualised[STEADY_IPA_SIZE];
	uint64_t bits = type & 0xff ? type & 0xff : 40;

	if (type >> 8 || bits < 32 || (ipa->state == STEADY_VALUE && bits > ipa->value))
		return -EINVAL;
	discard_vm(s);
	s->vm = true;
	memset(s->reg, 0, sizeof(s->reg));
	for (size_t i = 0; i < s->profile->firmware_count; i++)
		s->firmware[i] = s->profile->firmware[i].reading.value;
	return 0;
}

static int create_vcpu(struct steady_sim *s, uint32_t index)
{
	if (!s->vm)
		return -EBADF;
	if (index >= STEADY_SIM_VCPUS)
		return -EINVAL;
	if (s->vcpus[index].created)
		return -EEXIST;
	s->vcpus[index].created = true;
	s->any_vcpu = true;
	return 0;
}

static int enable_cap(struct steady_sim *s, uint64_t number)
{
	if (!s->vm)
		return -EBADF;
	if (!capability(s, number) || s->any_vcpu)
		return -EINVAL;
	if (number == steady_options[STEADY_OPTION_MTE].enable_cap)
		s->mte = true;
	else if (number == STEADY_CAP_IMP_IDS)
		s->imp_ids = true;
	else
		return -EINVAL;
	return 0;
}

/* ---- vCPU options ---- */

static uint32_t options_of(const struct steady_sim *s, uint32_t features)
{
	uint32_t options = s->mte ? UINT32_C(1) << STEADY_OPTION_MTE : 0;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		uint32_t bits = steady_options[i].features;

		if (bits && (features & bits) == bits)
			options |= UINT32_C(1) << i;
	}
	return options;
}

static uint32_t irqchip_of(const struct steady_sim *s)
{
	return s->gic == STEADY_DEVICE_GICV3   ? STEADY_GICV3
	       : s->gic == STEADY_DEVICE_GICV2 ? STEADY_GICV2
					       : STEADY_IRQCHIP_UNKNOWN;
}

static int first_init(struct steady_sim *s, uint32_t features)
{
	uint32_t pauth = steady_options[STEADY_OPTION_PTRAUTH].features;
	uint32_t options = options_of(s, features), bits = STEADY_FEATURE_PSCI_0_2 | POWER_OFF;

	if ((features & pauth) != 0 && (features & pauth) != pauth)
		return -EINVAL;
	for (int i = 0; i < STEADY_OPTIONS; i++)
		bits |= options >> i & 1 ? steady_options[i].features : 0;
	s->c = steady_profile_find(s->profile, options, irqchip_of(s));
	if (!s->c)
		s->c = steady_profile_find(s->profile, options, STEADY_IRQCHIP_NONE);
	if (features & ~bits || !s->c)
		return -EINVAL;
	s->features = features & ~POWER_OFF;
	for (int i = 0; i < STEADY_REGISTERS; i++)
		s->reg[i] = s->c->reg[i].state == STEADY_VALUE ? s->c->reg[i].value : 0;
	return 0;
}

static int init_vcpu(struct steady_sim *s, uint32_t index, uint32_t features)
{
	struct steady_sim_vcpu *v = &s->vcpus[index];

	if (features & ~KNOWN)
		return -ENOENT;
	if (!s->c) {
		int r = first_init(s, features);

		if (r)
			return r;
	} else if ((features & ~POWER_OFF) != s->features) {
		return -EINVAL;
	}
	if (!v->inited)
		v->sve = s->profile->sve;
	v->inited = true;
	return 0;
}

static bool has_sve(const struct steady_sim *s)
{
	return s->features & steady_options[STEADY_OPTION_SVE].features;
}

static int finalize(struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t feature)
{
	if (feature != STEADY_FINALIZE_SVE || !has_sve(s))
		return -EINVAL;
	if (v->finalized)
		return -EPERM;
	v->finalized = true;
	return 0;
}

static bool has_pmu(const struct steady_sim *s)
{
	return s->features & steady_options[STEADY_OPTION_PMU].features;
}

/* The order of kvm_arch_vcpu_run_pid_change(). */
static int run(struct steady_sim *s, struct steady_sim_vcpu *v)
{
	if (has_sve(s) && !v->finalized)
		return -EPERM;
	if (s->gic && !s->gic_ready)
		return -ENXIO; /* it has no address yet */
	if (!s->frozen)
		steady_sim_settle(s);
	if (has_pmu(s) && !v->pmu)
		return -EINVAL;
	s->frozen = true;
	return -EINTR;
}

/* ---- lists and masks ---- */

static int reg_list(struct steady_sim *s, const struct steady_sim_vcpu *v,
		    struct steady_call *call)
{
	size_t count = s->c->register_count;

	if (has_sve(s) && !v->finalized)
		return -EPERM;
	if (!s->c->register_list)
		return -ENOSYS; /* the profile did not capture it: nothing is made up */
	if (call->count < count) {
		call->count = (uint32_t)count;
		return -E2BIG;
	}
	if (count)
		memcpy(call->list, s->c->register_list, count * sizeof(*call->list));
	call->count = (uint32_t)count;
	return 0;
}

static int masks(struct steady_sim *s, struct steady_call *call)
{
	if (!s->vm)
		return -EBADF;
	if (call->id != 0 || !steady_profile_writable(s->profile))
		return -EINVAL;
	if (call->count < ID_MASK_WORDS)
		return -E2BIG;
	for (int i = 0; i < ID_MASK_WORDS; i++)
		call->list[i] = s->profile->writable[i].state == STEADY_VALUE
					? s->profile->writable[i].value
					: 0;
	call->count = ID_MASK_WORDS;
	return 0;
}

/* ---- devices ---- */

static int create_gic(struct steady_sim *s, uint64_t type)
{
	bool there = false;

	if (!s->vm)
		return -EBADF;
	if (type != STEADY_DEVICE_GICV2 && type != STEADY_DEVICE_GICV3)
		return -ENODEV;
	for (size_t i = 0; i < s->profile->configuration_count; i++) {
		uint32_t chip = s->profile->configurations[i].irqchip;

		there = there || chip == STEADY_IRQCHIP_UNKNOWN ||
			chip == (type == STEADY_DEVICE_GICV2 ? STEADY_GICV2 : STEADY_GICV3);
	}
	if (!there)
		return -ENODEV;
	if (s->gic)
		return -EEXIST;
	s->gic = (uint32_t)type;
	if (s->c)
		steady_sim_adopt(s, steady_profile_find(s->profile,
							steady_configuration_options(s->c),
							irqchip_of(s)));
	return 0;
}

static int init_gic(struct steady_sim *s)
{
	if (!s->gic)
		return -EBADF;
	s->gic_ready = true;
	return 0;
}

/* KVM_ARM_VCPU_PMU_V3_IRQ, with an irqchip, and _INIT (devices/vcpu.rst). */
static int pmu_init(struct steady_sim *s, struct steady_sim_vcpu *v)
{
	if (!has_pmu(s))
		return -ENODEV;
	if (v->pmu || v->pmu_irq)
		return -EBUSY;
	v->pmu_irq = s->gic;
	if (s->gic && !s->gic_ready)
		return -ENODEV;
	v->pmu = true;
	return 0;
}

/* Calls to a vCPU; until it was initialised the kernel knows of none but that. */
static int vcpu_call(struct steady_sim *s, struct steady_call *call)
{
	struct steady_sim_vcpu *v;

	if (call->vcpu >= STEADY_SIM_VCPUS || !s->vcpus[call->vcpu].created)
		return -EBADF;
	v = &s->vcpus[call->vcpu];
	if (call->op == STEADY_OP_INIT)
		return init_vcpu(s, call->vcpu, (uint32_t)call->id);
	if (!v->inited)
		return -ENOEXEC;
	switch (call->op) {
	case STEADY_OP_FINALIZE:
		return finalize(s, v, call->id);
	case STEADY_OP_GET:
		return steady_sim_get(s, call);
	case STEADY_OP_SET:
		return steady_sim_set(s, call);
	case STEADY_OP_REG_LIST:
		return reg_list(s, v, call);
	case STEADY_OP_PMU_INIT:
		return pmu_init(s, v);
	default:
		return run(s, v);
	}
}

int steady_sim_call(void *sim, struct steady_call *call)
{
	struct steady_sim *s = sim;

	switch (call->op) {
	case STEADY_OP_CREATE_VM:
		return create_vm(s, call->id);
	case STEADY_OP_CREATE_VCPU:
		return create_vcpu(s, call->vcpu);
	case STEADY_OP_MASKS:
		return masks(s, call);
	case STEADY_OP_CHECK:
		call->value[0] = capability(s, call->id);
		return 0;
	case STEADY_OP_ENABLE_CAP:
		return enable_cap(s, call->id);
	case STEADY_OP_CREATE_GIC:
		return create_gic(s, call->id);
	case STEADY_OP_INIT_GIC:
		return init_gic(s);
	case STEADY_OP_INIT:
	case STEADY_OP_FINALIZE:
	case STEADY_OP_GET:
	case STEADY_OP_SET:
	case STEADY_OP_REG_LIST:
	case STEADY_OP_PMU_INIT:
	case STEADY_OP_RUN:
		return vcpu_call(s, call);
	}
	return -ENOSYS;
}
