/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A sequence of steps (lib/oracle/steps.h) on KVM and on the specification
 * (lib/oracle/model.h), compared after every step: exits with all fields, values,
 * errors, signals and ring entries, dirty bitmaps, page statistics, and in the
 * end memory.
 */
#ifndef KVMEM_WORLD_H
#define KVMEM_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "oracle/steps.h"

/* What kind of VM a sequence is for. */
struct world_kind {
	const char *name;
	bool gmem;	/* with guest_memfd */
	bool private;	/* which is private memory */
	bool quirk_off;	/* without KVM_X86_QUIRK_SLOT_ZAP_ALL */
	bool proposed;	/* with KVM_MEM_PCI_HOLE and KVM_MEM_SINGLE_HVA */
};

/* How a run of a sequence went. */
struct world_verdict {
	int step;		/* that differed, number of steps for the last look; -1: none */
	/*
	 * The host can cause it as well (it moved or split a page, it did not let
	 * the guest run): no failure unless it happens again.
	 */
	bool soft;
	char message[512];
	uint64_t oracle_ticks;	/* spent on the model and on comparing */
};

/** world_require - skip the test where there is no such VM */
void world_require(const struct world_kind *kind);

/**
 * world_run - run a sequence in a fresh VM
 * @kind: of VM
 * @s: steps, @n of them
 * @hang_ms: how long a guest may be stuck in one access
 * @trace: gets a line for each step, with what must come of it; or NULL
 * @v: result
 */
void world_run(const struct world_kind *kind, const struct step *s, unsigned int n,
	       unsigned int hang_ms, FILE *trace, struct world_verdict *v);

#endif /* KVMEM_WORLD_H */
