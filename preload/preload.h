/* SPDX-License-Identifier: MIT */
/*
 * The preload library from inside. interpose.c has the symbols that a VMM calls, watch.c decides
 * about each request, table.c knows which descriptors are VMs and vCPUs, setup.c reads the model
 * once, here.c what the machine passes through, say.c speaks, audit.c leaves a record for `steadyarm ps`.
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
	struct steady_pin *pin;           /* of no VM: says what the model means for a question */
	bool broken;                      /* one was asked for and cannot be had: no VM is made */
	enum conflict on_conflict;
	const char *id;                   /* the model's, as `steadyarm run` tells it; NULL: not told */
	const char *tolerated;            /* names in quotes, separated by commas; "" for none */
};
/* Reads the environment and the model, once; safe before any constructor has run. */
const struct setup *setup_get(void);

/* ---- say.c ---- */

void say_init(const char *log_path);
/* Whether there is a log. */
bool say_logs(void);
/* A line to the log, and to standard error if it is a complaint. */
__attribute__((format(printf, 1, 2))) void say_log(const char *format, ...);
__attribute__((format(printf, 1, 2))) void say_complain(const char *format, ...);
/* Every finding of a report, as complaints or as log lines. */
void say_report(const struct steady_report *report, bool complain);

/* ---- table.c ---- */

/* What a process's record says of a VM (below). */
enum audit_state { AUDIT_UNTOLD, AUDIT_STARTING, AUDIT_READ_BACK, AUDIT_REFUSED };

struct vm {
	struct vm *next;          /* of table_vms() */
	int fd;
	uint32_t references;      /* the table's entries that point to it */
	struct steady_pin *pin;
	uint32_t gic;             /* device type, 0: none */
	uint32_t features;        /* word 0 of KVM_ARM_VCPU_INIT's, as the VMM asked last */
	bool deficient;           /* the VMM did not ask for what the model has: scratch VMs do */
	bool told;                /* the VMM's user was told what is missing */
	bool failed;              /* a write was refused, or it reads back otherwise: must not run */
	uint32_t pinned;          /* vCPUs that were written */
	uint32_t read_back;       /* vCPUs that were read back equal after their first entry */
	int *vcpu_fds;            /* by index, -1: none */
	uint32_t vcpu_count;
	struct {
		enum audit_state state;
		uint32_t pinned, read_back;
	} audited;                /* as the record has it */
};

enum kind { KIND_NONE, KIND_VM, KIND_VCPU };

struct entry {
	_Atomic int kind;         /* enum kind */
	_Atomic bool checked;     /* a vCPU that has been read back: runs go straight through */
	bool pinned, read_back;   /* whether it counts in those of its VM */
	struct vm *vm;
	uint32_t vcpu;            /* index */
	uint8_t *run;             /* our own mapping of struct kvm_run */
	size_t run_size;
};
/* NULL where the descriptor is none that was seen being made. Needs no lock. */
struct entry *table_find(int fd);
/* A descriptor that KVM has just given out: what was known of it is of another time. */
struct entry *table_set(int fd, enum kind kind, struct vm *vm, uint32_t vcpu);
/* All VMs that are known, newest first. */
const struct vm *table_vms(void);
/* Held around all that is not a run. */
void table_lock(void);
void table_unlock(void);

/* ---- audit.c ---- */

/*
 * The process's record, PID.json in /run/steadyarm or $STEADYARM_RUN_DIR (docs/formats.md): what the
 * process is pinned to, then a short line for each VM whose state changes. A VMM may shut itself into
 * a filter that ends it for any other system call: the file is opened before, and from then on written
 * to with write(2) alone. It has a bound. What cannot be written is dropped: it never stops a VM.
 */
void audit_open(const struct setup *setup);
/*
 * For a process that a wrapper script started, which may be anything: the same, with a line in the log,
 * once it makes a VM or installs a filter.
 */
void audit_later(const struct setup *setup);
/*
 * Under the table's lock: something about this VM may have changed. A child that was forked off
 * begins its own record with its first VM.
 */
void audit_write(const struct setup *setup, struct vm *vm);
/* The process installs a filter of system calls. */
void audit_filtered(void);

/* ---- here.c ---- */

#define HERE_MAX 4
/* What guests here get as it is, whatever is written: names and values; how many. */
size_t here_passed(struct steady_passed here[HERE_MAX]);

/* ---- watch.c ---- */

/* The real call: whatever stands behind this library. */
long real_ioctl(int fd, unsigned int request, void *argument);
/* One request of the VMM. Returns what ioctl(2) would: -1 with errno set, or the result. */
long watch_ioctl(int fd, unsigned int request, void *argument);

#endif
