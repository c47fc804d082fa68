/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PCI device that tests may map, remove and rescan.  Its memory BAR behaves
 * like RAM.
 */
#ifndef KVMEM_PCI_H
#define KVMEM_PCI_H

#include <stdbool.h>
#include <stdint.h>

/**
 * pci_test_device - address of the device, "0000:00:05.0"
 *
 * In the lab this is ivshmem (1af4:1110), BAR 2.  Elsewhere no device is touched
 * unless KVMEM_PCI names one, as ADDRESS or ADDRESS/BAR (default: BAR 0).  Ends
 * the test as a skip without a device.
 */
const char *pci_test_device(void);

/**
 * pci_map - mmap a BAR of the test device through sysfs
 * @wc: map resourceN_wc (write-combining) instead of resourceN (uncached)
 * @prot: PROT_*
 * @size: bytes, from the start of the BAR
 * @at: address, replacing existing mappings (MAP_FIXED); NULL for any address
 *
 * Ends the test as a skip when the device has no such file or no BAR that large.
 */
void *pci_map(bool wc, int prot, uint64_t size, void *at);

/**
 * pci_write - write to a sysfs file of the device
 * @file: relative to its folder: "remove", "driver_override", "driver/unbind"
 * @text: text to write
 *
 * Return: 0 or -errno.
 */
int pci_write(const char *file, const char *text);

/** pci_remove - remove the device from the bus; ends the test as a skip on failure */
void pci_remove(void);

/** pci_rescan - rescan the bus; ends the test as failed unless the device reappears in 2 s */
void pci_rescan(void);

#endif /* KVMEM_PCI_H */
