/* SPDX-License-Identifier: MIT */
/*
 * The simulated host from inside: sim.c has the VM, its vCPUs and lists, sim_device.c interrupt
 * controller, PMU and the run, sim_register.c the feature ID registers, sim_state.c those of a guest's
 * state, sim_memory.c all others.
 *
 * What a kernel does stands in the profile: limits, masks, lists, what was tried, and behaviours.
 * Nothing here asks for a kernel's version.
 */
#ifndef STEADY_SIM_INSIDE_H
#define STEADY_SIM_INSIDE_H

#include <steadyarm/sim.h>

#include "policy/profile.h"

#define STEADY_SIM_VCPUS 512

/* Fields that some rule names, and registers; looked up by name when a simulated host is made. */
#define STEADY_SIM_FIELDS(X)                                                                       \
	X(PFR0_GIC, "ID_AA64PFR0_EL1.GIC")                                                         \
	X(AA32_GIC, "ID_PFR1_EL1.GIC")                                                             \
	X(EL0, "ID_AA64PFR0_EL1.EL0")                                                              \
	X(EL2, "ID_AA64PFR0_EL1.EL2")                                                              \
	X(EL3, "ID_AA64PFR0_EL1.EL3")                                                              \
	X(CSV2, "ID_AA64PFR0_EL1.CSV2")                                                            \
	X(CSV3, "ID_AA64PFR0_EL1.CSV3")                                                            \
	X(TGRAN4_2, "ID_AA64MMFR0_EL1.TGran4_2")                                                   \
	X(TGRAN16_2, "ID_AA64MMFR0_EL1.TGran16_2")                                                 \
	X(TGRAN64_2, "ID_AA64MMFR0_EL1.TGran64_2")                                                 \
	X(PMUVER, "ID_AA64DFR0_EL1.PMUVer")                                                        \
	X(PERFMON, "ID_DFR0_EL1.PerfMon")                                                          \
	X(SSBS, "ID_AA64PFR1_EL1.SSBS")                                                            \
	X(ATS1A, "ID_AA64ISAR2_EL1.ATS1A")                                                         \
	X(HPDS, "ID_AA64MMFR1_EL1.HPDS")                                                           \
	X(TCRX, "ID_AA64MMFR3_EL1.TCRX")                                                           \
	X(S1PIE, "ID_AA64MMFR3_EL1.S1PIE")                                                         \
	X(S1POE, "ID_AA64MMFR3_EL1.S1POE")                                                         \
	X(IDC, "CTR_EL0.IDC")                                                                      \
	X(DMINLINE, "CTR_EL0.DminLine")                                                            \
	X(IMINLINE, "CTR_EL0.IminLine")                                                            \
	X(LOC, "CLIDR_EL1.LoC")                                                                    \
	X(LOUU, "CLIDR_EL1.LoUU")                                                                  \
	X(LOUIS, "CLIDR_EL1.LoUIS")                                                                \
	X(LINESIZE, "CCSIDR_EL1.LineSize")                                                         \
	X(AFF0, "MPIDR_EL1.Aff0")                                                                  \
	X(AFF1, "MPIDR_EL1.Aff1")                                                                  \
	X(AFF2, "MPIDR_EL1.Aff2")                                                                  \
	X(AFR0, "ID_AFR0_EL1.IMPDEF0")                                                             \
	X(DFR1, "ID_DFR1_EL1.MTPMU")                                                               \
	X(MIDR, "MIDR_EL1.PartNum")                                                                \
	X(REVIDR, "REVIDR_EL1.IMPDEF")                                                             \
	X(AIDR, "AIDR_EL1.IMPDEF")

enum steady_sim_field {
#define X(name, text) STEADY_SIM_##name,
	STEADY_SIM_FIELDS(X)
#undef X
	STEADY_SIM_FIELDS_END
};

struct steady_sim_other {   /* a register that is just memory */
	uint64_t id;
	uint64_t value[8];
};

struct steady_sim_vcpu {
	bool created, inited, finalized;
	bool ran;              /* KVM_RUN has come as far as the guest's entry */
	bool pmu_irq, pmu_ready;
	uint32_t features;     /* of its KVM_ARM_VCPU_INIT */
	const struct steady_configuration *c; /* chosen by them; NULL before */
	uint64_t mpidr, clidr; /* feature ID registers that belong to a vCPU */
	uint64_t pmcr;         /* of PMCR_EL0, what is the vCPU's own */
	uint64_t counters;     /* the VM's, when it was reset */
	uint64_t counter_bits; /* what its PMU's registers kept of their reset values */
	uint64_t event_bits;
	struct steady_vl sve;
	struct steady_sim_other *other;
	size_t other_count;
};

struct steady_sim_range {   /* of SMCCC function numbers, both ends included */
	uint32_t first, last;
};

/* KVM_ARM_VCPU_PMU_V3_STRICT, of features[0]; no option of ours. */
#define STEADY_SIM_PMU_STRICT (UINT32_C(1) << 9)

struct steady_sim {
	const struct steady_profile *profile;
	const struct steady_field *field[STEADY_SIM_FIELDS_END];
	bool modern;           /* ID registers can be written at all (from 6.7 on; not 6.1) */
	bool aarch32;          /* the host's EL0 has AArch32 */
	bool vm;
	bool dead;             /* a run failed in a way after which KVM gives a VM up: EIO */
	bool mte, imp_id_regs; /* capabilities that were enabled */
	bool any_vcpu;
	bool configured;       /* a vCPU was initialised: features and reg are there */
	uint32_t features;     /* of the first KVM_ARM_VCPU_INIT */
	uint64_t reg[STEADY_REGISTERS];
	uint64_t counters;     /* PMCR_EL0.N */
	bool no_hpmn;          /* of a VM with EL2 that had no PMU in its ID registers when it ran */
	bool at_el2_ran;       /* and whether that was looked at */
	uint64_t *firmware;    /* current values, one per row of profile->firmware */
	uint32_t gic;          /* KVM_DEV_TYPE_..., 0: none */
	bool gic_ready;
	bool frozen;           /* a vCPU ran */
	struct steady_sim_range *filter; /* of SMCCC functions, those that were given */
	size_t filter_count;
	struct steady_sim_vcpu vcpus[STEADY_SIM_VCPUS];
};

/* ---- sim.c ---- */

/* What a vCPU of these features is in the profile; NULL: not captured. */
const struct steady_configuration *steady_sim_configuration(const struct steady_sim *s,
							    uint32_t features);
/* 1 << enum steady_option: those of KVM_ARM_VCPU_INIT's features, and of the VM's capabilities. */
uint32_t steady_sim_options(const struct steady_sim *s, uint32_t features);
uint64_t steady_sim_capability(const struct steady_sim *s, uint64_t number);
bool steady_sim_has(const struct steady_sim_vcpu *v, enum steady_option option);

/* ---- sim_register.c ---- */

/* What the VM's first vCPU finds. */
void steady_sim_reset_registers(struct steady_sim *s, const struct steady_configuration *c);
void steady_sim_reset_vcpu_registers(struct steady_sim *s, uint32_t index);
/* Whether it is one that the kernel has once for all VMs; -1 is none. */
bool steady_sim_is_invariant(const struct steady_sim *s, int reg);
/* The index of a feature ID register that this vCPU has, or -1. */
int steady_sim_feature_register(const struct steady_sim_vcpu *v, uint64_t id);
uint64_t steady_sim_get_feature(const struct steady_sim *s, const struct steady_sim_vcpu *v,
				int reg);
int steady_sim_set_feature(struct steady_sim *s, struct steady_sim_vcpu *v, int reg,
			   uint64_t value);
/* The same by field. */
uint64_t steady_sim_field(const struct steady_sim *s, enum steady_sim_field field);
/* What a kernel makes of the registers when the GIC is created, and at the first run. */
void steady_sim_gic_created(struct steady_sim *s);
void steady_sim_first_run(struct steady_sim *s, const struct steady_sim_vcpu *v);

/* ---- sim_memory.c ---- */

/* Whether KVM lists this id now: registers come and go with their fields. */
bool steady_sim_open(const struct steady_sim *s, uint64_t id);
/* Whether the profile lists it for this vCPU, and it is open. */
bool steady_sim_listed(const struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t id);
int steady_sim_get(struct steady_sim *s, struct steady_call *call);
int steady_sim_set(struct steady_sim *s, struct steady_call *call);

/* Whether it is one of a guest's state, and not of caches, firmware, or unknown. */
bool steady_sim_is_state(const struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t id);
/* Whether KVM_ARM_VCPU_INIT resets it, which it does to a guest's state. */
bool steady_sim_is_reset(const struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t id);
/* A register that is memory, or what it holds first. */
int steady_sim_set_memory(struct steady_sim_vcpu *v, uint64_t id, const uint64_t value[8]);
void steady_sim_get_memory(struct steady_sim_vcpu *v, uint64_t id, uint64_t initial,
			   uint64_t value[8]);

/* ---- sim_state.c: registers of a guest's state (written.tsv) ---- */

int steady_sim_get_state(struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t id,
			 uint64_t value[8]);
int steady_sim_set_state(struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t id,
			 const uint64_t value[8]);
/* At KVM_ARM_VCPU_INIT: what it held before is gone, and what the VM is now counts. */
void steady_sim_reset_state(struct steady_sim *s, struct steady_sim_vcpu *v);
/* PMCR_EL0.N as a vCPU sees it, and another number of the VM's. */
uint64_t steady_sim_counters(const struct steady_sim *s, struct steady_sim_vcpu *v);
int steady_sim_give_counters(struct steady_sim *s, uint64_t counters);
/* The end of a run: what the CPU kept of those that were loaded into it. EINTR, or what failed. */
int steady_sim_loaded(struct steady_sim *s, struct steady_sim_vcpu *v);

/* ---- sim_device.c ---- */

bool steady_sim_can_make_gic(const struct steady_sim *s, uint64_t type);
int steady_sim_create_gic(struct steady_sim *s, uint64_t type);
int steady_sim_init_gic(struct steady_sim *s);
/* PMCR_EL0 of kernels where the number of counters belongs to the VM. */
bool steady_sim_has_pmcr(const struct steady_sim *s);
uint64_t steady_sim_get_pmcr(const struct steady_sim *s, struct steady_sim_vcpu *v);
int steady_sim_set_pmcr(struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t value);
int steady_sim_init_pmu(struct steady_sim *s, struct steady_sim_vcpu *v);
int steady_sim_set_counters(struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t counters);
int steady_sim_run(struct steady_sim *s, struct steady_sim_vcpu *v);
int steady_sim_set_filter(struct steady_sim *s, const struct steady_call *call);
uint64_t steady_sim_max_vcpus(const struct steady_sim *s);

#endif
