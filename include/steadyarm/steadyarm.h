/* SPDX-License-Identifier: MIT */
/*
 * Steadyarm for people who write VMMs: give a VM on arm64 KVM one stable CPU.
 *
 * Conventions. Functions return 0 or a negative enum steady_error. Reasons go to an optional
 * struct steady_report, finding by finding. On failure outputs are untouched. Inputs are borrowed;
 * what an output pointer T ** receives is the caller's and is freed by steady_T_free(), for which
 * NULL is fine. The library never prints, exits or opens a file. One object is used by one
 * thread at a time; several threads may use several objects.
 */
#ifndef STEADYARM_H
#define STEADYARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* name, number, text, exit status of the command */
#define STEADY_ERRORS(X)                                                                           \
	X(ENOMEM, 1, "out of memory", 3)                                                           \
	X(EUSAGE, 2, "used wrongly", 2)                                                            \
	X(EINPUT, 3, "bad input", 2)                                                               \
	X(EIO, 4, "a file could not be read or written", 2)                                        \
	X(EHOST, 5, "the host failed", 3)                                                          \
	X(EBLOCKED, 6, "the host cannot show this CPU", 1)                                         \
	X(ECONFLICT, 7, "the hosts have no CPU in common", 1)                                      \
	X(EMISMATCH, 8, "a register reads back another value", 1)                                  \
	X(EFROZEN, 9, "the VM has run already, its registers are frozen", 1)                       \
	X(EUNKNOWN, 10, "the profile does not hold what this needs", 2)                            \
	X(EINVALID, 11, "no CPU is like that", 1)

enum steady_error {
#define X(name, number, text, status) STEADY_##name = number,
	STEADY_ERRORS(X)
#undef X
};

/* A constant text for a negative result of this library; never NULL. */
const char *steady_strerror(int result);

/* The exit status that the command gives for a result: 0, 1 (no), 2 (input), 3 (host). */
int steady_exit_status(int result);

/* ---- reports: why something was refused, finding by finding ---- */

enum steady_severity { STEADY_ERROR, STEADY_WARNING, STEADY_NOTE };

struct steady_finding {
	uint32_t size;        /* sizeof(struct steady_finding) of the library */
	uint32_t severity;    /* enum steady_severity */
	int32_t error;        /* enum steady_error, 0 for notes */
	uint32_t line;        /* place in an input text, from 1; 0 where there is none */
	uint32_t column;
	/* Strings belong to the report; NULL where they do not apply. */
	const char *file;     /* name of the input that the place is in */
	const char *host;     /* which host */
	const char *reg;      /* "ID_AA64ISAR0_EL1", or the name of another thing: "PSCI_VERSION" */
	const char *field;    /* "AES" */
	const char *features; /* what is at stake: "FEAT_AES, FEAT_PMULL" */
	const char *wanted;   /* the value that was wanted, as text */
	const char *offered;  /* what the host accepts: "0-2" */
	const char *reason;   /* a sentence */
	const char *advice;   /* what would help */
	const char *rule;     /* which rule between fields: "implies-sve2-sve" */
	/* about something without a name in this version: "field", "register", "service", "range" */
	const char *unknown;
};

struct steady_report;
int steady_report_new(struct steady_report **report); /* ENOMEM */
void steady_report_free(struct steady_report *report);
size_t steady_report_count(const struct steady_report *report);
/* Borrowed until the report changes; NULL beyond the end. */
const struct steady_finding *steady_report_get(const struct steady_report *report, size_t index);

/* ---- calls: everything that is asked of a host ---- */

enum steady_op {
	STEADY_OP_CREATE_VM = 1, /* id: the type; a VM that the context holds is discarded first */
	STEADY_OP_CREATE_VCPU,   /* vcpu */
	STEADY_OP_INIT,          /* vcpu, id: features word 0 of KVM_ARM_VCPU_INIT */
	STEADY_OP_FINALIZE,      /* vcpu, id: the feature's index */
	STEADY_OP_GET,           /* vcpu, id -> value */
	STEADY_OP_SET,           /* vcpu, id, value */
	STEADY_OP_REG_LIST,      /* vcpu -> list, count */
	STEADY_OP_MASKS,         /* id: the range -> list (192 words), count */
	STEADY_OP_CHECK,         /* id: the capability -> value[0] */
	STEADY_OP_ENABLE_CAP,    /* id: the capability */
	STEADY_OP_CREATE_GIC,    /* id: KVM_DEV_TYPE_ARM_VGIC_V2 (5) or _V3 (7) */
	STEADY_OP_INIT_GIC,      /* gives it addresses and initialises it */
	STEADY_OP_PMU_INIT,      /* vcpu: sets the PMU's interrupt and initialises it */
	STEADY_OP_RUN,           /* vcpu: KVM_RUN with immediate_exit, whose success is -EINTR */
	/*
	 * KVM_ARM_VM_SMCCC_FILTER. id: the first function, value[0]: how many, value[1]: an
	 * enum kvm_smccc_filter_action (0 KVM's own handling, 1 deny, 2 forward to userspace)
	 */
	STEADY_OP_SMCCC_FILTER,
	/* KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS. vcpu, id: how many; before STEADY_OP_PMU_INIT */
	STEADY_OP_PMU_COUNTERS,
};

struct steady_call {
	uint32_t size;     /* sizeof(struct steady_call) */
	uint32_t op;       /* enum steady_op */
	uint32_t vcpu;     /* which vCPU, counted from 0 */
	uint32_t count;    /* in: room in list, in words; out: words (that there are, if -E2BIG) */
	uint64_t id;
	uint64_t value[8]; /* a register of up to 512 bits, least significant word first */
	uint64_t *list;    /* the caller's */
};

/* Makes one call; returns 0 or the negative errno that the kernel gave. */
typedef int steady_call_fn(void *ctx, struct steady_call *call);

/* This machine's KVM. `path` is usually "/dev/kvm". Returns EHOST with the errno in *error. */
struct steady_kvm;
int steady_kvm_open(const char *path, struct steady_kvm **kvm, int *error);
void steady_kvm_free(struct steady_kvm *kvm);
int steady_kvm_call(void *kvm, struct steady_call *call);
/* How many ioctl(2) this context has made. */
uint64_t steady_kvm_ioctls(const struct steady_kvm *kvm);

/* ---- models: what a guest shall see ---- */

struct steady_model;
/*
 * Reads a model's canonical text (not NUL terminated). EINPUT: the report says line and column.
 */
int steady_model_parse(const char *text, size_t length, struct steady_model **model,
		       struct steady_report *report);
void steady_model_free(struct steady_model *model);
const char *steady_model_name(const struct steady_model *model); /* never NULL, may be "" */
/*
 * A newer kernel may show a guest what this version of the library has no name for: bits of ID
 * registers, registers, hypercall services. All of it is brought to 0; what KVM does not let be 0
 * is refused by name (strict, as a model is at first), or reported as a warning and left as the
 * host has it (lenient). Before the model is given to a pin.
 */
void steady_model_set_lenient(struct steady_model *model, bool lenient);

/*
 * The models that the library has built in, sorted by name; a name ends in its version ("-v1"),
 * and what a name stands for never changes. NULL beyond the end.
 */
size_t steady_models(void);
const char *steady_models_name(size_t index);  /* "neoverse-n1-v1" */
const char *steady_models_title(size_t index); /* one line for people */
/*
 * One of them, by its name, or by its name without the version: then the newest there is, which
 * may be another one in the next release of this library. EINPUT: there is none. ENOMEM.
 */
int steady_model_builtin(const char *name, struct steady_model **model);

/* ---- the life of a pin, in this order ---- */

struct steady_pin;
/* Borrows the model and the call function until the pin is freed. */
int steady_pin_new(const struct steady_model *model, steady_call_fn *call, void *ctx,
		   struct steady_pin **pin);
void steady_pin_free(struct steady_pin *pin);

/*
 * Before KVM_CREATE_VM: what KVM passes through to a guest as this host has it, which no write levels, is
 * held against the model. The caller reads "CNTFRQ_EL0", "DCZID_EL0" (from EL0), "PAGE_SIZE", and "IPA_SIZE"
 * (KVM_CAP_ARM_VM_IPA_SIZE, 40 where that is 0); what it leaves out, or the model tolerates, is not
 * looked at. EBLOCKED: the report names what differs.
 */
struct steady_passed {
	const char *name;
	uint64_t value;
};
int steady_pin_check_passed(const struct steady_pin *pin, const struct steady_passed *here,
			    size_t count, struct steady_report *report);
/*
 * Whether KVM_CREATE_VM may be given this type: a VM has no more bits of address than the model, so that
 * it can be made on every host. EBLOCKED.
 */
int steady_pin_vm_type(const struct steady_pin *pin, uint64_t type, struct steady_report *report);

/* After KVM_CREATE_VM, before the first vCPU: enables the capabilities that the model needs. */
int steady_pin_vm(struct steady_pin *pin, struct steady_report *report);

/*
 * After KVM_CREATE_VM, before any vCPU is pinned, for a VMM that answers implementation discovery:
 * has KVM forward its calls to userspace, if the model has them on (VENDOR_HYP_BMAP_2). Then a
 * KVM_RUN may end with KVM_EXIT_HYPERCALL; steady_model_answer() has what to say. Without this the
 * model's bits are left 0, and the report says so. EBLOCKED: the host's kernel cannot forward them, or
 * the model lists no implementations; then nothing was done. A kernel without the register (before
 * 6.15) is refused later, by steady_pin_vcpu().
 */
int steady_pin_answers(struct steady_pin *pin, struct steady_report *report);

/* The calls: which version and how many CPUs; which CPU (Linux, virt/kvm/arm/hypercalls.rst). */
#define STEADY_DISCOVER_VERSION UINT32_C(0xc6000040)
#define STEADY_DISCOVER_CPU     UINT32_C(0xc6000041)
/*
 * Answers a hypercall of a guest, from the model's implementations. `x` are the vCPU's X0 to X3, as
 * KVM_GET_ONE_REG gives them at KVM_EXIT_HYPERCALL; they become what is to be written back before the
 * vCPU goes on. False, with nothing changed: it is no call of implementation discovery.
 */
bool steady_model_answer(const struct steady_model *model, uint64_t x[4]);

/*
 * Before KVM_ARM_VCPU_INIT: takes out of word 0 of its features what the model has not. EBLOCKED
 * if the model has an option that the VMM did not ask for; the report names it.
 */
int steady_pin_features(struct steady_pin *pin, uint32_t *features, struct steady_report *report);

/*
 * After every KVM_ARM_VCPU_INIT of a vCPU (once all are there is best: a write on one vCPU then
 * serves all on kernels where ID registers belong to the VM): writes what differs from the model.
 * Of a guest with EL2 KVM takes fewer event counters only before KVM_ARM_VCPU_PMU_V3_INIT.
 * EBLOCKED: the host does not accept a value, the report names the field and what it accepts (where
 * KVM refuses what was foreseen to be taken, the register and what it shows).
 * EFROZEN: the VM has run. EHOST: a call failed.
 */
int steady_pin_vcpu(struct steady_pin *pin, uint32_t vcpu, struct steady_report *report);

/*
 * After KVM_ARM_VCPU_FINALIZE of a vCPU that was pinned, if it has SVE: looks for registers that
 * only a newer kernel lists, as steady_pin_vcpu() does for other vCPUs (KVM gives no list before), and
 * brings them to 0. Results as there. steady_pin_check() does it for vCPUs where it was not done.
 */
int steady_pin_finalized(struct steady_pin *pin, uint32_t vcpu, struct steady_report *report);

/*
 * Reads every register of the model back from every vCPU that was pinned. To be called once the
 * interrupt controller is there, and again after the first KVM_RUN: some kernels accept a value
 * and change it then. EMISMATCH: the report has every register that differs. A list that KVM does
 * not give yet, before KVM_ARM_VCPU_FINALIZE, is left for later.
 */
int steady_pin_check(struct steady_pin *pin, struct steady_report *report);
/* The same for one vCPU, whether others run or not. EUSAGE before any vCPU was pinned. */
int steady_pin_check_vcpu(struct steady_pin *pin, uint32_t vcpu, struct steady_report *report);

/* ---- for a VMM that saves and restores register lists by itself ---- */

/*
 * The bits of word 0 of KVM_ARM_VCPU_INIT's features that the model's options need, and (in
 * *decided, which may be NULL) all bits that a model decides on: of those, others must be off.
 */
uint32_t steady_model_features(const struct steady_model *model, uint32_t *decided);

/*
 * What KVM_CHECK_EXTENSION should tell for a capability: 0 for those of options that the model has
 * not, no more bits of address than the model has, else `value`, which is what KVM told.
 */
uint64_t steady_pin_extension(const struct steady_pin *pin, uint32_t capability, uint64_t value);

/*
 * Takes out of a register list what the model's list has not, in place. EBLOCKED if the model's
 * list has a register that is not there: state that a stream from elsewhere may bring.
 */
int steady_pin_reglist(const struct steady_pin *pin, uint64_t *list, size_t *count,
		       struct steady_report *report);

enum steady_incoming {
	STEADY_PASS, /* write it: it is no register of the model's, or has the model's value */
	STEADY_SKIP, /* do not write it, the guest has been told otherwise: a tolerated field */
	STEADY_REFUSE, /* it would make the guest another CPU; the report says where */
};
/*
 * What to do with a value that comes from a saved stream for a register (size as its id says, in
 * `value` as struct steady_call has it). PASS before any vCPU was pinned.
 */
enum steady_incoming steady_pin_incoming(const struct steady_pin *pin, uint64_t id,
					 const uint64_t value[8], struct steady_report *report);

#ifdef __cplusplus
}
#endif
#endif
