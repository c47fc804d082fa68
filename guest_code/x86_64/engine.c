// SPDX-License-Identifier: GPL-2.0-only
/* Executes the operations of a mailbox, in order, each under a guard. */
#include "frame.h"

#define OFFSET_IS(field, off) \
	_Static_assert(__builtin_offsetof(struct mbox, field) == (off), #field)
OFFSET_IS(guard_sp, MBOX_GUARD_SP);
OFFSET_IS(exc_vector, MBOX_EXC_VECTOR);
OFFSET_IS(exc_error, MBOX_EXC_ERROR);
OFFSET_IS(exc_pc, MBOX_EXC_PC);
OFFSET_IS(exc_addr, MBOX_EXC_ADDR);

int guarded(struct mbox *mb, uint32_t i, void (*fn)(struct mbox *, uint32_t));
int call_super(struct mbox *mb, uint32_t i);
int run_super(struct mbox *mb, uint32_t i);
void run_l2(struct mbox *mb, uint32_t i);
void l2_entry(void);
void mbox_run(struct mbox *mb);

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
	return (volatile uint64_t *)(mb->arch.l2_vmcb + offset);
}

static void wrmsr(uint32_t msr, uint64_t v)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}

/*
 * Run one operation in L2.  VMRUN and #VMEXIT switch only RAX, RSP and RIP.  All other
 * general purpose registers are passed on, among them the arguments of l2_entry().
 */
static void vmrun(struct mbox *mb, uint32_t i)
{
	uint64_t vmcb = mb->arch.l2_vmcb;
	uint32_t lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(MSR_EFER));
	if (!(lo & EFER_SVME)) {
		wrmsr(MSR_EFER, lo | EFER_SVME);
		wrmsr(MSR_VM_HSAVE_PA, mb->arch.l2_hsave);
	}
	*vmcb_field(mb, VMCB_RIP) = (uint64_t)l2_entry;
	*vmcb_field(mb, VMCB_RSP) = mb->arch.l2_stack;
	asm volatile("push %%rbp\n\tpush %%rbx\n\tvmrun\n\tstgi\n\tpop %%rbx\n\tpop %%rbp"
		: "+a"(vmcb), "+D"(mb), "+S"(i)
		: : "memory", "cc", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15");
}

/* Runs in L2, at CPL 0; returns the result to L1 in RAX. */
void run_l2(struct mbox *mb, uint32_t i)
{
	int fault = guarded(mb, i, run_op);

	asm volatile("vmmcall" : : "a"((uint64_t)fault) : "memory");
}

/*
 * Called by call_super(): run an operation at CPL 0 and restore CR3, IDT and GDT.
 * With i == nr_ops: the exit that ends the list.
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
	 * Force an exit between INT3 and the access.  With QEMU's SVM emulation,
	 * a nested page fault directly after INT3 leaves vector and type in
	 * EXITINTINFO, without the valid bit.  KVM since 6.14 checks the type
	 * only and would report an access during event delivery.
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
		res->pc = mb->exc_pc;
		res->fault_addr = mb->exc_addr;
	}
	mb->cur = mb->nr_ops;
	call_super(mb, mb->nr_ops);
}
