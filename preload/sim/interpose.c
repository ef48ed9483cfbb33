/* SPDX-License-Identifier: MIT */
/* The symbols that a program calls: open() and ioctl() in their forms; look.c has stat(). */
#define _GNU_SOURCE /* RTLD_NEXT, open64 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/uapi.h"
#include "simhost.h"

#define KVM_TYPE(request) (((request) >> 8 & 0xff) == KVMIO_)
#define EXPORT            __attribute__((visibility("default")))

#define NEXT(name, type)                                                                           \
	static type *next_##name(void)                                                             \
	{                                                                                          \
		static _Atomic(type *) known;                                                      \
		type *f = known;                                                                   \
                                                                                                   \
		if (!f) {                                                                          \
			*(void **)(&f) = dlsym(RTLD_NEXT, #name);                                  \
			known = f;                                                                 \
		}                                                                                  \
		return f;                                                                          \
	}

typedef int open_fn(const char *, int, ...);
typedef int openat_fn(int, const char *, int, ...);
typedef int ioctl_fn(int, unsigned long, ...);
typedef long syscall_fn(long, ...);
NEXT(open, open_fn)
NEXT(openat, openat_fn)
NEXT(ioctl, ioctl_fn)
NEXT(syscall, syscall_fn)

static mode_t mode_of(int flags, va_list args)
{
	return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(args, int) : 0;
}

#define OPEN(name)                                                                                 \
	EXPORT int name(const char *path, int flags, ...)                                          \
	{                                                                                          \
		va_list args;                                                                      \
		mode_t mode;                                                                       \
                                                                                                   \
		va_start(args, flags);                                                             \
		mode = mode_of(flags, args);                                                       \
		va_end(args);                                                                      \
		return simhost_is_device(path) ? simhost_open(flags)                               \
					       : next_open()(path, flags | EXTRA, mode);           \
	}
#define OPENAT(name)                                                                               \
	EXPORT int name(int directory, const char *path, int flags, ...)                           \
	{                                                                                          \
		va_list args;                                                                      \
		mode_t mode;                                                                       \
                                                                                                   \
		va_start(args, flags);                                                             \
		mode = mode_of(flags, args);                                                       \
		va_end(args);                                                                      \
		return simhost_is_device(path)                                                     \
			       ? simhost_open(flags)                                               \
			       : next_openat()(directory, path, flags | EXTRA, mode);              \
	}
/* What programs call that were built with _FORTIFY_SOURCE. */
#define OPEN_2(name)                                                                               \
	EXPORT int name(const char *path, int flags);                                              \
	EXPORT int name(const char *path, int flags)                                               \
	{                                                                                          \
		return simhost_is_device(path) ? simhost_open(flags)                               \
					       : next_open()(path, flags | EXTRA, 0);              \
	}
#define OPENAT_2(name)                                                                             \
	EXPORT int name(int directory, const char *path, int flags);                               \
	EXPORT int name(int directory, const char *path, int flags)                                \
	{                                                                                          \
		return simhost_is_device(path) ? simhost_open(flags)                               \
					       : next_openat()(directory, path, flags | EXTRA, 0); \
	}
#define EXTRA 0
#undef open
#undef openat
OPEN(open)
OPENAT(openat)
OPEN_2(__open_2)
OPENAT_2(__openat_2)
#undef EXTRA
#define EXTRA O_LARGEFILE
#undef open64
#undef openat64
OPEN(open64)
OPENAT(openat64)
OPEN_2(__open64_2)
OPENAT_2(__openat64_2)

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list args;
	void *argument;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (KVM_TYPE((unsigned int)request) && simhost_owns(fd))
		return (int)simhost_ioctl(fd, (unsigned int)request, argument);
	return next_ioctl()(fd, request, argument);
}

EXPORT long syscall(long number, ...)
{
	va_list args;
	long a[6];

	va_start(args, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(args, long);
	va_end(args);
	if (number == SYS_openat && simhost_is_device((const char *)a[1]))
		return simhost_open((int)a[2]);
	if (number == SYS_ioctl && KVM_TYPE((unsigned int)a[1]) && simhost_owns((int)a[0]))
		return simhost_ioctl((int)a[0], (unsigned int)a[1], (void *)a[2]);
	return next_syscall()(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
