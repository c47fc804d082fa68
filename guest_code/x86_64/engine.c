// SPDX-License-Identifier: GPL-2.0-only
/*
 * The access-list engine: executes the operations of a mailbox.
 *
 * Every memory operation is one instruction in inline assembly, followed by an
 * increment of a counter.  The counter is the proof that the instruction
 * retired exactly once: it is neither skipped nor repeated when KVM emulates
 * the access or userspace completes it.
 *
 * Time stamps stand directly around the instruction, so that the dispatch of
 * the engine is outside the measured window.
 */
#include "../mailbox.h"

#define OFFSET_IS(field, off) \
	_Static_assert(__builtin_offsetof(struct mbox, field) == (off), #field)
OFFSET_IS(guard_rsp, MBOX_GUARD_RSP);
OFFSET_IS(exc_vector, MBOX_EXC_VECTOR);
OFFSET_IS(exc_error, MBOX_EXC_ERROR);
OFFSET_IS(exc_rip, MBOX_EXC_RIP);
OFFSET_IS(exc_cr2, MBOX_EXC_CR2);

int guarded(struct mbox *mb, uint32_t i, void (*fn)(struct mbox *, uint32_t));
int call_super(struct mbox *mb, uint32_t i);
int run_super(struct mbox *mb, uint32_t i);
void run_l2(struct mbox *mb, uint32_t i);
void l2_entry(void);
void mbox_run(struct mbox *mb);

struct dtr {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

/* One repetition in flight: what the instruction works on and what came of it. */
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

/* Time one statement.  The statement must count itself in f->done. */
#define TIMED(stmt) do { f->t0 = tsc(); stmt; f->t1 = tsc(); } while (0)

#define RETIRED "\n\tincl %[done]"
#define ADDR [m] "r"(f->addr)

/* One width of "insn [m], r" or "insn r, [m]": register in v0, memory at addr. */
#define REG_MEM(text, type) do {					\
	type r = (type)f->v0;						\
	TIMED(asm volatile(text RETIRED					\
		: [r] "+q"(r), [done] "+r"(f->done) : ADDR : "memory", "cc")); \
	f->v0 = (f->v0 & ~(uint64_t)(type)~0ULL) | r;			\
} while (0)

/*
 * The four widths.  A 4-byte destination register is zero-extended by the
 * CPU; whoever cares passes the 64-bit name of the register, below.
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

static void op_load(struct frame *f, int width)
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

static void op_load_zx(struct frame *f, int width)
{
	if (width == 1)
		LOAD64("movzbl (%[m]), %k[r]");
	else
		LOAD64("movzwl (%[m]), %k[r]");
}

static void op_load_sx(struct frame *f, int width)
{
	switch (width) {
	case 1: LOAD64("movsbq (%[m]), %q[r]"); break;
	case 2: LOAD64("movswq (%[m]), %q[r]"); break;
	default: LOAD64("movslq (%[m]), %q[r]"); break;
	}
}

static void op_store(struct frame *f, int width)
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

static void op_store_imm(struct frame *f, int width)
{
	switch (width) {
	case 1: STORE_IMM("movb %[i], (%[m])", MBOX_IMM8); break;
	case 2: STORE_IMM("movw %[i], (%[m])", MBOX_IMM16); break;
	case 4: STORE_IMM("movl %[i], (%[m])", MBOX_IMM32); break;
	default: STORE_IMM("movq %[i], (%[m])", MBOX_IMM64); break;
	}
}

/* Read-modify-write with a register operand. */
static void op_rmw(struct frame *f, int kind, int width)
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

static void op_cmpxchg(struct frame *f, int width)
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

static void op_cmpxchg16b(struct frame *f)
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

static void op_test(struct frame *f, int width)
{
	switch (width) {
	case 1: TEST_MEM("testb %b[r], (%[m])", uint8_t); break;
	case 2: TEST_MEM("testw %w[r], (%[m])", uint16_t); break;
	case 4: TEST_MEM("testl %k[r], (%[m])", uint32_t); break;
	default: TEST_MEM("testq %q[r], (%[m])", uint64_t); break;
	}
}

static void op_stack(struct frame *f, int kind)
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

struct string_regs {
	uint64_t rax, rcx, rsi, rdi, rdx;
};

#define STRING(text)							\
	TIMED(asm volatile(text RETIRED					\
		: "+a"(s->rax), "+c"(s->rcx), "+S"(s->rsi), "+D"(s->rdi), \
		  [done] "+r"(f->done) : "d"(s->rdx) : "memory", "cc"))

#define STRING_WIDTHS(name) do {					\
	switch (width | (rep ? 0x100 : 0)) {				\
	case 0x001: STRING(name "b"); break;				\
	case 0x002: STRING(name "w"); break;				\
	case 0x004: STRING(name "l"); break;				\
	case 0x008: STRING(name "q"); break;				\
	case 0x101: STRING("rep " name "b"); break;			\
	case 0x102: STRING("rep " name "w"); break;			\
	case 0x104: STRING("rep " name "l"); break;			\
	default:    STRING("rep " name "q"); break;			\
	}								\
} while (0)

/* Port strings have no 8-byte form. */
#define PORT_STRING_WIDTHS(name) do {					\
	switch (width | (rep ? 0x100 : 0)) {				\
	case 0x001: STRING(name "b"); break;				\
	case 0x002: STRING(name "w"); break;				\
	case 0x004: STRING(name "l"); break;				\
	case 0x101: STRING("rep " name "b"); break;			\
	case 0x102: STRING("rep " name "w"); break;			\
	default:    STRING("rep " name "l"); break;			\
	}								\
} while (0)

static void op_string(struct frame *f, const struct mbox_op *op, struct mbox_result *res)
{
	struct string_regs regs = {
		.rax = f->v1, .rcx = f->v0, .rsi = f->addr, .rdi = f->addr2, .rdx = f->v1,
	}, *s = &regs;
	int rep = op->flags & OPF_REP, width = op->width;

	if (op->flags & OPF_DF)
		asm volatile("std");
	switch (op->kind) {
	case OP_MOVS: STRING_WIDTHS("movs"); break;
	case OP_STOS: STRING_WIDTHS("stos"); break;
	case OP_LODS: STRING_WIDTHS("lods"); break;
	case OP_CMPS: STRING_WIDTHS("cmps"); break;
	case OP_SCAS: STRING_WIDTHS("scas"); break;
	case OP_INS: PORT_STRING_WIDTHS("ins"); break;
	default: PORT_STRING_WIDTHS("outs"); break;
	}
	asm volatile("cld");
	res->rcx = s->rcx;
	res->rsi = s->rsi;
	res->rdi = s->rdi;
	f->v0 = s->rax;
}

static void op_descriptor(struct frame *f, int kind)
{
	struct dtr old;

	switch (kind) {
	case OP_SGDT:
		TIMED(asm volatile("sgdt (%[m])" RETIRED : [done] "+r"(f->done) : ADDR : "memory"));
		break;
	case OP_SIDT:
		TIMED(asm volatile("sidt (%[m])" RETIRED : [done] "+r"(f->done) : ADDR : "memory"));
		break;
	case OP_LGDT:
		asm volatile("sgdt %0" : "=m"(old));
		TIMED(asm volatile("lgdt (%[m])" RETIRED : [done] "+r"(f->done) : ADDR : "memory"));
		asm volatile("sgdt %0" : "=m"(*(struct dtr *)&f->v0));
		asm volatile("lgdt %0" : : "m"(old));
		break;
	default: /* OP_LIDT */
		asm volatile("sidt %0" : "=m"(old));
		TIMED(asm volatile("lidt (%[m])" RETIRED : [done] "+r"(f->done) : ADDR : "memory"));
		asm volatile("sidt %0" : "=m"(*(struct dtr *)&f->v0));
		asm volatile("lidt %0" : : "m"(old));
	}
}

static void op_port(struct frame *f, const struct mbox_op *op)
{
	uint32_t v = (uint32_t)f->v0;
	uint16_t port = op->kind == OP_SYNC ? MBOX_PORT_SYNC : (uint16_t)f->addr;

	if (op->kind == OP_IN) {
		v = 0;
		switch (op->width) {
		case 1:
			TIMED(asm volatile("inb %%dx, %%al" RETIRED
				: "+a"(v), [done] "+r"(f->done) : "d"(port)));
			break;
		case 2:
			TIMED(asm volatile("inw %%dx, %%ax" RETIRED
				: "+a"(v), [done] "+r"(f->done) : "d"(port)));
			break;
		default:
			TIMED(asm volatile("inl %%dx, %%eax" RETIRED
				: "+a"(v), [done] "+r"(f->done) : "d"(port)));
		}
		f->v0 = v;
		return;
	}
	switch (op->kind == OP_SYNC ? 4 : op->width) {
	case 1:
		TIMED(asm volatile("outb %%al, %%dx" RETIRED
			: [done] "+r"(f->done) : "a"(v), "d"(port) : "memory"));
		break;
	case 2:
		TIMED(asm volatile("outw %%ax, %%dx" RETIRED
			: [done] "+r"(f->done) : "a"(v), "d"(port) : "memory"));
		break;
	default:
		TIMED(asm volatile("outl %%eax, %%dx" RETIRED
			: [done] "+r"(f->done) : "a"(v), "d"(port) : "memory"));
	}
}

static void op_hypercall(struct mbox *mb, struct frame *f)
{
	uint64_t rax = f->v0;

	if (mb->use_vmmcall)
		TIMED(asm volatile("vmmcall" RETIRED : "+a"(rax), [done] "+r"(f->done)
			: "b"(f->v1), "c"(f->addr), "d"(f->addr2) : "memory"));
	else
		TIMED(asm volatile("vmcall" RETIRED : "+a"(rax), [done] "+r"(f->done)
			: "b"(f->v1), "c"(f->addr), "d"(f->addr2) : "memory"));
	f->v0 = rax;
}

static uint64_t read_cr(unsigned int nr)
{
	uint64_t v;

	switch (nr) {
	case 0: asm volatile("mov %%cr0, %0" : "=r"(v)); break;
	case 2: asm volatile("mov %%cr2, %0" : "=r"(v)); break;
	case 3: asm volatile("mov %%cr3, %0" : "=r"(v)); break;
	case 4: asm volatile("mov %%cr4, %0" : "=r"(v)); break;
	default: asm volatile("mov %%cr8, %0" : "=r"(v)); break;
	}
	return v;
}

static void write_cr(unsigned int nr, uint64_t v)
{
	switch (nr) {
	case 0: asm volatile("mov %0, %%cr0" : : "r"(v) : "memory"); break;
	case 2: asm volatile("mov %0, %%cr2" : : "r"(v) : "memory"); break;
	case 3: asm volatile("mov %0, %%cr3" : : "r"(v) : "memory"); break;
	case 4: asm volatile("mov %0, %%cr4" : : "r"(v) : "memory"); break;
	default: asm volatile("mov %0, %%cr8" : : "r"(v) : "memory"); break;
	}
}

static void op_system(struct frame *f, const struct mbox_op *op)
{
	uint32_t a, b, c, d;

	switch (op->kind) {
	case OP_CPUID:
		a = (uint32_t)f->v0;
		c = (uint32_t)f->v1;
		TIMED(asm volatile("cpuid" RETIRED
			: "+a"(a), "=b"(b), "+c"(c), "=d"(d), [done] "+r"(f->done)));
		f->v0 = a | (uint64_t)b << 32;
		f->v1 = c | (uint64_t)d << 32;
		break;
	case OP_RDMSR:
		TIMED(asm volatile("rdmsr" RETIRED : "=a"(a), "=d"(d), [done] "+r"(f->done)
			: "c"((uint32_t)f->addr)));
		f->v0 = a | (uint64_t)d << 32;
		break;
	case OP_WRMSR:
		TIMED(asm volatile("wrmsr" RETIRED : [done] "+r"(f->done)
			: "a"((uint32_t)f->v0), "d"((uint32_t)(f->v0 >> 32)),
			  "c"((uint32_t)f->addr) : "memory"));
		break;
	case OP_RDCR:
		f->v0 = read_cr(f->addr);
		f->done++;
		break;
	case OP_WRCR:
		write_cr(f->addr, f->v0);
		f->done++;
		break;
	case OP_INVLPG:
		TIMED(asm volatile("invlpg (%[m])" RETIRED : [done] "+r"(f->done) : ADDR : "memory"));
		break;
	case OP_CLFLUSH:
		TIMED(asm volatile("clflush (%[m])" RETIRED : [done] "+r"(f->done) : ADDR : "memory"));
		break;
	case OP_WBINVD:
		TIMED(asm volatile("wbinvd" RETIRED : [done] "+r"(f->done) : : "memory"));
		break;
	default: /* OP_SET_PTE */
		*(volatile uint64_t *)f->addr = f->v0;
		asm volatile("invlpg (%0)" : : "r"(f->addr2) : "memory");
		f->done++;
	}
}

/* These leave the normal environment; run_super() puts it back even after a fault. */
static void op_foreign(struct frame *f, const struct mbox_op *op)
{
	struct dtr table = { .limit = 0xfff, .base = f->v0 };

	if (op->kind == OP_WITH_IDT) {
		asm volatile("lidt %0" : : "m"(table));
		asm volatile("ud2");
		return;
	}
	if (op->kind == OP_WITH_GDT) {
		asm volatile("lgdt %0" : : "m"(table));
		asm volatile("mov %[sel], %%fs" RETIRED
			: [done] "+r"(f->done) : [sel] "r"((uint32_t)f->v1) : "memory");
		return;
	}
	write_cr(3, f->v1);
	op_load(f, op->width);
}

static void op_spin_eq(struct frame *f)
{
	volatile uint64_t *p = (volatile uint64_t *)f->addr;
	uint64_t want = f->v0, n = 0;

	do {
		f->v0 = *p;
		n++;
	} while (f->v0 != want && n < f->v1);
	f->v1 = n;
	f->done++;
}

static void run_once(struct mbox *mb, const struct mbox_op *op, struct mbox_result *res,
		     struct frame *f)
{
	switch (op->kind) {
	case OP_NOP:
		TIMED(asm volatile("nop" RETIRED : [done] "+r"(f->done)));
		break;
	case OP_LOAD:
		op_load(f, op->width);
		break;
	case OP_LOAD_ZX:
		op_load_zx(f, op->width);
		break;
	case OP_LOAD_SX:
		op_load_sx(f, op->width);
		break;
	case OP_STORE:
		op_store(f, op->width);
		break;
	case OP_STORE_IMM:
		op_store_imm(f, op->width);
		break;
	case OP_ADD: case OP_INC: case OP_XADD: case OP_XCHG:
		op_rmw(f, op->kind, op->width);
		break;
	case OP_CMPXCHG:
		op_cmpxchg(f, op->width);
		break;
	case OP_CMPXCHG16B:
		op_cmpxchg16b(f);
		break;
	case OP_TEST:
		op_test(f, op->width);
		break;
	case OP_PUSH_MEM: case OP_POP_MEM: case OP_PUSH_TO: case OP_POP_FROM:
	case OP_CALL_MEM: case OP_CALL:
		op_stack(f, op->kind);
		break;
	case OP_MOVS: case OP_STOS: case OP_LODS: case OP_CMPS: case OP_SCAS:
	case OP_INS: case OP_OUTS:
		op_string(f, op, res);
		break;
	case OP_SGDT: case OP_SIDT: case OP_LGDT: case OP_LIDT:
		op_descriptor(f, op->kind);
		break;
	case OP_IN: case OP_OUT: case OP_SYNC:
		op_port(f, op);
		break;
	case OP_HYPERCALL:
		op_hypercall(mb, f);
		break;
	case OP_WITH_CR3: case OP_WITH_IDT: case OP_WITH_GDT:
		op_foreign(f, op);
		break;
	case OP_SPIN_EQ:
		op_spin_eq(f);
		break;
	default:
		op_system(f, op);
	}
}

static void run_op(struct mbox *mb, uint32_t i)
{
	const struct mbox_op *op = &mb->entry[i].op;
	struct mbox_result *res = &mb->entry[i].res;
	struct frame f = { .addr = op->addr, .addr2 = op->addr2 };
	uint32_t n, count = op->count ? op->count : 1;
	uint64_t counter = op->value[0];
	int until_stop = op->flags & OPF_UNTIL_STOP;

	for (n = 0; until_stop ? !mb->stop : n < count; n++) {
		f.v0 = counter;
		f.v1 = op->value[1];
		run_once(mb, op, res, &f);
		res->done = f.done;
		res->value[0] = f.v0;
		res->value[1] = f.v1;
		res->cycles = f.t1 - f.t0;
		if (op->samples && n < count)
			((uint32_t *)op->samples)[n] = op->flags & OPF_VALUES ?
				(uint32_t)f.v0 : (uint32_t)res->cycles;
		if (op->flags & OPF_PUBLISH) {
			mb->last = f.v0;
			asm volatile("" : : : "memory");
			mb->iter++;
		}
		if (op->flags & OPF_COUNTER)
			counter++;
		f.addr += op->stride;
	}
}

/* Fields of the VMCB (AMD64 APM volume 2, appendix B). */
#define VMCB_EXIT_CODE	0x070
#define VMCB_RIP	0x578
#define VMCB_RSP	0x5d8
#define VMCB_RAX	0x5f8
#define EXIT_VMMCALL	0x81

#define MSR_EFER	0xc0000080
#define EFER_SVME	(1 << 12)
#define MSR_VM_HSAVE_PA	0xc0010117

static volatile uint64_t *vmcb_field(struct mbox *mb, unsigned int offset)
{
	return (volatile uint64_t *)(mb->l2_vmcb + offset);
}

static void wrmsr(uint32_t msr, uint64_t v)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

/*
 * One operation in L2.  VMRUN and #VMEXIT carry RAX, RSP and RIP; all other
 * registers of L2 are those of L1, so that l2_entry() finds its arguments.
 */
static void vmrun(struct mbox *mb, uint32_t i)
{
	uint64_t vmcb = mb->l2_vmcb;
	uint32_t lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(MSR_EFER));
	if (!(lo & EFER_SVME)) {
		wrmsr(MSR_EFER, lo | EFER_SVME);
		wrmsr(MSR_VM_HSAVE_PA, mb->l2_hsave);
	}
	*vmcb_field(mb, VMCB_RIP) = (uint64_t)l2_entry;
	*vmcb_field(mb, VMCB_RSP) = mb->l2_stack;
	asm volatile("push %%rbp\n\tpush %%rbx\n\tvmrun\n\tstgi\n\tpop %%rbx\n\tpop %%rbp"
		: "+a"(vmcb), "+D"(mb), "+S"(i)
		: : "memory", "cc", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15");
}

/* In L2, at CPL 0; the result goes back to L1 in RAX. */
void run_l2(struct mbox *mb, uint32_t i)
{
	int fault = guarded(mb, i, run_op);

	asm volatile("vmmcall" : : "a"((uint64_t)fault) : "memory");
}

/*
 * Comes from call_super(): the same at CPL 0, tables put back afterwards.
 * Behind the last operation: tell the host.
 */
int run_super(struct mbox *mb, uint32_t i)
{
	uint32_t leaf, subleaf;
	uint64_t cr3;
	struct dtr idt, gdt;
	int fault;

	if (i == mb->nr_ops) {
		asm volatile("outl %0, %w1" : : "a"(0), "d"(MBOX_PORT_DONE) : "memory");
		return 0;
	}
	/*
	 * An exit between INT3 and the access: a nested fault that follows INT3
	 * directly leaves the vector in QEMU's EXITINTINFO, without its valid
	 * bit, and KVM since 6.14 looks at the type alone: it would report an
	 * access during event delivery.
	 */
	asm volatile("cpuid" : "=a"(leaf), "=c"(subleaf) : "a"(0), "c"(0) : "ebx", "edx", "memory");
	cr3 = read_cr(3);
	asm volatile("sidt %0" : "=m"(idt));
	asm volatile("sgdt %0" : "=m"(gdt));
	if (mb->entry[i].op.flags & OPF_L2)
		return guarded(mb, i, vmrun) || (*vmcb_field(mb, VMCB_EXIT_CODE) == EXIT_VMMCALL &&
						 *vmcb_field(mb, VMCB_RAX));
	fault = guarded(mb, i, run_op);
	if (mb->entry[i].op.kind == OP_WITH_IDT)
		asm volatile("lidt %0" : : "m"(idt));
	if (mb->entry[i].op.kind == OP_WITH_GDT)
		asm volatile("lgdt %0" : : "m"(gdt));
	if (mb->entry[i].op.kind == OP_WITH_CR3)
		write_cr(3, cr3);
	return fault;
}

static int needs_super(const struct mbox_op *op)
{
	switch (op->kind) {
	case OP_LGDT: case OP_LIDT: case OP_CPUID: case OP_HYPERCALL: case OP_RDMSR:
	case OP_WRMSR: case OP_RDCR: case OP_WRCR: case OP_WITH_CR3: case OP_WITH_IDT:
	case OP_WITH_GDT: case OP_INVLPG: case OP_WBINVD: case OP_SET_PTE: case OP_IN: case OP_OUT:
	case OP_INS: case OP_OUTS: case OP_SYNC:
		return 1;
	}
	return op->flags & (OPF_SUPER | OPF_L2);
}

void mbox_run(struct mbox *mb)
{
	uint32_t i;

	for (i = 0; i < mb->nr_ops; i++) {
		struct mbox_result *res = &mb->entry[i].res;

		mb->cur = i;
		res->done = 0;
		res->vector = -1;
		if (!(needs_super(&mb->entry[i].op) ? call_super(mb, i) : guarded(mb, i, run_op)))
			continue;
		res->vector = (int32_t)mb->exc_vector;
		res->error = mb->exc_error;
		res->rip = mb->exc_rip;
		res->cr2 = mb->exc_cr2;
	}
	mb->cur = mb->nr_ops;
	call_super(mb, mb->nr_ops);
}
