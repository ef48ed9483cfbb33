/* SPDX-License-Identifier: MIT */
/*
 * A host profile: what one host (CPU, kernel, boot options) offers to a guest. Plain data; made by
 * pin/probe.c or read from a file by format/profile_json.c.
 *
 * Three answers, not two: a reading is a value, a failure with its errno, or was never captured.
 * "Not captured" and "failed" are unknown; neither ever counts as zero.
 */
#ifndef STEADY_PROFILE_H
#define STEADY_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "policy/vl.h"

enum steady_reading_state {
	STEADY_NOT_CAPTURED, /* nobody asked */
	STEADY_VALUE,
	STEADY_FAILED,       /* asked, and got `error`; ENOENT is the answer "not there" */
};

struct steady_reading {
	uint64_t value;
	int32_t error;   /* positive errno */
	uint32_t state;  /* enum steady_reading_state */
};

struct steady_cpu {      /* one kind of core, or one that a guest may meet */
	uint64_t midr, revidr, aidr;
};

#define STEADY_CACHES 32
struct steady_caches { /* CCSIDR_EL1 of each cache, by the number that selects it (CSSELR_EL1) */
	uint32_t has;  /* 1 << number */
	uint32_t value[STEADY_CACHES];
};

enum steady_irqchip { STEADY_IRQCHIP_UNKNOWN, STEADY_IRQCHIP_NONE, STEADY_GICV2, STEADY_GICV3 };
const char *steady_irqchip_name(uint32_t irqchip); /* "gicv3"; NULL for unknown */
uint32_t steady_irqchip_by_name(const char *name); /* UNKNOWN if it is none of them */

/* What KVM accepted of a field when values were tried. */
/*
 * Whether an irqchip may be the one that a profile or model left out: any interrupt controller,
 * but not none, since nobody runs a VM so without meaning to.
 */
static inline bool steady_irqchip_may_be(uint32_t irqchip, uint32_t left_out)
{
	return left_out == STEADY_IRQCHIP_UNKNOWN && irqchip != STEADY_IRQCHIP_NONE;
}

/* What KVM accepted of a field when every value was tried (probe --deep). */
struct steady_accepted {
	bool known;         /* every value was tried (probe --deep) */
	uint16_t values;    /* bit N: value N was accepted and kept */
	uint16_t rewritten; /* bit N: value N was accepted, and another one kept: */
	uint8_t kept[16];   /* that of value N */
};

/* A register that KVM only has as long as a field is not 0. */
struct steady_gate {
	uint16_t field;     /* row of steady_fields */
	uint64_t id;
};

struct steady_firmware_reading {
	uint64_t id;             /* KVM id: known to steady_firmware or not; a capability's number */
	struct steady_reading reading;
};

struct steady_configuration {
	uint32_t options;        /* 1 << enum steady_option */
	uint32_t options_known;  /* which of those bits are known */
	uint32_t irqchip;        /* enum steady_irqchip */
	struct steady_reading reg[STEADY_REGISTERS]; /* reset values: the limits */
	struct steady_accepted *accepted; /* NULL, or one per row of steady_fields */
	uint64_t *register_list;          /* ascending KVM ids; NULL: not captured */
	size_t register_count;
	/*
	 * What other registers hold after a reset: of the first configuration all that is not 0, of
	 * another one what is not as there. NULL: not captured. In the order of ids.
	 */
	struct steady_firmware_reading *reset;
	size_t reset_count;
};

/* State that KVM passes through to a guest as the hardware has it. */
enum steady_unvirtualised {
	STEADY_CNTFRQ,       /* CNTFRQ_EL0, Hz */
	STEADY_DCZID,        /* DCZID_EL0 */
	STEADY_IPA_SIZE,     /* bits of guest physical address */
	STEADY_PMCR_N,       /* PMCR_EL0.N: event counters, with the PMU on */
	STEADY_PAGE_SIZE,    /* the host's page size, bytes */
	STEADY_UNVIRTUALISED
};
extern const char *const steady_unvirtualised_names[STEADY_UNVIRTUALISED];
int steady_unvirtualised_by_name(const char *name, size_t length); /* -1: none */

/* A register that KVM lists and that this version does not know: what a fresh vCPU shows. */
struct steady_unnamed {
	uint64_t id;
	struct steady_reading reading;
	bool zero;               /* it was 0, or KVM took 0 for it and kept it */
};

/* A register that a run leaves with other bits than were written: those of this CPU (loaded.tsv). */
struct steady_load {
	uint64_t id;
	uint64_t ones;           /* what it shows after a run where all bits were 1 */
	uint64_t zeros;          /* and where all were 0 */
};

struct steady_profile {
	char *name;              /* of the host; never NULL in a profile that was read or probed */
	char *kernel;            /* release, or NULL */
	char *note;              /* how it was made, or NULL */
	struct steady_cpu *cpus; /* one per kind of core; none: not captured */
	size_t cpu_count;
	struct steady_reading writable[STEADY_REGISTERS]; /* masks; the kernel's, not a field's */
	struct steady_configuration *configurations; /* at least one; [0] is the fullest */
	size_t configuration_count;
	struct steady_firmware_reading *firmware; /* in the order of their ids */
	size_t firmware_count;
	bool firmware_known;     /* the section was captured */
	struct steady_vl sve;    /* vector lengths that a guest may have */
	bool sve_known;
	struct steady_reading *capabilities; /* NULL, or one per row of steady_capabilities */
	struct steady_firmware_reading *others; /* all other capabilities that are not 0, or NULL */
	size_t other_count;
	uint32_t behaviours;     /* 1 << enum steady_behaviour */
	uint32_t behaviours_known;
	struct steady_gate *gates; /* in the order of fields and ids */
	size_t gate_count;
	struct steady_unnamed *unnamed; /* listed, and not known here; in the order of ids */
	size_t unnamed_count;
	struct steady_firmware_reading *caches; /* CCSIDR_EL1 of each level, in the order of ids */
	size_t cache_count;
	struct steady_load *loads; /* in the order of ids; NULL: none was found, or nobody looked */
	size_t load_count;
	struct steady_reading unvirtualised[STEADY_UNVIRTUALISED];
};

/* A profile with no configuration yet; NULL if memory ran out. */
struct steady_profile *steady_profile_alloc(void);
void steady_profile_free(struct steady_profile *profile);
/* A new configuration at the end, all of it not captured; NULL if memory ran out. */
struct steady_configuration *steady_profile_add(struct steady_profile *profile);
/*
 * A configuration's options; what was not captured is told by the fields that only an option can
 * set (a guest that shows SVE has it on).
 */
uint32_t steady_configuration_options(const struct steady_configuration *configuration);
/*
 * The configuration with exactly these options and this irqchip (UNKNOWN on either side: any that
 * it may be), or NULL. 32-bit EL1 is captured with all other options or alone, and changes none of the
 * registers that a profile has: what was not captured with it is as without it.
 */
const struct steady_configuration *steady_profile_find(const struct steady_profile *profile,
						       uint32_t options, uint32_t irqchip);
bool steady_profile_behaves(const struct steady_profile *profile, enum steady_behaviour behaviour);
/*
 * Whether a guest with these options can be given fewer event counters (PMCR_EL0.N) than the host
 * has: by PMCR_EL0, or one with EL2 by KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS.
 */
bool steady_profile_fewer_counters(const struct steady_profile *profile, uint32_t options);
const struct steady_reading *steady_profile_firmware(const struct steady_profile *profile,
						     uint64_t id); /* NULL: not listed */
/* NULL: no capability was asked, or this one has no name. */
const struct steady_reading *steady_profile_capability(const struct steady_profile *profile,
						       uint64_t number);
/*
 * The mask of what is writable. False where that is unknown, because asking failed or nobody asked;
 * a kernel that answers that it does not say lets nothing be written.
 */
bool steady_profile_mask(const struct steady_profile *profile, int reg, uint64_t *mask);
/* A register of the guest's state: not about the CPU, not firmware, no cache's, none unnamed. */
bool steady_profile_state(const struct steady_profile *profile, uint64_t id);
/* Whether a probe reads what it holds after a reset: a register of state that neither counts nor is wide. */
bool steady_profile_resets(const struct steady_profile *profile, uint64_t id);
/* What the profile says that it holds then, not 0; NULL: nothing, so it is 0 if that was captured. */
const struct steady_reading *steady_profile_reset(const struct steady_profile *profile,
						  const struct steady_configuration *c, uint64_t id);
/* A reading that failed, and that not as an answer: what it was for is unknown. */
bool steady_reading_unknown(const struct steady_reading *reading);
/* Whether the kernel lets ID registers be written at all (from 6.7 on; not 6.1). */
bool steady_profile_writable(const struct steady_profile *profile);
/* What a guest of this configuration sees, for decoding. */
void steady_configuration_view(const struct steady_configuration *configuration,
			       struct steady_view *view);
/* "pmu, sve, no mte, gicv3" into out; returns out. */
const char *steady_configuration_text(uint32_t options, uint32_t known, uint32_t irqchip, char *out,
				      size_t room);

#endif
