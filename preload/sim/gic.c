/* SPDX-License-Identifier: MIT */
/*
 * An interrupt controller as far as it is set up: vgic_set_common_attr(), kvm_vgic_addr() (Linux
 * 6.1 to 7.3). It has no registers.
 */
#include "inside.h"

#include <errno.h>

#include "arch/kvm_ids.h"

#define TEST_ONLY  1 /* KVM_CREATE_DEVICE_TEST */
#define UNDEFINED  UINT64_MAX
#define LEAST_IRQS 64
#define MOST_IRQS  1024
#define IRQ_STEP   32

/* A region of redistributors: index, flags, base, count (devices/arm-vgic-v3.rst). */
#define REGION_INDEX UINT64_C(0xfff)
#define REGION_FLAGS UINT64_C(0xf000)
#define REGION_BASE  UINT64_C(0x000fffffffff0000)
#define REGION_COUNT 52
#define REDIST_SIZE  UINT64_C(0x20000)

/* By attribute of the group of addresses. */
static const struct {
	uint32_t type;
	uint64_t size, alignment;
} places[] = {
	[STEADY_VGIC_V2_DIST] = {STEADY_DEVICE_GICV2, 0x1000, 0x1000},
	[STEADY_VGIC_V2_CPU] = {STEADY_DEVICE_GICV2, 0x2000, 0x1000},
	[STEADY_VGIC_V3_DIST] = {STEADY_DEVICE_GICV3, 0x10000, 0x10000},
	[STEADY_VGIC_V3_REDIST] = {STEADY_DEVICE_GICV3, REDIST_SIZE, 0x10000},
};
#define PLACES (sizeof(places) / sizeof(places[0]))

long simhost_create_device(struct simhost_vm *vm, struct steady_uapi_create_device *device)
{
	long r;

	if (!steady_sim_can_make_gic(vm->sim, device->type))
		return simhost_fail(ENODEV);
	if (device->flags & TEST_ONLY)
		return 0;
	r = simhost_simple(vm, STEADY_OP_CREATE_GIC, 0, device->type);
	if (!r)
		r = simhost_make(SIMHOST_GIC, vm, 0, false);
	if (r < 0)
		return r;
	device->fd = (uint32_t)r;
	return 0;
}

bool simhost_gic_is_placed(const struct simhost_vm *vm)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (places[i].type == vm->sim->gic && vm->gic.base[i] == UNDEFINED)
			return false;
	}
	return true;
}

static int place(struct simhost_vm *vm, uint64_t which, uint64_t base, uint64_t size)
{
	uint64_t alignment = places[which].alignment;

	if (vm->gic.base[which] != UNDEFINED)
		return which == STEADY_VGIC_V3_REDIST && vm->gic.counted ? EINVAL : EEXIST;
	if (base % alignment || size % alignment || base + size < base)
		return EINVAL;
	if (base >= vm->end || base + size > vm->end)
		return E2BIG;
	vm->gic.base[which] = base;
	return 0;
}

/*
 * One region is enough for a guest's CPU: of more than the first, where they lie is not kept, nor
 * whether they have room for all vCPUs.
 */
static int place_region(struct simhost_vm *vm, uint64_t value)
{
	uint64_t count = value >> REGION_COUNT, index = value & REGION_INDEX;
	int error;

	if (!count || value & REGION_FLAGS)
		return EINVAL;
	if (index)
		return vm->gic.base[STEADY_VGIC_V3_REDIST] == UNDEFINED ? EINVAL : ENOSYS;
	if (vm->gic.base[STEADY_VGIC_V3_REDIST] != UNDEFINED)
		return EINVAL;
	error = place(vm, STEADY_VGIC_V3_REDIST, value & REGION_BASE, count * REDIST_SIZE);
	vm->gic.counted = !error;
	return error;
}

static long set_place(struct simhost_vm *vm, const struct steady_uapi_device_attr *attr)
{
	uint64_t value;
	int error;

	if (simhost_get(&value, attr->addr, sizeof(value)))
		return -1;
	if (attr->attr == STEADY_VGIC_V3_REGION && vm->sim->gic == STEADY_DEVICE_GICV3)
		error = place_region(vm, value);
	else if (attr->attr < PLACES && places[attr->attr].type == vm->sim->gic)
		error = place(vm, attr->attr, value, places[attr->attr].size);
	else
		error = ENXIO;
	if (error == ENOSYS)
		return simhost_unknown_attribute(SIMHOST_GIC, attr->group, attr->attr);
	return error ? simhost_fail(error) : 0;
}

static long set_irqs(struct simhost_vm *vm, const struct steady_uapi_device_attr *attr)
{
	uint32_t irqs;

	if (simhost_get(&irqs, attr->addr, sizeof(irqs)))
		return -1;
	if (irqs < LEAST_IRQS || irqs > MOST_IRQS || irqs % IRQ_STEP)
		return simhost_fail(EINVAL);
	if (vm->gic.irqs || vm->sim->gic_ready)
		return simhost_fail(EBUSY);
	vm->gic.irqs = irqs;
	return 0;
}

static bool is_init(const struct steady_uapi_device_attr *attr)
{
	return attr->group == STEADY_VGIC_GRP_CTRL && attr->attr == STEADY_VGIC_CTRL_INIT;
}

static long set_attribute(struct simhost_vm *vm, const struct steady_uapi_device_attr *attr)
{
	if (attr->group == STEADY_VGIC_GRP_ADDR)
		return set_place(vm, attr);
	if (attr->group == STEADY_VGIC_GRP_NR_IRQS)
		return set_irqs(vm, attr);
	if (!is_init(attr))
		return simhost_unknown_attribute(SIMHOST_GIC, attr->group, attr->attr);
	if (vm->sim->gic_ready)
		return 0; /* vgic_init(): it is already */
	return simhost_simple(vm, STEADY_OP_INIT_GIC, 0, 0);
}

static long has_attribute(const struct simhost_vm *vm, const struct steady_uapi_device_attr *attr)
{
	bool v3 = vm->sim->gic == STEADY_DEVICE_GICV3;

	if (attr->group == STEADY_VGIC_GRP_ADDR) {
		bool has = attr->attr < PLACES ? places[attr->attr].type == vm->sim->gic
					       : v3 && attr->attr == STEADY_VGIC_V3_REGION;

		return has ? 0 : simhost_fail(ENXIO);
	}
	if (attr->group == STEADY_VGIC_GRP_NR_IRQS || is_init(attr))
		return 0;
	return simhost_unknown_attribute(SIMHOST_GIC, attr->group, attr->attr);
}

long simhost_gic_ioctl(struct simhost_object *o, unsigned int request, void *argument)
{
	if (request == STEADY_SET_DEVICE_ATTR)
		return set_attribute(o->vm, argument);
	if (request == STEADY_HAS_DEVICE_ATTR)
		return has_attribute(o->vm, argument);
	return simhost_unknown_request(SIMHOST_GIC, request);
}
