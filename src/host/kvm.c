/* SPDX-License-Identifier: MIT */
/*
 * This machine's KVM as a call function: one VM and its vCPUs. The only file that calls ioctl(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <steadyarm/steadyarm.h>

#include "arch/kvm_ids.h"
#include "host/guest.h"
#include "host/uapi.h"

/* Where the throw-away VM's interrupt controller lies; there is no memory beside it. */
#define GIC_DIST   UINT64_C(0x08000000)
#define GIC_CPU    UINT64_C(0x08010000)
#define GIC_REDIST UINT64_C(0x080a0000)
#define PMU_PPI    23 /* the PMU's interrupt in Arm's Base System Architecture */

struct vcpu {
	int fd;          /* -1: there is none */
	uint8_t *run;    /* struct kvm_run, mapped at the first run */
};

struct steady_kvm {
	int dev, vm, gic;
	uint32_t gic_type;
	struct vcpu *vcpus;
	uint32_t vcpu_count;
	size_t run_size;
	bool target_known;
	uint32_t target;
	_Atomic uint64_t ioctls; /* vCPUs of a guest run in threads */
};

/* The one place. Returns what the kernel returned, or -errno. */
static int ask(struct steady_kvm *k, int fd, unsigned long request, void *argument)
{
	int r;

	if (fd < 0)
		return -EBADF;
	k->ioctls++;
	r = ioctl(fd, request, argument);
	return r < 0 ? -errno : r;
}

static int ask_number(struct steady_kvm *k, int fd, unsigned long request, uint64_t number)
{
	return ask(k, fd, request, (void *)(uintptr_t)number);
}

static void close_vm(struct steady_kvm *k)
{
	for (uint32_t i = 0; i < k->vcpu_count; i++) {
		if (k->vcpus[i].run)
			munmap(k->vcpus[i].run, k->run_size);
		if (k->vcpus[i].fd >= 0)
			close(k->vcpus[i].fd);
	}
	free(k->vcpus);
	k->vcpus = NULL;
	k->vcpu_count = 0;
	if (k->gic >= 0)
		close(k->gic);
	if (k->vm >= 0)
		close(k->vm);
	k->gic = k->vm = -1;
	k->target_known = false;
}

/* Whether it is a KVM, for arm64, and how large its vCPUs' shared memory is. */
static int look(struct steady_kvm *k)
{
	int r = ask(k, k->dev, STEADY_GET_API_VERSION, NULL);

	if (r != STEADY_API_VERSION)
		return r < 0 ? r : -EPROTO;
#ifndef __aarch64__
	/* another machine's KVM has not got this; the simulated host (run --host) has */
	if (ask_number(k, k->dev, STEADY_CHECK_EXTENSION, STEADY_CAP_IPA_SIZE) <= 0)
		return -ENOEXEC;
#endif
	r = ask(k, k->dev, STEADY_VCPU_MMAP_SIZE, NULL);
	if (r <= STEADY_RUN_IMMEDIATE_EXIT)
		return r < 0 ? r : -EPROTO;
	k->run_size = (size_t)r;
	return 0;
}

int steady_kvm_open(const char *path, struct steady_kvm **kvm, int *error)
{
	struct steady_kvm *k = calloc(1, sizeof(*k));
	int r = 0;

	if (!k)
		return -STEADY_ENOMEM;
	k->vm = k->gic = -1;
	k->dev = open(path, O_RDWR | O_CLOEXEC);
	if (k->dev < 0)
		r = -errno;
	else
		r = look(k);
	if (r) {
		if (error)
			*error = -r;
		steady_kvm_free(k);
		return -STEADY_EHOST;
	}
	*kvm = k;
	return 0;
}

void steady_kvm_free(struct steady_kvm *k)
{
	if (!k)
		return;
	close_vm(k);
	if (k->dev >= 0)
		close(k->dev);
	free(k);
}

uint64_t steady_kvm_ioctls(const struct steady_kvm *k)
{
	return k->ioctls;
}

/* ---- VM and vCPUs ---- */

static int create_vm(struct steady_kvm *k, uint64_t type)
{
	int r;

	close_vm(k);
	do /* creating may take long and be interrupted */
		r = ask_number(k, k->dev, STEADY_CREATE_VM, type);
	while (r == -EINTR);
	if (r < 0)
		return r;
	k->vm = r;
	return 0;
}

static int create_vcpu(struct steady_kvm *k, uint32_t index)
{
	int fd = ask_number(k, k->vm, STEADY_CREATE_VCPU, index);

	if (fd < 0)
		return fd;
	if (index >= k->vcpu_count) {
		struct vcpu *all = realloc(k->vcpus, (index + 1) * sizeof(*all));

		if (!all) {
			close(fd);
			return -ENOMEM;
		}
		for (uint32_t i = k->vcpu_count; i <= index; i++)
			all[i] = (struct vcpu){.fd = -1};
		k->vcpus = all;
		k->vcpu_count = index + 1;
	}
	k->vcpus[index].fd = fd;
	return 0;
}

static int vcpu_fd(const struct steady_kvm *k, uint32_t index)
{
	return index < k->vcpu_count ? k->vcpus[index].fd : -1;
}

static int init_vcpu(struct steady_kvm *k, const struct steady_call *c)
{
	struct steady_uapi_vcpu_init init = {0};
	int r;

	if (!k->target_known) {
		r = ask(k, k->vm, STEADY_PREFERRED_TARGET, &init);
		if (r < 0)
			return r;
		k->target = init.target;
		k->target_known = true;
	}
	memset(&init, 0, sizeof(init));
	init.target = k->target;
	init.features[0] = (uint32_t)c->id;
	return ask(k, vcpu_fd(k, c->vcpu), STEADY_VCPU_INIT, &init);
}

static int finalize_vcpu(struct steady_kvm *k, const struct steady_call *c)
{
	int feature = (int)c->id;

	return ask(k, vcpu_fd(k, c->vcpu), STEADY_VCPU_FINALIZE, &feature);
}

static int map_run(struct steady_kvm *k, uint32_t index)
{
	int fd = vcpu_fd(k, index);
	void *map;

	if (fd < 0)
		return -EBADF;
	if (k->vcpus[index].run)
		return 0;
	map = mmap(NULL, k->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	k->vcpus[index].run = map;
	return 0;
}

static int run_vcpu(struct steady_kvm *k, uint32_t index)
{
	int r = map_run(k, index);
	struct vcpu *v = &k->vcpus[index];

	if (r)
		return r;
	v->run[STEADY_RUN_IMMEDIATE_EXIT] = 1;
	r = ask(k, v->fd, STEADY_KVM_RUN, NULL);
	v->run[STEADY_RUN_IMMEDIATE_EXIT] = 0;
	return r;
}

/* ---- registers ---- */

/* A register of 2^n bytes lies in memory as the host's own numbers do: little endian words. */
static int one_register(struct steady_kvm *k, struct steady_call *c, unsigned long request)
{
	uint64_t room[32] = {0}; /* KVM's largest register has 2048 bits */
	struct steady_uapi_one_reg reg = {.id = c->id, .addr = (uintptr_t)room};
	size_t size = (size_t)1 << (c->id >> 52 & 0xf);
	int r;

	if (size > sizeof(c->value))
		return -EMSGSIZE;
	if (request == STEADY_SET_ONE_REG)
		memcpy(room, c->value, size);
	r = ask(k, vcpu_fd(k, c->vcpu), request, &reg);
	if (r >= 0 && request == STEADY_GET_ONE_REG) {
		memset(c->value, 0, sizeof(c->value));
		memcpy(c->value, room, size);
	}
	return r;
}

static int register_list(struct steady_kvm *k, struct steady_call *c)
{
	struct steady_uapi_reg_list *all;
	int r;

	all = calloc(1, sizeof(*all) + (size_t)c->count * sizeof(all->reg[0]));
	if (!all)
		return -ENOMEM;
	all->n = c->count;
	r = ask(k, vcpu_fd(k, c->vcpu), STEADY_GET_REG_LIST, all);
	if (r >= 0 && all->n <= c->count)
		memcpy(c->list, all->reg, all->n * sizeof(all->reg[0]));
	if (r >= 0 || r == -E2BIG)
		c->count = all->n > UINT32_MAX ? UINT32_MAX : (uint32_t)all->n;
	free(all);
	return r;
}

static int writable_masks(struct steady_kvm *k, struct steady_call *c)
{
	struct steady_uapi_mask_range range = {.range = (uint32_t)c->id};
	uint64_t masks[192] = {0};
	int r;

	if (c->count < 192)
		return -E2BIG;
	range.addr = (uintptr_t)masks;
	r = ask(k, k->vm, STEADY_WRITABLE_MASKS, &range);
	if (r >= 0) {
		memcpy(c->list, masks, sizeof(masks));
		c->count = 192;
	}
	return r;
}

/* ---- guests that really run (host/guest.c) ---- */

int steady_kvm_memory(struct steady_kvm *k, uint64_t address, void *memory, size_t size)
{
	struct steady_uapi_memory_region region = {
		.guest_phys_addr = address,
		.memory_size = size,
		.userspace_addr = (uintptr_t)memory,
	};

	return ask(k, k->vm, STEADY_SET_USER_MEMORY_REGION, &region);
}

int steady_kvm_map(struct steady_kvm *k, uint32_t vcpu, uint8_t **run)
{
	int r = map_run(k, vcpu);

	if (!r)
		*run = k->vcpus[vcpu].run;
	return r;
}

int steady_kvm_enter(struct steady_kvm *k, uint32_t vcpu)
{
	return ask(k, vcpu_fd(k, vcpu), STEADY_KVM_RUN, NULL);
}

/* ---- capabilities and devices ---- */

static int check_capability(struct steady_kvm *k, struct steady_call *c)
{
	int r = ask_number(k, k->vm >= 0 ? k->vm : k->dev, STEADY_CHECK_EXTENSION, c->id);

	if (r < 0)
		return r;
	c->value[0] = (uint64_t)r;
	return 0;
}

static int enable_capability(struct steady_kvm *k, uint64_t capability)
{
	struct steady_uapi_enable_cap cap = {.cap = (uint32_t)capability};

	return ask(k, k->vm, STEADY_ENABLE_CAP, &cap);
}

static int create_gic(struct steady_kvm *k, uint64_t type)
{
	struct steady_uapi_create_device device = {.type = (uint32_t)type};
	int r = ask(k, k->vm, STEADY_CREATE_DEVICE, &device);

	if (r < 0)
		return r;
	if (k->gic >= 0)
		close(k->gic);
	k->gic = (int)device.fd;
	k->gic_type = (uint32_t)type;
	return 0;
}

static int set_attribute(struct steady_kvm *k, int fd, uint32_t group, uint64_t attribute,
			 void *value)
{
	struct steady_uapi_device_attr attr = {
		.group = group,
		.attr = attribute,
		.addr = (uintptr_t)value,
	};

	return ask(k, fd, STEADY_SET_DEVICE_ATTR, &attr);
}

static int init_gic(struct steady_kvm *k)
{
	bool v3 = k->gic_type == STEADY_DEVICE_GICV3;
	uint64_t dist = GIC_DIST, cpu = v3 ? GIC_REDIST : GIC_CPU;
	int r;

	r = set_attribute(k, k->gic, STEADY_VGIC_GRP_ADDR,
			  v3 ? STEADY_VGIC_V3_DIST : STEADY_VGIC_V2_DIST, &dist);
	if (r >= 0)
		r = set_attribute(k, k->gic, STEADY_VGIC_GRP_ADDR,
				  v3 ? STEADY_VGIC_V3_REDIST : STEADY_VGIC_V2_CPU, &cpu);
	if (r >= 0)
		r = set_attribute(k, k->gic, STEADY_VGIC_GRP_CTRL, STEADY_VGIC_CTRL_INIT, NULL);
	return r;
}

static int init_pmu(struct steady_kvm *k, uint32_t vcpu)
{
	int irq = PMU_PPI, fd = vcpu_fd(k, vcpu);
	int r = 0;

	/* without an irqchip in the kernel there is no interrupt to set (devices/vcpu.rst) */
	if (k->gic >= 0)
		r = set_attribute(k, fd, STEADY_VCPU_PMU, STEADY_VCPU_PMU_IRQ, &irq);
	if (r >= 0)
		r = set_attribute(k, fd, STEADY_VCPU_PMU, STEADY_VCPU_PMU_INIT, NULL);
	return r;
}

static int set_counters(struct steady_kvm *k, const struct steady_call *c)
{
	uint32_t counters = (uint32_t)c->id;

	return set_attribute(k, vcpu_fd(k, c->vcpu), STEADY_VCPU_PMU, STEADY_VCPU_PMU_COUNTERS,
			     &counters);
}

static int set_smccc_filter(struct steady_kvm *k, const struct steady_call *c)
{
	struct steady_uapi_smccc_filter filter = {
		.base = (uint32_t)c->id,
		.nr_functions = (uint32_t)c->value[0],
		.action = (uint8_t)c->value[1],
	};

	return set_attribute(k, k->vm, STEADY_VM_SMCCC_CTRL, STEADY_VM_SMCCC_FILTER, &filter);
}

int steady_kvm_call(void *kvm, struct steady_call *c)
{
	struct steady_kvm *k = kvm;
	int r;

	switch (c->op) {
	case STEADY_OP_CREATE_VM:
		r = create_vm(k, c->id);
		break;
	case STEADY_OP_CREATE_VCPU:
		r = create_vcpu(k, c->vcpu);
		break;
	case STEADY_OP_INIT:
		r = init_vcpu(k, c);
		break;
	case STEADY_OP_FINALIZE:
		r = finalize_vcpu(k, c);
		break;
	case STEADY_OP_GET:
		r = one_register(k, c, STEADY_GET_ONE_REG);
		break;
	case STEADY_OP_SET:
		r = one_register(k, c, STEADY_SET_ONE_REG);
		break;
	case STEADY_OP_REG_LIST:
		r = register_list(k, c);
		break;
	case STEADY_OP_MASKS:
		r = writable_masks(k, c);
		break;
	case STEADY_OP_CHECK:
		r = check_capability(k, c);
		break;
	case STEADY_OP_ENABLE_CAP:
		r = enable_capability(k, c->id);
		break;
	case STEADY_OP_CREATE_GIC:
		r = create_gic(k, c->id);
		break;
	case STEADY_OP_INIT_GIC:
		r = init_gic(k);
		break;
	case STEADY_OP_PMU_INIT:
		r = init_pmu(k, c->vcpu);
		break;
	case STEADY_OP_RUN:
		r = run_vcpu(k, c->vcpu);
		break;
	case STEADY_OP_SMCCC_FILTER:
		r = set_smccc_filter(k, c);
		break;
	case STEADY_OP_PMU_COUNTERS:
		r = set_counters(k, c);
		break;
	default:
		r = -ENOSYS;
	}
	return r < 0 ? r : 0;
}
