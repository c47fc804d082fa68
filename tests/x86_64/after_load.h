/* SPDX-License-Identifier: GPL-2.0-only */
/* Register after a load, of which the including program defines the old value. */
#ifndef KVMEM_TESTS_AFTER_LOAD_H
#define KVMEM_TESTS_AFTER_LOAD_H

/* A one-byte load leaves the upper bits of the register, a 4-byte one clears them. */
static inline uint64_t after_load(uint64_t value, unsigned int width)
{
	switch (width) {
	case 1: return (REG_BEFORE & ~0xffULL) | value;
	case 2: return (REG_BEFORE & ~0xffffULL) | value;
	default: return value;
	}
}

#endif /* KVMEM_TESTS_AFTER_LOAD_H */
