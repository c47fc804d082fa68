/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accesses to guest memory that KVM makes itself, in its instruction emulator:
 * a movs whose other operand is MMIO.
 */
#ifndef KVMEM_EMULATED_H
#define KVMEM_EMULATED_H

#include "guest/list.h"

#define EMULATED_MMIO	0xd0000000ULL	/* must have no slot */

/* Whether KVM of this architecture makes such accesses; without it the functions do nothing. */
#define KVM_EMULATES	true

/**
 * emulated_read - KVM reads 8 bytes of guest memory for the guest
 * @v: vCPU
 * @what: named in the diagnostic
 * @gpa: address
 * @want: the value that it must read
 */
static inline bool emulated_read(struct vcpu *v, const char *what, uint64_t gpa, uint64_t want)
{
	return vcpu_expect(v, what,
			   OPS({ .kind = OP_MOVS, .width = 8, .addr = gpa, .addr2 = EMULATED_MMIO,
				 .value = { 1 } }), EXITS(MMIO_WR(EMULATED_MMIO, 8, want)));
}

/** emulated_write - the same for a write of @value */
static inline bool emulated_write(struct vcpu *v, const char *what, uint64_t gpa, uint64_t value)
{
	return vcpu_expect(v, what,
			   OPS({ .kind = OP_MOVS, .width = 8, .addr = EMULATED_MMIO, .addr2 = gpa,
				 .value = { 1 } }), EXITS(MMIO_RD(EMULATED_MMIO, 8, value)));
}

/** emulated_write_refused - the same to read-only memory: the write goes to userspace */
static inline bool emulated_write_refused(struct vcpu *v, uint64_t gpa, uint64_t value)
{
	return vcpu_expect(v, "an emulated write to read-only memory",
			   OPS({ .kind = OP_MOVS, .width = 8, .addr = EMULATED_MMIO, .addr2 = gpa,
				 .value = { 1 } }),
			   EXITS(MMIO_RD(EMULATED_MMIO, 8, value), MMIO_WR(gpa, 8, value)));
}

#endif /* KVMEM_EMULATED_H */
