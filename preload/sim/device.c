/* SPDX-License-Identifier: MIT */
/*
 * KVM's ABI (Documentation/virt/kvm/api.rst) in front of a struct steady_sim: the profile, /dev/kvm
 * itself, and which descriptor's request goes where.
 */
#define _GNU_SOURCE /* secure_getenv, O_CLOEXEC */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <steadyarm/sim.h>

#include "format/format.h"
#include "policy/profile.h"
#include "simhost.h"

struct steady_profile *simhost_profile;
unsigned int simhost_process;
long simhost_pid;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* ---- the profile ---- */

bool simhost_load(const char *path)
{
	struct steady_report *report = NULL;
	const struct steady_finding *f;
	char *text = NULL;
	size_t length = 0;
	int r;

	simhost_collect();
	steady_profile_free(simhost_profile);
	simhost_profile = NULL;
	simhost_log_to(secure_getenv("STEADYARM_LOG"));
	if (!path)
		return true;
	steady_report_new(&report);
	r = steady_file_read(path, &text, &length, report);
	r = r ? r : steady_profile_read_json(text, length, path, &simhost_profile, report);
	f = steady_report_get(report, 0);
	if (r)
		simhost_say("%s: %s", path, f && f->reason ? f->reason : steady_strerror(r));
	free(text);
	steady_report_free(report);
	return !r;
}

static void take_lock(void)
{
	pthread_mutex_lock(&lock);
}

static void give_lock(void)
{
	pthread_mutex_unlock(&lock);
}

static void in_child(void)
{
	give_lock();
	simhost_process++;
	simhost_pid = (long)getpid();
}

static void load(void)
{
	pthread_atfork(take_lock, give_lock, in_child);
	simhost_pid = (long)getpid();
	if (!simhost_profile)
		simhost_load(secure_getenv("STEADYARM_HOST_PROFILE"));
}

bool steadyarm_simulated(const char *name, uint64_t *value)
{
	const struct steady_reading *r;
	int which = steady_unvirtualised_by_name(name, strlen(name));

	pthread_once(&once, load);
	if (!simhost_profile || which < 0)
		return false;
	r = &simhost_profile->unvirtualised[which];
	*value = r->value;
	return r->state == STEADY_VALUE;
}

int simhost_open(int flags)
{
	int fd;

	pthread_once(&once, load);
	if (!simhost_profile)
		return (int)simhost_fail(ENOENT);
	take_lock();
	fd = simhost_make(SIMHOST_DEVICE, NULL, 0, !(flags & O_CLOEXEC));
	give_lock();
	return fd;
}

bool simhost_owns(int fd)
{
	bool is;

	take_lock();
	is = simhost_find(fd) != NULL;
	give_lock();
	return is;
}

bool simhost_is_open_device(int fd)
{
	const struct simhost_object *o;
	bool is;

	take_lock();
	o = simhost_find(fd);
	is = o && o->kind == SIMHOST_DEVICE;
	give_lock();
	return is;
}

/* ---- calls ---- */

long simhost_fail(int error)
{
	errno = error;
	return -1;
}

long simhost_call(struct simhost_vm *vm, struct steady_call *c)
{
	int r;

	c->size = sizeof(*c);
	r = steady_sim_call(vm->sim, c);
	return r ? simhost_fail(-r) : 0;
}

long simhost_simple(struct simhost_vm *vm, enum steady_op op, uint32_t vcpu, uint64_t id)
{
	struct steady_call c = {.op = op, .vcpu = vcpu, .id = id};

	return simhost_call(vm, &c);
}

static long device_ioctl(unsigned int request, void *argument)
{
	struct steady_sim *sim;
	long r;

	switch (request) {
	case STEADY_GET_API_VERSION:
		return argument ? simhost_fail(EINVAL) : STEADY_API_VERSION;
	case STEADY_VCPU_MMAP_SIZE:
		return argument ? simhost_fail(EINVAL) : SIMHOST_RUN_SIZE;
	case STEADY_CREATE_VM:
		return simhost_create_vm((uintptr_t)argument);
	case STEADY_CHECK_EXTENSION:
		if (steady_sim_new(simhost_profile, &sim))
			return simhost_fail(ENOMEM);
		r = simhost_check_extension(sim, (uintptr_t)argument);
		steady_sim_free(sim);
		return r;
	}
	return simhost_unknown_request(SIMHOST_DEVICE, request);
}

/* The requests whose argument points to a struct: how long it is. All others are told as they are. */
static size_t struct_of(unsigned int request)
{
	switch (request) {
	case STEADY_ENABLE_CAP:
	case STEADY_GET_ONE_REG:
	case STEADY_SET_ONE_REG:
	case STEADY_VCPU_INIT:
	case STEADY_PREFERRED_TARGET:
	case STEADY_GET_REG_LIST:
	case STEADY_WRITABLE_MASKS:
	case STEADY_VCPU_FINALIZE:
	case STEADY_CREATE_DEVICE:
	case STEADY_SET_DEVICE_ATTR:
	case STEADY_HAS_DEVICE_ATTR:
	case STEADY_GET_MP_STATE:
	case STEADY_SET_MP_STATE:
	case STEADY_SET_USER_MEMORY_REGION:
	case STEADY_SET_USER_MEMORY_REGION2:
		return _IOC_SIZE(request);
	}
	return 0;
}

/* Those that are answered in the struct. What KVM_GET_REG_LIST says is how many, if too many too. */
static bool is_answered(unsigned int request, long result)
{
	return (request == STEADY_GET_REG_LIST && (result >= 0 || errno == E2BIG)) ||
	       ((request == STEADY_PREFERRED_TARGET || request == STEADY_CREATE_DEVICE ||
		 request == STEADY_GET_MP_STATE) &&
		result >= 0);
}

/* A child that was forked off cannot use its parent's VMs (kvm_vm_ioctl(): EIO). */
static long dispatch(struct simhost_object *o, unsigned int request, void *argument, uint64_t user)
{
	if (o->kind == SIMHOST_DEVICE)
		return device_ioctl(request, argument);
	if (o->vm->owner != simhost_process)
		return simhost_fail(EIO);
	if (o->kind == SIMHOST_VM)
		return simhost_vm_ioctl(o->vm, request, argument);
	if (o->kind == SIMHOST_VCPU)
		return simhost_vcpu_ioctl(o, request, argument, user);
	return simhost_gic_ioctl(o, request, argument);
}

static long with_struct(struct simhost_object *o, unsigned int request, void *argument)
{
	union {
		uint64_t aligned;
		uint8_t bytes[256];
	} copy;
	uint64_t user = (uintptr_t)argument;
	size_t size = struct_of(request);
	long r;

	if (!size || size > sizeof(copy))
		return dispatch(o, request, argument, user);
	if (simhost_get(&copy, user, size))
		return -1;
	r = dispatch(o, request, &copy, user);
	if (is_answered(request, r)) {
		int error = errno;

		if (simhost_put(user, &copy, size))
			return -1;
		errno = error;
	}
	return r;
}

long simhost_ioctl(int fd, unsigned int request, void *argument)
{
	struct simhost_object *o;
	long r;

	pthread_once(&once, load); /* a descriptor may come from another process */
	take_lock();
	o = simhost_find(fd);
	if (!o)
		r = simhost_fail(EBADF);
	else if (!simhost_profile)
		r = simhost_fail(ENODEV);
	else
		r = with_struct(o, request, argument);
	give_lock();
	return r;
}
