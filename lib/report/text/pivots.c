// SPDX-License-Identifier: GPL-2.0-only
/* The tables of pivot.h. */
#include "report/text/pivot.h"

/* bench/pci_hole_scan: reads of a PCI hole, by implementation of the hole. */
static const struct pivot_row hole_rows[] = {
	{ "userspace", "no slot, exit to userspace" },
	{ "in_kernel", "all ones from KVM, emulated" },
	{ "own_pages", "read-only slot, own pages" },
	{ "one_page_4k", "read-only slot, one 4 KiB page" },
	{ "one_page_4k_prefaulted", "- the same, prefaulted" },
	{ "one_page_2m", "read-only slot, one 2 MiB page" },
	{ "one_page_2m_prefaulted", "- the same, prefaulted" },
	{ "hole_emulated", "KVM_MEM_PCI_HOLE, emulated" },
	{ "hole_4k", "- maps a page of ones" },
	{ "hole_4k_prefetched", "- maps 512 of them at a time" },
	{ "hole_2m", "- maps a huge page of ones" },
	{ "single_hva_4k", "KVM_MEM_SINGLE_HVA, read-only" },
	{ "single_hva_2m", "- over a huge page" },
};

#define HOLE_COLUMNS(reads) {							\
	{ "first", NULL, "first\n", PIVOT_SHORT },				\
	{ "repeated", NULL, "repeated\n", PIVOT_SHORT },			\
	{ "first_scan", NULL, reads "\n", PIVOT_LONG },				\
	{ "repeated_scan", NULL, "repeated\n", PIVOT_LONG },			\
	{ "host_memory", NULL, "memory\n", PIVOT_KIB },				\
	{ "host_page_tables", "kvm_page_tables", "tables\n", PIVOT_KIB },	\
	{ "vmas", NULL, "VMAs", PIVOT_COUNT },					\
	{ "slots", NULL, "slots", PIVOT_COUNT },				\
}

static const struct pivot_column scan_columns[] = HOLE_COLUMNS("8193");
static const struct pivot_column window_columns[] = HOLE_COLUMNS("65536");

const struct pivot pivots[] = {
	{
		.section = "hole", .section_title = "The PCI hole",
		.bench = "hole_scan", .rows_head = "\nanswered by",
		.title = "8193 reads of a 256-bus config window without devices",
		.rows = hole_rows, .n_rows = ARRAY_SIZE(hole_rows),
		.columns = scan_columns, .n_columns = ARRAY_SIZE(scan_columns), .n_bars = 2,
		.note = "reported in 2020, on hardware: userspace 6 us, in KVM 1 us, own pages 32 MB",
	},
	{
		.section = "hole", .section_title = "The PCI hole",
		.bench = "hole_window", .rows_head = "\nanswered by",
		.title = "Every page of that window",
		.rows = hole_rows, .n_rows = ARRAY_SIZE(hole_rows),
		.columns = window_columns, .n_columns = ARRAY_SIZE(window_columns), .n_bars = 2,
	},
};

const size_t n_pivots = ARRAY_SIZE(pivots);
