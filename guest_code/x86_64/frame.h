/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Execution of one operation.
 *
 * Every memory operation is one instruction in inline assembly, followed by an
 * increment of a counter.  The counter proves that the instruction retired exactly
 * once, neither skipped nor repeated when KVM emulated the access or userspace
 * completed it.
 *
 * Time stamps are taken directly before and after the instruction, so the engine's
 * dispatch is not measured.
 */
#ifndef KVMEM_GUEST_FRAME_H
#define KVMEM_GUEST_FRAME_H

#include "../mailbox.h"

struct dtr {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

/* Operands and results of one repetition. */
struct frame {
	uint64_t addr, addr2;
	uint64_t v0, v1;
	uint32_t done;
	uint64_t t0, t1;
};

static inline uint64_t tsc(void)
{
	uint32_t lo, hi;

	asm volatile("lfence\n\trdtsc\n\tlfence" : "=a"(lo), "=d"(hi) : : "memory");
	return lo | (uint64_t)hi << 32;
}

/* Time one statement, which must increment f->done. */
#define TIMED(stmt) do { f->t0 = tsc(); stmt; f->t1 = tsc(); } while (0)

#define RETIRED "\n\tincl %[done]"
#define ADDR [m] "r"(f->addr)

/* "insn [m], r" or "insn r, [m]" of one width: register in v0, memory at addr. */
#define REG_MEM(text, type) do {					\
	type r = (type)f->v0;						\
	TIMED(asm volatile(text RETIRED					\
		: [r] "+q"(r), [done] "+r"(f->done) : ADDR : "memory", "cc")); \
	f->v0 = (f->v0 & ~(uint64_t)(type)~0ULL) | r;			\
} while (0)

/*
 * The same for four widths.  Only the low bytes of v0 change; where the full 64-bit
 * register is the result, use LOAD64().
 */
#define REG_MEM_WIDTHS(b, w, l, q) do {					\
	switch (width) {						\
	case 1: REG_MEM(b, uint8_t); break;				\
	case 2: REG_MEM(w, uint16_t); break;				\
	case 4: REG_MEM(l, uint32_t); break;				\
	default: REG_MEM(q, uint64_t); break;				\
	}								\
} while (0)

/* "insn r64, [m]" where the whole 64-bit register is the result. */
#define LOAD64(text)							\
	TIMED(asm volatile(text RETIRED					\
		: [r] "+q"(f->v0), [done] "+r"(f->done) : ADDR : "memory"))

/* memory.c */
void op_load(struct frame *f, int width);
void op_load_zx(struct frame *f, int width);
void op_load_sx(struct frame *f, int width);
void op_store(struct frame *f, int width);
void op_store_imm(struct frame *f, int width);
void op_rmw(struct frame *f, int kind, int width);
void op_cmpxchg(struct frame *f, int width);
void op_cmpxchg16b(struct frame *f);
void op_test(struct frame *f, int width);
void op_stack(struct frame *f, int kind);

/* system.c */
void op_string(struct frame *f, const struct mbox_op *op, struct mbox_result *res);
void op_descriptor(struct frame *f, int kind);
void op_port(struct frame *f, const struct mbox_op *op);
void op_hypercall(struct mbox *mb, struct frame *f);
void op_system(struct frame *f, const struct mbox_op *op);
void op_foreign(struct frame *f, const struct mbox_op *op);
void op_spin_eq(struct frame *f);
uint64_t read_cr(unsigned int nr);
void write_cr(unsigned int nr, uint64_t v);

#endif /* KVMEM_GUEST_FRAME_H */
