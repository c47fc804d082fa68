/* SPDX-License-Identifier: GPL-2.0-only */
/* This host's KVM, arm64. */
#ifndef KVMEM_ARM64_HOST_H
#define KVMEM_ARM64_HOST_H

#include <stdbool.h>

/**
 * host_protected - whether the kernel was started with kvm-arm.mode=protected
 *
 * No capability tells that the hypervisor does not trust the host.
 */
bool host_protected(void);

#endif /* KVMEM_ARM64_HOST_H */
