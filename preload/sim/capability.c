/* SPDX-License-Identifier: MIT */
/*
 * What KVM_CHECK_EXTENSION tells a program. The profile has the kernel's answer for each number, but a
 * capability promises requests: where those are not simulated it is 0, and the program goes without.
 */
#include "inside.h"

#include "arch/kvm_ids.h"

#define CAP_IRQCHIP      0
#define CAP_MAX_VCPU_ID  128
#define CAP_USER_MEMORY2 231

/*
 * What every KVM on arm64 says that this library does as KVM does, whatever the profile
 * (kvm_vm_ioctl_check_extension_generic() and kvm_vm_ioctl_check_extension(), Linux 6.1 to 7.3).
 */
static const struct {
	uint32_t number;
	int32_t value;
} own[] = {
	{3, 1},      /* USER_MEMORY */
	{10, 32767}, /* NR_MEMSLOTS: SHRT_MAX (include/linux/kvm_host.h) */
	{14, 1},     /* MP_STATE */
	{21, 1},     /* DESTROY_MEMORY_REGION_WORKS */
	{30, 1},     /* JOIN_MEMORY_REGIONS_WORKS */
	{81, 1},     /* READONLY_MEM */
	{87, 1},     /* ARM_PSCI */
	{89, 1},     /* DEVICE_CTRL */
	{98, 1},     /* ENABLE_CAP_VM */
	{105, 1},    /* CHECK_EXTENSION_VM */
	{127, 1},    /* VCPU_ATTRIBUTES */
	{136, 1},    /* IMMEDIATE_EXIT */
};

/*
 * Those that promise no request but what is simulated, or none at all: they say how much there is of
 * something, or how a run ends, or what a guest may call. With those of the vCPU options, that is all
 * that a program hears of.
 */
static const uint16_t kept[] = {
	9,                    /* NR_VCPUS */
	16,                   /* SYNC_MMU */
	40,                   /* INTERNAL_ERROR_DATA */
	STEADY_CAP_MAX_VCPUS,
	70,                   /* ONE_REG */
	102,                  /* ARM_PSCI_0_2 */
	131,                  /* MSI_DEVID: 0, and EINVAL without a VM */
	144,                  /* ARM_USER_IRQ */
	STEADY_CAP_IPA_SIZE,
	177,                  /* ARM_NISV_TO_USER */
	182,                  /* HALT_POLL */
	198,                  /* PTP_KVM */
	215,                  /* SYSTEM_EVENT_DATA */
	STEADY_CAP_SUSPEND,
	228,                  /* ARM_EAGER_SPLIT_CHUNK_SIZE */
	229,                  /* ARM_SUPPORTED_BLOCK_SIZES */
	STEADY_CAP_REG_MASKS,
	STEADY_CAP_IMP_IDS,
	243,                  /* ARM_CACHEABLE_PFNMAP_SUPPORTED */
	245,                  /* ARM_SEA_TO_USER */
	251,                  /* ARM_PMU_V3_STRICT */
};

bool simhost_keeps_capability(uint64_t number)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (kept[i] == number)
			return true;
	}
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (steady_options[i].capability[0] == number ||
		    steady_options[i].capability[1] == number)
			return number != 0;
	}
	return false;
}

long simhost_check_extension(struct steady_sim *sim, uint64_t number)
{
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_CHECK, .id = number};
	int r;

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (own[i].number == number)
			return own[i].value;
	}
	if (number == CAP_USER_MEMORY2) /* from 6.8 on; 6.7, the first with masks, lacks it */
		return steady_profile_writable(simhost_profile);
	if (number == CAP_IRQCHIP) /* whether KVM_CREATE_DEVICE makes one */
		return steady_sim_can_make_gic(sim, STEADY_DEVICE_GICV3) ||
		       steady_sim_can_make_gic(sim, STEADY_DEVICE_GICV2);
	if (number == CAP_MAX_VCPU_ID)
		c.id = STEADY_CAP_MAX_VCPUS;
	else if (!simhost_keeps_capability(number))
		return simhost_unknown_capability(number);
	r = steady_sim_call(sim, &c);
	return r ? simhost_fail(-r) : (long)c.value[0];
}
