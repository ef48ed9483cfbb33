/* SPDX-License-Identifier: MIT */
/*
 * The questions that Steadyarm answers, as pure functions of profiles and models: no I/O, no
 * clock, no globals. Reasons go to the report.
 */
#ifndef STEADY_POLICY_H
#define STEADY_POLICY_H

#include <steadyarm/steadyarm.h>

#include "policy/model.h"
#include "policy/offer.h"
#include "policy/profile.h"

/* ---- baseline.c: the greatest model that every input accepts ---- */

struct steady_input {
	const char *name;                     /* for messages */
	const struct steady_profile *profile; /* one of these two */
	const struct steady_model *model;
};

struct steady_baseline_request {
	const char *name;            /* of the new model, or NULL */
	uint32_t options_on;         /* --vcpu: 1 << enum steady_option that must be on */
	uint32_t options_off;        /* ... and off; the rest is chosen */
	const char *const *tolerate; /* names of what need not be level */
	size_t tolerate_count;
	const unsigned int *require; /* features that the model must have */
	size_t require_count;
	bool discovery;              /* guests may ask which CPUs they may meet */
	bool identity;               /* guests are told which CPU they are */
	bool as_shown;               /* what guests see now: no rule lowers anything */
	const struct steady_cpu *cpu; /* which, of several; or NULL. Its revidr and aidr may be 0 */
};

/*
 * ECONFLICT: the report has a finding for each host of each conflict, together by subject.
 * EUNKNOWN: an input did not capture what this needs. EUSAGE: the request is at odds with itself.
 */
int steady_baseline(const struct steady_input *inputs, size_t count,
		    const struct steady_baseline_request *request, struct steady_model **model,
		    struct steady_report *report);

/* What a guest sees there that nobody has pinned: the reset values of one configuration. */
int steady_model_exactly(const struct steady_profile *profile,
			 const struct steady_configuration *configuration,
			 struct steady_model **model, struct steady_report *report);

/* ---- meet.c: what CPUs have in common ---- */

/*
 * The greatest CPU that promises no more than any of these has, by the architecture alone: field by
 * field, groups of fields together, closed under the rules that none of the hosts of `cell` breaks.
 * The core ID range only. ENOMEM.
 */
int steady_meet(const struct steady_view *views, size_t count, const struct steady_cell *cell,
		struct steady_view *out);

/* ---- group.c: pairs of fields that tell one thing together ---- */

/* The state of a group that a CPU is in, or -1: values that nobody has described. */
int steady_group_state(const struct steady_group *group, const struct steady_view *view);
/* How one CPU stands to another by both fields; the registers of both are known. */
enum steady_compare steady_group_compare(const struct steady_group *group,
					 const struct steady_view *a, const struct steady_view *b);

/* ---- close.c: rules between fields ---- */

/*
 * Lowers fields of the model until every closing rule holds that no host's guest sees broken (the
 * cell says which those are); each lowering is a note in the report. `cell`: what the hosts
 * accept; ECONFLICT, and the values as they were, if a field had to go where they do not let it.
 * `tolerable` (NULL: none) tells the fields that may stay then; they become tolerated.
 */
typedef bool steady_tolerable_fn(const void *ctx, unsigned int field);
int steady_close(struct steady_model *model, const struct steady_cell *cell,
		 steady_tolerable_fn *tolerable, const void *ctx, struct steady_report *report);
/*
 * A warning for each rule that this CPU breaks, and no host's guest sees broken; a note where only
 * a hypervisor would notice and the guest has no EL2.
 */
void steady_close_warn(const struct steady_model *model, const struct steady_cell *cell,
		       struct steady_report *report);
/*
 * Of the rules that kernels enforce by themselves, clearing a field at the first run: EBLOCKED where
 * this host's does and the model does not tolerate that, a warning elsewhere.
 */
int steady_close_enforced(const struct steady_model *model, const struct steady_profile *profile,
			  struct steady_report *report);

/* ---- lint.c: what is wrong with a CPU as it stands ---- */

/* Rules by name, or all of a kind by that. */
struct steady_lint_request {
	const char *const *only; /* none: all rules */
	size_t only_count;
	const char *const *except;
	size_t except_count;
	unsigned int
		version; /* that the CPU claims to be of: 1 + row of steady_versions; 0: none */
	uint32_t options,
		options_known; /* of the vCPU, and which are known: 1 << enum steady_option */
};
/*
 * The version that a model's name claims, as `version` has it: armv8.4-a and armv8.4-a-v1 claim
 * v8.4. 0 for other names, NULL, and armv8.0-a, of which no register tells anything.
 */
unsigned int steady_lint_version(const char *model_name);
/* 0 or EINVALID, if a rule is broken that is an error; a finding for each broken rule. */
int steady_lint(const struct steady_view *view, const struct steady_lint_request *request,
		struct steady_report *report);
/* Gives the open finding its reason: what the rule says, and what the CPU has. */
void steady_rule_explain(unsigned int rule, const struct steady_view *view,
			 struct steady_report *report);

/* ---- check.c: can this host run the model? ---- */

/* 0 or EBLOCKED, with a finding for each blocker; EUNKNOWN if the profile does not say. */
int steady_check(const struct steady_model *model, const struct steady_profile *profile,
		 struct steady_report *report);
/*
 * Of that what no call of KVM's tells: CNTFRQ_EL0, DCZID_EL0 and the page size, as this machine (host/
 * local.h) or a profile has them. 0 or EBLOCKED.
 */
int steady_check_machine(const struct steady_model *model,
			 const struct steady_reading has[STEADY_UNVIRTUALISED],
			 struct steady_report *report);

/*
 * The same for one value that KVM passes through, an enum steady_unvirtualised but PMCR_N: what the host
 * has, against the model. 0 where the model has none, or tolerates it.
 */
int steady_check_passed(const struct steady_model *model, int which, uint64_t has,
			struct steady_report *report);

/* ---- seen.c: is this the model, as far as a program in the guest can tell? ---- */

struct steady_seen { /* fields */
	unsigned int fields;    /* of the core ID range, in all */
	unsigned int visible;   /* that the guest's kernel may show: all others are unknown */
	unsigned int equal;     /* of these, as in the model */
	unsigned int lower;     /* less than the model: perhaps hidden by that kernel */
	unsigned int tolerated; /* other than the model, and tolerated by it */
};
/*
 * 0, or EBLOCKED: the guest sees what the model has not, with a finding each; a note for each field
 * that is lower. `seen` is what steady_self_read() gives.
 */
int steady_check_seen(const struct steady_model *model, const struct steady_view *seen,
		      struct steady_seen *counts, struct steady_report *report);

/* 0, or EINPUT if the model gives no value for a register of the core range. */
int steady_model_complete(const struct steady_model *model, struct steady_report *report);

/*
 * What to write into each register that the model has, in this configuration; a tolerated field
 * that the host does not let go keeps the host's value. Of fields that it refuses the report has
 * a finding each, and EBLOCKED comes back; target[] then holds what the model wants.
 */
int steady_targets(const struct steady_model *model, const struct steady_profile *profile,
		   const struct steady_configuration *configuration,
		   uint64_t target[STEADY_REGISTERS], struct steady_report *report);

/* One register, field by field: the core range's, or CTR_EL0. */
int steady_target_register(const struct steady_model *model, const struct steady_profile *profile,
			   const struct steady_configuration *configuration, int reg,
			   uint64_t *target, struct steady_report *report);

/*
 * A note for each field that is tolerated and that a guest sees otherwise than the model has it;
 * with the features that it misses, where those are any.
 */
void steady_note_tolerated(const struct steady_model *model,
			   const uint64_t target[STEADY_REGISTERS], struct steady_report *report);

/* ---- plan.c: the calls ---- */

struct steady_plan {
	struct steady_call *calls; /* in order; none needs a list */
	size_t count;
	uint32_t features; /* word 0 for KVM_ARM_VCPU_INIT */
	uint32_t vcpus;
};
/* The calls that make a VM of this host show the model; check first: EBLOCKED as steady_check. */
int steady_plan_new(const struct steady_model *model, const struct steady_profile *profile,
		    uint32_t vcpus, struct steady_plan **plan, struct steady_report *report);
void steady_plan_free(struct steady_plan *plan);
/* Word 0 of KVM_ARM_VCPU_INIT's features for a set of options; PSCI 0.2 is always in. */
uint32_t steady_options_features(uint32_t options);
/* These and the options that they cannot be without: EL2 without VHE is EL2. */
uint32_t steady_options_implied(uint32_t options);

/* ---- compare.c: relation of two CPUs ---- */

enum steady_relation { /* as enum steady_compare has it of a field */
		       STEADY_IDENTICAL = STEADY_SAME,
		       STEADY_SUBSET = STEADY_LESS,
		       STEADY_SUPERSET = STEADY_MORE,
		       STEADY_INCOMPATIBLE = STEADY_UNORDERED
};
const char *steady_relation_name(enum steady_relation relation);

struct steady_difference {
	uint16_t field; /* row of steady_fields */
	bool a_known, b_known;
	uint64_t a, b;
	uint8_t compare; /* enum steady_compare of a to b; UNORDERED where one is unknown */
};
/*
 * a is a `subset` of b when b can do all that a can. Fields of the core ID range only, those that
 * count on both CPUs; what counts on one only is told by the field that it hangs on. At most `room`
 * differences are stored, *count says how many there are.
 */
enum steady_relation steady_relate(const struct steady_view *a, const struct steady_view *b,
				   struct steady_difference *differences, size_t room,
				   size_t *count);
/* Why a field's `compare` is as it is, where its values alone do not say. */
struct steady_difference_basis {
	const struct steady_group *group; /* both of its fields were compared; or NULL */
	bool a_void, b_void; /* the value means nothing there, so that it was not compared */
};
struct steady_difference_basis steady_difference_basis(const struct steady_view *a,
						       const struct steady_view *b,
						       unsigned int field);
/* The same of SVE's vector lengths: what a guest has there is subset where KVM can show it too. */
enum steady_relation steady_relate_vl(const struct steady_vl *a, const struct steady_vl *b);
/* The relation of two CPUs that stand so in one part and so in another. */
enum steady_relation steady_relation_join(enum steady_relation one, enum steady_relation other);

#endif
