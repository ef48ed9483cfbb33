/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* secure_getenv */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload.h"

#define FOLDER    "/run/steadyarm"
#define LINE      16384
#define FILE_MOST (256u << 10) /* a file that has grown beyond this is begun anew */

static struct {
	int fd;          /* -1: there is none */
	pid_t pid;       /* whose it is */
	uint64_t start;  /* of that process, in clock ticks since boot */
	size_t written;
	char path[PATH_MAX];
} record = {.fd = -1};

/* Field 22 of /proc/self/stat (proc(5)): with it nobody mistakes a later process for this one. */
static uint64_t start_time(void)
{
	char text[1024];
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	const char *p;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	p = strrchr(text, ')'); /* the name, field 2, may hold anything */
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

/* ---- what a line says ---- */

struct line {
	char text[LINE];
	size_t used;
	bool full;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *l, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(l->text + l->used, sizeof(l->text) - l->used, format, args);
	va_end(args);
	l->full = l->full || n < 0 || (size_t)n >= sizeof(l->text) - l->used;
	if (!l->full)
		l->used += (size_t)n;
}

static void put_vm(struct line *l, const struct vm *vm, const char *before)
{
	uint32_t vcpus = 0;

	for (uint32_t i = 0; i < vm->vcpu_count; i++)
		vcpus += vm->vcpu_fds[i] >= 0;
	put(l, "%s{\"fd\": %d, \"vcpus\": %u, \"pinned\": %u, \"read_back\": %u, \"refused\": %s}",
	    before, vm->fd, vcpus, vm->pinned, vm->read_back, vm->failed ? "true" : "false");
}

/* A model's name and id have nothing that needs escaping; the id comes from the environment. */
static bool is_id(const char *id)
{
	return id && strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

static void describe(struct line *l, const struct setup *s)
{
	const char *quote = is_id(s->id) ? "\"" : "", *before = "";

	put(l, "{\"format\": \"steadyarm-audit\", \"version\": 1, \"pid\": %ld, \"start\": %llu, ",
	    (long)record.pid, (unsigned long long)record.start);
	put(l, "\"model\": \"%s\", \"id\": %s%s%s, \"tolerated\": [%s], \"on_conflict\": \"%s\", ",
	    steady_model_name(s->model), quote, is_id(s->id) ? s->id : "null", quote,
	    s->tolerated ? s->tolerated : "", s->on_conflict == CONFLICT_PIN ? "pin" : "fail");
	put(l, "\"vms\": [");
	for (const struct vm *vm = table_vms(); vm; vm = vm->next) {
		put_vm(l, vm, before);
		before = ", ";
	}
	put(l, "]}\n");
}

static void append(const struct setup *s)
{
	static struct line l; /* the lock is held, or there is one thread yet */
	ssize_t n;

	if (record.fd < 0)
		return;
	l.used = 0;
	l.full = false;
	describe(&l, s);
	if (l.full) {
		say_log("the record for `steadyarm ps` is not written: too many VMs");
		return;
	}
	do {
		n = write(record.fd, l.text, l.used);
	} while (n < 0 && errno == EINTR);
	if (n > 0)
		record.written += (size_t)n;
}

/* ---- the file ---- */

static int make_file(const char *folder, const char *temporary)
{
	int fd;

	if (mkdir(folder, 0755) == 0)
		chmod(folder, 01777); /* every user's VMMs leave their records there */
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd >= 0)
		fchmod(fd, 0644);
	return fd;
}

void audit_open(const struct setup *s)
{
	const char *folder = secure_getenv("STEADYARM_RUN_DIR");
	char temporary[PATH_MAX];
	int error = 0, n, m;

	if (record.fd >= 0)
		close(record.fd);
	record.fd = -1;
	record.written = 0;
	record.pid = getpid();
	record.start = start_time();
	folder = folder && *folder ? folder : FOLDER;
	n = snprintf(record.path, sizeof(record.path), "%s/%ld.json", folder, (long)record.pid);
	m = snprintf(temporary, sizeof(temporary), "%s/.%ld.tmp", folder, (long)record.pid);
	if (n >= (int)sizeof(record.path) || m >= (int)sizeof(temporary)) {
		say_log("%s: too long a path", folder);
		return;
	}
	record.fd = make_file(folder, temporary);
	if (record.fd >= 0) {
		append(s);
		error = rename(temporary, record.path);
	}
	if (record.fd >= 0 && !error)
		return;
	say_log("%s: no record for `steadyarm ps`: %s", record.path, strerror(errno));
	if (record.fd >= 0) {
		close(record.fd);
		unlink(temporary);
	}
	record.fd = -1;
}

void audit_write(const struct setup *s)
{
	int saved = errno;

	if (getpid() != record.pid || record.written > FILE_MOST)
		audit_open(s);
	else
		append(s);
	errno = saved;
}

__attribute__((destructor)) static void leave(void)
{
	if (record.fd >= 0 && getpid() == record.pid)
		unlink(record.path);
}
