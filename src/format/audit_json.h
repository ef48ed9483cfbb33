/* SPDX-License-Identifier: MIT */
/* The record that the preload library leaves of a process, for `steadyarm ps`. */
#ifndef STEADY_AUDIT_JSON_H
#define STEADY_AUDIT_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct steady_audit_vm {
	int fd;
	uint32_t vcpus, pinned, read_back;
	bool refused; /* it was not let run */
};

struct steady_audit {
	json_t *root;       /* owns the strings */
	long pid;
	uint64_t start;     /* of the process, in clock ticks since boot */
	const char *model;
	const char *id;     /* NULL: not told */
	json_t *tolerated;  /* array of names */
	json_t *vms;
	bool full;          /* what became of the VMs is not told any more */
};

/* What the lines of the text that are whole come to. False: it is no such record. To be cleared. */
bool steady_audit_read(const char *text, size_t length, struct steady_audit *audit);
/* What it says of the VM behind a descriptor; false: nothing. */
bool steady_audit_vm(const struct steady_audit *audit, int fd, struct steady_audit_vm *vm);
void steady_audit_clear(struct steady_audit *audit);

#endif
