/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sequences of the random test: steps, generator, text format, shrinking, and
 * the outcome of each step on the model.  Uses no KVM interface.
 */
#ifndef KVMEM_STEPS_H
#define KVMEM_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oracle/model.h"

#define STEPS_MAX	120
#define STEP_FIELDS	6
#define STEP_SWEEP	64	/* most pages of a K_SWEEP */
#define STEP_SWEEP_AT	0x18	/* offset of its accesses in each page */

enum step_kind {
	K_WORLD,	/* first step of a sequence: the VM */
	K_SLOT, K_DELETE, K_MOVE, K_LOG,
	K_LOAD, K_STORE, K_ADD,
	K_SWEEP,	/* a load or store in each page of a range */
	K_HOST_WRITE, K_DROP,
	K_DIRTY, K_CLEAR,
	K_NEW_FILE, K_CLOSE, K_PUNCH, K_ATTRIBUTES,
	K_ZONE, K_EVENT,
	K_COUNT,
};

/* v[] has the fields in the order of kinds[] in steps.c. */
struct step {
	enum step_kind kind;
	unsigned int v[STEP_FIELDS];
};

/* K_WORLD */
#define WORLD_VCPUS	0
#define WORLD_WHERE	1	/* window at 0: 3 GiB, 1: gpa 0, 2: end of the address space */
#define WORLD_THP	2
#define WORLD_MANUAL	3

/* flags of K_SLOT */
#define STEP_READONLY	1
#define STEP_LOG	2
#define STEP_GMEM	4
#define STEP_HOLE	8
#define STEP_SINGLE	16

/* Expected outcome of a step. */
struct outcome {
	bool skipped;		/* not specified or not possible in this state: not done */
	int ret;		/* of the system call, for steps other than accesses */
	struct model_result access;
	uint64_t must[MODEL_LOG], may[MODEL_LOG];	/* K_DIRTY */
};

/** step_access - whether a step is a guest access */
bool step_access(const struct step *s);

/** step_data - register operand of a K_STORE, K_ADD or K_SWEEP, 16 bytes */
void step_data(const struct step *s, uint64_t data[2]);

/** step_region - memslot ioctl arguments of K_SLOT, K_DELETE, K_MOVE or K_LOG in state @m */
void step_region(const struct model *m, const struct step *s, struct model_region *r);

/** step_event - the ioeventfd of a K_EVENT */
void step_event(const struct step *s, struct model_event *e);

/** step_mask - bits that a K_CLEAR step clears in each word */
uint64_t step_mask(const struct step *s);

#define STEP_ANSWER	0x5c	/* every byte of an MMIO read */

/** step_model - execute a step on the model and determine its expected outcome */
void step_model(struct model *m, const struct step *s, struct outcome *o);

/** step_valid - whether the fields of a step are in range, regardless of the state */
bool step_valid(const struct step *s);

/**
 * step_print - format a step as a line for step_parse()
 * @i: number of the step
 */
void step_print(const struct step *s, unsigned int i, char *line, size_t size);

/**
 * step_parse - parse a line
 *
 * Text before "step" is ignored, so that lines of a log can be used.
 *
 * Return: false when the line has no step or a field is out of range.
 */
bool step_parse(const char *line, struct step *s);

/**
 * steps_generate - generate a random sequence
 * @m: scratch
 * @gmem: the VM supports guest_memfd
 * @private: the VM supports private memory
 * @proposed: use the proposed memslot flags
 * @seed: the same seed gives the same sequence on every host
 * @s: result, space for STEPS_MAX steps
 *
 * Return: number of steps.
 */
unsigned int steps_generate(struct model *m, bool gmem, bool private, bool proposed,
			    uint64_t seed, struct step *s);

/**
 * steps_shrink - reduce a failing sequence
 * @s: steps, replaced by the result
 * @n: number of steps
 * @fails: runs a sequence, returns whether it still fails
 * @arg: passed to @fails
 *
 * Removes chunks of steps, from half of them down to single steps (delta
 * debugging), then makes fields smaller.  No single step of the result can be
 * removed.  To stop at a time limit, @fails returns false from then on.
 *
 * Return: number of remaining steps.
 */
unsigned int steps_shrink(struct step *s, unsigned int n,
			  bool (*fails)(const struct step *s, unsigned int n, void *arg), void *arg);

#endif /* KVMEM_STEPS_H */
