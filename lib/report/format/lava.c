// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/format/export.h"

/* As in the KTAP file a known failure is no failure. */
static const char *result_of(const struct item *it)
{
	static const char *const results[ST_COUNT] = {
		"pass", "skip", "pass", "fail", "fail", "fail"
	};

	return results[it->status];
}

static const struct item *item_called(const struct run *r, const char *name)
{
	const struct item *it = run_find(r, name);

	return it && run_ran(it) ? it : NULL;
}

static void put_case(FILE *f, const char *name, const char *result, const struct measurement *m)
{
	char *clean = text_name(name), *unit;

	fprintf(f, "lava-test-case %s --result %s", clean, result);
	if (m && !isnan(m->figures[FIG_P50])) {
		unit = text_name(m->unit);
		fprintf(f, " --measurement %.10g --units %s", m->figures[FIG_P50], unit);
		free(unit);
	}
	fputc('\n', f);
	free(clean);
}

static const struct measurement *figure_called(const struct run *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n_measurements; i++)
		if (!strcmp(r->measurements[i]->name, name))
			return r->measurements[i];
	return NULL;
}

void lava_write(FILE *f, const struct run *r)
{
	size_t i;

	for (i = 0; i < r->n_items; i++)
		if (run_ran(r->items[i]))
			put_case(f, r->items[i]->name, result_of(r->items[i]),
				 figure_called(r, r->items[i]->name));
	for (i = 0; i < r->n_measurements; i++)
		if (!item_called(r, r->measurements[i]->name))
			put_case(f, r->measurements[i]->name, "pass", r->measurements[i]);
	/* Results that lack can't be told by name. */
	put_case(f, "kvmem", run_verdict(r) == EXIT_NOTHING ? "skip" :
		 run_verdict(r) ? "fail" : "pass", NULL);
}
