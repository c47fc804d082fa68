/* SPDX-License-Identifier: GPL-2.0-only */
/* The catalogue of behaviours, and their outcomes in a run. */
#ifndef KVMEM_REPORT_BEHAVIOUR_H
#define KVMEM_REPORT_BEHAVIOUR_H

#include <stdbool.h>
#include <stddef.h>

#include "report/data/run.h"

struct behaviour {
	char *id, *class, *title;
};

/* Those of configs/behaviours.tsv, or some of them. */
struct catalogue {
	struct behaviour *v;
	size_t n;
};

/**
 * catalogue_load - read a file with a line "ID<TAB>CLASS<TAB>TITLE" for each
 * @c: result
 * @path: of the file
 * @patterns: entries to take: an ID, or the letter of a topic; all when empty or NULL
 *
 * Return: false when it cannot be read, after a message.
 */
bool catalogue_load(struct catalogue *c, const char *path, const struct strlist *patterns);

/** catalogue_complete - add the IDs of a run's tests that the catalogue lacks, sorted */
void catalogue_complete(struct catalogue *c, const struct run *r);
void catalogue_free(struct catalogue *c);

/* Ordered by weight: the heaviest of several tests counts. */
enum outcome {
	OUT_UNCHECKED,	/* no test finished */
	OUT_SKIPPED,	/* all that ran were skipped */
	OUT_KNOWN,	/* none passed, and one failed as configs/known_issues says */
	OUT_CHECKED,
	OUT_FAILED,
	OUT_COUNT
};

/* The words for one outcome. */
struct outcome_words {
	const char *page, *css;	/* HTML page: text and class */
	const char *text;	/* heading of a list of behaviours, NULL: not listed */
};

extern const struct outcome_words outcome_words[OUT_COUNT];

/** behaviour_of - whether a test checks the behaviour of that ID */
bool behaviour_of(const struct run_item *it, const char *id);

/** behaviour_outcome - the outcome of a behaviour in a run */
enum outcome behaviour_outcome(const struct run *r, const char *id);

#endif /* KVMEM_REPORT_BEHAVIOUR_H */
