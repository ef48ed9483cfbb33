/* SPDX-License-Identifier: MIT */
/* What this machine passes through to guests, or the simulated host that stands in for it. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include <dlfcn.h>
#include <sys/auxv.h>

#include "preload.h"

typedef bool simulated_fn(const char *name, uint64_t *value);

static size_t ask_simulated(simulated_fn *simulated, struct steady_passed here[HERE_MAX])
{
	static const char *const names[] = {"CNTFRQ_EL0", "DCZID_EL0", "PAGE_SIZE"};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (simulated(names[i], &here[count].value))
			here[count++].name = names[i];
	}
	return count;
}

size_t here_passed(struct steady_passed here[HERE_MAX])
{
	simulated_fn *simulated;
	size_t count = 0;

	*(void **)(&simulated) = dlsym(RTLD_DEFAULT, "steadyarm_simulated"); /* sim/device.c */
	if (simulated)
		return ask_simulated(simulated, here);
#ifdef __aarch64__
	uint64_t v;

	/* EL0 may read both: Linux sets CNTKCTL_EL1.EL0VCTEN and leaves DCZID_EL0 alone */
	__asm__("mrs %0, cntfrq_el0" : "=r"(v));
	here[count++] = (struct steady_passed){"CNTFRQ_EL0", v};
	__asm__("mrs %0, dczid_el0" : "=r"(v));
	here[count++] = (struct steady_passed){"DCZID_EL0", v};
	here[count++] = (struct steady_passed){"PAGE_SIZE", getauxval(AT_PAGESZ)};
#endif
	return count;
}
