/* SPDX-License-Identifier: MIT */
/*
 * Sequences of calls: probing a host, pinning a throw-away VM. What a VMM uses of it is in
 * <steadyarm/steadyarm.h>.
 */
#ifndef STEADY_PIN_H
#define STEADY_PIN_H

#include <steadyarm/steadyarm.h>

#include "host/wrap.h"
#include "policy/model.h"
#include "policy/profile.h"

/* ---- probe.c ---- */

/* What only the machine itself can tell, beside its KVM. Strings are borrowed. */
struct steady_local {
	const char *name;            /* of the host */
	const char *kernel;          /* release */
	const char *note;            /* how the profile is made, or NULL */
	struct steady_reading unvirtualised[STEADY_UNVIRTUALISED];
	bool deep;                   /* try every value of every field */
	uint32_t kinds;              /* of cores; at least 1 */
	int (*enter)(void *ctx, uint32_t kind); /* moves this thread to such a core; may be NULL */
	void *ctx;
	void (*progress)(void *ctx, size_t done, size_t total); /* configurations; may be NULL */
};

/*
 * Captures a host: every combination of the vCPU options that it has; of those on request EL2 with
 * each of these, 32-bit EL1 alone and with all. A register that cannot be read is kept with its errno.
 * EHOST: not even a plain VM can be made.
 */
int steady_probe(steady_call_fn *call, void *ctx, const struct steady_local *local,
		 struct steady_profile **profile, struct steady_report *report);

/* ---- pin.c ---- */

/* steady_pin_check() with words for where this is: "before the first run". */
int steady_pin_check_at(struct steady_pin *pin, const char *stage, struct steady_report *report);
/* What every register is to be, tolerated fields resolved; NULL before the first vCPU. */
const uint64_t *steady_pin_target(const struct steady_pin *pin);

/* ---- apply.c ---- */

struct steady_applied {
	uint32_t vcpus;
	uint64_t calls;              /* made in all */
	struct steady_write *writes; /* in order */
	size_t write_count;
	uint64_t target[STEADY_REGISTERS]; /* what the VM was brought to */
	bool targeted;               /* target is filled in */
	bool pinned;                 /* read back equal on every vCPU, before and after a run */
};

/*
 * Makes a VM that nobody uses, pins it, reads everything back on every vCPU, lets every vCPU enter
 * once with immediate_exit, and reads everything back again. *applied is filled in either way and
 * is to be cleared.
 */
int steady_apply(const struct steady_model *model, steady_call_fn *call, void *ctx, uint32_t vcpus,
		 struct steady_applied *applied, struct steady_report *report);
/*
 * The same for a guest that will run: all vCPUs but the first are powered off, and implementation
 * discovery is answered by the caller.
 */
int steady_apply_guest(const struct steady_model *model, steady_call_fn *call, void *ctx,
		       uint32_t vcpus, struct steady_applied *applied,
		       struct steady_report *report);
void steady_applied_clear(struct steady_applied *applied);

/* ---- verify.c ---- */

/* What the guest saw, beside what the report has. */
struct steady_verified {
	struct steady_applied applied;
	uint32_t guests;       /* vCPUs that came to the guest's end */
	uint32_t equal;        /* registers of the core range that they all read as they should */
	uint32_t others;       /* registers outside it that the model has ... */
	uint32_t others_equal; /* ... and that they all read as they should */
	uint32_t undefined;    /* encodings that trapped at EL1 */
	uint32_t trapped;      /* registers of the core range that trapped at EL0, as they should */
	uint64_t psci, smccc;  /* versions that the guest was told */
	uint64_t midr, ctr, dczid, cntfrq;
	uint32_t discovered;   /* CPUs that the guest was told it may meet */
	uint64_t pmceid[2];    /* PMCEID0_EL0, PMCEID1_EL0: what the first vCPU's PMU counts ... */
	bool events;           /* ... if it has one; no model holds them */
};

/*
 * Applies the model and lets a small guest read its own registers on every vCPU, at EL1 and at EL0.
 * EMISMATCH: what the guest saw is not the model; EHOST: it did not come to its end.
 */
int steady_verify(const struct steady_model *model, struct steady_kvm *kvm, uint32_t vcpus,
		  struct steady_verified *verified, struct steady_report *report);

/* The same on any host, and with any guest: a function like steady_guest_run(). */
struct steady_guest;
struct steady_guest_answers;
struct steady_verifier {
	steady_call_fn *call;
	void *ctx;
	int (*run)(void *guest_ctx, uint32_t vcpus, unsigned int seconds,
		   const struct steady_guest_answers *answers, struct steady_guest *guest);
	void *guest_ctx;
};
int steady_verify_with(const struct steady_model *model, const struct steady_verifier *with,
		       uint32_t vcpus, struct steady_verified *verified,
		       struct steady_report *report);

#endif
