/* SPDX-License-Identifier: MIT */
/*
 * Tests look whether there is a /dev/kvm before they open it: what they find is /dev/null with
 * KVM's number.
 */
#define _GNU_SOURCE /* RTLD_NEXT, stat64, statx */
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "simhost.h"

#define EXPORT __attribute__((visibility("default")))

#define MODE 0666 /* udev's rule for kvm */

static const char stand_in[] = "/dev/null";

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

/* One that looks at a path: its name, type, and what holds the number. */
#define LOOK(name, buffer, follow)                                                                         \
	typedef int name##_fn(const char *, struct buffer *);                                      \
	NEXT(name, name##_fn)                                                                      \
	EXPORT int name(const char *path, struct buffer *st)                                       \
	{                                                                                          \
		bool ours = simhost_is_device(AT_FDCWD, path, follow);                                               \
		int r = next_##name()(ours ? stand_in : path, st);                                 \
                                                                                                   \
		if (!r && ours)                                                                    \
			st->st_rdev = makedev(SIMHOST_DEVICE_MAJOR, SIMHOST_DEVICE_MINOR);                                       \
		return r;                                                                          \
	}
#define LOOK_AT(name, buffer)                                                                      \
	typedef int name##_fn(int, const char *, struct buffer *, int);                            \
	NEXT(name, name##_fn)                                                                      \
	EXPORT int name(int directory, const char *path, struct buffer *st, int flags)             \
	{                                                                                          \
		bool ours = simhost_is_device(directory, path, !(flags & AT_SYMLINK_NOFOLLOW));                                               \
		int r = next_##name()(directory, ours ? stand_in : path, st, flags);               \
                                                                                                   \
		if (!r && ours)                                                                    \
			st->st_rdev = makedev(SIMHOST_DEVICE_MAJOR, SIMHOST_DEVICE_MINOR);                                       \
		return r;                                                                          \
	}
#define LOOK_FD(name, buffer)                                                                      \
	typedef int name##_fn(int, struct buffer *);                                               \
	NEXT(name, name##_fn)                                                                      \
	EXPORT int name(int fd, struct buffer *st)                                                 \
	{                                                                                          \
		int r = next_##name()(fd, st);                                                     \
                                                                                                   \
		if (!r && S_ISREG(st->st_mode) && simhost_is_open_device(fd)) {                    \
			st->st_mode = S_IFCHR | MODE;                                              \
			st->st_rdev = makedev(SIMHOST_DEVICE_MAJOR, SIMHOST_DEVICE_MINOR);         \
		}                                                                                  \
		return r;                                                                          \
	}
LOOK_FD(fstat, stat)
LOOK_FD(fstat64, stat64)
LOOK(stat, stat, true)
LOOK(lstat, stat, false)
LOOK(stat64, stat64, true)
LOOK(lstat64, stat64, false)
LOOK_AT(fstatat, stat)
LOOK_AT(fstatat64, stat64)

typedef int statx_fn(int, const char *, int, unsigned int, struct statx *);
NEXT(statx, statx_fn)
EXPORT int statx(int directory, const char *path, int flags, unsigned int mask, struct statx *st)
{
	bool ours = simhost_is_device(directory, path, !(flags & AT_SYMLINK_NOFOLLOW));
	int r = next_statx()(directory, ours ? stand_in : path, flags, mask, st);

	if (!r && flags & AT_EMPTY_PATH && S_ISREG(st->stx_mode)) { /* of the descriptor */
		ours = simhost_is_open_device(directory);
		st->stx_mode = ours ? S_IFCHR | MODE : st->stx_mode;
	}
	if (!r && ours) {
		st->stx_rdev_major = SIMHOST_DEVICE_MAJOR;
		st->stx_rdev_minor = SIMHOST_DEVICE_MINOR;
	}
	return r;
}

typedef int access_fn(const char *, int);
NEXT(access, access_fn)
EXPORT int access(const char *path, int mode)
{
	return next_access()(simhost_is_device(AT_FDCWD, path, true) ? stand_in : path, mode);
}

typedef int faccessat_fn(int, const char *, int, int);
NEXT(faccessat, faccessat_fn)
EXPORT int faccessat(int directory, const char *path, int mode, int flags)
{
	bool ours = simhost_is_device(directory, path, !(flags & AT_SYMLINK_NOFOLLOW));

	return next_faccessat()(directory, ours ? stand_in : path, mode, flags);
}
