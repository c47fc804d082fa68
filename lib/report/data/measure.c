// SPDX-License-Identifier: GPL-2.0-only
#include "report/data/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const figure_names[FIG_COUNT] = { "min", "p50", "p90", "p99", "max" };

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(const double *v, size_t n)
{
	double *copy = xrealloc(NULL, n * sizeof(*copy)), m = NAN;
	size_t i, k = 0;

	for (i = 0; i < n; i++)
		if (!isnan(v[i]))
			copy[k++] = v[i];
	if (k) {
		qsort(copy, k, sizeof(*copy), by_value);
		m = copy[(k - 1) / 2];
	}
	free(copy);
	return m;
}

void measurement_add(struct measurement *m, const struct sample *s)
{
	size_t n = m->n_replicates++;

	m->samples = xrealloc(m->samples, (n + 1) * sizeof(*m->samples));
	m->samples[n] = *s;
	m->stale = true;
}

/* The median over the replicates of the number at byte @offset in each. */
static double median_of(const struct measurement *m, size_t offset)
{
	double *v = xrealloc(NULL, m->n_replicates * sizeof(*v)), r;
	size_t i;

	for (i = 0; i < m->n_replicates; i++)
		memcpy(&v[i], (const char *)&m->samples[i] + offset, sizeof(*v));
	r = median(v, m->n_replicates);
	free(v);
	return r;
}

static void aggregate_range(struct measurement *m)
{
	const struct sample *s;
	double exits = 0;
	size_t i, counted = 0;

	m->n = 0;
	m->figures[FIG_MIN] = NAN;
	m->figures[FIG_MAX] = NAN;
	for (i = 0; i < m->n_replicates; i++) {
		s = &m->samples[i];
		m->replicates[i] = s->value;
		m->n += s->n;
		m->figures[FIG_MIN] = fmin(m->figures[FIG_MIN], s->figures[FIG_MIN]);
		m->figures[FIG_MAX] = fmax(m->figures[FIG_MAX], s->figures[FIG_MAX]);
		if (isnan(s->exits_per_op))
			continue;
		exits += s->exits_per_op;
		counted++;
	}
	m->exits_per_op = counted ? exits / (double)counted : NAN;
}

static void aggregate_quantiles(struct measurement *m)
{
	double *v = xrealloc(NULL, m->n_replicates * sizeof(*v));
	size_t i, q;

	m->n_quantiles = m->samples[0].n_quantiles;
	m->quantiles = xrealloc(m->quantiles, m->n_quantiles * sizeof(*m->quantiles));
	for (q = 0; q < m->n_quantiles; q++) {
		for (i = 0; i < m->n_replicates; i++)
			v[i] = m->samples[i].n_quantiles == m->n_quantiles ?
				m->samples[i].quantiles[q] : NAN;
		m->quantiles[q] = median(v, m->n_replicates);
	}
	free(v);
}

void measurement_aggregate(struct measurement *m)
{
	size_t i;

	if (!m->stale)
		return;
	m->stale = false;
	m->replicates = xrealloc(m->replicates, m->n_replicates * sizeof(*m->replicates));
	aggregate_range(m);
	for (i = FIG_P50; i <= FIG_P99; i++)
		m->figures[i] = median_of(m, offsetof(struct sample, figures) +
					  i * sizeof(double));
	m->overhead = median_of(m, offsetof(struct sample, overhead));
	m->userspace = median_of(m, offsetof(struct sample, userspace));
	m->touched = median_of(m, offsetof(struct sample, touched));
	aggregate_quantiles(m);
}

void measurement_free(struct measurement *m)
{
	size_t i;

	for (i = 0; m->samples && i < m->n_replicates; i++)
		free(m->samples[i].quantiles);
	free(m->samples);
	free(m->replicates);
	free(m->quantiles);
	free(m->name);
	free(m->unit);
	free(m->behaviour);
	free(m->param);
	strlist_free(&m->notes);
	free(m);
}

void measurement_set_param(struct measurement *m, const json_t *param)
{
	const char *key;
	json_t *v;

	if (m->param)
		return;
	json_object_foreach((json_t *)param, key, v) {
		if (!json_is_number(v))
			continue;
		m->param = xstrdup(key);
		m->param_value = json_number_value(v);
		return;
	}
}

bool measurement_has_note(const struct measurement *m, const char *note)
{
	size_t i;

	for (i = 0; i < m->notes.n; i++)
		if (!strcmp(m->notes.v[i], note))
			return true;
	return false;
}
