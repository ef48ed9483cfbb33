/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* readlinkat */
#include "host/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <steadyarm/steadyarm.h>

#define LIBRARY "steadyarm-preload.so"

/* ---- one file of a process ---- */

static FILE *open_file(const char *proc, long pid, const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%ld/%s", proc, pid, name) >= (int)sizeof(path))
		return NULL;
	return fopen(path, "re");
}

/* Name and start from `stat`, whose second field is in brackets and may hold anything. */
static bool read_stat(const char *proc, struct steady_process *p)
{
	FILE *f = open_file(proc, p->pid, "stat");
	char text[1024];
	const char *open, *close;
	size_t n, length;

	if (!f)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (!open || !close || close < open)
		return false;
	length = (size_t)(close - open - 1);
	length = length < sizeof(p->name) - 1 ? length : sizeof(p->name) - 1;
	memcpy(p->name, open + 1, length);
	p->name[length] = '\0';
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)p->name[i] < ' ' || p->name[i] == 0x7f)
			p->name[i] = '?';
	}
	for (int field = 2; close && field < 22; field++)
		close = strchr(close + 1, ' ');
	p->start = close ? strtoull(close, NULL, 10) : 0;
	return close != NULL;
}

static void read_uid(const char *proc, struct steady_process *p)
{
	FILE *f = open_file(proc, p->pid, "status");
	char line[256];
	unsigned int effective;

	p->uid = UINT32_MAX;
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Uid: %*u %u", &effective) == 1)
			p->uid = effective;
	}
	if (f)
		fclose(f);
}

static bool is_kernel_thread(const char *proc, long pid)
{
	FILE *f = open_file(proc, pid, "cmdline");
	bool empty;

	if (!f)
		return true; /* it has gone */
	empty = fgetc(f) == EOF;
	fclose(f);
	return empty;
}

static bool has_library(const char *proc, long pid)
{
	FILE *f = open_file(proc, pid, "maps");
	char line[PATH_MAX + 128];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, "/" LIBRARY) != NULL;
	if (f)
		fclose(f);
	return found;
}

/* ---- its descriptors ---- */

static int add_vm(struct steady_process *p, int fd)
{
	int *all = realloc(p->vms, (p->vm_count + 1) * sizeof(*all));
	size_t at = p->vm_count;

	if (!all)
		return -STEADY_ENOMEM;
	p->vms = all;
	for (; at && all[at - 1] > fd; at--)
		all[at] = all[at - 1];
	all[at] = fd;
	p->vm_count++;
	return 0;
}

/* The kernel's names (virt/kvm/kvm_main.c), and the simulated host's, which are memory files. */
static int look_at(struct steady_process *p, int fd, const char *target, bool *uses)
{
	static const char simulated[] = "/memfd:";
	bool memory = strncmp(target, simulated, sizeof(simulated) - 1) == 0;
	const char *name = strchr(target, ':');

	if (strcmp(target, "/dev/kvm") == 0) {
		*uses = true;
		return 0;
	}
	if (!name || (!memory && strncmp(target, "anon_inode:", 11) != 0))
		return 0;
	name++;
	if (memory && strncmp(name, "kvm (", 5) == 0) {
		*uses = true;
		p->simulated = true;
	} else if (strcmp(name, "kvm-vcpu") == 0 || strncmp(name, "kvm-vcpu:", 9) == 0 ||
		   strncmp(name, "kvm-vcpu (", 10) == 0) { /* and not its statistics */
		*uses = true;
		p->vcpus++;
	} else if (strcmp(name, "kvm-vm") == 0 || strncmp(name, "kvm-vm (", 8) == 0) {
		*uses = true;
		p->simulated = p->simulated || memory;
		return add_vm(p, fd);
	}
	return 0;
}

static int read_descriptors(const char *proc, struct steady_process *p, bool *uses)
{
	char path[PATH_MAX], target[256];
	struct dirent *e;
	int r = 0;
	DIR *d;

	*uses = false;
	snprintf(path, sizeof(path), "%s/%ld/fd", proc, p->pid);
	d = opendir(path);
	p->readable = d != NULL;
	if (!d) {
		*uses = errno == EACCES || errno == EPERM; /* for all that is known */
		return 0;
	}
	while (!r && (e = readdir(d))) {
		ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		r = look_at(p, atoi(e->d_name), target, uses);
	}
	closedir(d);
	return r;
}

/* ---- all of them ---- */

static int read_one(const char *proc, long pid, struct steady_process *p, bool *counts)
{
	int r;

	memset(p, 0, sizeof(*p));
	p->pid = pid;
	*counts = false;
	if (!read_stat(proc, p))
		return 0; /* it has gone */
	r = read_descriptors(proc, p, counts);
	if (r || !*counts)
		return r;
	if (!p->readable && is_kernel_thread(proc, pid)) {
		*counts = false;
		return 0;
	}
	read_uid(proc, p);
	p->library = has_library(proc, pid);
	return 0;
}

static int by_pid(const void *a, const void *b)
{
	const struct steady_process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static int add(struct steady_process **all, size_t *count, const struct steady_process *p)
{
	struct steady_process *more = realloc(*all, (*count + 1) * sizeof(*more));

	if (!more)
		return -STEADY_ENOMEM;
	more[(*count)++] = *p;
	*all = more;
	return 0;
}

int steady_processes_read(const char *proc, struct steady_process **out, size_t *count)
{
	struct steady_process *all = NULL, p;
	DIR *d = opendir(proc);
	struct dirent *e;
	size_t n = 0;
	int r = 0;

	if (!d)
		return -STEADY_EHOST;
	while (!r && (e = readdir(d))) {
		bool counts;
		char *end;
		long pid = strtol(e->d_name, &end, 10);

		if (*end || pid <= 0)
			continue;
		r = read_one(proc, pid, &p, &counts);
		if (!r && counts)
			r = add(&all, &n, &p);
		if (r || !counts)
			free(p.vms);
	}
	closedir(d);
	if (r) {
		steady_processes_free(all, n);
		return r;
	}
	if (n)
		qsort(all, n, sizeof(*all), by_pid);
	*out = all;
	*count = n;
	return 0;
}

bool steady_process_lives(const char *proc, long pid, uint64_t start)
{
	struct steady_process p = {.pid = pid};

	return read_stat(proc, &p) && p.start == start;
}

void steady_processes_free(struct steady_process *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(all[i].vms);
	free(all);
}
