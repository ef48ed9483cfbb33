/* SPDX-License-Identifier: MIT */
/*
 * A VMM's process in small: the preload library's own objects above, the simulated /dev/kvm below,
 * and between them a layer that counts requests and lets them fail or lie. What a test asks for
 * with kvm() is what a VMM's ioctl(2) would be.
 */
#ifndef RIG_H
#define RIG_H

#include "../faults/faults.h"

#include <errno.h>

#include "host/uapi.h"
#include "preload/preload.h"
#include "preload/sim/simhost.h"

/* KVM_ARM_VCPU_INIT's features[0] (arch/arm64/include/uapi/asm/kvm.h) */
enum {
	F_POWER_OFF = 1 << 0,
	F_PSCI_0_2 = 1 << 2,
	F_PMU_V3 = 1 << 3,
	F_SVE = 1 << 4,
	F_PTRAUTH = 3 << 5,
	F_ALL = F_PSCI_0_2 | F_PMU_V3 | F_SVE | F_PTRAUTH,
};

/* KVM_CAP_ARM_SVE, KVM_CAP_ARM_MTE (include/uapi/linux/kvm.h) */
enum { C_SVE = 170, C_MTE = 205 };

#define VCPUS_MAX 8

struct rig {
	struct setup setup;         /* what setup_get() gives */
	struct steady_model *model;
	int kvm, vm, gic, vcpu[VCPUS_MAX];
	uint8_t *run[VCPUS_MAX];    /* the VMM's mapping of struct kvm_run */
	char folder[64];            /* log and records */
};

/* What stands between the library and the host, for all threads. */
struct between {
	_Atomic unsigned long count;        /* of requests that came down */
	unsigned long fail_at;              /* which of them fails, from 1; 0: none */
	int fail_with;
	void (*before_run)(struct rig *);   /* a KVM_RUN is about to reach the host */
	uint64_t lie_id, lie_bits;          /* a register whose bits flip after a run; 0: none */
	_Atomic bool has_run;
};
extern struct rig rig;
extern struct between between;

/* A host and a model of recorded hosts ("a,b"), vCPU options that the model shall not have. */
void rig_start(const char *host, const char *model, uint32_t off, const char *const *tolerate);
/* The same with the model of what a guest of the second sees that nobody has pinned. */
void rig_start_exactly(const char *host, const char *model);
void rig_stop(void);
/* What the library has said so far, complaints and all; borrowed until the next call. */
const char *rig_said(void);
/* This process's record for `steadyarm ps`; the same. */
const char *rig_record(void);

long kvm(int fd, unsigned long request, void *argument);
/* A VM with so many vCPUs, none initialised. */
void rig_vm(uint32_t vcpus);
void rig_vcpu(uint32_t vcpu);
long rig_init(uint32_t vcpu, uint32_t features);
long rig_gic(void);
long rig_pmu(uint32_t vcpu);
long rig_finalize(uint32_t vcpu);
long rig_run(uint32_t vcpu);
/* All of that for vCPUs that exist; the first failure, or 0. The first run gives EINTR to be 0. */
int rig_boot(uint32_t vcpus, uint32_t features);
void rig_close(void); /* the VM and its vCPUs */
long rig_get(uint32_t vcpu, uint64_t id, uint64_t value[8]);
long rig_set(uint32_t vcpu, uint64_t id, uint64_t value);
/* The register as the host has it, past the library. */
uint64_t rig_raw(uint32_t vcpu, uint64_t id);
/* Whether the host has the model's value in every register of the core range. */
bool rig_is_pinned(uint32_t vcpu);
/* The ids that the VMM is shown; count in *n; to be freed. */
uint64_t *rig_list(uint32_t vcpu, size_t *n);

#endif
