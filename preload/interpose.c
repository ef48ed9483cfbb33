/* SPDX-License-Identifier: MIT */
/*
 * The symbols that a VMM calls instead of the C library's: ioctl() and syscall(). All that is not
 * KVM's goes straight through. prctl() is there to see a filter of system calls being installed.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/uapi.h"
#include "preload.h"

#define EXPORT __attribute__((visibility("default")))
#define KVM_TYPE(request) (((request) >> 8 & 0xff) == KVMIO_)

typedef int ioctl_fn(int, unsigned long, ...);
typedef long syscall_fn(long, ...);
typedef int prctl_fn(int, ...);

static _Atomic(ioctl_fn *) next_ioctl;
static _Atomic(syscall_fn *) next_syscall;
static _Atomic(prctl_fn *) next_prctl;

/* Works before any constructor: whoever comes first looks it up. */
static ioctl_fn *find_ioctl(void)
{
	ioctl_fn *f = atomic_load(&next_ioctl);

	if (!f) {
		*(void **)(&f) = dlsym(RTLD_NEXT, "ioctl");
		atomic_store(&next_ioctl, f);
	}
	return f;
}

static syscall_fn *find_syscall(void)
{
	syscall_fn *f = atomic_load(&next_syscall);

	if (!f) {
		*(void **)(&f) = dlsym(RTLD_NEXT, "syscall");
		atomic_store(&next_syscall, f);
	}
	return f;
}

static prctl_fn *find_prctl(void)
{
	prctl_fn *f = atomic_load(&next_prctl);

	if (!f) {
		*(void **)(&f) = dlsym(RTLD_NEXT, "prctl");
		atomic_store(&next_prctl, f);
	}
	return f;
}

long real_ioctl(int fd, unsigned int request, void *argument)
{
	return find_ioctl()(fd, request, argument);
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	/* QEMU up to 8 sign-extends some requests: only the low 32 bits count */
	if (!KVM_TYPE((unsigned int)request))
		return find_ioctl()(fd, request, argument);
	return (int)watch_ioctl(fd, (unsigned int)request, argument);
}

EXPORT long syscall(long number, ...)
{
	va_list args;
	long a[6];

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_ioctl && KVM_TYPE((unsigned int)a[1]))
		return watch_ioctl((int)a[0], (unsigned int)a[1], (void *)a[2]);
	if (number == SYS_seccomp || (number == SYS_prctl && a[0] == PR_SET_SECCOMP))
		audit_filtered();
	return find_syscall()(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

EXPORT int prctl(int option, ...)
{
	va_list args;
	unsigned long a[4];

	va_start(args, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(args, unsigned long);
	va_end(args);
	if (option == PR_SET_SECCOMP)
		audit_filtered();
	return find_prctl()(option, a[0], a[1], a[2], a[3]);
}
