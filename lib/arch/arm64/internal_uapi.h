/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The interface of /dev/kvm_internal, the driver of the reference kernel that tests
 * internal VMs (configs/kernels/patches/arm64); the kernel's headers do not install it.
 */
#ifndef KVMEM_ARM64_INTERNAL_UAPI_H
#define KVMEM_ARM64_INTERNAL_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KVM_INTERNAL_KTHREAD	1	/* in a kernel thread, which has no mm */

struct kvm_internal_alloc {
	__u64 size, align;
	__u64 pa;		/* out */
};

#define KVM_INTERNAL_MAP_READONLY	1
#define KVM_INTERNAL_MAP_DEVICE		2
#define KVM_INTERNAL_MAP_NOMAP		4	/* normal memory outside the linear map */

struct kvm_internal_map {
	__u32 slot, flags;
	__u64 pa, size;
};

struct kvm_internal_run {
	__u32 vcpu, flags;
	__u64 regs[31], pc, pstate, sp_el1;	/* in and out */
	__s32 rc;
	__u32 exit_reason;			/* KVM_EXIT_* */
	__u64 hvc;				/* immediate */
};

struct kvm_internal_reg {
	__u32 vcpu, set;
	__u64 id, value;
};

/* Ways from a gfn to memory. */
struct kvm_internal_probe {
	__u64 gpa;
	__u32 what;
	__s32 rc;		/* out: 0 or 1: it went through */
};

struct kvm_internal_attr {
	__u32 vcpu, pad;
	__u32 group, attr;
	__u64 addr;
};

#define KVM_INTERNAL_ALLOC		_IOWR(0xB8, 0, struct kvm_internal_alloc)
#define KVM_INTERNAL_FREE		_IOW(0xB8, 1, __u64)
#define KVM_INTERNAL_CREATE_VM		_IOW(0xB8, 2, __u64)
#define KVM_INTERNAL_DESTROY_VM		_IOW(0xB8, 3, __u64)
#define KVM_INTERNAL_MAP		_IOW(0xB8, 4, struct kvm_internal_map)
#define KVM_INTERNAL_UNMAP		_IOW(0xB8, 5, __u64)
#define KVM_INTERNAL_CREATE_VCPU	_IOW(0xB8, 6, __u64)
#define KVM_INTERNAL_RUN		_IOWR(0xB8, 7, struct kvm_internal_run)
#define KVM_INTERNAL_REG		_IOWR(0xB8, 8, struct kvm_internal_reg)
#define KVM_INTERNAL_PROBE		_IOWR(0xB8, 9, struct kvm_internal_probe)
#define KVM_INTERNAL_ATTR		_IOW(0xB8, 10, struct kvm_internal_attr)
#define KVM_INTERNAL_DEVICE		_IOW(0xB8, 11, __u32)
#define KVM_INTERNAL_TRY		_IOW(0xB8, 12, struct kvm_internal_map)

#endif /* KVMEM_ARM64_INTERNAL_UAPI_H */
