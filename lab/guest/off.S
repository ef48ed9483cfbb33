/* SPDX-License-Identifier: MIT */
/* A guest that is off at once: what is left is the VMM's start and end. */
	.globl	_start
_start:
	ldr	x0, =0x84000008 /* PSCI SYSTEM_OFF */
	hvc	#0
1:	wfi
	b	1b
