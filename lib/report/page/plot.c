// SPDX-License-Identifier: GPL-2.0-only
#include "report/page/plot.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/base/text.h"
#include "report/base/util.h"

#define WIDTH 860
#define SECONDS 60 /* time limit; gnuplot takes about 0.1 s */
#define NO_PROGRAM 127 /* exit code if gnuplot is missing, as in a shell */

/* --- running gnuplot ----------------------------------------------------- */

static const char *missing;
static unsigned int figures; /* drawn so far */

const char *plot_missing(void)
{
	return missing;
}

static void __attribute__((noreturn)) become_gnuplot(FILE *in, FILE *out)
{
	FILE *null = fopen("/dev/null", "we");

	if (dup2(fileno(in), STDIN_FILENO) < 0 || dup2(fileno(out), STDOUT_FILENO) < 0 || !null ||
	    dup2(fileno(null), STDERR_FILENO) < 0)
		_exit(1);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	alarm(SECONDS);
	/* -d: ignore the user's settings */
	execlp("gnuplot", "gnuplot", "-d", "-", NULL);
	_exit(errno == ENOENT ? NO_PROGRAM : 1);
}

/* Return: whether gnuplot succeeded. */
static bool run_gnuplot(FILE *in, FILE *out)
{
	int status = 1;
	pid_t pid;

	fflush(NULL);
	rewind(in);
	pid = fork();
	if (!pid)
		become_gnuplot(in, out);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_PROGRAM)
		missing = "gnuplot is not installed (package gnuplot-nox)";
	else if (status)
		missing = "gnuplot failed";
	return !status;
}

/* IDs must be unique in the page: add the number of the figure to those of an <svg>. */
static void put_names(FILE *f, const char *s)
{
	static const char *const marks[] = { "id='", "id=\"", "href='#", "url(#" };
	size_t i, n;

	while (*s) {
		for (i = 0; i < ARRAY_SIZE(marks); i++) {
			n = strlen(marks[i]);
			if (strncmp(s, marks[i], n))
				continue;
			fprintf(f, "%sfig%u-", marks[i], figures);
			s += n;
			break;
		}
		if (i == ARRAY_SIZE(marks))
			fputc(*s++, f);
	}
}

/* The <svg> element, with @title instead of gnuplot's title. */
static char *element_of(const char *svg, const char *title)
{
	const char *start = strstr(svg, "<svg"), *head = start ? strchr(start, '>') : NULL;
	const char *body = head ? strstr(head, "</desc>") : NULL, *end = strstr(svg, "</svg>");
	char *text = NULL;
	size_t len;
	FILE *f;

	if (!body || !end) {
		missing = "unexpected output of gnuplot";
		return NULL;
	}
	f = xmemstream(&text, &len);
	fprintf(f, "%.*s role=\"img\"><title>", (int)(head - start), start);
	text_xml(f, title, strlen(title), false);
	fputs("</title>", f);
	put_names(f, body + strlen("</desc>"));
	xmemclose(f);
	return text;
}

static char *read_all(FILE *f)
{
	char *text = NULL, buf[4096];
	size_t len, n;
	FILE *m = xmemstream(&text, &len);

	rewind(f);
	while ((n = fread(buf, 1, sizeof(buf), f)))
		fwrite(buf, 1, n, m);
	xmemclose(m);
	return text;
}

/* Takes over @script. */
static char *draw(char *script, const char *title)
{
	FILE *in = tmpfile(), *out = tmpfile();
	char *svg = NULL, *text = NULL;

	figures++;
	if (!in || !out)
		missing = "cannot create temporary files";
	else if (fputs(script, in) >= 0 && run_gnuplot(in, out))
		svg = read_all(out);
	if (svg)
		text = element_of(svg, title);
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	free(svg);
	free(script);
	return text;
}

/* --- scripts ------------------------------------------------------------- */

/* Names come from files that are not trusted: quote them, so that they cannot be commands. */
static void put_string(FILE *f, const char *s)
{
	fputc('\'', f);
	for (; *s; s++) {
		if (*s == '\'')
			fputs("''", f);
		else
			fputc((unsigned char)*s < 0x20 || *s == '`' || *s == '\\' ? '?' : *s, f);
	}
	fputc('\'', f);
}

/* A tic label is also a printf format. */
static void put_tic(FILE *f, const char *s)
{
	char *text = NULL;
	size_t len;
	FILE *m = xmemstream(&text, &len);

	for (; *s; s++)
		fprintf(m, *s == '%' ? "%%%%" : "%c", *s);
	xmemclose(m);
	put_string(f, text);
	free(text);
}

static void put_head(FILE *f, int height)
{
	fprintf(f,
		"set term svg size %d,%d font 'sans-serif,14' background 'white' noenhanced\n"
		"set encoding utf8\nset border 3 lc rgb '#444444'\nset tics nomirror out\n"
		"set grid xtics lc rgb '#cccccc' lw 1 dt 1\n",
		WIDTH, height);
}

/* Colours that can be distinguished with colour blindness, and dashes and marks. */
static const struct {
	const char *colour, *dash;
	int mark;
} styles[PLOT_CURVES] = {
	{ "#0072b2", "1", 7 },		 { "#d55e00", "(12,4)", 5 }, { "#009e73", "(3,3)", 9 },
	{ "#7a3e8e", "(14,4,3,4)", 13 }, { "#000000", "(7,3)", 6 },  { "#a05a00", "(3,3,10,3)", 4 },
};

static char *tic_text(double v)
{
	return v >= 1e9 ? xprintf("%.10gG", v / 1e9) :
	       v >= 1e6 ? xprintf("%.10gM", v / 1e6) :
	       v >= 1e4 ? xprintf("%.10gk", v / 1e3) :
			  xprintf("%.10g", v);
}

/* Few enough tics that their labels do not overlap. */
static void put_log_scale(FILE *f, char axis, double low, double high)
{
	static const double steps[] = { 1, 2, 5 };
	size_t each = high / low > 300 ? ARRAY_SIZE(steps) : 1, i, n = 0;
	char *text;
	double v;
	int e;

	fprintf(f, "set logscale %c\nset %ctics (", axis, axis);
	for (e = (int)floor(log10(low)); e <= (int)ceil(log10(high)); e++) {
		for (i = 0; i < ARRAY_SIZE(steps); i += each) {
			v = steps[i] * pow(10, e);
			if (v < low * 0.999 || v > high * 1.001)
				continue;
			text = tic_text(v);
			fprintf(f, "%s'%s' %.10g", n++ ? ", " : "", text, v);
			free(text);
		}
	}
	fputs(")\n", f);
}

/* Whether a range is wide enough for a logarithmic scale: more than half a decade. */
static bool spans(double low, double high)
{
	return low > 0 && high / low > 3;
}

static void put_scale(FILE *f, char axis, double low, double high, const char *label)
{
	bool log = spans(low, high);
	char *text;

	fprintf(f, "set %crange [%.10g:%.10g]\n", axis, low, high);
	if (log)
		put_log_scale(f, axis, low, high);
	else
		fprintf(f, "set %ctics autofreq\nset format %c '%%.10g'\n", axis, axis);
	fprintf(f, "set %clabel ", axis);
	text = xprintf("%s%s", label, log ? ", logarithmic scale" : "");
	put_string(f, text);
	fputc('\n', f);
	free(text);
}

/* --- curves -------------------------------------------------------------- */

static void put_points(FILE *f, const struct curve *c, size_t which)
{
	size_t i;

	fprintf(f, "$c%zu << END\n", which);
	for (i = 0; i < c->n; i++)
		if (c->x[i] > 0 && !isnan(c->y[i]))
			fprintf(f, "%.10g %.10g\n", c->x[i], c->y[i]);
	fprintf(f, "END\n$d%zu << END\n", which);
	for (i = 0; i < c->n_dots; i++)
		if (c->dots[i] > 0)
			fprintf(f, "%.10g 0.5\n", c->dots[i]);
	fputs("END\n", f);
}

static void put_curve(FILE *f, const struct curve *c, size_t which, bool share)
{
	size_t s = which % PLOT_CURVES;

	fprintf(f, "%s$c%zu using 1:2 with lines lc rgb '%s' dt %s lw 2 notitle",
		which ? ", " : "plot ", which, styles[s].colour, styles[s].dash);
	if (!share)
		fprintf(f, ", $c%zu using 1:2 with points lc rgb '%s' pt %d ps 0.7 notitle", which,
			styles[s].colour, styles[s].mark);
	if (c->n_dots)
		fprintf(f, ", $d%zu using 1:2 with points lc rgb '%s' pt %d ps 0.7 notitle", which,
			styles[s].colour, styles[s].mark);
	fprintf(f, ", keyentry with linespoints lc rgb '%s' dt %s lw 2 pt %d ps 0.7 title ",
		styles[s].colour, styles[s].dash, styles[s].mark);
	put_string(f, c->name);
}

static void y_range(const struct curve *c, size_t n, double *low, double *high)
{
	size_t i, k;

	*low = INFINITY;
	*high = -INFINITY;
	for (i = 0; i < n; i++) {
		for (k = 0; k < c[i].n; k++) {
			*low = fmin(*low, c[i].y[k]);
			*high = fmax(*high, c[i].y[k]);
		}
	}
	if (spans(*low, *high)) {
		*low /= 1.2;
		*high *= 1.2;
	} else {
		*low = fmin(*low, 0);
		*high += (*high - *low) * 0.1 + (*high == *low);
	}
}

char *plot_curves(const struct plot_axes *a, const struct curve *c, size_t n)
{
	char *script = NULL;
	double low, high;
	size_t len, i;
	FILE *f = xmemstream(&script, &len);

	for (i = 0; i < n; i++)
		put_points(f, &c[i], i);
	put_head(f, a->share ? 270 : 360);
	put_scale(f, 'x', a->low, a->high, a->x);
	if (a->share) {
		fputs("set yrange [0:1]\nset ytics ('0' 0, '50%%' 0.5, '90%%' 0.9, '100%%' 1)\n"
		      "set grid xtics ytics\nset ylabel ",
		      f);
		put_string(f, a->y);
		fputc('\n', f);
	} else {
		y_range(c, n, &low, &high);
		put_scale(f, 'y', low, high, a->y);
		fputs("set grid xtics ytics\n", f);
	}
	fprintf(f,
		"set key outside right top Left reverse samplen 4 spacing 1.3\n"
		"set lmargin 9\nset rmargin %zu\n",
		a->names + 11);
	for (i = 0; i < n; i++)
		put_curve(f, &c[i], i, a->share);
	fputc('\n', f);
	xmemclose(f);
	return draw(script, a->title);
}

/* --- bars ---------------------------------------------------------------- */

static void bar_range(const struct bars *b, double *low, double *high)
{
	size_t i;

	*low = isnan(b->base) ? INFINITY : b->base;
	*high = isnan(b->base) ? -INFINITY : b->base;
	for (i = 0; i < b->rows * b->series; i++) {
		*low = fmin(*low, b->v[i]);
		*high = fmax(*high, b->v[i]);
	}
	if (spans(*low, *high)) {
		*low = isnan(b->base) ? *low / 2 : *low / 1.1;
		*high *= pow(*high / *low, 0.12);
	} else if (isnan(b->base)) {
		*low = 0;
		*high *= 1.12;
	} else {
		/* Show both sides of the base, with room for the numbers. */
		*low -= (*high - *low) * 0.05;
		*high += (*high - *low) * 0.15 + (*high == *low);
	}
}

static void put_bars(FILE *f, const struct bars *b, size_t series, double left)
{
	double high = 0.8 / (double)b->series, v, y;
	char text[48];
	size_t r;

	fprintf(f, "$s%zu << END\n", series);
	for (r = 0; r < b->rows; r++) {
		v = b->v[r * b->series + series];
		if (isnan(v))
			continue;
		y = (double)r - 0.4 + high * (double)series;
		if (isnan(b->base))
			text_number(text, sizeof(text), v);
		else
			snprintf(text, sizeof(text), "%.3f", v);
		fprintf(f, "%.10g %.10g %.10g %.10g %.10g %.10g %s\n", v, y + high / 2,
			fmin(left, v), fmax(left, v), y, y + high, text);
	}
	fputs("END\n", f);
}

static void put_labels(FILE *f, const struct bars *b)
{
	size_t r, longest = 0, n;
	const char *s;

	fputs("set ytics scale 0 (", f);
	for (r = 0; r < b->rows; r++) {
		s = b->labels[r] + strspn(b->labels[r], " ");
		n = strlen(s);
		longest = n > longest ? n : longest;
		fputs(r ? ", " : "", f);
		put_tic(f, s);
		fprintf(f, " %zu", r);
	}
	fprintf(f, ")\nset yrange [%zu.5:-0.5]\nset lmargin %zu\n", b->rows - 1, longest + 2);
}

char *plot_bars(const struct bars *b)
{
	/* Distinguishable in black and white: solid, then different hatchings. */
	static const char *const fills[] = { "solid 0.85", "pattern 4",	 "pattern 5",
					     "pattern 2",  "solid 0.25", "pattern 1" };
	char *script = NULL;
	double low, high, left;
	size_t len, i;
	FILE *f = xmemstream(&script, &len);

	bar_range(b, &low, &high);
	left = isnan(b->base) ? low : b->base;
	for (i = 0; i < b->series; i++)
		put_bars(f, b, i, left);
	put_head(f, (int)(90 + b->rows * (10 + 16 * b->series)));
	put_scale(f, 'x', low, high, b->x);
	put_labels(f, b);
	fputs("set key outside top left horizontal Left reverse\n", f);
	if (!isnan(b->base))
		fprintf(f,
			"set arrow from first %.10g, graph 0 to first %.10g, graph 1 nohead lw 1.5 "
			"lc rgb '#000000' front\n",
			b->base, b->base);
	for (i = 0; i < b->series; i++) {
		fprintf(f,
			"%s$s%zu using 1:2:3:4:5:6 with boxxyerror fs %s border lc rgb '%s' "
			"lc rgb '%s' title ",
			i ? ", " : "plot ", i, fills[i % ARRAY_SIZE(fills)],
			styles[i % PLOT_CURVES].colour, styles[i % PLOT_CURVES].colour);
		put_string(f, b->names[i]);
		fprintf(f, ", $s%zu using 4:2:7 with labels left offset 0.4,0 font ',12' notitle",
			i);
	}
	fputc('\n', f);
	xmemclose(f);
	return draw(script, b->title);
}
