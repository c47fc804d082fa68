/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A benchmark program is a table of named measurements.  A replicate is one run
 * of one of them in its own process and a fresh VM.
 */
#ifndef KVMEM_BENCH_H
#define KVMEM_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest_code/mailbox.h"
#include "harness/record.h"

struct vcpu;
struct kexit;

struct bench {
	const char *name;
	const char *behaviours;
	void (*run)(const struct bench *b);
	unsigned int replicates; /* upper limit of replicates, 0 for none */
	/* Parameters of b->run, for benchmarks that share one. */
	struct mbox_op op;
	uint64_t param;
};

/**
 * bench_main - main() of a benchmark program
 *
 * "--list" prints names, behaviours and replicates, "--run NAME [--replicate N]"
 * runs one benchmark, no argument runs all.  Exit codes as in kselftest.
 */
int bench_main(int argc, char **argv, const struct bench *table, size_t n);

/** bench_unit - unit of guest time stamps: "cycles", or "instructions" when exact */
const char *bench_unit(void);

/** bench_exact - whether time stamps count instructions (KVMEM_EXACT) */
bool bench_exact(void);

/** bench_samples - allocate a guest-visible buffer for @n samples in a separate slot */
uint32_t *bench_samples(struct vcpu *v, size_t n, uint64_t *gpa);

/**
 * bench_op - time every repetition of one guest operation
 * @b: provides name and behaviours
 * @suffix: appended to the name, or NULL
 * @v: vCPU, warmed up by the caller if that matters
 * @op: operation; op.count is the number of repetitions
 *
 * Records the distribution, exits per operation, and the overhead of the payload
 * (the median of the same number of OP_NOP).
 */
void bench_op(const struct bench *b, const char *suffix, struct vcpu *v,
	      struct mbox_op op);

/**
 * bench_host - time each of @n operations of userspace
 * @b: provides name and behaviours
 * @suffix: appended to the name, or NULL
 * @n: number of operations
 * @prepare: called before operation @i, not timed; may be NULL
 * @op: the operation
 * @arg: passed to both
 */
void bench_host(const struct bench *b, const char *suffix, uint32_t n,
		void (*prepare)(void *arg, uint32_t i),
		void (*op)(void *arg, uint32_t i), void *arg);

/**
 * bench_param - set the parameter of the measurements that follow
 * @name: end of the benchmark's name: "slots" of slot.create.slots_100
 * @value: amount of work
 *
 * The report fits a curve to measurements that differ only in it.
 */
void bench_param(const char *name, uint64_t value);

/** bench_exits - exits of the vCPU so far, without those caused by host interrupts */
uint64_t bench_exits(struct vcpu *v);

/**
 * bench_value - record a single number
 * @unit: values in cycles, instructions or ns get a note about disturbances
 */
void bench_value(const struct bench *b, const char *suffix, const char *unit,
		 double value);

#endif /* KVMEM_BENCH_H */
