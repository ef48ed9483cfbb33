/* SPDX-License-Identifier: MIT */
/*
 * Where the guest's vCPUs start, and where its exceptions end. QEMU enters at EL1 with the MMU off;
 * PSCI starts the others at `secondary` with their number in x0.
 */
#define STACK 4096 /* 1 << 12 below */

	.macro	enter_c number
	adrp	x1, stacks
	add	x1, x1, :lo12:stacks
	add	x2, \number, #1
	add	x1, x1, x2, lsl #12
	mov	sp, x1
	adrp	x1, vectors
	add	x1, x1, :lo12:vectors
	msr	vbar_el1, x1
	mov	x29, xzr
	mov	x30, xzr
	.endm

	.text
	.globl	_start
_start:
	mov	x0, xzr
	enter_c	x0
	b	guest_main

	.globl	secondary
secondary:
	enter_c	x0
	b	guest_secondary

	.balign	2048
vectors:
	.rept	16
	.balign	128
	mrs	x0, esr_el1
	mrs	x1, elr_el1
	b	guest_trap
	.endr

	.bss
	.balign	4096
stacks:	.skip	16 * STACK
