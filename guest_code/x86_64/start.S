/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest start-up and exceptions, x86-64 long mode.
 *
 * The host sets all control registers, segments and tables (lib/arch/x86_64);
 * a vCPU arrives at _start with rDI = its mailbox and a stack.  Every
 * exception is a result: the handler notes it in the mailbox and returns to
 * the guard that was in force, so nothing can triple-fault by surprise.
 */
#include "../mailbox.h"

	.text
	.globl _start
_start:
	mov	%rdi, %rbx
1:	mov	%rbx, %rdi
	call	mbox_run
	mov	$MBOX_PORT_DONE, %edx
	out	%eax, (%dx)
	jmp	1b

/*
 * Fixed places that the host looks up (lib/arch/x86_64/guest.c): the table of
 * exception entries at 0x40, a RET at 0x38.
 */
	.org	0x38
	.globl	ret_stub
ret_stub:
	ret

	.org	0x40
	.globl	exc_table
exc_table:
vec = 0
	.rept	32
	.quad	exc_entry_0 + vec * 16
vec = vec + 1
	.endr

/* 16 bytes an entry; vectors without an error code push a zero. */
	.balign 16
exc_entry_0:
vec = 0
	.rept	32
	.balign 16
	.if	(vec == 8) || (vec == 10) || (vec == 11) || (vec == 12) || \
		(vec == 13) || (vec == 14) || (vec == 17) || (vec == 21)
	.else
	pushq	$0
	.endif
	pushq	$vec
	jmp	exc_common
vec = vec + 1
	.endr

/*
 * All vectors run on the IST stack of this vCPU, whose top word is the
 * mailbox: [vector][error][rip][cs][rflags][rsp][ss][mailbox].
 */
exc_common:
	mov	56(%rsp), %rdi
	pop	MBOX_EXC_VECTOR(%rdi)
	pop	MBOX_EXC_ERROR(%rdi)
	pop	MBOX_EXC_RIP(%rdi)
	mov	%cr2, %rax
	mov	%rax, MBOX_EXC_CR2(%rdi)
	cld
	mov	MBOX_GUARD_RSP(%rdi), %rsp
	mov	$1, %eax
	jmp	guard_out

/*
 * int guarded(struct mbox *mb, uint32_t i, void (*fn)(struct mbox *, uint32_t))
 * Calls fn; returns 0, or 1 when an exception ended it.
 */
	.globl guarded
guarded:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, MBOX_GUARD_RSP(%rdi)
	call	*%rdx
	xor	%eax, %eax
guard_out:
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.section .note.GNU-stack, "", @progbits
