/* SPDX-License-Identifier: GPL-2.0-only */
/* Allocations that end the program when memory is short, lists of strings, messages. */
#ifndef KVMEM_REPORT_UTIL_H
#define KVMEM_REPORT_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/util.h"

/* Exit codes, the same as those of run.sh. */
enum exit_code {
	EXIT_PASSED = 0,	/* something passed, nothing failed */
	EXIT_FAILED = 1,
	EXIT_BROKEN = 2,	/* wrong use, or a result that is not reliable */
	EXIT_NOTHING = 4,	/* nothing could run */
};

struct strlist {
	char **v;
	size_t n;
};

void *xrealloc(void *p, size_t size);
void *xcalloc(size_t n, size_t size);
char *xstrdup(const char *s);
char *xprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** xmemstream - open_memstream() that ends the program when memory is short */
FILE *xmemstream(char **text, size_t *len);
/** xmemclose - close such a stream, with the same check */
void xmemclose(FILE *f);

void strlist_add(struct strlist *l, const char *s);
/** strlist_add_new - add a string that is not in the list yet */
void strlist_add_new(struct strlist *l, const char *s);
void strlist_free(struct strlist *l);

/** complain - one line on standard error, after the program's name */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** now_ms - CLOCK_MONOTONIC in milliseconds */
uint64_t now_ms(void);

#endif /* KVMEM_REPORT_UTIL_H */
