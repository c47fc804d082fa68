/* SPDX-License-Identifier: GPL-2.0-only */
/* x86 constants newer than the oldest supported tree, see kvm/uapi.h. */
#ifndef KVMEM_X86_UAPI_H
#define KVMEM_X86_UAPI_H

#include "kvm/uapi.h"

#ifndef KVM_X86_QUIRK_IGNORE_GUEST_PAT		/* 6.15 */
#define KVM_X86_QUIRK_IGNORE_GUEST_PAT (1 << 9)
#endif
#ifndef KVM_X86_QUIRK_NESTED_SVM_SHARED_PAT	/* 7.2 */
#define KVM_X86_QUIRK_NESTED_SVM_SHARED_PAT (1 << 11)
#endif
#ifndef KVM_X86_QUIRK_SLOT_ZAP_ALL		/* 6.12 */
#define KVM_X86_QUIRK_SLOT_ZAP_ALL (1 << 7)
#endif

#endif /* KVMEM_X86_UAPI_H */
