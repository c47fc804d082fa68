/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Testing the tests: a kernel that has seeded bugs (kvm.mutant=N, see
 * configs/kernels/mutants/) is made to have one after the other, and for each
 * the tests run until one fails that passes without the bug.
 */
#ifndef KVMEM_MUTATION_H
#define KVMEM_MUTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"
#include "verdict.h"

struct mutation;

/* The program whose verdict is a score of its own, and not a behaviour test's. */
#define MUTATION_RANDOM "model_random"

/**
 * mutation_load - read the table of mutants
 * @table: file
 * @tests: what there is to find them with
 * @doubtful: globs of tests that do not count, since this kernel has a bug of its
 *	own that fails them, sometimes or always
 * @nr: how many
 *
 * Return: NULL when the file can't be read or the kernel has no kvm.mutant; a
 * message was printed.
 */
struct mutation *mutation_load(const char *table, const struct plan *tests,
			       const char *const *doubtful, size_t nr);

/** mutation_plan - the mutants as items "mutation.TOPIC.NAME" */
void mutation_plan(const struct mutation *m, struct plan *plan);

/**
 * mutation_run - look for a test that finds one mutant
 * @m: state
 * @name: of the item
 * @timeout: seconds for a single test
 * @say: called with lines about how it goes
 * @by_random: set to whether the random test finds it too
 * @v: pass: a behaviour test failed under the mutant and passed without it,
 *	twice; fail: none did; skip: none of the programs that the table
 *	names for it did, and the table says why none could
 */
void mutation_run(struct mutation *m, const char *name, unsigned int timeout,
		  void (*say)(const char *text, size_t len), bool *by_random, struct verdict *v);

#endif /* KVMEM_MUTATION_H */
