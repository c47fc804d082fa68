// SPDX-License-Identifier: GPL-2.0-only
/* Sections on the run as a whole: kernel, machine, environment. */
#include <stdlib.h>
#include <string.h>

#include "report/base/json.h"
#include "report/page/sections.h"

static void fact(const struct page *p, const char *name, char *value)
{
	if (*value) {
		fprintf(p->f, "<dt>%s</dt><dd>", name);
		html_text(p->f, value);
		fputs("</dd>\n", p->f);
	}
	free(value);
}

static char *lab_text(const json_t *lab)
{
	const char *accel = json_text(lab, "accel"), *qemu = json_text(lab, "qemu");

	if (!json_is_object(lab))
		return xstrdup("");
	return xprintf("%s %s, %s, CPU %s, %s CPUs, %s MiB; kernel %s", *qemu ? "QEMU" : "Bochs",
		       *qemu ? qemu : json_text(lab, "bochs"),
		       strcmp(accel, "tcg") ? accel : "emulated (tcg)", json_text(lab, "cpu"),
		       json_text(lab, "cpus"), json_text(lab, "memory_mib"),
		       json_text(lab, "kernel"));
}

static char *cpu_text(const json_t *cpu)
{
	double khz = json_number_or_nan(cpu, "tsc_khz");
	char *rate = khz > 0 ? xprintf(", TSC %.0f MHz", khz / 1000) : xstrdup(""), *text;

	text = !*json_text(cpu, "model") ?
		       xstrdup("") :
		       xprintf("%s, microcode %s, %u CPUs%s, clock %s", json_text(cpu, "model"),
			       json_text(cpu, "microcode"), json_count(cpu, "cpus", 0), rate,
			       json_text(cpu, "clocksource"));
	free(rate);
	return text;
}

static char *costs_text(const struct run *r)
{
	bool exact = json_is_true(json_object_get(r->meta, "exact"));

	if (exact)
		return xstrdup("exact: instructions are counted");
	if (run_emulated(r))
		return xstrdup("times of an emulated machine: not comparable with hardware");
	return xstrdup("times");
}

/* Items that were in progress when the run ended. */
static char *cut_text(const struct run *r)
{
	char *text = NULL;
	size_t len, i;
	FILE *f = xmemstream(&text, &len);

	for (i = 0; i < r->n_items; i++)
		if (r->items[i]->cut)
			fprintf(f, "%s%s", ftell(f) ? ", " : "", r->items[i]->name);
	xmemclose(f);
	return text;
}

void html_facts(const struct page *p, const struct run *r)
{
	const json_t *kernel = json_object_get(r->meta, "kernel");
	char *seed = json_dumps(json_object_get(r->meta, "seed"), JSON_ENCODE_ANY);

	html_section(p, "run", "Run");
	fputs("<dl class=\"facts\">\n", p->f);
	fact(p, "Run", xstrdup(run_string(r, "id")));
	fact(p, "Kernel", xprintf("%s %s", run_release(r), json_text(kernel, "version")));
	fact(p, "Backend",
	     xprintf("%s %s", run_string(r, "backend"), json_text(kernel, "machine")));
	fact(p, "Where", xstrdup(run_string(r, "where")));
	fact(p, "Lab", lab_text(json_object_get(r->meta, "lab")));
	fact(p, "CPU", cpu_text(json_object_get(r->meta, "cpu")));
	fact(p, "Costs", costs_text(r));
	fact(p, "Started", xstrdup(run_string(r, "started")));
	fact(p, "Profile",
	     xprintf("%s%s%s", run_string(r, "profile"), seed ? ", seed " : "", seed ? seed : ""));
	fact(p, "Suite", xstrdup(run_string(r, "suite")));
	fact(p, "Interfaces", xstrdup(run_string(r, "uapi")));
	fact(p, "Made worse", xstrdup(run_string(r, "planted")));
	fact(p, "Complete",
	     r->complete ? xstrdup("yes") : xprintf("no: %zu of %zu", r->n_items, r->planned));
	fact(p, "Cut short", cut_text(r));
	if (r->bad_lines)
		fact(p, "Runner", xprintf("%u lines of its output were not valid", r->bad_lines));
	fputs("</dl>\n", p->f);
	html_section_end(p);
	free(seed);
}

static void put_members(const struct page *p, const char *title, const json_t *o)
{
	const char *key;
	json_t *v;
	char *text;

	if (!json_object_size(o))
		return;
	fprintf(p->f, "<details><summary>%s (%zu)</summary>\n<dl class=\"facts\">\n", title,
		json_object_size(o));
	json_object_foreach((json_t *)o, key, v) {
		text = json_is_string(v) ? xstrdup(json_string_value(v)) :
					   json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
		fputs("<dt class=\"name\">", p->f);
		html_text(p->f, key);
		fputs("</dt><dd>", p->f);
		html_text(p->f, text ? text : "");
		fputs("</dd>\n", p->f);
		free(text);
	}
	fputs("</dl>\n</details>\n", p->f);
}

void html_environment(const struct page *p, const struct run *r)
{
	html_section(p, "environment", "Environment");
	put_members(p, "Kernel", json_object_get(r->meta, "kernel"));
	put_members(p, "Module parameters", json_object_get(r->meta, "modules"));
	put_members(p, "Mitigations", json_object_get(r->meta, "mitigations"));
	put_members(p, "Lab", json_object_get(r->meta, "lab"));
	html_section_end(p);
}
