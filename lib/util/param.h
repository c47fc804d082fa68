/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM module parameters that can be changed at run time (sysfs). */
#ifndef KVMEM_PARAM_H
#define KVMEM_PARAM_H

#include <stdbool.h>

/**
 * param_set - set a parameter until the test ends
 * @name: MODULE.PARAMETER; at most eight different ones per test
 * @value: number, or 0 and 1 for a boolean
 *
 * A killed test leaves the value behind, so a test that depends on a value must
 * set it.
 *
 * Return: 0, also when the parameter already has that value; -ENOENT when the
 * kernel has no such parameter; -errno when it can't be set.
 */
int param_set(const char *name, unsigned long value);

/** param_restore_all - restore all original values; called by lib/harness/test.h */
void param_restore_all(void);

#endif /* KVMEM_PARAM_H */
