/* SPDX-License-Identifier: GPL-2.0-only */
/* The statuses of a test, and how each is written in every output. */
#ifndef KVMEM_REPORT_STATUS_H
#define KVMEM_REPORT_STATUS_H

#include <stdbool.h>

#include "report/base/util.h"

/* Ordered by weight: the heaviest of several replicates counts. */
enum status { ST_PASS, ST_SKIP, ST_XFAIL, ST_FAIL, ST_TIMEOUT, ST_ERROR, ST_COUNT };

/* The words for one status.  NULL: the format has no word for it. */
struct status_words {
	const char *name;	/* results.json, event stream, logs, GitHub, text tables */
	const char *line;	/* result line while the run is in progress */
	const char *counted;	/* "3 passed" */
	const char *ktap;	/* directive */
	const char *junit;	/* element inside of <testcase> */
	const char *lava;	/* --result */
	const char *kcidb;	/* status */
	const char *page;	/* HTML page */
	const char *css;	/* class of the HTML page */
};

/* The entry ST_COUNT is for a test without a result. */
extern const struct status_words status_words[ST_COUNT + 1];

/** status_name - as in results.json; "-" for ST_COUNT */
static inline const char *status_name(enum status s)
{
	return status_words[s].name;
}

/** status_parse - the status with this name, ST_COUNT when there is none */
enum status status_parse(const char *name);

/** status_is_bad - whether the status is a failure that is not a known issue */
static inline bool status_is_bad(enum status s)
{
	return s >= ST_FAIL && s < ST_COUNT;
}

/* The words for the verdict on a whole run. */
struct verdict_words {
	const char *name;	/* text, GitHub, HTML page */
	const char *lava;
	const char *css;
};

/** verdict_words - words for an exit code of run_verdict() */
const struct verdict_words *verdict_words(enum exit_code code);

#endif /* KVMEM_REPORT_STATUS_H */
