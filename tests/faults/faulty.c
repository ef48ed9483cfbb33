/* SPDX-License-Identifier: MIT */
/*
 * Linked into a copy of the command: lets a call to the simulated host fail, as the environment
 * says, and leaves a note of how many calls there were and how many files are open at the end.
 *
 * FAULT_K: which call, from 1 (0: none). FAULT_ERRNO: its number. FAULT_NOTE: where the note goes.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include <steadyarm/sim.h>

int __real_steady_sim_call(void *sim, struct steady_call *call);
int __wrap_steady_sim_call(void *sim, struct steady_call *call);

static unsigned long calls;

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
	fprintf(f, "%lu %lu\n", calls, files);
	fclose(f);
}

__attribute__((constructor)) static void prepare(void)
{
	atexit(leave_note);
}

int __wrap_steady_sim_call(void *sim, struct steady_call *call)
{
	const char *k = getenv("FAULT_K"), *error = getenv("FAULT_ERRNO");

	if (++calls == (k ? strtoul(k, NULL, 10) : 0))
		return -atoi(error ? error : "5");
	return __real_steady_sim_call(sim, call);
}
