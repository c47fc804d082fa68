/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PCI device that tests may take apart: one whose memory BAR keeps what is
 * written to it.
 */
#ifndef KVMEM_PCI_H
#define KVMEM_PCI_H

#include <stdbool.h>
#include <stdint.h>

/**
 * pci_test_device - address of the device, "0000:00:05.0"
 *
 * The lab's machine has one (ivshmem, 1af4:1110, BAR 2).  Elsewhere none is
 * touched unless KVMEM_PCI names it, as ADDRESS or ADDRESS/BAR.  Ends the test
 * as a skip when there is none.
 */
const char *pci_test_device(void);

/**
 * pci_map - mmap a BAR of the test device through sysfs
 * @wc: resourceN_wc, write-combining, instead of resourceN, uncached
 * @prot: PROT_*
 * @size: bytes from its beginning
 * @at: where, in place of what is mapped there; NULL for anywhere
 *
 * Ends the test as a skip when the device has no such file or no so large BAR.
 */
void *pci_map(bool wc, int prot, uint64_t size, void *at);

/**
 * pci_write - write a file of the device in sysfs
 * @file: "remove", "driver_override", "driver/unbind"
 * @text: what to write
 *
 * Return: 0 or -errno.
 */
int pci_write(const char *file, const char *text);

/** pci_remove - take the device away */
void pci_remove(void);

/** pci_rescan - have it back; ends the test as failed when it does not come */
void pci_rescan(void);

#endif /* KVMEM_PCI_H */
