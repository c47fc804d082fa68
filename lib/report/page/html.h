/* SPDX-License-Identifier: GPL-2.0-only */
/* report.html: one run, or several side by side, as a self-contained page. */
#ifndef KVMEM_REPORT_HTML_H
#define KVMEM_REPORT_HTML_H

#include <stdbool.h>
#include <stdio.h>

#include "report/data/run.h"

/**
 * html_write - the whole page, as well-formed XML
 * @f: where to
 * @runs: one, or up to MATRIX_MAX; figures that went stale are aggregated
 * @n: how many
 * @catalogue: file with the titles of behaviours, NULL for none
 *
 * Return: false when the catalogue cannot be read, after a message.
 */
bool html_write(FILE *f, struct run *runs, size_t n, const char *catalogue);

#endif /* KVMEM_REPORT_HTML_H */
