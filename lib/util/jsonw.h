/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writer for one JSON object per line, without a library: programs link statically
 * and have no dependencies on the target.
 */
#ifndef KVMEM_JSONW_H
#define KVMEM_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsonw {
	char *buf;
	size_t len, size;
	bool comma;
};

/** jsonw_open - start an object; the buffer grows as needed */
void jsonw_open(struct jsonw *j);

/* Members.  @key NULL adds an array element. */
void jsonw_str(struct jsonw *j, const char *key, const char *value);
void jsonw_strn(struct jsonw *j, const char *key, const char *value, size_t len);
void jsonw_u64(struct jsonw *j, const char *key, uint64_t value);
void jsonw_num(struct jsonw *j, const char *key, double value);
void jsonw_bool(struct jsonw *j, const char *key, bool value);
/** jsonw_push - open a member that is an object ('{') or an array ('[') */
void jsonw_push(struct jsonw *j, const char *key, char bracket);
/** jsonw_pop - close it, with the bracket that opened it */
void jsonw_pop(struct jsonw *j, char bracket);

/**
 * jsonw_send - end the object, write it as one line and free the buffer
 * @fd: descriptor; nothing is written when negative
 *
 * The line is passed to a single write(), repeated only after a short one.
 *
 * Return: whether all of it was written.
 */
bool jsonw_send(struct jsonw *j, int fd);

#endif /* KVMEM_JSONW_H */
