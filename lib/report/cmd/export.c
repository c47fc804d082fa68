// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report export: convert stored runs to the formats of other tools. */
#include "report/cmd/commands.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/data/logs.h"
#include "report/data/results.h"
#include "report/format/export.h"

struct options {
	const struct export_format *format;
	const char *output;
	struct export_options more;
	char **paths;		/* of the runs */
	size_t n_paths;
};

static bool set_format(struct options *o, const char *name)
{
	const struct export_format *e = NULL;

	o->format = export_find(name);
	if (o->format)
		return true;
	fflush(stdout);
	fprintf(stderr, "kvmem-report: unknown format %s; use one of", name);
	while ((e = export_each(e)))
		fprintf(stderr, " %s", e->name);
	fputc('\n', stderr);
	return false;
}

/* Patterns of KCIDB's schema: an origin, and the identifier of an object. */
static bool is_origin(const char *s)
{
	return *s && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

static bool is_id(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return n && s[n] == ':';
}

static bool check(const struct options *o)
{
	const char *wrong = NULL;

	if (!o->format)
		wrong = "export needs --format FORMAT";
	else if (!o->n_paths)
		wrong = "export needs a run";
	else if (o->n_paths > o->format->max)
		wrong = o->format->max > 1 ? "too many runs for one page" :
			"export needs one run; only html takes several";
	else if (!is_origin(o->more.origin))
		wrong = "--origin must consist of lower-case letters, digits and _";
	else if (o->more.build_id && !is_id(o->more.build_id))
		wrong = "--build-id must be ORIGIN:NAME";
	if (wrong)
		complain("%s; see kvmem-report --help", wrong);
	return !wrong;
}

static bool parse(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' },
		{ "origin", required_argument, NULL, 'O' },
		{ "build-id", required_argument, NULL, 'b' },
		{ "catalogue", required_argument, NULL, 'c' },
		{ }
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (c == 'f' && !set_format(o, optarg))
			return false;
		else if (c == 'o')
			o->output = optarg;
		else if (c == 'O')
			o->more.origin = optarg;
		else if (c == 'b')
			o->more.build_id = optarg;
		else if (c == 'c')
			o->more.catalogue = optarg;
		else if (c != 'f') {
			complain("export: bad argument %s; see kvmem-report --help", argv[optind - 1]);
			return false;
		}
	}
	o->paths = argv + optind;
	o->n_paths = (size_t)(argc - optind);
	return check(o);
}

/* Replace the file as a whole, or leave it unchanged. */
static bool write_file(const struct options *o, struct run *runs)
{
	char *temp = xprintf("%s.tmp", o->output);
	FILE *f = fopen(temp, "we");
	bool ok = f && o->format->write(f, runs, o->n_paths, &o->more);
	int error = errno;

	if (f && fclose(f)) {
		error = errno;
		ok = false;
	}
	if (ok && rename(temp, o->output)) {
		error = errno;
		ok = false;
	}
	if (!ok) {
		complain("cannot write %s: %s", o->output, strerror(error));
		unlink(temp);
	}
	free(temp);
	return ok;
}

static bool write_stdout(const struct options *o, struct run *runs)
{
	bool ok = o->format->write(stdout, runs, o->n_paths, &o->more);

	if (ok && !fflush(stdout))
		return true;
	complain("cannot write to standard output: %s", strerror(errno));
	return false;
}

int cmd_export(int argc, char **argv)
{
	struct options o = { .more = { .origin = "kvmem" } };
	bool ok = true, written = false;
	struct run *runs;
	size_t i;

	if (!parse(&o, argc, argv))
		return EXIT_BROKEN;
	runs = xcalloc(o.n_paths, sizeof(*runs));
	for (i = 0; ok && i < o.n_paths; i++) {
		ok = results_load(&runs[i], o.paths[i]);
		if (ok)
			logs_load(&runs[i], o.paths[i]);
	}
	if (ok)
		written = o.output ? write_file(&o, runs) : write_stdout(&o, runs);
	for (i = 0; i < o.n_paths; i++)
		run_free(&runs[i]);
	free(runs);
	return written ? EXIT_PASSED : EXIT_BROKEN;
}
