/* SPDX-License-Identifier: MIT */
/* What KVM calls things: vCPU options and firmware pseudo registers. */
#include "arch/tables.h"

/* KVM_REG_ARM_FW_FEAT_BMAP_REG(0) and the bits that number them (uapi asm/kvm.h). */
#define BITMAP_BASE 0x6030000000160000ULL
#define BITMAP_MASK 0xffffULL

int steady_option_by_name(const char *name, size_t length)
{
	for (int i = 0; i < STEADY_OPTIONS; i++)
		if (steady_name_is(name, length, steady_options[i].name))
			return i;
	return -1;
}

int steady_firmware_by_name(const char *name, size_t length)
{
	for (unsigned int i = 0; i < steady_firmware_count; i++)
		if (steady_name_is(name, length, steady_firmware[i].name))
			return (int)i;
	return -1;
}

int steady_firmware_by_id(uint64_t id)
{
	for (unsigned int i = 0; i < steady_firmware_count; i++)
		if (steady_firmware[i].id == id)
			return (int)i;
	return -1;
}

bool steady_firmware_id_is_bitmap(uint64_t id)
{
	return (id & ~BITMAP_MASK) == BITMAP_BASE;
}
