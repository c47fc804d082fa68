/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test or benchmark reports besides its verdict: one JSON object per
 * line on the descriptor named by KVMEM_RECORD.  Without it (a program run by
 * hand or by kselftest's own runner) the same goes to standard output as
 * diagnostics.
 */
#ifndef KVMEM_RECORD_H
#define KVMEM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * record_observation - a characterisation: what this kernel does (CH)
 * @behaviour: ID in BEHAVIOURS.md
 * @name: stable, lower case, dots and underscores
 * @fmt: the value, printf-like
 */
void record_observation(const char *behaviour, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* One benchmark figure of one fresh VM. */
struct measurement {
	const char *name;	/* exit.mmio_read_user */
	const char *unit;	/* cycles, ns, instructions, bytes, count */
	const char *behaviour;	/* N1 ... N12, or NULL */
	bool exact;		/* instructions under deterministic counting */
	double overhead;	/* same unit: the guest's loop alone, < 0 unknown */
	double userspace;	/* same unit: userspace's side of an exit, < 0 unknown */
	long touched;		/* samples left out: a timer tick fell into them; < 0 unknown */
	double exits_per_op;	/* < 0: not counted */
	const char *note;	/* why the figure may be off, or NULL */
	const char *param;	/* amount of work that @name ends with ("slots"), or NULL */
	uint64_t param_value;
};

/**
 * record_samples - report the distribution of one replicate
 * @m: what was measured
 * @samples: one value per operation; sorted in place
 * @n: how many
 */
void record_samples(const struct measurement *m, uint32_t *samples, size_t n);

/**
 * record_value - report one replicate that is a single number
 * @m: what was measured
 * @value: the number
 */
void record_value(const struct measurement *m, double value);

/**
 * record_exits - how many exits the process has had, for perf's count beside it
 * @n: by KVM's statistics
 * @vcpus: how many vCPUs they are of
 */
void record_exits(uint64_t n, unsigned int vcpus);

/**
 * record_file - keep a text as a file of the run's log folder
 * @name: of the file: lower case, digits, dots and underscores
 * @text: content
 *
 * A program run by hand keeps nothing.
 */
void record_file(const char *name, const char *text);

#endif /* KVMEM_RECORD_H */
