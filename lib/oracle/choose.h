/* SPDX-License-Identifier: GPL-2.0-only */
/* Random choices of the generator. */
#ifndef KVMEM_ORACLE_CHOOSE_H
#define KVMEM_ORACLE_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "oracle/steps.h"

#define HOT	12

struct gen {
	uint64_t rng;
	struct model *m;
	unsigned int hot[HOT], nr_hot;	/* pages of the window that matter just now */
	struct step gone;		/* the slot that was there before, as a K_SLOT */
};

/** choose_below - a number below @n */
unsigned int choose_below(struct gen *g, unsigned int n);

/** choose_one_in - true once in @n */
bool choose_one_in(struct gen *g, unsigned int n);

/** choose_near - a number below @n, close to @at */
unsigned int choose_near(struct gen *g, unsigned int at, unsigned int n);

/** choose_heat - prefer a page from now on */
void choose_heat(struct gen *g, unsigned int page);

/** choose_pick_slot - a slot that @want accepts; MODEL_SLOTS when there is none */
unsigned int choose_pick_slot(struct gen *g, bool (*want)(const struct model_slot *s));

/** choose_is_any - in use */
bool choose_is_any(const struct model_slot *s);

/** choose_is_plain - in use, without guest_memfd */
bool choose_is_plain(const struct model_slot *s);

/** choose_is_gmem - in use, with guest_memfd */
bool choose_is_gmem(const struct model_slot *s);

/** choose_is_logged - in use, with a dirty log */
bool choose_is_logged(const struct model_slot *s);

/** choose_any_page - a page of the window */
unsigned int choose_any_page(struct gen *g);

/** choose_length - a number of pages, at most @room */
unsigned int choose_length(struct gen *g, unsigned int room);

#endif /* KVMEM_ORACLE_CHOOSE_H */
