// SPDX-License-Identifier: GPL-2.0-only
#include "report/gate/sides.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/json.h"

/* The rate is calibrated at boot, and varies slightly between boots. */
#define CLOCK_TOLERANCE 0.01

struct pair {
	struct sides *s;
	const struct run *a, *b;
	const struct rules *rules;
};

/* Takes over @text. */
static void differ(struct pair *p, const char *what, char *text)
{
	char *accepted;

	if (!rules_accept(p->rules, what)) {
		strlist_add(&p->s->reasons, text);
	} else {
		accepted = xprintf("accepted: %s", text);
		strlist_add(&p->s->notes, accepted);
		free(accepted);
	}
	free(text);
}

static const json_t *member(const struct run *r, const char *object, const char *key)
{
	const json_t *o = *object ? json_object_get(r->meta, object) : r->meta;

	return json_object_get(o, key);
}

static char *shown(const json_t *v)
{
	char *text, *copy;

	if (!v)
		return xstrdup("unknown");
	if (json_is_string(v))
		return xstrdup(*json_string_value(v) ? json_string_value(v) : "unknown");
	text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	copy = xstrdup(text ? text : "?");
	free(text);
	return copy;
}

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

/* --- single values ------------------------------------------------------- */

static const struct {
	const char *what, *object, *key, *about;
} values[] = {
	{ "backend", "", "backend", "the backend" },
	{ "machine", "", "where", "the location" },
	{ "machine", "", "exact", "the use of --exact" },
	{ "cpu", "cpu", "model", "the CPU" },
	{ "microcode", "cpu", "microcode", "the microcode" },
	{ "machine", "lab", "accel", "the lab's accelerator" },
	{ "machine", "lab", "qemu", "QEMU's version" },
	{ "machine", "lab", "bochs", "Bochs' version" },
	{ "machine", "lab", "cpu", "the lab's CPU" },
	{ "machine", "lab", "cpus", "the lab's number of CPUs" },
	{ "machine", "lab", "memory_mib", "the lab's memory" },
	{ "machine", "lab", "numa", "the lab's number of nodes" },
	{ "machine", "lab", "kvm_mode", "the mode of KVM" },
	{ "profile", "", "profile", "the profile" },
};

static void compare_values(struct pair *p)
{
	const json_t *a, *b;
	char *of_a, *of_b;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		a = member(p->a, values[i].object, values[i].key);
		b = member(p->b, values[i].object, values[i].key);
		if (same(a, b))
			continue;
		of_a = shown(a);
		of_b = shown(b);
		differ(p, values[i].what, xprintf("%s differs: %s and %s", values[i].about, of_a,
						  of_b));
		free(of_a);
		free(of_b);
	}
}

/* --- mitigations --------------------------------------------------------- */

/* A kernel without an entry for a vulnerability has no mitigation for it. */
static bool is_nothing(const json_t *v)
{
	return !v || (json_is_string(v) && !strcmp(json_string_value(v), "Not affected"));
}

static void add_mitigation(struct strlist *l, const char *key, const json_t *a, const json_t *b)
{
	char *of_a, *of_b, *text;

	if (same(a, b) || (is_nothing(a) && is_nothing(b)))
		return;
	of_a = shown(a);
	of_b = shown(b);
	text = xprintf("%s (%s / %s)", key, of_a, of_b);
	strlist_add(l, text);
	free(text);
	free(of_a);
	free(of_b);
}

static void compare_mitigations(struct pair *p)
{
	json_t *a = json_object_get(p->a->meta, "mitigations");
	json_t *b = json_object_get(p->b->meta, "mitigations");
	struct strlist l = { 0 };
	const char *key;
	json_t *v;

	if (!a != !b) {
		differ(p, "mitigations", xprintf("the mitigations of %s are unknown", a ? "B" : "A"));
		return;
	}
	json_object_foreach(a, key, v)
		add_mitigation(&l, key, v, json_object_get(b, key));
	json_object_foreach(b, key, v)
		if (!json_object_get(a, key))
			add_mitigation(&l, key, NULL, v);
	if (l.n == 1)
		differ(p, "mitigations", xprintf("a mitigation differs: %s", l.v[0]));
	else if (l.n)
		differ(p, "mitigations", xprintf("%zu mitigations differ: %s ...", l.n, l.v[0]));
	strlist_free(&l);
}

/* --- the rest ------------------------------------------------------------ */

static void compare_clocks(struct pair *p)
{
	double a = json_number_or_nan(json_object_get(p->a->meta, "cpu"), "tsc_khz");
	double b = json_number_or_nan(json_object_get(p->b->meta, "cpu"), "tsc_khz");

	if (!(a > 0) || !(b > 0) || fabs(a - b) <= CLOCK_TOLERANCE * fmax(a, b))
		return;
	differ(p, "cpu", xprintf("the clock rate differs: %.0f and %.0f kHz", a, b));
}

/*
 * Times under emulation depend on the host's load and on the emulator's state, which
 * affect all replicates of a run alike: one of two identical runs is often slower.
 */
static void look_for_emulation(struct pair *p)
{
	if (run_emulated(p->b) && !json_is_true(member(p->b, "", "exact")))
		differ(p, "emulation",
		       xstrdup("times under emulation are not comparable: use --exact to count instructions"));
}

/* Counted instructions include those of the benchmark itself. */
static void compare_suites(struct pair *p)
{
	const json_t *a = member(p->a, "", "suite"), *b = member(p->b, "", "suite");
	static const char text[] =
		"the benchmarks are not the same build, and their instructions are counted too";

	if (same(a, b))
		return;
	if (json_is_true(member(p->a, "", "exact")))
		differ(p, "suite", xstrdup(text));
	else
		strlist_add(&p->s->notes, "the benchmarks are not the same build");
}

/* Only notes: another default of a module parameter may be the change to measure. */
static void compare_modules(struct pair *p)
{
	json_t *a = json_object_get(p->a->meta, "modules"), *v, *w;
	json_t *b = json_object_get(p->b->meta, "modules");
	char *of_a, *of_b, *text;
	const char *key;

	json_object_foreach(a, key, v) {
		w = json_object_get(b, key);
		if (!w || json_equal(v, w))
			continue;
		of_a = shown(v);
		of_b = shown(w);
		text = xprintf("%s is %s in A and %s in B", key, of_a, of_b);
		strlist_add(&p->s->notes, text);
		free(text);
		free(of_a);
		free(of_b);
	}
}

static void note_plant(struct pair *p, const struct run *r, const char *which)
{
	const json_t *v = member(r, "", "planted");
	char *text;

	if (!v)
		return;
	text = xprintf("%s was slowed artificially: its figures are not those of its kernel", which);
	strlist_add(&p->s->notes, text);
	free(text);
}

void sides_compare(struct sides *s, const struct run *a, const struct run *b,
		   const struct rules *rules)
{
	struct pair p = { .s = s, .a = a, .b = b, .rules = rules };

	memset(s, 0, sizeof(*s));
	compare_values(&p);
	compare_mitigations(&p);
	look_for_emulation(&p);
	compare_clocks(&p);
	compare_suites(&p);
	compare_modules(&p);
	note_plant(&p, a, "A");
	note_plant(&p, b, "B");
}

void sides_free(struct sides *s)
{
	strlist_free(&s->reasons);
	strlist_free(&s->notes);
}
