/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a guest that a stock VMM saves on one host and restores on another: the calls
 * that the VMM makes, made on both hosts. For simulated hosts, so that nothing but profiles is
 * needed.
 */
#ifndef STEADY_MOVE_H
#define STEADY_MOVE_H

#include <steadyarm/steadyarm.h>

#include "arch/vmm.h"
#include "policy/model.h"
#include "policy/profile.h"

struct steady_move_side {
	const struct steady_profile *profile;
	steady_call_fn *call; /* a host that is like the profile */
	void *ctx;
	const struct steady_model *model; /* the VMM runs pinned to it; NULL: unpinned */
};

struct steady_move_request {
	struct steady_move_side source, destination;
	const struct steady_vmm *vmm; /* NULL: none in particular, everything that may fail */
	uint32_t options_on;          /* 1 << enum steady_option: what both VMMs are told */
	uint32_t options_off;
};

/* What a restore fails of, in the order in which a VMM comes to it. */
enum steady_move_cause {
	STEADY_MOVE_NONE,
	STEADY_MOVE_START,   /* a VMM does not start there, or not pinned */
	STEADY_MOVE_SAVE,    /* a register of the source's list cannot be read */
	STEADY_MOVE_IRQCHIP, /* the VMs have different interrupt controllers */
	STEADY_MOVE_LONGER,  /* the stream has more registers than the VMM expects */
	STEADY_MOVE_UNKNOWN, /* the stream has a register that is not there */
	STEADY_MOVE_REFUSED, /* a KVM_SET_ONE_REG fails */
	STEADY_MOVE_RUN,     /* a pinned vCPU does not run: it reads back another value */
};
const char *steady_move_cause_name(enum steady_move_cause cause); /* "refused" */

struct steady_moved {
	enum steady_move_cause cause; /* of the first failure */
	uint64_t id;                  /* of its register, 0: none */
	uint64_t value;               /* REFUSED: what was to be written, and the errno */
	int error;
	size_t incoming, room; /* registers of the stream, and of the destination's list */
};

/*
 * 0: the guest goes on and sees the same CPU. EBLOCKED: it does not go on; the report has an error
 * for each reason, the first is the one that the VMM stops at. EMISMATCH: it goes on, on another
 * CPU; the report has a warning for each thing that changes. A note is what the model tolerates.
 * EUNKNOWN: a profile does not hold what this needs. *moved is filled in.
 */
int steady_move(const struct steady_move_request *request, struct steady_moved *moved,
		struct steady_report *report);

#endif
