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
		free(g->cells[i].text);
	free(g->cells);
	free(g->align);
	memset(g, 0, sizeof(*g));
}

void grid_cell(struct grid *g, char *text)
{
	g->cells = xrealloc(g->cells, (g->n + 1) * sizeof(*g->cells));
	g->cells[g->n++] = (struct grid_cell){ .text = text };
}

void grid_number(struct grid *g, double v)
{
	char text[48];

	text_number(text, sizeof(text), v);
	grid_cell(g, xstrdup(text));
}

void grid_badge(struct grid *g, const char *text, const char *badge)
{
	grid_cell(g, xstrdup(text));
	g->cells[g->n - 1].badge = badge;
}

void grid_strong(struct grid *g)
{
	g->cells[g->n - 1].strong = true;
}

void grid_letters(struct grid *g, size_t first, size_t n)
{
	size_t c;

	for (c = first; c < n; c++)
		grid_cell(g, xprintf("%c", (char)('A' + c)));
}

void grid_head(struct grid *g, const char *names)
{
	size_t n;

	for (;; names += n + 1) {
		n = strcspn(names, "|");
		grid_cell(g, xprintf("%.*s", (int)n, names));
		if (!names[n])
			return;
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
	return g->cells[row * columns_of(g) + column].text;
}

static bool is_empty(const struct grid *g, size_t column)
{
	size_t row;

	for (row = 1; row <= grid_rows(g); row++)
		if (*cell_of(g, row, column))
			return false;
	return true;
}

/* Columns on the screen of @len bytes: continuation bytes of UTF-8 take none. */
static size_t columns_in(const char *s, size_t len)
{
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		n += ((unsigned char)s[i] & 0xc0) != 0x80;
	return n;
}

/* The longest of the lines. */
static size_t width_of(const char *s)
{
	size_t widest = 0, n, len;

	for (;; s += len + 1) {
		len = strcspn(s, "\n");
		n = columns_in(s, len);
		widest = n > widest ? n : widest;
		if (!s[len])
			return widest;
	}
}

static size_t lines_of(const char *s)
{
	size_t n = 1;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

/* Line @line of a head; "" behind the last one. */
static const char *line_of(const char *s, size_t line, size_t *len)
{
	for (; line && *s; line--)
		s += strcspn(s, "\n") + (s[strcspn(s, "\n")] == '\n');
	*len = strcspn(s, "\n");
	return s;
}

static void put_padded(FILE *f, const char *s, size_t len, size_t width, bool right)
{
	size_t n = columns_in(s, len), pad = n < width ? width - n : 0;

	if (right)
		fprintf(f, "%*s", (int)pad, "");
	text_plain(f, s, len);
	if (!right)
		fprintf(f, "%*s", (int)pad, "");
}

/* --- text ---------------------------------------------------------------- */

struct layout {
	size_t *width, indent, last;
};

static bool is_right(const struct grid *g, size_t column)
{
	return g->align[column] == 'r' || g->align[column] == 'c';
}

/* Blanks at the end of a line are held back until something follows them. */
static void put_head(FILE *f, const struct grid *g, const struct layout *l)
{
	size_t lines = 1, line, c, len, blanks;
	const char *s;

	for (c = 0; c <= l->last; c++)
		if (lines_of(cell_of(g, 0, c)) > lines)
			lines = lines_of(cell_of(g, 0, c));
	for (line = 0; line < lines; line++) {
		blanks = l->indent;
		for (c = 0; c <= l->last; c++) {
			if (c && is_empty(g, c))
				continue;
			s = line_of(cell_of(g, 0, c), line, &len);
			blanks += c ? 1 : 0;
			if (is_right(g, c) && l->width[c] > columns_in(s, len))
				blanks += l->width[c] - columns_in(s, len);
			if (len) {
				fprintf(f, "%*s", (int)blanks, "");
				text_plain(f, s, len);
				blanks = 0;
			}
			if (!is_right(g, c) && l->width[c] > columns_in(s, len))
				blanks += l->width[c] - columns_in(s, len);
		}
		fputc('\n', f);
	}
}

static void put_row(FILE *f, const struct grid *g, const struct layout *l, size_t row)
{
	const char *s = cell_of(g, row, 0), *last = cell_of(g, row, l->last);
	size_t c, at = l->indent;

	fprintf(f, "%*s", (int)l->indent, "");
	put_padded(f, s, strlen(s), l->width[0], false);
	/* A name that is too long has the line to itself. */
	if (width_of(s) > l->width[0])
		fprintf(f, "\n%*s", (int)(l->indent + l->width[0]), "");
	at += l->width[0];
	for (c = 1; c < l->last; c++) {
		if (is_empty(g, c))
			continue;
		fputc(' ', f);
		s = cell_of(g, row, c);
		put_padded(f, s, strlen(s), l->width[c], is_right(g, c));
		at += 1 + l->width[c];
	}
	if (!*last) {
		fputc('\n', f);
	} else if (at + 1 + width_of(last) <= TEXT_COLUMNS || is_right(g, l->last)) {
		fputc(' ', f);
		put_padded(f, last, strlen(last), is_right(g, l->last) ? l->width[l->last] : 0, true);
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
		if (!is_empty(g, c) && (c < l.last || is_right(g, c)))
			used += 1 + l.width[c];
	if (used + l.width[0] > TEXT_COLUMNS)
		l.width[0] = used + 8 > TEXT_COLUMNS ? 8 : TEXT_COLUMNS - used;
	put_head(f, g, &l);
	for (row = 1; row <= grid_rows(g); row++)
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
			fputs(is_right(g, c) ? "|--:" : "|---", f);
		if (!row)
			fputs("|\n", f);
	}
}

/* --- HTML ---------------------------------------------------------------- */

static const char *class_of(char align, bool head)
{
	switch (align) {
	case 'r':
		return " class=\"n\"";
	case 'c':
		return " class=\"c\"";
	case 'm':
		return head ? "" : " class=\"name\"";
	default:
		return "";
	}
}

static void put_lines(FILE *f, const char *s)
{
	size_t len;

	for (;; s += len + 1) {
		len = strcspn(s, "\n");
		text_xml(f, s, len, false);
		if (!s[len])
			return;
		fputs("<br/>", f);
	}
}

static void put_cell(FILE *f, const struct grid_cell *cell)
{
	if (cell->badge)
		fprintf(f, "<span class=\"s %s\">", cell->badge);
	fputs(cell->strong ? "<b>" : "", f);
	put_lines(f, cell->text);
	fputs(cell->strong ? "</b>" : "", f);
	fputs(cell->badge ? "</span>" : "", f);
}

void grid_html(FILE *f, const struct grid *g, const char *class)
{
	size_t columns = columns_of(g), c, row;
	const char *tag;

	fprintf(f, "<div class=\"scroll\"><table%s%s%s>\n", class ? " class=\"" : "",
		class ? class : "", class ? "\"" : "");
	for (row = 0; row <= grid_rows(g); row++) {
		tag = row ? "td" : "th";
		fputs("<tr>", f);
		for (c = 0; c < columns; c++) {
			fprintf(f, "<%s%s>", tag, class_of(g->align[c], !row));
			put_cell(f, &g->cells[row * columns + c]);
			fprintf(f, "</%s>", tag);
		}
		fputs("</tr>\n", f);
	}
	fputs("</table></div>\n", f);
}
