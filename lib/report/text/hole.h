/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The PCI-hole question on one page: a row per way to answer the 8193 reads of
 * bench/pci_hole_scan, or those of all 65536 pages of the window.
 */
#ifndef KVMEM_REPORT_HOLE_H
#define KVMEM_REPORT_HOLE_H

#include <stdbool.h>
#include <stdio.h>

#include "report/data/run.h"

#define HOLE_ROWS 13

enum hole_column {
	HOLE_FIRST, HOLE_REPEATED,		/* a read, the first time and then */
	HOLE_FIRST_SCAN, HOLE_REPEATED_SCAN,	/* all of them */
	HOLE_MEMORY, HOLE_TABLES,		/* KiB */
	HOLE_VMAS, HOLE_SLOTS,
	HOLE_COLUMNS
};

struct hole {
	const char *title;
	const char *reads;			/* how many there are */
	const char *unit, *scan_unit;		/* of a read, of all */
	int digits;				/* of a read, behind the point */
	struct hole_row {
		const char *what;		/* who answers; indented: as above, but */
		double v[HOLE_COLUMNS];
	} rows[HOLE_ROWS];
	size_t n;
};

/**
 * hole_read - what a run measured of it
 * @h: result
 * @r: run; figures that went stale are aggregated
 * @whole: all pages of the window, else the 8193 that are read at boot
 *
 * Time stamps become microseconds where their rate is known.
 *
 * Return: whether it measured that at all.
 */
bool hole_read(struct hole *h, struct run *r, bool whole);

/** hole_claim - what was claimed of it in 2020, NULL where that says nothing */
const char *hole_claim(const struct hole *h);

/** hole_print - the tables, when they were measured */
void hole_print(FILE *f, struct run *r);

#endif /* KVMEM_REPORT_HOLE_H */
