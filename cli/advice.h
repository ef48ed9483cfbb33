/* SPDX-License-Identifier: MIT */
/* What would make a move work: tried, not guessed. */
#ifndef STEADY_CLI_ADVICE_H
#define STEADY_CLI_ADVICE_H

#include "cli.h"
#include "pin/move.h"

/* A move of a guest, on the simulated hosts of two profiles. */
struct cli_move {
	const struct cli_subject *from, *to;
	const struct steady_vmm *vmm; /* NULL: any */
	const struct steady_model *model;
	const char *model_spec; /* as the user named it */
	uint32_t on, off; /* vCPU options that both VMMs are told */
	bool leave; /* the VMM at the destination is not pinned */
};

/* As steady_move(). */
int cli_move_make(const struct cli_move *move, struct steady_moved *moved, struct steady_report *report);
/* A sentence on a move that came to this result; empty where it works. */
int cli_move_advise(const struct cli_move *move, int result, struct steady_text *advice);

#endif
