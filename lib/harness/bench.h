/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A benchmark program is a table of named measurements.  One process runs one
 * of them once, in a fresh VM: that is one replicate.
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
	unsigned int replicates; /* at most so many, 0 for no limit of its own */
	/* Parameters of b->run, for benchmarks that share one. */
	struct mbox_op op;
	uint64_t param;
};

/**
 * bench_main - main() of a benchmark program
 *
 * "--list" lists, "--run NAME [--replicate N]" runs one, no argument runs all.
 * Exit codes as in kselftest.
 */
int bench_main(int argc, char **argv, const struct bench *table, size_t n);

/** bench_unit - unit of guest time stamps: "cycles", or "instructions" when exact */
const char *bench_unit(void);

/** bench_exact - whether time stamps count instructions (KVMEM_EXACT) */
bool bench_exact(void);

/** bench_samples - guest-visible buffer for @n samples; gets a slot of its own */
uint32_t *bench_samples(struct vcpu *v, size_t n, uint64_t *gpa);

/**
 * bench_op - time every repetition of one guest operation
 * @b: for name and behaviours
 * @suffix: appended to the name, or NULL
 * @v: vCPU, warmed up by the caller if that matters
 * @op: operation; count says how many repetitions
 *
 * Records the distribution, KVM's exits per operation, and beside it what the
 * engine itself costs (the same with no instruction at all).
 */
void bench_op(const struct bench *b, const char *suffix, struct vcpu *v,
	      struct mbox_op op);

/**
 * bench_host - time operations of userspace, one by one
 * @b: for name and behaviours
 * @suffix: appended to the name, or NULL
 * @n: how many
 * @prepare: makes things ready for the @i-th, not timed; may be NULL
 * @op: the operation
 * @arg: for both
 */
void bench_host(const struct bench *b, const char *suffix, uint32_t n,
		void (*prepare)(void *arg, uint32_t i),
		void (*op)(void *arg, uint32_t i), void *arg);

/**
 * bench_param - parameter of the measurements that follow
 * @name: what the benchmark's name ends with: "slots" of slot.create.slots_100
 * @value: amount of work
 *
 * The report fits a curve to the measurements that differ in it only.
 */
void bench_param(const char *name, uint64_t value);

/** bench_exits - exits of the vCPU so far, without those for host interrupts */
uint64_t bench_exits(struct vcpu *v);

/**
 * bench_value - record a single number
 * @unit: figures in cycles, instructions or ns carry a note of disturbances
 */
void bench_value(const struct bench *b, const char *suffix, const char *unit,
		 double value);

#endif /* KVMEM_BENCH_H */
