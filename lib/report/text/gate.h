/* SPDX-License-Identifier: GPL-2.0-only */
/* Text report: verdict of the gate on two runs. */
#ifndef KVMEM_REPORT_GATE_H
#define KVMEM_REPORT_GATE_H

#include <stdio.h>

#include "report/gate/judge.h"

/**
 * gate_print - regressions, undecided measurements, and the verdict
 * @runs: both
 * @verbose: also what did not change
 */
void gate_print(FILE *f, struct run *runs, const struct judgement *j, bool verbose);

/** gate_verdict - the last line of it, to free() */
char *gate_verdict(const struct judgement *j);

#endif /* KVMEM_REPORT_GATE_H */
