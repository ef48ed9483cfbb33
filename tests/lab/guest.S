/* SPDX-License-Identifier: MIT */
/*
 * A guest that computes and reads its own ID registers, for QEMU's `virt` machine (-kernel). A line
 * a tick on the serial port: tick, chain, hash of the 56 registers of the core ID range, and
 * ID_AA64MMFR2_EL1, in hex. The chain runs over memory that it changes as it goes, so that a lost
 * page or register shows in every line behind it; tests/lab/test_move.py does the same sum.
 *
 * x19 tick, x20 serial port, x21 chain, x22 hash, x23 the memory's start, x24 a word of it.
 */
#define UART  0x09000000 /* PL011, hw/arm/virt.c */
#define WORDS 4096
#define PAUSE 0x400000

	.text
	.globl _start
_start:
	ldr	x20, =UART
	ldr	x23, =memory
	mov	x19, #0
	ldr	x21, =0xcbf29ce484222325	/* FNV-1a, 64 bits */
	mov	x1, #0
1:	str	x1, [x23, x1, lsl #3]
	add	x1, x1, #1
	cmp	x1, #WORDS
	b.ne	1b

tick:
	ldr	x3, =0x100000001b3
	mov	x1, #0
2:	ldr	x24, [x23, x1, lsl #3]
	eor	x21, x21, x24
	mul	x21, x21, x3
	add	x24, x24, x21
	str	x24, [x23, x1, lsl #3]
	add	x1, x1, #1
	cmp	x1, #WORDS
	b.ne	2b

	ldr	x22, =0xcbf29ce484222325
	.irp	crm, 1, 2, 3, 4, 5, 6, 7
	.irp	op2, 0, 1, 2, 3, 4, 5, 6, 7
	mrs	x0, s3_0_c0_c\crm\()_\op2
	eor	x22, x22, x0
	mul	x22, x22, x3
	.endr
	.endr

	mov	x0, x19
	bl	put
	mov	x0, x21
	bl	put
	mov	x0, x22
	bl	put
	mrs	x0, id_aa64mmfr2_el1
	bl	put
	mov	w5, #10
	strb	w5, [x20]
	add	x19, x19, #1
	mov	x2, #PAUSE
3:	subs	x2, x2, #1
	b.ne	3b
	b	tick

put:	/* x0 in 16 digits and a blank */
	mov	x6, #60
4:	lsr	x4, x0, x6
	and	x4, x4, #15
	cmp	x4, #10
	add	x5, x4, #'0'
	add	x7, x4, #('a' - 10)
	csel	x5, x5, x7, lo
	strb	w5, [x20]
	subs	x6, x6, #4
	b.ge	4b
	mov	w5, #' '
	strb	w5, [x20]
	ret
	.ltorg

	.bss
	.balign 4096
memory:	.skip	WORDS * 8
