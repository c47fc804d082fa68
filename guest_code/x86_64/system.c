// SPDX-License-Identifier: GPL-2.0-only
/* String instructions, descriptor tables, ports, MSRs, control registers. */
#include "frame.h"

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

void op_string(struct frame *f, const struct mbox_op *op, struct mbox_result *res)
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
	res->arch.rcx = s->rcx;
	res->arch.rsi = s->rsi;
	res->arch.rdi = s->rdi;
	f->v0 = s->rax;
}

void op_descriptor(struct frame *f, int kind)
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

void op_port(struct frame *f, const struct mbox_op *op)
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

void op_hypercall(struct mbox *mb, struct frame *f)
{
	uint64_t rax = f->v0;

	if (mb->arch.use_vmmcall)
		TIMED(asm volatile("vmmcall" RETIRED : "+a"(rax), [done] "+r"(f->done)
			: "b"(f->v1), "c"(f->addr), "d"(f->addr2) : "memory"));
	else
		TIMED(asm volatile("vmcall" RETIRED : "+a"(rax), [done] "+r"(f->done)
			: "b"(f->v1), "c"(f->addr), "d"(f->addr2) : "memory"));
	f->v0 = rax;
}

uint64_t read_cr(unsigned int nr)
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

void write_cr(unsigned int nr, uint64_t v)
{
	switch (nr) {
	case 0: asm volatile("mov %0, %%cr0" : : "r"(v) : "memory"); break;
	case 2: asm volatile("mov %0, %%cr2" : : "r"(v) : "memory"); break;
	case 3: asm volatile("mov %0, %%cr3" : : "r"(v) : "memory"); break;
	case 4: asm volatile("mov %0, %%cr4" : : "r"(v) : "memory"); break;
	default: asm volatile("mov %0, %%cr8" : : "r"(v) : "memory"); break;
	}
}

void op_system(struct frame *f, const struct mbox_op *op)
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

/* These change CR3, IDT or GDT; run_super() restores them, also after a fault. */
void op_foreign(struct frame *f, const struct mbox_op *op)
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

void op_spin_eq(struct frame *f)
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
