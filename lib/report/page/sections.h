/* SPDX-License-Identifier: GPL-2.0-only */
/* The sections of the page.  Each writes nothing when it has no content. */
#ifndef KVMEM_REPORT_PAGE_SECTIONS_H
#define KVMEM_REPORT_PAGE_SECTIONS_H

#include "report/page/part.h"

/* A page of one run. */
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
void html_pivots(const struct page *p);

/* A page of several runs: what differs. */
void html_runs(const struct page *p);
void html_tests_differ(const struct page *p);
void html_behaviours_differ(const struct page *p);
void html_observations_differ(const struct page *p);
void html_measurements_differ(const struct page *p);

#endif /* KVMEM_REPORT_PAGE_SECTIONS_H */
