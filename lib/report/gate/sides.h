/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether the figures of two runs come from the same kind of machine. */
#ifndef KVMEM_REPORT_SIDES_H
#define KVMEM_REPORT_SIDES_H

#include "report/data/run.h"
#include "report/gate/rules.h"

struct sides {
	struct strlist reasons;	/* why the figures cannot be compared */
	struct strlist notes;	/* other differences */
};

/**
 * sides_compare - find differences, besides the kernel, that costs depend on
 * @s: result
 * @rules: a difference that they accept becomes a note
 *
 * A property that only one run has is a difference.
 */
void sides_compare(struct sides *s, const struct run *a, const struct run *b,
		   const struct rules *rules);
void sides_free(struct sides *s);

#endif /* KVMEM_REPORT_SIDES_H */
