/* SPDX-License-Identifier: MIT */
/* Probing from inside: probe.c captures, reset.c the state of a fresh vCPU and after a run, deep.c tries values, behave.c tries what kernels do. */
#ifndef STEADY_PROBE_H
#define STEADY_PROBE_H

#include "pin/ask.h"
#include "pin/pin.h"

struct steady_probe {
	struct steady_host host; /* notes what is asked on the way to `next` */
	struct steady_host next;
	const struct steady_local *local;
	struct steady_profile *p;
	struct steady_report *report;
	uint64_t vm_type;
	uint32_t available;      /* options that the host says it has */
	uint32_t on_request;     /* the same, of those that a guest has to be made for */
	uint64_t gic;            /* device type that could be made; 0: none */
	bool gic_known;
	bool deep;
	enum steady_op asked;    /* the last call that was made */
	size_t captured;         /* configurations that are not failures */
	size_t done, total;      /* configurations */
};

struct steady_reading steady_probe_reading(int r, uint64_t value);
/* Tells that a register could not be read. */
void steady_probe_note(struct steady_probe *b, uint64_t id, int r);
/* A throw-away VM with one vCPU of these options, initialised. A negative errno. */
int steady_probe_make_vm(struct steady_probe *b, uint32_t options);

/*
 * On the VM of the configuration that was captured last: what KVM accepts of fields and keeps as
 * something else, and which registers go with which fields. Deep: what it accepts of every field.
 */
int steady_probe_try(struct steady_probe *b, struct steady_configuration *c);
/*
 * On the same VM, before: what its other registers hold after a reset. Of the fullest configuration,
 * and of those on request, whose vCPUs start in other modes.
 */
int steady_probe_reset(struct steady_probe *b, struct steady_configuration *c);
/* What a run makes of registers that hosts with VHE keep in the CPU, on a VM of its own. */
int steady_probe_loaded(struct steady_probe *b);
/* Fills in the profile's behaviours, each tried on VMs of its own. */
int steady_probe_behaviours(struct steady_probe *b);

#endif
