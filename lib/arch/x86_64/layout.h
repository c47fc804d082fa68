/* SPDX-License-Identifier: GPL-2.0-only */
/* Offsets inside the system slot (VM_SYS_GPA), x86-64. */
#ifndef KVMEM_X86_LAYOUT_H
#define KVMEM_X86_LAYOUT_H

#include "kvm/vm.h"

#define SYS_CODE	0x00000	/* payload, see guest_code/x86_64/start.S */
#define SYS_CODE_SIZE	0x10000
#define SYS_RET_STUB	(SYS_CODE + 0x38)
#define SYS_EXC_TABLE	(SYS_CODE + 0x40)
#define SYS_TABLES	0x10000	/* one page: GDT, IDT and a TSS per vCPU */
#define SYS_GDT		(SYS_TABLES + 0x000)
#define SYS_IDT		(SYS_TABLES + 0x200)
#define SYS_TSS		(SYS_TABLES + 0x400)
#define SYS_TSS_SIZE	0x80
#define SYS_PML4	0x11000
#define SYS_PT_FIRST	0x12000
#define SYS_PT_END	0x100000
#define SYS_VCPU	0x100000	/* one block per vCPU, VCPU_* are offsets in it */
#define SYS_VCPU_SIZE	0x10000
#define VCPU_MBOX	0x0000
#define VCPU_IST_TOP	0x9000	/* exceptions */
/* These two stacks share a page: the guest then faults in fewer pages. */
#define VCPU_RSP0_TOP	0xb800	/* INT3 into supervisor mode */
#define VCPU_STACK_TOP	0xc000	/* user mode */
#define VCPU_L2_STACK_TOP 0xd000
#define VCPU_L2_VMCB	0xd000
#define VCPU_L2_HSAVE	0xe000

#define GDT_CODE	0x08
#define GDT_DATA	0x10
#define GDT_UCODE	0x18
#define GDT_UDATA	0x20
#define GDT_TSS		0x30	/* 16 bytes per vCPU */

#endif /* KVMEM_X86_LAYOUT_H */
