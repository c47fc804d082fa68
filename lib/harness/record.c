// SPDX-License-Identifier: GPL-2.0-only
#include "harness/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/env.h"
#include "util/events.h"
#include "util/jsonw.h"
#include "util/quantile.h"
#include "util/util.h"

static int record_fd(void)
{
	const char *s = getenv(EVENTS_FD_ENV);

	return s ? atoi(s) : -1;
}

void record_observation(const char *behaviour, const char *name, const char *fmt, ...)
{
	char value[512];
	struct jsonw j;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	diag("observed %s %s: %s", behaviour, name, value);
	jsonw_open(&j);
	jsonw_str(&j, FIELD_EVENT, EVENT_OBSERVATION);
	jsonw_str(&j, FIELD_BEHAVIOUR, behaviour);
	jsonw_str(&j, FIELD_NAME, name);
	jsonw_str(&j, FIELD_VALUE, value);
	jsonw_send(&j, record_fd());
}

static void open_figure(struct jsonw *j, const struct record_figure *m, double median, size_t n)
{
	jsonw_open(j);
	jsonw_str(j, FIELD_EVENT, EVENT_MEASUREMENT);
	jsonw_str(j, FIELD_NAME, m->name);
	jsonw_str(j, FIELD_UNIT, m->unit);
	if (m->behaviour)
		jsonw_str(j, FIELD_BEHAVIOUR, m->behaviour);
	jsonw_bool(j, FIELD_EXACT, m->exact);
	jsonw_num(j, FIELD_VALUE, median);
	jsonw_u64(j, FIELD_N, n);
	if (m->overhead >= 0)
		jsonw_num(j, FIELD_OVERHEAD, m->overhead);
	if (m->userspace >= 0)
		jsonw_num(j, FIELD_USERSPACE, m->userspace);
	if (m->touched >= 0)
		jsonw_u64(j, FIELD_TOUCHED, (uint64_t)m->touched);
	if (m->exits_per_op >= 0)
		jsonw_num(j, FIELD_EXITS_PER_OP, m->exits_per_op);
	if (m->note)
		jsonw_str(j, FIELD_NOTE, m->note);
	if (m->param) {
		jsonw_push(j, FIELD_PARAM, '{');
		jsonw_u64(j, m->param, m->param_value);
		jsonw_pop(j, '{');
	}
}

void record_samples(const struct record_figure *m, uint32_t *samples, size_t n)
{
	static const double at[] = { 0, 0.5, 0.9, 0.99, 1 };
	static const char *const names[] = {
		FIELD_MIN, FIELD_P50, FIELD_P90, FIELD_P99, FIELD_MAX
	};
	struct jsonw j;
	size_t i;

	if (!n)
		return;
	quantile_sort(samples, n);
	open_figure(&j, m, quantile(samples, n, 0.5), n);
	for (i = 0; i < ARRAY_SIZE(at); i++)
		jsonw_num(&j, names[i], quantile(samples, n, at[i]));
	/* Every second percentile, for plots. */
	jsonw_push(&j, FIELD_QUANTILES, '[');
	for (i = 0; i <= 50; i++)
		jsonw_num(&j, NULL, quantile(samples, n, (double)i / 50));
	jsonw_pop(&j, '[');
	jsonw_send(&j, record_fd());
	if (record_fd() >= 0)
		return;
	diag("%-34s %-12s min %.0f p50 %.0f p90 %.0f p99 %.0f max %.0f n %zu", m->name, m->unit,
	     quantile(samples, n, 0), quantile(samples, n, 0.5), quantile(samples, n, 0.9),
	     quantile(samples, n, 0.99), quantile(samples, n, 1), n);
	if (m->exits_per_op >= 0)
		diag("%-34s exits/op %.3f, guest loop %.0f, userspace %.0f, touched %ld", m->name,
		     m->exits_per_op, m->overhead, m->userspace, m->touched);
}

void record_value(const struct record_figure *m, double value)
{
	struct jsonw j;

	open_figure(&j, m, value, 1);
	jsonw_send(&j, record_fd());
	if (record_fd() < 0)
		diag("%-34s %-12s %.10g", m->name, m->unit, value);
}

void record_exits(uint64_t n, unsigned int vcpus)
{
	struct jsonw j;

	jsonw_open(&j);
	jsonw_str(&j, FIELD_EVENT, EVENT_EXITS);
	jsonw_u64(&j, FIELD_N, n);
	jsonw_u64(&j, FIELD_VCPUS, vcpus);
	jsonw_send(&j, record_fd());
}

void record_file(const char *name, const char *text)
{
	struct jsonw j;

	jsonw_open(&j);
	jsonw_str(&j, FIELD_EVENT, EVENT_FILE);
	jsonw_str(&j, FIELD_NAME, name);
	jsonw_str(&j, FIELD_TEXT, text);
	jsonw_send(&j, record_fd());
}
