// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report mutation: print how many seeded bugs the suite detected. */
#include "report/cmd/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/data/results.h"
#include "util/events.h"

/* The result of a mutant: a kernel crash counts as detected. */
enum fate { FOUND, CRASHED, SURVIVED, UNSEEN, UNKNOWN, FATES };

struct topic {
	char *name;
	size_t fates[FATES], by_random, all;
	double seconds;
};

static enum fate fate_of(const struct run_item *it)
{
	if (!run_ran(it) || it->cut)
		return UNKNOWN;
	switch (it->status) {
	case ST_PASS:
		return FOUND;
	case ST_SKIP:
		return UNSEEN;
	case ST_FAIL:
		return SURVIVED;
	default:
		return CRASHED;
	}
}

static bool random_found(const struct run *r, const struct run_item *it)
{
	size_t i;

	for (i = 0; i < r->n_observations; i++)
		if (!strcmp(r->observations[i].item, it->name) &&
		    !strcmp(r->observations[i].name, OBSERVED_BY_RANDOM))
			return json_is_true(r->observations[i].value);
	return false;
}

/* Find the topic of an item, "mutation.TOPIC.NAME", or add it. */
static struct topic *topic_of(struct topic **topics, size_t *n, const struct run_item *it)
{
	const char *name = item_rest(it);
	int len = (int)strcspn(name, ".");
	struct topic *t;
	size_t i;

	for (i = 0; i < *n; i++)
		if (!strncmp((*topics)[i].name, name, (size_t)len) && !(*topics)[i].name[len])
			return &(*topics)[i];
	*topics = xrealloc(*topics, (*n + 1) * sizeof(**topics));
	t = &(*topics)[(*n)++];
	memset(t, 0, sizeof(*t));
	t->name = xprintf("%.*s", len, name);
	return t;
}

static void count(struct topic *t, const struct run *r, const struct run_item *it)
{
	t->fates[fate_of(it)]++;
	t->by_random += random_found(r, it);
	t->seconds += it->duration_s > 0 ? it->duration_s : 0;
	t->all++;
}

static void put_score(const char *what, size_t found, size_t of)
{
	printf("%s: %zu of %zu, %.1f %%\n", what, found, of, of ? 100.0 * (double)found / (double)of :
								  0);
}

static void put_row(const struct topic *t)
{
	printf("  %-12s %7zu %6zu %8zu %9zu %9zu %8zu %8.0f\n", t->name, t->all, t->fates[FOUND],
	       t->fates[CRASHED], t->fates[SURVIVED] + t->fates[UNKNOWN], t->fates[UNSEEN],
	       t->by_random, t->seconds);
}

static void put_fates(const struct run *r, enum fate fate, const char *title)
{
	bool first = true;
	size_t i;

	for (i = 0; i < r->n_items; i++) {
		const struct run_item *it = r->items[i];
		char *text;

		if (fate_of(it) != fate)
			continue;
		if (first)
			printf("\n%s\n", title);
		first = false;
		text = xprintf("%s: %s", item_rest(it), it->reason);
		fputs("  ", stdout);
		text_wrap(stdout, text, 2, 4);
		free(text);
	}
}

static int show(const struct run *r)
{
	struct topic *topics = NULL, sum = { .name = "all" };
	size_t n = 0, i, k, seen;

	for (i = 0; i < r->n_items; i++)
		count(topic_of(&topics, &n, r->items[i]), r, r->items[i]);
	put_fates(r, FOUND, "Found by a behaviour test (the first that failed)");
	put_fates(r, CRASHED, "The kernel crashed");
	put_fates(r, UNSEEN, "Not observable in a lab, excluded from the score");
	put_fates(r, SURVIVED, "Survived: no test failed");
	put_fates(r, UNKNOWN, "Not run");
	printf("\n  %-12s %7s %6s %8s %9s %9s %8s %8s\n", "topic", "mutants", "found", "crashed",
	       "survived", "excluded", "random", "seconds");
	for (i = 0; i < n; i++) {
		put_row(&topics[i]);
		for (k = 0; k < FATES; k++)
			sum.fates[k] += topics[i].fates[k];
		sum.by_random += topics[i].by_random;
		sum.seconds += topics[i].seconds;
		sum.all += topics[i].all;
		free(topics[i].name);
	}
	free(topics);
	put_row(&sum);
	seen = sum.all - sum.fates[UNSEEN];
	putchar('\n');
	put_score("Mutation score of the behaviour tests", sum.fates[FOUND] + sum.fates[CRASHED], seen);
	put_score("Mutation score of the random test alone", sum.by_random, seen);
	return sum.fates[FOUND] + sum.fates[CRASHED] == seen ? EXIT_PASSED : EXIT_FAILED;
}

int cmd_mutation(int argc, char **argv)
{
	int code = EXIT_BROKEN;
	struct run r;

	if (argc != 2 || argv[1][0] == '-') {
		complain("mutation needs one results folder; see kvmem-report --help");
		return EXIT_BROKEN;
	}
	if (results_load(&r, argv[1]))
		code = show(&r);
	run_free(&r);
	return code;
}
