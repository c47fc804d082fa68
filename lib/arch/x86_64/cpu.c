// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86_64/cpu.h"

#include <cpuid.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "arch.h"
#include "util/env.h"
#include "kvm/vcpu.h"
#include "kvm/vm.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/mmu.h"

#define MAX_CPUID 256

#define CR0_PE (1 << 0)
#define CR0_MP (1 << 1)
#define CR0_ET (1 << 4)
#define CR0_NE (1 << 5)
#define CR0_WP (1 << 16)
#define CR0_PG (1U << 31)
#define CR4_PSE (1 << 4)
#define CR4_PAE (1 << 5)
#define CR4_OSFXSR (1 << 9)
#define CR4_OSXMMEXCPT (1 << 10)

/* FPU DE PSE TSC MSR PAE MCE CX8 APIC SEP MTRR PGE MCA CMOV PAT CLFSH MMX FXSR SSE SSE2 */
#define CPUID_1_EDX	0x0789fbfd
/* SSE3 CX16 x2APIC HYPERVISOR */
#define CPUID_1_ECX	(1U << 0 | 1U << 13 | 1U << 21 | 1U << 31)
/* SYSCALL NX LM */
#define CPUID_80000001_EDX (1U << 11 | 1U << 20 | 1U << 29)

#define RFLAGS_1 (1 << 1)
#define RFLAGS_IF (1 << 9)

#define EFER_LME (1 << 8)
#define EFER_LMA (1 << 10)
#define EFER_NX (1 << 11)

extern const unsigned char guest_blob[], guest_blob_end[];

struct idt_entry {
	uint16_t offset0, selector;
	uint8_t ist, type;
	uint16_t offset1;
	uint32_t offset2, zero;
};

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, iomap;
} __attribute__((packed));

const struct kvm_cpuid2 *cpu_supported(void)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[MAX_CPUID];
	} cpuid;

	if (cpuid.head.nent)
		return &cpuid.head;
	cpuid.head.nent = MAX_CPUID;
	if (ioctl(vm_device(), KVM_GET_SUPPORTED_CPUID, &cpuid))
		end_fail("KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	return &cpuid.head;
}

bool cpu_set_msr(struct vcpu *v, uint32_t index, uint64_t value)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} m = { .head.nmsrs = 1, .entry = { .index = index, .data = value } };

	return ioctl(v->fd, KVM_SET_MSRS, &m) == 1;
}

bool cpu_get_msr(struct vcpu *v, uint32_t index, uint64_t *value)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} m = { .head.nmsrs = 1, .entry = { .index = index } };

	if (ioctl(v->fd, KVM_GET_MSRS, &m) != 1)
		return false;
	*value = m.entry.data;
	return true;
}

const void *cpu_idt(const struct vm *vm)
{
	return vm->sys + SYS_IDT;
}

const void *cpu_gdt(const struct vm *vm)
{
	return vm->sys + SYS_GDT;
}

/*
 * The guest's CPU model: the same on all hosts except for vendor, model and address
 * width, for which three CPUID instructions suffice.  KVM_GET_SUPPORTED_CPUID
 * executes dozens of them, and each causes an exit when the host is itself a guest.
 */
static void own_cpuid(struct kvm_cpuid2 *c)
{
	struct kvm_cpuid_entry2 *e = c->entries;

	e[0].function = 0;
	__cpuid(0, e[0].eax, e[0].ebx, e[0].ecx, e[0].edx);
	e[0].eax = 1;
	e[1].function = 1;
	__cpuid(1, e[1].eax, e[1].ebx, e[1].ecx, e[1].edx);
	e[1].ebx = 8 << 8;		/* CLFLUSH line */
	e[1].ecx = CPUID_1_ECX;
	e[1].edx = CPUID_1_EDX;
	e[2].function = 0x80000000;
	e[2].eax = 0x80000008;
	e[3].function = 0x80000001;
	e[3].ecx = 1;			/* LAHF */
	e[3].edx = CPUID_80000001_EDX;
	e[4].function = 0x80000008;
	__cpuid(0x80000008, e[4].eax, e[4].ebx, e[4].ecx, e[4].edx);
	e[4].eax = (e[4].eax & 0xff) | 48 << 8;
	e[4].ebx = e[4].ecx = e[4].edx = 0;
	c->nent = 5;
}

static uint64_t vcpu_block(unsigned int id)
{
	return SYS_VCPU + id * SYS_VCPU_SIZE;
}

static void load_idt(struct vm *vm)
{
	struct idt_entry *idt = (void *)(vm->sys + SYS_IDT);
	const uint64_t *entries = (const void *)(vm->sys + SYS_EXC_TABLE);
	unsigned int i;

	for (i = 0; i < 32; i++)
		idt[i] = (struct idt_entry){
			.offset0 = (uint16_t)entries[i],
			.offset1 = (uint16_t)(entries[i] >> 16),
			.offset2 = (uint32_t)(entries[i] >> 32),
			.selector = GDT_CODE,
			.ist = i == MBOX_SUPER_VECTOR ? 0 : 1,
			.type = i == MBOX_SUPER_VECTOR ? 0xee : 0x8e,
		};
}

void arch_load_guest(struct vm *vm)
{
	uint64_t *gdt = (void *)(vm->sys + SYS_GDT);
	size_t size = (size_t)(guest_blob_end - guest_blob);

	if (size > SYS_CODE_SIZE)
		end_fail("the guest payload has %zu bytes, %d at most", size, SYS_CODE_SIZE);
	memcpy(vm->sys + SYS_CODE, guest_blob, size);
	gdt[GDT_CODE / 8] = 0x00af9b000000ffffULL;
	gdt[GDT_DATA / 8] = 0x00cf93000000ffffULL;
	gdt[GDT_UCODE / 8] = 0x00affb000000ffffULL;
	gdt[GDT_UDATA / 8] = 0x00cff3000000ffffULL;
	load_idt(vm);
	vm->pt_next = SYS_PT_FIRST;
	arch_map_identity(vm, VM_SYS_GPA, VM_SYS_SIZE);
}

/*
 * TSS with a stack for supervisor mode and one for exceptions.  The top word of the
 * latter holds the address of the mailbox (start.S).
 */
static void load_tss(struct vcpu *v, uint64_t block)
{
	uint64_t at = SYS_TSS + v->id * SYS_TSS_SIZE;
	struct tss *tss = (void *)(v->vm->sys + at);
	uint64_t *gdt = (void *)(v->vm->sys + SYS_GDT + GDT_TSS + v->id * 16);
	uint64_t base = VM_SYS_GPA + at;

	tss->rsp[0] = VM_SYS_GPA + block + VCPU_RSP0_TOP;
	tss->ist[0] = VM_SYS_GPA + block + VCPU_IST_TOP - 16;
	tss->iomap = sizeof(*tss);
	*(uint64_t *)(v->vm->sys + block + VCPU_IST_TOP - 16) = VM_SYS_GPA + block + VCPU_MBOX;
	gdt[0] = (sizeof(*tss) - 1) | (base & 0xffffff) << 16 | 0x8bULL << 40 |
		 (base >> 24 & 0xff) << 56;
	gdt[1] = base >> 32;
}

static void set_sregs(struct vcpu *v)
{
	struct kvm_segment code = {
		.selector = GDT_UCODE | 3, .limit = ~0U, .type = 11, .present = 1, .dpl = 3,
		.s = 1, .l = 1, .g = 1,
	};
	struct kvm_segment data = {
		.selector = GDT_UDATA | 3, .limit = ~0U, .type = 3, .present = 1, .dpl = 3,
		.s = 1, .db = 1, .g = 1,
	};
	struct kvm_sregs s;

	if (ioctl(v->fd, KVM_GET_SREGS, &s))
		end_fail("KVM_GET_SREGS: %s", strerror(errno));
	s.cs = code;
	s.ds = s.es = s.fs = s.gs = s.ss = data;
	s.tr = (struct kvm_segment){
		.base = VM_SYS_GPA + SYS_TSS + v->id * SYS_TSS_SIZE, .limit = sizeof(struct tss) - 1,
		.selector = (uint16_t)(GDT_TSS + v->id * 16), .type = 11, .present = 1,
	};
	memset(&s.ldt, 0, sizeof(s.ldt));
	s.ldt.unusable = 1;
	s.gdt.base = VM_SYS_GPA + SYS_GDT;
	s.gdt.limit = GDT_TSS + VM_MAX_VCPUS * 16 - 1;
	s.idt.base = VM_SYS_GPA + SYS_IDT;
	s.idt.limit = 32 * sizeof(struct idt_entry) - 1;
	s.cr0 = CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
	s.cr3 = VM_SYS_GPA + SYS_PML4;
	s.cr4 = CR4_PSE | CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	s.efer = EFER_LME | EFER_LMA | EFER_NX;
	if (ioctl(v->fd, KVM_SET_SREGS, &s))
		end_fail("KVM_SET_SREGS: %s", strerror(errno));
}

static void set_cpuid(struct vcpu *v)
{
	static struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 entries[8];
	} own;
	const struct kvm_cpuid2 *c = &own.head;

	if (v->vm->opts.full_cpu)
		c = cpu_supported();
	else if (!own.head.nent)
		own_cpuid(&own.head);
	if (ioctl(v->fd, KVM_SET_CPUID2, c))
		end_fail("KVM_SET_CPUID2: %s", strerror(errno));
}

void arch_restart_vcpu(struct vcpu *v)
{
	uint64_t block = vcpu_block(v->id);
	struct kvm_regs r = {
		.rip = VM_SYS_GPA + SYS_CODE,
		.rdi = VM_SYS_GPA + block + VCPU_MBOX,
		.rsp = VM_SYS_GPA + block + VCPU_STACK_TOP,
		.rflags = env_guest_if() ? RFLAGS_1 | RFLAGS_IF : RFLAGS_1,
	};

	set_sregs(v);
	if (ioctl(v->fd, KVM_SET_REGS, &r))
		end_fail("KVM_SET_REGS: %s", strerror(errno));
}

void arch_setup_vcpu(struct vcpu *v)
{
	uint64_t block = vcpu_block(v->id);

	_Static_assert(sizeof(struct mbox) <= VCPU_IST_TOP - 0x1000, "mailbox too large");
	_Static_assert(sizeof(struct tss) <= SYS_TSS_SIZE, "TSS too large");
	set_cpuid(v);
	load_tss(v, block);
	arch_restart_vcpu(v);
	v->mb = (void *)(v->vm->sys + block + VCPU_MBOX);
	v->mb->arch.ret_stub = VM_SYS_GPA + SYS_RET_STUB;
	v->mb->arch.use_vmmcall = cpu_host_is_amd();
}

void arch_dump_regs(struct vcpu *v)
{
	struct kvm_sregs s;
	struct kvm_regs r;
	unsigned char *code;
	char text[64] = "";
	int i;

	if (ioctl(v->fd, KVM_GET_REGS, &r) || ioctl(v->fd, KVM_GET_SREGS, &s)) {
		diag("registers: %s", strerror(errno));
		return;
	}
	diag("rip %016llx rflags %08llx rax %016llx rbx %016llx", r.rip, r.rflags, r.rax, r.rbx);
	diag("rcx %016llx rdx %016llx rsi %016llx rdi %016llx", r.rcx, r.rdx, r.rsi, r.rdi);
	diag("rsp %016llx rbp %016llx r8  %016llx r9  %016llx", r.rsp, r.rbp, r.r8, r.r9);
	diag("r10 %016llx r11 %016llx r12 %016llx r13 %016llx", r.r10, r.r11, r.r12, r.r13);
	diag("cr0 %llx cr2 %llx cr3 %llx cr4 %llx efer %llx", s.cr0, s.cr2, s.cr3, s.cr4, s.efer);
	if (r.rip < VM_SYS_GPA || r.rip >= VM_SYS_GPA + VM_SYS_SIZE - 16)
		return;
	code = v->vm->sys + (r.rip - VM_SYS_GPA);
	for (i = 0; i < 16; i++)
		sprintf(text + i * 3, " %02x", code[i]);
	diag("code at rip:%s", text);
}

void arch_create_irqchip(struct vm *vm)
{
	if (!ioctl(vm->fd, KVM_CREATE_IRQCHIP, 0))
		return;
	if (errno == ENOTTY || errno == EINVAL)
		end_skip("KVM_CREATE_IRQCHIP: %s", strerror(errno));
	end_fail("KVM_CREATE_IRQCHIP: %s", strerror(errno));
}

enum arch_exit arch_exit_of(const struct vcpu *v, const struct kexit *e, uint32_t *value)
{
	if (e->reason != KVM_EXIT_IO || !e->is_write)
		return ARCH_EXIT_TEST;
	switch (e->addr) {
	case MBOX_PORT_DONE:
		return ARCH_EXIT_DONE;
	case MBOX_PORT_SYNC:
		memcpy(value, (const char *)v->run + v->run->io.data_offset, sizeof(*value));
		return ARCH_EXIT_SYNC;
	case MBOX_PORT_PANIC:
		return ARCH_EXIT_PANIC;
	}
	return ARCH_EXIT_TEST;
}

uint64_t arch_mmio_exits(struct vcpu *v)
{
	/* The payload's exits are port I/O. */
	return vcpu_stat(v, "mmio_exits");
}
