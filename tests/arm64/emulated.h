/* SPDX-License-Identifier: GPL-2.0-only */
/* Accesses to guest memory that KVM makes itself: none, arm64 emulates no instruction. */
#ifndef KVMEM_EMULATED_H
#define KVMEM_EMULATED_H

#include "guest/list.h"

/* Whether KVM of this architecture makes such accesses; without it the functions do nothing. */
#define KVM_EMULATES	false

static inline bool emulated_read(struct vcpu *v, const char *what, uint64_t gpa, uint64_t want)
{
	(void)v, (void)what, (void)gpa, (void)want;
	return true;
}

static inline bool emulated_write(struct vcpu *v, const char *what, uint64_t gpa, uint64_t value)
{
	(void)v, (void)what, (void)gpa, (void)value;
	return true;
}

static inline bool emulated_write_refused(struct vcpu *v, uint64_t gpa, uint64_t value)
{
	(void)v, (void)gpa, (void)value;
	return true;
}

#endif /* KVMEM_EMULATED_H */
