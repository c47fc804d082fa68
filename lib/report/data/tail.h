/* SPDX-License-Identifier: GPL-2.0-only */
/* The end of a test's output, quoted in reports; log/ has all of it. */
#ifndef KVMEM_REPORT_TAIL_H
#define KVMEM_REPORT_TAIL_H

#include <stdbool.h>
#include <stddef.h>

/* The limit of KCIDB for a log excerpt. */
#define TAIL_SIZE 16384

struct tail {
	char *buf;
	size_t len;
	bool cut;	/* the beginning was dropped */
};

void tail_add(struct tail *t, const char *s, size_t len);
void tail_free(struct tail *t);

/**
 * tail_text - the last TAIL_SIZE bytes or less, from the beginning of a line
 * @t: output
 * @max_lines: maximum number of lines, 0 for all
 * @len: length of the result
 * @cut: whether there is more than what is returned
 */
const char *tail_text(const struct tail *t, size_t max_lines, size_t *len, bool *cut);

#endif /* KVMEM_REPORT_TAIL_H */
