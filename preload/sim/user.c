/* SPDX-License-Identifier: MIT */
/*
 * The program's memory: what an argument points to is copied as the kernel would, so that a wrong
 * address gives EFAULT.
 */
#define _GNU_SOURCE /* process_vm_readv */
#include "inside.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "simhost.h"

#define LEAST 4096 /* nothing is mapped below, by default (vm.mmap_min_addr) */

static _Atomic bool plain; /* the kernel does not do it, or must not be asked */

void simhost_copy_plainly(void)
{
	plain = true;
}

bool simhost_copies_plainly(void)
{
	return plain;
}

typedef ssize_t copy_fn(pid_t, const struct iovec *, unsigned long, const struct iovec *,
			unsigned long, unsigned long);

/* 0 or EFAULT; any other errno: nothing is known, and nothing copied. */
static int ask_kernel(copy_fn *copy, void *ours, uint64_t user, size_t size)
{
	struct iovec here = {ours, size}, there = {(void *)(uintptr_t)user, size};
	int saved = errno, error;
	ssize_t n = copy(simhost_pid, &here, 1, &there, 1, 0);

	error = n == (ssize_t)size ? 0 : n >= 0 ? EFAULT : errno;
	errno = saved;
	return error;
}

/* Whether it was done; -1: it has to be done here. */
static int try_kernel(copy_fn *copy, void *ours, uint64_t user, size_t size)
{
	int error;

	if (user < LEAST)
		return 0;
	if (plain)
		return -1;
	error = ask_kernel(copy, ours, user, size);
	if (error && error != EFAULT)
		plain = true; /* a filter (EPERM), an old kernel, qemu-user (ENOSYS) */
	return !error ? 1 : error == EFAULT ? 0 : -1;
}

long simhost_get(void *to, uint64_t user, size_t size)
{
	int done = size ? try_kernel(process_vm_readv, to, user, size) : 1;

	if (done < 0)
		memcpy(to, (const void *)(uintptr_t)user, size);
	return done ? 0 : simhost_fail(EFAULT);
}

long simhost_put(uint64_t user, const void *from, size_t size)
{
	int done = size ? try_kernel(process_vm_writev, (void *)(uintptr_t)from, user, size) : 1;

	if (done < 0)
		memcpy((void *)(uintptr_t)user, from, size);
	return done ? 0 : simhost_fail(EFAULT);
}
