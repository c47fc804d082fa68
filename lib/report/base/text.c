// SPDX-License-Identifier: GPL-2.0-only
#include "report/base/text.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "report/base/util.h"

size_t utf8_decode(const char *s, size_t len, uint32_t *cp)
{
	static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)s;
	size_t n, i;

	if (u[0] < 0x80) {
		*cp = u[0];
		return 1;
	}
	n = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
	if (u[0] < 0xc2 || u[0] > 0xf4 || n > len)
		return 0;
	*cp = u[0] & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (u[i] & 0x3f);
	}
	if (*cp < lowest[n] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp <= 0xdfff))
		return 0;
	return n;
}

char *text_repair(const char *s, size_t len, size_t *out_len)
{
	char *out = xrealloc(NULL, 2 * len + 1);
	unsigned char c;
	uint32_t cp;
	size_t i, n, o = 0;

	for (i = 0; i < len; i += n) {
		n = utf8_decode(s + i, len - i, &cp);
		c = (unsigned char)s[i];
		if (!n) {
			out[o++] = (char)(0xc0 | c >> 6);
			out[o++] = (char)(0x80 | (c & 0x3f));
			n = 1;
		} else if (cp < 0x20) {
			out[o++] = ' ';
		} else {
			memcpy(out + o, s + i, n);
			o += n;
		}
	}
	out[o] = '\0';
	*out_len = o;
	return out;
}

/* C0, DEL, C1, and the line and paragraph separators. */
static bool is_control(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029;
}

void text_plain(FILE *f, const char *s, size_t len)
{
	uint32_t cp;
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = utf8_decode(s + i, len - i, &cp);
		if (s[i] == '\t' || s[i] == '\n')
			fputc(' ', f);
		else if (s[i] == '\r')
			; /* every line of a serial console ends in one */
		else if (!n || is_control(cp))
			fputc('?', f);
		else
			fwrite(s + i, 1, n, f);
		n = n ? n : 1;
	}
}

static bool is_xml(uint32_t cp)
{
	return cp == '\t' || cp == '\n' || cp == '\r' || (cp >= 0x20 && cp <= 0xfffd) ||
	       cp >= 0x10000;
}

void text_xml(FILE *f, const char *s, size_t len, bool attribute)
{
	uint32_t cp;
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = utf8_decode(s + i, len - i, &cp);
		if (!n)
			n = 1;
		else if (!is_xml(cp))
			continue;
		else if (cp == '&')
			fputs("&amp;", f);
		else if (cp == '<')
			fputs("&lt;", f);
		else if (cp == '>')
			fputs("&gt;", f);
		else if (cp == '"' && attribute)
			fputs("&quot;", f);
		else if (cp == '\r' || (attribute && (cp == '\t' || cp == '\n')))
			fprintf(f, "&#%u;", cp);
		else
			fwrite(s + i, 1, n, f);
	}
}

void text_markdown(FILE *f, const char *s)
{
	static const char markup[] = "\\`*_{}[]<>#|~&";
	size_t n;

	while (*s) {
		n = strcspn(s, markup);
		text_plain(f, s, n);
		s += n;
		if (*s)
			fprintf(f, "\\%c", *s++);
	}
}

void text_wrap(FILE *f, const char *s, size_t column, size_t indent)
{
	bool first = true;
	size_t n;

	while (*(s += strspn(s, " \t\n"))) {
		n = strcspn(s, " \t\n");
		if (!first && column + 1 + n > TEXT_COLUMNS) {
			fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		if (!first)
			fputc(' ', f);
		text_plain(f, s, n);
		column += n + !first;
		first = false;
		s += n;
	}
	fputc('\n', f);
}

void text_number(char *buf, size_t size, double v)
{
	static const char suffixes[] = " kMGTPE";
	double a = fabs(v);
	size_t s = 0;

	if (isnan(v)) {
		snprintf(buf, size, "-");
	} else if (a < 9999999.5 && (v == trunc(v) || a >= 1000)) {
		snprintf(buf, size, "%.0f", v);
	} else if (a < 0.001) {
		snprintf(buf, size, "%.0e", v);
	} else if (a < 1000) {
		snprintf(buf, size, "%.*f", a < 10 ? 3 : a < 100 ? 2 : 1, v);
	} else {
		for (; a >= 999.5 && suffixes[s + 1]; s++)
			a /= 1000;
		snprintf(buf, size, "%s%.*f%c", v < 0 ? "-" : "", a < 9.995 ? 2 : a < 99.95 ? 1 : 0,
			 a, suffixes[s]);
	}
}

char *text_name(const char *name)
{
	char *copy = xstrdup(name), *p;

	for (p = copy; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_-.", *p))
			*p = '_';
	return copy;
}
