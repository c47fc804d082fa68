// SPDX-License-Identifier: GPL-2.0-only
#include "util/jsonw.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put(struct jsonw *j, const char *s, size_t n)
{
	if (j->len + n + 1 > j->size) {
		j->size = (j->len + n + 1) * 2;
		j->buf = realloc(j->buf, j->size);
		if (!j->buf)
			abort();
	}
	memcpy(j->buf + j->len, s, n);
	j->len += n;
}

static void puts_raw(struct jsonw *j, const char *s)
{
	put(j, s, strlen(s));
}

/* Length of the UTF-8 sequence at s, 0 when it is not well-formed. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 :
		   (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
	size_t i;

	if (!n || n > left)
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static void put_string(struct jsonw *j, const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;
	char esc[8];
	size_t i, n;

	put(j, "\"", 1);
	for (i = 0; i < len; i += n) {
		n = utf8_len(u + i, len - i);
		if (u[i] == '"' || u[i] == '\\') {
			esc[0] = '\\';
			esc[1] = (char)u[i];
			put(j, esc, 2);
		} else if (!n || u[i] < 0x20) {
			/* Control characters, and invalid UTF-8, taken as Latin-1. */
			snprintf(esc, sizeof(esc), "\\u%04x", u[i]);
			put(j, esc, 6);
			n = 1;
		} else {
			put(j, s + i, n);
		}
	}
	put(j, "\"", 1);
}

static void key_of(struct jsonw *j, const char *key)
{
	if (j->comma)
		put(j, ",", 1);
	j->comma = true;
	if (!key)
		return;
	put_string(j, key, strlen(key));
	put(j, ":", 1);
}

void jsonw_open(struct jsonw *j)
{
	memset(j, 0, sizeof(*j));
	put(j, "{", 1);
}

void jsonw_strn(struct jsonw *j, const char *key, const char *value, size_t len)
{
	key_of(j, key);
	put_string(j, value, len);
}

void jsonw_str(struct jsonw *j, const char *key, const char *value)
{
	jsonw_strn(j, key, value, strlen(value));
}

void jsonw_u64(struct jsonw *j, const char *key, uint64_t value)
{
	char text[32];

	key_of(j, key);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	puts_raw(j, text);
}

void jsonw_num(struct jsonw *j, const char *key, double value)
{
	char text[40];

	key_of(j, key);
	snprintf(text, sizeof(text), "%.10g", value);
	puts_raw(j, isfinite(value) ? text : "null");
}

void jsonw_bool(struct jsonw *j, const char *key, bool value)
{
	key_of(j, key);
	puts_raw(j, value ? "true" : "false");
}

void jsonw_push(struct jsonw *j, const char *key, char bracket)
{
	key_of(j, key);
	put(j, &bracket, 1);
	j->comma = false;
}

void jsonw_pop(struct jsonw *j, char bracket)
{
	put(j, bracket == '{' ? "}" : "]", 1);
	j->comma = true;
}

bool jsonw_send(struct jsonw *j, int fd)
{
	size_t done = 0;
	ssize_t n;

	puts_raw(j, "}\n");
	while (fd >= 0 && done < j->len) {
		n = write(fd, j->buf + done, j->len - done);
		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	free(j->buf);
	j->buf = NULL;
	return fd < 0 || done == j->len;
}
