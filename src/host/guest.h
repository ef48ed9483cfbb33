/* SPDX-License-Identifier: MIT */
/*
 * A guest of our own (host/guest_code.S) on the VM that a struct steady_kvm holds: what it reads of
 * its ID registers at EL1 and at EL0, and what its hypercalls answer.
 */
#ifndef STEADY_GUEST_H
#define STEADY_GUEST_H

#include <stddef.h>

#include <steadyarm/steadyarm.h>

#define STEADY_GUEST_VCPUS     8
#define STEADY_GUEST_ENCODINGS 192

enum steady_guest_call { /* places of the hypercalls' results */
	STEADY_GUEST_PSCI_VERSION,
	STEADY_GUEST_SMCCC_VERSION,
	STEADY_GUEST_WORKAROUND_1,
	STEADY_GUEST_WORKAROUND_2,
	STEADY_GUEST_WORKAROUND_3,
	STEADY_GUEST_TRNG_VERSION,
	STEADY_GUEST_PV_TIME,
	STEADY_GUEST_VENDOR_FEATURES,
	STEADY_GUEST_DISCOVER_IMPL,
	STEADY_GUEST_CALLS
};

enum steady_guest_four { /* those of which four registers are kept */
	STEADY_GUEST_VENDOR_UID,
	STEADY_GUEST_VENDOR_BITS,
	STEADY_GUEST_DISCOVER_VERSION,
	STEADY_GUEST_DISCOVER_CPU, /* and one for each index that the guest asked for */
	STEADY_GUEST_FOURS = STEADY_GUEST_DISCOVER_CPU + 65
};

struct steady_guest_read {
	uint64_t value;
	uint64_t syndrome; /* ESR_EL1 of a read that trapped; 0: it did not */
	bool seen;         /* the guest came by here */
};

struct steady_guest_vcpu {
	struct steady_guest_read el1[STEADY_GUEST_ENCODINGS];
	struct steady_guest_read el0[STEADY_GUEST_ENCODINGS];
	uint64_t ctr, dczid, cntfrq; /* as EL0 reads them */
	uint64_t pmceid[2];          /* PMCEID0_EL0, PMCEID1_EL0, at EL1 */
	bool no_events;              /* their reads trapped: it has no PMU */
	bool done;                   /* it has come to its end */
};

struct steady_guest {
	struct steady_guest_vcpu vcpu[STEADY_GUEST_VCPUS];
	uint64_t call[STEADY_GUEST_CALLS]; /* results of the first vCPU's hypercalls */
	uint64_t four[STEADY_GUEST_FOURS][4]; /* X0 to X3 of them */
	uint32_t fours;                       /* how many there were */
	uint32_t vcpus;
	int error;                   /* positive errno of what failed, 0 for none */
	const char *failed;          /* which call */
};

/* What the VMM says to hypercalls that KVM forwards: X0 to X3 in and out; false: not supported. */
struct steady_guest_answers {
	bool (*answer)(const void *ctx, uint64_t x[4]);
	const void *ctx;
};

/*
 * Runs the guest on `vcpus` vCPUs, the first started here, the others by PSCI CPU_ON, for at most
 * `seconds`. The VM is there, its vCPUs are initialised (all but the first powered off) and
 * pinned. EHOST: a call failed, or the guest did not come to its end; *guest has what it said.
 */
int steady_guest_run(struct steady_kvm *kvm, uint32_t vcpus, unsigned int seconds,
		     const struct steady_guest_answers *answers, struct steady_guest *guest);

/* kvm.c, for guest.c: each returns 0 or a negative errno. */
int steady_kvm_memory(struct steady_kvm *kvm, uint64_t address, void *memory, size_t size);
int steady_kvm_map(struct steady_kvm *kvm, uint32_t vcpu, uint8_t **run);
int steady_kvm_enter(struct steady_kvm *kvm, uint32_t vcpu); /* KVM_RUN */

#endif
