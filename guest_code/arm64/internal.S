/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Code for internal VMs, which see memory at its physical addresses: position-independent
 * pieces that the owner starts by PC and registers.  They end with SVC, which EL0 has too.
 * Every exception is reported to the owner: HVC #IVM_EXCEPTION with its record in x24 to
 * x28.
 *
 * A part of the host's programs, which copy it into the memory of the VM.
 */
#include "internal_code.h"

	.section .rodata
	.balign	4096
	.globl	internal_code
internal_code:
	.set	vector, 0
	.rept	16
	.balign	128
	mrs	x24, esr_el1
	mrs	x25, far_el1
	mrs	x26, elr_el1
	mrs	x27, spsr_el1
	mov	x28, #vector
	hvc	#IVM_EXCEPTION
	b	.
	.set	vector, vector + 0x80
	.endr

	/* One instruction, its address in x0, its data in x1 to x3. */
	.macro	op name, insn:vararg
	.balign	16
	.globl	internal_\name
internal_\name:
	\insn
	svc	#0
	b	.
	.endm

	op	ldrb,	ldrb w1, [x0]
	op	ldrh,	ldrh w1, [x0]
	op	ldrw,	ldr w1, [x0]
	op	ldr,	ldr x1, [x0]
	op	ldrsw,	ldrsw x1, [x0]
	op	strb,	strb w1, [x0]
	op	strh,	strh w1, [x0]
	op	strw,	str w1, [x0]
	op	str,	str x1, [x0]
	op	ldp,	ldp x1, x2, [x0]
	op	stp,	stp x1, x2, [x0]
	op	ldr_post, ldr x1, [x0], #8
	op	str_pre, str x1, [x0, #0]!
	op	ldxr,	ldxr x1, [x0]
	op	ldar,	ldar x1, [x0]
	op	stlr,	stlr x1, [x0]
	op	ldr_q,	ldr q0, [x0]
	op	dc_zva,	dc zva, x0
	op	dc_civac, dc civac, x0
	op	ic_ivau, ic ivau, x0
	op	branch,	br x0
	op	nop,	nop
	op	wfi,	wfi
	op	smc,	smc #0

	/* HVC with other immediates: the registers belong to the owner. */
	.macro	call name, imm
	.balign	16
	.globl	internal_hvc_\name
internal_hvc_\name:
	hvc	#\imm
	svc	#0
	b	.
	.endm

	call	0, 0
	call	3, 3
	call	0x4d, 0x4d
	call	0x8000, 0x8000
	call	0xffff, 0xffff

	/* For ever. */
	.balign	16
	.globl	internal_spin
internal_spin:
	add	x1, x1, #1
	b	internal_spin

	/* From x0 to below x1, each x2 bytes: store x3, its own address added. */
	.balign	16
	.globl	internal_fill
internal_fill:
	add	x4, x0, x3
	str	x4, [x0]
	add	x0, x0, x2
	cmp	x0, x1
	b.lo	internal_fill
	svc	#0
	b	.

	/* The same, compare: the number of differences in x5, the last one's address in x6. */
	.balign	16
	.globl	internal_compare
internal_compare:
	mov	x5, #0
1:	add	x4, x0, x3
	ldr	x7, [x0]
	cmp	x7, x4
	b.eq	2f
	add	x5, x5, #1
	mov	x6, x0
2:	add	x0, x0, x2
	cmp	x0, x1
	b.lo	1b
	svc	#0
	b	.

	/* Load or store q0 to q31 at x0. */

	/* Load or store q0 to q31 at x0. */
	.balign	16
	.globl	internal_load_fp
internal_load_fp:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ldr	q\n, [x0, #16 * \n]
	.endr
	svc	#0
	b	.

	.balign	16
	.globl	internal_store_fp
internal_store_fp:
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	str	q\n, [x0, #16 * \n]
	.endr
	svc	#0
	b	.

	/* Go to EL0, with PSTATE in x10, at x9. */
	.balign	16
	.globl	internal_eret
internal_eret:
	msr	spsr_el1, x10
	msr	elr_el1, x9
	eret

	.globl	internal_code_end
internal_code_end:
