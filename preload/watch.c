/* SPDX-License-Identifier: MIT */
/*
 * What becomes of each request of the VMM. Everything that is not a run is done under one lock; a
 * run is only looked at until its vCPU has been read back once.
 *
 * A scratch VM, made to look at the host, asks for fewer vCPU options than the model has. It is
 * pinned as far as it goes and let through; what is missing is enforced at the first run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/kvm_ids.h"
#include "bridge.h"
#include "host/uapi.h"
#include "preload.h"

#define PSCI_0_2 (UINT32_C(1) << 2) /* KVM_ARM_VCPU_PSCI_0_2 */
#define OURS     2 /* in immediate_exit: any value but 0 means "now", and a VMM writes 1 */

static long fail(int error)
{
	errno = error;
	return -1;
}

/* ---- a VM and its vCPUs ---- */

static long create_vm(const struct setup *s, int fd, unsigned int request, void *argument)
{
	long r;
	struct vm *vm;
	int saved;

	if (s->broken) {
		say_complain("no VM is made: there is no model to pin it to");
		return fail(EPERM);
	}
	r = real_ioctl(fd, request, argument);
	if (r < 0 || !s->model)
		return r;
	saved = errno;
	vm = calloc(1, sizeof(*vm));
	if (vm) {
		vm->fd = (int)r;
		if (steady_pin_new(s->model, bridge_call, vm, &vm->pin) == 0 &&
		    table_set((int)r, KIND_VM, vm, 0)) {
			errno = saved;
			return r;
		}
		steady_pin_free(vm->pin);
	}
	free(vm);
	say_complain("out of memory: the VM would not be pinned");
	return fail(ENOMEM);
}

static long create_vcpu(struct vm *vm, int fd, unsigned int request, void *argument)
{
	uintptr_t index = (uintptr_t)argument;
	long r = real_ioctl(fd, request, argument);

	if (r < 0)
		return r;
	if (index >= vm->vcpu_count) {
		int *all = realloc(vm->vcpu_fds, (index + 1) * sizeof(*all));

		if (!all)
			return fail(ENOMEM);
		for (uintptr_t i = vm->vcpu_count; i <= index; i++)
			all[i] = -1;
		vm->vcpu_fds = all;
		vm->vcpu_count = (uint32_t)index + 1;
	}
	vm->vcpu_fds[index] = (int)r;
	if (!table_set((int)r, KIND_VCPU, vm, (uint32_t)index))
		return fail(ENOMEM);
	return r;
}

/* ---- KVM_ARM_VCPU_INIT: the pin itself ---- */

static void pin_vcpu(struct vm *vm, uint32_t vcpu)
{
	struct steady_report *report = NULL;
	int r;

	steady_report_new(&report);
	r = steady_pin_vcpu(vm->pin, vcpu, report);
	if (r) {
		say_report(report, !vm->deficient);
		if (!vm->deficient) {
			say_complain("vCPU %u cannot be pinned: %s", vcpu, steady_strerror(r));
			vm->failed = true;
		}
	} else {
		say_report(report, !vm->deficient);
		say_log("vCPU %u is pinned", vcpu);
	}
	steady_report_free(report);
}

static long init_vcpu(const struct setup *s, struct entry *e, int fd, unsigned int request,
		      void *argument)
{
	struct steady_uapi_vcpu_init init;
	struct vm *vm = e->vm;
	uint32_t decided, wanted = steady_model_features(s->model, &decided);
	uint32_t given;
	long r;

	memcpy(&init, argument, sizeof(init)); /* the caller's own stays as it is */
	given = init.features[0];
	init.features[0] = given & (wanted | ~decided);
	vm->deficient = (given & wanted) != wanted || !(given & PSCI_0_2);
	r = real_ioctl(fd, request, &init);
	if (r < 0)
		return r;
	if (given != init.features[0])
		say_log("vCPU %u: options 0x%x of 0x%x are left off", e->vcpu,
			given & ~init.features[0], given);
	pin_vcpu(vm, e->vcpu);
	return vm->failed ? fail(EINVAL) : r;
}

/* Now its registers can be listed: what the model and this library do not know of is brought to 0. */
static long finalize_vcpu(struct entry *e, int fd, unsigned int request, void *argument)
{
	struct steady_report *report = NULL;
	long r = real_ioctl(fd, request, argument);
	int error, saved = errno;

	if (r < 0)
		return r;
	steady_report_new(&report);
	error = steady_pin_finalized(e->vm->pin, e->vcpu, report);
	if (error && !e->vm->deficient) {
		say_report(report, true);
		say_complain("vCPU %u cannot be pinned: %s", e->vcpu, steady_strerror(error));
		e->vm->failed = true;
	}
	steady_report_free(report);
	errno = saved;
	return e->vm->failed ? fail(EINVAL) : r;
}

/* ---- the first run ---- */

static bool map_run(struct entry *e, int fd)
{
	void *map;

	if (e->run)
		return true;
	e->run_size = 4096; /* immediate_exit is in its first bytes, whatever all of it takes */
	map = mmap(NULL, e->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return false;
	e->run = map;
	return true;
}

/* What the model has and the VMM did not ask for, by the name of the VMM's own switch. */
static void complain_options(struct vm *vm)
{
	struct steady_report *report = NULL;
	uint32_t none = PSCI_0_2;

	steady_report_new(&report);
	steady_pin_features(vm->pin, &none, report);
	say_complain("this VM lacks vCPU options that the model has");
	for (size_t i = 0; i < steady_report_count(report); i++) {
		const struct steady_finding *f = steady_report_get(report, i);

		say_complain("%s: %s", f->reg, f->advice ? f->advice : "ask for it");
	}
	steady_report_free(report);
}

/* Enters with immediate_exit, so that the kernel does to the registers what it does at a run. */
static long enter_once(struct entry *e, int fd, unsigned int request, void *argument)
{
	_Atomic uint8_t *now = (_Atomic uint8_t *)&e->run[STEADY_RUN_IMMEDIATE_EXIT];
	uint8_t before = atomic_exchange(now, OURS), ours = OURS;
	long r = real_ioctl(fd, request, argument);
	int saved = errno;

	/* a kick that came in between has written over ours, and stays */
	atomic_compare_exchange_strong(now, &ours, before);
	errno = saved;
	return r;
}

static long first_run(struct entry *e, int fd, unsigned int request, void *argument)
{
	struct steady_report *report = NULL;
	struct vm *vm = e->vm;
	long r;
	int error;

	if (vm->deficient)
		complain_options(vm);
	if (vm->failed || vm->deficient || !map_run(e, fd)) {
		say_complain("vCPU %u does not run: it is not pinned", e->vcpu);
		return fail(EPERM);
	}
	r = enter_once(e, fd, request, argument);
	if (r >= 0 || errno != EINTR)
		return r; /* it did not get as far as the registers; the next run is the first */
	vm->started = true;
	steady_report_new(&report);
	error = steady_pin_check_vcpu(vm->pin, e->vcpu, report);
	if (error) {
		say_report(report, true);
		say_complain("vCPU %u does not run: %s", e->vcpu, steady_strerror(error));
		vm->failed = true;
	} else {
		say_log("vCPU %u reads back equal after its first entry", e->vcpu);
		atomic_store_explicit(&e->checked, true, memory_order_release);
	}
	steady_report_free(report);
	return fail(error ? EPERM : EINTR);
}

/* ---- register lists and streams ---- */

static long reg_list(struct vm *vm, int fd, unsigned int request, void *argument)
{
	struct steady_uapi_reg_list *all = argument;
	uint64_t room = all->n;
	struct steady_report *report = NULL;
	size_t count;
	int r;
	long result = real_ioctl(fd, request, argument);

	if (result < 0 || all->n > room)
		return result; /* how many there are at most: as good as how many there will be */
	count = all->n;
	steady_report_new(&report);
	r = steady_pin_reglist(vm->pin, all->reg, &count, report);
	if (r && !vm->deficient)
		say_report(report, false);
	if (!r && count < all->n)
		say_log("%zu registers that the model has not are left out of the list",
			(size_t)all->n - count);
	if (!r)
		all->n = count;
	steady_report_free(report);
	return result;
}

static long set_register(const struct setup *s, struct entry *e, int fd, unsigned int request,
			 void *argument)
{
	const struct steady_uapi_one_reg *reg = argument;
	size_t size = (size_t)1 << (reg->id >> 52 & 0xf);
	struct steady_report *report = NULL;
	enum steady_incoming verdict;
	uint64_t value[8] = {0};

	if (size > sizeof(value) || !reg->addr)
		return real_ioctl(fd, request, argument);
	memcpy(value, (const void *)(uintptr_t)reg->addr, size);
	steady_report_new(&report);
	verdict = steady_pin_incoming(e->vm->pin, reg->id, value, report);
	if (verdict == STEADY_REFUSE)
		say_report(report, s->on_conflict == CONFLICT_FAIL);
	steady_report_free(report);
	if (verdict == STEADY_PASS)
		return real_ioctl(fd, request, argument);
	if (verdict == STEADY_SKIP || s->on_conflict == CONFLICT_PIN) {
		say_log("a value for 0x%llx is not written: the pin stays",
			(unsigned long long)reg->id);
		return 0;
	}
	return fail(EINVAL);
}

/* ---- which is which ---- */

static long extension(const struct setup *s, int fd, unsigned int request, void *argument)
{
	long r = real_ioctl(fd, request, argument);
	struct steady_pin *pin = NULL;
	uint64_t shown;

	if (r <= 0 || !s->model || steady_pin_new(s->model, bridge_call, NULL, &pin))
		return r;
	shown = steady_pin_extension(pin, (uint32_t)(uintptr_t)argument, (uint64_t)r);
	steady_pin_free(pin);
	return (long)shown;
}

static long watch_vm(struct entry *e, int fd, unsigned int request, void *argument)
{
	struct vm *vm = e->vm;

	if (request == STEADY_CREATE_VCPU)
		return create_vcpu(vm, fd, request, argument);
	return real_ioctl(fd, request, argument);
}

static long watch_vcpu(const struct setup *s, struct entry *e, int fd, unsigned int request,
		       void *argument)
{
	if (request == (unsigned int)STEADY_VCPU_INIT)
		return init_vcpu(s, e, fd, request, argument);
	if (request == (unsigned int)STEADY_VCPU_FINALIZE)
		return finalize_vcpu(e, fd, request, argument);
	if (request == STEADY_KVM_RUN)
		return first_run(e, fd, request, argument);
	if (request == (unsigned int)STEADY_GET_REG_LIST)
		return reg_list(e->vm, fd, request, argument);
	if (request == (unsigned int)STEADY_SET_ONE_REG)
		return set_register(s, e, fd, request, argument);
	return real_ioctl(fd, request, argument);
}

long watch_ioctl(int fd, unsigned int request, void *argument)
{
	struct entry *e = table_find(fd);
	const struct setup *s;
	long r;

	/* the hot path: a vCPU that has been read back */
	if (request == STEADY_KVM_RUN && e &&
	    atomic_load_explicit(&e->checked, memory_order_acquire))
		return real_ioctl(fd, request, argument);
	s = setup_get();
	if (request == STEADY_CHECK_EXTENSION)
		return extension(s, fd, request, argument);
	if (request != STEADY_CREATE_VM && (!e || !s->model))
		return real_ioctl(fd, request, argument);
	table_lock();
	if (request == STEADY_CREATE_VM)
		r = create_vm(s, fd, request, argument);
	else if (e->kind == KIND_VM)
		r = watch_vm(e, fd, request, argument);
	else
		r = watch_vcpu(s, e, fd, request, argument);
	table_unlock();
	return r;
}
