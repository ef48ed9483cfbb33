/* SPDX-License-Identifier: MIT */
/*
 * Short forms of single calls, for the sequences of this layer.
 */
#ifndef STEADY_ASK_H
#define STEADY_ASK_H

#include <steadyarm/steadyarm.h>

struct steady_host {
	steady_call_fn *call;
	void *ctx;
};

/* Each returns 0 or a negative errno, as the call does. */
int steady_ask(const struct steady_host *h, enum steady_op op, uint32_t vcpu, uint64_t id);
int steady_ask_get(const struct steady_host *h, uint32_t vcpu, uint64_t id, uint64_t value[8]);
int steady_ask_set(const struct steady_host *h, uint32_t vcpu, uint64_t id,
		   const uint64_t value[8]);
int steady_ask_set64(const struct steady_host *h, uint32_t vcpu, uint64_t id, uint64_t value);
int steady_ask_check(const struct steady_host *h, uint64_t capability, uint64_t *value);
/* The writable masks of range 0, 192 words. */
int steady_ask_masks(const struct steady_host *h, uint64_t masks[192]);
/* The register list, to be freed by free(), sorted. */
int steady_ask_reglist(const struct steady_host *h, uint32_t vcpu, uint64_t **list, size_t *count);
/* The type for STEADY_OP_CREATE_VM: 0, or the IPA size of a host that has less than 40 bits. */
int steady_ask_vm_type(const struct steady_host *h, uint64_t *type);
uint64_t steady_ask_type_of(uint64_t ipa_bits);
/* The kernel's name of a call: "KVM_SET_ONE_REG". */
const char *steady_ask_ioctl(enum steady_op op);
/* "EBUSY (the VM has run already)" into out; returns out. */
#define STEADY_ASK_SAYS 160
const char *steady_ask_says(enum steady_op op, int result, char out[STEADY_ASK_SAYS]);
/* Adds a finding "the call failed", returns -STEADY_EHOST. */
int steady_ask_failed(struct steady_report *report, enum steady_op op, const char *subject,
		      int result);
/*
 * For an errno that is an answer: adds a finding that says what it says, for the caller to go on
 * with (what was wanted, what to do); returns -STEADY_EBLOCKED.
 */
int steady_ask_blocked(struct steady_report *report, enum steady_op op, const char *subject,
		       int result);

#endif
