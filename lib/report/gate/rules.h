/* SPDX-License-Identifier: GPL-2.0-only */
/* configs/gate.conf: the size from which a difference counts, per measurement. */
#ifndef KVMEM_REPORT_RULES_H
#define KVMEM_REPORT_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "report/base/util.h"

/* What holds for one measurement. */
struct rule {
	double relative;	/* floors, the larger one applies: a smaller difference is ignored */
	double absolute;	/* in the measurement's unit */
	double resolution;	/* a pass must exclude a regression of this share */
	bool higher_is_better;
	bool gated;		/* else it is only shown */
};

struct rules_line;

struct rules {
	struct rules_line *lines;
	size_t n;
	double alpha;		/* probability of a false alarm over all measurements */
	double confidence;	/* of the intervals */
	unsigned int replicates;	/* minimum per run */
	struct strlist accept;	/* differences between the machines that are allowed */
};

/**
 * rules_init - the defaults, those of configs/gate.conf for an unknown machine
 */
void rules_init(struct rules *r);
void rules_free(struct rules *r);

/**
 * rules_add - add one line, which overrides earlier ones key by key
 * @text: as in the file
 * @where: location, for the message
 *
 * Return: false when it has an error, after a message.
 */
bool rules_add(struct rules *r, const char *text, const char *where);

/** rules_load - add the lines of a file; likewise */
bool rules_load(struct rules *r, const char *path);

/** rules_for - the rule for a measurement */
struct rule rules_for(const struct rules *r, const char *name, const char *unit);

/** rules_accept - whether this difference between two machines is allowed */
bool rules_accept(const struct rules *r, const char *what);

/**
 * rules_idle - find a line that matches no measurement
 * @where: only lines from this location
 * @matches: whether there is a measurement that a pattern fits
 * @data: handed to @matches
 *
 * Return: its pattern, NULL when there is none.
 */
const char *rules_idle(const struct rules *r, const char *where,
		       bool (*matches)(const void *data, const char *glob), const void *data);

#endif /* KVMEM_REPORT_RULES_H */
