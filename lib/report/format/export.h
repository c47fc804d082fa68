/* SPDX-License-Identifier: GPL-2.0-only */
/* A run in the formats of other tools, made from results.json. */
#ifndef KVMEM_REPORT_EXPORT_H
#define KVMEM_REPORT_EXPORT_H

#include <jansson.h>
#include <stdio.h>

#include "report/data/run.h"

/* Input that is not in results.json. */
struct export_options {
	const char *origin;	/* KCIDB: who submits */
	const char *build_id;	/* KCIDB: of the kernel, NULL for one made up */
	const char *catalogue;	/* HTML: file with the titles of behaviours, or NULL */
};

struct export_format {
	const char *name;	/* as --format has it */
	const char *file;	/* in the results folder */
	const char *about;
	size_t max;		/* runs at once */
	/* Writes the whole file. */
	bool (*write)(FILE *f, struct run *runs, size_t n, const struct export_options *o);
};

/** export_find - the format of that name, NULL when there is none */
const struct export_format *export_find(const char *name);

/** export_each - all of them, one after the other: NULL for the first, NULL at the end */
const struct export_format *export_each(const struct export_format *last);

/**
 * kcidb_json - the run in KCIDB's schema 5.3
 *
 * One test for each of ours and one for each measurement (a test of KCIDB has
 * one number), all below the path kvmem; the path kvmem itself is the verdict
 * on the run.  A failure listed as known is FAIL, with an issue and an incident
 * that say so.  Return: new reference.
 */
json_t *kcidb_json(const struct run *r, const struct export_options *o);

/**
 * lava_write - lines of shell that report each result and number to LAVA
 *
 * lava-test-case NAME --result RESULT [--measurement V --units U]
 */
void lava_write(FILE *f, const struct run *r);

/** github_write - Markdown for the summary of a job of GitHub Actions */
void github_write(FILE *f, struct run *r);

/** benchmark_json - for github-action-benchmark, customSmallerIsBetter */
json_t *benchmark_json(const struct run *r);

#endif /* KVMEM_REPORT_EXPORT_H */
