/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Run each benchmark again under "perf stat -e 'kvm:*'" and "perf kvm stat".  These
 * are separate runs, since an enabled tracepoint makes an exit more expensive.
 */
#ifndef KVMEM_RUNNER_PERF_H
#define KVMEM_RUNNER_PERF_H

#include <stdbool.h>

#include "plan.h"

/**
 * perf_open - check that perf can count KVM's tracepoints, create the folder
 * @dir: folder for the output; created if missing
 *
 * Return: false on failure, after printing a message.
 */
bool perf_open(const char *dir);

/**
 * perf_item - run one benchmark under perf
 * @it: benchmark
 * @timeout: seconds
 *
 * Writes to the folder NAME.stat (perf stat's count of each tracepoint), NAME.kvm (perf
 * kvm stat's table of exits and their times) and a line of exits.tsv: the exits that perf
 * stat counted (kvm:kvm_exit) and those that perf kvm stat counted (plus the last one of
 * each vCPU), each followed by the count of KVM's statistics (KVM_GET_STATS_FD) for the
 * same process.  A skipped benchmark has no files, and one whose vCPUs belong to other
 * processes has no line.
 */
void perf_item(const struct plan_item *it, unsigned int timeout);

/** perf_close - print for how many benchmarks the counts agree */
void perf_close(void);

#endif /* KVMEM_RUNNER_PERF_H */
