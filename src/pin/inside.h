/* SPDX-License-Identifier: MIT */
/*
 * A pin from inside: pin.c writes and reads back, watch.c answers a VMM that goes on by itself.
 */
#ifndef STEADY_PIN_INSIDE_H
#define STEADY_PIN_INSIDE_H

#include "pin/ask.h"
#include "pin/pin.h"
#include "policy/model.h"
#include "policy/profile.h"

#define STEADY_BITMAPS      16 /* how many bitmap registers are looked for; kernels have 3 or 4 */
#define STEADY_FIRMWARE_MAX (STEADY_BITMAPS + 16)

struct steady_firmware_target {
	uint64_t id, value;
	uint64_t limit; /* what the first vCPU showed before anything was written */
	bool shown;     /* a workaround: not written; `limit` is what the guest is told */
};

struct steady_pin {
	const struct steady_model *model;
	struct steady_host host;
	struct steady_profile *live;      /* what the VM showed before anything was written */
	bool known;                       /* live and target are there */
	bool imp_ids;                     /* KVM_CAP_ARM_WRITABLE_IMP_ID_REGS was enabled */
	uint64_t target[STEADY_REGISTERS];
	struct steady_caches caches;      /* and CCSIDR_EL1 of the caches that are written */
	struct steady_firmware_target firmware[STEADY_FIRMWARE_MAX]; /* of what there is */
	size_t firmware_count;
	uint64_t ranges;                  /* of registers with writable masks, a bit each */
	bool answers;                     /* the VMM answers implementation discovery */
	uint64_t *met;                    /* registers without a name that are 0 now */
	size_t met_count;
	uint32_t *pending;                /* vCPUs whose register list cannot be had yet */
	size_t pending_count;
	bool no_list;                     /* it was told that there is no register list */
	uint32_t *vcpus;                  /* those that were pinned */
	size_t vcpu_count;
};

/* ---- rest.c: what this version has no name for ---- */

/* Registers of a vCPU that only a newer kernel lists. Pending if the list cannot be had yet. */
int steady_pin_rest(struct steady_pin *pin, uint32_t vcpu, struct steady_report *report);
/* Of a vCPU that is reset: those that were brought to 0 before. */
int steady_pin_rest_again(struct steady_pin *pin, uint32_t vcpu, struct steady_report *report);
/* As steady_pin_rest(), if it is pending; it may still be. */
int steady_pin_pending(struct steady_pin *pin, uint32_t vcpu, struct steady_report *report);

/* Whether a register is read and written: those of the core range, and what else the model has. */
static inline bool steady_pin_has(const struct steady_pin *p, int reg)
{
	return steady_register_is_core(reg) || p->model->has[reg];
}

/* ---- pin.c ---- */

/* That a host does not have a register is an answer: then it cannot show the model. */
int steady_pin_not_read(struct steady_report *report, const char *name, int result);
/* What became of a write: not accepted, too late, or nobody knows. */
int steady_pin_not_written(struct steady_report *report, const char *name, int result);
void steady_pin_mismatch(struct steady_report *report, const char *reg, const char *field,
			 uint32_t vcpu, uint64_t wanted, uint64_t got, const char *stage);

/* ---- counters.c: how many event counters a guest's PMU has ---- */

/* Fewer than the host has, if the model says so. EBLOCKED if that cannot be had. */
int steady_pin_write_counters(struct steady_pin *p, uint32_t vcpu, struct steady_report *report);
int steady_pin_compare_counters(struct steady_pin *p, uint32_t vcpu, const char *stage,
				struct steady_report *report);

/* ---- passed.c ---- */

/* Bits of guest physical address that a VM may have; UINT64_MAX: the model does not say. */
uint64_t steady_pin_ipa_size(const struct steady_pin *p);

/* ---- outside.c ---- */

/* Before the first vCPU. */
int steady_pin_allow_identity(struct steady_pin *p, struct steady_report *report);
/* Of the first vCPU: the guest will meet the core that it runs on. */
int steady_pin_check_identity(struct steady_pin *p, uint32_t vcpu, struct steady_report *report);
int steady_pin_check_outside(struct steady_pin *p, const uint64_t now[STEADY_REGISTERS],
			     struct steady_report *report);
/* What `live` has to hold for steady_outside_target() and steady_caches_target(). */
int steady_pin_learn_outside(struct steady_pin *p, uint32_t vcpu, struct steady_report *report);
/* CCSIDR_EL1 belongs to the vCPU; CLIDR_EL1 goes with the other registers. */
int steady_pin_write_caches(struct steady_pin *p, uint32_t vcpu, struct steady_report *report);
int steady_pin_compare_caches(struct steady_pin *p, uint32_t vcpu, const char *stage,
			      struct steady_report *report);

#endif
