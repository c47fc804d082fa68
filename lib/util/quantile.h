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

/**
 * quantile_drop_touched - leave out samples that a timer tick fell into
 * @v: samples, sorted by this
 * @n: how many
 * @ticks: timer interrupts while they were taken
 *
 * Where instructions are counted, an undisturbed sample costs what its
 * neighbours cost, and a tick adds thousands.  So the largest samples go, as
 * many as there were ticks at most, while they are TOUCHED_BY above the median.
 *
 * Return: how many samples stay, at the begin of @v.
 */
size_t quantile_drop_touched(uint32_t *v, size_t n, uint64_t ticks);

#define TOUCHED_BY 1000

#endif /* KVMEM_QUANTILE_H */
