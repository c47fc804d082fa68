/* SPDX-License-Identifier: GPL-2.0-only */
/* Two runs to be compared: do their figures come from the same kind of machine? */
#ifndef KVMEM_REPORT_SIDES_H
#define KVMEM_REPORT_SIDES_H

#include "report/data/run.h"
#include "report/gate/rules.h"

struct sides {
	struct strlist reasons;	/* why figures of the two say nothing about each other */
	struct strlist notes;	/* what the reader should know */
};

/**
 * sides_compare - look for what costs depend on besides the kernel
 * @s: result
 * @rules: a difference they accept is only a note
 *
 * What is not known of one side only is a difference.
 */
void sides_compare(struct sides *s, const struct run *a, const struct run *b,
		   const struct rules *rules);
void sides_free(struct sides *s);

#endif /* KVMEM_REPORT_SIDES_H */
