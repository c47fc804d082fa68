/* SPDX-License-Identifier: GPL-2.0-only */
/* A table that can be shown as text, Markdown or HTML. */
#ifndef KVMEM_REPORT_GRID_H
#define KVMEM_REPORT_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct grid_cell {
	char *text;		/* UTF-8; in the head a newline begins a second line */
	const char *badge;	/* HTML: class of a framed word, NULL: plain text */
	bool strong;		/* HTML: bold */
};

/* The first row is the head. */
struct grid {
	char *align;		/* per column: l left, r right, c centred, m left and monospace */
	struct grid_cell *cells;
	size_t n;
};

/** grid_init - an empty table with one column per letter of @align */
void grid_init(struct grid *g, const char *align);
void grid_free(struct grid *g);

/** grid_cell - add the next cell, row by row; takes over @text */
void grid_cell(struct grid *g, char *text);

/** grid_number - add a number as text_number() writes it */
void grid_number(struct grid *g, double v);

/** grid_badge - add a word that HTML shows in a frame of class @badge */
void grid_badge(struct grid *g, const char *text, const char *badge);

/** grid_strong - make the last cell bold in HTML */
void grid_strong(struct grid *g);

/** grid_head - add the cells of the head, separated by bars */
void grid_head(struct grid *g, const char *names);

/** grid_letters - add head cells A, B, ... for the columns @first to @n - 1 */
void grid_letters(struct grid *g, size_t first, size_t n);

/** grid_rows - number of rows, without the head */
size_t grid_rows(const struct grid *g);

/**
 * grid_text - write the table in aligned columns
 * @indent: blanks before each line
 *
 * A left-aligned last column may hold a sentence, which is wrapped onto the
 * following lines where it does not fit.  Empty columns are left out.
 */
void grid_text(FILE *f, const struct grid *g, size_t indent);
void grid_markdown(FILE *f, const struct grid *g);

/** grid_html - write a <table> with this class, NULL for none */
void grid_html(FILE *f, const struct grid *g, const char *class);

#endif /* KVMEM_REPORT_GRID_H */
