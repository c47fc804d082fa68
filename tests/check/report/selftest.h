/* SPDX-License-Identifier: GPL-2.0-only */
/* Unit tests of kvmem-report, with TAP output. */
#ifndef KVMEM_REPORT_SELFTEST_H
#define KVMEM_REPORT_SELFTEST_H

#include <stdbool.h>

/** check - print one result */
void check(bool ok, const char *what);
/** check_text - check that @got, which is freed, is @want */
void check_text(char *got, const char *want, const char *what);
/** near - whether two numbers are equal except for rounding */
bool near(double a, double b);

void test_stats(void);
void test_rules(void);
void test_valid(void);
void test_export(void);
void test_judge(void);
void test_html(void);

#endif /* KVMEM_REPORT_SELFTEST_H */
