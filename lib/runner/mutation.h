/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mutation testing: the seeded bugs (mutants) of a kernel are enabled one at a time
 * (kvm.mutant=N, see configs/kernels/mutants/), and the tests run until one fails that
 * passes without the mutant.
 */
#ifndef KVMEM_MUTATION_H
#define KVMEM_MUTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"
#include "verdict.h"

struct mutation;

/* The random test, which is scored separately from the behaviour tests. */
#define MUTATION_RANDOM "model_random"

/**
 * mutation_load - read the table of mutants
 * @table: file
 * @tests: plan with the tests to run; its benchmarks are ignored
 * @doubtful: globs of tests to ignore, which this kernel fails without a mutant,
 *	always or sometimes
 * @nr: number of globs
 *
 * Sets kvm.mutant to 0.
 *
 * Return: NULL if the file can't be read or the kernel has no kvm.mutant, after
 * printing a message.
 */
struct mutation *mutation_load(const char *table, const struct plan *tests,
			       const char *const *doubtful, size_t nr);

/**
 * mutation_plan - list the mutants as items "mutation.TOPIC.NAME"
 * @m: state
 * @plan: result
 */
void mutation_plan(const struct mutation *m, struct plan *plan);

/**
 * mutation_run - search for a test that detects one mutant
 * @m: state
 * @name: name of the item
 * @timeout: seconds for a single test
 * @print: called with lines of progress
 * @by_random: set to whether the random test detects it
 * @v: pass: a behaviour test failed with the mutant and passed without it, twice, or
 *	failed with it and crashes since then;
 *	fail: none did; skip: no test in the table's programs did, and the table has
 *	a reason why none can
 */
void mutation_run(struct mutation *m, const char *name, unsigned int timeout,
		  void (*print)(const char *text, size_t len), bool *by_random, struct verdict *v);

/**
 * mutation_damaged - whether the programs were overwritten, or crash without a mutant
 *
 * More results of this machine mean nothing then.
 */
bool mutation_damaged(const struct mutation *m);

#endif /* KVMEM_MUTATION_H */
