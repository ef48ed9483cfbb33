/* SPDX-License-Identifier: MIT */
/*
 * The facts of the architecture, look-up only: the feature ID registers, their fields, what the
 * fields' values mean, Arm's features, and what Linux and KVM make of each field. Every table is
 * generated from data/ at build time (gen/tables.py); nothing here knows of hosts or models.
 *
 * A register is named by its index, which is the one the kernel uses for its writable masks
 * (KVM_ARM_FEATURE_ID_RANGE_INDEX): ((op1 == 3 ? 2 : op1) << 6) | CRm << 3 | op2.
 */
#ifndef STEADY_ARCH_H
#define STEADY_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEADY_REGISTERS  192 /* encodings: op0=3, op1 in {0,1,3}, CRn=0, CRm 0-7, op2 0-7 */
#define STEADY_CORE_FIRST 8   /* the core ID range: op1=0, CRm 1-7, op2 0-7 */
#define STEADY_CORE_COUNT 56

enum steady_register_kind {
	STEADY_REGISTER_ARCHITECTED, /* has a name */
	STEADY_REGISTER_RESERVED,    /* no name yet, reads as zero: a complete model says 0 */
	STEADY_REGISTER_UNALLOCATED, /* UNDEFINED; KVM does not know it */
};

/* How a field's values are ordered, which is what "greatest common" means for it. */
enum steady_order {
	STEADY_ORDER_LOWER,          /* more is more; the common value is the smallest */
	STEADY_ORDER_HIGHER,         /* more is less (SpecSEI); the common value is the largest */
	STEADY_ORDER_HIGHER_OR_ZERO, /* as HIGHER, 0 is the least of all (CTR_EL0.CWG) */
	STEADY_ORDER_EXACT,          /* no order; `fallback` is what every CPU may be called */
	STEADY_ORDER_MASK,           /* the bits are independent of each other */
	STEADY_ORDER_CHAINS, /* given value by value (PMUVer, TGran4_2, APA and their like) */
};

/* What KVM accepts in place of the limit (arm64_check_features, kernel 6.12 to 7.3). */
enum steady_kvm_rule {
	STEADY_KVM_NONE,           /* Linux has no entry for the field: only the limit */
	STEADY_KVM_LOWER,          /* values up to the limit */
	STEADY_KVM_HIGHER,         /* values from the limit up */
	STEADY_KVM_HIGHER_OR_ZERO, /* as HIGHER, and 0 */
	STEADY_KVM_EXACT,          /* the limit, or the field's safe value */
};

enum steady_field_flag {
	STEADY_FIELD_RESERVED = 1 << 0, /* bits that no field has a name for (named "[63:60]") */
	STEADY_FIELD_IDENTITY = 1 << 1, /* names a CPU, is no feature (MIDR_EL1 and the like) */
	STEADY_FIELD_TOPOLOGY = 1 << 2, /* describes caches (CLIDR_EL1 and CCSIDR_EL1) */
	STEADY_FIELD_EL2_ONLY = 1 << 3, /* only a guest with EL2 can use what it tells */
};

struct steady_run { /* a compiled condition, private to this layer; length 0: always true */
	uint16_t start, length;
};

struct steady_register {
	const char *name; /* "ID_AA64PFR0_EL1"; "S3_0_C0_C4_3" for the nameless */
	uint8_t kind;     /* enum steady_register_kind */
	bool aarch32;     /* describes the AArch32 state: RAZ where EL0 has none */
	uint16_t first;   /* its first row of steady_fields, lowest bit first */
	uint16_t fields;  /* number of rows; together they cover all 64 bits */
	struct steady_run when; /* the condition under which all of them count, private likewise */
};

struct steady_field {
	const char *name;
	uint8_t reg; /* register index */
	uint8_t lsb, width;
	bool is_signed;   /* the architecture's order is that of two's complement */
	uint8_t order;    /* enum steady_order */
	uint8_t sort;     /* row of steady_sorts, which says it in words */
	uint8_t fallback; /* for STEADY_ORDER_EXACT */
	uint8_t kvm_rule; /* enum steady_kvm_rule */
	bool kvm_signed;
	uint8_t kvm_safe; /* for STEADY_KVM_EXACT */
	uint8_t flags;    /* enum steady_field_flag */
	uint16_t legal;   /* for width <= 4: the values that a write may give, bit N for value N */
	int8_t option;    /* enum steady_option that has to be on for it to be non-zero, or -1 */
	uint8_t chains;   /* for STEADY_ORDER_CHAINS, private to this layer */
	struct steady_run when; /* the condition under which it counts, private likewise */
	uint8_t group;    /* 1 + row of steady_groups, or 0 */
	const char *counts_with; /* `when` in words: "FEAT_SVE or FEAT_SME"; NULL: always */
};

struct steady_sort { /* how values compare, by name: a row of data/orders.tsv */
	const char *name;    /* "pmu-version" */
	const char *meaning; /* in words */
	const char *source;
};

struct steady_value {   /* one enumerated value of a field */
	uint16_t field; /* row of steady_fields */
	uint8_t value;
	const char *meaning;  /* a few words: "not implemented", "V1P1" */
	const char *features; /* "FEAT_RAS, FEAT_RASv1p1" or NULL */
};

extern const struct steady_register steady_registers[STEADY_REGISTERS];
extern const struct steady_field steady_fields[];
extern const unsigned int steady_field_count;
extern const struct steady_sort steady_sorts[];
extern const unsigned int steady_sort_count;
/* The row of the field that bit 4 * N of a register belongs to. */
extern const uint16_t steady_field_of_nibble[STEADY_REGISTERS][16];
/*
 * Bit N: bits 4 * N to 4 * N + 3 of a register are a field, of plain numbers: more is more. Whether
 * it counts is its register's matter, and it is in no group.
 */
extern const uint16_t steady_plain_nibbles[STEADY_REGISTERS];
extern const struct steady_value steady_values[];
extern const unsigned int steady_value_count;

/*
 * Registers. An index of -1 means "not one of the 192". Names are read regardless of case, with or
 * without _EL1, with Linux's SYS_ in front, and as encodings (S3_0_C0_C4_0 is ID_AA64PFR0_EL1).
 */
int steady_register_by_name(const char *name, size_t length);
int steady_register_by_id(uint64_t kvm_id); /* KVM's KVM_REG_ARM64_SYSREG id */
uint64_t steady_register_id(int reg);       /* the KVM id of an index */
static inline bool steady_register_is_core(int reg)
{
	return reg >= STEADY_CORE_FIRST && reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT;
}

/* Fields. A row number of -1 means none. */
int steady_field_by_name(const char *name, size_t length); /* "REGISTER.FIELD" */
int steady_field_at(int reg, unsigned int bit);            /* the row that covers this bit */
static inline uint64_t steady_field_ones(const struct steady_field *f) /* as many as it is wide */
{
	return ~UINT64_C(0) >> (64 - f->width);
}
static inline uint64_t steady_field_mask(const struct steady_field *f)
{
	return steady_field_ones(f) << f->lsb;
}
static inline uint64_t steady_field_get(const struct steady_field *f, uint64_t reg_value)
{
	return reg_value >> f->lsb & steady_field_ones(f);
}
static inline uint64_t steady_field_put(const struct steady_field *f, uint64_t reg_value,
					uint64_t value)
{
	return (reg_value & ~steady_field_mask(f)) | (value & steady_field_ones(f)) << f->lsb;
}
int64_t steady_field_signed(const struct steady_field *f, uint64_t value); /* sign extended */
/*
 * A total order over a field's values: the greatest element of a set is the one to take. Where the
 * architecture orders two values, the order agrees with it; elsewhere it is a choice.
 */
int64_t steady_field_rank(const struct steady_field *f, uint64_t value);

/*
 * How `a` stands to `b` in the architecture: UNORDERED if neither offers all that the other does,
 * SAME also for two values that say the same (PMUVer 0 and 0xF: no PMU of Arm's).
 * Two bits, so that what several fields say together is the OR of what each says.
 */
enum steady_compare {
	STEADY_SAME = 0,
	STEADY_LESS = 1,
	STEADY_MORE = 2,
	STEADY_UNORDERED = STEADY_LESS | STEADY_MORE
};
enum steady_compare steady_field_compare(const struct steady_field *f, uint64_t a, uint64_t b);
/*
 * For width <= 4: the values that a CPU with this one may be called without promising more than it
 * has: itself, all that are less, and the fallback, of those that are legal. Bit N for value N.
 */
uint16_t steady_field_within(const struct steady_field *f, uint64_t value);
const struct steady_value *steady_value_of(int field, uint64_t value); /* NULL: no name for it */

/* Features. What a CPU shows, register by register; known[i] is 0 where it was not captured. */
struct steady_view {
	uint64_t value[STEADY_REGISTERS];
	bool known[STEADY_REGISTERS];
};
enum steady_truth { STEADY_NO, STEADY_YES, STEADY_UNKNOWN };

/*
 * Whether a field's value means anything on this CPU: AArch32 registers only count where EL0 has
 * AArch32, ID_AA64ZFR0_EL1 only with SVE or SME, fields such as RAS_frac only for one value of
 * another field.
 */
enum steady_truth steady_field_counts(int field, const struct steady_view *view);
/* The same of a whole register; single fields of it may ask for more. */
enum steady_truth steady_register_counts(int reg, const struct steady_view *view);

unsigned int steady_feature_count(void);
const char *steady_feature_name(unsigned int feature);
const char *steady_feature_condition(unsigned int feature); /* "ID_AA64ISAR0_EL1.Atomic >= 2" */
const char *steady_feature_version(unsigned int feature); /* first it may be in: "v8.1", or NULL */
int steady_feature_by_name(const char *name, size_t length); /* "FEAT_LSE" or "LSE" */
/* Why a name, given likewise, is none of these although Arm has it; NULL: it is not left out. */
const char *steady_feature_left_out(const char *name, size_t length);
enum steady_truth steady_feature_state(unsigned int feature, const struct steady_view *view);
/*
 * The same condition read from other fields that have to agree with it, most of them in AArch32
 * registers. NULL for none; UNKNOWN for none, and where those fields do not count.
 */
const char *steady_feature_mirror(unsigned int feature);
enum steady_truth steady_feature_mirror_state(unsigned int feature, const struct steady_view *view);
/*
 * Fills `out` with up to `room` features whose condition itself reads the field (not by way of
 * another feature); returns how many there are, which may be more than `room`.
 */
size_t steady_field_features(int field, uint16_t *out, size_t room);

/*
 * Rules between fields: where `when` holds, `then` must. Conditions as features have them. Rules
 * that are no conditions (a register is missing, reserved bits are not 0) have neither.
 */
enum steady_rule_severity { STEADY_RULE_ERROR, STEADY_RULE_WARNING };
enum steady_rule_closes {
	STEADY_CLOSES_NEVER, /* nothing to lower */
	STEADY_CLOSES_KEPT,  /* unless a guest of one of the hosts sees it broken already */
	STEADY_CLOSES_ALWAYS,
};
struct steady_rule {
	const char *name; /* "implies-sve2-sve": its kind is what stands before the first '-' */
	const char *when; /* texts of the conditions, or NULL */
	const char *then;
	const char *reason; /* what happens where it is broken, or NULL */
	const char *source;
	uint8_t severity; /* enum steady_rule_severity */
	uint8_t closes;   /* enum steady_rule_closes */
	int16_t lower;    /* row of steady_fields: the one that a baseline lowers, or -1 */
	uint8_t version;  /* 1 + the row of steady_versions that `when` begins with, or 0 */
	struct steady_run when_run, then_run; /* private to this layer */
	struct steady_run rest_run;           /* `when` without its version */
};
#define STEADY_RULE_ROOM 1024 /* the generator refuses more */
extern const struct steady_rule steady_rules[];
extern const unsigned int steady_rule_total;
int steady_rule_by_name(const char *name, size_t length); /* -1: none */
/* Whether a rule is meant by a name: its own, or its kind ("mirror"). */
bool steady_rule_is(unsigned int rule, const char *name);
/* Versions of the architecture. No register tells which one a CPU is of. */
struct steady_version {
	const char *name;  /* "v8.4" */
	uint32_t includes; /* bit N: it asks for all that row N of steady_versions does */
};
extern const struct steady_version steady_versions[];
extern const unsigned int steady_version_count;
int steady_version_by_name(const char *name, size_t length); /* -1: none */
/*
 * The state of a rule of a CPU that claims to be of a version (1 + its row; 0: none): what is asked
 * of CPUs of that version, and of those that it includes, is asked of this one, whatever it shows.
 */
enum steady_truth steady_rule_state_as(unsigned int rule, const struct steady_view *view,
				       unsigned int version);
/* YES: kept. NO: broken. UNKNOWN: it is no condition, or a field that decides was not captured. */
enum steady_truth steady_rule_state(unsigned int rule, const struct steady_view *view);
/* Whether `when` itself holds. */
enum steady_truth steady_rule_applies(unsigned int rule, const struct steady_view *view);
/* The field that a broken rule is about; only for rules that are conditions. */
unsigned int steady_rule_subject(unsigned int rule);
/*
 * Fills `out` with up to `room` rows of steady_fields that the conditions of a rule read, each
 * once, those of `when` first; returns how many there are.
 */
size_t steady_rule_fields(unsigned int rule, uint16_t *out, size_t room);
/* Likewise those that `then` reads. */
size_t steady_rule_then_fields(unsigned int rule, uint16_t *out, size_t room);

/* A register that a guest has only while a field says so. */
struct steady_gate_row {
	const char *name; /* "TCR2_EL1" */
	uint64_t id;      /* KVM's; the rows ascend by it */
	uint16_t field;   /* row of steady_fields */
	uint8_t from;     /* the value from which on it is there */
};
extern const struct steady_gate_row steady_gates[];
extern const unsigned int steady_gate_count;
/* Whether a guest of this view has the register; true for registers that no field speaks of. */
bool steady_gate_open(uint64_t kvm_id, const struct steady_view *view);

/*
 * Registers that hold what a guest reads and writes, and that no field hides: a list without one
 * takes it away from a guest that moves.
 */
struct steady_state_row {
	const char *name;   /* "CNTP_CTL_EL0" */
	uint64_t id;        /* KVM's; the rows ascend by it */
	bool has_same_as;
	uint64_t same_as;   /* with this value a guest sees no difference */
};
extern const struct steady_state_row steady_state[];
extern const unsigned int steady_state_count;
const struct steady_state_row *steady_state_by_id(uint64_t kvm_id); /* NULL: none of them */
const struct steady_state_row *steady_state_by_name(const char *name, size_t length);

/* Rows of steady_fields, ascending: what Linux lets programs read with MRS at EL0. */
extern const uint16_t steady_visible_fields[];
extern const unsigned int steady_visible_field_count;

/* Two fields that tell one thing together. */
#define STEADY_GROUP_STATES 16
struct steady_group {
	const char *name;
	uint16_t field[2]; /* rows of steady_fields */
	uint8_t states;
	uint8_t value[STEADY_GROUP_STATES][2]; /* a state that may stand for others comes last */
	uint16_t within[STEADY_GROUP_STATES];  /* bit N: state N offers no more than this one */
};
extern const struct steady_group steady_groups[];
extern const unsigned int steady_group_count;

/* What KVM_ARM_VCPU_INIT and VM capabilities turn on. */
enum steady_option {
	STEADY_OPTION_PMU,
	STEADY_OPTION_SVE,
	STEADY_OPTION_PTRAUTH,
	STEADY_OPTION_MTE,
	STEADY_OPTION_EL2,
	STEADY_OPTION_EL2_E2H0,
	STEADY_OPTION_EL1_32BIT,
	STEADY_OPTIONS
};
struct steady_option_row {
	const char *name;       /* "pmu": the key in JSON and --vcpu */
	const char *title;      /* "the PMU" for messages */
	uint32_t features;      /* bits of KVM_ARM_VCPU_INIT's features[0] */
	uint32_t capability[2]; /* KVM_CAP numbers that must all be there; 0: none */
	uint32_t enable_cap;    /* KVM_CAP to enable on the VM before the first vCPU; 0: none */
	bool on_request;        /* never chosen by itself */
	uint32_t not_with;      /* 1 << enum steady_option: no kernel gives a vCPU both */
	const char *qemu;       /* what turns it on in QEMU: "-cpu host,pmu=on" */
};
extern const struct steady_option_row steady_options[STEADY_OPTIONS];
int steady_option_by_name(const char *name, size_t length);
/* The first of these options that no kernel gives a vCPU together with another one of them; -1: none. */
int steady_options_clash(uint32_t options);
/* The option that has to be on for a field to be anything but 0, or -1. */
int steady_field_option(int field);

/* KVM's firmware pseudo registers (Documentation/virt/kvm/arm/fw-pseudo-registers.rst). */
enum steady_firmware_kind {
	STEADY_FIRMWARE_PSCI,       /* a version: major << 16 | minor */
	STEADY_FIRMWARE_WORKAROUND, /* a state that a host may only better */
	STEADY_FIRMWARE_BITMAP,     /* one bit a service; absent counts as 0 */
};
struct steady_firmware_row {
	const char *name; /* "PSCI_VERSION": the kernel's name without its prefix */
	uint64_t id;
	uint8_t kind;
	uint64_t services; /* a bitmap's bits that have a name */
	uint64_t opt_in;   /* of those, bits that are settable but 0 by default */
};
extern const struct steady_firmware_row steady_firmware[];
extern const unsigned int steady_firmware_count;
int steady_firmware_by_name(const char *name, size_t length);
int steady_firmware_by_id(uint64_t id);
/* Its name, or "0x…" in `out` where it has none. */
#define STEADY_FIRMWARE_LABEL 24
const char *steady_firmware_label(uint64_t id, char out[STEADY_FIRMWARE_LABEL]);
bool steady_firmware_id_is_bitmap(uint64_t id); /* any bitmap register, known or not */

/* The name of any register that has one: feature ID, firmware, gated registers; or NULL. */
const char *steady_id_name(uint64_t kvm_id);
/* That, or "CCSIDR_EL1[2]", a system register's encoding "S3_0_C1_C0_5", or "0x…" in `out`. */
#define STEADY_ID_LABEL 24
const char *steady_id_label(uint64_t kvm_id, char out[STEADY_ID_LABEL]);

/* System registers that recorded kernels list beside those with a name here; ascending. */
extern const uint64_t steady_known[];
extern const unsigned int steady_known_count;
/*
 * Whether this version knows a register that KVM lists: what it is, and so what has to be done about
 * it. Of another one nothing is known but that a newer kernel has it.
 */
bool steady_id_known(uint64_t kvm_id);
/* Whether it is wider than struct steady_call holds, so that it cannot be read or written here. */
bool steady_id_wide(uint64_t kvm_id);

/*
 * What kernels do differently and no register, mask or list shows: a probe finds it out by trying
 * on a throw-away VM (behaviours.tsv says what each means).
 */
enum steady_behaviour {
	STEADY_BEHAVIOUR_FEATURES_PER_VCPU,
	STEADY_BEHAVIOUR_KNOWS_EL2,
	STEADY_BEHAVIOUR_KNOWS_PMU_STRICT,
	STEADY_BEHAVIOUR_PMU_SIGNED,
	STEADY_BEHAVIOUR_EL_FLOOR,
	STEADY_BEHAVIOUR_GIC_AT_CREATION,
	STEADY_BEHAVIOUR_GIC_AT_RUN,
	STEADY_BEHAVIOUR_S1PIE_NEEDS_ATS1A,
	STEADY_BEHAVIOUR_WORKAROUND_2_BY_SSBS,
	STEADY_BEHAVIOUR_VCPU_EXISTS_FIRST,
	STEADY_BEHAVIOUR_COUNTERS_LOWERED,
	STEADY_BEHAVIOUR_COUNTERS_CHOSEN,
	STEADY_BEHAVIOUR_TIMERS_RESET,
	STEADY_BEHAVIOUR_PMU_BITS_APART,
	STEADY_BEHAVIOURS
};
extern const char *const steady_behaviour_names[STEADY_BEHAVIOURS];
int steady_behaviour_by_name(const char *name, size_t length);

/* Capabilities that a profile records. */
struct steady_capability_row {
	const char *name; /* "ARM_SVE": the kernel's name without KVM_CAP_ */
	uint32_t number;
};
extern const struct steady_capability_row steady_capabilities[];
extern const unsigned int steady_capability_count;
int steady_capability_by_number(uint64_t number); /* -1: none that has a name here */

/* Capabilities that are more than a number: vm-capabilities.tsv. */
#define STEADY_CAPABILITIES_ASKED 512 /* numbers from 0 on that a probe asks for */
enum steady_without_vm { STEADY_AS_WITH_VM, STEADY_EINVAL_WITHOUT_VM, STEADY_EINVAL_IF_THERE };
struct steady_vm_capability {
	uint32_t number;
	uint8_t without_vm;   /* enum steady_without_vm */
	uint32_t enabled_if;  /* the capability that tells that this one is enabled; 0: never */
};
extern const struct steady_vm_capability steady_vm_capabilities[];
extern const unsigned int steady_vm_capability_count;
const struct steady_vm_capability *steady_vm_capability(uint64_t number); /* NULL: no row */

/* What KVM makes of writes of registers that are not about the CPU: written.tsv. */
enum steady_written {
	STEADY_WRITTEN_MEMORY, /* no row */
	STEADY_WRITTEN_COUNTS,
	STEADY_WRITTEN_ZERO,
	STEADY_WRITTEN_FIXED,
	STEADY_WRITTEN_SET,
	STEADY_WRITTEN_CLEAR,
	STEADY_WRITTEN_EVENT,
	STEADY_WRITTEN_PSTATE,
	STEADY_WRITTEN_PREDICATE,
	STEADY_WRITTEN_KEPT,
	STEADY_WRITTEN_TIMER,
	STEADY_WRITTEN_LIMIT,
};
struct steady_written_row {
	uint64_t first, last;
	uint64_t operand;
	uint8_t rule; /* enum steady_written */
};
extern const struct steady_written_row steady_written[];
extern const unsigned int steady_written_count;
/* The row of an id; one of the rule MEMORY, if it has none. */
struct steady_written_row steady_written_of(uint64_t kvm_id);

/* A guest's registers that a host with VHE keeps in the CPU while a vCPU is loaded: loaded.tsv. */
struct steady_loaded_row {
	uint64_t id;   /* KVM's */
	int8_t option; /* of vCPUs with this enum steady_option only; -1: of all but those with EL2 */
};
extern const struct steady_loaded_row steady_loaded[];
extern const unsigned int steady_loaded_count;
/* Whether it is one of a vCPU's with these options. */
bool steady_loaded_has(const struct steady_loaded_row *row, uint32_t options);
const struct steady_loaded_row *steady_loaded_by_id(uint64_t kvm_id); /* NULL: none of them */

/*
 * What an error of a call to a host means. Answers are facts about the host; after a failure what
 * was asked for is unknown, and unknown is never taken for "not there".
 */
enum steady_answer {
	STEADY_ANSWER_FAILURE,
	STEADY_ANSWER_ABSENT,  /* what was asked for is not there */
	STEADY_ANSWER_REFUSED, /* the value is not accepted */
	STEADY_ANSWER_OPTION,  /* not with these vCPU options, or in such a VM */
	STEADY_ANSWER_FROZEN,  /* too late: the VM has run */
	STEADY_ANSWER_ROOM,    /* with more room the call succeeds */
	STEADY_ANSWER_ENTERED, /* KVM_RUN with immediate_exit succeeds this way */
};
struct steady_errno_row {
	uint8_t op;     /* enum steady_op */
	uint8_t answer; /* enum steady_answer */
	int16_t error;  /* positive */
	const char *says;
};
extern const struct steady_errno_row steady_errnos[];
extern const unsigned int steady_errno_count;
/* An error may be given as the positive errno or as the negative result of a call. */
enum steady_answer steady_answer_of(uint32_t op, int error);
/* What the error says of this call, a clause without a full stop; NULL: the table does not know. */
const char *steady_answer_says(uint32_t op, int error);

/*
 * The recorded kernels, oldest first, and which fields each lets be written. For advice and for
 * show: what a host does is found by probing it, never by the name of its kernel.
 */
extern const char *const steady_kernels[]; /* "6.12.117" */
extern const unsigned int steady_kernel_count;
enum steady_kernel_hosts {
	STEADY_KERNEL_ALL,
	STEADY_KERNEL_AARCH32, /* hosts whose EL0 has AArch32 */
	STEADY_KERNEL_AARCH64, /* hosts whose EL0 has not */
};
struct steady_kernel_row {
	uint16_t field;    /* row of steady_fields */
	uint8_t hosts;     /* enum steady_kernel_hosts */
	uint32_t writable; /* bit N: kernel N lets the field be written */
	uint32_t hidden;   /* guests see 0, whatever the hardware has */
	uint32_t fixed;    /* it shows what the hardware has; in none of the three: not recorded */
};
extern const struct steady_kernel_row steady_kernel_rows[];
extern const unsigned int steady_kernel_row_count;
/* The row for a field on hosts with or without AArch32; NULL: it is fixed in all recorded kernels. */
const struct steady_kernel_row *steady_kernel_row_of(unsigned int field, bool aarch32);

#endif
