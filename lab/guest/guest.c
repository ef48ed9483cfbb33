/* SPDX-License-Identifier: MIT */
/*
 * A guest for QEMU's `virt` machine (-kernel) that computes, and looks at its own CPU as it goes. On
 * the serial port, all numbers in hex:
 *
 *   boot N                      the N-th start since QEMU's, system resets included
 *   id REGISTER VALUE           the core ID range, whenever it is another one than shown before
 *   tick N KEY VALUE ...        see tick()
 *   trap ESR ELR                an exception: the guest ends here
 *
 * Every number can be told from the outside (lab/labkit/moves.py does): `sum` runs over memory that
 * it changes as it goes, `mix` over what instructions gave that the ID registers promise, `vec` over
 * vectors that live in registers only (live.c), so that a lost page, register or instruction shows in
 * every line behind it. `vl`, `pac`, `psci`, `smccc` and `found` stay what they were.
 */
#include "guest.h"

#define UART    ((volatile uint32_t *)0x09000000) /* PL011, QEMU's hw/arm/virt.c */
#define KEPT    ((volatile u64 *)0x43000000)      /* behind the image: a system reset leaves it */
#define MAGIC   0x6d6f766573UL
#define WORDS   4096
#define CPUS    8
#define CORE    56
#define PAUSE   0x40000

/* PSCI and SMCCC function ids: Arm DEN0022, DEN0028; KVM's own from Linux's arm-smccc.h */
#define PSCI_VERSION       0x84000000UL
#define PSCI_CPU_OFF       0x84000002UL
#define PSCI_CPU_ON        0xc4000003UL
#define PSCI_AFFINITY_INFO 0xc4000004UL
#define PSCI_FEATURES      0x8400000aUL
#define SMCCC_VERSION      0x80000000UL
#define SMCCC_FEATURES     0x80000001UL
#define VENDOR_FEATURES    0x86000000UL
#define VENDOR_UID         0x8600ff01UL

void guest_main(void) __attribute__((noreturn));
void guest_secondary(u64 number) __attribute__((noreturn));
void guest_trap(u64 esr, u64 elr) __attribute__((noreturn));
extern char secondary[];

static u64 table[512] __attribute__((aligned(4096)));
static u64 memory[WORDS];
static struct {
	volatile u64 ticks, hash;
} others[CPUS];

/* ---- output ---- */

static void put_char(char c)
{
	*UART = (uint32_t)c;
}

static void put(const char *text)
{
	while (*text)
		put_char(*text++);
}

static void put_hex(u64 value)
{
	int shift = 60;

	while (shift && !(value >> shift))
		shift -= 4;
	for (put_char(' '); shift >= 0; shift -= 4)
		put_char("0123456789abcdef"[value >> shift & 0xf]);
}

static void put_pair(const char *key, u64 value)
{
	put_char(' ');
	put(key);
	put_hex(value);
}

void guest_trap(u64 esr, u64 elr)
{
	put("trap");
	put_hex(esr);
	put_hex(elr);
	put_char('\n');
	for (;;)
		__asm__ volatile("wfi");
}

/* ---- the CPU ---- */

/* Memory at 1 GiB, devices below: two blocks of 1 GiB, so that memory is cached. */
static void mmu_on(void)
{
	table[0] = 0x401UL | 1UL << 53 | 1UL << 54; /* block, AF, attribute 0, never executed */
	table[1] = 0x40000701UL | 1UL << 2;         /* block, AF, inner shareable, attribute 1 */
	MSR(mair_el1, 0xff04);                      /* 0: device nGnRE, 1: normal, write back */
	MSR(tcr_el1, 32 | 1UL << 8 | 1UL << 10 | 3UL << 12 | 1UL << 23 | 2UL << 32);
	MSR(ttbr0_el1, (u64)table);
	ISB();
	__asm__ volatile("tlbi vmalle1; dsb nsh; isb" : : : "memory");
	MSR(sctlr_el1, MRS(sctlr_el1) | 1 | 1 << 2 | 1 << 12);
	MSR(cpacr_el1, 3 << 20 | (FIELD(MRS(id_aa64pfr0_el1), 32) ? 3 << 16 : 0));
	ISB();
}

/* All 56 registers of the core ID range, S3_0_C0_C1_0 to S3_0_C0_C7_7; returns their hash. */
static u64 read_ids(u64 id[CORE])
{
	u64 hash = FNV;

#define READ(m, p) id[(m - 1) * 8 + p] = MRS(s3_0_c0_c##m##_##p);
#define ROW(m)                                                                                     \
	READ(m, 0) READ(m, 1) READ(m, 2) READ(m, 3) READ(m, 4) READ(m, 5) READ(m, 6) READ(m, 7)
	ROW(1) ROW(2) ROW(3) ROW(4) ROW(5) ROW(6) ROW(7)
	for (int i = 0; i < CORE; i++)
		hash = mix_in(hash, id[i]);
	return hash;
}

static void show_ids(const u64 id[CORE])
{
	for (int i = 0; i < CORE; i++) {
		put("id S3_0_C0_C");
		put_char((char)('1' + i / 8));
		put_char('_');
		put_char((char)('0' + i % 8));
		put_hex(id[i]);
		put_char('\n');
	}
}

static u64 call(u64 function, u64 a, u64 b, u64 c)
{
	register u64 x0 __asm__("x0") = function;
	register u64 x1 __asm__("x1") = a;
	register u64 x2 __asm__("x2") = b;
	register u64 x3 __asm__("x3") = c;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
	return x0;
}

/* What a guest's kernel asks when it starts. */
static u64 discover(void)
{
	static const u64 asked[][2] = {
		{PSCI_FEATURES, PSCI_CPU_ON},    /* and what later versions of PSCI brought: */
		{PSCI_FEATURES, 0x84000012},     /* SYSTEM_RESET2, 1.1 */
		{PSCI_FEATURES, 0x84000013},     /* MEM_PROTECT, 1.1 */
		{PSCI_FEATURES, 0x84000015},     /* SYSTEM_OFF2, 1.3 */
		{PSCI_FEATURES, SMCCC_VERSION},
		{SMCCC_FEATURES, 0x80008000},    /* WORKAROUND_1 */
		{SMCCC_FEATURES, 0x80007fff},    /* WORKAROUND_2 */
		{SMCCC_FEATURES, 0x80003fff},    /* WORKAROUND_3 */
		{SMCCC_FEATURES, 0xc5000020},    /* PV_TIME_FEATURES */
		{0xc5000020, 0xc5000021},        /* PV_TIME_FEATURES of PV_TIME_ST */
		{0x84000050, 0},                 /* TRNG_VERSION */
		{VENDOR_UID, 0},
		{VENDOR_FEATURES, 0},
	};
	u64 hash = FNV;

	for (unsigned int i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		hash = mix_in(hash, call(asked[i][0], asked[i][1], 0, 0));
	return hash;
}

/* ---- instructions that the ID registers promise ---- */

enum { LSE, CRC32, JSCVT, LRCPC, FLAGM, DPB, RNDR, SVE, PAC, GIC };

static u64 promised(void)
{
	u64 isar0 = MRS(id_aa64isar0_el1), isar1 = MRS(id_aa64isar1_el1);
	u64 isar2 = MRS(s3_0_c0_c6_2); /* ID_AA64ISAR2_EL1 */
	u64 set = 0;

	set |= (u64)(FIELD(isar0, 20) >= 2) << LSE;
	set |= (u64)(FIELD(isar0, 16) >= 1) << CRC32;
	set |= (u64)(FIELD(isar1, 12) >= 1) << JSCVT;
	set |= (u64)(FIELD(isar1, 20) >= 1) << LRCPC;
	set |= (u64)(FIELD(isar0, 52) >= 1) << FLAGM;
	set |= (u64)(FIELD(isar1, 0) >= 1) << DPB;
	set |= (u64)(FIELD(isar0, 60) >= 1) << RNDR;
	set |= (u64)(FIELD(MRS(id_aa64pfr0_el1), 32) >= 1) << SVE;
	set |= (u64)((FIELD(isar1, 24) || FIELD(isar1, 28) || FIELD(isar2, 8)) &&
		     (FIELD(isar1, 4) || FIELD(isar1, 8) || FIELD(isar2, 12))) << PAC;
	set |= (u64)(FIELD(MRS(id_aa64pfr0_el1), 24) >= 1) << GIC;
	return set;
}

static u64 total, crc; /* a system reset may leave them */

static u64 lse(u64 n)
{
	u64 old;

	__asm__ volatile(".arch_extension lse\nldaddal %2, %0, [%1]"
			 : "=r"(old) : "r"(&total), "r"(n) : "memory");
	return old + n;
}

static u64 crc32(u64 n)
{
	__asm__ volatile(".arch_extension crc\ncrc32x %w0, %w0, %1" : "+r"(crc) : "r"(n));
	return crc;
}

static u64 jscvt(u64 n) /* through a double beyond 32 bits and back, modulo 2^32 */
{
	u64 out, wide = n + (1UL << 32);

	__asm__ volatile(".arch armv8.3-a\nscvtf d0, %1\nfjcvtzs %w0, d0\n.arch armv8-a"
			 : "=r"(out) : "r"(wide) : "v0", "cc");
	return out;
}

static u64 lrcpc(u64 n)
{
	u64 out;

	__asm__ volatile(".arch armv8.3-a\nldapr %0, [%1]\n.arch armv8-a"
			 : "=r"(out) : "r"(&n) : "memory");
	return out;
}

static u64 flagm(u64 n) /* the carry of n - n is set, cfinv clears it */
{
	u64 out;

	__asm__ volatile(".arch armv8.4-a\ncmp %1, %1\ncfinv\ncset %0, cs\n.arch armv8-a"
			 : "=r"(out) : "r"(n) : "cc");
	return out;
}

static void dpb(const void *at)
{
	__asm__ volatile(".arch armv8.2-a\ndc cvap, %0\n.arch armv8-a" : : "r"(at) : "memory");
}

static u64 run_mix(u64 set, u64 n, u64 hash)
{
	hash = set >> LSE & 1 ? mix_in(hash, lse(n)) : hash;
	hash = set >> CRC32 & 1 ? mix_in(hash, crc32(n)) : hash;
	hash = set >> JSCVT & 1 ? mix_in(hash, jscvt(n)) : hash;
	hash = set >> LRCPC & 1 ? mix_in(hash, lrcpc(n)) : hash;
	hash = set >> FLAGM & 1 ? mix_in(hash, flagm(n)) : hash;
	if (set >> DPB & 1)
		dpb(memory);
	if (set >> RNDR & 1)
		(void)MRS(s3_3_c2_c4_0);
	return hash;
}

/* ---- the other vCPUs: started in every tick, each reads its registers and goes off again ---- */

void guest_secondary(u64 number)
{
	u64 id[CORE];

	mmu_on();
	others[number].hash = read_ids(id);
	__asm__ volatile("dsb sy" : : : "memory");
	others[number].ticks++;
	call(PSCI_CPU_OFF, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

/* Starts the others; how many answered, and (in *odd) how many read other registers than these. */
static u64 ask_others(u64 hash, u64 *odd)
{
	u64 n = 1;

	for (*odd = 0; n < CPUS; n++) {
		u64 ticks = others[n].ticks;

		if (call(PSCI_CPU_ON, n, (u64)secondary, n))
			break; /* there is none of that number */
		while (others[n].ticks == ticks || call(PSCI_AFFINITY_INFO, n, 0, 0) != 1)
			__asm__ volatile("yield" : : : "memory");
		*odd += others[n].hash != hash;
	}
	return n - 1;
}

/* ---- the guest ---- */

static u64 run_sum(u64 sum)
{
	for (unsigned int i = 0; i < WORDS; i++) {
		sum = mix_in(sum, memory[i]);
		memory[i] += sum;
	}
	return sum;
}

static void tick(u64 n, u64 *sum, u64 *mix, u64 *vectors, u64 *shown)
{
	u64 id[CORE], hash = read_ids(id), set = promised(), odd, answered;

	*sum = run_sum(*sum);
	*mix = run_mix(set, n, *mix);
	answered = ask_others(hash, &odd);
	if (hash != *shown)
		show_ids(id);
	*shown = hash;
	put("tick");
	put_hex(n);
	put_pair("sum", *sum);
	put_pair("ids", hash);
	put_pair("set", set);
	put_pair("mix", *mix);
	put_pair("vec", *vectors = live_vectors(*vectors));
	put_pair("time", live_time());
	put_pair("irq", live_irqs());
	put_pair("late", live_late());
	put_pair("vl", live_longest());
	put_pair("pac", live_keys());
	put_pair("psci", call(PSCI_VERSION, 0, 0, 0));
	put_pair("smccc", call(SMCCC_VERSION, 0, 0, 0));
	put_pair("found", discover());
	put_pair("others", answered);
	put_pair("odd", odd);
	put_char('\n');
}

void guest_main(void)
{
	u64 sum = FNV, mix = FNV, vectors = FNV, set, shown;

	mmu_on();
	if (KEPT[0] != MAGIC) {
		KEPT[0] = MAGIC;
		KEPT[1] = 0;
		KEPT[2] = 0;
	}
	put("\nboot"); /* a reset may have cut a line */
	put_hex(KEPT[1]++);
	put_char('\n');
	shown = KEPT[2];
	total = crc = 0;
	set = promised();
	live_start(set >> SVE & 1, set >> PAC & 1, set >> GIC & 1);
	for (unsigned int i = 0; i < WORDS; i++)
		memory[i] = i;
	for (u64 n = 0;; n++) {
		tick(n, &sum, &mix, &vectors, &shown);
		KEPT[2] = shown;
		for (volatile unsigned int i = 0; i < PAUSE; i++)
			;
	}
}
