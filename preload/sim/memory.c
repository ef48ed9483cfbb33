/* SPDX-License-Identifier: MIT */
/* Slots of a guest's memory: kvm_set_memory_region() (Linux 6.1 to 7.3), without the memory. */
#include "inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOG_DIRTY  (UINT32_C(1) << 0)        /* KVM_MEM_LOG_DIRTY_PAGES */
#define READ_ONLY  (UINT32_C(1) << 1)        /* KVM_MEM_READONLY */
#define SLOTS      32767                     /* KVM_USER_MEM_SLOTS */
#define MOST_PAGES ((UINT64_C(1) << 31) - 1) /* KVM_MEM_MAX_NR_PAGES */

static struct simhost_slot *find(const struct simhost_vm *vm, uint32_t id)
{
	for (size_t i = 0; i < vm->slot_count; i++) {
		if (vm->slots[i].id == id)
			return &vm->slots[i];
	}
	return NULL;
}

static bool overlaps(const struct simhost_vm *vm, const struct steady_uapi_memory_region *region)
{
	for (size_t i = 0; i < vm->slot_count; i++) {
		const struct simhost_slot *s = &vm->slots[i];

		if (s->id != region->slot &&
		    s->guest < region->guest_phys_addr + region->memory_size &&
		    region->guest_phys_addr < s->guest + s->size)
			return true;
	}
	return false;
}

static bool is_sane(const struct steady_uapi_memory_region *region)
{
	uint64_t low = region->memory_size | region->guest_phys_addr | region->userspace_addr;

	return !(region->flags & ~(LOG_DIRTY | READ_ONLY)) && !(low % SIMHOST_PAGE) &&
	       region->slot < SLOTS && region->memory_size / SIMHOST_PAGE <= MOST_PAGES &&
	       region->guest_phys_addr + region->memory_size >= region->guest_phys_addr &&
	       region->userspace_addr + region->memory_size >= region->userspace_addr;
}

static long remove_slot(struct simhost_vm *vm, struct simhost_slot *slot)
{
	if (!slot)
		return simhost_fail(EINVAL);
	*slot = vm->slots[--vm->slot_count];
	return 0;
}

static struct simhost_slot *add_slot(struct simhost_vm *vm)
{
	struct simhost_slot *all = realloc(vm->slots, (vm->slot_count + 1) * sizeof(*all));

	if (!all)
		return NULL;
	vm->slots = all;
	return &all[vm->slot_count++];
}

long simhost_set_memory(struct simhost_vm *vm, const struct steady_uapi_memory_region *region)
{
	struct simhost_slot *slot;

	if (!is_sane(region))
		return simhost_fail(EINVAL);
	slot = find(vm, region->slot);
	if (!region->memory_size)
		return remove_slot(vm, slot);
	if (slot && (slot->user != region->userspace_addr || slot->size != region->memory_size ||
		     (slot->flags ^ region->flags) & READ_ONLY))
		return simhost_fail(EINVAL); /* it may move, and log or not; nothing else */
	if (overlaps(vm, region))
		return simhost_fail(EEXIST);
	/* kvm_arch_prepare_memory_region() */
	if (region->guest_phys_addr + region->memory_size > vm->end)
		return simhost_fail(EFAULT);
	slot = slot ? slot : add_slot(vm);
	if (!slot)
		return simhost_fail(ENOMEM);
	*slot = (struct simhost_slot){region->slot, region->flags, region->guest_phys_addr,
				      region->memory_size, region->userspace_addr};
	return 0;
}
