/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * <linux/kvm.h> comes from the kernel tree used for the build.  Constants newer than
 * the oldest supported tree (6.12) are defined here, so that one binary tests any
 * kernel.
 */
#ifndef KVMEM_UAPI_H
#define KVMEM_UAPI_H

#include <linux/kvm.h>

#ifndef KVM_CAP_GUEST_MEMFD_FLAGS		/* 6.18 */
#define KVM_CAP_GUEST_MEMFD_FLAGS 244
#endif
#ifndef GUEST_MEMFD_FLAG_MMAP			/* 6.18 */
#define GUEST_MEMFD_FLAG_MMAP (1ULL << 0)
#endif
#ifndef GUEST_MEMFD_FLAG_INIT_SHARED		/* 6.18 */
#define GUEST_MEMFD_FLAG_INIT_SHARED (1ULL << 1)
#endif

#endif /* KVMEM_UAPI_H */
