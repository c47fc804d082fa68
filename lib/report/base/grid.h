/* SPDX-License-Identifier: GPL-2.0-only */
/* A table that can be shown as text, Markdown or HTML. */
#ifndef KVMEM_REPORT_GRID_H
#define KVMEM_REPORT_GRID_H

#include <stddef.h>
#include <stdio.h>

/* The first row is the head. */
struct grid {
	char *align;		/* for each column: l or r */
	char **cells;
	size_t n;
};

/** grid_init - an empty table with as many columns as @align has letters */
void grid_init(struct grid *g, const char *align);
void grid_free(struct grid *g);

/** grid_cell - add the next cell, row by row; takes over @text */
void grid_cell(struct grid *g, char *text);

/** grid_head - add the cells of the head, separated by bars */
void grid_head(struct grid *g, const char *names);

/** grid_rows - how many there are, without the head */
size_t grid_rows(const struct grid *g);

/**
 * grid_text - in columns
 * @indent: blanks before each line
 *
 * The last column may hold a sentence: where it does not fit it goes on in
 * lines of its own.  Empty columns are left out.
 */
void grid_text(FILE *f, const struct grid *g, size_t indent);
void grid_markdown(FILE *f, const struct grid *g);

/** grid_html - a <table>, with @class for the style sheet */
void grid_html(FILE *f, const struct grid *g, const char *class);

#endif /* KVMEM_REPORT_GRID_H */
