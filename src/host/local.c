/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* sched_setaffinity */
#include "host/local.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MAX_CPUS 4096

static bool read_id(const char *sysfs, unsigned int cpu, const char *which, uint64_t *value)
{
	char path[256];
	FILE *f;
	bool ok;

	/* Documentation/ABI/testing/sysfs-devices-system-cpu */
	snprintf(path, sizeof(path), "%s/devices/system/cpu/cpu%u/regs/identification/%s_el1",
		 sysfs, cpu, which);
	f = fopen(path, "re");
	if (!f)
		return false;
	ok = fscanf(f, "%" SCNx64, value) == 1;
	fclose(f);
	return ok;
}

static void find_kinds(const char *sysfs, struct steady_machine *m)
{
	uint64_t midr[STEADY_KINDS] = {0}, revidr[STEADY_KINDS] = {0};

	for (unsigned int cpu = 0; cpu < MAX_CPUS && m->kinds < STEADY_KINDS; cpu++) {
		uint64_t id, revision = 0;
		bool known = false;

		if (!read_id(sysfs, cpu, "midr", &id))
			continue; /* offline, or not there */
		read_id(sysfs, cpu, "revidr", &revision);
		for (uint32_t k = 0; k < m->kinds; k++)
			known = known || (midr[k] == id && revidr[k] == revision);
		if (known)
			continue;
		midr[m->kinds] = id;
		revidr[m->kinds] = revision;
		m->cpu_of[m->kinds++] = cpu;
	}
	if (!m->kinds)
		m->kinds = 1;
}

static struct steady_reading value(uint64_t v)
{
	return (struct steady_reading){.value = v, .state = STEADY_VALUE};
}

void steady_machine_read(const char *sysfs, struct steady_machine *m)
{
	struct utsname u;

	memset(m, 0, sizeof(*m));
	if (uname(&u) == 0) {
		/* what Linux says where nobody gave it a name is no name (UTS_NODENAME) */
		if (strcmp(u.nodename, "(none)") != 0)
			snprintf(m->name, sizeof(m->name), "%s", u.nodename);
		snprintf(m->kernel, sizeof(m->kernel), "%s", u.release);
	}
	m->unvirtualised[STEADY_PAGE_SIZE] = value((uint64_t)sysconf(_SC_PAGESIZE));
#ifdef __aarch64__
	uint64_t v;

	/* EL0 may read both: Linux sets CNTKCTL_EL1.EL0VCTEN and leaves DCZID_EL0 alone */
	__asm__("mrs %0, cntfrq_el0" : "=r"(v));
	m->unvirtualised[STEADY_CNTFRQ] = value(v);
	__asm__("mrs %0, dczid_el0" : "=r"(v));
	m->unvirtualised[STEADY_DCZID] = value(v);
#endif
	find_kinds(sysfs, m);
}

int steady_machine_enter(void *machine, uint32_t kind)
{
	const struct steady_machine *m = machine;
	cpu_set_t set;

	if (m->kinds <= 1)
		return 0; /* all alike: nothing to move for */
	if (m->cpu_of[kind] >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET(m->cpu_of[kind], &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}
