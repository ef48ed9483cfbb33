/* SPDX-License-Identifier: MIT */
/*
 * A guest that reads its own ID registers. It runs with the MMU off and has no memory but its own
 * code: everything that it finds out it stores to addresses where there is nothing, so that each
 * store comes out as KVM_EXIT_MMIO, and the address says what it is (host/guest.h).
 *
 * Registers: x19 vCPU index, x20 where values go, x21 index of the encoding at hand, x22 where the
 * syndromes of trapped reads go, x23 the vCPU's own part of the address space.
 * Entry: x0 = vCPU index (vCPU 0 by the host, the others by PSCI CPU_ON's context).
 */
#ifdef __aarch64__

#define PAGE_EL1_VALUE  0x0000
#define PAGE_EL1_TRAP   0x1000
#define PAGE_EL0_VALUE  0x2000
#define PAGE_EL0_TRAP   0x3000
#define PAGE_SMCCC      0x4000
#define PAGE_EL0_OTHER  0x5000
#define PAGE_FOUR       0x6000
#define PAGE_EVENTS     0x7000
#define PAGE_DONE       0xf000

	.section .rodata.steady_guest, "a"
	.balign 4096
	.globl steady_guest_start
	.globl steady_guest_end
steady_guest_start:
	b	start

	.balign 2048
vectors:
	.rept 4				/* current EL with SP0 */
	b	trapped
	.balign 128
	.endr
	.rept 4				/* current EL with SPx */
	b	trapped
	.balign 128
	.endr
	.rept 4				/* lower EL, AArch64 */
	b	trapped
	.balign 128
	.endr
	.rept 4				/* lower EL, AArch32: there is none */
	b	.
	.balign 128
	.endr

/* A read that was not let through: say why, go on behind it. SVC ends the part at EL0. */
trapped:
	mrs	x1, esr_el1
	lsr	x2, x1, #26
	cmp	x2, #0x15		/* EC: SVC from AArch64 */
	b.eq	after_el0
	str	x1, [x22, x21, lsl #3]
	mrs	x2, elr_el1
	add	x2, x2, #4
	msr	elr_el1, x2
	eret

	.macro	read_one op1, crm, op2, index
	mov	x21, #\index
	mov	x0, #0
	mrs	x0, s3_\op1\()_c0_c\crm\()_\op2
	str	x0, [x20, x21, lsl #3]
	.endm

	.macro	read_crm op1, crm, base
	.irp	op2, 0, 1, 2, 3, 4, 5, 6, 7
	read_one \op1, \crm, \op2, (\base + \crm * 8 + \op2)
	.endr
	.endm

	.macro	read_op1 op1, base
	.irp	crm, 0, 1, 2, 3, 4, 5, 6, 7
	read_crm \op1, \crm, \base
	.endr
	.endm

/* All 192 encodings, in the order of the writable masks; the same code at EL1 and at EL0. */
read_all:
	read_op1 0, 0
	read_op1 1, 64
	read_op1 3, 128
	ret

/* Which events the PMU counts; without one the reads trap, which is stored behind the values. */
read_events:
	add	x20, x23, #PAGE_EVENTS
	add	x22, x20, #16
	mov	x0, #0
	mov	x21, #0
	mrs	x0, pmceid0_el0
	str	x0, [x20, x21, lsl #3]
	mov	x0, #0
	mov	x21, #1
	mrs	x0, pmceid1_el0
	str	x0, [x20, x21, lsl #3]
	ret

/* x0: which call, x1: the place of its result; the arguments are 0. */
ask:
	mov	x24, x1
	mov	x1, #0
	mov	x2, #0
	mov	x3, #0
	hvc	#0
	add	x4, x23, #PAGE_SMCCC
	str	x0, [x4, x24, lsl #3]
	ret

/* x0: which call, x1: its argument, x24: the place of its four results. */
ask_four:
	mov	x2, #0
	mov	x3, #0
	hvc	#0
	add	x4, x23, #PAGE_FOUR
	add	x4, x4, x24, lsl #5
	str	x0, [x4]
	str	x1, [x4, #8]
	str	x2, [x4, #16]
	str	x3, [x4, #24]
	ret

	.macro	smccc number, place, argument=0
	ldr	x0, =\number
	mov	x1, #\place
	.if	\argument
	mov	x24, x1
	ldr	x1, =\argument
	mov	x2, #0
	mov	x3, #0
	hvc	#0
	add	x4, x23, #PAGE_SMCCC
	str	x0, [x4, x24, lsl #3]
	.else
	bl	ask
	.endif
	.endm

start:
	mov	x19, x0
	movz	x23, #0x1000, lsl #16	/* 0x10000000 */
	add	x23, x23, x19, lsl #16
	adr	x0, vectors
	msr	vbar_el1, x0
	mrs	x0, sctlr_el1
	orr	x0, x0, #(3 << 14)	/* DZE, UCT: DC ZVA at EL0, else DZP reads 1; CTR_EL0 */
	msr	sctlr_el1, x0
	mov	x0, #3			/* EL0PCTEN, EL0VCTEN: and CNTFRQ_EL0 */
	msr	cntkctl_el1, x0
	isb

	mov	x20, x23
	add	x22, x23, #PAGE_EL1_TRAP
	bl	read_all
	bl	read_events

	cbnz	x19, to_el0
	smccc	0x84000000, 0			/* PSCI_VERSION */
	smccc	0x80000000, 1			/* SMCCC_VERSION */
	smccc	0x80000001, 2, 0x80008000	/* SMCCC_ARCH_FEATURES: WORKAROUND_1 */
	smccc	0x80000001, 3, 0x80007fff	/* WORKAROUND_2 */
	smccc	0x80000001, 4, 0x80003fff	/* WORKAROUND_3 */
	smccc	0x84000050, 5			/* TRNG_VERSION */
	smccc	0x80000001, 6, 0xc5000020	/* PV_TIME_FEATURES */
	smccc	0x86000000, 7			/* KVM's vendor features */
	smccc	0xc6000040, 8			/* DISCOVER_IMPL_VER */

	ldr	x0, =0x8600ff01			/* whose vendor calls these are */
	mov	x1, #0
	mov	x24, #0
	bl	ask_four
	ldr	x0, =0x86000000			/* which there are */
	mov	x1, #0
	mov	x24, #1
	bl	ask_four
	ldr	x0, =0xc6000040			/* DISCOVER_IMPL_VER: how many CPUs */
	mov	x1, #0
	mov	x24, #2
	bl	ask_four
	cmp	x0, #0
	csel	x28, x2, xzr, eq
	mov	x1, #64				/* there is room for that many */
	cmp	x28, x1
	csel	x28, x28, x1, ls
	mov	x27, #0
1:	ldr	x0, =0xc6000041			/* DISCOVER_IMPL_CPUS: each, and one more */
	mov	x1, x27
	add	x24, x27, #3
	bl	ask_four
	add	x27, x27, #1
	cmp	x27, x28
	b.ls	1b

to_el0:
	add	x20, x23, #PAGE_EL0_VALUE
	add	x22, x23, #PAGE_EL0_TRAP
	adr	x0, at_el0
	msr	elr_el1, x0
	mov	x0, #0x3c0		/* EL0t, interrupts masked */
	msr	spsr_el1, x0
	eret

at_el0:
	bl	read_all
	add	x22, x23, #PAGE_EL0_OTHER	/* a trap of these says so in the value's place */
	mov	x20, x22
	mov	x21, #0
	mrs	x0, ctr_el0
	str	x0, [x20, x21, lsl #3]
	mov	x21, #1
	mrs	x0, dczid_el0
	str	x0, [x20, x21, lsl #3]
	mov	x21, #2
	mrs	x0, cntfrq_el0
	str	x0, [x20, x21, lsl #3]
	svc	#0

after_el0:
	cbnz	x19, done
	mov	x25, #1			/* the first vCPU starts the others */
	mrs	x26, tpidr_el1		/* how many there are: put there by the host */
1:	cmp	x25, x26
	b.hs	done
	ldr	x0, =0xc4000003		/* PSCI CPU_ON */
	mov	x1, x25			/* MPIDR_EL1: KVM numbers Aff0 up to 15 */
	adr	x2, start
	mov	x3, x25
	hvc	#0
	add	x4, x23, #PAGE_SMCCC
	add	x5, x25, #16
	str	x0, [x4, x5, lsl #3]
	add	x25, x25, #1
	b	1b

done:
	add	x4, x23, #PAGE_DONE
	str	x19, [x4]
	b	done
	.ltorg
	.balign 8
steady_guest_end:
#endif
	.section .note.GNU-stack, "", %progbits
