/* SPDX-License-Identifier: GPL-2.0-only */
/* Random choices of the sequence generator. */
#ifndef KVMEM_ORACLE_CHOOSE_H
#define KVMEM_ORACLE_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "oracle/steps.h"

#define HOT	12

struct gen {
	uint64_t rng;
	struct model *m;
	unsigned int hot[HOT], nr_hot;	/* recently used pages of the window */
	struct step gone;		/* the slot deleted last, as a K_SLOT step */
};

/** choose_below - random number in [0, @n) */
unsigned int choose_below(struct gen *g, unsigned int n);

/** choose_one_in - true with probability 1/@n */
bool choose_one_in(struct gen *g, unsigned int n);

/** choose_near - @at, or up to 2 more or less, clamped to [0, @n) */
unsigned int choose_near(struct gen *g, unsigned int at, unsigned int n);

/** choose_heat - add a page to the recently used ones; ignored outside of the window */
void choose_heat(struct gen *g, unsigned int page);

/**
 * choose_pick_slot - random slot that is in use and that @want accepts
 *
 * Return: the slot; any number below MODEL_SLOTS when there is none.
 */
unsigned int choose_pick_slot(struct gen *g, bool (*want)(const struct model_slot *s));

/** choose_is_any - whether a slot is in use */
bool choose_is_any(const struct model_slot *s);

/** choose_is_plain - whether a slot has neither guest_memfd nor KVM_MEM_PCI_HOLE */
bool choose_is_plain(const struct model_slot *s);

/** choose_is_gmem - whether a slot has guest_memfd */
bool choose_is_gmem(const struct model_slot *s);

/** choose_is_logged - whether a slot has a dirty log */
bool choose_is_logged(const struct model_slot *s);

/** choose_any_page - a page of the window, preferably a recently used one or a boundary */
unsigned int choose_any_page(struct gen *g);

/** choose_length - number of pages, 1 to @room; sizes around powers of two and 2 MiB */
unsigned int choose_length(struct gen *g, unsigned int room);

#endif /* KVMEM_ORACLE_CHOOSE_H */
