/* SPDX-License-Identifier: GPL-2.0-only */
/* Order statistics of a sample. */
#ifndef KVMEM_QUANTILE_H
#define KVMEM_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/** quantile_sort - ascending order, in place */
void quantile_sort(uint32_t *v, size_t n);

/**
 * quantile - order statistic of a sorted sample, the lower one between two
 * @v: sorted
 * @n: at least 1
 * @p: 0 (minimum) to 1 (maximum)
 *
 * The smallest value that at least a share @p of the sample does not exceed:
 * always a value that was measured, never a mean of two.
 */
double quantile(const uint32_t *v, size_t n, double p);

#endif /* KVMEM_QUANTILE_H */
