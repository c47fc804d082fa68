/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mailbox: the structure shared by guest payload and host library.
 *
 * A mailbox belongs to one vCPU.  The host fills in the operations and nr_ops
 * and enters the guest.  The guest executes them in order, writes the results,
 * and ends the list with an exit that arch_exit_of() (lib/arch.h) recognizes.
 * All of it is plain data in guest RAM.
 *
 * The operations here exist on every architecture.  The architecture's mbox_arch.h
 * adds operations, flags and fields.
 */
#ifndef KVMEM_MAILBOX_H
#define KVMEM_MAILBOX_H

#ifndef __ASSEMBLER__
#include <stdint.h>
#endif

#define MBOX_MAX_OPS		120

/* Byte offsets in struct mbox, for assembly. */
#define MBOX_GUARD_SP		0
#define MBOX_EXC_VECTOR		8
#define MBOX_EXC_ERROR		16
#define MBOX_EXC_PC		24
#define MBOX_EXC_ADDR		32

#ifndef __ASSEMBLER__
enum mbox_op_kind {
	OP_NOP,			/* no memory access: the overhead of the engine */

	/* Memory operand at addr; value[0] is the initial value of the register. */
	OP_LOAD,		/* widths 1 2 4 8 16 */
	OP_STORE,		/* widths 1 2 4 8 16 */
	OP_ADD,			/* one read-modify-write: [m] += value[0] */
	OP_XADD,		/* the same, atomic: old value in result.value[0] */
	OP_XCHG,		/* atomic exchange: old value in result.value[0] */
	OP_CMPXCHG,		/* atomic: value[0] expected, value[1] new;
				 * result.value[0] is the old value, value[1] success
				 */
	OP_CALL,		/* call addr: instruction fetch; result.value[0] is the
				 * return value
				 */

	OP_HYPERCALL,		/* nr value[0], args value[1], addr, addr2 */
	OP_SET_PTE,		/* *(u64 *)addr = value[0]; invalidate the TLB for addr2 */
	OP_SYNC,		/* exit to the host with value[0], then continue */
	OP_SPIN_EQ,		/* spin while the word at addr != value[0], at most
				 * value[1] reads; result.value[0] is the last word,
				 * value[1] the number of reads
				 */
	OP_ARCH = 32,		/* first operation of the architecture */
};

/* mbox_op.flags; those of the architecture start at OPF_ARCH. */
#define OPF_PUBLISH	(1 << 0)	/* each time, set mbox.last and increment mbox.iter */
#define OPF_UNTIL_STOP	(1 << 1)	/* repeat until mbox.stop is set */
#define OPF_COUNTER	(1 << 2)	/* increment value[0] with each repetition */
#define OPF_SUPER	(1 << 3)	/* run in privileged mode, as privileged kinds always do */
#define OPF_VALUES	(1 << 4)	/* samples: low half of result.value[0] instead of cycles */
#define OPF_ARCH	(1 << 8)

#endif /* !__ASSEMBLER__ */

#include "mbox_arch.h"

#ifndef __ASSEMBLER__
struct mbox_op {
	uint8_t kind;		/* enum mbox_op_kind, or one of mbox_arch.h */
	uint8_t width;		/* bytes: 1 2 4 8 16 */
	uint16_t flags;		/* OPF_* */
	uint32_t count;		/* repetitions, 0 means 1 */
	uint64_t addr;		/* guest virtual address */
	uint64_t addr2;
	uint64_t value[2];
	int64_t stride;		/* added to addr after each repetition */
	uint64_t samples;	/* guest address of uint32_t[count] for cycles or values, or 0 */
};

struct mbox_result {
	uint64_t value[2];
	uint64_t cycles;	/* counter ticks of the last repetition */
	uint32_t done;		/* repetitions that retired, exactly once each */
	int32_t vector;		/* exception that ended the operation, or -1 */
	uint64_t error;		/* its error code or syndrome */
	uint64_t pc;
	uint64_t fault_addr;	/* fault address register */
	struct mbox_arch_result arch;
};

struct mbox {
	/* Exception state; offsets MBOX_GUARD_SP and following. */
	uint64_t guard_sp;
	uint64_t exc_vector;
	uint64_t exc_error;
	uint64_t exc_pc;
	uint64_t exc_addr;

	struct mbox_arch arch;
	uint32_t nr_ops;
	uint32_t cur;		/* operation being executed */
	volatile uint32_t stop;
	volatile uint64_t iter;	/* OPF_PUBLISH */
	volatile uint64_t last;

	/* Each operation next to its result: a short list touches one page. */
	struct mbox_entry {
		struct mbox_op op;
		struct mbox_result res;
	} entry[MBOX_MAX_OPS];
};
#endif /* !__ASSEMBLER__ */
#endif /* KVMEM_MAILBOX_H */
