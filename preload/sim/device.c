/* SPDX-License-Identifier: MIT */
/*
 * KVM's ABI (Documentation/virt/kvm/api.rst) in front of a struct steady_sim. Descriptors are
 * memory files, so that struct kvm_run can be mapped as it is with the kernel's. A VM goes when its
 * last descriptor is closed.
 */
#define _GNU_SOURCE /* memfd_create, secure_getenv */
#include "simhost.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <steadyarm/sim.h>

#include "arch/kvm_ids.h"
#include "format/format.h"
#include "host/uapi.h"
#include "policy/profile.h"

#define FDS       4096
#define RUN_SIZE  8192 /* struct kvm_run and the page of coalesced MMIO, on 4 KiB pages */
#define TARGET    5    /* KVM_ARM_TARGET_GENERIC_V8 */
#define TEST_ONLY 1    /* KVM_CREATE_DEVICE_TEST */

enum kind { NONE, DEVICE, VM, VCPU, GIC };

struct vm {
	struct steady_sim *sim;
	unsigned int references;
};

struct entry {
	enum kind kind;
	struct vm *vm;
	uint32_t vcpu;
	const uint8_t *run;
};

static struct entry entries[FDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct steady_profile *profile;

/* ---- the profile ---- */

static void say(const char *what, const char *detail)
{
	fprintf(stderr, "steadyarm: simulated host: %s%s%s\n", what, detail ? ": " : "",
		detail ? detail : "");
}

bool simhost_load(const char *path)
{
	struct steady_report *report = NULL;
	const struct steady_finding *f;
	char *text = NULL;
	size_t length = 0;
	int r;

	steady_profile_free(profile);
	profile = NULL;
	if (!path)
		return true;
	steady_report_new(&report);
	r = steady_file_read(path, &text, &length, report);
	r = r ? r : steady_profile_read_json(text, length, path, &profile, report);
	f = steady_report_get(report, 0);
	if (r)
		say(path, f && f->reason ? f->reason : steady_strerror(r));
	free(text);
	steady_report_free(report);
	return !r;
}

static void load(void)
{
	if (!profile)
		simhost_load(secure_getenv("STEADYARM_HOST_PROFILE"));
}

bool simhost_is_device(const char *path)
{
	return path && strcmp(path, "/dev/kvm") == 0;
}

/* ---- descriptors ---- */

static long fail(int error)
{
	errno = error;
	return -1;
}

static struct entry *find(int fd)
{
	return fd >= 0 && fd < FDS && entries[fd].kind != NONE ? &entries[fd] : NULL;
}

bool simhost_owns(int fd)
{
	bool is;

	pthread_mutex_lock(&lock);
	is = find(fd) != NULL;
	pthread_mutex_unlock(&lock);
	return is;
}

static void drop(struct entry *e)
{
	if (e->run)
		munmap((void *)(uintptr_t)e->run, RUN_SIZE);
	if (e->vm && !--e->vm->references) {
		steady_sim_free(e->vm->sim);
		free(e->vm);
	}
	*e = (struct entry){NONE, NULL, 0, NULL};
}

void simhost_close(int fd)
{
	struct entry *e;

	pthread_mutex_lock(&lock);
	e = find(fd);
	if (e)
		drop(e);
	pthread_mutex_unlock(&lock);
}

static int make(const char *name, enum kind kind, struct vm *vm, uint32_t vcpu)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	const void *run = NULL;

	if (fd < 0)
		return -1;
	if (fd >= FDS) {
		close(fd);
		return (int)fail(EMFILE);
	}
	if (kind == VCPU) {
		if (ftruncate(fd, RUN_SIZE) == 0)
			run = mmap(NULL, RUN_SIZE, PROT_READ, MAP_SHARED, fd, 0);
		if (!run || run == MAP_FAILED) {
			close(fd);
			return (int)fail(ENOMEM);
		}
	}
	if (entries[fd].kind != NONE)
		drop(&entries[fd]); /* it was closed behind our back */
	if (vm)
		vm->references++;
	entries[fd] = (struct entry){kind, vm, vcpu, run};
	return fd;
}

int simhost_open(int flags)
{
	int fd;

	(void)flags;
	pthread_once(&once, load);
	if (!profile)
		return (int)fail(ENOENT);
	pthread_mutex_lock(&lock);
	fd = make("kvm", DEVICE, NULL, 0);
	pthread_mutex_unlock(&lock);
	return fd;
}

/* ---- calls ---- */

static long call(struct vm *vm, struct steady_call *c)
{
	int r;

	c->size = sizeof(*c);
	r = steady_sim_call(vm->sim, c);
	return r ? fail(-r) : 0;
}

static long simple(struct vm *vm, enum steady_op op, uint32_t vcpu, uint64_t id)
{
	struct steady_call c = {.op = op, .vcpu = vcpu, .id = id};

	return call(vm, &c);
}

static long check_extension(struct steady_sim *sim, uint64_t number)
{
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_CHECK, .id = number};
	int r = steady_sim_call(sim, &c);

	return r ? fail(-r) : (long)c.value[0];
}

static long create_vm(uint64_t type)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	int fd = -1;

	if (!vm || steady_sim_new(profile, &vm->sim)) {
		free(vm);
		return fail(ENOMEM);
	}
	if (simple(vm, STEADY_OP_CREATE_VM, 0, type) == 0)
		fd = make("kvm-vm", VM, vm, 0);
	if (fd < 0) {
		steady_sim_free(vm->sim);
		free(vm);
	}
	return fd;
}

static long one_register(const struct entry *e, const struct steady_uapi_one_reg *reg, bool set)
{
	struct steady_call c = {
		.op = set ? STEADY_OP_SET : STEADY_OP_GET,
		.vcpu = e->vcpu,
		.id = reg->id,
	};
	size_t size = (size_t)1 << (reg->id >> 52 & 0xf);
	long r;

	if (size > sizeof(c.value))
		return fail(ENOENT);
	if (set)
		memcpy(c.value, (const void *)(uintptr_t)reg->addr, size);
	r = call(e->vm, &c);
	if (!r && !set)
		memcpy((void *)(uintptr_t)reg->addr, c.value, size);
	return r;
}

static long reg_list(const struct entry *e, struct steady_uapi_reg_list *all)
{
	struct steady_call c = {
		.op = STEADY_OP_REG_LIST,
		.vcpu = e->vcpu,
		.count = all->n > UINT32_MAX ? UINT32_MAX : (uint32_t)all->n,
		.list = all->reg,
	};
	long r = call(e->vm, &c);

	if (!r || errno == E2BIG)
		all->n = c.count;
	return r;
}

static long masks(struct vm *vm, const struct steady_uapi_mask_range *range)
{
	struct steady_call c = {
		.op = STEADY_OP_MASKS,
		.id = range->range,
		.count = STEADY_REGISTERS,
		.list = (uint64_t *)(uintptr_t)range->addr,
	};

	for (size_t i = 0; i < sizeof(range->reserved) / sizeof(range->reserved[0]); i++) {
		if (range->reserved[i])
			return fail(EINVAL);
	}
	return call(vm, &c);
}

static long create_device(struct vm *vm, struct steady_uapi_create_device *device)
{
	long r;

	if (device->type != STEADY_DEVICE_GICV2 && device->type != STEADY_DEVICE_GICV3)
		return fail(ENODEV);
	if (device->flags & TEST_ONLY) {
		say("KVM_CREATE_DEVICE_TEST is not simulated", NULL);
		return fail(ENOTTY);
	}
	r = simple(vm, STEADY_OP_CREATE_GIC, 0, device->type);
	if (r)
		return r;
	r = make("kvm-vgic", GIC, vm, 0);
	if (r < 0)
		return r;
	device->fd = (uint32_t)r;
	return 0;
}

/* Addresses are taken as they are; what counts is that the GIC, or the PMU, is initialised. */
static long set_attribute(const struct entry *e, const struct steady_uapi_device_attr *attr)
{
	if (e->kind == GIC && attr->group == STEADY_VGIC_GRP_ADDR)
		return 0;
	if (e->kind == GIC && attr->group == STEADY_VGIC_GRP_CTRL &&
	    attr->attr == STEADY_VGIC_CTRL_INIT)
		return simple(e->vm, STEADY_OP_INIT_GIC, 0, 0);
	if (e->kind == VCPU && attr->group == STEADY_VCPU_PMU) {
		if (attr->attr == STEADY_VCPU_PMU_IRQ)
			return 0;
		if (attr->attr == STEADY_VCPU_PMU_INIT)
			return simple(e->vm, STEADY_OP_PMU_INIT, e->vcpu, 0);
	}
	return fail(ENXIO);
}

/* ---- which is which ---- */

static long unknown(const char *what, unsigned int request)
{
	char text[64];

	snprintf(text, sizeof(text), "request 0x%x on a %s is not simulated", request, what);
	say(text, NULL);
	return fail(ENOTTY);
}

static long device_ioctl(unsigned int request, void *argument)
{
	struct steady_sim *sim;
	long r;

	switch (request) {
	case STEADY_GET_API_VERSION:
		return STEADY_API_VERSION;
	case STEADY_VCPU_MMAP_SIZE:
		return RUN_SIZE;
	case STEADY_CREATE_VM:
		return create_vm((uintptr_t)argument);
	case STEADY_CHECK_EXTENSION:
		if (steady_sim_new(profile, &sim))
			return fail(ENOMEM);
		r = check_extension(sim, (uintptr_t)argument);
		steady_sim_free(sim);
		return r;
	}
	return unknown("device", request);
}

/* Of a VM's attributes the one that decides on a guest's CPU. */
static long set_filter(struct vm *vm, const struct steady_uapi_device_attr *attr)
{
	const struct steady_uapi_smccc_filter *f = (const void *)(uintptr_t)attr->addr;
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_SMCCC_FILTER};

	if (attr->group != STEADY_VM_SMCCC_CTRL || attr->attr != STEADY_VM_SMCCC_FILTER)
		return fail(ENXIO);
	for (size_t i = 0; i < sizeof(f->pad); i++) {
		if (f->pad[i])
			return fail(EINVAL);
	}
	c.id = f->base;
	c.value[0] = f->nr_functions;
	c.value[1] = f->action;
	return call(vm, &c);
}

static long vm_ioctl(struct vm *vm, unsigned int request, void *argument)
{
	struct steady_uapi_vcpu_init *target = argument;
	const struct steady_uapi_enable_cap *cap = argument;
	long r;

	if (request == STEADY_CREATE_VCPU) {
		r = simple(vm, STEADY_OP_CREATE_VCPU, (uint32_t)(uintptr_t)argument, 0);
		return r ? r : make("kvm-vcpu", VCPU, vm, (uint32_t)(uintptr_t)argument);
	}
	if (request == STEADY_CHECK_EXTENSION)
		return check_extension(vm->sim, (uintptr_t)argument);
	if (request == (unsigned int)STEADY_ENABLE_CAP)
		return simple(vm, STEADY_OP_ENABLE_CAP, 0, cap->cap);
	if (request == (unsigned int)STEADY_PREFERRED_TARGET) {
		memset(target, 0, sizeof(*target));
		target->target = TARGET;
		return 0;
	}
	if (request == (unsigned int)STEADY_CREATE_DEVICE)
		return create_device(vm, argument);
	if (request == (unsigned int)STEADY_WRITABLE_MASKS)
		return masks(vm, argument);
	if (request == (unsigned int)STEADY_SET_DEVICE_ATTR)
		return set_filter(vm, argument);
	return unknown("VM", request);
}

/* Nothing is executed: a run is one with immediate_exit, which does what it does to registers. */
static long vcpu_ioctl(const struct entry *e, unsigned int request, void *argument)
{
	const struct steady_uapi_vcpu_init *init = argument;

	if (request == STEADY_KVM_RUN)
		return simple(e->vm, STEADY_OP_RUN, e->vcpu, 0);
	if (request == (unsigned int)STEADY_VCPU_INIT) {
		for (int i = 1; i < 7; i++) {
			if (init->features[i])
				return fail(ENOENT);
		}
		return init->target == TARGET
			       ? simple(e->vm, STEADY_OP_INIT, e->vcpu, init->features[0])
			       : fail(EINVAL);
	}
	if (request == (unsigned int)STEADY_VCPU_FINALIZE)
		return simple(e->vm, STEADY_OP_FINALIZE, e->vcpu, (uint64_t) * (int *)argument);
	if (request == (unsigned int)STEADY_GET_ONE_REG)
		return one_register(e, argument, false);
	if (request == (unsigned int)STEADY_SET_ONE_REG)
		return one_register(e, argument, true);
	if (request == (unsigned int)STEADY_GET_REG_LIST)
		return reg_list(e, argument);
	if (request == (unsigned int)STEADY_SET_DEVICE_ATTR)
		return set_attribute(e, argument);
	return unknown("vCPU", request);
}

long simhost_ioctl(int fd, unsigned int request, void *argument)
{
	struct entry *e;
	long r = -1;

	pthread_mutex_lock(&lock);
	e = find(fd);
	if (!e)
		errno = EBADF;
	else if (e->kind == DEVICE)
		r = device_ioctl(request, argument);
	else if (e->kind == VM)
		r = vm_ioctl(e->vm, request, argument);
	else if (e->kind == VCPU)
		r = vcpu_ioctl(e, request, argument);
	else if (request == (unsigned int)STEADY_SET_DEVICE_ATTR)
		r = set_attribute(e, argument);
	else
		r = unknown("device", request);
	pthread_mutex_unlock(&lock);
	return r;
}
