/* SPDX-License-Identifier: MIT */
/*
 * Single registers of the simulated host, against what KVM does with them: results measured on
 * kernels 6.1 to 7.3, and the kernel's documentation (Documentation/virt/kvm/api.rst,
 * devices/vcpu.rst). tests/laws/law_write.c has the field rules.
 */
#include "sim_host.h"

/* ---- single registers ---- */

/* MPIDR: any value, of its vCPU, never frozen. */
static void test_mpidr(void **state)
{
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2);
	assert_int_equal(set(&h, 0, MPIDR, 0xff80ffffff), 0);
	assert_int_equal(set(&h, 1, MPIDR, 7), 0);
	assert_true(get(&h, 0, MPIDR) == 0xff80ffffff);
	assert_int_equal(get(&h, 1, MPIDR), 7);
	assert_int_equal(run(&h, 0), -EINTR);
	assert_int_equal(set(&h, 0, MPIDR, 8), 0);
	stop(&h);
}

/* CLIDR: of its vCPU, never frozen; no more than CTR.IDC of the host lets it claim. */
static const struct {
	uint64_t idc, value;
	int want;
} clidrs[] = {
	{1, 0x03000123, 0},
	{1, 0, 0}, /* LoC 0 says IDC */
	{1, UINT64_C(1) << 47, -EINVAL},
	{1, UINT64_C(1) << 46, 0},
	{0, 0, -EINVAL},
	{0, 0x03000123, -EINVAL}, /* LoUIS and LoUU 0 */
	{0, 0x0b200123, 0},       /* LoC 3, LoUIS 1, LoUU 1 */
	{0, 0x03200123, 0},       /* LoUIS alone */
};

static void test_clidr(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(clidrs); i++) {
		struct host h;

		h.p = build_host(BUILD_N1, BUILD_7_3, "host");
		build_put(h.p, "CTR_EL0.IDC", clidrs[i].idc);
		boot(&h, PSCI_0_2);
		for (int after = 0; after < 2; after++) {
			assert_int_equal(set(&h, 0, CLIDR, clidrs[i].value), clidrs[i].want);
			if (!clidrs[i].want)
				assert_true(get(&h, 0, CLIDR) == clidrs[i].value);
			assert_int_equal(get(&h, 1, CLIDR), 0x03000123);
			assert_int_equal(run(&h, 0), -EINTR);
		}
		stop(&h);
	}
}

/* CCSIDR: of its vCPU, never frozen; LineSize at least the host's least (CTR: 16 words, 2). */
static void test_ccsidr(void **state)
{
	struct host h;

	(void)state;
	h.p = build_host(BUILD_N1, BUILD_7_3, "host");
	for (size_t i = 0; i < h.p->configuration_count; i++)
		h.p->configurations[i].register_list[0] = CCSIDR(1); /* the least id: sorted */
	boot(&h, PSCI_0_2);
	for (int after = 0; after < 2; after++) {
		assert_int_equal(set(&h, 0, CCSIDR(1), 0x001fe01a), 0);
		assert_int_equal(set(&h, 0, CCSIDR(1), 0x001fe019), -EINVAL); /* 8 words */
		assert_int_equal(set(&h, 0, CCSIDR(1), 0x001fe01f), 0);
		assert_int_equal(get(&h, 0, CCSIDR(1)), 0x001fe01f);
		assert_int_equal(get(&h, 1, CCSIDR(1)), 0);
		assert_int_equal(run(&h, 0), -EINTR);
	}
	assert_int_equal(set(&h, 0, CCSIDR(14), 0x001fe01a), -ENOENT);
	stop(&h);
}

/*
 * set_ccsidr(), get_min_cache_line_size() (Linux 6.12, arch/arm64/kvm/sys_regs.c): an odd CSSELR (InD) is
 * an instruction cache, whose least line is 1 << (IminLine + 2) bytes; LineSize is that of 1 << (n + 4).
 */
static void test_ccsidr_kinds(void **state)
{
	static const uint64_t lines[][2] = {{4, 3}, {3, 4}}; /* DminLine, IminLine */
	struct host h;

	(void)state;
	for (int i = 0; i < 2; i++) {
		h.p = build_host(BUILD_N1, BUILD_7_3, "host");
		build_put(h.p, "CTR_EL0.DminLine", lines[i][0]);
		build_put(h.p, "CTR_EL0.IminLine", lines[i][1]);
		for (size_t c = 0; c < h.p->configuration_count; c++) {
			h.p->configurations[c].register_list[0] = CCSIDR(0); /* the least: sorted */
			h.p->configurations[c].register_list[1] = CCSIDR(1);
		}
		boot(&h, PSCI_0_2);
		for (uint64_t kind = 0; kind < 2; kind++) {
			uint64_t least = lines[i][kind] - 2;

			assert_int_equal(set(&h, 0, CCSIDR(kind), 0x001fe018 | least), 0);
			assert_int_equal(set(&h, 0, CCSIDR(kind), 0x001fe018 | (least - 1)),
					 -EINVAL);
		}
		stop(&h);
	}
}

static const struct {
	uint64_t id;
	const char *field;
	uint64_t value;
	int before, after;
	uint64_t stored;
} singles[] = {
	/* pre-checks: EINVAL, also after the run */
	{DFR0, "ID_AA64DFR0_EL1.DebugVer", 5, -EINVAL, -EINVAL, 8},
	{DFR0, "ID_AA64DFR0_EL1.DebugVer", 6, 0, -EBUSY, 6},
	{DFR0_32, "ID_DFR0_EL1.CopDbg", 5, -EINVAL, -EINVAL, 8},
	{DFR0_32, "ID_DFR0_EL1.CopDbg", 6, 0, -EBUSY, 6},
	{DFR0_32, "ID_DFR0_EL1.PerfMon", 1, -EINVAL, -EINVAL, 4},
	{DFR0_32, "ID_DFR0_EL1.PerfMon", 3, 0, -EBUSY, 3},
	{PFR0, "ID_AA64PFR0_EL1.EL0", 0, -EINVAL, -EINVAL, 2},
	{PFR0, "ID_AA64PFR0_EL1.EL1", 0, -EINVAL, -EINVAL, 1},
	{PFR0, "ID_AA64PFR0_EL1.EL0", 1, 0, -EBUSY, 1},
	{CTR, "CTR_EL0.L1Ip", 0, -EINVAL, -EINVAL, 3},
	{CTR, "CTR_EL0.L1Ip", 1, -EINVAL, -EINVAL, 3},
	{CTR, "CTR_EL0.L1Ip", 2, 0, -EBUSY, 2},
	/* stored as another value */
	{DFR0, "ID_AA64DFR0_EL1.PMUVer", 15, 0, -EBUSY, 0},
	{DFR0_32, "ID_DFR0_EL1.PerfMon", 15, 0, -EBUSY, 0},
	/* of the rest: EBUSY after the run, even where it would be invalid */
	{ISAR0, "ID_AA64ISAR0_EL1.AES", 3, -EINVAL, -EBUSY, 2},
	{ISAR0, "ID_AA64ISAR0_EL1.AES", 1, 0, -EBUSY, 1},
	{SYSREG(0, 4, 3), "S3_0_C0_C4_3.[3:0]", 1, -EINVAL, -EBUSY, 0},
	{MMFR0, "ID_AA64MMFR0_EL1.TGran4_2", 1, 0, -EBUSY, 1},
	{CTR, "CTR_EL0.DIC", 0, 0, -EBUSY, 0},
	{CTR, "CTR_EL0.CWG", 0, -EINVAL, -EBUSY, 4},
};

static void test_singles(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(singles); i++) {
		const struct steady_field *f = &steady_fields[build_field(singles[i].field)];
		struct host h;
		uint64_t v;

		start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2 | PMU_V3);
		v = steady_field_put(f, get(&h, 0, singles[i].id), singles[i].value);
		assert_int_equal(set(&h, 0, singles[i].id, v), singles[i].before);
		assert_int_equal(steady_field_get(f, get(&h, 1, singles[i].id)), singles[i].stored);
		stop(&h);
		start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2 | PMU_V3);
		assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V3), 0);
		assert_int_equal(ask(&h, STEADY_OP_INIT_GIC, 0, 0), 0);
		assert_int_equal(ask(&h, STEADY_OP_PMU_INIT, 0, 0), 0);
		v = steady_field_put(f, get(&h, 0, singles[i].id), singles[i].value);
		assert_int_equal(run(&h, 0), -EINTR);
		assert_int_equal(set(&h, 0, singles[i].id, v), singles[i].after);
		assert_int_equal(set(&h, 1, singles[i].id, get(&h, 1, singles[i].id)), 0);
		stop(&h);
	}
}

/* PMUVer 15 is taken as 0 first: where 0 is stored it is no change. */
static void test_impdef_pmu_after_run(void **state)
{
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2);
	assert_int_equal(run(&h, 0), -EINTR);
	assert_int_equal(set(&h, 0, DFR0, get(&h, 0, DFR0) | 0xf00), 0);
	assert_int_equal(get(&h, 0, DFR0) >> 8 & 0xf, 0);
	stop(&h);
}

/* A kernel that was seen to accept EL0 = 0 (6.12) still does. */
static void test_record_wins(void **state)
{
	struct host h;

	(void)state;
	h.p = build_host(BUILD_N1, BUILD_6_12, "host");
	build_accepted(h.p, "ID_AA64PFR0_EL1.EL0", 0x7);
	boot(&h, PSCI_0_2);
	assert_int_equal(set(&h, 0, PFR0, get(&h, 0, PFR0) & ~UINT64_C(0xf)), 0);
	stop(&h);
}

/* A host without AArch32: its registers ignore writes, whatever the PMU shows there. */
static void test_no_aarch32(void **state)
{
	struct host h;

	(void)state;
	h.p = build_host(BUILD_N1, BUILD_7_3, "host");
	build_put(h.p, "ID_AA64PFR0_EL1.EL0", 1);
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + 24; reg++) {
		h.p->writable[reg].value = 0;
		for (size_t i = 0; i < h.p->configuration_count; i++)
			h.p->configurations[i].reg[reg].value = 0;
	}
	h.p->configurations[0].reg[build_reg("ID_DFR0_EL1")].value = 0x04000000;
	boot(&h, PSCI_0_2 | PMU_V3);
	assert_int_equal(get(&h, 0, DFR0_32), 0x04000000);
	assert_int_equal(set(&h, 0, DFR0_32, 0), 0);
	assert_int_equal(set(&h, 0, DFR0_32, UINT64_MAX), 0);
	assert_int_equal(get(&h, 0, DFR0_32), 0x04000000);
	assert_int_equal(set(&h, 0, PFR0_32, 0x131), 0);
	assert_int_equal(get(&h, 0, PFR0_32), 0);
	/* not those that have no name, in the same range */
	assert_int_equal(set(&h, 0, SYSREG(0, 3, 7), 1), -EINVAL);
	stop(&h);
	/* a guest without AArch32 on a host that has it: as always */
	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2);
	assert_int_equal(set(&h, 0, PFR0, get(&h, 0, PFR0) - 1), 0);
	assert_int_equal(set(&h, 0, PFR0_32, UINT64_MAX), -EINVAL);
	stop(&h);
	/* 6.12: there, but fixed */
	start(&h, BUILD_N1, BUILD_6_12, PSCI_0_2);
	assert_int_equal(set(&h, 0, PFR0_32, 0), -EINVAL);
	stop(&h);
}

/* 6.1: what it is, it stays, but for CSV2 and CSV3 of a host that is not affected. */
static void test_6_1(void **state)
{
	struct host h;
	uint64_t v;

	(void)state;
	start(&h, BUILD_N1, BUILD_6_1, PSCI_0_2);
	v = get(&h, 0, PFR0);
	assert_int_equal(set(&h, 0, PFR0, v), 0);
	assert_int_equal(set(&h, 0, PFR0, v & ~(UINT64_C(0xf) << 24)), -EINVAL);
	assert_int_equal(set(&h, 0, ISAR0, 0), -EINVAL);
	assert_int_equal(set(&h, 0, DFR0, get(&h, 0, DFR0) - 2), -EINVAL);
	assert_int_equal(run(&h, 0), -EINTR);
	assert_true(get(&h, 0, PFR0) == v);                                 /* the GIC stays too */
	assert_int_equal(set(&h, 0, ISAR0, 0), -EINVAL);                    /* no EBUSY */
	assert_int_equal(set(&h, 0, PFR0, v & ~(UINT64_C(0xff) << 56)), 0); /* not frozen */
	assert_true(get(&h, 0, PFR0) == (v & ~(UINT64_C(0xff) << 56)));
	assert_int_equal(set(&h, 0, PFR0, v + (UINT64_C(1) << 56)), -EINVAL);
	assert_int_equal(set(&h, 0, PFR0, v), 0);
	stop(&h);
}

/* ---- firmware registers ---- */

static const struct {
	const char *name;
	uint64_t host, id, value;
	int before, after;
} firmware[] = {
	/* bitmaps: unknown bits first, then the freeze */
	{"VENDOR_HYP_BMAP", 3, BMAP(2), 3, 0, 0},
	{"VENDOR_HYP_BMAP", 3, BMAP(2), 0, 0, -EBUSY},
	{"VENDOR_HYP_BMAP", 3, BMAP(2), 2, 0, -EBUSY},
	{"VENDOR_HYP_BMAP", 3, BMAP(2), 4, -EINVAL, -EINVAL},
	{"STD_BMAP", 1, BMAP(0), 0, 0, -EBUSY},
	{"VENDOR_HYP_BMAP_2", 0, BMAP(3), 3, 0, -EBUSY}, /* opt-in */
	{"VENDOR_HYP_BMAP_2", 0, BMAP(3), 0, 0, 0},
	{"VENDOR_HYP_BMAP_2", 0, BMAP(3), 4, -EINVAL, -EINVAL},
	/* PSCI: never frozen */
	{"PSCI_VERSION", 0x10003, FW(0), 2, 0, 0},
	{"PSCI_VERSION", 0x10003, FW(0), 0x10000, 0, 0},
	{"PSCI_VERSION", 0x10003, FW(0), 0x10003, 0, 0},
	{"PSCI_VERSION", 0x10003, FW(0), 0x10004, -EINVAL, -EINVAL},
	{"PSCI_VERSION", 0x10001, FW(0), 0x10002, -EINVAL, -EINVAL},
	{"PSCI_VERSION", 0x10003, FW(0), 1, -EINVAL, -EINVAL}, /* 0.1: only without PSCI_0_2 */
	{"PSCI_VERSION", 0x10003, FW(0), 3, -EINVAL, -EINVAL},
	/* workarounds: up to the host's level */
	{"WORKAROUND_1", 1, FW(1), 0, 0, 0},
	{"WORKAROUND_1", 1, FW(1), 1, 0, 0},
	{"WORKAROUND_1", 1, FW(1), 2, -EINVAL, -EINVAL},
	{"WORKAROUND_1", 2, FW(1), 0x10, -EINVAL, -EINVAL},
	{"WORKAROUND_3", 2, FW(3), 2, 0, 0},
	/* 0, 1 mean 0; 2, 3 mean 3; bit 4 only with 2 */
	{"WORKAROUND_2", 0, FW(2), 0, 0, 0},
	{"WORKAROUND_2", 0, FW(2), 1, 0, 0},
	{"WORKAROUND_2", 0, FW(2), 2, -EINVAL, -EINVAL},
	{"WORKAROUND_2", 0, FW(2), 3, -EINVAL, -EINVAL},
	{"WORKAROUND_2", 3, FW(2), 2, 0, 0},
	{"WORKAROUND_2", 3, FW(2), 0x12, 0, 0},
	{"WORKAROUND_2", 3, FW(2), 0x13, -EINVAL, -EINVAL},
	{"WORKAROUND_2", 3, FW(2), 0x10, -EINVAL, -EINVAL},
	{"WORKAROUND_2", 3, FW(2), 4, -EINVAL, -EINVAL},
	{"WORKAROUND_2", 3, FW(2), 0x20, -EINVAL, -EINVAL},
};

static void test_firmware(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(firmware); i++) {
		bool stored = strncmp(firmware[i].name, "WORK", 4) != 0;

		for (int after = 0; after < 2; after++) {
			int want = after ? firmware[i].after : firmware[i].before;
			struct host h;

			h.p = build_host(BUILD_N1, BUILD_7_3, "host");
			build_firmware(h.p, firmware[i].name, firmware[i].host);
			boot(&h, PSCI_0_2);
			if (after)
				assert_int_equal(run(&h, 0), -EINTR);
			assert_int_equal(get(&h, 0, firmware[i].id), firmware[i].host);
			assert_int_equal(set(&h, 1, firmware[i].id, firmware[i].value), want);
			assert_int_equal(get(&h, 0, firmware[i].id),
					 want || !stored ? firmware[i].host : firmware[i].value);
			stop(&h);
		}
	}
}

/* Without PSCI 0.2 in the vCPU's features there is 0.1 alone. */
static void test_psci_0_1(void **state)
{
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_7_3, 0);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 0, 0), 0);
	assert_int_equal(get(&h, 0, FW(0)), 1);
	assert_int_equal(set(&h, 0, FW(0), 1), 0);
	assert_int_equal(set(&h, 0, FW(0), 2), -EINVAL);
	assert_int_equal(set(&h, 0, FW(0), 0x10001), -EINVAL);
	stop(&h);
}

/* Before 6.15 there is no second vendor bitmap. */
static void test_absent_bitmap(void **state)
{
	struct host h;

	(void)state;
	start(&h, BUILD_N1, BUILD_6_12, PSCI_0_2);
	assert_int_equal(ask(&h, STEADY_OP_GET, 0, BMAP(3)), -ENOENT);
	assert_int_equal(set(&h, 0, BMAP(3), 0), -ENOENT);
	stop(&h);
}

#define PMCR UINT64_C(0x603000000013dce0) /* KVM's id of PMCR_EL0: 3, 3, 9, 12, 0 */

/* All values as Linux 6.12, 6.16, 6.18 and 7.3 gave them in the lab, on a PMU of six counters. */
static void test_counters(void **state)
{
	struct host h;

	(void)state;
	h.p = build_host(BUILD_N1, BUILD_7_3, "host");
	h.p->unvirtualised[STEADY_PMCR_N] =
		(struct steady_reading){.state = STEADY_VALUE, .value = 6};
	h.p->behaviours_known |= UINT32_C(1) << STEADY_BEHAVIOUR_COUNTERS_LOWERED;
	h.p->behaviours |= UINT32_C(1) << STEADY_BEHAVIOUR_COUNTERS_LOWERED;
	boot(&h, PSCI_0_2 | PMU_V3);
	assert_int_equal(get(&h, 0, PMCR), 0x3000);
	assert_int_equal(set(&h, 0, PMCR, 1 << 11), 0);
	assert_int_equal(get(&h, 1, PMCR), 0x800); /* the VM's */
	assert_int_equal(set(&h, 1, PMCR, 6 << 11), 0);
	assert_int_equal(set(&h, 0, PMCR, 7 << 11), 0); /* accepted, and ignored */
	assert_int_equal(get(&h, 0, PMCR), 0x3000);
	assert_int_equal(set(&h, 0, PMCR, ~UINT64_C(0xf800) | 2 << 11), 0);
	assert_int_equal(get(&h, 0, PMCR), 0x10ff);
	assert_int_equal(get(&h, 1, PMCR), 0x1000);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2 | PMU_V3), 0);
	assert_int_equal(get(&h, 0, PMCR), 0x1000); /* the vCPU's own goes, the VM's stays */
	assert_int_equal(ask(&h, STEADY_OP_PMU_INIT, 0, 0), 0);
	assert_int_equal(run(&h, 0), -EINTR);
	assert_int_equal(set(&h, 0, PMCR, 0xff), 0);
	assert_int_equal(get(&h, 0, PMCR), 0x10ff); /* too late for the counters alone */
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_VCPU, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2), 0);
	assert_int_equal(ask(&h, STEADY_OP_GET, 0, PMCR), -ENOENT); /* without a PMU */
	stop(&h);
}

/* kvm_arm_pmu_v3_set_nr_counters(), as Linux 6.16 to 7.3 answered in the lab; 6.12 has it not. */
static void test_chosen_counters(void **state)
{
	struct host h;

	(void)state;
	for (int has = 0; has < 2; has++) {
		h.p = build_host(BUILD_N1, BUILD_7_3, "host");
		h.p->unvirtualised[STEADY_PMCR_N] =
			(struct steady_reading){.state = STEADY_VALUE, .value = 6};
		h.p->behaviours_known |= UINT32_C(1) << STEADY_BEHAVIOUR_COUNTERS_CHOSEN;
		h.p->behaviours |= (uint32_t)has << STEADY_BEHAVIOUR_COUNTERS_CHOSEN;
		boot(&h, PSCI_0_2 | PMU_V3);
		assert_int_equal(ask(&h, STEADY_OP_PMU_COUNTERS, 0, 7), has ? -EINVAL : -ENXIO);
		assert_int_equal(ask(&h, STEADY_OP_PMU_COUNTERS, 0, 3), has ? 0 : -ENXIO);
		assert_int_equal(get(&h, 1, PMCR), has ? 0x1800 : 0x3000);
		assert_int_equal(ask(&h, STEADY_OP_PMU_INIT, 0, 0), 0);
		assert_int_equal(ask(&h, STEADY_OP_PMU_COUNTERS, 0, 3), -EBUSY);
		assert_int_equal(run(&h, 0), -EINTR);
		/* of a vCPU whose PMU is not there yet, even once another has run */
		assert_int_equal(ask(&h, STEADY_OP_PMU_COUNTERS, 1, 1), has ? 0 : -ENXIO);
		assert_int_equal(get(&h, 0, PMCR), has ? 0x800 : 0x3000);
		assert_int_equal(ask(&h, STEADY_OP_CREATE_VM, 0, 0), 0);
		assert_int_equal(ask(&h, STEADY_OP_PMU_COUNTERS, 0, 1), -EBADF);
		assert_int_equal(ask(&h, STEADY_OP_CREATE_VCPU, 0, 0), 0);
		assert_int_equal(ask(&h, STEADY_OP_PMU_COUNTERS, 0, 1), -ENODEV);
		assert_int_equal(ask(&h, STEADY_OP_INIT, 0, PSCI_0_2), 0);
		assert_int_equal(ask(&h, STEADY_OP_PMU_COUNTERS, 0, 1), -ENODEV);
		stop(&h);
	}
}

/*
 * PMU_V3_STRICT, as Linux 7.3 answered in the lab: a vCPU has a PMU with no counters until a VMM names
 * one (KVM_ARM_VCPU_PMU_V3_SET_PMU), which is no call of ours, so that it never runs.
 */
static const struct {
	uint32_t features;
	int want;
} stricts[] = {
	{PSCI_0_2 | PMU_V3 | PMU_V3_STRICT, 0},
	{PSCI_0_2 | PMU_V3_STRICT, -EINVAL}, /* of a PMU that is not there */
	{PMU_V3_STRICT, -EINVAL},
};

static void start_strict(struct host *h, uint64_t capability)
{
	h->p = build_host(BUILD_N1, BUILD_7_3, "host");
	h->p->unvirtualised[STEADY_PMCR_N] =
		(struct steady_reading){.state = STEADY_VALUE, .value = 6};
	h->p->behaviours_known |= UINT32_C(1) << STEADY_BEHAVIOUR_COUNTERS_LOWERED |
				  UINT32_C(1) << STEADY_BEHAVIOUR_KNOWS_PMU_STRICT;
	h->p->behaviours |= UINT32_C(1) << STEADY_BEHAVIOUR_COUNTERS_LOWERED |
			    UINT32_C(1) << STEADY_BEHAVIOUR_KNOWS_PMU_STRICT;
	build_capability(h->p, "ARM_PMU_V3", 1);
	build_capability(h->p, "ARM_PMU_V3_STRICT", capability);
	boot(h, 0);
}

static void test_strict_pmu(void **state)
{
	struct host h;

	(void)state;
	for (size_t i = 0; i < LENGTH(stricts); i++) {
		start_strict(&h, 1);
		assert_int_equal(ask(&h, STEADY_OP_INIT, 0, stricts[i].features), stricts[i].want);
		stop(&h);
		start_strict(&h, 0);
		assert_int_equal(ask(&h, STEADY_OP_INIT, 0, stricts[i].features), -EINVAL);
		stop(&h);
	}
	for (int gic = 0; gic < 2; gic++) {
		start_strict(&h, 1);
		assert_int_equal(ask(&h, STEADY_OP_INIT, 0, stricts[0].features), 0);
		assert_int_equal(ask(&h, STEADY_OP_INIT, 1, PSCI_0_2 | PMU_V3), -EINVAL);
		assert_int_equal(get(&h, 0, PMCR), 0);
		assert_int_equal(set(&h, 0, PMCR, 3 << 11), 0); /* ignored */
		assert_int_equal(get(&h, 0, PMCR), 0);
		assert_true(get(&h, 0, DFR0) == limit(&h, 0, "ID_AA64DFR0_EL1"));
		if (gic)
			assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V3), 0);
		assert_int_equal(ask(&h, STEADY_OP_PMU_INIT, 0, 0), -ENXIO);
		if (gic)
			assert_int_equal(ask(&h, STEADY_OP_INIT_GIC, 0, 0), 0);
		/* with a GIC its interrupt was set all the same */
		assert_int_equal(ask(&h, STEADY_OP_PMU_INIT, 0, 0), gic ? -EBUSY : -ENXIO);
		assert_int_equal(run(&h, 0), -EINVAL);
		stop(&h);
	}
}

/*
 * kvm_finalize_sys_regs() of Linux 7.3: no emulated CPU has S1POE, so no log of a real kernel tells of
 * it. The last two fields of a row are what is left after the first run.
 */
static const struct {
	uint64_t tcrx, ats1a, hpds, s1pie, s1poe;
} tables[] = {
	{1, 1, 1, 1, 1}, {1, 1, 0, 1, 0}, {1, 0, 1, 0, 0}, {0, 1, 1, 0, 0}, {0, 0, 0, 0, 0},
};

static void test_tables_at_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * LENGTH(tables); i++) {
		const struct steady_field *s1pie =
			&steady_fields[build_field("ID_AA64MMFR3_EL1.S1PIE")];
		const struct steady_field *s1poe =
			&steady_fields[build_field("ID_AA64MMFR3_EL1.S1POE")];
		bool clears = i >= LENGTH(tables);
		size_t row = i % LENGTH(tables);
		struct host h;
		uint64_t v;

		h.p = build_host(BUILD_N1, BUILD_7_3, "host");
		h.p->behaviours_known |= UINT32_C(1) << STEADY_BEHAVIOUR_S1PIE_NEEDS_ATS1A;
		if (clears)
			h.p->behaviours |= UINT32_C(1) << STEADY_BEHAVIOUR_S1PIE_NEEDS_ATS1A;
		else
			h.p->behaviours &= ~(UINT32_C(1) << STEADY_BEHAVIOUR_S1PIE_NEEDS_ATS1A);
		build_put(h.p, "ID_AA64MMFR3_EL1.TCRX", tables[row].tcrx);
		build_put(h.p, "ID_AA64ISAR2_EL1.ATS1A", tables[row].ats1a);
		build_put(h.p, "ID_AA64MMFR1_EL1.HPDS", tables[row].hpds);
		build_put(h.p, "ID_AA64MMFR3_EL1.S1PIE", 1);
		build_put(h.p, "ID_AA64MMFR3_EL1.S1POE", 1);
		boot(&h, PSCI_0_2);
		assert_int_equal(run(&h, 0), -EINTR);
		v = get(&h, 1, SYSREG(0, 7, 3));
		assert_int_equal(steady_field_get(s1pie, v), clears ? tables[row].s1pie : 1);
		assert_int_equal(steady_field_get(s1poe, v), clears ? tables[row].s1poe : 1);
		stop(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mpidr),
		cmocka_unit_test(test_clidr),
		cmocka_unit_test(test_ccsidr),
		cmocka_unit_test(test_ccsidr_kinds),
		cmocka_unit_test(test_singles),
		cmocka_unit_test(test_impdef_pmu_after_run),
		cmocka_unit_test(test_record_wins),
		cmocka_unit_test(test_no_aarch32),
		cmocka_unit_test(test_6_1),
		cmocka_unit_test(test_firmware),
		cmocka_unit_test(test_psci_0_1),
		cmocka_unit_test(test_absent_bitmap),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_chosen_counters),
		cmocka_unit_test(test_strict_pmu),
		cmocka_unit_test(test_tables_at_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
