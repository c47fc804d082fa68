/* SPDX-License-Identifier: GPL-2.0-only */
/* Which build of the benchmarks this is. */
#ifndef KVMEM_RUNNER_SUITE_H
#define KVMEM_RUNNER_SUITE_H

#include <stddef.h>

#include "plan.h"

/**
 * suite_id - a number for the code of all benchmark programs in a plan
 * @plan: the plan
 * @hex: result, "" when it has no benchmark
 * @size: of @hex, 17 at least
 *
 * It covers what is executed and what is read, not where it was built: where
 * instructions are counted, runs can be compared if and only if it is equal.
 */
void suite_id(const struct plan *plan, char *hex, size_t size);

#endif /* KVMEM_RUNNER_SUITE_H */
