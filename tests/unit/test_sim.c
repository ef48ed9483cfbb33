/* SPDX-License-Identifier: MIT */
/*
 * The simulated host against what KVM does: results measured on kernels 6.1 to 7.3, and the
 * kernel's documentation (Documentation/virt/kvm/api.rst, devices/vcpu.rst). tests/laws/law_write.c
 * has the field rules.
 */
#include "sim_host.h"

/* ---- the path to a register: which error comes first ---- */

static void test_before_init(void **state)
{
	static const enum steady_op ops[] = {STEADY_OP_GET, STEADY_OP_SET, STEADY_OP_REG_LIST,
					     STEADY_OP_RUN, STEADY_OP_FINALIZE};
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_7_3, 0);
	for (size_t i = 0; i < LENGTH(ops); i++) {
		/* ENOEXEC comes before all that is wrong with the id */
		assert_int_equal(ask(&h, ops[i], 0, ISAR0), -ENOEXEC);
		assert_int_equal(ask(&h, ops[i], 0, 0), -ENOEXEC);
	}
	assert_int_equal(ask(&h, STEADY_OP_GET, 2, ISAR0), -EBADF); /* no such vCPU */
	assert_int_equal(ask(&h, STEADY_OP_INIT, 2, PSCI_0_2), -EBADF);
	stop(&h);
}

#define SVE_SPACE(size, low) (UINT64_C(0x6000000000150000) | UINT64_C(size) << 52 | (low))

static const struct {
	uint64_t id;
	int get, set;
} ids[] = {
	{ISAR0, 0, 0},
	{UINT64_C(0x4030000000130030) | 0xc000, -EINVAL, -EINVAL}, /* not arm64's */
	{UINT64_C(0x603000000013c000) | 0xffff, -ENOENT, -ENOENT}, /* no such register */
	{ISAR0 & ~UINT64_C(0x0010000000000000), -ENOENT, -ENOENT}, /* of 32 bits */
	{FW(0) & ~UINT64_C(0x0010000000000000), -ENOENT, -ENOENT},
	{FW(9), -ENOENT, -ENOENT},
	{BMAP(4), -ENOENT, -ENOENT},
	{SYSREG(0, 0, 1), -ENOENT, -ENOENT}, /* UNDEFINED */
	{SYSREG(0, 4, 3), 0, 0},             /* reserved: RAZ */
	{SVE_VLS, -ENOENT, -ENOENT},         /* without SVE */
	{X0, 0, 0},
	/* SVE's space: ENOENT for what it has, EINVAL for all else (lab, 6.1 to 7.3) */
	{SVE_SPACE(5, 0xffff), -EINVAL, -EINVAL},
	{SVE_SPACE(3, 0), -EINVAL, -EINVAL},
	{SVE_SPACE(5, 0), -EINVAL, -EINVAL},
	{SVE_SPACE(5, 0x3ff), -EINVAL, -EINVAL},
	{SVE_SPACE(5, 0x400), -ENOENT, -ENOENT}, /* P0 */
	{SVE_SPACE(5, 0x401), -ENOENT, -ENOENT}, /* a second slice of it */
	{SVE_SPACE(5, 0x61f), -ENOENT, -ENOENT}, /* FFR's last */
	{SVE_SPACE(5, 0x620), -EINVAL, -EINVAL},
	{SVE_SPACE(3, 0x400), -EINVAL, -EINVAL},
	{SVE_SPACE(6, 0), -EINVAL, -EINVAL},
};

static void test_ids(void **state)
{
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2);
	for (size_t i = 0; i < LENGTH(ids); i++) {
		uint64_t value = ids[i].get ? 0 : get(&h, 0, ids[i].id);

		assert_int_equal(ask(&h, STEADY_OP_GET, 0, ids[i].id), ids[i].get);
		assert_int_equal(set(&h, 0, ids[i].id, value), ids[i].set);
	}
	stop(&h);
}

/* ---- VM and vCPUs ---- */

static void test_create(void **state)
{
	struct host h;

	(void)state;
	h.p = build_host(BUILD_N1, BUILD_7_3, "host");
	h.p->unvirtualised[STEADY_IPA_SIZE] =
		(struct steady_reading){.state = STEADY_VALUE, .value = 44};
	assert_int_equal(steady_sim_new(h.p, &h.s), 0);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VCPU, 0, 0), -EBADF);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V3), -EBADF);
	assert_int_equal(ask(&h, STEADY_OP_ENABLE_CAP, 0, CAP_MTE), -EBADF);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 44), 0);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 45), -EINVAL);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 31), -EINVAL);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 0x100), -EINVAL);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 0), 0); /* 40 bits */
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VCPU, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VCPU, 0, 0), -EEXIST);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VCPU, 512, 0), -EINVAL);
	assert_int_equal(ask(&h, (enum steady_op)99, 0, 0), -ENOSYS);
	stop(&h);
}

/* KVM_ARM_VCPU_INIT: unknown bits ENOENT, what the host has not EINVAL; then all the same. */
static const struct {
	enum build_cpu cpu;
	uint32_t features;
	int want;
} inits[] = {
	{BUILD_N1, PSCI_0_2, 0},
	{BUILD_N1, 0, 0},
	{BUILD_N1, PSCI_0_2 | POWER_OFF, 0},
	{BUILD_N1, PSCI_0_2 | PMU_V3, 0},
	{BUILD_N1, PSCI_0_2 | SVE_BIT, -EINVAL},
	{BUILD_N1, PSCI_0_2 | PTRAUTH_ADDRESS | PTRAUTH_GENERIC, -EINVAL},
	{BUILD_N1, PSCI_0_2 | HAS_EL2, -EINVAL},
	{BUILD_N1, PSCI_0_2 | EL1_32BIT, -EINVAL},
	{BUILD_N1, 1u << 31, -ENOENT},
	{BUILD_N1, 1u << 31 | SVE_BIT, -ENOENT},
	{BUILD_V1, PSCI_0_2 | SVE_BIT, 0},
	{BUILD_V1, PSCI_0_2 | PTRAUTH_ADDRESS | PTRAUTH_GENERIC, 0},
	{BUILD_V1, PSCI_0_2 | PTRAUTH_ADDRESS, -EINVAL}, /* both or neither */
	{BUILD_V1, PSCI_0_2 | PTRAUTH_GENERIC, -EINVAL},
};

static void test_init(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(inits); i++) {
		uint32_t f = inits[i].features;
		struct host h;

		start(&h, inits[i].cpu, BUILD_7_3, 0);
		assert_int_equal(ask(&h, STEADY_OP_INIT, 0, f), inits[i].want);
		assert_int_equal(ask(&h, STEADY_OP_GET, 0, ISAR0), inits[i].want ? -ENOEXEC : 0);
		if (!inits[i].want) {
			assert_int_equal(ask(&h, STEADY_OP_INIT, 1, f ^ PMU_V3), -EINVAL);
			assert_int_equal(ask(&h, STEADY_OP_INIT, 0, f ^ PMU_V3), -EINVAL);
			assert_int_equal(ask(&h, STEADY_OP_INIT, 1, f ^ POWER_OFF), 0);
			assert_int_equal(ask(&h, STEADY_OP_INIT, 0, f), 0);
		}
		stop(&h);
	}
}

/* VM-scoped: written on one vCPU, seen on all, also on later ones; INIT again resets nothing. */
static void test_scope(void **state)
{
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2);
	assert_int_equal(set(&h, 1, ISAR0, 0), 0);
	assert_int_equal(get(&h, 0, ISAR0), 0);
	assert_int_equal(set(&h, 0, MPIDR, 0x80000123), 0);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2), 0);
	assert_int_equal(get(&h, 0, ISAR0), 0);
	assert_int_equal(get(&h, 0, MPIDR), 0x80000123);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VCPU, 2, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 2, PSCI_0_2), 0);
	assert_int_equal(get(&h, 2, ISAR0), 0);
	/* a new VM is a new VM */
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VCPU, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2), 0);
	assert_true(get(&h, 0, ISAR0) == limit(&h, 0, "ID_AA64ISAR0_EL1"));
	assert_int_equal(get(&h, 0, MPIDR), 0x80000000);
	stop(&h);
}

/* Registers follow the options; lowered fields can be raised again, up to the limit. */
static void test_limits(void **state)
{
	struct host h;
	uint64_t v;

	(void)state;
	start(&h, BUILD_V1, BUILD_7_3, PSCI_0_2 | PMU_V3);
	assert_int_equal(get(&h, 0, PFR0) >> 32 & 0xf, 0); /* SVE is off */
	assert_int_equal(get(&h, 0, DFR0) >> 8 & 0xf, 5);
	assert_int_equal(get(&h, 0, ZFR0), 0);
	assert_int_equal(set(&h, 0, ZFR0, 1), -EINVAL); /* RAZ without SVE */
	assert_int_equal(set(&h, 0, SYSREG(0, 4, 3), 1), -EINVAL);
	v = get(&h, 0, ISAR0);
	assert_int_equal(set(&h, 0, ISAR0, v - (1 << 4)), 0); /* AES 2 to 1 */
	assert_int_equal(set(&h, 0, ISAR0, v), 0);
	assert_int_equal(set(&h, 0, ISAR0, v + (1 << 4)), -EINVAL);
	assert_true(get(&h, 0, ISAR0) == v); /* a refused write leaves all as it was */
	stop(&h);
}

/* ---- capabilities ---- */

static void test_mte(void **state)
{
	struct host h;

	(void)state;
	h.p = build_host(BUILD_MAX, BUILD_7_3, "host");
	assert_int_equal(steady_sim_new(h.p, &h.s), 0);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_ENABLE_CAP, 0, 9999), -EINVAL);
	assert_int_equal(ask(&h, STEADY_OP_ENABLE_CAP, 0, CAP_MTE), 0);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VCPU, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2), 0);
	assert_int_equal(get(&h, 0, PFR1) >> 8 & 0xf, 3);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 0), 0); /* off again in the next VM */
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VCPU, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2), 0);
	assert_int_equal(get(&h, 0, PFR1) >> 8 & 0xf, 0);
	assert_int_equal(ask(&h, STEADY_OP_ENABLE_CAP, 0, CAP_MTE), -EINVAL); /* too late */
	stop(&h);
	start(&h, BUILD_N1, BUILD_7_3, 0);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_ENABLE_CAP, 0, CAP_MTE), -EINVAL);
	stop(&h);
}

static void test_check(void **state)
{
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_CHECK, .id = CAP_MTE};
	struct host h;

	(void)state;
	start(&h, BUILD_MAX, BUILD_7_3, 0);
	assert_int_equal(steady_sim_call(h.s, &c), 0);
	assert_int_equal(c.value[0], 1);
	c.id = 9999;
	assert_int_equal(steady_sim_call(h.s, &c), 0);
	assert_int_equal(c.value[0], 0);
	stop(&h);
}

/* KVM_CAP_ARM_WRITABLE_IMP_ID_REGS: MIDR, REVIDR and AIDR, within their masks, until the run. */
static void test_identity(void **state)
{
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2);
	assert_int_equal(set(&h, 0, MIDR, 0x413fd0c1), 0);
	assert_int_equal(set(&h, 0, MIDR, 0x413fd0c0), -EINVAL); /* without the capability */
	assert_int_equal(run(&h, 0), -EINTR);
	assert_int_equal(set(&h, 0, MIDR, 0x413fd0c0), -EINVAL); /* still */
	stop(&h);
	h.p = build_host(BUILD_N1, BUILD_7_3, "host");
	build_capability(h.p, "ARM_WRITABLE_IMP_ID_REGS", 1);
	build_mask(h.p, "MIDR_EL1", 0xffffffff);
	build_mask(h.p, "REVIDR_EL1", UINT64_MAX);
	build_register(h.p, "REVIDR_EL1", 0);
	assert_int_equal(steady_sim_new(h.p, &h.s), 0);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_ENABLE_CAP, 0, CAP_IMP_ID), 0);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VCPU, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_ENABLE_CAP, 0, CAP_IMP_ID), -EINVAL);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2), 0);
	assert_int_equal(set(&h, 0, MIDR, 0x1413fd0c1), -EINVAL);
	assert_int_equal(set(&h, 0, MIDR, 0x413fd0c0), 0);
	assert_int_equal(set(&h, 0, REVIDR, UINT64_MAX), 0);
	assert_int_equal(get(&h, 0, MIDR), 0x413fd0c0);
	assert_int_equal(run(&h, 0), -EINTR);
	assert_int_equal(set(&h, 0, MIDR, 0x413fd0c0), 0);
	assert_int_equal(set(&h, 0, MIDR, 0x1413fd0c1), -EBUSY);
	stop(&h);
}

/* ---- the freeze ---- */

static void test_freeze(void **state)
{
	struct host h;

	(void)state;
	start(&h, BUILD_V1, BUILD_7_3, PSCI_0_2 | SVE_BIT);
	assert_int_equal(run(&h, 0), -EPERM); /* SVE is not finalised: this freezes nothing */
	assert_int_equal(set(&h, 0, ISAR0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_FINALIZE, 0, 4), 0);
	assert_int_equal(run(&h, 1), -EPERM);
	assert_int_equal(run(&h, 0), -EINTR); /* with immediate_exit */
	assert_int_equal(set(&h, 1, ISAR0, 0), 0);
	assert_int_equal(set(&h, 1, ISAR0, 1 << 4), -EBUSY);
	assert_int_equal(run(&h, 0), -EINTR);
	stop(&h);
}

/* No irqchip: the GIC fields go at the first run. */
static void test_gic_fields(void **state)
{
	static const struct {
		uint32_t gic;
		uint64_t want;
	} rows[] = {{0, 0}, {V3, 1}};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct host h;
		uint64_t v;

		start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2);
		v = get(&h, 0, PFR0);
		if (rows[i].gic) {
			assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, rows[i].gic), 0);
			assert_int_equal(ask(&h, STEADY_OP_INIT_GIC, 0, 0), 0);
		}
		assert_int_equal(get(&h, 0, PFR0) >> 24 & 0xf, 1);
		assert_int_equal(run(&h, 0), -EINTR);
		assert_int_equal(get(&h, 0, PFR0) >> 24 & 0xf, rows[i].want);
		assert_int_equal(get(&h, 0, PFR1_32) >> 28 & 0xf, rows[i].want);
		assert_int_equal(set(&h, 0, PFR0, v), rows[i].want ? 0 : -EBUSY);
		stop(&h);
	}
}

/* A host with GICv2 and GICv3: the configuration is that of the irqchip that is created. */
static void test_irqchip_chooses(void **state)
{
	static const struct {
		uint32_t type;
		bool before_init;
		uint64_t want;
	} rows[] = {{V2, true, 0}, {V2, false, 0}, {V3, true, 1}, {V3, false, 1}};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct host h;

		h.p = build_host(BUILD_N1, BUILD_7_3, "host");
		h.p->configurations[0].options = h.p->configurations[1].options;
		for (size_t k = 0; k < 2; k++) { /* [0] is GICv3 */
			struct steady_reading *r =
				&h.p->configurations[k].reg[build_reg("ID_AA64PFR0_EL1")];

			h.p->configurations[1].irqchip = STEADY_GICV2;
			r->value = (r->value & ~(UINT64_C(0xf) << 24)) | (uint64_t)!k << 24;
		}
		boot(&h, rows[i].before_init ? 0 : PSCI_0_2);
		assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, rows[i].type), 0);
		assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2), 0);
		assert_int_equal(get(&h, 0, PFR0) >> 24 & 0xf, rows[i].want);
		stop(&h);
	}
}

/* EL2 = 0 is refused first where the guest has EL2 (nested virtualisation). */
static void test_el2(void **state)
{
	static const struct {
		uint32_t features;
		int before, after;
	} rows[] = {{PSCI_0_2, 0, -EBUSY}, {PSCI_0_2 | HAS_EL2, -EINVAL, -EINVAL}};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct host h;
		uint64_t v;

		h.p = build_host(BUILD_N1, BUILD_7_3, "host");
		h.p->configurations[0].options = 1u << STEADY_OPTION_EL2;
		boot(&h, rows[i].features);
		assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V3), 0);
		assert_int_equal(ask(&h, STEADY_OP_INIT_GIC, 0, 0), 0);
		v = get(&h, 0, PFR0);
		assert_int_equal(set(&h, 0, PFR0, v & ~UINT64_C(0xf00)), rows[i].before);
		assert_int_equal(set(&h, 0, PFR0, v), 0);
		assert_int_equal(run(&h, 0), -EINTR);
		assert_int_equal(set(&h, 0, PFR0, get(&h, 0, PFR0) & ~UINT64_C(0xf00)),
				 rows[i].after);
		stop(&h);
	}
}

/* What a probe keeps of a VM that it could not make: options, and an errno for each register. */
static void lose(struct steady_configuration *c)
{
	c->irqchip = STEADY_IRQCHIP_UNKNOWN;
	c->register_count = 0;
	for (int reg = 0; reg < STEADY_REGISTERS; reg++)
		c->reg[reg] = (struct steady_reading){.error = ENOMEM, .state = STEADY_FAILED};
}

/* Such a one has shown no interrupt controller: the others tell. */
static void test_lost_configuration(void **state)
{
	struct host h;

	(void)state;
	h.p = build_host(BUILD_N1, BUILD_7_3, "host");
	lose(&h.p->configurations[1]);
	boot(&h, PSCI_0_2 | PMU_V3);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V2), -ENODEV);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, 1), -ENODEV);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V3), 0);
	stop(&h);
	/* of one that does not say, either may be; no other device */
	h.p = build_host(BUILD_N1, BUILD_7_3, "host");
	for (size_t i = 0; i < h.p->configuration_count; i++)
		h.p->configurations[i].irqchip = STEADY_IRQCHIP_UNKNOWN;
	boot(&h, PSCI_0_2);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, 1), -ENODEV);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V2), 0);
	stop(&h);
}

static void test_devices(void **state)
{
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2 | PMU_V3);
	assert_int_equal(run(&h, 0), -EINVAL); /* the PMU is not initialised */
	assert_int_equal(ask(&h, STEADY_OP_INIT_GIC, 0, 0), -EBADF);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V2), -ENODEV);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, 1), -ENODEV);
	/* VFIO and the ITS, which kernels make: said to be unknown, not absent */
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, 4), -ENOSYS);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, 8), -ENOSYS);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V3), 0);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V3), -EEXIST);
	assert_int_equal(run(&h, 0), -ENXIO); /* the GIC has no address */
	assert_int_equal(run(&h, 0), -EIO);   /* and KVM has given the VM up */
	assert_int_equal(ask(&h, STEADY_OP_INIT_GIC, 0, 0), -EIO);
	assert_int_equal(ask(&h, STEADY_OP_CHECK, 0, 9), -EIO);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 2, 0), -EBADF);
	stop(&h);
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2 | PMU_V3);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V3), 0);
	assert_int_equal(ask(&h, STEADY_OP_INIT_GIC, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_PMU_INIT, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_PMU_INIT, 0, 0), -EBUSY);
	assert_int_equal(run(&h, 1), -EINVAL); /* that one's */
	assert_int_equal(set(&h, 0, ISAR0, 0), 0);
	assert_int_equal(run(&h, 0), -EINTR);
	stop(&h);
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2);
	assert_int_equal(ask(&h, STEADY_OP_PMU_INIT, 0, 0), -ENODEV); /* no PMU */
	stop(&h);
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2 | PMU_V3);
	assert_int_equal(ask(&h, STEADY_OP_PMU_INIT, 0, 0), 0); /* no irqchip, no interrupt */
	assert_int_equal(run(&h, 0), -EINTR);
	stop(&h);
}

/* ---- SVE ---- */

static void test_vector_lengths(void **state)
{
	struct host h;

	(void)state;
	h.p = build_host(BUILD_V1, BUILD_7_3, "host");
	steady_vl_add(&h.p->sve, 64); /* 16, 32, 64 */
	boot(&h, PSCI_0_2 | SVE_BIT);
	assert_int_equal(get(&h, 0, SVE_VLS), 0xb);
	assert_int_equal(set(&h, 0, SVE_VLS, 0), -EINVAL);
	assert_int_equal(set(&h, 0, SVE_VLS, 0x9), -EINVAL); /* not without 32 */
	assert_int_equal(set(&h, 0, SVE_VLS, 0x7), -EINVAL); /* the host has no 48 */
	assert_int_equal(set(&h, 0, SVE_VLS, 0x3), 0);
	assert_int_equal(get(&h, 0, SVE_VLS), 0x3);
	assert_int_equal(get(&h, 1, SVE_VLS), 0xb);
	assert_int_equal(ask(&h, STEADY_OP_REG_LIST, 0, 0), -EPERM);
	assert_int_equal(ask(&h, STEADY_OP_FINALIZE, 0, 3), -EINVAL);
	assert_int_equal(ask(&h, STEADY_OP_FINALIZE, 0, 4), 0);
	assert_int_equal(ask(&h, STEADY_OP_FINALIZE, 0, 4), -EPERM);
	assert_int_equal(set(&h, 0, SVE_VLS, 0x1), -EPERM);
	stop(&h);
	start(&h, BUILD_V1, BUILD_7_3, PSCI_0_2);
	assert_int_equal(ask(&h, STEADY_OP_FINALIZE, 0, 4), -EINVAL);
	stop(&h);
}

/* ---- lists ---- */

static void test_masks(void **state)
{
	uint64_t list[192];
	struct steady_call c = {
		.size = sizeof(c), .op = STEADY_OP_MASKS, .count = 192, .list = list};
	struct host h;

	(void)state;
	h.p = build_host(BUILD_N1, BUILD_7_3, "host");
	assert_int_equal(steady_sim_new(h.p, &h.s), 0);
	assert_int_equal(steady_sim_call(h.s, &c), -EBADF);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 0), 0);
	assert_int_equal(steady_sim_call(h.s, &c), 0); /* before any vCPU */
	assert_int_equal(c.count, 192);
	assert_true(list[32] == UINT64_C(0xffff00f0ff00ffff)); /* (3,0,0,4,0) */
	assert_true(list[2 << 6 | 1] == 0x300fc00f);           /* (3,3,0,0,1) */
	c.id = 1;
	assert_int_equal(steady_sim_call(h.s, &c), -EINVAL);
	/* bit 1 of the capability: a second range, of which a profile has nothing (api.rst, 4.139) */
	build_capability(h.p, "ARM_SUPPORTED_REG_MASK_RANGES", 3);
	assert_int_equal(steady_sim_call(h.s, &c), -ENOSYS);
	c.id = 2;
	assert_int_equal(steady_sim_call(h.s, &c), -EINVAL);
	c.id = 0;
	assert_int_equal(steady_sim_call(h.s, &c), 0);
	c.count = 191;
	assert_int_equal(steady_sim_call(h.s, &c), -E2BIG);
	stop(&h);
	start(&h, BUILD_N1, BUILD_6_1, 0);
	c.count = 192;
	assert_int_equal(steady_sim_call(h.s, &c), -EINVAL);
	stop(&h);
}

static void test_reg_list(void **state)
{
	uint64_t list[256];
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_REG_LIST, .list = list};
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2);
	assert_int_equal(steady_sim_call(h.s, &c), -E2BIG);
	assert_int_equal(c.count, h.p->configurations[1].register_count);
	assert_int_equal(steady_sim_call(h.s, &c), 0);
	assert_memory_equal(list, h.p->configurations[1].register_list, c.count * sizeof(*list));
	/* all that is listed can be read, and written back */
	for (uint32_t i = 0; i < c.count; i++)
		assert_int_equal(set(&h, 0, list[i], get(&h, 0, list[i])), 0);
	stop(&h);
}

/* ---- the rest ---- */

static void test_memory(void **state)
{
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2);
	assert_int_equal(get(&h, 0, X0), 0);
	assert_int_equal(set(&h, 0, X0, 42), 0);
	assert_int_equal(get(&h, 0, X0), 42);
	assert_int_equal(get(&h, 1, X0), 0);
	assert_int_equal(run(&h, 0), -EINTR);
	assert_int_equal(set(&h, 0, X0, 43), 0);
	/* not in the profile's list: EINVAL within struct kvm_regs (get_core_reg()), or no such thing */
	assert_int_equal(ask(&h, STEADY_OP_GET, 0, X0 + 2), -EINVAL);
	assert_int_equal(ask(&h, STEADY_OP_GET, 0, UINT64_C(0x603000000013de82)), -ENOENT);
	stop(&h);
}

static void test_new(void **state)
{
	struct steady_profile *p = steady_profile_alloc();
	struct steady_sim *s = (struct steady_sim *)p;

	(void)state;
	assert_int_equal(steady_sim_new(p, &s), -STEADY_EUNKNOWN);
	assert_ptr_equal(s, p); /* untouched */
	steady_profile_free(p);
	steady_sim_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_init),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_mte),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_freeze),
		cmocka_unit_test(test_gic_fields),
		cmocka_unit_test(test_irqchip_chooses),
		cmocka_unit_test(test_el2),
		cmocka_unit_test(test_lost_configuration),
		cmocka_unit_test(test_devices),
		cmocka_unit_test(test_vector_lengths),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_reg_list),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
