/* SPDX-License-Identifier: GPL-2.0-only */
/* Identifies the build of the benchmarks. */
#ifndef KVMEM_RUNNER_SUITE_H
#define KVMEM_RUNNER_SUITE_H

#include <stddef.h>

#include "plan.h"

/**
 * suite_id - hash of the code of all benchmark programs in a plan
 * @plan: the plan
 * @hex: result, "" when it has no benchmark
 * @size: of @hex, 17 at least
 *
 * Covers code and read-only data, but not the build folder.  Exact (instruction) counts
 * of two runs are comparable if and only if their hashes are equal.
 */
void suite_id(const struct plan *plan, char *hex, size_t size);

#endif /* KVMEM_RUNNER_SUITE_H */
