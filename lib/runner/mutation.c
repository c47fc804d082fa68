// SPDX-License-Identifier: GPL-2.0-only
#include "mutation.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/events.h"

#define SWITCH "/sys/module/kvm/parameters/mutant"

struct mutant {
	unsigned int number;
	char *name;		/* of the item */
	char *tests;		/* programs to run first */
	char *behaviours;
	char *unobservable;	/* why no test can detect it, or "-" */
};

/* Whether a test passes without a mutant, from its first run in this boot. */
enum sound { SOUND_UNKNOWN, SOUND_YES, SOUND_NO };

struct mutation {
	struct mutant *mutants;
	size_t nr;
	struct plan tests;
	enum sound *sound;	/* of each test */
	uint64_t programs;	/* programs_sum() before the first mutant */
	bool damaged;
};

/* --- the table ------------------------------------------------------------------ */

static bool add_line(struct mutation *m, char *line)
{
	enum { NUMBER, NAME, TOPIC, TESTS, BEHAVIOURS, BUG, STANDS_FOR, UNOBSERVABLE, FIELDS };
	char *field[FIELDS], *save = NULL;
	struct mutant *x;
	int i;

	for (i = 0; i < FIELDS; i++) {
		field[i] = strtok_r(i ? NULL : line, "\t", &save);
		if (!field[i])
			return false;
	}
	m->mutants = realloc(m->mutants, (m->nr + 1) * sizeof(*m->mutants));
	if (!m->mutants)
		abort();
	x = &m->mutants[m->nr++];
	x->number = (unsigned int)strtoul(field[NUMBER], NULL, 10);
	x->tests = strdup(field[TESTS]);
	x->behaviours = strdup(field[BEHAVIOURS]);
	x->unobservable = strdup(field[UNOBSERVABLE]);
	if (asprintf(&x->name, "mutation.%s.%s", field[TOPIC], field[NAME]) < 0)
		abort();
	return x->number;
}

static bool read_table(struct mutation *m, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[1024];
	bool ok = true;

	if (!f) {
		fprintf(stderr, "kvmem-run: %s: %s\n", path, strerror(errno));
		return false;
	}
	while (ok && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			ok = add_line(m, line);
	}
	fclose(f);
	if (!ok)
		fprintf(stderr, "kvmem-run: %s: a line with missing fields: %s\n", path, line);
	return ok;
}

/* --- the kernel ------------------------------------------------------------------- */

static bool select_mutant(unsigned int number)
{
	FILE *f = fopen(SWITCH, "we");
	bool ok = f && fprintf(f, "%u\n", number) > 0;

	if (f && fclose(f))
		ok = false;
	return ok;
}

/* A sum of the memory of all programs, which are executed from the page cache. */
static uint64_t programs_sum(const struct mutation *m)
{
	static uint64_t words[8192];
	uint64_t sum = 0;
	size_t i, k;
	ssize_t n;
	int fd;

	for (i = 0; i < m->tests.nr; i++) {
		if (i && !strcmp(m->tests.items[i].path, m->tests.items[i - 1].path))
			continue;
		fd = open(m->tests.items[i].path, O_RDONLY | O_CLOEXEC);
		while ((n = read(fd, words, sizeof(words))) > 0)
			for (k = 0; k < (size_t)n / sizeof(*words); k++)
				sum = (sum << 1 | sum >> 63) + words[k];
		close(fd);
	}
	return sum;
}

struct mutation *mutation_load(const char *table, const struct plan *tests,
			       const char *const *doubtful, size_t nr)
{
	struct mutation *m = calloc(1, sizeof(*m));
	size_t i, k;

	if (!m)
		abort();
	for (i = 0; i < tests->nr; i++) {
		if (tests->items[i].bench)
			continue;
		m->tests.items = realloc(m->tests.items,
					 (m->tests.nr + 1) * sizeof(*m->tests.items));
		if (!m->tests.items)
			abort();
		m->tests.items[m->tests.nr++] = tests->items[i];
	}
	m->sound = calloc(m->tests.nr, sizeof(*m->sound));
	if (!m->sound)
		abort();
	for (i = 0; i < m->tests.nr; i++)
		for (k = 0; k < nr; k++)
			if (!fnmatch(doubtful[k], m->tests.items[i].name, 0))
				m->sound[i] = SOUND_NO;
	if (!read_table(m, table))
		return NULL;
	if (!select_mutant(0)) {
		fprintf(stderr, "kvmem-run: this kernel has no seeded bugs: %s: %s\n", SWITCH,
			strerror(errno));
		return NULL;
	}
	m->programs = programs_sum(m);
	return m;
}

void mutation_plan(const struct mutation *m, struct plan *plan)
{
	size_t i;

	plan->items = calloc(m->nr, sizeof(*plan->items));
	if (!plan->items)
		abort();
	for (plan->nr = i = 0; i < m->nr; i++)
		plan->items[plan->nr++] = (struct plan_item){
			.name = m->mutants[i].name, .behaviours = m->mutants[i].behaviours,
		};
}

/* --- one mutant ------------------------------------------------------------------ */

static bool of_program(const struct plan_item *it, const char *program, size_t len)
{
	return !strncmp(it->name, program, len) && it->name[len] == '.';
}

/* Whether the test belongs neither to a program in the table nor to the random test. */
static bool is_other(const struct mutant *x, const struct plan_item *it)
{
	const char *p = x->tests;
	size_t len;

	for (; *p; p += len + (p[len] == ' ')) {
		len = strcspn(p, " ");
		if (of_program(it, p, len))
			return false;
	}
	return !of_program(it, MUTATION_RANDOM, strlen(MUTATION_RANDOM));
}

static bool run_test(const struct plan_item *it, unsigned int number, unsigned int timeout,
		     struct verdict *v)
{
	struct child_result r;

	select_mutant(number);
	child_test(it->path, it->arg, timeout + 5, NULL, NULL, &r);
	select_mutant(0);
	/* The program has cached the features that the mutant disabled. */
	if (number)
		child_forget();
	verdict_of(&r, timeout, v);
	child_free(&r);
	return !strcmp(v->status, VERDICT_PASS);
}

/* Only a test that passes without a mutant can detect one. */
static bool is_sound(struct mutation *m, size_t test, unsigned int timeout)
{
	struct verdict v;

	if (m->sound[test] == SOUND_UNKNOWN)
		m->sound[test] = run_test(&m->tests.items[test], 0, timeout, &v) ? SOUND_YES :
										   SOUND_NO;
	return m->sound[test] == SOUND_YES;
}

/*
 * Whether one test detects the mutant: it passes without it, fails with it, passes again
 * without it, and fails again with it.  Otherwise a flaky test would detect many.
 */
static bool detects(struct mutation *m, const struct mutant *x, size_t test, unsigned int timeout,
		    void (*print)(const char *text, size_t len), struct verdict *v)
{
	const struct plan_item *it = &m->tests.items[test];
	struct verdict again;
	char text[1024];
	int n;

	if (!is_sound(m, test, timeout) || run_test(it, x->number, timeout, v))
		return false;
	/* The mutant disabled a feature that the test needs. */
	if (!strcmp(v->status, VERDICT_SKIP))
		return false;
	if (!run_test(it, 0, timeout, &again)) {
		/* The mutant has a lasting effect, or the test is flaky. */
		n = snprintf(text, sizeof(text), "%s now also fails without the mutant: %s\n",
			     it->name, again.reason);
		print(text, (size_t)n);
		m->sound[test] = SOUND_NO;
		/* A guest has written to memory that the host gave to others. */
		m->damaged = !strcmp(again.status, VERDICT_ERROR);
		return m->damaged;
	}
	if (run_test(it, x->number, timeout, &again)) {
		n = snprintf(text, sizeof(text), "%s failed with the mutant only once: %s\n",
			     it->name, v->reason);
		print(text, (size_t)n);
		return false;
	}
	n = snprintf(text, sizeof(text), "%s: %s: %s\n", it->name, v->status, v->reason);
	print(text, (size_t)n);
	return true;
}

/*
 * Find the first test that detects the mutant, among those of @program or, if it is NULL,
 * of the programs that are not in the table.  Return: false if none does.
 */
static bool search(struct mutation *m, const struct mutant *x, const char *program, size_t len,
		   unsigned int timeout, void (*print)(const char *text, size_t len),
		   struct verdict *v)
{
	struct verdict found;
	size_t i, tried = 0;
	int n;

	for (i = 0; i < m->tests.nr; i++) {
		const struct plan_item *it = &m->tests.items[i];

		if (program ? !of_program(it, program, len) : !is_other(x, it))
			continue;
		/* The host takes a long silence for a hang. */
		if (tried++ % 40 == 39)
			print("still searching\n", 16);
		if (!detects(m, x, i, timeout, print, &found))
			continue;
		v->status = VERDICT_PASS;
		n = snprintf(v->reason, sizeof(v->reason), "%s: ", it->name);
		snprintf(v->reason + n, sizeof(v->reason) - (size_t)n, "%.300s", found.reason);
		return true;
	}
	return false;
}

void mutation_run(struct mutation *m, const char *name, unsigned int timeout,
		  void (*print)(const char *text, size_t len), bool *by_random, struct verdict *v)
{
	const struct mutant *x = m->mutants;
	struct verdict random;
	bool found = false, undetectable;
	const char *p;
	size_t len;

	while (strcmp(x->name, name))
		x++;
	for (p = x->tests; *p && !found; p += len + (p[len] == ' ')) {
		len = strcspn(p, " ");
		found = search(m, x, p, len, timeout, print, v);
	}
	/* The other programs take minutes: omit them if no test can detect the mutant. */
	undetectable = strcmp(x->unobservable, "-");
	if (!found && (undetectable || !search(m, x, NULL, 0, timeout, print, v))) {
		v->status = undetectable ? VERDICT_SKIP : VERDICT_FAIL;
		snprintf(v->reason, sizeof(v->reason), "%s",
			 undetectable ? x->unobservable : "no behaviour test detects it");
	}
	*by_random = !m->damaged && search(m, x, MUTATION_RANDOM, strlen(MUTATION_RANDOM), timeout, print, &random);
}

bool mutation_damaged(const struct mutation *m)
{
	return m->damaged || programs_sum(m) != m->programs;
}
