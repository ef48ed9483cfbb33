/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"

#define TARGET    5  /* KVM_ARM_TARGET_GENERIC_V8 */
#define USUAL_IPA 40 /* KVM_PHYS_SHIFT: what a VM of type 0 has */
#define IPA_MASK  0xff

/* ---- life ---- */

void simhost_free_vm(struct simhost_vm *vm)
{
	steady_sim_free(vm->sim);
	free(vm->slots);
	free(vm);
}

long simhost_create_vm(uint64_t type)
{
	struct simhost_vm *vm = calloc(1, sizeof(*vm));
	int fd = -1;

	simhost_collect();
	if (!vm || steady_sim_new(simhost_profile, &vm->sim)) {
		free(vm);
		return simhost_fail(ENOMEM);
	}
	vm->owner = simhost_process;
	vm->end = UINT64_C(1) << (type & IPA_MASK ? type & 0x3f : USUAL_IPA);
	memset(vm->gic.base, 0xff, sizeof(vm->gic.base));
	if (simhost_simple(vm, STEADY_OP_CREATE_VM, 0, type) == 0)
		fd = simhost_make(SIMHOST_VM, vm, 0, false);
	if (fd < 0)
		simhost_free_vm(vm);
	return fd;
}

/* ---- requests ---- */

static long masks(struct simhost_vm *vm, const struct steady_uapi_mask_range *range)
{
	struct steady_call c = {
		.op = STEADY_OP_MASKS,
		.id = range->range,
		.count = STEADY_REGISTERS,
	};
	uint64_t list[STEADY_REGISTERS];

	for (size_t i = 0; i < sizeof(range->reserved) / sizeof(range->reserved[0]); i++) {
		if (range->reserved[i])
			return simhost_fail(EINVAL);
	}
	c.list = list;
	return simhost_call(vm, &c) ? -1 : simhost_put(range->addr, list, sizeof(list));
}

static long enable_cap(struct simhost_vm *vm, const struct steady_uapi_enable_cap *cap)
{
	if (cap->flags)
		return simhost_fail(EINVAL);
	if (!simhost_keeps_capability(cap->cap)) { /* what cannot be seen cannot be turned on */
		simhost_unknown_capability(cap->cap);
		return simhost_fail(EINVAL);
	}
	return simhost_simple(vm, STEADY_OP_ENABLE_CAP, 0, cap->cap);
}

static bool is_filter(const struct steady_uapi_device_attr *attr)
{
	return attr->group == STEADY_VM_SMCCC_CTRL && attr->attr == STEADY_VM_SMCCC_FILTER;
}

/* Of a VM's attributes the one that decides on a guest's CPU. */
static long set_filter(struct simhost_vm *vm, const struct steady_uapi_device_attr *attr)
{
	struct steady_uapi_smccc_filter f;
	struct steady_call c = {.op = STEADY_OP_SMCCC_FILTER};

	if (!is_filter(attr))
		return simhost_unknown_attribute(SIMHOST_VM, attr->group, attr->attr);
	if (simhost_get(&f, attr->addr, sizeof(f)))
		return -1;
	for (size_t i = 0; i < sizeof(f.pad); i++) {
		if (f.pad[i])
			return simhost_fail(EINVAL);
	}
	c.id = f.base;
	c.value[0] = f.nr_functions;
	c.value[1] = f.action;
	return simhost_call(vm, &c);
}

/* Kernels without writable ID registers have no attributes of a VM at all (6.1: EINVAL). */
static long has_attribute(const struct steady_uapi_device_attr *attr)
{
	if (!steady_profile_writable(simhost_profile))
		return simhost_fail(EINVAL);
	return is_filter(attr) ? 0 : simhost_unknown_attribute(SIMHOST_VM, attr->group, attr->attr);
}

static long set_memory2(struct simhost_vm *vm, const struct steady_uapi_memory_region *region)
{
	if (!steady_profile_writable(simhost_profile))
		return simhost_unknown_request(SIMHOST_VM, STEADY_SET_USER_MEMORY_REGION2);
	return simhost_set_memory(vm, region); /* the rest of it is for guest_memfd */
}

static long preferred_target(struct steady_uapi_vcpu_init *target)
{
	memset(target, 0, sizeof(*target));
	target->target = TARGET;
	return 0;
}

long simhost_vm_ioctl(struct simhost_vm *vm, unsigned int request, void *argument)
{
	uint32_t index = (uint32_t)(uintptr_t)argument;
	long r;

	switch (request) {
	case STEADY_CREATE_VCPU:
		r = simhost_simple(vm, STEADY_OP_CREATE_VCPU, index, 0);
		return r ? r : simhost_make(SIMHOST_VCPU, vm, index, false);
	case STEADY_CHECK_EXTENSION:
		return simhost_check_extension(vm->sim, (uintptr_t)argument);
	case STEADY_ENABLE_CAP:
		return enable_cap(vm, argument);
	case STEADY_PREFERRED_TARGET:
		return preferred_target(argument);
	case STEADY_CREATE_DEVICE:
		return simhost_create_device(vm, argument);
	case STEADY_WRITABLE_MASKS:
		return masks(vm, argument);
	case STEADY_SET_DEVICE_ATTR:
		return set_filter(vm, argument);
	case STEADY_HAS_DEVICE_ATTR:
		return has_attribute(argument);
	case STEADY_SET_USER_MEMORY_REGION:
		return simhost_set_memory(vm, argument);
	case STEADY_SET_USER_MEMORY_REGION2:
		return set_memory2(vm, argument);
	}
	return simhost_unknown_request(SIMHOST_VM, request);
}
