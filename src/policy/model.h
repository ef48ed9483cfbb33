/* SPDX-License-Identifier: MIT */
/*
 * A CPU model: what a guest shall see. Plain data; made by policy/baseline.c or read from a file
 * by format/model_text.c or format/model_json.c.
 */
#ifndef STEADY_MODEL_H
#define STEADY_MODEL_H

#include <steadyarm/steadyarm.h>

#include "policy/offer.h"
#include "policy/profile.h"

struct steady_firmware_value {
	uint64_t id;
	uint64_t value;
};

struct steady_model {
	char *name;                       /* NULL: none */
	uint64_t value[STEADY_REGISTERS];
	bool has[STEADY_REGISTERS];       /* complete: all of the core ID range */
	uint32_t options;                 /* 1 << enum steady_option; others are off */
	uint32_t irqchip;                 /* enum steady_irqchip */
	struct steady_firmware_value *firmware; /* in the order of their ids */
	size_t firmware_count;
	struct steady_vl sve;             /* empty: no SVE */
	uint64_t *register_list;          /* ascending; NULL: not given */
	size_t register_count;
	struct steady_caches caches;      /* where CLIDR_EL1 is given */
	struct steady_reading unvirtualised[STEADY_UNVIRTUALISED]; /* what its hosts showed alike */
	struct steady_cpu *implementations; /* sorted; none: not given */
	size_t implementation_count;
	/* sorted names, "REG.FIELD", "CNTFRQ_EL0", of what a host may have otherwise; and of fields
	   that it may only have more of. In both: otherwise. Files have it another way, see below. */
	char **tolerated;
	size_t tolerated_count;
	char **more;
	size_t more_count;
	bool lenient;                     /* steady_model_set_lenient(); in no file */
	struct steady_offer *offer;       /* what its hosts accepted together, or NULL */
};

struct steady_model *steady_model_alloc(void); /* empty; NULL if memory ran out */
int steady_model_set_name(struct steady_model *model, const char *name);
/* Letters, digits and . _ + -, first a letter or digit, at most 64: safe as a file's name. */
bool steady_model_name_ok(const char *name);
int steady_model_add_firmware(struct steady_model *model, uint64_t id, uint64_t value);
int steady_model_add_implementation(struct steady_model *model, const struct steady_cpu *cpu);
int steady_model_add_tolerated(struct steady_model *model, const char *name);
/* The same of a field that may be more than the model's value, and not less. */
int steady_model_add_more(struct steady_model *model, const char *name);
/*
 * Files list every name that is tolerated, and mark those of one direction by listing them again. So
 * what was read from one is only `more` if it is in both lists.
 */
void steady_model_more_only(struct steady_model *model);
/* The name at `index` of all, in order, and whether only more is tolerated there; NULL at the end. */
const char *steady_model_tolerated_at(const struct steady_model *model, size_t index, bool *more);
/* Which irqchip its VMs have. Of a model that does not say: with its GIC fields comes GICv3. */
uint32_t steady_model_irqchip(const struct steady_model *model);
/* Whether the model says how many event counters (PMCR_EL0.N) its guests see. */
bool steady_model_counters(const struct steady_model *model);
/* What may be tolerated: a field, an unvirtualised register, a workaround, state that no field hides. */
bool steady_tolerable(const char *name);
/* Whether it is the name of a workaround's state, of which a host may only have more. */
bool steady_names_workaround(const char *name, size_t length);
bool steady_model_tolerates(const struct steady_model *model, const char *name);
bool steady_model_tolerates_field(const struct steady_model *model, unsigned int field);
/* Whether a host may only have more of it than the model's value. */
bool steady_model_tolerates_more(const struct steady_model *model, unsigned int field);
bool steady_model_tolerates_more_of(const struct steady_model *model, const char *name);
/*
 * Whether its guests miss nothing, whatever a host shows them there: it tolerates the field either
 * way, which only EL2 can use, and they have none.
 */
bool steady_model_misses_nothing(const struct steady_model *model, unsigned int field);
/*
 * Whether a guest may see `has` where the model has `wanted`: of a field that is tolerated
 * anything; of one that may be more what the field's order does not call less, and where the order
 * says nothing (3 of pointer authentication is another algorithm's step than 1), what leaves the
 * guest every feature that the model has.
 */
bool steady_model_lets(const struct steady_model *model, unsigned int field, uint64_t wanted,
		       uint64_t has);
const struct steady_firmware_value *steady_model_firmware(const struct steady_model *model,
							  uint64_t id); /* NULL: not given */
void steady_model_view(const struct steady_model *model, struct steady_view *view);
/* "REG.FIELD" into out; returns out. */
const char *steady_field_fullname(unsigned int field, char *out, size_t room);
#define STEADY_FULLNAME 64

#endif
