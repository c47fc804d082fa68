// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/format/export.h"

static const struct run_item *item_called(const struct run *r, const char *name)
{
	const struct run_item *it = run_find(r, name);

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

void lava_write(FILE *f, const struct run *r)
{
	size_t i;

	for (i = 0; i < r->n_items; i++)
		if (run_ran(r->items[i]))
			put_case(f, r->items[i]->name, status_words[r->items[i]->status].lava,
				 run_measured(r, r->items[i]->name));
	for (i = 0; i < r->n_measurements; i++)
		if (!item_called(r, r->measurements[i]->name))
			put_case(f, r->measurements[i]->name, "pass", r->measurements[i]);
	/* The verdict on the run, which fails if results are missing. */
	put_case(f, "kvmem", verdict_words(run_verdict(r))->lava, NULL);
}
