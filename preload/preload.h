/* SPDX-License-Identifier: MIT */
/*
 * The preload library from inside. interpose.c has the symbols that a VMM calls, watch.c decides
 * about each request, table.c knows which descriptors are VMs and vCPUs, setup.c reads the model
 * once, say.c speaks.
 *
 * It uses <steadyarm/steadyarm.h> and host/uapi.h (KVM's ABI), nothing else of the library.
 */
#ifndef STEADY_PRELOAD_H
#define STEADY_PRELOAD_H

#include <stdatomic.h>

#include <steadyarm/steadyarm.h>

/* ---- setup.c ---- */

enum conflict { CONFLICT_FAIL, CONFLICT_PIN };

struct setup {
	struct steady_model *model;       /* NULL: there is none, everything is let through */
	bool broken;                      /* one was asked for and cannot be had: no VM is made */
	enum conflict on_conflict;
};
/* Reads the environment and the model, once; safe before any constructor has run. */
const struct setup *setup_get(void);

/* ---- say.c ---- */

void say_init(const char *log_path);
/* A line to the log, and to standard error if it is a complaint. */
__attribute__((format(printf, 1, 2))) void say_log(const char *format, ...);
__attribute__((format(printf, 1, 2))) void say_complain(const char *format, ...);
/* Every finding of a report, as complaints or as log lines. */
void say_report(const struct steady_report *report, bool complain);

/* ---- table.c ---- */

struct vm {
	int fd;
	uint32_t references;      /* the table's entries that point to it */
	struct steady_pin *pin;
	uint32_t gic;             /* device type, 0: none */
	bool deficient;           /* the VMM did not ask for what the model has: scratch VMs do */
	bool failed;              /* a write was refused: it must not run */
	bool started;             /* a vCPU of it has run */
	int *vcpu_fds;            /* by index, -1: none */
	uint32_t vcpu_count;
};

enum kind { KIND_NONE, KIND_VM, KIND_VCPU };

struct entry {
	_Atomic int kind;         /* enum kind */
	_Atomic bool checked;     /* a vCPU that has been read back: runs go straight through */
	struct vm *vm;
	uint32_t vcpu;            /* index */
	uint8_t *run;             /* our own mapping of struct kvm_run */
	size_t run_size;
};
/* NULL where the descriptor is none that was seen being made. Needs no lock. */
struct entry *table_find(int fd);
/* A descriptor that KVM has just given out: what was known of it is of another time. */
struct entry *table_set(int fd, enum kind kind, struct vm *vm, uint32_t vcpu);
/* Held around all that is not a run. */
void table_lock(void);
void table_unlock(void);

/* ---- watch.c ---- */

/* The real call: whatever stands behind this library. */
long real_ioctl(int fd, unsigned int request, void *argument);
/* One request of the VMM. Returns what ioctl(2) would: -1 with errno set, or the result. */
long watch_ioctl(int fd, unsigned int request, void *argument);

#endif
