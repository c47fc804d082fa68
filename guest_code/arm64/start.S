/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest start-up, privilege changes and exceptions, arm64.
 *
 * The host sets all system registers and page tables (lib/arch/arm64).  A vCPU starts at
 * _start in EL1 with SP_EL0 selected, x0 = its mailbox, which is also in TPIDR_EL1, and
 * all interrupts masked.  TPIDRRO_EL0 holds SCTLR_EL1 of the payload.
 *
 * Every exception is a result: the handler records it in the mailbox and returns to the
 * active guard.  It needs no stack, since it does not return to the interrupted code.
 */
#include "../mailbox.h"

	.text
	.globl _start
_start:
	mov	x19, x0
1:	mov	x0, x19
	bl	mbox_run
	b	1b

/* The vectors are at a fixed offset known to the host (lib/arch/arm64/layout.h). */
	.macro	vector
	.balign	128
	/* Little-endian, MMU on, whatever the interrupted code has set. */
	mrs	x0, tpidrro_el0
	msr	sctlr_el1, x0
	isb
	mov	x8, #(. - vectors) & ~127
	b	exception
	.endm

	.org	0x800
	.globl	vectors
vectors:
	.rept	16
	vector
	.endr

exception:
	mrs	x0, tpidr_el1
	ldr	x1, [x0, #MBOX_TTBR0]
	msr	ttbr0_el1, x1
	isb
	mrs	x1, esr_el1
	ubfx	x2, x1, #26, #6
	mrs	x3, spsr_el1
	mrs	x4, elr_el1
	mrs	x5, far_el1
	msr	spsel, #0
	ldr	x9, [x0, #MBOX_GUARD_SP]
	cbz	x9, panic
	str	xzr, [x0, #MBOX_GUARD_SP]
	mov	sp, x9
	/* SVC from EL0: the operation has finished. */
	tst	x3, #0xf
	b.ne	2f
	cmp	x2, #0x15
	b.ne	2f
	str	x10, [x0, #MBOX_USER_VALUE]
	mov	x0, #0
	b	guard_out
2:	stp	x2, x1, [x0, #MBOX_EXC_VECTOR]
	stp	x4, x5, [x0, #MBOX_EXC_PC]
	str	x8, [x0, #MBOX_EXC_OFFSET]
	mov	x0, #1
	b	guard_out

panic:
	stp	x2, x1, [x0, #MBOX_EXC_VECTOR]
	stp	x4, x5, [x0, #MBOX_EXC_PC]
	ldr	x1, =MBOX_IO
1:	str	wzr, [x1, #MBOX_IO_PANIC]
	b	1b

	.macro	guard_in
	stp	x29, x30, [sp, #-96]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	mov	x9, sp
	str	x9, [x0, #MBOX_GUARD_SP]
	.endm

/*
 * int guarded(struct mbox *mb, uint32_t i, void (*fn)(struct mbox *, uint32_t))
 * Call fn; return 0, or 1 after an exception.
 */
	.globl guarded
guarded:
	guard_in
	mov	x19, x0
	blr	x2
	str	xzr, [x19, #MBOX_GUARD_SP]
	mov	x0, #0
guard_out:
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	x29, x30, [sp], #96
	ret

/*
 * int guarded_user(struct mbox *mb, uint32_t i, void (*fn)(struct mbox *, uint32_t))
 * The same at EL0, with the user page tables.
 */
	.globl guarded_user
guarded_user:
	guard_in
	ldr	x9, [x0, #MBOX_TTBR0_USER]
	msr	ttbr0_el1, x9
	adr	x9, 1f
	msr	elr_el1, x9
	mov	x9, #0x3c0		/* EL0t, DAIF */
	msr	spsr_el1, x9
	isb
	eret
1:	blr	x2
	svc	#0
	b	.

/*
 * int guarded_be(struct mbox *mb, uint64_t sctlr, void *fn, uint64_t *value, uint64_t addr, int user)
 * Call fn, one of the functions below, with SCTLR_EL1 = sctlr and *value, which receives
 * the value loaded.
 */
	.globl guarded_be
guarded_be:
	guard_in
	mov	x19, x0
	mov	x20, x3
	mov	x11, x1
	ldr	x0, [x3]
	mov	x1, x4
	cbnz	x5, 1f
	msr	sctlr_el1, x11
	isb
	blr	x2
	mrs	x11, tpidrro_el0
	msr	sctlr_el1, x11
	isb
	str	x0, [x20]
	str	xzr, [x19, #MBOX_GUARD_SP]
	mov	x0, #0
	b	guard_out
1:	ldr	x9, [x19, #MBOX_TTBR0_USER]
	msr	ttbr0_el1, x9
	msr	elr_el1, x2
	mov	x9, #0x3c0
	msr	spsr_el1, x9
	adr	x30, 2f
	msr	sctlr_el1, x11
	isb
	eret
	/* At EL0.  The vectors overwrite x0. */
2:	mov	x10, x0
	svc	#0
	b	.

/* One instruction on x0 = value and x1 = address, 8 bytes per function. */
	.balign	8
	.globl be_load, be_store
be_load:
	ldrb	w0, [x1]
	ret
	ldrh	w0, [x1]
	ret
	ldr	w0, [x1]
	ret
	ldr	x0, [x1]
	ret
be_store:
	strb	w0, [x1]
	ret
	strh	w0, [x1]
	ret
	str	w0, [x1]
	ret
	str	x0, [x1]
	ret

	.section .note.GNU-stack, "", @progbits
