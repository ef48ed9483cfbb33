/* SPDX-License-Identifier: MIT */
/*
 * The symbols that a program calls: open(), fopen() and ioctl() in their forms; look.c has stat().
 * prctl() is there to see a filter of system calls being installed.
 */
#define _GNU_SOURCE /* RTLD_NEXT, open64 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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
typedef int prctl_fn(int, ...);
typedef FILE *fopen_fn(const char *, const char *);
NEXT(open, open_fn)
NEXT(openat, openat_fn)
NEXT(ioctl, ioctl_fn)
NEXT(syscall, syscall_fn)
NEXT(prctl, prctl_fn)
NEXT(fopen, fopen_fn)
NEXT(fopen64, fopen_fn)

static mode_t mode_of(int flags, va_list args)
{
	return flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(args, int) : 0;
}

static bool is_device(int at, const char *path, int flags)
{
	return simhost_is_device(at, path, !(flags & O_NOFOLLOW));
}

#define OPEN(name)										\
	EXPORT int name(const char *path, int flags, ...)					\
	{											\
		va_list args;									\
		mode_t mode;									\
												\
		va_start(args, flags);								\
		mode = mode_of(flags, args);							\
		va_end(args);									\
		return is_device(AT_FDCWD, path, flags) ? simhost_open(flags)			\
							: next_open()(path, flags | EXTRA, mode); \
	}
#define OPENAT(name)										\
	EXPORT int name(int directory, const char *path, int flags, ...)			\
	{											\
		va_list args;									\
		mode_t mode;									\
												\
		va_start(args, flags);								\
		mode = mode_of(flags, args);							\
		va_end(args);									\
		if (is_device(directory, path, flags))						\
			return simhost_open(flags);						\
		return next_openat()(directory, path, flags | EXTRA, mode);			\
	}
/* What programs call that were built with _FORTIFY_SOURCE. */
#define OPEN_2(name)										\
	EXPORT int name(const char *path, int flags);						\
	EXPORT int name(const char *path, int flags)						\
	{											\
		return is_device(AT_FDCWD, path, flags) ? simhost_open(flags)			\
							: next_open()(path, flags | EXTRA, 0);	\
	}
#define OPENAT_2(name)										\
	EXPORT int name(int directory, const char *path, int flags);				\
	EXPORT int name(int directory, const char *path, int flags)				\
	{											\
		if (is_device(directory, path, flags))						\
			return simhost_open(flags);						\
		return next_openat()(directory, path, flags | EXTRA, 0);			\
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

/* As fopen(3) says; what else a mode has is no matter of a device. */
static FILE *open_stream(const char *mode)
{
	int fd = simhost_open(O_RDWR | (strchr(mode, 'e') ? O_CLOEXEC : 0));
	FILE *f = fd < 0 ? NULL : fdopen(fd, mode);

	if (fd >= 0 && !f) /* under qemu-user it looks as if opened to be read: neither works */
		f = fdopen(fd, "r");
	if (fd >= 0 && !f) {
		int error = errno;

		close(fd);
		errno = error;
	}
	return f;
}

#undef fopen
#undef fopen64
EXPORT FILE *fopen(const char *path, const char *mode)
{
	return is_device(AT_FDCWD, path, 0) ? open_stream(mode) : next_fopen()(path, mode);
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
	return is_device(AT_FDCWD, path, 0) ? open_stream(mode) : next_fopen64()(path, mode);
}

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
	if (number == SYS_openat && is_device((int)a[0], (const char *)a[1], (int)a[2]))
		return simhost_open((int)a[2]);
#ifdef SYS_open
	if (number == SYS_open && is_device(AT_FDCWD, (const char *)a[0], (int)a[1]))
		return simhost_open((int)a[1]);
#endif
	if (number == SYS_openat2 && a[2] &&
	    is_device((int)a[0], (const char *)a[1], (int)*(const uint64_t *)a[2]))
		return simhost_open((int)*(const uint64_t *)a[2]); /* struct open_how's flags */
	if (number == SYS_seccomp || (number == SYS_prctl && a[0] == PR_SET_SECCOMP))
		simhost_copy_plainly();
	if (number == SYS_ioctl && KVM_TYPE((unsigned int)a[1]) && simhost_owns((int)a[0]))
		return simhost_ioctl((int)a[0], (unsigned int)a[1], (void *)a[2]);
	return next_syscall()(number, a[0], a[1], a[2], a[3], a[4], a[5]);
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
		simhost_copy_plainly();
	return next_prctl()(option, a[0], a[1], a[2], a[3]);
}
