/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* realpath() is in the XSI part of POSIX */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "format/format.h"

#define TEMPORARY_TRIES 100

/* error: an errno, or 0 where `what` says it all */
static int fail(struct steady_report *report, const char *path, const char *what, int error)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EIO);
	steady_report_file(report, path);
	steady_report_reason(report, "%s%s%s", what, error ? ": " : "",
			     error ? strerror(error) : "");
	return -STEADY_EIO;
}

/* ---- reading ---- */

static int read_all(int fd, const char *path, struct steady_text *out, struct steady_report *report)
{
	static const size_t chunk = 64 * 1024;
	char *buffer = malloc(chunk);
	int err = 0;

	if (!buffer)
		return -STEADY_ENOMEM;
	while (!err) {
		ssize_t n = read(fd, buffer, chunk);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = fail(report, path, "cannot be read", errno);
		if (n <= 0)
			break;
		steady_text_add(out, buffer, (size_t)n);
		if (out->failed)
			err = -STEADY_ENOMEM;
		else if (out->length > STEADY_FILE_MAX)
			err = fail(report, path, "larger than 16 MiB", 0);
	}
	free(buffer);
	return err;
}

int steady_file_read(const char *path, char **text, size_t *length, struct steady_report *report)
{
	bool standard = strcmp(path, "-") == 0;
	struct steady_text all = STEADY_TEXT_INIT;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t n;
	char *data;
	int err;

	if (fd < 0)
		return fail(report, path, "cannot be opened", errno);
	err = read_all(fd, standard ? "standard input" : path, &all, report);
	if (!standard)
		close(fd);
	n = all.length;
	data = err ? NULL : steady_text_take(&all);
	steady_text_free(&all);
	if (!data)
		return err ? err : -STEADY_ENOMEM;
	*text = data;
	*length = n;
	return 0;
}

/* ---- writing ---- */

/* 0 or an errno */
static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t n = write(fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

/* After EINTR the descriptor is gone on Linux and the data is on its way: no error. */
static int close_errno(int fd)
{
	return close(fd) && errno != EINTR ? errno : 0;
}

static int write_direct(const char *path, const char *text, size_t length,
			struct steady_report *report)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	int error, closed;

	if (fd < 0)
		return fail(report, path, "cannot be opened", errno);
	error = write_all(fd, text, length);
	closed = close_errno(fd);
	if (!error)
		error = closed;
	return error ? fail(report, path, "cannot be written", error) : 0;
}

/* Creates DIRECTORY-OF-TARGET/.steadyarm-PID-N; its descriptor, or a negative errno. */
static int create_temporary(const char *target, char **name)
{
	const char *slash = strrchr(target, '/');
	int directory = slash ? (int)(slash - target) + 1 : 0;
	size_t room = (size_t)directory + 64;
	char *out = malloc(room);
	int fd = -1;

	if (!out)
		return -ENOMEM;
	for (int i = 0; i < TEMPORARY_TRIES && fd < 0; i++) {
		snprintf(out, room, "%.*s.steadyarm-%ld-%d", directory, target, (long)getpid(), i);
		fd = open(out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); /* less the umask */
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0) {
		fd = -errno;
		free(out);
		return fd;
	}
	*name = out;
	return fd;
}

/*
 * Fills, syncs and renames the temporary file. `old` is the file that it takes the place of, or
 * NULL: its permissions stay. 0 or an errno.
 */
static int finish_temporary(int fd, const char *name, const char *target, const struct stat *old,
			    const char *text, size_t length)
{
	int error = write_all(fd, text, length);
	int closed;

	if (!error && old && fchmod(fd, old->st_mode & 0777))
		error = errno;
	/* EINVAL: a file system that cannot sync */
	if (!error && fsync(fd) && errno != EINVAL)
		error = errno;
	closed = close_errno(fd);
	if (!error)
		error = closed;
	if (!error && rename(name, target))
		error = errno;
	if (error)
		unlink(name);
	return error;
}

static int write_atomic(const char *path, const char *target, const struct stat *old,
			const char *text, size_t length, struct steady_report *report)
{
	char *name = NULL;
	int fd = create_temporary(target, &name);
	int error;

	if (fd == -ENOMEM)
		return -STEADY_ENOMEM;
	if (!name)
		return fail(report, path, "cannot be created", -fd);
	error = finish_temporary(fd, name, target, old, text, length);
	free(name);
	return error ? fail(report, path, "cannot be written", error) : 0;
}

int steady_file_write(const char *path, const char *text, size_t length,
		      struct steady_report *report)
{
	struct stat old;
	bool exists;
	char *target = NULL;
	int err;

	/* renaming over what /dev/stdout points to would take it from those who have it open */
	if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0) {
		err = write_all(STDOUT_FILENO, text, length);
		return err ? fail(report, "standard output", "cannot be written", err) : 0;
	}
	exists = stat(path, &old) == 0;
	if (!exists && errno != ENOENT)
		return fail(report, path, "cannot be written", errno);
	if (!exists && lstat(path, &old) == 0) /* renaming would replace the link */
		return fail(report, path, "is a link to nothing", ENOENT);
	if (exists && S_ISDIR(old.st_mode))
		return fail(report, path, "cannot be written", EISDIR);
	if (exists && !S_ISREG(old.st_mode)) /* a device, a FIFO */
		return write_direct(path, text, length, report);
	if (exists) {
		target = realpath(path, NULL); /* a link stays, its file changes */
		if (!target)
			return errno == ENOMEM ? -STEADY_ENOMEM
					       : fail(report, path, "cannot be written", errno);
	}
	err = write_atomic(path, target ? target : path, exists ? &old : NULL, text, length,
			   report);
	free(target);
	return err;
}
