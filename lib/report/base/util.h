/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that is there or ends the program, lists of strings, messages. */
#ifndef KVMEM_REPORT_UTIL_H
#define KVMEM_REPORT_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/util.h"

/* What the program returns: the same numbers as run.sh. */
enum exit_code {
	EXIT_PASSED = 0,	/* all that ran passed, and something ran */
	EXIT_FAILED = 1,
	EXIT_BROKEN = 2,	/* wrong use, or nothing reliable can be said */
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

void strlist_add(struct strlist *l, const char *s);
/** strlist_add_new - add unless it is in the list already */
void strlist_add_new(struct strlist *l, const char *s);
void strlist_free(struct strlist *l);

/** complain - one line on standard error, with the program's name in front */
void complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** now_ms - milliseconds on a clock that nobody sets */
uint64_t now_ms(void);

#endif /* KVMEM_REPORT_UTIL_H */
