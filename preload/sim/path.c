/* SPDX-License-Identifier: MIT */
/*
 * Which paths are /dev/kvm, however they are spelt and whether there is one: what the kernel finds there
 * has KVM's number; or it finds nothing, in a folder that is /dev, by the name of kvm.
 */
#define _GNU_SOURCE /* AT_EMPTY_PATH, readlinkat */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "simhost.h"

#define DEVICE "/dev/kvm"
#define LINKS  8

/* Past the symbols of look.c, which ask here. */
static int look(int folder, const char *path, struct stat *st, int flags)
{
	return (int)syscall(SYS_newfstatat, folder, path, st, flags);
}

static bool is_kvm(const struct stat *st)
{
	return S_ISCHR(st->st_mode) &&
	       st->st_rdev == makedev(SIMHOST_DEVICE_MAJOR, SIMHOST_DEVICE_MINOR);
}

/* The folder that a path's last part is in, as a path of the same kind. */
static bool split(const char *path, char folder[PATH_MAX], const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) : 0;

	if (length >= PATH_MAX - 1)
		return false;
	memcpy(folder, path, length);
	if (!slash)
		folder[length++] = '.';
	else if (!length)
		folder[length++] = '/';
	folder[length] = '\0';
	*name = slash ? slash + 1 : path;
	return true;
}

static bool is_dev(int at, const char *folder)
{
	struct stat here, dev;

	return look(at, folder, &here, 0) == 0 && look(AT_FDCWD, "/dev", &dev, 0) == 0 &&
	       here.st_dev == dev.st_dev && here.st_ino == dev.st_ino;
}

/* A path at which there is nothing, or a link that leads to nothing. */
static bool would_be(int at, const char *path, bool follow)
{
	char folder[PATH_MAX], target[PATH_MAX], joined[PATH_MAX];
	const char *name;

	for (int i = 0; i < LINKS && split(path, folder, &name); i++) {
		ssize_t n = follow ? readlinkat(at, path, target, sizeof(target) - 1) : -1;
		size_t length = strlen(folder);

		if (n < 0)
			return strcmp(name, "kvm") == 0 && is_dev(at, folder);
		target[n] = '\0';
		if (*target == '/')
			length = 0;
		else if (length + 1 + (size_t)n >= sizeof(joined))
			return false;
		else
			folder[length++] = '/';
		memcpy(joined, folder, length);
		memcpy(joined + length, target, (size_t)n + 1);
		path = joined;
	}
	return false;
}

bool simhost_is_device(int at, const char *path, bool follow)
{
	int saved = errno;
	struct stat st;
	bool is;

	if (!path)
		return false;
	if (strcmp(path, DEVICE) == 0)
		return true;
	if (!*path)
		return false;
	if (look(at, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0)
		is = is_kvm(&st);
	else
		is = errno == ENOENT && would_be(at, path, follow);
	errno = saved;
	return is;
}
