/* SPDX-License-Identifier: GPL-2.0-only */
/* Description of the host: kernel, CPU, KVM's parameters. */
#ifndef KVMEM_HOSTINFO_H
#define KVMEM_HOSTINFO_H

struct jsonw;

/**
 * hostinfo_write - add kernel, backend, cpu, modules and mitigations to a record
 * @j: open object
 */
void hostinfo_write(struct jsonw *j);

#endif /* KVMEM_HOSTINFO_H */
