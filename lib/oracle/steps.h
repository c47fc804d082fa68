/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sequences for the random test: their steps, how they are made up, written
 * down and read again, and what the model says of each.  No KVM here.
 */
#ifndef KVMEM_STEPS_H
#define KVMEM_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oracle/model.h"

#define STEPS_MAX	120
#define STEP_FIELDS	6
#define STEP_SWEEP	64	/* pages of a K_SWEEP, and where in each of them */
#define STEP_SWEEP_AT	0x18

enum step_kind {
	K_WORLD,	/* the first of a sequence: what VM it runs on */
	K_SLOT, K_DELETE, K_MOVE, K_LOG,
	K_LOAD, K_STORE, K_ADD,
	K_SWEEP,	/* a load or store in each of many pages */
	K_HOST_WRITE, K_DROP,
	K_DIRTY, K_CLEAR,
	K_NEW_FILE, K_CLOSE, K_PUNCH, K_ATTRIBUTES,
	K_ZONE, K_EVENT,
	K_COUNT,
};

/* The fields of each kind are named in steps.c; v[] has them in that order. */
struct step {
	enum step_kind kind;
	unsigned int v[STEP_FIELDS];
};

/* K_WORLD */
#define WORLD_VCPUS	0
#define WORLD_WHERE	1	/* window at: 0 the middle, 1 gpa 0, 2 the end of the space */
#define WORLD_THP	2
#define WORLD_MANUAL	3

/* flags of K_SLOT */
#define STEP_READONLY	1
#define STEP_LOG	2
#define STEP_GMEM	4
#define STEP_HOLE	8
#define STEP_SINGLE	16

/* What must come of a step. */
struct outcome {
	bool skipped;		/* it is not specified, or not possible here: leave it out */
	int ret;		/* of the system call of a step that is no access */
	struct model_result access;
	uint64_t must[MODEL_LOG], may[MODEL_LOG];	/* K_DIRTY */
};

/** step_access - whether it is a guest access */
bool step_access(const struct step *s);

/** step_data - what a K_STORE, K_ADD or K_SWEEP has in its register, 16 bytes */
void step_data(const struct step *s, uint64_t data[2]);

/** step_region - what K_SLOT, K_DELETE, K_MOVE or K_LOG tell the memslot ioctl, in @m's state */
void step_region(const struct model *m, const struct step *s, struct model_region *r);

/** step_event - the ioeventfd of a K_EVENT */
void step_event(const struct step *s, struct model_event *e);

/** step_mask - bits that a K_CLEAR clears in each word */
uint64_t step_mask(const struct step *s);

#define STEP_ANSWER	0x5c	/* byte with which MMIO reads are answered */

/** step_model - do a step on the model and tell what must come of it */
void step_model(struct model *m, const struct step *s, struct outcome *o);

/** step_valid - whether its fields are in range; what is possible depends on the state */
bool step_valid(const struct step *s);

/**
 * step_print - one line, as step_parse() reads it
 * @i: number of the step
 */
void step_print(const struct step *s, unsigned int i, char *line, size_t size);

/**
 * step_parse - read a line
 *
 * Whatever precedes "step" is skipped: lines of a log do as well.
 *
 * Return: false when it is no step, or its fields are out of range.
 */
bool step_parse(const char *line, struct step *s);

/**
 * steps_generate - make up a sequence
 * @m: scratch
 * @gmem: for a VM that can have guest_memfd
 * @private: which is private memory
 * @proposed: with the proposed flags
 * @seed: the same seed gives the same sequence on every machine
 * @s: result, STEPS_MAX at most
 *
 * Return: number of steps.
 */
unsigned int steps_generate(struct model *m, bool gmem, bool private, bool proposed,
			    uint64_t seed, struct step *s);

/**
 * steps_shrink - make a sequence that fails as short and as plain as it gets
 * @s: steps; the result
 * @n: how many
 * @fails: runs a sequence; whether it still fails
 * @arg: for @fails
 *
 * First steps are left out, from half of them down to single ones, over and
 * over (delta debugging); then numbers are made smaller.  No single step of the
 * result can be left out.  @fails may return false for ever once time is up.
 *
 * Return: number of steps left.
 */
unsigned int steps_shrink(struct step *s, unsigned int n,
			  bool (*fails)(const struct step *s, unsigned int n, void *arg), void *arg);

#endif /* KVMEM_STEPS_H */
