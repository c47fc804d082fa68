// SPDX-License-Identifier: GPL-2.0-only
#include "report/format/export.h"

#include <stdlib.h>
#include <string.h>

#include "report/format/junit.h"
#include "report/page/html.h"
#include "report/text/matrix.h"

/* Takes over @json. */
static bool write_json(FILE *f, json_t *json)
{
	bool ok = !json_dumpf(json, f, JSON_INDENT(1) | JSON_REAL_PRECISION(10));

	fputc('\n', f);
	json_decref(json);
	return ok;
}

static bool write_junit(FILE *f, struct run *runs, size_t n, const struct export_options *o)
{
	size_t len;
	char *text = junit_text(runs, &len);

	(void)n;
	(void)o;
	fwrite(text, 1, len, f);
	free(text);
	return true;
}

static bool write_kcidb(FILE *f, struct run *runs, size_t n, const struct export_options *o)
{
	(void)n;
	return write_json(f, kcidb_json(runs, o));
}

static bool write_lava(FILE *f, struct run *runs, size_t n, const struct export_options *o)
{
	(void)n;
	(void)o;
	lava_write(f, runs);
	return true;
}

static bool write_github(FILE *f, struct run *runs, size_t n, const struct export_options *o)
{
	(void)n;
	(void)o;
	github_write(f, runs);
	return true;
}

static bool write_benchmark(FILE *f, struct run *runs, size_t n, const struct export_options *o)
{
	(void)n;
	(void)o;
	return write_json(f, benchmark_json(runs));
}

static bool write_html(FILE *f, struct run *runs, size_t n, const struct export_options *o)
{
	return html_write(f, runs, n, o->catalogue);
}

static const struct export_format formats[] = {
	{ "junit", "junit.xml", "JUnit XML", 1, write_junit },
	{ "kcidb", "kcidb.json", "KCIDB 5.3, with --origin and --build-id", 1, write_kcidb },
	{ "lava", "lava.sh", "lava-test-case lines", 1, write_lava },
	{ "github", "summary.md", "Markdown for a job summary", 1, write_github },
	{ "benchmark", "benchmark.json", "github-action-benchmark, customSmallerIsBetter", 1,
	  write_benchmark },
	{ "html", "report.html", "HTML page of one run, or of several side by side", MATRIX_MAX,
	  write_html },
};

const struct export_format *export_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	return NULL;
}

const struct export_format *export_each(const struct export_format *last)
{
	const struct export_format *next = last ? last + 1 : formats;

	return next < formats + ARRAY_SIZE(formats) ? next : NULL;
}
