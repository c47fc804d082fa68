/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Results of a test or benchmark other than its verdict: events (util/events.h) on the
 * descriptor named by EVENTS_FD_ENV.  Without that variable (a program run by hand or
 * by kselftest's runner) they go to standard output as diagnostics.
 */
#ifndef KVMEM_RECORD_H
#define KVMEM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * record_observation - record behaviour that is not judged
 * @behaviour: ID in tests/BEHAVIOURS.md
 * @name: stable, lower case, dots and underscores
 * @fmt: the value, printf-like
 */
void record_observation(const char *behaviour, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* One benchmark figure of one fresh VM. */
struct record_figure {
	const char *name;	/* exit.mmio_read_user */
	const char *unit;	/* cycles, ns, instructions, bytes, count */
	const char *behaviour;	/* N1 ... N12, or NULL */
	bool exact;		/* instructions under deterministic counting */
	double overhead;	/* same unit: the guest's loop alone, < 0 unknown */
	double userspace;	/* same unit: userspace's side of an exit, < 0 unknown */
	long touched;		/* samples discarded because of a timer tick, < 0 unknown */
	double exits_per_op;	/* < 0: not counted */
	const char *note;	/* why the figure may be off, or NULL */
	const char *param;	/* amount of work that @name ends with ("slots"), or NULL */
	uint64_t param_value;
};

/**
 * record_samples - report the distribution of one replicate
 * @m: name, unit and details
 * @samples: one value per operation; sorted in place
 * @n: number of samples
 */
void record_samples(const struct record_figure *m, uint32_t *samples, size_t n);

/**
 * record_value - report one replicate that is a single number
 * @m: name, unit and details
 * @value: the number
 */
void record_value(const struct record_figure *m, double value);

/**
 * record_exits - record the exits of the process, to be compared with perf's count
 * @n: exits by KVM's statistics
 * @vcpus: number of vCPUs
 */
void record_exits(uint64_t n, unsigned int vcpus);

/**
 * record_file - keep a text as a file of the run's log folder
 * @name: of the file: lower case, digits, dots and underscores
 * @text: content
 *
 * Ignored in a program run by hand.
 */
void record_file(const char *name, const char *text);

#endif /* KVMEM_RECORD_H */
