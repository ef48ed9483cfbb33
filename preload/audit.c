/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* secure_getenv */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload.h"

#define FOLDER    "/run/steadyarm"
#define LINE      16384
#define FILE_MOST (512u << 10) /* it is never longer; `ps` reads files up to 1 MiB */
#define ENOUGH    "{\"full\": true}\n"

static struct {
	int fd;          /* -1: there is none */
	pid_t pid;       /* whose it is */
	uint64_t start;  /* of that process, in clock ticks since boot */
	size_t written;
	bool forked;     /* this is a child of the process whose it is */
	bool torn;       /* a line was not written as a whole: the next one says all again */
	bool full;       /* the last line says so, and there is none after it */
	const struct setup *_Atomic later; /* it is opened when there is a reason to; NULL: not */
	_Atomic bool filtered; /* a system call that is not needed may end the process */
	char path[PATH_MAX];
} record = {.fd = -1};

static bool read_own(const char *name, char *text, size_t room)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, room - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return true;
}

/* Field 22 of /proc/self/stat (proc(5)): with it nobody mistakes a later process for this one. */
static uint64_t start_time(void)
{
	char text[1024];
	const char *p;

	if (!read_own("stat", text, sizeof(text)))
		return 0;
	p = strrchr(text, ')'); /* the name, field 2, may hold anything */
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

/* A filter that was there before this program was is one that nobody here sees being installed. */
static bool is_filtered(void)
{
	char text[8192];
	const char *p = read_own("status", text, sizeof(text)) ? strstr(text, "\nSeccomp:") : NULL;

	return !p || strtol(p + 9, NULL, 10) != 0;
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

static uint32_t count_vcpus(const struct vm *vm)
{
	uint32_t vcpus = 0;

	for (uint32_t i = 0; i < vm->vcpu_count; i++)
		vcpus += vm->vcpu_fds[i] >= 0;
	return vcpus;
}

static void put_vm(struct line *l, const struct vm *vm)
{
	put(l, "{\"fd\": %d, \"vcpus\": %u, \"pinned\": %u, \"read_back\": %u, \"refused\": %s}",
	    vm->fd, count_vcpus(vm), vm->pinned, vm->read_back, vm->failed ? "true" : "false");
}

/* A model's name and id have nothing that needs escaping; the id comes from the environment. */
static bool is_id(const char *id)
{
	return id && strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

static void put_all(struct line *l, const struct setup *s)
{
	const char *quote = is_id(s->id) ? "\"" : "", *before = "";

	put(l, "{\"format\": \"steadyarm-audit\", \"version\": 2, \"pid\": %ld, \"start\": %llu, ",
	    (long)record.pid, (unsigned long long)record.start);
	put(l, "\"model\": \"%s\", \"id\": %s%s%s, \"tolerated\": [%s], \"on_conflict\": \"%s\", ",
	    steady_model_name(s->model), quote, is_id(s->id) ? s->id : "null", quote,
	    s->tolerated ? s->tolerated : "", s->on_conflict == CONFLICT_PIN ? "pin" : "fail");
	put(l, "\"vms\": [");
	for (const struct vm *vm = table_vms(); vm; vm = vm->next) {
		put(l, "%s", before);
		put_vm(l, vm);
		before = ", ";
	}
	put(l, "]}\n");
}

static void write_line(const char *text, size_t length)
{
	ssize_t n;

	do {
		n = write(record.fd, text, length);
	} while (n < 0 && errno == EINTR);
	record.torn = n != (ssize_t)length;
	if (n > 0)
		record.written += (size_t)n;
}

/* The line of one VM, or one of everything. */
static void append(const struct setup *s, const struct vm *vm)
{
	static struct line l; /* the lock is held, or there is one thread yet */

	if (record.fd < 0 || record.full)
		return;
	l.used = 0;
	l.full = false;
	if (record.torn) /* what there is of it ends here */
		put(&l, "\n");
	if (vm && !record.torn) {
		put(&l, "{\"vm\": ");
		put_vm(&l, vm);
		put(&l, "}\n");
	} else {
		put_all(&l, s);
	}
	if (l.full || record.written + l.used + sizeof(ENOUGH) > FILE_MOST) {
		say_log("the record for `steadyarm ps` is full: it says no more");
		l.used = 0;
		l.full = false;
		put(&l, "%s" ENOUGH, record.torn ? "\n" : "");
		record.full = true;
	}
	write_line(l.text, l.used);
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

/* Under its name; where that is of a file of another user's that was left there, under a longer one. */
static int give_name(const char *folder, const char *temporary)
{
	size_t room = sizeof(record.path);

	snprintf(record.path, room, "%s/%ld.json", folder, (long)record.pid);
	if (rename(temporary, record.path) == 0)
		return 0;
	if (errno != EPERM && errno != EACCES)
		return -1;
	snprintf(record.path, room, "%s/%ld-%llu.json", folder, (long)record.pid,
		 (unsigned long long)record.start);
	return rename(temporary, record.path);
}

static void in_child(void)
{
	record.forked = true;
}

void audit_open(const struct setup *s)
{
	const char *folder = secure_getenv("STEADYARM_RUN_DIR");
	static bool told_of_forks;
	char temporary[PATH_MAX];
	int error = 0;

	if (!told_of_forks)
		told_of_forks = pthread_atfork(NULL, NULL, in_child) == 0;
	if (record.fd >= 0)
		close(record.fd);
	record.written = 0;
	record.forked = record.torn = record.full = false;
	record.pid = getpid();
	record.start = start_time();
	if (is_filtered())
		record.filtered = true;
	folder = folder && *folder ? folder : FOLDER;
	snprintf(temporary, sizeof(temporary), "%s/.%ld-%llu.tmp", folder, (long)record.pid,
		 (unsigned long long)record.start);
	record.fd = strlen(folder) + 64 < PATH_MAX ? make_file(folder, temporary) : -1;
	if (record.fd >= 0) {
		append(s, NULL);
		error = give_name(folder, temporary);
	}
	if (record.fd >= 0 && !error)
		return;
	say_log("%s/%ld.json: no record for `steadyarm ps`: %s", folder, (long)record.pid,
		strerror(errno));
	if (record.fd >= 0) {
		close(record.fd);
		unlink(temporary);
	}
	record.fd = -1;
}

/* ---- what there is to say ---- */

static bool is_power(uint32_t n)
{
	return n && !(n & (n - 1));
}

static enum audit_state state_of(const struct vm *vm)
{
	uint32_t vcpus = count_vcpus(vm);

	if (vm->failed)
		return AUDIT_REFUSED;
	return vcpus && vm->read_back == vcpus ? AUDIT_READ_BACK : AUDIT_STARTING;
}

/* Progress is told of at 1, 2, 4, 8 vCPUs: a VM of a thousand needs no thousand lines. */
static bool is_news(const struct vm *vm)
{
	return vm->audited.state != state_of(vm) ||
	       (vm->audited.pinned != vm->pinned && is_power(vm->pinned)) ||
	       (vm->audited.read_back != vm->read_back && is_power(vm->read_back));
}

void audit_later(const struct setup *s)
{
	record.later = s;
}

static void begin(const struct setup *s)
{
	record.later = NULL;
	say_log("model %s", steady_model_name(s->model));
	audit_open(s);
}

void audit_write(const struct setup *s, struct vm *vm)
{
	int saved = errno;

	if (!is_news(vm))
		return;
	if (record.later)
		begin(s);
	else if (!record.forked)
		append(s, vm);
	else if (vm->audited.state == AUDIT_UNTOLD) /* a child's first VM: it is one that makes VMs */
		audit_open(s);
	vm->audited.state = state_of(vm);
	vm->audited.pinned = vm->pinned;
	vm->audited.read_back = vm->read_back;
	errno = saved;
}

void audit_filtered(void)
{
	int saved = errno;

	if (record.later) {
		table_lock();
		if (record.later)
			begin(record.later);
		table_unlock();
	}
	record.filtered = true;
	errno = saved;
}

/* A filter may end the process for it, and with that its exit status; `ps` takes the file away then. */
__attribute__((destructor)) static void leave(void)
{
	if (record.fd >= 0 && !record.forked && !record.filtered)
		unlink(record.path);
}
