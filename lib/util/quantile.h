/* SPDX-License-Identifier: GPL-2.0-only */
/* Order statistics of a sample. */
#ifndef KVMEM_QUANTILE_H
#define KVMEM_QUANTILE_H

#include <stddef.h>
#include <stdint.h>

/** quantile_sort - ascending order, in place */
void quantile_sort(uint32_t *v, size_t n);

/**
 * quantile - order statistic of a sorted sample
 * @v: sorted
 * @n: at least 1
 * @p: 0 (minimum) to 1 (maximum)
 *
 * Return: the smallest value for which at least the fraction @p of the sample is
 * less or equal: always a measured value, never interpolated.
 */
double quantile(const uint32_t *v, size_t n, double p);

/**
 * quantile_drop_touched - drop samples that a timer interrupt fell into
 * @v: samples, sorted by this function
 * @n: number of samples
 * @ticks: timer interrupts during the measurement
 *
 * For instruction counts: undisturbed samples are nearly equal, and a timer
 * interrupt adds thousands of instructions.  Drops at most @ticks of the largest
 * samples, those more than TOUCHED_BY above the median.
 *
 * Return: number of samples kept, at the start of @v.
 */
size_t quantile_drop_touched(uint32_t *v, size_t n, uint64_t ticks);

#define TOUCHED_BY 1000

#endif /* KVMEM_QUANTILE_H */
