/* SPDX-License-Identifier: MIT */
/* A simulated host and its VM, for the tests of it. */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "test.h"

#include <errno.h>

#include <steadyarm/sim.h>

#include "build_profile.h"

#define PMU     (1u << STEADY_OPTION_PMU)
#define SVE     (1u << STEADY_OPTION_SVE)
#define PTRAUTH (1u << STEADY_OPTION_PTRAUTH)
#define MTE     (1u << STEADY_OPTION_MTE)

/* Bits of KVM_ARM_VCPU_INIT's features[0] (arch/arm64/include/uapi/asm/kvm.h). */
enum {
	POWER_OFF = 1 << 0,
	EL1_32BIT = 1 << 1,
	PSCI_0_2 = 1 << 2,
	PMU_V3 = 1 << 3,
	SVE_BIT = 1 << 4,
	PTRAUTH_ADDRESS = 1 << 5,
	PTRAUTH_GENERIC = 1 << 6,
	HAS_EL2 = 1 << 7,
	PMU_V3_STRICT = 1 << 9,
};

/* KVM's ids: ARM64 | SIZE_U64 | ARM64_SYSREG(3, op1, 0, CRm, op2). */
#define SYSREG(op1, crm, op2) (UINT64_C(0x603000000013c000) | (op1) << 11 | (crm) << 3 | (op2))
#define MIDR                  SYSREG(0, 0, 0)
#define MPIDR                 SYSREG(0, 0, 5)
#define REVIDR                SYSREG(0, 0, 6)
#define PFR0_32               SYSREG(0, 1, 0)
#define PFR1_32               SYSREG(0, 1, 1)
#define DFR0_32               SYSREG(0, 1, 2)
#define PFR0                  SYSREG(0, 4, 0)
#define PFR1                  SYSREG(0, 4, 1)
#define ZFR0                  SYSREG(0, 4, 4)
#define DFR0                  SYSREG(0, 5, 0)
#define ISAR0                 SYSREG(0, 6, 0)
#define MMFR0                 SYSREG(0, 7, 0)
#define CLIDR                 SYSREG(1, 0, 1)
#define CTR                   SYSREG(3, 0, 1)
#define CCSIDR(n)             (UINT64_C(0x6020000000110000) | (n))
#define FW(n)                 (UINT64_C(0x6030000000140000) | (n))
#define BMAP(n)               (UINT64_C(0x6030000000160000) | (n))
#define SVE_VLS               UINT64_C(0x606000000015ffff)
#define X0                    UINT64_C(0x6030000000100000)

enum { V2 = 5, V3 = 7, CAP_MTE = 205, CAP_IMP_ID = 239 };

struct host {
	struct steady_profile *p;
	struct steady_sim *s;
};

static inline int ask(struct host *h, enum steady_op op, uint32_t vcpu, uint64_t id)
{
	struct steady_call c = {.size = sizeof(c), .op = op, .vcpu = vcpu, .id = id};

	return steady_sim_call(h->s, &c);
}

static inline int set(struct host *h, uint32_t vcpu, uint64_t id, uint64_t value)
{
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_SET, .vcpu = vcpu, .id = id};

	c.value[0] = value;
	return steady_sim_call(h->s, &c);
}

static inline uint64_t get(struct host *h, uint32_t vcpu, uint64_t id)
{
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_GET, .vcpu = vcpu, .id = id};

	c.value[0] = 0xdead;
	assert_int_equal(steady_sim_call(h->s, &c), 0);
	return c.value[0];
}

static inline int run(struct host *h, uint32_t vcpu)
{
	return ask(h, STEADY_OP_RUN, vcpu, 0);
}

/* A host; its VM with two vCPUs that are initialised with these features, if any. */
static inline void boot(struct host *h, uint32_t features)
{
	assert_int_equal(steady_sim_new(h->p, &h->s), 0);
	assert_int_equal(ask(h, STEADY_OP_CREATE_VM, 0, 0), 0);
	assert_int_equal(ask(h, STEADY_OP_CREATE_VCPU, 0, 0), 0);
	assert_int_equal(ask(h, STEADY_OP_CREATE_VCPU, 1, 0), 0);
	if (!features)
		return;
	assert_int_equal(ask(h, STEADY_OP_INIT, 0, features), 0);
	assert_int_equal(ask(h, STEADY_OP_INIT, 1, features), 0);
}

static inline void start(struct host *h, enum build_cpu cpu, enum build_kernel kernel,
			 uint32_t features)
{
	h->p = build_host(cpu, kernel, "host");
	boot(h, features);
}

static inline void stop(struct host *h)
{
	steady_sim_free(h->s);
	steady_profile_free(h->p);
}

static inline uint64_t limit(const struct host *h, size_t configuration, const char *reg)
{
	return h->p->configurations[configuration].reg[build_reg(reg)].value;
}

#endif
