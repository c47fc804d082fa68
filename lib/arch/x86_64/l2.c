// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86_64/l2.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "arch.h"
#include "util/env.h"
#include "kvm/vcpu.h"
#include "kvm/vm.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/mmu.h"

/* Control area. */
#define VMCB_INTERCEPT_MISC2	0x010
#define INTERCEPT_VMRUN		(1 << 0)
#define INTERCEPT_VMMCALL	(1 << 1)
#define VMCB_ASID		0x058
#define VMCB_NP_ENABLE		0x090
#define VMCB_N_CR3		0x0b0
/* State save area. */
#define VMCB_ES			0x400
#define VMCB_CS			0x410
#define VMCB_SS			0x420
#define VMCB_DS			0x430
#define VMCB_GDTR		0x460
#define VMCB_IDTR		0x480
#define VMCB_EFER		0x4d0
#define VMCB_CR4		0x548
#define VMCB_CR3		0x550
#define VMCB_CR0		0x558
#define VMCB_DR7		0x560
#define VMCB_DR6		0x568
#define VMCB_RFLAGS		0x570

#define ATTR_CODE64	0xa9b
#define ATTR_DATA	0xc93
#define EFER_SVME	(1ULL << 12)
#define PAT_RESET	0x0007040600070406ULL

struct vmcb_seg {
	uint16_t selector, attrib;
	uint32_t limit;
	uint64_t base;
};

static unsigned char *vmcb_of(const struct vcpu *v)
{
	return v->vm->sys + SYS_VCPU + v->id * SYS_VCPU_SIZE + VCPU_L2_VMCB;
}

uint64_t l2_get(const struct vcpu *v, unsigned int field)
{
	uint64_t value;

	memcpy(&value, vmcb_of(v) + field, sizeof(value));
	return value;
}

void l2_set(struct vcpu *v, unsigned int field, uint64_t value)
{
	memcpy(vmcb_of(v) + field, &value, sizeof(value));
}

static void set_seg(struct vcpu *v, unsigned int field, struct vmcb_seg seg)
{
	memcpy(vmcb_of(v) + field, &seg, sizeof(seg));
}

/* A CPUID leaf that KVM supports for guests, or NULL. */
static const struct kvm_cpuid_entry2 *offered(uint32_t function)
{
	const struct kvm_cpuid2 *c = cpu_supported();
	uint32_t i;

	for (i = 0; i < c->nent; i++)
		if (c->entries[i].function == function)
			return &c->entries[i];
	return NULL;
}

void l2_require(void)
{
	const struct kvm_cpuid_entry2 *e = offered(0x80000001);

	if (!strcmp(arch_backend(), "vmx"))
		end_never("nested guest: the payload supports SVM only, this host has VMX");
	if (strcmp(arch_backend(), "svm"))
		end_never("nested guest: backend %s does not support nesting", arch_backend());
	if (!e || !(e->ecx & (1 << 2)))
		end_never("nested guest: KVM does not offer SVM to guests (kvm_amd.nested=0?)");
}

void l2_prepare(struct vcpu *v, bool npt)
{
	uint64_t block = VM_SYS_GPA + SYS_VCPU + v->id * SYS_VCPU_SIZE;
	const struct kvm_cpuid_entry2 *svm = offered(0x8000000a);
	struct vmcb_seg data = { GDT_DATA, ATTR_DATA, ~0U, 0 };
	struct kvm_sregs s;

	if (npt && (!svm || !(svm->edx & (1 << 0))))
		end_never("nested guest: KVM does not offer NPT to guests (kvm_amd.npt=0?)");
	if (ioctl(v->fd, KVM_GET_SREGS, &s))
		end_fail("KVM_GET_SREGS: %s", strerror(errno));
	memset(vmcb_of(v), 0, PAGE_4K);
	l2_set(v, VMCB_INTERCEPT_MISC2, INTERCEPT_VMRUN | INTERCEPT_VMMCALL);
	l2_set(v, VMCB_ASID, 1);
	if (npt) {
		l2_set(v, VMCB_NP_ENABLE, 1);
		l2_set(v, VMCB_N_CR3, mmu_nested_root(v->vm));
	}
	set_seg(v, VMCB_CS, (struct vmcb_seg){ GDT_CODE, ATTR_CODE64, ~0U, 0 });
	set_seg(v, VMCB_SS, data);
	set_seg(v, VMCB_DS, data);
	set_seg(v, VMCB_ES, data);
	set_seg(v, VMCB_GDTR, (struct vmcb_seg){ 0, 0, s.gdt.limit, s.gdt.base });
	set_seg(v, VMCB_IDTR, (struct vmcb_seg){ 0, 0, s.idt.limit, s.idt.base });
	l2_set(v, VMCB_EFER, s.efer | EFER_SVME);
	l2_set(v, VMCB_CR4, s.cr4);
	l2_set(v, VMCB_CR3, s.cr3);
	l2_set(v, VMCB_CR0, s.cr0);
	l2_set(v, VMCB_DR7, 0x400);
	l2_set(v, VMCB_DR6, 0xffff0ff0);
	l2_set(v, VMCB_RFLAGS, 2);
	l2_set(v, VMCB_G_PAT, PAT_RESET);
	v->mb->arch.l2_vmcb = block + VCPU_L2_VMCB;
	v->mb->arch.l2_hsave = block + VCPU_L2_HSAVE;
	v->mb->arch.l2_stack = block + VCPU_L2_STACK_TOP;
}

void l2_map(struct vm *vm, uint64_t l2_gpa, uint64_t l1_gpa, uint64_t pages, bool writable)
{
	uint64_t i;

	for (i = 0; i < pages; i++)
		mmu_nested_map(vm, l2_gpa + i * PAGE_4K, l1_gpa + i * PAGE_4K,
			       writable ? PTE_W : 0);
}
