/* SPDX-License-Identifier: MIT */
/*
 * How stock VMMs restore the registers of a saved guest: generated from data/vmms.tsv, look-up
 * only.
 */
#ifndef STEADY_VMM_H
#define STEADY_VMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct steady_vmm_id {
	uint64_t id;    /* KVM's */
	bool zero_only; /* only in the stream, and only if its value is 0; else on either side */
};

struct steady_vmm {
	const char *name;  /* "qemu-10" */
	bool not_longer;   /* a stream with more registers than the destination has is refused */
	bool tail_ignored; /* what comes behind the destination's last register is not looked at */
	bool forgets;      /* a tolerated register clears an earlier failure */
	const struct steady_vmm_id *tolerated;
	size_t tolerated_count;
};

extern const struct steady_vmm steady_vmms[];
extern const unsigned int steady_vmm_count;
/* System registers that are no feature ID registers, for messages. */
struct steady_listed {
	const char *name; /* "PMMIR_EL1" */
	uint64_t id;      /* KVM's */
};
extern const struct steady_listed steady_listed[];
extern const unsigned int steady_listed_count;

/* NULL: there is none of that name. */
const struct steady_vmm *steady_vmm_by_name(const char *name);

#endif
