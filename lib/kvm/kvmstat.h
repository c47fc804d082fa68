/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's binary statistics (KVM_GET_STATS_FD, Documentation/virt/kvm/api.rst
 * 4.133), looked up by name, because names and layout differ between kernels.
 */
#ifndef KVMEM_KVMSTAT_H
#define KVMEM_KVMSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kvmstat;

/**
 * kvmstat_open - open the statistics of a VM or vCPU
 * @fd: VM or vCPU file descriptor
 *
 * Return: handle, or NULL when the kernel has no statistics descriptor.
 */
struct kvmstat *kvmstat_open(int fd);

/**
 * kvmstat_open_file - the same, given the statistics file
 * @stats_fd: readable with pread(), in any layout that api.rst allows; not closed
 */
struct kvmstat *kvmstat_open_file(int stats_fd);

/**
 * kvmstat_get - read one counter
 * @s: handle
 * @name: name in the descriptors ("pages_4k", "exits")
 * @value: result
 *
 * Return: false when this kernel has no such counter.
 */
bool kvmstat_get(struct kvmstat *s, const char *name, uint64_t *value);

/** kvmstat_close - release the handle */
void kvmstat_close(struct kvmstat *s);

#endif /* KVMEM_KVMSTAT_H */
