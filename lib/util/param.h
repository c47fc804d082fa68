/* SPDX-License-Identifier: GPL-2.0-only */
/* Parameters of KVM's modules that can be changed at run time (sysfs). */
#ifndef KVMEM_PARAM_H
#define KVMEM_PARAM_H

#include <stdbool.h>

/**
 * param_set - give a parameter a value until the test ends
 * @name: "kvm.pci_hole_map"; at most eight of them in a test
 * @value: number, or 0 and 1 for a switch
 *
 * A test that is killed leaves the value behind; whoever depends on one sets it.
 *
 * Return: 0, also when it has that value already; -ENOENT when the kernel has no
 * such parameter; -errno when it can't be set.
 */
int param_set(const char *name, unsigned long value);

/** param_restore_all - as it was before; lib/harness/test.h calls it */
void param_restore_all(void);

#endif /* KVMEM_PARAM_H */
