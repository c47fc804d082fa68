// SPDX-License-Identifier: GPL-2.0-only
#include "harness/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/env.h"
#include "util/jsonw.h"
#include "util/quantile.h"

static int record_fd(void)
{
	const char *s = getenv("KVMEM_RECORD");

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
	jsonw_str(&j, "event", "observation");
	jsonw_str(&j, "behaviour", behaviour);
	jsonw_str(&j, "name", name);
	jsonw_str(&j, "value", value);
	jsonw_send(&j, record_fd());
}

static void begin(struct jsonw *j, const struct measurement *m, double median, size_t n)
{
	jsonw_open(j);
	jsonw_str(j, "event", "measurement");
	jsonw_str(j, "name", m->name);
	jsonw_str(j, "unit", m->unit);
	if (m->behaviour)
		jsonw_str(j, "behaviour", m->behaviour);
	jsonw_bool(j, "exact", m->exact);
	jsonw_num(j, "value", median);
	jsonw_u64(j, "n", n);
	if (m->overhead >= 0)
		jsonw_num(j, "overhead", m->overhead);
	if (m->userspace >= 0)
		jsonw_num(j, "userspace", m->userspace);
	if (m->touched >= 0)
		jsonw_u64(j, "touched", (uint64_t)m->touched);
	if (m->exits_per_op >= 0)
		jsonw_num(j, "exits_per_op", m->exits_per_op);
	if (m->note)
		jsonw_str(j, "note", m->note);
	if (m->param) {
		jsonw_push(j, "param", '{');
		jsonw_u64(j, m->param, m->param_value);
		jsonw_pop(j, '{');
	}
}

void record_samples(const struct measurement *m, uint32_t *samples, size_t n)
{
	static const double at[] = { 0, 0.5, 0.9, 0.99, 1 };
	static const char *const names[] = { "min", "p50", "p90", "p99", "max" };
	struct jsonw j;
	size_t i;

	if (!n)
		return;
	quantile_sort(samples, n);
	begin(&j, m, quantile(samples, n, 0.5), n);
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		jsonw_num(&j, names[i], quantile(samples, n, at[i]));
	/* Enough of the distribution to draw it: every second percentile. */
	jsonw_push(&j, "quantiles", '[');
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

void record_value(const struct measurement *m, double value)
{
	struct jsonw j;

	begin(&j, m, value, 1);
	jsonw_send(&j, record_fd());
	if (record_fd() < 0)
		diag("%-34s %-12s %.10g", m->name, m->unit, value);
}

void record_exits(uint64_t n, unsigned int vcpus)
{
	struct jsonw j;

	jsonw_open(&j);
	jsonw_str(&j, "event", "exits");
	jsonw_u64(&j, "n", n);
	jsonw_u64(&j, "vcpus", vcpus);
	jsonw_send(&j, record_fd());
}

void record_file(const char *name, const char *text)
{
	struct jsonw j;

	jsonw_open(&j);
	jsonw_str(&j, "event", "file");
	jsonw_str(&j, "name", name);
	jsonw_str(&j, "text", text);
	jsonw_send(&j, record_fd());
}
