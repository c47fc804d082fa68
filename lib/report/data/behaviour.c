// SPDX-License-Identifier: GPL-2.0-only
#include "report/data/behaviour.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- the catalogue ---------------------------------------------------------- */

static bool wanted(const char *id, const struct strlist *patterns)
{
	size_t i;

	for (i = 0; patterns && i < patterns->n; i++) {
		const char *p = patterns->v[i];

		if (!strcasecmp(p, id) || (strlen(p) == 1 && toupper(*p) == *id))
			return true;
	}
	return !patterns || !patterns->n;
}

static void add(struct catalogue *c, const char *id, const char *class, const char *title)
{
	c->v = xrealloc(c->v, (c->n + 1) * sizeof(*c->v));
	c->v[c->n++] = (struct behaviour){ xstrdup(id), xstrdup(class), xstrdup(title) };
}

bool catalogue_load(struct catalogue *c, const char *path, const struct strlist *patterns)
{
	FILE *f = fopen(path, "re");
	char line[512], *id, *class, *title, *save;

	memset(c, 0, sizeof(*c));
	if (!f) {
		complain("cannot read %s: %s", path, strerror(errno));
		return false;
	}
	while (fgets(line, sizeof(line), f)) {
		id = strtok_r(line, "\t\n", &save);
		class = id ? strtok_r(NULL, "\t\n", &save) : NULL;
		title = class ? strtok_r(NULL, "\t\n", &save) : NULL;
		if (title && *id != '#' && wanted(id, patterns))
			add(c, id, class, title);
	}
	fclose(f);
	return true;
}

static bool has(const struct catalogue *c, const char *id)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (!strcmp(c->v[i].id, id))
			return true;
	return false;
}

/* A2 comes before A10. */
static int by_id(const void *a, const void *b)
{
	return strverscmp(((const struct behaviour *)a)->id, ((const struct behaviour *)b)->id);
}

void catalogue_complete(struct catalogue *c, const struct run *r)
{
	size_t i, k, before = c->n;

	for (i = 0; i < r->n_items; i++)
		for (k = 0; k < r->items[i]->behaviours.n; k++)
			if (!has(c, r->items[i]->behaviours.v[k]))
				add(c, r->items[i]->behaviours.v[k], "", "");
	if (c->n > before)
		qsort(c->v, c->n, sizeof(*c->v), by_id);
}

void catalogue_free(struct catalogue *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		free(c->v[i].id);
		free(c->v[i].class);
		free(c->v[i].title);
	}
	free(c->v);
	memset(c, 0, sizeof(*c));
}

/* --- outcomes --------------------------------------------------------------- */

const struct outcome_words outcome_words[OUT_COUNT] = {
	[OUT_UNCHECKED] = { "not checked", "none", "not checked" },
	[OUT_SKIPPED] = { "skipped", "skip", "not checked, skipped" },
	[OUT_KNOWN] = { "known", "known", "failed as known" },
	[OUT_CHECKED] = { "pass", "pass", NULL },
	[OUT_FAILED] = { "FAIL", "fail", "failed" },
};

bool behaviour_of(const struct run_item *it, const char *id)
{
	size_t i;

	for (i = 0; i < it->behaviours.n; i++)
		if (!strcmp(it->behaviours.v[i], id))
			return true;
	return false;
}

static enum outcome item_outcome(const struct run_item *it)
{
	if (!run_ran(it) || it->cut)
		return OUT_UNCHECKED;
	if (it->status == ST_SKIP)
		return OUT_SKIPPED;
	if (status_is_bad(it->status))
		return OUT_FAILED;
	return it->status == ST_XFAIL ? OUT_KNOWN : OUT_CHECKED;
}

enum outcome behaviour_outcome(const struct run *r, const char *id)
{
	enum outcome out = OUT_UNCHECKED, o;
	size_t i;

	for (i = 0; i < r->n_items; i++) {
		o = item_outcome(r->items[i]);
		if (o > out && behaviour_of(r->items[i], id))
			out = o;
	}
	return out;
}
