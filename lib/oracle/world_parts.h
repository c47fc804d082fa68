/* SPDX-License-Identifier: GPL-2.0-only */
/* Internal to world_steps.c and world_compare.c; users include oracle/world.h. */
#ifndef KVMEM_ORACLE_WORLD_PARTS_H
#define KVMEM_ORACLE_WORLD_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "guest/gmem_vm.h"
#include "oracle/world.h"

struct vcpu;

#define FIRST_SLOT	1	/* KVM's number of the model's slot 0 */

struct world {
	struct vm *vm;
	unsigned int nr_vcpus;
	uint8_t *buffer[MODEL_BUFFERS];
	int file[MODEL_FILES], event[MODEL_EVENTS];
	struct kvm_coalesced_mmio_ring *ring;
	unsigned int ring_size;
	/*
	 * counts: page statistics give the number of mappings (arch_traits).
	 * payload: 4 KiB mappings of the guest payload.  warm: the vCPU has
	 * accessed all payload pages that it uses, so that their number is known.
	 */
	bool counts, warm[4];
	uint64_t payload;
	/*
	 * A backend that may emulate any guest instruction accesses guest_memfd
	 * through userspace_addr (D22), which then has to be a mapping of the
	 * file.  Elsewhere userspace_addr is unrelated memory.
	 */
	bool emulates;
	uint8_t *file_map[MODEL_FILES];
	enum gmem_kind gmem;
	struct model m;
	struct world_verdict *verdict;
	FILE *trace;
};

/** world_wrong - format the message of a difference; always returns false */
bool world_wrong(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** world_ring_matches - compare the coalesced ring and consume its entries */
bool world_ring_matches(struct world *w, const struct model_result *r);

/** world_signals_match - compare the counts of the ioeventfds and reset them */
bool world_signals_match(struct world *w, const struct model_result *r);

/** world_exits_same - compare the exits of an access */
bool world_exits_same(struct world *w, const struct vcpu *v, const struct model_result *r);

/** world_bitmap_matches - compare KVM_GET_DIRTY_LOG of a slot with @must and @may */
bool world_bitmap_matches(struct world *w, unsigned int slot, const uint64_t *must,
			   const uint64_t *may);

/** world_logs_match - compare all dirty logs, if reading does not clear them */
bool world_logs_match(struct world *w);

/** world_stat_of - a statistic of the VM, 0 when the kernel does not have it */
uint64_t world_stat_of(struct world *w, const char *name);

/** world_counts_match - compare the number of mappings with page statistics */
bool world_counts_match(struct world *w);

#endif /* KVMEM_ORACLE_WORLD_PARTS_H */
