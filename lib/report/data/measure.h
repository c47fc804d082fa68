/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One measured figure over its replicates (fresh VMs).
 *
 * Quantiles of the figure are medians over the replicates of each replicate's
 * own quantile: samples of one VM are correlated, so they are never pooled.
 * A median is the lower of two middle values, as in lib/util/quantile.c: always a
 * value that was measured.
 */
#ifndef KVMEM_REPORT_MEASURE_H
#define KVMEM_REPORT_MEASURE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/base/util.h"

enum figure { FIG_MIN, FIG_P50, FIG_P90, FIG_P99, FIG_MAX, FIG_COUNT };

extern const char *const figure_names[FIG_COUNT];

/* The figures of one replicate.  NAN: not measured. */
struct sample {
	double value;			/* its median, or the only number */
	uint64_t n;
	double figures[FIG_COUNT];
	double overhead, userspace, touched, exits_per_op;
	double *quantiles;		/* n_quantiles of them, owned */
	size_t n_quantiles;
};

struct measurement {
	char *name, *unit;
	char *behaviour;		/* NULL: none */
	bool exact;
	struct strlist notes;
	char *param;			/* amount of work the name ends with, NULL: none */
	double param_value;
	struct sample *samples;		/* as they came in, n_replicates of them */
	/* The aggregate, valid after measurement_aggregate(). */
	double *replicates;
	size_t n_replicates;
	uint64_t n;
	double figures[FIG_COUNT];
	double overhead, userspace, touched, exits_per_op;
	double *quantiles;
	size_t n_quantiles;
	bool stale;			/* samples were added since */
};

/** median - of the numbers among @v (NANs do not count); NAN when there is none */
double median(const double *v, size_t n);

/** measurement_add - take over a replicate, @s->quantiles with it */
void measurement_add(struct measurement *m, const struct sample *s);
void measurement_aggregate(struct measurement *m);
/** measurement_set_param - take the parameter of {"slots": 8}; anything else is ignored */
void measurement_set_param(struct measurement *m, const json_t *param);
/** measurement_has_note - whether it has this note */
bool measurement_has_note(const struct measurement *m, const char *note);
void measurement_free(struct measurement *m);

#endif /* KVMEM_REPORT_MEASURE_H */
