/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest start-up, privilege changes and exceptions, x86-64 long mode.
 *
 * The host sets all control registers, segments and tables (lib/arch/x86_64).  A
 * vCPU starts at _start in user mode (CPL 3), with rDI = its mailbox and a stack.
 * User mode, because a backend without hardware support may emulate all supervisor
 * mode instructions, and their accesses would not use the page tables under test.
 * Operations that need CPL 0, such as port I/O, enter it with INT3.
 *
 * Every exception is a result: the handler records it in the mailbox and returns to
 * the active guard.
 */
#include "../mailbox.h"

	.text
	.globl _start
_start:
	mov	%rdi, %rbx
1:	mov	%rbx, %rdi
	call	mbox_run
	jmp	1b

/*
 * Fixed offsets known to the host (lib/arch/x86_64/layout.h): a RET at 0x38, the
 * table of 32 exception entries at 0x40.
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
	.if	vec == MBOX_SUPER_VECTOR
	.quad	super_entry
	.else
	.quad	exc_entry_0 + vec * 16
	.endif
vec = vec + 1
	.endr

/* 16 bytes per entry; entries of vectors without an error code push a zero. */
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
 * All exceptions run on this vCPU's IST stack, whose top word is the address of the
 * mailbox: [vector][error][rip][cs][rflags][rsp][ss][mailbox].  Return 1 from the
 * guard, at the privilege level of the fault.
 */
exc_common:
	mov	56(%rsp), %rdi
	pop	MBOX_EXC_VECTOR(%rdi)
	pop	MBOX_EXC_ERROR(%rdi)
	mov	(%rsp), %rax
	mov	%rax, MBOX_EXC_PC(%rdi)
	mov	%cr2, %rax
	mov	%rax, MBOX_EXC_ADDR(%rdi)
	lea	guard_out(%rip), %rax
	mov	%rax, (%rsp)
	movq	$2, 16(%rsp)
	xor	%eax, %eax
	xchg	MBOX_GUARD_SP(%rdi), %rax
	test	%rax, %rax
	jz	1f
	mov	%rax, 24(%rsp)
	mov	$1, %eax
	iretq
1:	mov	$MBOX_PORT_PANIC, %edx
	out	%eax, (%dx)
	jmp	1b

/*
 * int guarded(struct mbox *mb, uint32_t i, void (*fn)(struct mbox *, uint32_t))
 * Call fn; return 0, or 1 after an exception.
 */
	.globl guarded
guarded:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, MBOX_GUARD_SP(%rdi)
	push	%rdi
	call	*%rdx
	pop	%rdi
	xor	%eax, %eax
	mov	%rax, MBOX_GUARD_SP(%rdi)
guard_out:
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

/* int call_super(struct mbox *mb, uint32_t i): run_super() at CPL 0. */
	.globl call_super
call_super:
	int3
	ret

super_entry:
	cld
	call	run_super
	iretq

/* Entry point of L2: run_l2(mb, i), which does not return. */
	.globl l2_entry
l2_entry:
	call	run_l2
	ud2

	.section .note.GNU-stack, "", @progbits
