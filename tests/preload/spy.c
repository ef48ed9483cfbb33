/* SPDX-License-Identifier: MIT */
/*
 * For a VMM that has the preload library's objects in itself (--wrap of ld(1)): with $VMM_SPY, says on
 * standard error how files are opened; and errno is 77 before any other constructor of the program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "preload/sim/simhost.h"

/* So that the simulated host is linked, whose open() is not asked for where a sanitizer has one. */
extern bool (*const spy_simulated)(const char *, uint64_t *);
bool (*const spy_simulated)(const char *, uint64_t *) = steadyarm_simulated;

int __real_open(const char *path, int flags, ...);
int __real_open64(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);

static void spy(const char *path, int flags)
{
	int saved = errno;

	if (getenv("VMM_SPY"))
		fprintf(stderr, "spy: %s%s%s\n", path, flags & O_CLOEXEC ? " cloexec" : "",
			flags & O_NOFOLLOW ? " nofollow" : "");
	errno = saved;
}

#define WRAP(name)                                                                                 \
	int __wrap_##name(const char *path, int flags, ...)                                        \
	{                                                                                          \
		va_list args;                                                                      \
		mode_t mode = 0;                                                                   \
                                                                                                   \
		va_start(args, flags);                                                             \
		if (flags & O_CREAT)                                                               \
			mode = va_arg(args, mode_t);                                               \
		va_end(args);                                                                      \
		spy(path, flags);                                                                  \
		return __real_##name(path, flags, mode);                                           \
	}
WRAP(open)
WRAP(open64)

__attribute__((constructor(101))) static void first(void)
{
	errno = 77;
}
