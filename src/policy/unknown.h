/* SPDX-License-Identifier: MIT */
/*
 * What a newer kernel shows and this version has no name for: bits of ID registers, registers that
 * it lists, services of hypercall bitmaps, ranges of writable registers. Each is brought to 0 where
 * KVM allows, else refused by name, or with a lenient model told and left.
 */
#ifndef STEADY_UNKNOWN_H
#define STEADY_UNKNOWN_H

#include "policy/policy.h"

enum steady_unknown {
	STEADY_UNKNOWN_FIELD,    /* bits of a register of the core range */
	STEADY_UNKNOWN_REGISTER, /* that KVM lists, or a firmware register */
	STEADY_UNKNOWN_SERVICE,  /* bits of a hypercall bitmap that has a name */
	STEADY_UNKNOWN_RANGE,    /* of KVM_ARM_GET_REG_WRITABLE_MASKS */
};

/* The findings; each is marked as one about something unknown. */
void steady_unknown_zero(struct steady_report *report, enum steady_unknown what, const char *reg,
			 const char *field, uint64_t value);
/* EBLOCKED, or 0 with a warning for a lenient model. `why` is a clause: what keeps it from being 0. */
int steady_unknown_stays(struct steady_report *report, const struct steady_model *model,
			 enum steady_unknown what, const char *reg, const char *field,
			 uint64_t value, const char *why);
/* The same of a register that is too wide to be looked at. */
int steady_unknown_wide(struct steady_report *report, const struct steady_model *model,
			uint64_t id);
/* The fields without a name that a guest would see as something else than 0, and those that not. */
int steady_unknown_fields(const struct steady_model *model, const struct steady_configuration *c,
			  const uint64_t target[STEADY_REGISTERS], struct steady_report *report);
/* Bits of a hypercall bitmap that has a name; of other registers nothing is said. */
int steady_unknown_services(const struct steady_model *model, uint64_t id, uint64_t has,
			    struct steady_report *report);
/* `ranges`: what KVM_CHECK_EXTENSION says of KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES. */
int steady_unknown_ranges(const struct steady_model *model, uint64_t ranges,
			  struct steady_report *report);

/*
 * All that a profile tells: 0 or EBLOCKED. target: as steady_targets() has filled it in; NULL where it
 * refused something, and told of the fields.
 */
int steady_check_unknown(const struct steady_model *model, const struct steady_profile *profile,
			 const struct steady_configuration *c,
			 const uint64_t target[STEADY_REGISTERS], struct steady_report *report);

/*
 * The same of a model that is being made of this profile, but for the fields, which are conflicts: what
 * will be refused of the host is a warning, what will be a warning a note. 0 or ENOMEM.
 */
int steady_unknown_foretell(const struct steady_model *model, const struct steady_profile *profile,
			    const char *host, struct steady_report *report);

/*
 * What a firmware register is to be, if it is to be written at all: what the model says; bitmaps that
 * a model with firmware does not speak of, and those without a name, are to be 0. Of implementation discovery the bits are
 * set only where the VMM answers the calls (`answers`).
 */
bool steady_firmware_target(const struct steady_model *model, uint64_t id, bool answers,
			    uint64_t *value);

/* The bits of implementation discovery that a model has on, of VENDOR_HYP_BMAP_2. */
uint64_t steady_discovery_bits(const struct steady_model *model);
/* All of them, and where they stand. */
uint64_t steady_discovery_id(uint64_t *bits);
/* A warning, if there are any: they stay 0 where nobody answers. */
void steady_discovery_warn(const struct steady_model *model, struct steady_report *report);

/*
 * The registers of a profile's configuration that this version does not know, ascending, those that
 * are listed and the firmware registers. *ids is to be freed by free(). ENOMEM.
 */
int steady_unknown_ids(const struct steady_profile *profile, const struct steady_configuration *c,
		       uint64_t **ids, size_t *count);
/* What a profile has of one of them: NULL if nothing; *zero: whether it can be brought to 0. */
const struct steady_reading *steady_unknown_reading(const struct steady_profile *profile,
						    const struct steady_configuration *c,
						    uint64_t id, bool *zero);

#endif
