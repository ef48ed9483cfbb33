/* SPDX-License-Identifier: MIT */
/*
 * Why a guest does not move, or what changes for it, in the words that people use. Each adds a
 * finding.
 */
#ifndef STEADY_EXPLAIN_MOVE_H
#define STEADY_EXPLAIN_MOVE_H

#include <steadyarm/steadyarm.h>

#include "policy/model.h"
#include "policy/profile.h"

/* "ID_AA64PFR0_EL1", "S3_0_C9_C14_6", or KVM's id, into out; returns the name. */
const char *steady_move_name(uint64_t id, char out[STEADY_ID_LABEL]);

/* "-cpu host,sve=off"; false if QEMU has nothing for it. */
bool steady_move_put_switch(struct steady_text *out, int option, bool on);

/*
 * A register that was in the list can no longer be read once the vCPU has run. At the destination
 * (`after`) the guest goes on, and is lost at the next save.
 */
void steady_move_explain_gone(struct steady_report *report, const struct steady_profile *host,
			      uint64_t id, bool after);
/* The stream has a register that the destination has not; `dropped`: and the VMM goes on without.
 */
void steady_move_explain_unknown(struct steady_report *report, uint64_t id, bool dropped);
/* KVM refuses the stream's value; `shown` is what the destination shows, `r` a negative errno. */
void steady_move_explain_refused(struct steady_report *report, const struct steady_profile *host,
				 const struct steady_configuration *configuration, uint64_t id,
				 uint64_t wanted, uint64_t shown, int r);
/* The guest reads another value from now on; false if the model tolerates all of it. */
bool steady_move_explain_changed(struct steady_report *report, const struct steady_model *model,
				 uint64_t id, uint64_t before, uint64_t after);
bool steady_move_explain_unvirtualised(struct steady_report *report,
				       const struct steady_model *model, int which, uint64_t before,
				       uint64_t after);

#endif
