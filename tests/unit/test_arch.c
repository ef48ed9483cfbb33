/* SPDX-License-Identifier: MIT */
/*
 * Registers and fields, against what others have published of them. Expected values come from the
 * Arm ARM (DDI0487), Linux's arch/arm64/tools/sysreg and KVM, or register dumps with a source
 * (tests/data/cpus), never from our own output.
 */
#include "test_arch.h"

static int reg_of(const char *name)
{
	return steady_register_by_name(name, strlen(name));
}

/* Registers */

/* ARM64_SYS_REG(op0, op1, crn, crm, op2) of Linux's uapi asm/kvm.h, written out once more. */
static uint64_t sys_reg(unsigned int op0, unsigned int op1, unsigned int crn, unsigned int crm,
			unsigned int op2)
{
	return 0x6000000000000000ULL | 0x0030000000000000ULL | 0x0013ULL << 16 |
	       (uint64_t)(op0 << 14 | op1 << 11 | crn << 7 | crm << 3 | op2);
}

static void test_registers(void **state)
{
	static const struct {
		const char *name;
		unsigned int op1, crm, op2; /* Linux, arch/arm64/tools/sysreg */
	} rows[] = {
		{"MIDR_EL1", 0, 0, 0},	       {"MPIDR_EL1", 0, 0, 5},
		{"REVIDR_EL1", 0, 0, 6},       {"ID_PFR0_EL1", 0, 1, 0},
		{"ID_PFR1_EL1", 0, 1, 1},      {"ID_DFR0_EL1", 0, 1, 2},
		{"ID_AFR0_EL1", 0, 1, 3},      {"ID_MMFR0_EL1", 0, 1, 4},
		{"ID_MMFR1_EL1", 0, 1, 5},     {"ID_MMFR2_EL1", 0, 1, 6},
		{"ID_MMFR3_EL1", 0, 1, 7},     {"ID_ISAR0_EL1", 0, 2, 0},
		{"ID_ISAR1_EL1", 0, 2, 1},     {"ID_ISAR2_EL1", 0, 2, 2},
		{"ID_ISAR3_EL1", 0, 2, 3},     {"ID_ISAR4_EL1", 0, 2, 4},
		{"ID_ISAR5_EL1", 0, 2, 5},     {"ID_MMFR4_EL1", 0, 2, 6},
		{"ID_ISAR6_EL1", 0, 2, 7},     {"MVFR0_EL1", 0, 3, 0},
		{"MVFR1_EL1", 0, 3, 1},	       {"MVFR2_EL1", 0, 3, 2},
		{"ID_PFR2_EL1", 0, 3, 4},      {"ID_DFR1_EL1", 0, 3, 5},
		{"ID_MMFR5_EL1", 0, 3, 6},     {"ID_AA64PFR0_EL1", 0, 4, 0},
		{"ID_AA64PFR1_EL1", 0, 4, 1},  {"ID_AA64PFR2_EL1", 0, 4, 2},
		{"ID_AA64ZFR0_EL1", 0, 4, 4},  {"ID_AA64SMFR0_EL1", 0, 4, 5},
		{"ID_AA64FPFR0_EL1", 0, 4, 7}, {"ID_AA64DFR0_EL1", 0, 5, 0},
		{"ID_AA64DFR1_EL1", 0, 5, 1},  {"ID_AA64DFR2_EL1", 0, 5, 2},
		{"ID_AA64AFR0_EL1", 0, 5, 4},  {"ID_AA64AFR1_EL1", 0, 5, 5},
		{"ID_AA64ISAR0_EL1", 0, 6, 0}, {"ID_AA64ISAR1_EL1", 0, 6, 1},
		{"ID_AA64ISAR2_EL1", 0, 6, 2}, {"ID_AA64ISAR3_EL1", 0, 6, 3},
		{"ID_AA64MMFR0_EL1", 0, 7, 0}, {"ID_AA64MMFR1_EL1", 0, 7, 1},
		{"ID_AA64MMFR2_EL1", 0, 7, 2}, {"ID_AA64MMFR3_EL1", 0, 7, 3},
		{"ID_AA64MMFR4_EL1", 0, 7, 4}, {"CCSIDR_EL1", 1, 0, 0},
		{"CLIDR_EL1", 1, 0, 1},	       {"CCSIDR2_EL1", 1, 0, 2},
		{"GMID_EL1", 1, 0, 4},	       {"SMIDR_EL1", 1, 0, 6},
		{"AIDR_EL1", 1, 0, 7},	       {"CTR_EL0", 3, 0, 1},
		{"DCZID_EL0", 3, 0, 7},
	};
	unsigned int named = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int reg = reg_of(rows[i].name);

		assert_true(reg >= 0);
		assert_string_equal(steady_registers[reg].name, rows[i].name);
		assert_int_equal(steady_registers[reg].kind, STEADY_REGISTER_ARCHITECTED);
		assert_int_equal(steady_register_id(reg),
				 sys_reg(3, rows[i].op1, 0, rows[i].crm, rows[i].op2));
		assert_int_equal(steady_registers[reg].aarch32,
				 rows[i].op1 == 0 && rows[i].crm >= 1 && rows[i].crm <= 3);
	}
	for (int reg = 0; reg < STEADY_REGISTERS; reg++)
		named += steady_registers[reg].kind == STEADY_REGISTER_ARCHITECTED;
	assert_int_equal(named, LENGTH(rows));
}

static void test_register_ids(void **state)
{
	static const struct {
		uint64_t id;
		const char *name; /* NULL: not one of the 192 */
	} rows[] = {
		/* Firecracker, docs/cpu_templates: the registers that its arm64 templates set */
		{0x603000000013c020, "ID_AA64PFR0_EL1"},
		{0x603000000013c030, "ID_AA64ISAR0_EL1"},
		{0x603000000013c031, "ID_AA64ISAR1_EL1"},
		{0x603000000013c03a, "ID_AA64MMFR2_EL1"},
		{0x603000000013d801, "CTR_EL0"},
		{0x603000000013c000, "MIDR_EL1"},
		/* the neighbours of the space: CRn 1 (SCTLR_EL1), op1 2 (CSSELR_EL1), op1 4, op0 2
		 */
		{0x603000000013c080, NULL},
		{0x603000000013d000, NULL},
		{0x603000000013e000, NULL},
		{0x6030000000138020, NULL},
		{0x603000000013c040, NULL},
		{0x603000000013bfff, NULL},
		/* 32 bits wide, of another architecture, core registers, firmware, nothing */
		{0x602000000013c020, NULL},
		{0x403000000013c020, NULL},
		{0x6030000000100000, NULL},
		{0x6030000000140000, NULL},
		{0, NULL},
		{UINT64_MAX, NULL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int reg = steady_register_by_id(rows[i].id);

		if (rows[i].name == NULL)
			assert_int_equal(reg, -1);
		else
			assert_string_equal(steady_registers[reg].name, rows[i].name);
	}
	for (int reg = 0; reg < STEADY_REGISTERS; reg++)
		assert_int_equal(steady_register_by_id(steady_register_id(reg)), reg);
	assert_int_equal(steady_register_id(-1), 0);
	assert_int_equal(steady_register_id(STEADY_REGISTERS), 0);
}

static void test_register_names(void **state)
{
	static const struct {
		const char *name, *means;
	} rows[] = {
		{"ID_AA64ISAR0_EL1", "ID_AA64ISAR0_EL1"},
		{"id_aa64isar0_el1", "ID_AA64ISAR0_EL1"},
		{"ID_AA64ISAR0", "ID_AA64ISAR0_EL1"},	      /* QEMU's id_aa64isar0 */
		{"SYS_ID_AA64ISAR0_EL1", "ID_AA64ISAR0_EL1"}, /* Linux's sysreg.h */
		{"sys_ctr_el0", "CTR_EL0"},
		{"CTR", "CTR_EL0"},
		{"DCZID", "DCZID_EL0"},
		{"MVFR1", "MVFR1_EL1"},
		{"S3_0_C0_C6_0", "ID_AA64ISAR0_EL1"},
		{"s3_0_c0_c4_3", "S3_0_C0_C4_3"},
		{"S3_3_C0_C0_1", "CTR_EL0"},
		{"S3_1_C0_C7_7", "S3_1_C0_C7_7"},
		{"", NULL},
		{"ID_AA64ISAR", NULL},
		{"ID_AA64ISAR0_EL", NULL},
		{"ID_AA64ISAR0_EL12", NULL},
		{"SYS_", NULL},
		{"S3_2_C0_C0_0", NULL},
		{"S3_4_C0_C0_0", NULL},
		{"S2_0_C0_C4_0", NULL},
		{"S3_0_C1_C0_0", NULL},
		{"S3_0_C0_C8_0", NULL},
		{"S3_0_C0_C4_8", NULL},
		{"S3_0_C0_C4_33", NULL},
		{"S3_0_C0_C4_", NULL},
		{"RES_3_0_0_4_3", NULL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int reg = reg_of(rows[i].name);

		if (rows[i].means == NULL)
			assert_int_equal(reg, -1);
		else
			assert_string_equal(steady_registers[reg].name, rows[i].means);
	}
	for (int reg = 0; reg < STEADY_REGISTERS; reg++)
		assert_int_equal(reg_of(steady_registers[reg].name), reg);
	/* A length ends a name, not a NUL. */
	assert_int_equal(steady_register_by_name("CTR_EL0.DIC", 7), reg_of("CTR_EL0"));
}

static void test_register_kinds(void **state)
{
	/* DDI0487 D24.1: nameless encodings with op1=0 and CRm 1 to 7 are RAZ, others UNDEFINED. */
	static const char *const reserved[] = {
		"S3_0_C0_C3_3", "S3_0_C0_C3_7", "S3_0_C0_C4_3", "S3_0_C0_C4_6", "S3_0_C0_C5_3",
		"S3_0_C0_C5_6", "S3_0_C0_C5_7", "S3_0_C0_C6_4", "S3_0_C0_C6_5", "S3_0_C0_C6_6",
		"S3_0_C0_C6_7", "S3_0_C0_C7_5", "S3_0_C0_C7_6", "S3_0_C0_C7_7",
	};
	unsigned int core = 0, count = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(reserved); i++)
		assert_int_equal(steady_registers[reg_of(reserved[i])].kind,
				 STEADY_REGISTER_RESERVED);
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		core += steady_register_is_core(reg);
		count += steady_registers[reg].kind == STEADY_REGISTER_RESERVED;
		if (steady_register_is_core(reg))
			assert_int_not_equal(steady_registers[reg].kind,
					     STEADY_REGISTER_UNALLOCATED);
		else
			assert_int_not_equal(steady_registers[reg].kind, STEADY_REGISTER_RESERVED);
	}
	assert_int_equal(core, 56); /* arch/arm64/kvm/sys_regs.c: (3, 0, 0, 1-7, 0-7) */
	assert_int_equal(count, LENGTH(reserved));
	assert_true(steady_register_is_core(reg_of("ID_PFR0_EL1")));
	assert_false(steady_register_is_core(reg_of("MPIDR_EL1")));
	assert_false(steady_register_is_core(reg_of("CTR_EL0")));
}

/* Fields */

static void test_every_bit_has_one_field(void **state)
{
	unsigned int row = 0;

	(void)state;
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		const struct steady_register *r = &steady_registers[reg];
		uint64_t covered = 0;
		unsigned int next = 0;

		assert_int_equal(r->first, row);
		for (unsigned int i = r->first; i < r->first + r->fields; i++) {
			const struct steady_field *f = &steady_fields[i];
			uint64_t mask = steady_field_mask(f);

			assert_int_equal(f->reg, reg);
			assert_int_equal(f->lsb, next);
			assert_int_equal(covered & mask, 0);
			covered |= mask;
			next += f->width;
			for (unsigned int bit = f->lsb; bit < next; bit++)
				assert_int_equal(steady_field_at(reg, bit), i);
			if (f->flags & STEADY_FIELD_RESERVED) {
				assert_int_equal(f->lsb / 4, (next - 1) / 4);
				assert_int_equal(f->kvm_rule, STEADY_KVM_NONE);
				assert_int_equal(f->order, STEADY_ORDER_LOWER);
			}
		}
		assert_int_equal(next, 64);
		assert_true(covered == UINT64_MAX);
		row += r->fields;
	}
	assert_int_equal(row, steady_field_count);
	assert_int_equal(steady_field_at(-1, 0), -1);
	assert_int_equal(steady_field_at(0, 64), -1);
	assert_int_equal(steady_field_at(STEADY_REGISTERS, 0), -1);
}

static void test_fields(void **state)
{
	static const struct {
		const char *name;
		unsigned int msb, lsb; /* Linux, arch/arm64/tools/sysreg */
		bool is_signed;	       /* its SignedEnum, and DDI0487 D24.1.3 */
	} rows[] = {
		{"ID_AA64ISAR0_EL1.AES", 7, 4, false},
		{"ID_AA64ISAR0_EL1.Atomic", 23, 20, false},
		{"ID_AA64ISAR0_EL1.RNDR", 63, 60, false},
		{"ID_AA64ISAR1_EL1.APA", 7, 4, false},
		{"ID_AA64ISAR1_EL1.API", 11, 8, false},
		{"ID_AA64ISAR1_EL1.GPA", 27, 24, false},
		{"ID_AA64ISAR2_EL1.APA3", 15, 12, false},
		{"ID_AA64PFR0_EL1.FP", 19, 16, true},
		{"ID_AA64PFR0_EL1.AdvSIMD", 23, 20, true},
		{"ID_AA64PFR0_EL1.SVE", 35, 32, false},
		{"ID_AA64PFR1_EL1.MTE_frac", 43, 40, true},
		{"ID_AA64DFR0_EL1.DoubleLock", 39, 36, true},
		{"ID_AA64DFR0_EL1.PMUVer", 11, 8, false},
		{"ID_AA64MMFR0_EL1.TGran4", 31, 28, true},
		{"ID_AA64MMFR0_EL1.TGran64", 27, 24, true},
		{"ID_AA64MMFR0_EL1.TGran16", 23, 20, false},
		{"ID_AA64MMFR0_EL1.TGran4_2", 43, 40, false},
		{"ID_AA64MMFR4_EL1.E2H0", 27, 24, true},
		{"ID_AA64SMFR0_EL1.FA64", 63, 63, false},
		{"ID_AA64SMFR0_EL1.I16I64", 55, 52, false},
		{"ID_AA64FPFR0_EL1.F8E5M2", 0, 0, false},
		{"ID_AA64DFR1_EL1.BRPs", 15, 8, false},
		{"CTR_EL0.DIC", 29, 29, false},
		{"CTR_EL0.L1Ip", 15, 14, false},
		{"CTR_EL0.TminLine", 37, 32, false},
		{"CLIDR_EL1.Ctype1", 2, 0, false},
		{"MIDR_EL1.PartNum", 15, 4, false},
		{"REVIDR_EL1.IMPDEF", 63, 0, false},
		{"ID_AA64ISAR0_EL1.[3:0]", 3, 0, false}, /* Res0 */
		{"CTR_EL0.[30]", 30, 30, false},
		{"S3_0_C0_C4_3.[63:60]", 63, 60, false},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct steady_field *f = &steady_fields[field_of(rows[i].name)];

		assert_int_equal(f->lsb, rows[i].lsb);
		assert_int_equal(f->lsb + f->width - 1, rows[i].msb);
		assert_int_equal(f->is_signed, rows[i].is_signed);
	}
}

static void test_field_names(void **state)
{
	static const char *const unknown[] = {
		"ID_AA64ISAR0_EL1",	 "ID_AA64ISAR0_EL1.",	  ".AES", "ID_AA64ISAR0_EL1.DES",
		"ID_AA64ISAR9_EL1.AES",	 "ID_AA64ISAR0_EL1.AESX", "",	  ".",
		"ID_AA64ISAR0_EL1.AES.",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(unknown); i++)
		assert_int_equal(steady_field_by_name(unknown[i], strlen(unknown[i])), -1);
	/* Linux writes ATOMIC and TGRAN4 */
	assert_int_equal(field_of("id_aa64isar0.ATOMIC"), field_of("ID_AA64ISAR0_EL1.Atomic"));
	assert_int_equal(field_of("SYS_ID_AA64MMFR0_EL1.TGRAN4"),
			 field_of("ID_AA64MMFR0_EL1.TGran4"));
	assert_int_equal(steady_field_by_name("CTR_EL0.DIC=1", 11), field_of("CTR_EL0.DIC"));
}

static void test_field_values(void **state)
{
	/* A Neoverse N1's ID_AA64DFR0_EL1 and ID_AA64PFR0_EL1 (Ampere Altra, tests/data/cpus) */
	const uint64_t dfr0 = 0x0000000110305408, pfr0 = 0x1100000011111112;
	const struct steady_field *lock = &steady_fields[field_of("ID_AA64DFR0_EL1.DoubleLock")];
	const struct steady_field *pmu = &steady_fields[field_of("ID_AA64DFR0_EL1.PMUVer")];
	const struct steady_field *el0 = &steady_fields[field_of("ID_AA64PFR0_EL1.EL0")];
	const struct steady_field *all = &steady_fields[field_of("REVIDR_EL1.IMPDEF")];

	(void)state;
	assert_int_equal(steady_field_get(pmu, dfr0), 4);
	assert_int_equal(steady_field_get(el0, pfr0), 2);
	assert_int_equal(steady_field_put(pmu, dfr0, 6), 0x0000000110305608);
	assert_int_equal(steady_field_put(lock, dfr0, 15), 0x000000f110305408);
	assert_int_equal(steady_field_put(el0, pfr0, 0x31), 0x1100000011111111);
	assert_int_equal(steady_field_signed(lock, 15), -1);
	assert_int_equal(steady_field_signed(lock, 7), 7);
	assert_int_equal(steady_field_signed(pmu, 15), 15);
	assert_true(steady_field_mask(all) == UINT64_MAX);
	assert_true(steady_field_get(all, UINT64_MAX) == UINT64_MAX);
	assert_int_equal(steady_field_put(all, UINT64_MAX, 5), 5);
}

/* Order */

#define END 0x7fffffff

static void test_greatest(void **state)
{
	static const struct {
		const char *field;
		int of[6]; /* a set of values that hosts accept, up to END */
		int greatest;
	} rows[] = {
		/* D24.1.3, the standard scheme: unsigned and signed */
		{"ID_AA64ISAR0_EL1.AES", {0, 2, 1, END}, 2},
		{"ID_AA64PFR0_EL1.FP", {15, 0, 1, END}, 1},
		{"ID_AA64PFR0_EL1.FP", {15, 0, END}, 0},
		{"ID_AA64DFR0_EL1.DoubleLock", {15, 0, END}, 0},
		{"ID_AA64DFR0_EL1.DoubleLock", {15, 8, END}, 15},
		{"ID_AA64MMFR4_EL1.E2H0", {15, 14, END}, 15},
		{"ID_AA64MMFR0_EL1.TGran16", {2, 1, 0, END}, 2},
		/* D24.1.3, the scheme of performance monitors: 15 is none, 8 and 9 are not negative
		 */
		{"ID_AA64DFR0_EL1.PMUVer", {15, 0, END}, 0},
		{"ID_AA64DFR0_EL1.PMUVer", {15, 0, 6, 9, 8, END}, 9},
		{"ID_DFR0_EL1.PerfMon", {15, 0, 3, END}, 3},
		/* 1 is none, 0 is what the field without _2 says */
		{"ID_AA64MMFR0_EL1.TGran4_2", {1, 0, END}, 0},
		{"ID_AA64MMFR0_EL1.TGran4_2", {1, 2, END}, 2},
		{"ID_AA64MMFR0_EL1.TGran16_2", {1, 2, 3, END}, 3},
		/* an algorithm is taken before none */
		{"ID_AA64ISAR1_EL1.APA", {0, 1, END}, 1},
		{"ID_AA64ISAR1_EL1.API", {0, 5, END}, 5},
		/* more is worse: an SError from speculation, a greater granule, 0 the greatest of
		   all */
		{"ID_AA64MMFR1_EL1.SpecSEI", {1, 0, END}, 0},
		{"CTR_EL0.CWG", {0, 5, 4, END}, 4},
		{"CTR_EL0.ERG", {0, 5, END}, 5},
		{"DCZID_EL0.DZP", {1, 0, END}, 0},
		/* PIPT (3) can be called VIPT (2): cpufeature.c, ftr_ctr */
		{"CTR_EL0.L1Ip", {2, 3, END}, 3},
		/* no order: anything but what may stand for every CPU */
		{"ID_MMFR0_EL1.InnerShr", {15, 0, END}, 0},
		{"ID_AA64MMFR2_EL1.CCIDX", {0, 1, END}, 1},
		/* a value that is not allocated is never preferred */
		{"ID_AA64MMFR0_EL1.TGran4_2", {1, 4, 15, END}, 1},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct steady_field *f = &steady_fields[field_of(rows[i].field)];
		int best = rows[i].of[0];

		for (const int *v = rows[i].of; *v != END; v++)
			if (steady_field_rank(f, (uint64_t)*v) >
			    steady_field_rank(f, (uint64_t)best))
				best = *v;
		if (best != rows[i].greatest)
			fail_msg("%s: took %d, expected %d", rows[i].field, best, rows[i].greatest);
	}
}

static void test_compare(void **state)
{
	static const struct {
		const char *field;
		unsigned int a, b;
		enum steady_compare want;
	} rows[] = {
		{"ID_AA64ISAR0_EL1.AES", 1, 2, STEADY_LESS},
		{"ID_AA64ISAR0_EL1.AES", 2, 2, STEADY_SAME},
		{"ID_AA64PFR0_EL1.FP", 15, 0, STEADY_LESS},
		{"ID_AA64MMFR0_EL1.TGran4", 1, 15, STEADY_MORE},
		{"ID_AA64MMFR1_EL1.SpecSEI", 0, 1, STEADY_MORE},
		{"CTR_EL0.CWG", 0, 9, STEADY_LESS},
		{"CTR_EL0.CWG", 4, 9, STEADY_MORE},
		{"ID_AA64DFR0_EL1.PMUVer", 8, 6, STEADY_MORE},
		{"ID_AA64DFR0_EL1.PMUVer", 15, 1, STEADY_LESS},
		/* none of Arm's either way, and ETS 1 promises no more than 0 */
		{"ID_AA64DFR0_EL1.PMUVer", 15, 0, STEADY_SAME},
		{"ID_DFR0_EL1.PerfMon", 0, 15, STEADY_SAME},
		{"ID_AA64MMFR1_EL1.ETS", 0, 1, STEADY_SAME},
		{"ID_AA64MMFR1_EL1.ETS", 1, 2, STEADY_LESS},
		/* APA: EPAC (2) is no part of PAuth2 (3), which has other code in place of it */
		{"ID_AA64ISAR1_EL1.APA", 0, 3, STEADY_LESS},
		{"ID_AA64ISAR1_EL1.APA", 3, 5, STEADY_LESS},
		{"ID_AA64ISAR1_EL1.APA", 2, 3, STEADY_UNORDERED},
		{"ID_AA64ISAR1_EL1.APA", 1, 4, STEADY_UNORDERED},
		{"ID_AA64MMFR0_EL1.TGran4_2", 1, 0, STEADY_LESS},
		{"ID_AA64MMFR0_EL1.TGran4_2", 0, 2, STEADY_UNORDERED},
		{"ID_AA64MMFR0_EL1.TGran4_2", 3, 1, STEADY_MORE},
		{"ID_AA64DFR0_EL1.MTPMU", 15, 1, STEADY_UNORDERED},
		{"ID_AA64DFR0_EL1.MTPMU", 0, 1, STEADY_LESS},
		{"ID_AA64MMFR4_EL1.EIESB", 0, 15, STEADY_LESS},
		{"ID_AA64MMFR4_EL1.EIESB", 15, 2, STEADY_UNORDERED},
		{"ID_AA64MMFR3_EL1.ANERR", 1, 2, STEADY_UNORDERED},
		{"ID_AA64MMFR3_EL1.ANERR", 0, 3, STEADY_LESS},
		/* a mask: all of SME's four instructions, or those two, or others */
		{"ID_AA64SMFR0_EL1.I16I32", 5, 15, STEADY_LESS},
		{"ID_AA64SMFR0_EL1.I16I32", 5, 10, STEADY_UNORDERED},
		{"ID_AA64SMFR0_EL1.I16I32", 5, 0, STEADY_MORE},
		{"ID_MMFR0_EL1.InnerShr", 0, 1, STEADY_UNORDERED},
		{"MIDR_EL1.PartNum", 0xd0c, 0xd40, STEADY_UNORDERED},
		/* values are taken modulo the field's width, as steady_field_put takes them */
		{"ID_AA64ISAR0_EL1.AES", 0x12, 2, STEADY_SAME},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct steady_field *f = &steady_fields[field_of(rows[i].field)];
		enum steady_compare got = steady_field_compare(f, rows[i].a, rows[i].b);

		if (got != rows[i].want)
			fail_msg("%s: %u to %u is %d, expected %d", rows[i].field, rows[i].a,
				 rows[i].b, (int)got, (int)rows[i].want);
	}
}

/* For every field: ranks are a total order, comparison is a partial one, and they agree. */
static void check_order(const struct steady_field *f)
{
	static const enum steady_compare swapped[] = {STEADY_SAME, STEADY_MORE, STEADY_LESS,
						      STEADY_UNORDERED};
	const unsigned int n = 1U << f->width;

	for (unsigned int a = 0; a < n; a++) {
		for (unsigned int b = 0; b < n; b++) {
			enum steady_compare ab = steady_field_compare(f, a, b);

			assert_true(ab == STEADY_SAME || a != b);
			/* values that say the same stand alike to all others */
			for (unsigned int c = 0; ab == STEADY_SAME && c < n; c++)
				assert_int_equal(steady_field_compare(f, a, c),
						 steady_field_compare(f, b, c));
			assert_int_equal(steady_field_compare(f, b, a), swapped[ab]);
			assert_int_equal(steady_field_rank(f, a) == steady_field_rank(f, b),
					 a == b);
			if (ab == STEADY_LESS)
				assert_true(steady_field_rank(f, a) < steady_field_rank(f, b));
			for (unsigned int c = 0; ab == STEADY_LESS && c < n; c++)
				if (steady_field_compare(f, b, c) == STEADY_LESS)
					assert_int_equal(steady_field_compare(f, a, c),
							 STEADY_LESS);
		}
	}
}

static void test_orders_are_orders(void **state)
{
	const struct steady_field *wide = &steady_fields[field_of("REVIDR_EL1.IMPDEF")];

	(void)state;
	for (unsigned int i = 0; i < steady_field_count; i++)
		if (steady_fields[i].width <= 4)
			check_order(&steady_fields[i]);
	assert_true(steady_field_rank(wide, UINT64_MAX) > steady_field_rank(wide, 1));
	assert_true(steady_field_rank(wide, 1) > steady_field_rank(wide, 0));
}

static void test_legal(void **state)
{
	static const struct {
		const char *field;
		uint16_t never; /* values that no write may give */
		uint16_t may;	/* some that one may */
	} rows[] = {
		/* kvm/sys_regs.c, set_id_aa64dfr0_el1: below 6 is EINVAL; set_id_dfr0_el1 */
		{"ID_AA64DFR0_EL1.DebugVer", 0x003f, 0x0fc0},
		{"ID_DFR0_EL1.CopDbg", 0x003e, 0x0fc1},
		{"ID_DFR0_EL1.PerfMon", 0x8006, 0x03f9},
		{"ID_AA64DFR0_EL1.PMUVer", 0x800c, 0x03f3},
		/* DDI0487: EL0 and EL1 are never 0 */
		{"ID_AA64PFR0_EL1.EL0", 0xfff9, 0x0006},
		{"ID_AA64PFR0_EL1.EL1", 0xfff9, 0x0006},
		/* holes in the enumerations of Linux's sysreg */
		{"ID_AA64PFR0_EL1.GIC", 0x0004, 0x000b},
		{"ID_AA64ISAR0_EL1.Atomic", 0x0002, 0x000d},
		{"ID_AA64ISAR2_EL1.WFxT", 0x0002, 0x0005},
		/* below 0xF of a signed field there is nothing */
		{"ID_AA64DFR0_EL1.DoubleLock", 0x7f00, 0x8001},
		{"ID_AA64MMFR0_EL1.TGran4", 0x7f00, 0x8003},
		{"ID_AA64MMFR4_EL1.E2H0", 0x3f00, 0xc001},
		{"CTR_EL0.L1Ip", 0x3, 0xc}, /* VPIPT and AIVIVT are no more */
		{"ID_AA64ISAR0_EL1.AES", 0, 0xffff},
		{"CTR_EL0.DIC", 0, 0x3},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		uint16_t legal = steady_fields[field_of(rows[i].field)].legal;

		assert_int_equal(legal & rows[i].never, 0);
		assert_int_equal(legal & rows[i].may, rows[i].may);
	}
}

static void test_within(void **state)
{
	static const struct {
		const char *field;
		unsigned int value;
		uint16_t want;
	} rows[] = {
		{"ID_AA64ISAR0_EL1.AES", 2, 0x0007},
		{"ID_AA64ISAR0_EL1.Atomic", 3, 0x000d}, /* 1 is a hole */
		{"ID_AA64DFR0_EL1.DebugVer", 8, 0x01c0},
		{"ID_AA64PFR0_EL1.FP", 1, 0x8003},
		{"ID_AA64DFR0_EL1.DoubleLock", 15, 0x8000},
		{"ID_MMFR3_EL1.Supersec", 15, 0x8000}, /* Linux has it unsigned, and takes 0 */
		/* Linux 6.12 has it signed, and takes 8 to 14 for 6 */
		{"ID_AA64DFR0_EL1.PMUVer", 6, 0x0073},
		{"ID_AA64DFR0_EL1.PMUVer", 15, 0x8001}, /* KVM makes 0 of it */
		{"ID_AA64MMFR1_EL1.SpecSEI", 0, 0x0003},
		{"ID_AA64MMFR1_EL1.SpecSEI", 1, 0x0002},
		{"CTR_EL0.CWG", 4, 0xfff1},
		{"CTR_EL0.CWG", 0, 0x0001},
		{"ID_AA64MMFR0_EL1.TGran4_2", 3, 0x000e},
		{"ID_AA64MMFR0_EL1.TGran4_2", 0, 0x0003},
		{"ID_AA64ISAR1_EL1.APA", 5, 0x0039},
		{"ID_AA64SMFR0_EL1.I16I64", 15, 0x8001}, /* all of it or nothing */
		{"ID_MMFR0_EL1.InnerShr", 1, 0x8002},	 /* 15, ignored, goes for any */
		{"ID_MMFR1_EL1.BPred", 4, 0x0011},
		{"MIDR_EL1.Variant", 3, 0x0008},
		{"CLIDR_EL1.Ctype1", 3, 0x0008},
		{"MIDR_EL1.PartNum", 0xd0c, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct steady_field *f = &steady_fields[field_of(rows[i].field)];
		uint16_t got = steady_field_within(f, rows[i].value);

		if (got != rows[i].want)
			fail_msg("%s %u: 0x%x, expected 0x%x", rows[i].field, rows[i].value, got,
				 rows[i].want);
	}
}

static void test_flags(void **state)
{
	(void)state;
	assert_int_equal(steady_fields[field_of("MIDR_EL1.PartNum")].flags, STEADY_FIELD_IDENTITY);
	assert_int_equal(steady_fields[field_of("AIDR_EL1.IMPDEF")].flags, STEADY_FIELD_IDENTITY);
	assert_int_equal(steady_fields[field_of("CLIDR_EL1.LoC")].flags, STEADY_FIELD_TOPOLOGY);
	assert_int_equal(steady_fields[field_of("CTR_EL0.DIC")].flags, 0);
	assert_int_equal(steady_fields[field_of("CTR_EL0.[30]")].flags, STEADY_FIELD_RESERVED);
}

static void test_values(void **state)
{
	static const struct {
		const char *field;
		unsigned int value;
		const char *meaning, *features; /* Linux's sysreg or DDI0487; Arm's feature names */
	} rows[] = {
		{"ID_AA64ISAR0_EL1.AES", 0, "not implemented", NULL},
		{"ID_AA64ISAR0_EL1.AES", 2, "AES and PMULL", "FEAT_PMULL"},
		{"ID_AA64ISAR0_EL1.Atomic", 2, "LSE", "FEAT_LSE"},
		{"ID_AA64DFR0_EL1.PMUVer", 15, "of its own kind", NULL},
		{"ID_AA64DFR0_EL1.PMUVer", 6, "PMUv3p5", "FEAT_PMUv3p5"},
		{"ID_AA64PFR0_EL1.FP", 15, "not implemented", NULL},
		{"ID_AA64PFR0_EL1.RAS", 2, "RASv1p1", "FEAT_DoubleFault, FEAT_RASv1p1"},
		{"ID_AA64MMFR0_EL1.PARange", 5, "48 bits", NULL},
		{"ID_ISAR6_EL1.DP", 1, "implemented", "FEAT_DotProd"},
		{"CTR_EL0.L1Ip", 3, "PIPT", NULL},
		{"ID_PFR0_EL1.State1", 3, "T32 with all of Thumb-2", NULL}, /* DDI0487; Armv8 has it */
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int field = field_of(rows[i].field);
		const struct steady_value *v = steady_value_of(field, rows[i].value);

		assert_non_null(v);
		assert_int_equal(v->field, field);
		assert_int_equal(v->value, rows[i].value);
		assert_string_equal(v->meaning, rows[i].meaning);
		if (rows[i].features == NULL)
			assert_null(v->features);
		else
			assert_string_equal(v->features, rows[i].features);
	}
	assert_null(steady_value_of(field_of("ID_AA64ISAR0_EL1.Atomic"), 1));
	assert_null(steady_value_of(field_of("ID_AA64ISAR0_EL1.AES"), 0x102));
	assert_null(steady_value_of(-1, 0));
	for (unsigned int i = 0; i < steady_value_count; i++)
		assert_ptr_equal(steady_value_of(steady_values[i].field, steady_values[i].value),
				 &steady_values[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_register_ids),
		cmocka_unit_test(test_register_names),
		cmocka_unit_test(test_register_kinds),
		cmocka_unit_test(test_every_bit_has_one_field),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_field_names),
		cmocka_unit_test(test_field_values),
		cmocka_unit_test(test_greatest),
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_orders_are_orders),
		cmocka_unit_test(test_legal),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
