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
 * Leaves in the folder NAME.stat (perf stat's count of each tracepoint),
 * NAME.kvm (perf kvm stat's table of exits and their times) and a line of
 * exits.tsv: how many exits perf stat (kvm:kvm_exit) counted, then perf kvm stat
 * (and the last one of each vCPU), each with the count of KVM's own statistics
 * (KVM_GET_STATS_FD) for the same process.  A benchmark that is skipped leaves
 * nothing, and one whose vCPUs belong to other programs has no line.
 */
void perf_item(const struct plan_item *it, unsigned int timeout);

/** perf_close - print for how many benchmarks the counts agree */
void perf_close(void);

#endif /* KVMEM_RUNNER_PERF_H */
