/* SPDX-License-Identifier: MIT */
/*
 * What a VMM has to carry beside memory and general registers: vectors (V8 to V31, with SVE all of
 * Z8 to Z31, P1 to P8 and FFR), FPCR and FPSR, pointer authentication's keys, the virtual timer's
 * count and compare value, and its interrupt. No other code of the guest uses these: the compiler is
 * told so (-mgeneral-regs-only), and guest.c's jscvt() uses V0.
 */
#include "guest.h"

#define VECTORS   24   /* from register 8 on: jscvt() and the like may use those below */
#define LONGEST   128  /* bytes of a vector that QEMU carries; see start_sve() */
#define STEP      0x9e3779b97f4a7c15UL
#define FIRST(r)  ((u64)((r) - 7) * STEP)
/* RMode: towards plus infinity. Of FPCR no more is looked at: where a CPU has FEAT_AFP and FPSR.IOC is
   set, FPCR.FIZ, the same bit, is set behind a restore by QEMU 10.0, pinned or not. */
#define FPCR_     (1UL << 22)
#define FPSR_     (1UL << 27) /* QC, which no instruction here sets */
#define IRQ       27          /* the virtual timer's, QEMU's hw/arm/virt.h */
#define REDIST    0x080a0000UL
#define DIST      0x08000000UL

#define EACH(X)                                                                                    \
	X(8, 9) X(9, 10) X(10, 11) X(11, 12) X(12, 13) X(13, 14) X(14, 15) X(15, 16) X(16, 17)     \
	X(17, 18) X(18, 19) X(19, 20) X(20, 21) X(21, 22) X(22, 23) X(23, 24) X(24, 25) X(25, 26)  \
	X(26, 27) X(27, 28) X(28, 29) X(29, 30) X(30, 31) X(31, 8)

#define SVE_(text, ...)                                                                            \
	__asm__ volatile(".arch_extension sve\n" text "\n.arch_extension nosve" : : __VA_ARGS__ : "memory")
#define PAC_(text, ...) __asm__ volatile(".arch armv8.3-a\n" text "\n.arch armv8-a" : __VA_ARGS__)

static bool has_sve, has_pac, has_gic;
static u64 due, irqs, late;
static uint8_t taken[VECTORS * LONGEST] __attribute__((aligned(16))); /* never read back into one */

/* ---- vectors ---- */

/*
 * QEMU (10.0; the code is old) saves 128 bytes of a vector and loses the rest: vmstate_zreg_hi_reg in
 * target/arm/machine.c has ARM_MAX_VQ - 2 words after the first two, where 2 * ARM_MAX_VQ - 2 are
 * meant. No CPU that is sold has longer ones.
 */
static void start_sve(void)
{
	MSR(s3_0_c1_c2_0, LONGEST / 16 - 1); /* ZCR_EL1 */
	ISB();
#define X(r, next) SVE_("index z" #r ".d, %0, %1", "r"(FIRST(r)), "r"(STEP));
	EACH(X)
#undef X
	SVE_("ptrue p1.b, vl1\nptrue p2.b, vl2\nptrue p3.b, vl3\nptrue p4.b, vl4\n"
	     "ptrue p5.b, vl5\nptrue p6.b, vl6\nptrue p7.b, vl7\nptrue p8.b, vl8\n"
	     "setffr\nwrffr p7.b", "r"(0));
}

static void start_simd(void)
{
#define X(r, next)                                                                                 \
	__asm__ volatile("fmov d" #r ", %0\nmov v" #r ".d[1], %1"                                  \
			 : : "r"(FIRST(r)), "r"(FIRST(r) + STEP));
	EACH(X)
#undef X
}

static u64 vector_bytes(void)
{
	u64 out;

	__asm__ volatile(".arch_extension sve\ncntb %0\n.arch_extension nosve" : "=r"(out));
	return out;
}

/* As long as they may be; what lies below keeps its value (DDI0487 B1.2.2). */
u64 live_longest(void)
{
	u64 out;

	if (!has_sve)
		return 0;
	MSR(s3_0_c1_c2_0, 0xf);
	ISB();
	out = vector_bytes();
	MSR(s3_0_c1_c2_0, LONGEST / 16 - 1);
	ISB();
	return out;
}

static u64 take_predicates(u64 hash)
{
#define X(p)                                                                                       \
	SVE_("str " #p ", [%0]", "r"(taken));                                                      \
	hash = mix_in(hash, taken[0] | (u64)taken[1] << 8);
	X(p1) X(p2) X(p3) X(p4) X(p5) X(p6) X(p7) X(p8)
	SVE_("rdffr p0.b", "r"(0));
	X(p0)
#undef X
	return hash;
}

u64 live_vectors(u64 hash)
{
	u64 bytes = has_sve ? vector_bytes() : 16;

	if (has_sve) {
#define X(r, next)                                                                                 \
	SVE_("add z" #r ".d, z" #r ".d, z" #next ".d\nstr z" #r ", [%0]",                          \
	     "r"(taken + (r - 8) * bytes));
		EACH(X)
#undef X
	} else {
#define X(r, next)                                                                                 \
	__asm__ volatile("add v" #r ".2d, v" #r ".2d, v" #next ".2d\nstr q" #r ", [%0]"            \
			 : : "r"(taken + (r - 8) * bytes) : "memory");
		EACH(X)
#undef X
	}
	for (u64 i = 0; i < VECTORS * bytes / 8; i++)
		hash = mix_in(hash, ((volatile u64 *)taken)[i]);
	hash = mix_in(hash, MRS(fpcr) & FPCR_);
	hash = mix_in(hash, MRS(fpsr) & FPSR_);
	return has_sve ? take_predicates(hash) : hash;
}

/* ---- keys: written at the start and never again ---- */

static void start_keys(void)
{
	MSR(s3_0_c2_c1_0, 0x0123456789abcdef); /* APIAKeyLo_EL1, Hi; B; then of data; then generic */
	MSR(s3_0_c2_c1_1, 0xfedcba9876543210);
	MSR(s3_0_c2_c1_2, 0x1032547698badcfe);
	MSR(s3_0_c2_c1_3, 0xefcdab8967452301);
	MSR(s3_0_c2_c2_0, 0x0f1e2d3c4b5a6978);
	MSR(s3_0_c2_c2_1, 0x8796a5b4c3d2e1f0);
	MSR(s3_0_c2_c2_2, 0xf0e1d2c3b4a59687);
	MSR(s3_0_c2_c2_3, 0x78695a4b3c2d1e0f);
	MSR(s3_0_c2_c3_0, 0x0123456789abcdef);
	MSR(s3_0_c2_c3_1, 0xfedcba9876543210);
	/* EnIA, EnIB, EnDA, EnDB */
	MSR(sctlr_el1, MRS(sctlr_el1) | 1UL << 31 | 1UL << 30 | 1UL << 27 | 1UL << 13);
	ISB();
}

u64 live_keys(void)
{
	const u64 with = 0x99aabbccddeeff00;
	u64 out, hash = FNV;

	if (!has_pac)
		return 0;
	PAC_("pacga %0, %1, %2", "=r"(out) : "r"(0x1122334455667788), "r"(with));
	hash = mix_in(hash, out);
#define X(instruction)                                                                             \
	out = 0x40080000;                                                                          \
	PAC_(instruction " %0, %1", "+r"(out) : "r"(with));                                        \
	hash = mix_in(hash, out);
	X("pacia") X("pacib") X("pacda") X("pacdb")
#undef X
	return hash;
}

/* ---- the virtual timer, and its interrupt through a GICv3 (IHI0069: 12.9, 12.11) ---- */

static volatile uint32_t *word(u64 address)
{
	return (volatile uint32_t *)address; /* cppcheck-suppress intToPointerCast */
}

static void start_gic(void)
{
	*word(DIST) = 1UL << 4 | 1UL << 1; /* ARE, EnableGrp1 */
	*word(REDIST + 0x10080) = 1U << IRQ; /* GICR_IGROUPR0 */
	*word(REDIST + 0x10100) = 1U << IRQ; /* GICR_ISENABLER0 */
	MSR(s3_0_c12_c12_5, 7);    /* ICC_SRE_EL1 */
	ISB();
	MSR(s3_0_c4_c6_0, 0xff);   /* ICC_PMR_EL1 */
	MSR(s3_0_c12_c12_7, 1);    /* ICC_IGRPEN1_EL1 */
	ISB();
}

/* ISTATUS is set from the compare value on, and not before. */
static bool status_is_right(void)
{
	u64 before = MRS(cntvct_el0), status, after;

	ISB();
	status = MRS(cntv_ctl_el0) >> 2 & 1;
	ISB();
	after = MRS(cntvct_el0);
	return status ? after >= due : before < due;
}

/* The IRQ stays masked: acknowledging what is pending takes no exception. */
static bool take_irq(void)
{
	u64 until = MRS(cntvct_el0) + 10 * MRS(cntfrq_el0), which;

	do {
		which = MRS(s3_0_c12_c12_0) & 0xffffff; /* ICC_IAR1_EL1 */
		ISB();
	} while (which == 1023 && MRS(cntvct_el0) < until);
	if (which == 1023)
		return false;
	MSR(cntv_ctl_el0, 3); /* masked: the line goes down before the end of interrupt */
	ISB();
	MSR(s3_0_c12_c12_1, which); /* ICC_EOIR1_EL1 */
	ISB();
	return which == IRQ;
}

static void arm(void)
{
	due = MRS(cntvct_el0) + MRS(cntfrq_el0) / 100;
	MSR(cntv_cval_el0, due);
	MSR(cntv_ctl_el0, has_gic ? 1 : 3);
	ISB();
}

u64 live_time(void)
{
	bool right = MRS(cntv_cval_el0) == due && status_is_right();

	while (MRS(cntvct_el0) < due)
		;
	if (!right || !status_is_right())
		late++;
	else if (has_gic && take_irq())
		irqs++;
	else if (has_gic)
		late++;
	arm();
	return MRS(cntvct_el0);
}

u64 live_irqs(void)
{
	return irqs;
}

u64 live_late(void)
{
	return late;
}

void live_start(bool sve, bool pac, bool gic)
{
	has_sve = sve;
	has_pac = pac;
	has_gic = gic;
	irqs = late = 0; /* a system reset leaves them */
	MSR(fpcr, FPCR_);
	MSR(fpsr, FPSR_);
	if (sve)
		start_sve();
	else
		start_simd();
	if (pac)
		start_keys();
	if (gic)
		start_gic();
	arm();
}
