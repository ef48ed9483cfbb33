/* SPDX-License-Identifier: MIT */
/*
 * The processes that use KVM, as /proc tells (proc(5)): by descriptors of /dev/kvm, of VMs and of
 * vCPUs. For the command; a VMM does not need it.
 */
#ifndef STEADY_PROCESS_H
#define STEADY_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct steady_process {
	long pid;
	uint32_t uid;     /* effective */
	uint64_t start;   /* in clock ticks since boot */
	char name[32];    /* of the program, as the kernel cuts it */
	bool readable;    /* false: its descriptors may not be looked at */
	bool library;     /* the preload library is mapped */
	bool simulated;   /* its /dev/kvm is a simulated host */
	int *vms;         /* descriptors of VMs, ascending */
	size_t vm_count;
	size_t vcpus;     /* descriptors of vCPUs */
};

/*
 * All processes that have KVM open, and those that may not be looked at, by pid; kernel threads are
 * neither. `proc` is usually "/proc". ENOMEM; EHOST: it cannot be read.
 */
int steady_processes_read(const char *proc, struct steady_process **all, size_t *count);
/* Whether a process is there and has not been another one since; an unreadable one counts. */
bool steady_process_lives(const char *proc, long pid, uint64_t start);
void steady_processes_free(struct steady_process *all, size_t count);

#endif
