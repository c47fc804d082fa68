/* SPDX-License-Identifier: GPL-2.0-only */
/* Verdict and reason of a test, from its exit status and output. */
#ifndef KVMEM_VERDICT_H
#define KVMEM_VERDICT_H

#include "child.h"

struct verdict {
	const char *status;	/* VERDICT_* of util/events.h */
	char reason[512];
};

/**
 * verdict_of - judge a program that ran one test
 * @r: its exit status and output
 * @timeout: seconds, for the text
 * @v: result
 *
 * Exit codes as in kselftest: 0 pass, 1 fail, 2 expected failure, 3 unexpected
 * pass, 4 skip.  The kselftest harness exits with 0 for a skip and with 1 for a
 * test that crashed or hung; these are recognised by its output.  Any other code,
 * and a signal, is an error of the program.
 */
void verdict_of(const struct child_result *r, unsigned int timeout, struct verdict *v);

#endif /* KVMEM_VERDICT_H */
