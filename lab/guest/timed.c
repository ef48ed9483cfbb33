/* SPDX-License-Identifier: MIT */
/*
 * lab-timed FILE SKEW COMMAND...: runs it and adds a line to FILE, the nanoseconds from before its fork to
 * its end. Under -icount a nanosecond is an instruction. Ends with the command's status.
 *
 * A VMM's end waits for the kernel's next tick, 4 ms apart, and so does whoever starts when another has
 * ended: its time would be a multiple of the tick. SKEW nanoseconds of waiting before the start, evenly
 * spread over many starts, make the mean finer than that.
 */
#define _DEFAULT_SOURCE /* vfork, wait4 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long long of(const struct rusage *used)
{
	return (used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000000000LL +
	       (used->ru_utime.tv_usec + used->ru_stime.tv_usec) * 1000LL;
}

int main(int argc, char **argv)
{
	long long begin, end;
	struct rusage used;
	int status;
	FILE *file;
	pid_t pid;

	if (argc < 4)
		return 125;
	begin = now() + atoll(argv[2]);
	while (now() < begin)
		;
	pid = vfork();
	if (pid == 0) {
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		return 125;
	end = now();
	file = fopen(argv[1], "a");
	if (!file || fprintf(file, "%lld %lld\n", end - begin, of(&used)) < 0 || fclose(file))
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
