/* SPDX-License-Identifier: GPL-2.0-only */
/* What there is to run: the tests and benchmarks of the installed programs. */
#ifndef KVMEM_PLAN_H
#define KVMEM_PLAN_H

#include <stdbool.h>
#include <stddef.h>

struct plan_item {
	bool bench;
	char *path;		/* program */
	char *arg;		/* what the program calls it: harness name, or benchmark */
	char *name;		/* stable name: program.test, or the benchmark's own */
	char *behaviours;	/* "A1 A6", may be empty */
	unsigned long replicates; /* benchmark: its own limit, 0 for none */
	unsigned long ms;	/* test: what it says it takes, 0 for what is usual */
	unsigned long first;	/* benchmark: replicate to begin with */
	bool elsewhere;		/* another machine runs it */
	bool skipped;		/* benchmark: further replicates would skip as well */
};

struct plan {
	struct plan_item *items;
	size_t nr;
};

/**
 * plan_load - ask every program below @dir for its tests
 * @plan: result, tests before benchmarks, programs in alphabetical order
 * @dir: holds tests/ and bench/
 *
 * Return: false when a program could not be asked; a message was printed.
 */
bool plan_load(struct plan *plan, const char *dir);

/**
 * plan_write - print the plan for a plan_read() elsewhere
 *
 * A line for each item: kind, folder/program, what the program calls it,
 * behaviours, its own limit of replicates or the milliseconds it takes.
 */
void plan_write(const struct plan *plan);

/**
 * plan_read - what plan_load() found out elsewhere, about the same programs
 * @path: what plan_write() has printed
 * @dir: holds tests/ and bench/
 *
 * Return: false when the file can't be read or has another form; a message was
 * printed.
 */
bool plan_read(struct plan *plan, const char *path, const char *dir);

/**
 * plan_filter - keep what the user asked for
 * @tests: keep tests
 * @bench: keep benchmarks
 * @patterns: keep items that match one of them; all when @nr is 0
 *
 * A pattern matches when it is a glob for the whole name or a part of the name.
 *
 * Return: NULL, or the first pattern that matched nothing.
 */
const char *plan_filter(struct plan *plan, bool tests, bool bench, char *const *patterns,
			size_t nr);

/**
 * plan_select - keep the items that a file names, exactly
 * @path: lines "NAME", of benchmarks also "NAME<TAB>FIRST-REPLICATE"
 *
 * Return: false when the file can't be read or names something that is not in
 * the plan; a message was printed.
 */
bool plan_select(struct plan *plan, const char *path);

/**
 * plan_same_test - whether two items are one test, in two variants
 *
 * A harness' test is called "fixture.variant.test"; one without variants is only
 * the same as itself.
 */
bool plan_same_test(const struct plan_item *a, const struct plan_item *b);

/**
 * plan_share - leave to other machines what is theirs
 * @share: "2/3" for the second of three
 *
 * The tests of each program are dealt out, longest first, to the machine that has
 * least to do of that program: a kernel without a feature skips whole programs, and
 * what is left is to be even as well.  The variants of a test stay together, since
 * a shorter profile runs one of them.  All benchmarks are the first machine's: they
 * are compared with one another.
 *
 * Return: false when @share is no such thing.
 */
bool plan_share(struct plan *plan, const char *share);

/** plan_matches - whether a pattern matches a name */
bool plan_matches(const char *pattern, const char *name);

#endif /* KVMEM_PLAN_H */
