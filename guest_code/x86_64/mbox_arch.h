/* SPDX-License-Identifier: GPL-2.0-only */
/* Mailbox, x86-64: operations, flags and fields.  Included by mailbox.h. */
#ifndef KVMEM_MBOX_X86_64_H
#define KVMEM_MBOX_X86_64_H

/* I/O ports of the payload; exits on them are not visible to tests. */
#define MBOX_PORT_DONE		0xe0	/* the list is finished */
#define MBOX_PORT_PANIC		0xe8	/* exception outside of any operation */
#define MBOX_PORT_SYNC		0xe4	/* OP_SYNC */

/*
 * Vector with which the payload enters supervisor mode: INT3.  KVM does not
 * intercept it.  INT n would not work on backends that emulate it: KVM's emulator
 * does not implement INT n in 64-bit mode.
 */
#define MBOX_SUPER_VECTOR	3

/* Values that OP_STORE_IMM writes, by width; the 8-byte one is sign-extended. */
#define MBOX_IMM8		0x5a
#define MBOX_IMM16		0x5a69
#define MBOX_IMM32		0x5a69784b
#define MBOX_IMM64		0xffffffffa5968778ULL

#ifndef __ASSEMBLER__
/*
 * Neutral operations on x86: OP_LOAD and OP_STORE are mov, movdqu for 16 bytes;
 * OP_ADD is add [m], r; OP_XADD, OP_XCHG and OP_CMPXCHG are the instructions of
 * that name with a lock prefix; OP_HYPERCALL is vmcall or vmmcall.
 */
enum mbox_op_kind_x86 {
	/* Memory operand at addr; value[0] is the initial value of the register. */
	OP_LOAD_ZX = OP_ARCH,	/* movzx r32, [m]: widths 1 2 */
	OP_LOAD_SX,		/* movsx r64, [m]: widths 1 2 4 */
	OP_STORE_IMM,		/* mov [m], imm: MBOX_IMM* */
	OP_INC,			/* inc [m] */
	OP_CMPXCHG16B,		/* expected value[0]:0, new value[1]:0 */
	OP_TEST,		/* test [m], r: reads only; result.value[0] is ZF */

	/* Stack and control transfer through memory. */
	OP_PUSH_MEM,		/* push qword [m] onto the normal stack */
	OP_POP_MEM,		/* pop qword [m], after pushing value[0] */
	OP_PUSH_TO,		/* push value[0] with rSP = addr */
	OP_POP_FROM,		/* pop with rSP = addr */
	OP_CALL_MEM,		/* call [m]; the word there must be arch.ret_stub */

	/*
	 * String instructions: rSI = addr, rDI = addr2, rCX = value[0],
	 * rAX = value[1].  Final registers: result.arch, rAX in result.value[0].
	 */
	OP_MOVS,
	OP_STOS,
	OP_LODS,
	OP_CMPS,
	OP_SCAS,
	OP_INS,			/* port in value[1] */
	OP_OUTS,		/* port in value[1] */

	/* Descriptor-table registers with a memory operand of 10 bytes. */
	OP_SGDT,
	OP_SIDT,
	OP_LGDT,		/* the old table is restored afterwards; also OP_LIDT */
	OP_LIDT,

	/* Machine state. */
	OP_IN,			/* port addr */
	OP_OUT,			/* port addr, value[0] */
	OP_CPUID,		/* leaf value[0], subleaf value[1]: eax|ebx<<32, ecx|edx<<32 */
	OP_RDMSR,		/* MSR addr */
	OP_WRMSR,		/* MSR addr = value[0] */
	OP_RDCR,		/* CR number addr */
	OP_WRCR,		/* CR number addr = value[0] */
	OP_WITH_CR3,		/* load width bytes at addr with CR3 = value[1], then restore */
	OP_WITH_IDT,		/* UD2 with IDT base value[0], limit 0xfff, then restore */
	OP_WITH_GDT,		/* load FS = value[1] with GDT base value[0], then restore */
	OP_INVLPG,
	OP_CLFLUSH,
	OP_WBINVD,
};

/* mbox_op.flags */
#define OPF_REP		(OPF_ARCH << 0)	/* string operation with a REP prefix */
#define OPF_DF		(OPF_ARCH << 1)	/* direction flag set: descending addresses */
#define OPF_L2		(OPF_ARCH << 2)	/* in a nested guest, see mbox.arch.l2_vmcb */

struct mbox_arch_result {
	uint64_t rcx, rsi, rdi;	/* after a string operation */
};

struct mbox_arch {
	uint64_t ret_stub;	/* guest address of a RET, for OP_CALL_MEM */
	uint32_t use_vmmcall;	/* OP_HYPERCALL: vmmcall instead of vmcall */
	uint32_t unused;

	/*
	 * OPF_L2 (SVM): VMCB, complete except for RIP and RSP, host save area,
	 * and top of L2's stack.  L2 runs one operation in supervisor mode and
	 * returns with VMMCALL.  After any other #VMEXIT the operation has not
	 * retired, and the VMCB holds the exit code.
	 */
	uint64_t l2_vmcb;
	uint64_t l2_hsave;
	uint64_t l2_stack;
};
#endif /* !__ASSEMBLER__ */
#endif /* KVMEM_MBOX_X86_64_H */
