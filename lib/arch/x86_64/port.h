/* SPDX-License-Identifier: GPL-2.0-only */
/* Port I/O exits, for lists of expected exits (kvm/exits.h). */
#ifndef KVMEM_X86_PORT_H
#define KVMEM_X86_PORT_H

#include "kvm/exits.h"

#define IO_OUT(port, bytes, value) \
	{ .reason = KVM_EXIT_IO, .addr = (port), .len = (bytes), .data = (value), .is_write = 1 }
#define IO_IN(port, bytes, value) \
	{ .reason = KVM_EXIT_IO, .addr = (port), .len = (bytes), .data = (value) }

#endif /* KVMEM_X86_PORT_H */
