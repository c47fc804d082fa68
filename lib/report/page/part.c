// SPDX-License-Identifier: GPL-2.0-only
#include "report/page/part.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/page/plot.h"

void html_text(FILE *f, const char *s)
{
	text_xml(f, s, strlen(s), true);
}

void html_textf(FILE *f, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0)
		html_text(f, text);
	va_end(ap);
	free(text);
}

void html_section(const struct page *p, const char *id, const char *title)
{
	fprintf(p->f, "<section id=\"%s\">\n<h2>", id);
	html_text(p->f, title);
	fputs("</h2>\n", p->f);
}

void html_section_end(const struct page *p)
{
	fputs("</section>\n", p->f);
}

static void put_badge(FILE *f, const char *css, const char *text)
{
	fprintf(f, "<span class=\"s %s\">%s</span>", css, text);
}

void html_badge(FILE *f, enum status s)
{
	put_badge(f, status_words[s].css, status_words[s].page);
}

void html_outcome(FILE *f, enum outcome o)
{
	put_badge(f, outcome_words[o].css, outcome_words[o].page);
}

void html_figure(const struct page *p, char *svg, const char *caption)
{
	fputs("<figure>\n<figcaption>", p->f);
	html_text(p->f, caption);
	if (!svg)
		html_textf(p->f, " (There is no figure: %s.)", plot_missing());
	fputs("</figcaption>\n", p->f);
	if (svg)
		fprintf(p->f, "<div class=\"scroll\" tabindex=\"0\">%s</div>\n", svg);
	fputs("</figure>\n", p->f);
	free(svg);
}
