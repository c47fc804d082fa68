/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs a sequence of steps (oracle/steps.h) on KVM and on the model
 * (oracle/model.h) and compares after every step: exits with all fields, values
 * read, errors, ioeventfd signals, ring entries, dirty bitmaps and page
 * statistics; after the last step, memory.
 */
#ifndef KVMEM_WORLD_H
#define KVMEM_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "oracle/steps.h"

/* The kind of VM that a sequence runs in. */
struct world_kind {
	const char *name;
	bool gmem;	/* with guest_memfd */
	bool private;	/* with private memory */
	bool quirk_off;	/* with the slot-zap quirk disabled (arch_traits) */
	bool proposed;	/* with the proposed KVM_MEM_PCI_HOLE and KVM_MEM_SINGLE_HVA */
};

/* Result of a run. */
struct world_verdict {
	int step;		/* first step that differs; number of steps: the final check; -1: none */
	/*
	 * The host can be the cause (it migrated or split a page, it did not run
	 * the vCPU): a failure only if it happens again.
	 */
	bool soft;
	char message[512];
	uint64_t oracle_ticks;	/* time in the model, in arch_cycles() */
};

/** world_require - skip the test when VMs of this kind are not supported */
void world_require(const struct world_kind *kind);

/**
 * world_run - run a sequence in a fresh VM
 * @kind: of VM
 * @s: steps
 * @n: number of steps
 * @hang_ms: time limit of one guest access
 * @trace: a line per step with its expected outcome is written here; or NULL
 * @v: result
 */
void world_run(const struct world_kind *kind, const struct step *s, unsigned int n,
	       unsigned int hang_ms, FILE *trace, struct world_verdict *v);

#endif /* KVMEM_WORLD_H */
