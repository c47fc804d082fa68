/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mailbox: the one structure that guest payload and host library share.
 *
 * A mailbox belongs to one vCPU.  The host fills in the operations and nr_ops
 * and enters the guest; the guest executes them in order, writes the results
 * and then does an OUT to MBOX_PORT_DONE.  Everything is plain data in guest
 * RAM, so that host and guest need no other agreement.
 */
#ifndef KVMEM_MAILBOX_H
#define KVMEM_MAILBOX_H

#ifndef __ASSEMBLER__
#include <stdint.h>
#endif

/* I/O ports that speak to the host; exits on them never reach a test. */
#define MBOX_PORT_DONE		0xe0	/* the list is finished */
#define MBOX_PORT_PANIC		0xe8	/* exception outside of any operation */
#define MBOX_PORT_SYNC		0xe4	/* OP_SYNC: host does something, guest goes on */

/*
 * Vector with which the payload enters supervisor mode: INT3.  KVM does not
 * intercept it, and it reaches the guest even where INT n of a 64-bit guest is
 * left to the emulator, which does not implement it.
 */
#define MBOX_SUPER_VECTOR	3

#define MBOX_MAX_OPS		120

/* Byte offsets of struct mbox that start.S uses; checked in engine.c. */
#define MBOX_GUARD_RSP		0
#define MBOX_EXC_VECTOR		8
#define MBOX_EXC_ERROR		16
#define MBOX_EXC_RIP		24
#define MBOX_EXC_CR2		32

/* Values that OP_STORE_IMM writes, by width; the 8-byte one is sign-extended. */
#define MBOX_IMM8		0x5a
#define MBOX_IMM16		0x5a69
#define MBOX_IMM32		0x5a69784b
#define MBOX_IMM64		0xffffffffa5968778ULL

#ifndef __ASSEMBLER__

enum mbox_op_kind {
	OP_NOP,			/* nothing: what the engine itself costs */

	/* Memory operand at addr; value[0] is the register's content before. */
	OP_LOAD,		/* mov r, [m]: widths 1 2 4 8, movdqu for 16 */
	OP_LOAD_ZX,		/* movzx r32, [m]: widths 1 2 */
	OP_LOAD_SX,		/* movsx r64, [m]: widths 1 2 4 */
	OP_STORE,		/* mov [m], r: widths 1 2 4 8, movdqu for 16 */
	OP_STORE_IMM,		/* mov [m], imm: MBOX_IMM* */
	OP_ADD,			/* add [m], r */
	OP_INC,			/* inc [m] */
	OP_XADD,		/* lock xadd [m], r: old value in result.value[0] */
	OP_XCHG,		/* xchg [m], r */
	OP_CMPXCHG,		/* lock cmpxchg [m]: value[0] expected, value[1] new;
				 * result.value[0] is rAX, value[1] the zero flag
				 */
	OP_CMPXCHG16B,		/* expected value[0]:0, new value[1]:0 */
	OP_TEST,		/* test [m], r: reads only; result.value[0] is ZF */

	/* Stack and control transfer through memory. */
	OP_PUSH_MEM,		/* push qword [m] onto the normal stack */
	OP_POP_MEM,		/* pop qword [m]; value[0] was on the stack */
	OP_PUSH_TO,		/* push value[0] with rSP = addr */
	OP_POP_FROM,		/* pop with rSP = addr */
	OP_CALL_MEM,		/* call [m]; the word there must be mbox.ret_stub */
	OP_CALL,		/* call addr: instruction fetch; result.value[0] is rAX */

	/*
	 * String instructions: rSI = addr, rDI = addr2, rCX = value[0],
	 * rAX = value[1].  Registers afterwards are in result.r{cx,si,di}
	 * and rAX in result.value[0].
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
	OP_LGDT,		/* the old table is back in force afterwards */
	OP_LIDT,

	/* Machine state. */
	OP_IN,			/* port addr */
	OP_OUT,			/* port addr, value[0] */
	OP_CPUID,		/* leaf value[0], subleaf value[1]: eax|ebx<<32, ecx|edx<<32 */
	OP_HYPERCALL,		/* nr value[0], args value[1], addr, addr2; rAX back */
	OP_RDMSR,		/* MSR addr */
	OP_WRMSR,		/* MSR addr = value[0] */
	OP_RDCR,		/* CR number addr */
	OP_WRCR,		/* CR number addr = value[0] */
	OP_WITH_CR3,		/* load width bytes at addr with CR3 = value[1], then go back */
	OP_WITH_IDT,		/* IDT base value[0], limit 0xfff: UD2, then go back */
	OP_WITH_GDT,		/* GDT base value[0]: load FS with selector value[1], go back */
	OP_INVLPG,
	OP_CLFLUSH,
	OP_WBINVD,
	OP_SET_PTE,		/* *(u64 *)addr = value[0]; invlpg addr2 */

	/* Talking to the host. */
	OP_SYNC,		/* OUT value[0] to MBOX_PORT_SYNC */
	OP_SPIN_EQ,		/* spin while the word at addr != value[0], at most
				 * value[1] reads; result.value[0] the last word,
				 * value[1] reads done
				 */
	NR_OP_KINDS,
};

/* mbox_op.flags */
#define OPF_REP		(1 << 0)	/* string operation with a REP prefix */
#define OPF_DF		(1 << 1)	/* direction flag set: downwards */
#define OPF_PUBLISH	(1 << 2)	/* bump mbox.iter and set mbox.last each time */
#define OPF_UNTIL_STOP	(1 << 3)	/* repeat until mbox.stop is set */
#define OPF_COUNTER	(1 << 4)	/* value[0] goes up by one with each repetition */
#define OPF_SUPER	(1 << 5)	/* in supervisor mode (privileged kinds always are) */
#define OPF_L2		(1 << 6)	/* in a guest of this guest, see mbox.l2_vmcb */
#define OPF_VALUES	(1 << 7)	/* samples get the low half of value[0], not cycles */

struct mbox_op {
	uint16_t kind;		/* enum mbox_op_kind */
	uint8_t width;		/* bytes: 1 2 4 8 16 */
	uint8_t flags;		/* OPF_* */
	uint32_t count;		/* repetitions, 0 means 1 */
	uint64_t addr;		/* guest virtual address */
	uint64_t addr2;
	uint64_t value[2];
	int64_t stride;		/* added to addr after each repetition */
	uint64_t samples;	/* guest address of uint32_t[count], or 0: cycles, or OPF_VALUES */
};

struct mbox_result {
	uint64_t value[2];
	uint64_t cycles;	/* TSC ticks of the last repetition */
	uint32_t done;		/* repetitions that retired: exactly once each */
	int32_t vector;		/* exception that ended the operation, or -1 */
	uint64_t error;		/* its error code */
	uint64_t rip;
	uint64_t cr2;
	uint64_t rcx;
	uint64_t rsi;
	uint64_t rdi;
};

struct mbox {
	/* Exception state; offsets MBOX_GUARD_RSP and following. */
	uint64_t guard_rsp;
	uint64_t exc_vector;
	uint64_t exc_error;
	uint64_t exc_rip;
	uint64_t exc_cr2;

	uint64_t ret_stub;	/* guest address of a RET, for OP_CALL_MEM */
	uint32_t use_vmmcall;	/* OP_HYPERCALL: vmmcall instead of vmcall */
	uint32_t nr_ops;
	uint32_t cur;		/* operation being executed */
	volatile uint32_t stop;
	volatile uint64_t iter;	/* OPF_PUBLISH */
	volatile uint64_t last;

	/*
	 * OPF_L2 (SVM): page of the VMCB, complete but for RIP and RSP, page
	 * for VMRUN's own use, and where the stack of L2 begins.  L2 runs one
	 * operation in supervisor mode and comes back with VMMCALL.  Any other
	 * #VMEXIT leaves the operation not retired, and the reason in the VMCB.
	 */
	uint64_t l2_vmcb;
	uint64_t l2_hsave;
	uint64_t l2_stack;

	/* Side by side: a short list touches one page. */
	struct mbox_entry {
		struct mbox_op op;
		struct mbox_result res;
	} entry[MBOX_MAX_OPS];
};

#endif /* !__ASSEMBLER__ */
#endif /* KVMEM_MAILBOX_H */
