// SPDX-License-Identifier: GPL-2.0-only
#include "report/data/tail.h"

#include <stdlib.h>
#include <string.h>

#include "report/base/util.h"

/* Twice the size, so that bytes are moved once in TAIL_SIZE bytes, not always. */
void tail_add(struct tail *t, const char *s, size_t len)
{
	size_t keep;

	if (!len)
		return;
	if (!t->buf)
		t->buf = xrealloc(NULL, 2 * TAIL_SIZE);
	if (len > TAIL_SIZE) {
		s += len - TAIL_SIZE;
		len = TAIL_SIZE;
		t->len = 0;
		t->cut = true;
	}
	if (t->len + len > 2 * TAIL_SIZE) {
		keep = TAIL_SIZE - len;
		memmove(t->buf, t->buf + t->len - keep, keep);
		t->len = keep;
		t->cut = true;
	}
	memcpy(t->buf + t->len, s, len);
	t->len += len;
}

void tail_free(struct tail *t)
{
	free(t->buf);
	memset(t, 0, sizeof(*t));
}

const char *tail_text(const struct tail *t, size_t max_lines, size_t *len, bool *cut)
{
	size_t start = t->len > TAIL_SIZE ? t->len - TAIL_SIZE : 0;
	size_t i, lines = 0;
	const char *nl;

	*cut = t->cut || start;
	if (*cut) {
		nl = memchr(t->buf + start, '\n', t->len - start);
		if (nl && nl + 1 < t->buf + t->len)
			start = (size_t)(nl + 1 - t->buf);
	}
	/* A newline at the very end ends the last line, it does not begin one. */
	for (i = t->len; max_lines && i > start; i--) {
		if (t->buf[i - 1] != '\n' || i == t->len)
			continue;
		if (++lines < max_lines)
			continue;
		start = i;
		*cut = true;
	}
	*len = t->len - start;
	return t->buf ? t->buf + start : "";
}
