/* SPDX-License-Identifier: GPL-2.0-only */
/* Between world_steps.c and world_compare.c: KVM beside the model. */
#ifndef KVMEM_ORACLE_WORLD_PARTS_H
#define KVMEM_ORACLE_WORLD_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "guest/gmem_vm.h"
#include "oracle/world.h"

struct vcpu;

#define FIRST_SLOT	1	/* the model's slot 0 */

struct world {
	struct vm *vm;
	unsigned int nr_vcpus;
	uint8_t *buffer[MODEL_BUFFERS];
	int file[MODEL_FILES], event[MODEL_EVENTS];
	struct kvm_coalesced_mmio_ring *ring;
	unsigned int ring_size;
	/*
	 * Page statistics say how many mappings there are: under nested paging,
	 * with the MMU that has one table for all vCPUs.  The payload's own pages
	 * are known because every vCPU has touched all of its own beforehand.
	 */
	bool counts, warm[4];
	uint64_t payload;
	/*
	 * A backend that emulates guest instructions as it sees fit reaches
	 * guest_memfd through userspace_addr (D22): that must be a
	 * mapping of the file then, and is unrelated memory everywhere else.
	 */
	bool emulates;
	uint8_t *file_map[MODEL_FILES];
	enum gmem_kind gmem;
	struct model m;
	struct world_verdict *verdict;
	FILE *trace;
};

/** world_wrong - note how KVM differs from the model; always false */
bool world_wrong(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** world_ring_matches - compare the coalesced ring */
bool world_ring_matches(struct world *w, const struct model_result *r);

/** world_signals_match - compare the counts of the ioeventfds */
bool world_signals_match(struct world *w, const struct model_result *r);

/** world_exits_same - compare the exits of an access */
bool world_exits_same(struct world *w, const struct vcpu *v, const struct model_result *r);

/** world_bitmap_matches - compare a dirty bitmap */
bool world_bitmap_matches(struct world *w, unsigned int slot, const uint64_t *must,
			   const uint64_t *may);

/** world_logs_match - compare every dirty log, where reading does not clear it */
bool world_logs_match(struct world *w);

/** world_stat_of - a statistic of the VM, 0 when the kernel has none */
uint64_t world_stat_of(struct world *w, const char *name);

/** world_counts_match - compare the number of mappings */
bool world_counts_match(struct world *w);

#endif /* KVMEM_ORACLE_WORLD_PARTS_H */
