// SPDX-License-Identifier: GPL-2.0-only
/* Operations with a memory operand. */
#include "frame.h"

void op_load(struct frame *f, int width)
{
	uint64_t both[2];

	switch (width) {
	case 1: LOAD64("movb (%[m]), %b[r]"); break;
	case 2: LOAD64("movw (%[m]), %w[r]"); break;
	case 4: LOAD64("movl (%[m]), %k[r]"); break;
	case 8: LOAD64("movq (%[m]), %q[r]"); break;
	default:
		TIMED(asm volatile("movdqu (%[m]), %%xmm0" RETIRED
			: [done] "+r"(f->done) : ADDR : "memory"));
		asm volatile("movdqu %%xmm0, %0" : "=m"(both));
		f->v0 = both[0];
		f->v1 = both[1];
	}
}

void op_load_zx(struct frame *f, int width)
{
	if (width == 1)
		LOAD64("movzbl (%[m]), %k[r]");
	else
		LOAD64("movzwl (%[m]), %k[r]");
}

void op_load_sx(struct frame *f, int width)
{
	switch (width) {
	case 1: LOAD64("movsbq (%[m]), %q[r]"); break;
	case 2: LOAD64("movswq (%[m]), %q[r]"); break;
	default: LOAD64("movslq (%[m]), %q[r]"); break;
	}
}

void op_store(struct frame *f, int width)
{
	uint64_t both[2] = { f->v0, f->v1 };

	if (width == 16) {
		asm volatile("movdqu %0, %%xmm0" : : "m"(both));
		TIMED(asm volatile("movdqu %%xmm0, (%[m])" RETIRED
			: [done] "+r"(f->done) : ADDR : "memory"));
		return;
	}
	REG_MEM_WIDTHS("movb %b[r], (%[m])", "movw %w[r], (%[m])",
		       "movl %k[r], (%[m])", "movq %q[r], (%[m])");
}

#define STORE_IMM(text, imm)						\
	TIMED(asm volatile(text RETIRED : [done] "+r"(f->done)		\
		: ADDR, [i] "i"((int32_t)(imm)) : "memory"))

void op_store_imm(struct frame *f, int width)
{
	switch (width) {
	case 1: STORE_IMM("movb %[i], (%[m])", MBOX_IMM8); break;
	case 2: STORE_IMM("movw %[i], (%[m])", MBOX_IMM16); break;
	case 4: STORE_IMM("movl %[i], (%[m])", MBOX_IMM32); break;
	default: STORE_IMM("movq %[i], (%[m])", MBOX_IMM64); break;
	}
}

/* Read-modify-write with a register operand. */
void op_rmw(struct frame *f, int kind, int width)
{
	switch (kind) {
	case OP_ADD:
		REG_MEM_WIDTHS("addb %b[r], (%[m])", "addw %w[r], (%[m])",
			       "addl %k[r], (%[m])", "addq %q[r], (%[m])");
		break;
	case OP_INC:
		REG_MEM_WIDTHS("incb (%[m])", "incw (%[m])",
			       "incl (%[m])", "incq (%[m])");
		break;
	case OP_XADD:
		REG_MEM_WIDTHS("lock xaddb %b[r], (%[m])", "lock xaddw %w[r], (%[m])",
			       "lock xaddl %k[r], (%[m])", "lock xaddq %q[r], (%[m])");
		break;
	default:
		REG_MEM_WIDTHS("xchgb %b[r], (%[m])", "xchgw %w[r], (%[m])",
			       "xchgl %k[r], (%[m])", "xchgq %q[r], (%[m])");
	}
}

#define CMPXCHG(text, type) do {					\
	uint64_t rax = f->v0, new = f->v1;				\
	TIMED(asm volatile("lock " text "\n\tsetz %b[zf]" RETIRED	\
		: "+a"(rax), [zf] "=&q"(zf), [done] "+r"(f->done)	\
		: ADDR, [n] "q"((type)new) : "memory", "cc"));		\
	f->v0 = rax;							\
} while (0)

void op_cmpxchg(struct frame *f, int width)
{
	uint8_t zf;

	switch (width) {
	case 1: CMPXCHG("cmpxchgb %b[n], (%[m])", uint8_t); break;
	case 2: CMPXCHG("cmpxchgw %w[n], (%[m])", uint16_t); break;
	case 4: CMPXCHG("cmpxchgl %k[n], (%[m])", uint32_t); break;
	default: CMPXCHG("cmpxchgq %q[n], (%[m])", uint64_t); break;
	}
	f->v1 = zf;
}

void op_cmpxchg16b(struct frame *f)
{
	uint64_t rax = f->v0, rdx = 0;
	uint8_t zf;

	TIMED(asm volatile("lock cmpxchg16b (%[m])\n\tsetz %b[zf]" RETIRED
		: "+a"(rax), "+d"(rdx), [zf] "=&q"(zf), [done] "+r"(f->done)
		: ADDR, "b"(f->v1), "c"(0ULL) : "memory", "cc"));
	f->v0 = rax;
	f->v1 = zf;
}

#define TEST_MEM(text, type) do {					\
	type r = (type)f->v0;						\
	uint8_t zf;							\
	TIMED(asm volatile(text "\n\tsetz %b[zf]" RETIRED		\
		: [zf] "=&q"(zf), [done] "+r"(f->done)			\
		: ADDR, [r] "q"(r) : "memory", "cc"));			\
	f->v0 = zf;							\
} while (0)

void op_test(struct frame *f, int width)
{
	switch (width) {
	case 1: TEST_MEM("testb %b[r], (%[m])", uint8_t); break;
	case 2: TEST_MEM("testw %w[r], (%[m])", uint16_t); break;
	case 4: TEST_MEM("testl %k[r], (%[m])", uint32_t); break;
	default: TEST_MEM("testq %q[r], (%[m])", uint64_t); break;
	}
}

void op_stack(struct frame *f, int kind)
{
	uint64_t v = f->v0;

	switch (kind) {
	case OP_PUSH_MEM:
		TIMED(asm volatile("pushq (%[m])" RETIRED "\n\tpopq %[v]"
			: [v] "=&r"(v), [done] "+r"(f->done) : ADDR : "memory", "cc"));
		break;
	case OP_POP_MEM:
		TIMED(asm volatile("pushq %[v]\n\tpopq (%[m])" RETIRED
			: [done] "+r"(f->done) : ADDR, [v] "r"(v) : "memory", "cc"));
		break;
	case OP_PUSH_TO:
		TIMED(asm volatile("mov %%rsp, %%r12\n\tmov %[m], %%rsp\n\t"
			"pushq %[v]" RETIRED "\n\tmov %%rsp, %[v]\n\tmov %%r12, %%rsp"
			: [done] "+r"(f->done), [v] "+r"(v) : ADDR : "memory", "cc", "r12"));
		break;
	case OP_POP_FROM:
		TIMED(asm volatile("mov %%rsp, %%r12\n\tmov %[m], %%rsp\n\t"
			"popq %[v]" RETIRED "\n\tmov %%r12, %%rsp"
			: [done] "+r"(f->done), [v] "+r"(v) : ADDR : "memory", "cc", "r12"));
		break;
	case OP_CALL_MEM:
		TIMED(asm volatile("callq *(%[m])" RETIRED
			: [done] "+r"(f->done) : ADDR : "memory", "cc"));
		break;
	default: /* OP_CALL */
		TIMED(asm volatile("callq *%[m]" RETIRED
			: [done] "+r"(f->done), "+a"(v) : ADDR
			: "memory", "cc", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11"));
	}
	f->v0 = v;
}
