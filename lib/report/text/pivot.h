/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables whose rows are the variants of a benchmark and whose columns are its
 * figures: measurement BENCH.ROW.COLUMN is one cell.  The tables are described
 * in pivots.c; the code knows no benchmark.
 */
#ifndef KVMEM_REPORT_PIVOT_H
#define KVMEM_REPORT_PIVOT_H

#include <stdbool.h>
#include <stdio.h>

#include "report/base/grid.h"
#include "report/data/run.h"

#define PIVOT_ROWS 16
#define PIVOT_COLUMNS 8

enum pivot_kind {
	PIVOT_COUNT,	/* a number as it is */
	PIVOT_KIB,	/* bytes, shown in KiB */
	PIVOT_SHORT,	/* time stamps, shown in us where their rate is known */
	PIVOT_LONG,	/* time stamps, shown in ms, or 10^6 instructions or ticks */
};

struct pivot_row {
	const char *name, *text;
};

struct pivot_column {
	const char *name;
	const char *also;	/* added to it, NULL: none */
	const char *head;
	enum pivot_kind kind;
};

struct pivot {
	const char *section;	/* id and title of the section of the page */
	const char *section_title;
	const char *bench;	/* first part of the names */
	const char *title, *rows_head;
	const struct pivot_row *rows;
	size_t n_rows;
	const struct pivot_column *columns;
	size_t n_columns;
	size_t n_bars;		/* columns that the page draws, from the first on */
	const char *note;	/* shown below when the first row was measured, NULL: none */
};

/* pivots.c */
extern const struct pivot pivots[];
extern const size_t n_pivots;

struct pivot_values {
	const struct pivot *pivot;
	const char *unit;	/* of PIVOT_SHORT */
	struct {
		const struct pivot_row *row;
		double v[PIVOT_COLUMNS];
	} rows[PIVOT_ROWS];	/* those with a value in the first column */
	size_t n;
	bool ticks;
};

/**
 * pivot_read - the values of a run
 * @v: result
 * @pivot: table
 * @r: run; it is aggregated
 *
 * Return: whether there is any row.
 */
bool pivot_read(struct pivot_values *v, const struct pivot *pivot, const struct run *r);

/** pivot_grid - the values as a table */
void pivot_grid(struct grid *g, const struct pivot_values *v);

/** pivot_note - text below the table, NULL: none */
const char *pivot_note(const struct pivot_values *v);

/** pivot_has - whether some table shows this measurement */
bool pivot_has(const struct measurement *m);

/** pivot_is_sum - whether it is the sum of a measurement in another column */
bool pivot_is_sum(const struct measurement *m);

/** pivot_print - all tables with values */
void pivot_print(FILE *f, const struct run *r);

#endif /* KVMEM_REPORT_PIVOT_H */
