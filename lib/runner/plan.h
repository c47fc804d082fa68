/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests and benchmarks of the installed programs. */
#ifndef KVMEM_PLAN_H
#define KVMEM_PLAN_H

#include <stdbool.h>
#include <stddef.h>

struct plan_item {
	bool bench;
	char *path;		/* program */
	char *arg;		/* name within the program: of the harness, or of the benchmark */
	char *name;		/* stable name: program.test, or the benchmark's own */
	char *behaviours;	/* "A1 A6", may be empty */
	unsigned long replicates; /* benchmark: its own limit, 0 for none */
	unsigned long ms;	/* test: declared duration, 0 for the default */
	unsigned long first;	/* benchmark: first replicate */
	bool elsewhere;		/* another machine runs it */
	bool skipped;		/* benchmark: further replicates would skip as well */
};

struct plan {
	struct plan_item *items;
	size_t nr;
};

/**
 * plan_load - list the tests of every program below @dir
 * @plan: result, tests before benchmarks, programs in alphabetical order
 * @dir: holds tests/ and bench/
 *
 * Return: false if a program failed, after printing a message.
 */
bool plan_load(struct plan *plan, const char *dir);

/**
 * plan_write - print the plan for plan_read()
 *
 * A line for each item: folder, program, name within the program, behaviours, limit of
 * replicates or duration in milliseconds; separated by tabs.
 */
void plan_write(const struct plan *plan);

/**
 * plan_read - read a plan of the same programs, written by plan_write()
 * @path: file with the output of plan_write()
 * @dir: holds tests/ and bench/
 *
 * Return: false if the file can't be read or parsed, after printing a message.
 */
bool plan_read(struct plan *plan, const char *path, const char *dir);

/**
 * plan_filter - keep the items that match
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
 * plan_share - mark the items that other machines run
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
