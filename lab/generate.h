/* SPDX-License-Identifier: MIT */
/* Random calls for a host of a known profile: VMs with a few vCPUs and what one may do to them. */
#ifndef LAB_GENERATE_H
#define LAB_GENERATE_H

#include <stdbool.h>
#include <steadyarm/steadyarm.h>

#include "policy/profile.h"

#define GENERATE_VCPUS 4

struct generate {
	steady_call_fn *call;
	void *ctx;
	const struct steady_profile *profile;
	uint64_t random;         /* state; set it to the seed */
	uint32_t length;         /* of a VM's life: 1 is about 600 calls */
	bool stop;               /* the caller's: leave this VM */

	/* the VM */
	const struct steady_configuration *c;
	uint32_t features;
	uint32_t vcpus[GENERATE_VCPUS];
	uint32_t vcpu_count;
	bool ran, gic;
	bool no_gic;             /* creating one would be the end of some kernels */

	/* counts */
	uint64_t calls, vms, sets, refused, several, after_run;
};

/* Makes at least so many calls, to the end of the last VM. */
void generate_calls(struct generate *g, uint64_t calls);

#endif
