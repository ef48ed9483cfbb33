/* SPDX-License-Identifier: MIT */
/*
 * Registers of a guest's state and capabilities of the simulated host. What is expected was measured
 * on real kernels (6.1 on Neoverse N1, 6.12 and 7.3 on QEMU's max, 6.18 on A64FX), by writing patterns
 * to every listed register and reading back; functions named are the kernel's.
 */
#include "sim_host.h"

#include "arch/kvm_ids.h"

#define PSTATE     UINT64_C(0x6030000000100042)
#define SP_EL1     UINT64_C(0x6030000000100044)
#define PC         UINT64_C(0x6030000000100040)
#define X14        (X0 + 2 * 14)
#define X15        (X0 + 2 * 15)
#define OSLSR      UINT64_C(0x603000000013808c)
#define SCTLR      UINT64_C(0x603000000013c080)
#define AFSR0      UINT64_C(0x603000000013c288)
#define CSSELR     UINT64_C(0x603000000013d000)
#define PMINTENSET UINT64_C(0x603000000013c4f1)
#define PMINTENCLR UINT64_C(0x603000000013c4f2)
#define PMSWINC    UINT64_C(0x603000000013dce4)
#define P0         UINT64_C(0x6050000000150400)

static const uint64_t listed[] = {X0,    X14,        X15,        PC,         PSTATE,  SP_EL1, OSLSR,
				  SCTLR, AFSR0, PMINTENSET, PMINTENCLR, CSSELR,     PMSWINC};

static void list(struct steady_configuration *c, const uint64_t *ids, size_t count)
{
	free(c->register_list);
	c->register_list = malloc(count * sizeof(*ids));
	assert_non_null(c->register_list);
	memcpy(c->register_list, ids, count * sizeof(*ids));
	c->register_count = count;
}

static void reset(struct steady_configuration *c, uint64_t id, uint64_t value)
{
	if (!c->reset)
		c->reset = calloc(16, sizeof(*c->reset));
	assert_non_null(c->reset);
	c->reset[c->reset_count].id = id;
	c->reset[c->reset_count++].reading =
		(struct steady_reading){.value = value, .state = STEADY_VALUE};
}

/* As 7.3 shows a fresh vCPU. */
static void start_captured(struct host *h, uint32_t features)
{
	h->p = build_host(BUILD_N1, BUILD_7_3, "host");
	for (size_t i = 0; i < h->p->configuration_count; i++)
		list(&h->p->configurations[i], listed, LENGTH(listed));
	reset(&h->p->configurations[0], PSTATE, 0x3c5);
	reset(&h->p->configurations[0], OSLSR, 8);
	reset(&h->p->configurations[0], SCTLR, 0xc50078);
	reset(&h->p->configurations[0], PMINTENSET, 0x8000001e);
	reset(&h->p->configurations[0], CSSELR, UINT64_C(0x1de7ec7edbadc0de));
	boot(h, features);
}

static void test_reset_values(void **state)
{
	struct host h;

	(void)state;
	start_captured(&h, PSCI_0_2);
	assert_int_equal(get(&h, 0, PSTATE), 0x3c5);
	assert_int_equal(get(&h, 1, SCTLR), 0xc50078);
	assert_true(get(&h, 0, CSSELR) == UINT64_C(0x1de7ec7edbadc0de));
	assert_int_equal(get(&h, 0, X0), 0);
	assert_int_equal(set(&h, 0, SCTLR, 1), 0);
	assert_int_equal(get(&h, 0, SCTLR), 1);
	assert_int_equal(get(&h, 1, SCTLR), 0xc50078);
	/* kvm_reset_vcpu() gives what has a reset value its own; SP_EL1 has none */
	assert_int_equal(set(&h, 0, SP_EL1, 7), 0);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2), 0);
	assert_int_equal(get(&h, 0, SCTLR), 0xc50078);
	assert_int_equal(get(&h, 0, SP_EL1), 7);
	stop(&h);
}

/* A profile that does not say: memory that starts at 0, as ever. */
static void test_not_captured(void **state)
{
	struct host h;

	(void)state;
	h.p = build_host(BUILD_N1, BUILD_7_3, "host");
	for (size_t i = 0; i < h.p->configuration_count; i++)
		list(&h.p->configurations[i], listed, LENGTH(listed));
	boot(&h, PSCI_0_2);
	assert_int_equal(get(&h, 0, PSTATE), 0);
	assert_int_equal(set(&h, 0, OSLSR, 5), 0);
	assert_int_equal(get(&h, 0, OSLSR), 5);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2), 0);
	assert_int_equal(get(&h, 0, OSLSR), 5);
	stop(&h);
}

/* set_core_reg(): N1 has AArch32 at EL0. */
static void test_pstate(void **state)
{
	static const struct {
		uint64_t value;
		int want;
	} rows[] = {{0x3c5, 0},        {0x3c4, 0},        {0, 0},           {0x3c9, -EINVAL},
		    {0x1d3, -EINVAL},  {0x1df, -EINVAL},  {~UINT64_C(0), -EINVAL}, {1, -EINVAL}};
	struct host h;

	(void)state;
	start_captured(&h, PSCI_0_2);
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(set(&h, 0, PSTATE, rows[i].value), rows[i].want);
	/* in AArch32's user mode fifteen registers and PC have 32 bits */
	assert_int_equal(set(&h, 0, X14, ~UINT64_C(0)), 0);
	assert_int_equal(set(&h, 0, X15, ~UINT64_C(0)), 0);
	assert_int_equal(set(&h, 0, PC, ~UINT64_C(0)), 0);
	assert_int_equal(set(&h, 0, PSTATE, 0x10), 0);
	assert_true(get(&h, 0, X14) == UINT32_MAX);
	assert_true(get(&h, 0, X15) == ~UINT64_C(0));
	assert_true(get(&h, 0, PC) == UINT32_MAX);
	/* within struct kvm_regs, and not there for this vCPU: EINVAL; beyond: ENOENT */
	assert_int_equal(ask(&h, STEADY_OP_GET, 0, UINT64_C(0x6040000000100098)), -EINVAL);
	assert_int_equal(ask(&h, STEADY_OP_GET, 0, UINT64_C(0x60300000001000d8)), -ENOENT);
	stop(&h);
}

/* set_oslsr_el1(): OSLK alone may change. PMSWINC_EL0 takes all and shows nothing. */
static void test_fixed(void **state)
{
	struct host h;

	(void)state;
	start_captured(&h, PSCI_0_2);
	assert_int_equal(set(&h, 0, OSLSR, 0), -EINVAL);
	assert_int_equal(set(&h, 0, OSLSR, 9), -EINVAL);
	assert_int_equal(set(&h, 0, OSLSR, 0xa), 0);
	assert_int_equal(get(&h, 0, OSLSR), 0xa);
	assert_int_equal(set(&h, 0, PMSWINC, 5), 0);
	assert_int_equal(get(&h, 0, PMSWINC), 0);
	stop(&h);
}

/*
 * 7.3 with kvm-arm.mode=vhe on QEMU's max: a run takes all of AFSR0_EL1, and of SCTLR_EL1 the bits that are
 * not in 0xf3fff01fffffffff. Before a run both are memory, and of a CPU with RES1 bits those come.
 */
static void test_loaded(void **state)
{
	const struct steady_load loads[] = {{SCTLR, UINT64_C(0xf3fff01fffffffff), 0x20}, {AFSR0, 0, 0}};
	struct host h;

	(void)state;
	start_captured(&h, PSCI_0_2);
	h.p->loads = malloc(sizeof(loads));
	assert_non_null(h.p->loads);
	memcpy(h.p->loads, loads, sizeof(loads));
	h.p->load_count = LENGTH(loads);
	assert_int_equal(set(&h, 0, SCTLR, ~UINT64_C(0)), 0);
	assert_int_equal(set(&h, 0, AFSR0, 5), 0);
	assert_int_equal(set(&h, 1, AFSR0, 6), 0);
	assert_true(get(&h, 0, SCTLR) == ~UINT64_C(0));
	assert_int_equal(run(&h, 0), -EINTR);
	assert_true(get(&h, 0, SCTLR) == UINT64_C(0xf3fff01fffffffff));
	assert_int_equal(get(&h, 0, AFSR0), 0);
	assert_int_equal(get(&h, 1, AFSR0), 6); /* of one that did not run */
	assert_int_equal(set(&h, 0, SCTLR, 1), 0);
	assert_int_equal(run(&h, 0), -EINTR); /* and of every run */
	assert_int_equal(get(&h, 0, SCTLR), 0x21);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2), 0);
	assert_int_equal(get(&h, 0, SCTLR), 0xc50078);
	stop(&h);
}

/* set_pmreg(): N1 has six event counters. On 6.18 and 7.3 a write replaces, on 6.12 it sets or clears. */
static void test_pmu_bits(void **state)
{
	struct host h;

	(void)state;
	for (int apart = 0; apart < 2; apart++) {
		h.p = NULL;
		start_captured(&h, PSCI_0_2 | PMU_V3);
		h.p->unvirtualised[STEADY_PMCR_N] =
			(struct steady_reading){.value = 6, .state = STEADY_VALUE};
		h.p->behaviours_known |= 1u << STEADY_BEHAVIOUR_PMU_BITS_APART;
		h.p->behaviours |= (uint32_t)apart << STEADY_BEHAVIOUR_PMU_BITS_APART;
		steady_sim_free(h.s);
		boot(&h, PSCI_0_2 | PMU_V3);
		assert_true(get(&h, 0, PMINTENSET) == 0x8000001e);
		assert_true(get(&h, 0, PMINTENCLR) == 0x8000001e);
		assert_int_equal(set(&h, 0, PMINTENSET, ~UINT64_C(0)), 0);
		assert_true(get(&h, 0, PMINTENCLR) == 0x8000003f);
		assert_int_equal(set(&h, 0, PMINTENSET, 1), 0);
		assert_true(get(&h, 0, PMINTENSET) == (apart ? 0x8000003f : 1));
		assert_int_equal(set(&h, 0, PMINTENCLR, 3), 0);
		assert_true(get(&h, 0, PMINTENSET) == (apart ? 0x8000003c : 3));
		stop(&h);
	}
}

/* sve_reg_to_region(): a bit for each byte of the vector; the rest is gone. Not before FINALIZE. */
static void test_predicates(void **state)
{
	const uint64_t ids[] = {X0, PSTATE, P0, SVE_VLS};
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_SET, .id = P0};
	struct host h;

	(void)state;
	h.p = build_host(BUILD_V1, BUILD_7_3, "host");
	for (size_t i = 0; i < h.p->configuration_count; i++)
		list(&h.p->configurations[i], ids, LENGTH(ids));
	reset(&h.p->configurations[0], PSTATE, 0x3c5);
	boot(&h, PSCI_0_2 | SVE_BIT);
	memset(c.value, 0xff, sizeof(c.value));
	assert_int_equal(steady_sim_call(h.s, &c), -EPERM);
	assert_int_equal(ask(&h, STEADY_OP_GET, 0, P0), -EPERM);
	assert_int_equal(ask(&h, STEADY_OP_FINALIZE, 0, 4), 0);
	assert_int_equal(steady_sim_call(h.s, &c), 0);
	assert_int_equal(get(&h, 0, P0), UINT32_MAX); /* V1: 256 bits, 32 bytes */
	stop(&h);
}

/* With every number from 0 to 511, on 6.1 to 7.3. */
static void test_capabilities(void **state)
{
	struct host h;

	(void)state;
	h.p = build_host(BUILD_N1, BUILD_7_3, "host");
	h.p->others = calloc(4, sizeof(*h.p->others));
	assert_non_null(h.p->others);
	for (int i = 0; i < 4; i++) {
		static const uint64_t rows[][2] = {{10, 0x7fff}, {168, 3}, {229, 0x40201000}, {243, 1}};

		h.p->others[h.p->other_count].id = rows[i][0];
		h.p->others[h.p->other_count++].reading =
			(struct steady_reading){.value = rows[i][1], .state = STEADY_VALUE};
	}
	assert_int_equal(steady_sim_new(h.p, &h.s), 0);
	assert_int_equal(ask(&h, STEADY_OP_CHECK, 0, 131), -EINVAL); /* KVM_CAP_MSI_DEVID */
	assert_int_equal(ask(&h, STEADY_OP_CHECK, 0, 243), -EINVAL);
	steady_sim_free(h.s);
	boot(&h, PSCI_0_2);
	assert_int_equal(ask(&h, STEADY_OP_CHECK, 0, 131), 0);
	assert_int_equal(ask(&h, STEADY_OP_CHECK, 0, 243), 0);
	{
		struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_CHECK, .id = 10};

		assert_int_equal(steady_sim_call(h.s, &c), 0);
		assert_int_equal(c.value[0], 0x7fff);
	}
	assert_int_equal(ask(&h, STEADY_OP_ENABLE_CAP, 0, 168), 0);
	assert_int_equal(ask(&h, STEADY_OP_ENABLE_CAP, 0, 228), 0); /* told by 229 */
	assert_int_equal(ask(&h, STEADY_OP_ENABLE_CAP, 0, 177), -EINVAL);
	assert_int_equal(ask(&h, STEADY_OP_ENABLE_CAP, 0, 10), -EINVAL);
	stop(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset_values), cmocka_unit_test(test_not_captured),
		cmocka_unit_test(test_pstate),       cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_loaded),
		cmocka_unit_test(test_pmu_bits),     cmocka_unit_test(test_predicates),
		cmocka_unit_test(test_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
