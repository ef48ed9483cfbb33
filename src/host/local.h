/* SPDX-License-Identifier: MIT */
/*
 * What only the machine itself can tell, beside its KVM: kernel release, page size, the kinds of
 * its cores, and registers that KVM passes through. For the command; a VMM does not need it.
 */
#ifndef STEADY_LOCAL_H
#define STEADY_LOCAL_H

#include <stdint.h>

#include "policy/profile.h"

#define STEADY_KINDS 16

struct steady_machine {
	char name[65];    /* uname's nodename */
	char kernel[65];  /* release */
	struct steady_reading unvirtualised[STEADY_UNVIRTUALISED];
	uint32_t kinds;   /* of cores, told apart by MIDR_EL1 and REVIDR_EL1 in sysfs; at least 1 */
	uint32_t cpu_of[STEADY_KINDS]; /* a processor of that kind */
};

/* Never fails: what cannot be had is left "not captured". `sysfs` is usually "/sys". */
void steady_machine_read(const char *sysfs, struct steady_machine *machine);
/* Moves this thread to a core of a kind; a struct steady_machine as context. 0 or -errno. */
int steady_machine_enter(void *machine, uint32_t kind);

#endif
