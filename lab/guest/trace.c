/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a VMM: what it asked of KVM, to the file of LAB_TRACE. Changes nothing. A line each:
 *
 *   list FD ID...                what a KVM_GET_REG_LIST gave
 *   refused FD ID VALUE ERRNO    a KVM_SET_ONE_REG that failed
 *   drift FD ID BEFORE NOW       a register of the core ID range that read back another value
 *   read N                       how often such registers were read, at the end
 *   ioctl REQUEST N              how often each request was made, at the end
 *   total N
 *
 * A register counts from the first run of its vCPU on: before that, pinning it is no drift.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/uapi.h"

#define FDS        1024
#define CORE       56
#define CORE_FIRST UINT64_C(0x603000000013c008) /* KVM's id of S3_0_C0_C1_0 */

typedef int ioctl_fn(int, unsigned long, ...);

static int out = -1;
static atomic_ulong counts[256], reads;
static struct {
	atomic_bool ran;
	bool known[CORE];
	uint64_t value[CORE]; /* by the vCPU's own thread, as QEMU does it */
} seen[FDS];

static void say(const char *format, ...)
{
	char line[128];
	int saved = errno, n;
	va_list args;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (out >= 0 && write(out, line, (size_t)n) < 0)
		out = -1;
	errno = saved;
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("LAB_TRACE");

	out = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
}

__attribute__((destructor)) static void end(void)
{
	unsigned long total = 0;

	for (unsigned int i = 0; i < 256; i++) {
		unsigned long n = atomic_load(&counts[i]);

		total += n;
		if (n)
			say("ioctl 0x%02x %lu\n", i, n);
	}
	if (!total)
		return;
	say("read %lu\n", atomic_load(&reads));
	say("total %lu\n", total);
}

static void refused(int fd, const struct steady_uapi_one_reg *reg)
{
	uint64_t value = 0;
	size_t size = (size_t)1 << (reg->id >> 52 & 0xf);

	memcpy(&value, (const void *)(uintptr_t)reg->addr, size < 8 ? size : 8);
	say("refused %d 0x%016llx 0x%llx %d\n", fd, (unsigned long long)reg->id,
	    (unsigned long long)value, errno);
}

/* One write(2), so that the lines of other threads do not come between. */
static void listed(int fd, const struct steady_uapi_reg_list *list)
{
	size_t size = 32 + 20 * list->n, at;
	char *line = malloc(size);
	int saved = errno;

	if (line) {
		at = (size_t)snprintf(line, size, "list %d", fd);
		for (uint64_t i = 0; i < list->n; i++)
			at += (size_t)snprintf(line + at, size - at, " 0x%016llx",
					       (unsigned long long)list->reg[i]);
		line[at++] = '\n';
		if (out >= 0 && write(out, line, at) < 0)
			out = -1;
	}
	free(line);
	errno = saved;
}

static void was_read(int fd, const struct steady_uapi_one_reg *reg)
{
	uint64_t at = reg->id - CORE_FIRST, value;

	if (at >= CORE || fd < 0 || fd >= FDS || !atomic_load(&seen[fd].ran))
		return;
	memcpy(&value, (const void *)(uintptr_t)reg->addr, sizeof(value));
	atomic_fetch_add(&reads, 1);
	if (seen[fd].known[at] && seen[fd].value[at] != value)
		say("drift %d 0x%016llx 0x%llx 0x%llx\n", fd, (unsigned long long)reg->id,
		    (unsigned long long)seen[fd].value[at], (unsigned long long)value);
	seen[fd].known[at] = true;
	seen[fd].value[at] = value;
}

static void look(int fd, unsigned int request, void *argument, int result)
{
	atomic_fetch_add(&counts[request & 0xff], 1);
	if (request == STEADY_CREATE_VCPU && result >= 0 && result < FDS)
		memset(&seen[result], 0, sizeof(seen[result])); /* a descriptor of another time */
	else if (request == STEADY_KVM_RUN && fd >= 0 && fd < FDS)
		atomic_store(&seen[fd].ran, true);
	else if (request == (unsigned int)STEADY_GET_REG_LIST && !result)
		listed(fd, argument);
	else if (request == (unsigned int)STEADY_SET_ONE_REG && result)
		refused(fd, argument);
	else if (request == (unsigned int)STEADY_GET_ONE_REG && !result)
		was_read(fd, argument);
}

__attribute__((visibility("default"))) int ioctl(int fd, unsigned long request, ...)
{
	static _Atomic(ioctl_fn *) next;
	ioctl_fn *f = atomic_load(&next);
	va_list args;
	void *argument;
	int result, saved;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (!f) {
		*(void **)(&f) = dlsym(RTLD_NEXT, "ioctl");
		atomic_store(&next, f);
	}
	result = f(fd, request, argument);
	saved = errno;
	if ((request >> 8 & 0xff) == KVMIO_)
		look(fd, (unsigned int)request, argument, result);
	errno = saved;
	return result;
}
