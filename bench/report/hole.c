// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI-hole question on one page: a row per way to answer the 8193 reads of
 * bench/pci_hole_scan, or those of all 65536 pages of the window, beside what was
 * claimed when the flags were proposed.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "summary.h"

static const struct {
	const char *name, *what;
} rows[] = {
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

static double figure(const struct run *r, const char *bench, const char *row,
		     const char *metric)
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

static void cell(FILE *f, int width, double v, int digits)
{
	if (isnan(v))
		fprintf(f, " %*s", width, "-");
	else
		fprintf(f, " %*.*f", width, digits, v);
}

static void table(FILE *f, struct run *r, const char *bench, const char *title,
		  const char *reads)
{
	double khz =
		json_number_or_nan(json_object_get(r->meta, "cpu"), "tsc_khz");
	bool exact = json_is_true(json_object_get(r->meta, "exact"));
	bool ticks = exact || !(khz > 0);
	/* Time stamps to microseconds; instructions and unknown clocks stay as they are. */
	double per_us = ticks ? 1 : khz / 1000,
	       scan = ticks ? 1e6 : per_us * 1000;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!isnan(figure(r, bench, rows[i].name, "first")))
			break;
	if (i == sizeof(rows) / sizeof(rows[0]))
		return;
	fprintf(f, "\n%s\n", title);
	fprintf(f, "  %-30s %9s %9s %9s %9s %8s %8s %6s %5s\n", "", "first",
		"repeated", reads, "repeated", "memory", "tables", "VMAs",
		"slots");
	fprintf(f, "  %-30s %9s %9s %9s %9s %8s %8s %6s %5s\n", "answered by",
		ticks ? exact ? "instr" : "ticks" : "us", ticks ? "" : "us",
		ticks ? "10^6" : "ms", ticks ? "10^6" : "ms", "KiB", "KiB", "",
		"");
	for (; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *n = rows[i].name;

		if (isnan(figure(r, bench, n, "first")))
			continue;
		fprintf(f, "  %-30s", rows[i].what);
		cell(f, 9, figure(r, bench, n, "first") / per_us,
		     ticks ? 0 : 3);
		cell(f, 9, figure(r, bench, n, "repeated") / per_us,
		     ticks ? 0 : 3);
		cell(f, 9, figure(r, bench, n, "first_scan") / scan, 3);
		cell(f, 9, figure(r, bench, n, "repeated_scan") / scan, 3);
		cell(f, 8, figure(r, bench, n, "host_memory") / 1024, 0);
		cell(f, 8,
		     (figure(r, bench, n, "host_page_tables") +
		      figure(r, bench, n, "kvm_page_tables")) /
			     1024,
		     0);
		cell(f, 6, figure(r, bench, n, "vmas"), 0);
		cell(f, 5, figure(r, bench, n, "slots"), 0);
		fputc('\n', f);
	}
}

void hole_print(FILE *f, struct run *r)
{
	table(f, r, "hole_scan",
	      "8193 reads of a 256-bus config window without devices", "8193");
	if (!isnan(figure(r, "hole_scan", "userspace", "first")))
		fputs("  claimed in 2020 (hardware): userspace 6 us, in KVM 1 us, own pages 32 MB\n",
		      f);
	table(f, r, "hole_window", "Every page of that window", "65536");
}
