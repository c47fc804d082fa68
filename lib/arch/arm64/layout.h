/* SPDX-License-Identifier: GPL-2.0-only */
/* Offsets inside the system slot (VM_SYS_GPA), arm64. */
#ifndef KVMEM_ARM64_LAYOUT_H
#define KVMEM_ARM64_LAYOUT_H

#include "kvm/vm.h"

#define SYS_CODE	0x00000	/* payload, see guest_code/arm64/start.S */
#define SYS_CODE_SIZE	0x10000
#define SYS_VECTORS	(SYS_CODE + 0x800)
#define SYS_ROOT	0x10000	/* level 0 for EL1: no access from EL0 */
#define SYS_ROOT_USER	0x11000	/* level 0 for OPF_USER; both share the tables below */
#define SYS_PT_FIRST	0x12000
#define SYS_PT_END	0x100000
#define SYS_VCPU	0x100000	/* one block per vCPU, VCPU_* are offsets in it */
#define SYS_VCPU_SIZE	0x10000
#define VCPU_MBOX	0x0000
#define VCPU_STACK_TOP	0xc000

/* ASIDs of the two roots, in TTBR0_EL1. */
#define ASID_ROOT	(1ULL << 48)
#define ASID_ROOT_USER	(2ULL << 48)

/* vGICv3, with arch_create_irqchip(). */
#define VGIC_DIST	0x08000000ULL
#define VGIC_REDIST	0x080a0000ULL	/* 128 KiB per vCPU */

#endif /* KVMEM_ARM64_LAYOUT_H */
