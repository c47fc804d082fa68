/* SPDX-License-Identifier: GPL-2.0-only */
/* Known issues: listed failures that are bugs of the kernel under test. */
#ifndef KVMEM_REPORT_KNOWN_H
#define KVMEM_REPORT_KNOWN_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct known_issue {
	char *glob;		/* of test names */
	char *range;		/* of kernel versions */
	char *backend;
	char *reason, *link;
	bool has_regex;
	regex_t regex;		/* which failure, when a test has several */
	unsigned int excused;	/* failures it explained in this run */
};

struct known {
	struct known_issue *v;
	size_t n;
};

/* The properties of a run that a known issue can depend on. */
struct known_place {
	const char *release, *backend;
};

/**
 * known_load - read a file of known issues
 * @k: result
 * @f: the file
 * @path: its name, for messages
 *
 * The format is described in configs/known_issues.
 *
 * Return: false on the first line with an error, after a message.
 */
bool known_load(struct known *k, FILE *f, const char *path);

/** known_read - the same by name; NULL is an empty list */
bool known_read(struct known *known, const char *path);
void known_free(struct known *k);

/**
 * known_excuse - find the entry that explains a failure, and count its use
 * @k: NULL is an empty list
 */
const struct known_issue *known_excuse(struct known *k, const struct known_place *where,
				       const char *name, const char *reason);

/** known_applies - whether an entry is for this kernel and backend */
bool known_applies(const struct known_issue *e, const struct known_place *where);

/**
 * known_unexpected - whether a test that passed was expected to fail
 *
 * An entry whose glob matches several tests is satisfied when it explained the
 * failure of one of them.
 */
bool known_unexpected(const struct known *k, const struct known_place *where,
		      const char *name);

/** version_range_valid - whether version_in_range() can parse it */
bool version_range_valid(const char *range);

/**
 * version_in_range - compare a kernel release with "*", "6.18", "6.16..6.19",
 * "..6.12" or "7.0.."
 *
 * Ends are inclusive and compare only as many numbers as they have: 6.18.44-foo
 * is in "6.18" and in "..6.18", and not in "6.18.1..6.18.9".
 */
bool version_in_range(const char *range, const char *release);

#endif /* KVMEM_REPORT_KNOWN_H */
