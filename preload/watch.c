/* SPDX-License-Identifier: MIT */
/*
 * What becomes of each request of the VMM. What concerns the pin is done under one lock, everything else
 * goes straight through; a run is only looked at until its vCPU has been read back once.
 *
 * A scratch VM, made to look at the host, asks for fewer vCPU options than the model has. It is
 * pinned as far as it goes and let through; what is missing is enforced at the first run.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/kvm_ids.h"
#include "bridge.h"
#include "host/uapi.h"
#include "preload.h"

#define PSCI_0_2 (UINT32_C(1) << 2) /* KVM_ARM_VCPU_PSCI_0_2 */
#define OURS     2 /* in immediate_exit: any value but 0 means "now", and a VMM writes 1 */

/*
 * Nothing is mapped there (vm.mmap_min_addr): KVM itself says EFAULT. To look whether any other address is
 * good would take a system call each time, of which a VMM may have shut out all that would do.
 */
static bool is_nowhere(const void *user)
{
	return (uintptr_t)user < 4096;
}

static long fail(int error)
{
	errno = error;
	return -1;
}

/* ---- a VM and its vCPUs ---- */

/* What no write levels, and what the VMM asks for: 0 if such a VM may be had, or an errno. */
static int may_create(const struct setup *s, int fd, void *type)
{
	struct steady_report *report = NULL;
	struct steady_passed here[HERE_MAX];
	size_t count = here_passed(here);
	int error = 0;
	long bits = real_ioctl(fd, STEADY_CHECK_EXTENSION, (void *)(uintptr_t)STEADY_CAP_IPA_SIZE);

	if (bits >= 0) /* and not on what is no /dev/kvm */
		here[count++] = (struct steady_passed){"IPA_SIZE", bits ? (uint64_t)bits : 40};
	steady_report_new(&report);
	if (steady_pin_check_passed(s->pin, here, count, report))
		error = EPERM;
	else if (steady_pin_vm_type(s->pin, (uintptr_t)type, report))
		error = EINVAL; /* as KVM says of too many */
	say_report(report, true);
	if (error)
		say_complain("no VM is made: its guest would not be the model's");
	steady_report_free(report);
	return error;
}

static long create_vm(const struct setup *s, int fd, unsigned int request, void *argument)
{
	struct vm *vm;
	int error;
	long r;

	if (s->broken) {
		say_complain("no VM is made: there is no model to pin it to");
		return fail(EPERM);
	}
	error = may_create(s, fd, argument);
	if (error)
		return fail(error);
	r = real_ioctl(fd, request, argument);
	if (r < 0)
		return r;
	vm = calloc(1, sizeof(*vm));
	if (vm) {
		vm->fd = (int)r;
		if (steady_pin_new(s->model, bridge_call, vm, &vm->pin) == 0 &&
		    table_set((int)r, KIND_VM, vm, 0)) {
			audit_write(s, vm);
			return r;
		}
		steady_pin_free(vm->pin);
	}
	free(vm);
	close((int)r);
	say_complain("out of memory: the VM would not be pinned");
	return fail(ENOMEM);
}

/* A vCPU that nobody would look at must not be had. */
static long give_back(int fd)
{
	close(fd);
	say_complain("out of memory: the vCPU would not be pinned");
	return fail(ENOMEM);
}

static long create_vcpu(const struct setup *s, struct vm *vm, int fd, unsigned int request,
			void *argument)
{
	uintptr_t index = (uintptr_t)argument;
	long r = real_ioctl(fd, request, argument);

	if (r < 0)
		return r;
	if (index >= vm->vcpu_count) {
		int *all = realloc(vm->vcpu_fds, (index + 1) * sizeof(*all));

		if (!all)
			return give_back((int)r);
		for (uintptr_t i = vm->vcpu_count; i <= index; i++)
			all[i] = -1;
		vm->vcpu_fds = all;
		vm->vcpu_count = (uint32_t)index + 1;
	}
	if (!table_set((int)r, KIND_VCPU, vm, (uint32_t)index))
		return give_back((int)r);
	vm->vcpu_fds[index] = (int)r;
	audit_write(s, vm); /* of a VM that was read back, this one is not */
	return r;
}

/* ---- KVM_ARM_VCPU_INIT: the pin itself ---- */

/* Once for each VM: the first reason is the one that counts. */
static void stop(const struct setup *s, struct vm *vm)
{
	vm->failed = true;
	audit_write(s, vm);
}

static void pin_vcpu(const struct setup *s, struct entry *e)
{
	struct steady_report *report = NULL;
	struct vm *vm = e->vm;
	int r;

	if (!vm->deficient || say_logs()) /* nobody is told what scratch VMs lack: no words for it */
		steady_report_new(&report);
	r = steady_pin_vcpu(vm->pin, e->vcpu, report);
	/* That a write was taken is no proof: some kernels keep nothing of it. A migration's stream comes
	 * before the first run; so that it need not come in vain, the first vCPU is read back now. */
	if (!r && !vm->deficient && !vm->pinned)
		r = steady_pin_check_vcpu(vm->pin, e->vcpu, report);
	if (r) {
		if (vm->deficient)
			say_log("vCPU %u lacks options that the model has: it is pinned as far as it "
				"goes, to be looked at, and would not run", e->vcpu);
		say_report(report, !vm->deficient);
		if (!vm->deficient) {
			say_complain("vCPU %u cannot be pinned: %s", e->vcpu, steady_strerror(r));
			stop(s, vm);
		}
	} else {
		say_report(report, !vm->deficient);
		say_log("vCPU %u is pinned", e->vcpu);
		if (!e->pinned) {
			e->pinned = true;
			vm->pinned++;
			audit_write(s, vm);
		}
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

	if (is_nowhere(argument))
		return real_ioctl(fd, request, argument);
	memcpy(&init, argument, sizeof(init)); /* the caller's own stays as it is */
	given = init.features[0];
	init.features[0] = given & (wanted | ~decided);
	r = real_ioctl(fd, request, &init);
	if (r < 0)
		return r; /* and the vCPU is what it was */
	vm->features = given;
	vm->deficient = (given & wanted) != wanted || !(given & PSCI_0_2);
	vm->told = vm->told && vm->deficient;
	/* a reset: what it did to the registers is seen at the next run */
	atomic_store_explicit(&e->checked, false, memory_order_release);
	if (given != init.features[0])
		say_log("vCPU %u: options 0x%x of 0x%x are left off", e->vcpu,
			given & ~init.features[0], given);
	pin_vcpu(s, e);
	return vm->failed ? fail(EINVAL) : r;
}

/* Now its registers can be listed: what the model and this library do not know of is brought to 0. */
static long finalize_vcpu(const struct setup *s, struct entry *e, int fd, unsigned int request,
			  void *argument)
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
		stop(s, e->vm);
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
	uint32_t features = vm->features;

	if (vm->told)
		return;
	vm->told = true;
	steady_report_new(&report);
	steady_pin_features(vm->pin, &features, report);
	say_complain("this VM lacks vCPU options that the model has");
	if (!(features & PSCI_0_2))
		say_complain("psci: the VMM has to ask for PSCI 0.2 and later");
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

static long read_back(const struct setup *s, struct entry *e)
{
	struct steady_report *report = NULL;
	struct vm *vm = e->vm;
	int error;

	steady_report_new(&report);
	error = steady_pin_check_vcpu(vm->pin, e->vcpu, report);
	if (error) {
		say_report(report, true);
		say_complain("vCPU %u does not run: %s", e->vcpu, steady_strerror(error));
		stop(s, vm);
	} else {
		say_log("vCPU %u reads back equal after its first entry", e->vcpu);
		if (!e->read_back) {
			e->read_back = true;
			vm->read_back++;
			audit_write(s, vm);
		}
		atomic_store_explicit(&e->checked, true, memory_order_release);
	}
	steady_report_free(report);
	return fail(error ? EPERM : EINTR);
}

/* Called with the lock held; lets it go while the vCPU is entered. */
static long first_run(const struct setup *s, struct entry *e, int fd, unsigned int request,
		      void *argument)
{
	struct vm *vm = e->vm;
	int saved;
	long r;

	if (vm->deficient)
		complain_options(vm);
	if (vm->failed || vm->deficient || !map_run(e, fd)) {
		say_complain("vCPU %u does not run: it is not pinned", e->vcpu);
		if (!vm->failed)
			stop(s, vm);
		return fail(EPERM);
	}
	table_unlock();
	r = enter_once(e, fd, request, argument);
	saved = errno;
	table_lock();
	errno = saved;
	if (r >= 0 || saved != EINTR)
		return r; /* it did not get as far as the registers; the next run is the first */
	return read_back(s, e);
}

/* ---- register lists and streams ---- */

static long reg_list(const struct setup *s, struct vm *vm, int fd, unsigned int request, void *argument)
{
	struct steady_uapi_reg_list *all = argument;
	struct steady_report *report = NULL;
	size_t count;
	int r;
	long result = real_ioctl(fd, request, argument);

	if (result < 0)
		return result; /* how many there are at most: as good as how many there will be */
	count = all->n;
	steady_report_new(&report);
	r = steady_pin_reglist(vm->pin, all->reg, &count, report);
	if (r && !vm->deficient && !vm->failed) {
		say_report(report, true);
		say_complain("the VM does not run: its guest's state is not the model's");
		stop(s, vm);
	}
	if (!r && count < all->n)
		say_log("%zu registers that the model has not are left out of the list",
			(size_t)all->n - count);
	if (!r)
		all->n = count;
	steady_report_free(report);
	return result;
}

/* The reasons, which most registers of a stream do not need. */
static void say_refused(const struct setup *s, const struct entry *e, uint64_t id,
			const uint64_t value[8])
{
	struct steady_report *report = NULL;

	steady_report_new(&report);
	steady_pin_incoming(e->vm->pin, id, value, report);
	say_report(report, s->on_conflict == CONFLICT_FAIL && !e->vm->deficient);
	steady_report_free(report);
}

static long set_register(const struct setup *s, struct entry *e, int fd, unsigned int request,
			 void *argument)
{
	const struct steady_uapi_one_reg *reg = argument;
	enum steady_incoming verdict;
	uint64_t value[8] = {0};
	size_t size;

	if (is_nowhere(argument) || is_nowhere((const void *)(uintptr_t)reg->addr))
		return real_ioctl(fd, request, argument);
	size = (size_t)1 << (reg->id >> 52 & 0xf);
	if (size > sizeof(value))
		return real_ioctl(fd, request, argument);
	memcpy(value, (const void *)(uintptr_t)reg->addr, size);
	verdict = steady_pin_incoming(e->vm->pin, reg->id, value, NULL);
	if (verdict == STEADY_PASS)
		return real_ioctl(fd, request, argument);
	if (verdict == STEADY_REFUSE)
		say_refused(s, e, reg->id, value);
	if (verdict == STEADY_REFUSE && e->vm->deficient) /* no scratch VM: those are only read */
		complain_options(e->vm);
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

	if (r <= 0)
		return r;
	return (long)steady_pin_extension(s->pin, (uint32_t)(uintptr_t)argument, (uint64_t)r);
}

/* What CHECK_EXTENSION does not tell of cannot be turned on either. */
static long enable_cap(struct vm *vm, int fd, unsigned int request, void *argument)
{
	const struct steady_uapi_enable_cap *cap = argument;

	if (is_nowhere(argument) || steady_pin_extension(vm->pin, cap->cap, 1))
		return real_ioctl(fd, request, argument);
	say_log("capability %u is not enabled: the model has not what it is for", cap->cap);
	return fail(EINVAL);
}

/* Of a VM or a vCPU that is known. */
static bool is_ours(const struct entry *e, unsigned int request)
{
	static const unsigned int of_vm[] = {STEADY_CREATE_VCPU, (unsigned int)STEADY_ENABLE_CAP, 0};
	static const unsigned int of_vcpu[] = {
		(unsigned int)STEADY_VCPU_INIT, (unsigned int)STEADY_VCPU_FINALIZE, STEADY_KVM_RUN,
		(unsigned int)STEADY_GET_REG_LIST, (unsigned int)STEADY_SET_ONE_REG, 0};
	const unsigned int *all = e->kind == KIND_VM ? of_vm : of_vcpu;

	while (*all && *all != request)
		all++;
	return *all;
}

static long watch_vm(const struct setup *s, struct entry *e, int fd, unsigned int request,
		     void *argument)
{
	if (request == STEADY_CREATE_VCPU)
		return create_vcpu(s, e->vm, fd, request, argument);
	return enable_cap(e->vm, fd, request, argument);
}

static long watch_vcpu(const struct setup *s, struct entry *e, int fd, unsigned int request,
		       void *argument)
{
	if (request == (unsigned int)STEADY_VCPU_INIT)
		return init_vcpu(s, e, fd, request, argument);
	if (request == (unsigned int)STEADY_VCPU_FINALIZE)
		return finalize_vcpu(s, e, fd, request, argument);
	if (request == STEADY_KVM_RUN)
		return first_run(s, e, fd, request, argument);
	if (request == (unsigned int)STEADY_GET_REG_LIST)
		return reg_list(s, e->vm, fd, request, argument);
	return set_register(s, e, fd, request, argument);
}

/* A vCPU that was not seen being made, through a copy of a descriptor for one, would be unpinned. */
static long run_unknown(int fd)
{
	say_complain("descriptor %d does not run: that it is a vCPU is not known, and so it is not "
		     "pinned",
		     fd);
	return fail(EPERM);
}

static long watch_locked(const struct setup *s, int fd, unsigned int request, void *argument)
{
	struct entry *e;
	long r;

	table_lock();
	e = table_find(fd);
	if (request == STEADY_CREATE_VM)
		r = create_vm(s, fd, request, argument);
	else if (!e || !is_ours(e, request))
		r = real_ioctl(fd, request, argument); /* it was closed in between */
	else if (e->kind == KIND_VM)
		r = watch_vm(s, e, fd, request, argument);
	else
		r = watch_vcpu(s, e, fd, request, argument);
	table_unlock();
	return r;
}

/* What goes straight through takes no lock: it may wait for another vCPU's thread. */
static long decide(const struct setup *s, int fd, unsigned int request, void *argument)
{
	const struct entry *e;

	if (request == STEADY_CREATE_VM && (s->model || s->broken))
		return watch_locked(s, fd, request, argument);
	if (!s->model)
		return real_ioctl(fd, request, argument);
	if (request == STEADY_CHECK_EXTENSION)
		return extension(s, fd, request, argument);
	e = table_find(fd);
	if (request == STEADY_KVM_RUN && (!e || e->kind != KIND_VCPU))
		return run_unknown(fd);
	if (!e || !is_ours(e, request))
		return real_ioctl(fd, request, argument);
	return watch_locked(s, fd, request, argument);
}

long watch_ioctl(int fd, unsigned int request, void *argument)
{
	const struct entry *e;
	int saved = errno;
	long r;

	/* the hot path: a vCPU that has been read back */
	if (request == STEADY_KVM_RUN) {
		e = table_find(fd);
		if (e && atomic_load_explicit(&e->checked, memory_order_acquire))
			return real_ioctl(fd, request, argument);
	}
	r = decide(setup_get(), fd, request, argument);
	if (r >= 0)
		errno = saved; /* what was asked in between is none of the VMM's business */
	return r;
}
