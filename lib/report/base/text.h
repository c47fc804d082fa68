/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Untrusted text (test output, kernel log, reasons), escaped for each output
 * format.  The input may contain any byte.
 */
#ifndef KVMEM_REPORT_TEXT_H
#define KVMEM_REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** TEXT_COLUMNS - width of text reports */
#define TEXT_COLUMNS 100

/**
 * utf8_decode - one character of well-formed UTF-8
 * @s: text
 * @len: bytes left, at least 1
 * @cp: result, the code point
 *
 * Return: its length, 0 when the bytes are not UTF-8.
 */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);

/**
 * text_repair - make a line valid UTF-8 without control characters
 * @s: text
 * @len: of @s
 * @out_len: length of the result
 *
 * Bytes that are not UTF-8 are taken as Latin-1, controls become blanks.
 *
 * Return: a string to free().
 */
char *text_repair(const char *s, size_t len, size_t *out_len);

/**
 * text_plain - write text as part of one line of a terminal or a KTAP file
 *
 * Tabs and line ends become blanks, carriage returns vanish; everything else
 * that could move a cursor or end a line in some parser becomes a question mark.
 */
void text_plain(FILE *f, const char *s, size_t len);

/**
 * text_xml - write text as XML 1.0 character data or attribute value
 *
 * Characters XML 1.0 has no way to write are left out.
 */
void text_xml(FILE *f, const char *s, size_t len, bool attribute);

/** text_markdown - write text as part of one line of Markdown, nothing of it markup */
void text_markdown(FILE *f, const char *s);

/**
 * text_wrap - write text in lines of at most TEXT_COLUMNS, broken at blanks
 * @f: where to
 * @s: text
 * @column: where the cursor is
 * @indent: where following lines begin
 */
void text_wrap(FILE *f, const char *s, size_t column, size_t indent);

/** text_number - a number in at most 7 characters, "-" for NAN */
void text_number(char *buf, size_t size, double v);

/** text_name - a copy of a name with every character but letters, digits, '_', '-' and dots as '_' */
char *text_name(const char *name);

#endif /* KVMEM_REPORT_TEXT_H */
