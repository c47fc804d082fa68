/* SPDX-License-Identifier: GPL-2.0-only */
/* The tests and benchmarks of the installed programs. */
#ifndef KVMEM_PLAN_H
#define KVMEM_PLAN_H

#include <stdbool.h>
#include <stddef.h>

struct plan_item {
	bool bench;
	char *path;		/* program */
	char *arg;		/* name within the program: the harness's, or the benchmark's */
	char *name;		/* stable name: program.test, or the benchmark's name */
	char *behaviours;	/* "A1 A6", may be empty */
	unsigned long replicates; /* benchmark: its limit, 0 if none */
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
 * plan_load - list the tests and benchmarks of every program in a folder
 * @plan: result, tests before benchmarks, programs in alphabetical order
 * @dir: folder with tests/ and bench/
 *
 * Return: false if a program failed or there is none, after printing a message.
 */
bool plan_load(struct plan *plan, const char *dir);

/**
 * plan_write - print the plan for plan_read()
 * @plan: the plan
 *
 * A line for each item: folder, program, name within the program, behaviours, limit of
 * replicates or duration in milliseconds; separated by tabs.
 */
void plan_write(const struct plan *plan);

/**
 * plan_read - read a plan of the same programs
 * @plan: result
 * @path: file with the output of plan_write()
 * @dir: folder with tests/ and bench/
 *
 * Return: false if the file can't be read or parsed, after printing a message.
 */
bool plan_read(struct plan *plan, const char *path, const char *dir);

/**
 * plan_filter - keep the items that match
 * @plan: the plan
 * @tests: keep tests
 * @bench: keep benchmarks
 * @patterns: keep items that match one of them; all if @nr is 0
 * @nr: number of patterns
 *
 * Return: NULL, or the first pattern that matched nothing.
 */
const char *plan_filter(struct plan *plan, bool tests, bool bench, char *const *patterns,
			size_t nr);

/**
 * plan_select - keep only the items that a file lists, in its order
 * @plan: the plan
 * @path: file with lines "NAME", for a benchmark also "NAME<TAB>FIRST-REPLICATE"
 *
 * Return: false if the file can't be read or lists an item that is not in the plan,
 * after printing a message.
 */
bool plan_select(struct plan *plan, const char *path);

/**
 * plan_same_test - whether two items are variants of one test
 * @a: item
 * @b: item
 *
 * Variants are named "fixture.variant.test".  False for a test without variants.
 */
bool plan_same_test(const struct plan_item *a, const struct plan_item *b);

/**
 * plan_share - mark the items that other machines run
 * @plan: the plan
 * @share: "2/3" for the second of three machines
 *
 * Each program is shared separately, since a kernel without a feature skips whole
 * programs: each test, longest first, goes to the machine with the least load from this
 * program.  The variants of a test stay together, since the profile quick runs only one
 * of them.  The first machine runs all benchmarks, which are compared with one another.
 *
 * Return: false if @share is invalid.
 */
bool plan_share(struct plan *plan, const char *share);

/**
 * plan_matches - whether a pattern matches a name
 * @pattern: glob for the whole name, or a part of the name
 * @name: name of an item
 */
bool plan_matches(const char *pattern, const char *name);

#endif /* KVMEM_PLAN_H */
