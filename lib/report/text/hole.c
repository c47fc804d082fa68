// SPDX-License-Identifier: GPL-2.0-only
#include "report/text/hole.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/json.h"

static const struct {
	const char *name, *what;
} rows[HOLE_ROWS] = {
	{ "userspace", "no slot, exit to userspace" },
	{ "in_kernel", "all ones from KVM (LAPIC hole)" },
	{ "own_pages", "read-only slot, own pages" },
	{ "one_page_4k", "read-only slot, one 4 KiB page" },
	{ "one_page_4k_prefaulted", "  the same, prefaulted" },
	{ "one_page_2m", "read-only slot, one 2 MiB page" },
	{ "one_page_2m_prefaulted", "  the same, prefaulted" },
	{ "hole_emulated", "KVM_MEM_PCI_HOLE, emulated" },
	{ "hole_4k", "  maps a page of ones" },
	{ "hole_4k_prefetched", "  maps 512 of them at a time" },
	{ "hole_2m", "  maps a huge page of ones" },
	{ "single_hva_4k", "KVM_MEM_SINGLE_HVA, read-only" },
	{ "single_hva_2m", "  over a huge page" },
};

static double figure(const struct run *r, const char *bench, const char *row, const char *metric)
{
	char name[128];
	size_t i;

	snprintf(name, sizeof(name), "%s.%s.%s", bench, row, metric);
	for (i = 0; i < r->n_measurements; i++) {
		if (strcmp(r->measurements[i]->name, name))
			continue;
		measurement_aggregate(r->measurements[i]);
		return r->measurements[i]->figures[FIG_P50];
	}
	return NAN;
}

static struct hole_row row_of(const struct run *r, const char *bench, size_t row)
{
	const char *n = rows[row].name;

	return (struct hole_row){
		.what = rows[row].what,
		.v = {
			[HOLE_FIRST] = figure(r, bench, n, "first"),
			[HOLE_REPEATED] = figure(r, bench, n, "repeated"),
			[HOLE_FIRST_SCAN] = figure(r, bench, n, "first_scan"),
			[HOLE_REPEATED_SCAN] = figure(r, bench, n, "repeated_scan"),
			[HOLE_MEMORY] = figure(r, bench, n, "host_memory") / 1024,
			[HOLE_TABLES] = (figure(r, bench, n, "host_page_tables") +
					 figure(r, bench, n, "kvm_page_tables")) / 1024,
			[HOLE_VMAS] = figure(r, bench, n, "vmas"),
			[HOLE_SLOTS] = figure(r, bench, n, "slots"),
		},
	};
}

bool hole_read(struct hole *h, struct run *r, bool whole)
{
	const char *bench = whole ? "hole_window" : "hole_scan";
	double khz = json_number_or_nan(json_object_get(r->meta, "cpu"), "tsc_khz");
	bool exact = json_is_true(json_object_get(r->meta, "exact"));
	bool ticks = exact || !(khz > 0);
	/* Time stamps to microseconds; instructions and unknown clocks stay as they are. */
	double per_us = ticks ? 1 : khz / 1000, scan = ticks ? 1e6 : per_us * 1000;
	size_t i, c;

	*h = (struct hole){
		.title = whole ? "Every page of that window" :
			 "8193 reads of a 256-bus config window without devices",
		.reads = whole ? "65536" : "8193",
		.unit = exact ? "instr" : ticks ? "ticks" : "us",
		.scan_unit = ticks ? "10^6" : "ms",
		.digits = ticks ? 0 : 3,
	};
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct hole_row row = row_of(r, bench, i);

		if (isnan(row.v[HOLE_FIRST]))
			continue;
		for (c = HOLE_FIRST; c <= HOLE_REPEATED_SCAN; c++)
			row.v[c] /= c <= HOLE_REPEATED ? per_us : scan;
		h->rows[h->n++] = row;
	}
	return h->n;
}

const char *hole_claim(const struct hole *h)
{
	if (strcmp(h->reads, "8193") || strcmp(h->rows[0].what, rows[0].what))
		return NULL;
	return "claimed in 2020 (hardware): userspace 6 us, in KVM 1 us, own pages 32 MB";
}

static void cell(FILE *f, int width, double v, int digits)
{
	if (isnan(v))
		fprintf(f, " %*s", width, "-");
	else
		fprintf(f, " %*.*f", width, digits, v);
}

static void table(FILE *f, const struct hole *h)
{
	static const int width[HOLE_COLUMNS] = { 9, 9, 9, 9, 8, 8, 6, 5 };
	const int digits[HOLE_COLUMNS] = { h->digits, h->digits, 3, 3, 0, 0, 0, 0 };
	const char *us = h->digits ? h->unit : "";
	size_t i, c;

	fprintf(f, "\n%s\n", h->title);
	fprintf(f, "  %-30s %9s %9s %9s %9s %8s %8s %6s %5s\n", "", "first", "repeated", h->reads,
		"repeated", "memory", "tables", "VMAs", "slots");
	fprintf(f, "  %-30s %9s %9s %9s %9s %8s %8s\n", "answered by", h->unit, us, h->scan_unit,
		h->scan_unit, "KiB", "KiB");
	for (i = 0; i < h->n; i++) {
		fprintf(f, "  %-30s", h->rows[i].what);
		for (c = 0; c < HOLE_COLUMNS; c++)
			cell(f, width[c], h->rows[i].v[c], digits[c]);
		fputc('\n', f);
	}
	if (hole_claim(h))
		fprintf(f, "  %s\n", hole_claim(h));
}

void hole_print(FILE *f, struct run *r)
{
	struct hole h;

	if (hole_read(&h, r, false))
		table(f, &h);
	if (hole_read(&h, r, true))
		table(f, &h);
}
