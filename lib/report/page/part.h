/* SPDX-License-Identifier: GPL-2.0-only */
/* Primitives that the sections of the page share. */
#ifndef KVMEM_REPORT_PAGE_PART_H
#define KVMEM_REPORT_PAGE_PART_H

#include <stdio.h>

#include "report/data/behaviour.h"
#include "report/data/run.h"

struct page {
	FILE *f;
	struct run *runs;
	size_t n;
	struct catalogue behaviours;	/* all that the page shows */
};

/** html_text - write escaped text */
void html_text(FILE *f, const char *s);

/** html_textf - the same, formatted */
void html_textf(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** html_section - start a section that the menu links to by @id */
void html_section(const struct page *p, const char *id, const char *title);
void html_section_end(const struct page *p);

/** html_badge - a status as a framed word */
void html_badge(FILE *f, enum status s);
void html_outcome(FILE *f, enum outcome o);

/** html_figure - an SVG, which is freed, or the reason why there is none */
void html_figure(const struct page *p, char *svg, const char *caption);

/* style.css */
extern const char page_style[];

#endif /* KVMEM_REPORT_PAGE_PART_H */
