/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perf's view of the benchmarks, beside their own: each once more, under
 * "perf stat -e 'kvm:*'" and under "perf kvm stat".  Apart from the measurement,
 * since a tracepoint that is on makes an exit dearer.
 */
#ifndef KVMEM_RUNNER_PERF_H
#define KVMEM_RUNNER_PERF_H

#include <stdbool.h>

#include "plan.h"

/**
 * perf_open - get ready, and find out whether perf may count KVM's tracepoints
 * @dir: folder for what it writes; made when it is not there
 *
 * Return: false when it can't; a message was printed.
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
 * nothing, and one whose vCPUs are other programs' has no line.
 */
void perf_item(const struct plan_item *it, unsigned int timeout);

/** perf_close - say for how many benchmarks the counts agree, and name the others */
void perf_close(void);

#endif /* KVMEM_RUNNER_PERF_H */
