// SPDX-License-Identifier: GPL-2.0-only
#include "report/base/grid.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/base/util.h"

void grid_init(struct grid *g, const char *align)
{
	*g = (struct grid){ .align = xstrdup(align) };
}

void grid_free(struct grid *g)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		free(g->cells[i]);
	free(g->cells);
	free(g->align);
	memset(g, 0, sizeof(*g));
}

void grid_cell(struct grid *g, char *text)
{
	g->cells = xrealloc(g->cells, (g->n + 1) * sizeof(*g->cells));
	g->cells[g->n++] = text;
}

void grid_head(struct grid *g, const char *names)
{
	size_t i, n, columns = strlen(g->align);

	for (i = 0; i < columns; i++) {
		n = strcspn(names, "|");
		grid_cell(g, xprintf("%.*s", (int)n, names));
		names += n + (names[n] == '|');
	}
}

static size_t columns_of(const struct grid *g)
{
	return strlen(g->align);
}

size_t grid_rows(const struct grid *g)
{
	return g->n ? g->n / columns_of(g) - 1 : 0;
}

static const char *cell_of(const struct grid *g, size_t row, size_t column)
{
	return g->cells[row * columns_of(g) + column];
}

static bool is_empty(const struct grid *g, size_t column)
{
	size_t row;

	for (row = 1; row <= grid_rows(g); row++)
		if (*cell_of(g, row, column))
			return false;
	return true;
}

/* Characters on the screen: continuation bytes of UTF-8 take no room. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void put_padded(FILE *f, const char *s, size_t width, bool right)
{
	size_t n = width_of(s), pad = n < width ? width - n : 0;

	if (right)
		fprintf(f, "%*s", (int)pad, "");
	text_plain(f, s, strlen(s));
	if (!right)
		fprintf(f, "%*s", (int)pad, "");
}

/* --- text ---------------------------------------------------------------- */

struct layout {
	size_t *width, indent, last;
};

static void put_row(FILE *f, const struct grid *g, const struct layout *l, size_t row)
{
	const char *s = cell_of(g, row, 0), *last = cell_of(g, row, l->last);
	size_t c, at = l->indent;

	fprintf(f, "%*s", (int)l->indent, "");
	put_padded(f, s, l->width[0], false);
	/* A name that is too long has the line to itself. */
	if (width_of(s) > l->width[0])
		fprintf(f, "\n%*s", (int)(l->indent + l->width[0]), "");
	at += l->width[0];
	for (c = 1; c < l->last; c++) {
		if (is_empty(g, c))
			continue;
		fputc(' ', f);
		put_padded(f, cell_of(g, row, c), l->width[c], g->align[c] == 'r');
		at += 1 + l->width[c];
	}
	if (!*last) {
		fputc('\n', f);
	} else if (at + 1 + width_of(last) <= TEXT_COLUMNS || g->align[l->last] == 'r') {
		fputc(' ', f);
		put_padded(f, last, g->align[l->last] == 'r' ? l->width[l->last] : 0, true);
		fputc('\n', f);
	} else {
		fprintf(f, "\n%*s", (int)l->indent + 4, "");
		text_wrap(f, last, l->indent + 4, l->indent + 4);
	}
}

void grid_text(FILE *f, const struct grid *g, size_t indent)
{
	size_t columns = columns_of(g), c, row, used = indent;
	struct layout l = { .width = xcalloc(columns, sizeof(size_t)), .indent = indent,
			    .last = columns - 1 };

	for (c = 0; c < columns; c++)
		for (row = 0; row <= grid_rows(g); row++)
			if (width_of(cell_of(g, row, c)) > l.width[c])
				l.width[c] = width_of(cell_of(g, row, c));
	for (c = 1; c < columns; c++)
		if (!is_empty(g, c) && (c < l.last || g->align[c] == 'r'))
			used += 1 + l.width[c];
	if (used + l.width[0] > TEXT_COLUMNS)
		l.width[0] = used + 8 > TEXT_COLUMNS ? 8 : TEXT_COLUMNS - used;
	for (row = 0; row <= grid_rows(g); row++)
		put_row(f, g, &l, row);
	free(l.width);
}

/* --- Markdown ------------------------------------------------------------ */

void grid_markdown(FILE *f, const struct grid *g)
{
	size_t columns = columns_of(g), c, row;

	for (row = 0; row <= grid_rows(g); row++) {
		for (c = 0; c < columns; c++) {
			fputs(c ? " | " : "| ", f);
			text_markdown(f, cell_of(g, row, c));
		}
		fputs(" |\n", f);
		for (c = 0; !row && c < columns; c++)
			fputs(g->align[c] == 'r' ? "|--:" : "|---", f);
		if (!row)
			fputs("|\n", f);
	}
}

/* --- HTML ---------------------------------------------------------------- */

void grid_html(FILE *f, const struct grid *g, const char *class)
{
	size_t columns = columns_of(g), c, row;
	const char *s, *tag;

	fprintf(f, "<div class=\"scroll\"><table class=\"%s\">\n", class);
	for (row = 0; row <= grid_rows(g); row++) {
		tag = row ? "td" : "th";
		fputs("<tr>", f);
		for (c = 0; c < columns; c++) {
			s = cell_of(g, row, c);
			fprintf(f, "<%s%s>", tag, g->align[c] == 'r' ? " class=\"n\"" : "");
			text_xml(f, s, strlen(s), false);
			fprintf(f, "</%s>", tag);
		}
		fputs("</tr>\n", f);
	}
	fputs("</table></div>\n", f);
}
