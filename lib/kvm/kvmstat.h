/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's binary statistics (KVM_GET_STATS_FD, Documentation/virt/kvm/api.rst
 * 4.133), by name.  Names and layout differ between kernels, so nothing here
 * assumes an offset.
 */
#ifndef KVMEM_KVMSTAT_H
#define KVMEM_KVMSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvmstat;

/**
 * kvmstat_open - statistics of a VM or vCPU
 * @fd: VM or vCPU file descriptor
 *
 * Return: handle, or NULL when the kernel has no statistics descriptor.
 */
struct kvmstat *kvmstat_open(int fd);

/**
 * kvmstat_open_file - the same on a descriptor that already is the statistics
 * file; any layout that follows the documentation is accepted
 * @stats_fd: readable with pread(); stays the caller's
 */
struct kvmstat *kvmstat_open_file(int stats_fd);

/**
 * kvmstat_get - read one counter
 * @s: handle
 * @name: as the kernel calls it ("pages_4k", "exits")
 * @value: result
 *
 * Return: false when this kernel has no such counter.
 */
bool kvmstat_get(struct kvmstat *s, const char *name, uint64_t *value);

/** kvmstat_close - release the handle */
void kvmstat_close(struct kvmstat *s);

#endif /* KVMEM_KVMSTAT_H */
