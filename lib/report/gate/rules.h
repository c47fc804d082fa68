/* SPDX-License-Identifier: GPL-2.0-only */
/* configs/gate.conf: from what size on a difference matters, and to whom. */
#ifndef KVMEM_REPORT_RULES_H
#define KVMEM_REPORT_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "report/base/util.h"

/* What holds for one measurement. */
struct rule {
	double relative;	/* floors: a smaller difference is none, whichever is larger */
	double absolute;	/* in the measurement's unit */
	double resolution;	/* a pass has to exclude a regression of this share */
	bool higher_is_better;
	bool gated;		/* else it is only shown */
};

struct rules_line;

struct rules {
	struct rules_line *lines;
	size_t n;
	double alpha;		/* chance of a false alarm, of all measurements together */
	double confidence;	/* of the intervals */
	unsigned int replicates;	/* at least so many of each run */
	struct strlist accept;	/* differences between the machines that may be */
};

/**
 * rules_init - the rules when nobody gives any
 *
 * They are those of configs/gate.conf for a machine nobody knows.
 */
void rules_init(struct rules *r);
void rules_free(struct rules *r);

/**
 * rules_add - add one line, which overrules earlier ones key by key
 * @text: as in the file
 * @where: it stands, for the message
 *
 * Return: whether it could be understood; else it was said why not.
 */
bool rules_add(struct rules *r, const char *text, const char *where);

/** rules_load - add the lines of a file; likewise */
bool rules_load(struct rules *r, const char *path);

/** rules_for - what holds for a measurement */
struct rule rules_for(const struct rules *r, const char *name, const char *unit);

/** rules_accept - whether this difference between two machines may be */
bool rules_accept(const struct rules *r, const char *what);

/**
 * rules_idle - a line that holds for nothing
 * @where: it has to come from
 * @matches: whether there is a measurement that a pattern fits
 * @data: handed to @matches
 *
 * Return: its pattern, NULL when there is none.
 */
const char *rules_idle(const struct rules *r, const char *where,
		       bool (*matches)(const void *data, const char *glob), const void *data);

#endif /* KVMEM_REPORT_RULES_H */
