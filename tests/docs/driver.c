/* SPDX-License-Identifier: MIT */
/* Runs the example of docs/library.md on the simulated host of a profile: driver MODEL PROFILE */
#include <stdio.h>
#include <stdlib.h>

#include <steadyarm/sim.h>

#include "format/format.h"

int start_pinned(steady_call_fn *call, void *ctx, const char *text, size_t length);

static int with_host(const char *path, const char *text, size_t length)
{
	struct steady_profile *profile = NULL;
	struct steady_sim *sim = NULL;
	char *json = NULL;
	size_t size = 0;
	int r = steady_file_read(path, &json, &size, NULL);

	r = r ? r : steady_profile_read_json(json, size, path, &profile, NULL);
	r = r ? r : steady_sim_new(profile, &sim);
	r = r ? 2 : start_pinned(steady_sim_call, sim, text, length);
	steady_sim_free(sim);
	steady_profile_free(profile);
	free(json);
	return r;
}

int main(int argc, char **argv)
{
	char *text = NULL;
	size_t length = 0;
	int r;

	if (argc != 3 || steady_file_read(argv[1], &text, &length, NULL))
		return 2;
	r = with_host(argv[2], text, length);
	free(text);
	return r;
}
