/* SPDX-License-Identifier: MIT */
/*
 * Linked into a copy of the command: lets a call to the simulated host fail, as the environment
 * says, and leaves a note of how many calls there were and how many files are open at the end.
 *
 * FAULT_K: which call, from 1 (0: none). FAULT_ROW: with which errno of those to try for such a
 * call, from 0. FAULT_NOTE: where the note goes: calls, files, and the errno, 0 if there are no more.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "row.h"
#include <steadyarm/sim.h>

int __real_steady_sim_call(void *sim, struct steady_call *call);
int __wrap_steady_sim_call(void *sim, struct steady_call *call);

static unsigned long calls;
static int failed_with;

static unsigned long open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned long count = 0;

	while (d && readdir(d))
		count++;
	if (d)
		closedir(d);
	return count;
}

static void leave_note(void)
{
	const char *path = getenv("FAULT_NOTE");
	unsigned long files = open_files();
	FILE *f = path ? fopen(path, "w") : NULL;

	if (!f)
		return;
	fprintf(f, "%lu %lu %d\n", calls, files, failed_with);
	fclose(f);
}

__attribute__((constructor)) static void prepare(void)
{
	atexit(leave_note);
}

static unsigned long number(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : 0;
}

int __wrap_steady_sim_call(void *sim, struct steady_call *call)
{
	unsigned int state = 0;

	if (++calls != number("FAULT_K"))
		return __real_steady_sim_call(sim, call);
	for (unsigned long i = 0; i <= number("FAULT_ROW"); i++)
		failed_with = fault_next_errno(call->op, &state);
	return failed_with ? -failed_with : __real_steady_sim_call(sim, call);
}
