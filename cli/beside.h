/* SPDX-License-Identifier: MIT */
/*
 * What a guest meets beside the core ID range: firmware registers, what KVM does not virtualise,
 * its caches, and which CPU it is told to be.
 */
#ifndef STEADY_CLI_BESIDE_H
#define STEADY_CLI_BESIDE_H

#include "cli.h"

struct cli_beside {
	const char *kind;   /* "firmware", "unvirtualised", "caches", "registers" */
	char name[64];
	int unvirtualised;  /* enum steady_unvirtualised, or -1 */
	bool bitmap;        /* a firmware register of services, one a bit */
	bool known;         /* else asked for and failed */
	uint64_t value;
};
/* Of the kinds of a subject's things, in a fixed order; the caller frees *all. ENOMEM. */
int cli_beside_of(const struct cli_subject *subject, struct cli_beside **all, size_t *count);
/* The same thing of another subject, or NULL. */
const struct cli_beside *cli_beside_find(const struct cli_beside *all, size_t count,
					 const struct cli_beside *like);
/* "62500000 Hz", "0x10003"; "none" for NULL. */
void cli_beside_print(struct steady_text *out, const struct cli_beside *thing);
json_t *cli_beside_json(const struct cli_beside *thing); /* "0x10003" or null */

#endif
