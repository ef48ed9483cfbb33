/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* memfd_create, dup3 */
#include "inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "simhost.h"

#define IOCTL_ONLY 3

static struct simhost_object *objects;

static const char *const names[] = {
	[SIMHOST_DEVICE] = "kvm",
	[SIMHOST_VM] = "kvm-vm",
	[SIMHOST_VCPU] = "kvm-vcpu",
	[SIMHOST_GIC] = "kvm-vgic",
};

static struct simhost_object *find_file(const struct stat *st)
{
	for (struct simhost_object *o = objects; o; o = o->next) {
		if (o->inode == (uint64_t)st->st_ino && o->device == (uint64_t)st->st_dev)
			return o;
	}
	return NULL;
}

static struct simhost_object *add(const struct stat *st, enum simhost_kind kind,
				  struct simhost_vm *vm, uint32_t vcpu)
{
	struct simhost_object *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->device = (uint64_t)st->st_dev;
	o->inode = (uint64_t)st->st_ino;
	o->kind = kind;
	o->vm = vm;
	o->vcpu = vcpu;
	if (vm)
		vm->references++;
	o->next = objects;
	objects = o;
	return o;
}

/* A /dev/kvm that another process opened, and handed over: it has no state, so it is as good. */
static bool is_device(int fd, const struct stat *st)
{
	char path[64], target[64];
	ssize_t n;

	if (!S_ISREG(st->st_mode))
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	return strcmp(target, "/memfd:kvm (deleted)") == 0;
}

/* Past the symbol of look.c, which asks here. */
static int look(int fd, struct stat *st)
{
	return (int)syscall(SYS_fstat, fd, st);
}

struct simhost_object *simhost_find(int fd)
{
	struct simhost_object *o;
	struct stat st;
	int saved = errno;

	if (look(fd, &st)) {
		errno = saved;
		return NULL;
	}
	o = find_file(&st);
	if (!o && is_device(fd, &st))
		o = add(&st, SIMHOST_DEVICE, NULL, 0);
	errno = saved;
	return o;
}

/*
 * A memory file can be read, written, sized and mapped, which /dev/kvm, a VM and a GIC refuse (EINVAL,
 * ENODEV). So their descriptors are opened anew for ioctl(2) alone (open(2): access mode 3), where
 * qemu-user does not know that by O_PATH: it fails, if with EBADF or EACCES. Of a vCPU struct kvm_run is
 * mapped, so that it stays what it is, but of its size.
 */
static void close_contents(int fd, enum simhost_kind kind, bool inherited)
{
	char path[64];
	int bare;

	if (simhost_copies_plainly()) /* a filter may end the program for opening anything */
		return;
	if (kind == SIMHOST_VCPU) {
		fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
		return;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	bare = open(path, IOCTL_ONLY | O_CLOEXEC);
	if (bare >= 0 && (fcntl(bare, F_GETFL) & O_ACCMODE) != IOCTL_ONLY) {
		close(bare);
		bare = open(path, O_PATH | O_CLOEXEC);
	}
	if (bare < 0)
		return;
	dup3(bare, fd, inherited ? 0 : O_CLOEXEC);
	close(bare);
}

int simhost_make(enum simhost_kind kind, struct simhost_vm *vm, uint32_t vcpu, bool inherited)
{
	int fd = memfd_create(names[kind], MFD_ALLOW_SEALING | (inherited ? 0 : MFD_CLOEXEC));
	int saved = errno;
	struct stat st;

	if (fd < 0)
		return -1;
	if ((kind == SIMHOST_VCPU && ftruncate(fd, SIMHOST_RUN_SIZE)) || look(fd, &st) ||
	    !add(&st, kind, vm, vcpu)) {
		close(fd);
		errno = ENOMEM;
		return -1;
	}
	close_contents(fd, kind, inherited);
	errno = saved;
	return fd;
}

/* ---- what is gone ---- */

static bool mark_alive(void)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;
	struct simhost_object *o;
	struct stat st;

	if (!folder)
		return false;
	for (o = objects; o; o = o->next)
		o->alive = false;
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.' || look(atoi(entry->d_name), &st))
			continue;
		o = find_file(&st);
		if (o)
			o->alive = true;
	}
	closedir(folder);
	return true;
}

void simhost_collect(void)
{
	struct simhost_object **at = &objects, *o;
	int saved = errno;

	if (!objects || !mark_alive()) {
		errno = saved;
		return;
	}
	while ((o = *at)) {
		if (o->alive) {
			at = &o->next;
			continue;
		}
		*at = o->next;
		if (o->vm && !--o->vm->references)
			simhost_free_vm(o->vm);
		free(o->z);
		free(o);
	}
	errno = saved;
}
