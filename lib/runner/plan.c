// SPDX-License-Identifier: GPL-2.0-only
#include "plan.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "child.h"

static int is_program(const struct dirent *d)
{
	return d->d_name[0] != '.' && !strchr(d->d_name, '.');
}

static void add(struct plan *plan, bool bench, const char *path, const char *program,
		const char *arg, const char *behaviours, unsigned long number)
{
	const char *test = strncmp(arg, "global.", 7) ? arg : arg + 7;
	struct plan_item *it;

	plan->items = realloc(plan->items, (plan->nr + 1) * sizeof(*plan->items));
	if (!plan->items)
		abort();
	it = &plan->items[plan->nr++];
	it->bench = bench;
	it->path = strdup(path);
	it->arg = strdup(arg);
	it->behaviours = strdup(behaviours);
	it->replicates = bench ? number : 0;
	it->ms = bench ? 0 : number;
	it->first = 0;
	it->elsewhere = false;
	it->skipped = false;
	/* The name of a benchmark does not depend on its program. */
	if (asprintf(&it->name, "%s%s%s", bench ? "" : program, bench ? "" : ".",
		     bench ? arg : test) < 0)
		abort();
}

/* Lines "name<TAB>behaviours<TAB>number": limit of replicates, or milliseconds. */
static void add_listing(struct plan *plan, bool bench, const char *path, const char *program,
			char *text)
{
	char *line, *save = NULL;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *ids = strchr(line, '\t'), *number;

		if (!ids)
			continue;
		*ids++ = '\0';
		number = strchr(ids, '\t');
		if (number)
			*number++ = '\0';
		add(plan, bench, path, program, line, ids, number ? strtoul(number, NULL, 10) : 0);
	}
}

static bool load_dir(struct plan *plan, bool bench, const char *dir)
{
	struct dirent **entries;
	int i, n = scandir(dir, &entries, is_program, alphasort);
	bool ok = true;

	for (i = 0; i < n; i++) {
		char path[4096], *argv[] = { path, "--list", NULL };
		struct child_result r;
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		if (stat(path, &st) || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
			continue;
		child_run(argv, 10, NULL, NULL, &r);
		if (r.how != CHILD_EXITED || r.code != 0) {
			fprintf(stderr, "kvmem-run: %s --list failed: %.*s\n", path, 200, r.output);
			ok = false;
		} else {
			add_listing(plan, bench, path, entries[i]->d_name, r.output);
		}
		child_free(&r);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return ok;
}

bool plan_load(struct plan *plan, const char *dir)
{
	char path[4096];
	bool ok;

	memset(plan, 0, sizeof(*plan));
	snprintf(path, sizeof(path), "%s/tests", dir);
	ok = load_dir(plan, false, path);
	snprintf(path, sizeof(path), "%s/bench", dir);
	ok &= load_dir(plan, true, path);
	if (!plan->nr)
		fprintf(stderr, "kvmem-run: no programs in %s: build first\n", dir);
	return ok && plan->nr;
}

void plan_write(const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->nr; i++) {
		const struct plan_item *it = &plan->items[i];

		printf("%s\t%s\t%s\t%s\t%lu\n", it->bench ? "bench" : "tests",
		       strrchr(it->path, '/') + 1, it->arg, it->behaviours,
		       it->bench ? it->replicates : it->ms);
	}
}

static bool read_line(struct plan *plan, const char *dir, char *line)
{
	char *field[5], path[4096];
	size_t i;

	line[strcspn(line, "\n")] = '\0';
	for (i = 0; i < 5; i++)
		field[i] = strsep(&line, "\t");
	if (!field[4] || line)
		return false;
	snprintf(path, sizeof(path), "%s/%s/%s", dir, field[0], field[1]);
	add(plan, !strcmp(field[0], "bench"), path, field[1], field[2], field[3],
	    strtoul(field[4], NULL, 10));
	return true;
}

bool plan_read(struct plan *plan, const char *path, const char *dir)
{
	FILE *f = fopen(path, "re");
	char line[1024];
	bool ok = f;

	memset(plan, 0, sizeof(*plan));
	while (ok && fgets(line, sizeof(line), f))
		ok = read_line(plan, dir, line);
	if (!f)
		fprintf(stderr, "kvmem-run: %s: %s\n", path, strerror(errno));
	else if (!ok || !plan->nr)
		fprintf(stderr, "kvmem-run: %s is not a plan\n", path);
	if (f)
		fclose(f);
	return ok && plan->nr;
}

bool plan_matches(const char *pattern, const char *name)
{
	return strstr(name, pattern) || !fnmatch(pattern, name, 0);
}

const char *plan_filter(struct plan *plan, bool tests, bool bench, char *const *patterns,
			size_t nr)
{
	size_t i, p, kept = 0;
	bool *used = calloc(nr + 1, sizeof(*used));
	const char *unused = NULL;

	for (i = 0; i < plan->nr; i++) {
		struct plan_item *it = &plan->items[i];
		bool keep = !nr;

		if (!(it->bench ? bench : tests))
			continue;
		for (p = 0; p < nr; p++) {
			if (plan_matches(patterns[p], it->name)) {
				used[p] = true;
				keep = true;
			}
		}
		if (keep)
			plan->items[kept++] = *it;
	}
	plan->nr = kept;
	for (p = 0; p < nr && !unused; p++)
		if (!used[p])
			unused = patterns[p];
	free(used);
	return unused;
}

static bool select_line(struct plan *plan, size_t *kept, const char *path, char *line)
{
	char *first = strchr(line, '\t');
	struct plan_item picked;
	size_t i;

	if (first)
		*first++ = '\0';
	for (i = *kept; i < plan->nr; i++) {
		if (strcmp(plan->items[i].name, line))
			continue;
		/* In the order of the file. */
		picked = plan->items[i];
		picked.first = first ? strtoul(first, NULL, 10) : 0;
		memmove(&plan->items[*kept + 1], &plan->items[*kept],
			(i - *kept) * sizeof(picked));
		plan->items[(*kept)++] = picked;
		return true;
	}
	fprintf(stderr, "kvmem-run: %s: no test or benchmark '%s'\n", path, line);
	return false;
}

bool plan_select(struct plan *plan, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[512];
	size_t kept = 0;
	bool ok = true;

	if (!f) {
		fprintf(stderr, "kvmem-run: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (ok && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			ok = select_line(plan, &kept, path, line);
	}
	fclose(f);
	plan->nr = kept;
	return ok;
}

bool plan_same_test(const struct plan_item *x, const struct plan_item *y)
{
	const char *a = x->arg, *b = y->arg;
	const char *variant_a = strchr(a, '.'), *variant_b = strchr(b, '.');
	const char *test_a = strrchr(a, '.'), *test_b = strrchr(b, '.');

	if (strcmp(x->path, y->path))
		return false;
	return variant_a && variant_b && test_a > variant_a && test_b > variant_b &&
	       variant_a - a == variant_b - b && !strncmp(a, b, (size_t)(variant_a - a)) &&
	       !strcmp(test_a, test_b);
}

/* The variants of one test. */
struct group {
	size_t first;		/* of the plan's items */
	unsigned long ms;
};

#define DEFAULT_MS 40		/* of a test without a declared duration */

static int longest_first(const void *x, const void *y)
{
	const struct group *a = x, *b = y;

	if (a->ms != b->ms)
		return a->ms < b->ms ? 1 : -1;
	return a->first < b->first ? -1 : 1;
}

/*
 * Set @groups to those of the program whose first item is @i, longest first, and @of[item]
 * to the first item of its group.  Return: the first item of the next program.
 */
static size_t find_groups(const struct plan *plan, size_t i, struct group *groups, size_t *nr,
			  size_t *of)
{
	const struct plan_item *items = plan->items;
	size_t start = i, g;

	for (*nr = 0; i < plan->nr && !strcmp(items[i].path, items[start].path); i++) {
		for (g = 0; g < *nr; g++)
			if (plan_same_test(&items[groups[g].first], &items[i]))
				break;
		if (g == *nr)
			groups[(*nr)++] = (struct group){ .first = i };
		groups[g].ms += items[i].ms ? items[i].ms : DEFAULT_MS;
		of[i] = groups[g].first;
	}
	qsort(groups, *nr, sizeof(*groups), longest_first);
	return i;
}

bool plan_share(struct plan *plan, const char *share)
{
	unsigned int mine, all, m, least, *owner;
	unsigned long *load, *total;	/* ms of each machine: of one program, of all */
	struct group *groups;
	size_t i, g, nr, *of;

	if (sscanf(share, "%u/%u", &mine, &all) != 2 || !mine || mine > all)
		return false;
	owner = calloc(plan->nr + 1, sizeof(*owner));
	groups = calloc(plan->nr + 1, sizeof(*groups));
	of = calloc(plan->nr + 1, sizeof(*of));
	load = calloc(all, sizeof(*load));
	total = calloc(all, sizeof(*total));
	if (!owner || !groups || !of || !load || !total)
		abort();
	for (i = 0; i < plan->nr;) {
		bool bench = plan->items[i].bench;

		i = find_groups(plan, i, groups, &nr, of);
		memset(load, 0, all * sizeof(*load));
		for (g = 0; g < nr && !bench; g++) {
			for (least = 0, m = 1; m < all; m++)
				if (load[m] < load[least] ||
				    (load[m] == load[least] && total[m] < total[least]))
					least = m;
			owner[groups[g].first] = least;
			load[least] += groups[g].ms;
			total[least] += groups[g].ms;
		}
	}
	for (i = 0; i < plan->nr; i++)
		plan->items[i].elsewhere = owner[of[i]] != mine - 1;
	free(owner);
	free(groups);
	free(of);
	free(load);
	free(total);
	return true;
}
