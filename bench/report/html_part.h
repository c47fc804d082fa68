/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the page have in common, and the parts themselves. */
#ifndef KVMEM_REPORT_HTML_PART_H
#define KVMEM_REPORT_HTML_PART_H

#include <stdio.h>

#include "behaviour.h"
#include "run.h"

struct page {
	FILE *f;
	struct run *runs;
	size_t n;
	struct catalogue behaviours;	/* all that the page shows */
};

/** html_text - foreign text, nothing of it markup */
void html_text(FILE *f, const char *s);

/** html_textf - the same, formatted */
void html_textf(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** html_section - begin a part, of which the page's menu knows by its @id */
void html_section(const struct page *p, const char *id, const char *title);
void html_section_end(const struct page *p);

/** html_badge - a status as a word with a frame of its own */
void html_badge(FILE *f, enum status s);
void html_outcome(FILE *f, enum outcome o);

/** html_figure - a drawing that is freed, or why there is none */
void html_figure(const struct page *p, char *svg, const char *caption);

/* Of one run: each writes its section, or nothing when there is nothing in it. */
void html_facts(const struct page *p, const struct run *r);
void html_failures(const struct page *p);
void html_known(const struct page *p);
void html_behaviours(const struct page *p, const struct run *r);
void html_skips(const struct page *p, const struct run *r);
void html_observations(const struct page *p, const struct run *r);
void html_environment(const struct page *p, const struct run *r);
void html_measurements(const struct page *p, struct run *r);
void html_distributions(const struct page *p, struct run *r);
void html_growth(const struct page *p);
void html_hole(const struct page *p);

/* Of several: what differs. */
void html_runs(const struct page *p);
void html_tests_differ(const struct page *p);
void html_behaviours_differ(const struct page *p);
void html_observations_differ(const struct page *p);
void html_measurements_differ(const struct page *p);

extern const char html_style[];

#endif /* KVMEM_REPORT_HTML_PART_H */
