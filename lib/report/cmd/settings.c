// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report settings: print how a run was made, for a script that repeats it. */
#include "report/cmd/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/json.h"
#include "report/base/text.h"
#include "report/data/results.h"

static void put(const char *key, const char *value)
{
	if (!*value)
		return;
	printf("%s\t", key);
	text_plain(stdout, value, strlen(value));
	putchar('\n');
}

static void put_number(const char *key, const json_t *v)
{
	if (json_is_integer(v) && json_integer_value(v) >= 0)
		printf("%s\t%lld\n", key, (long long)json_integer_value(v));
}

/* In the lab, parameters of KVM's modules are on the kernel's command line. */
static void put_params(const struct run *r)
{
	char *line = xstrdup(json_text(json_object_get(r->meta, "kernel"), "cmdline")), *word;
	char *save = NULL;

	for (word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (!strncmp(word, "kvm", 3) && strchr(word, '.') && strchr(word, '='))
			put("param", word);
	free(line);
}

static void put_lab(const struct run *r)
{
	json_t *lab = json_object_get(r->meta, "lab"), *v;
	const char *key;
	char *name;

	json_object_foreach(lab, key, v) {
		name = xprintf("lab.%s", key);
		put(name, json_is_string(v) ? json_string_value(v) : "");
		free(name);
	}
	put_params(r);
}

static void put_items(const struct run *r)
{
	unsigned int replicates = 0;
	bool bench = false, test = false;
	size_t i;

	for (i = 0; i < r->n_items; i++) {
		bench |= r->items[i]->bench;
		test |= !r->items[i]->bench;
		if (r->items[i]->bench && r->items[i]->planned > replicates)
			replicates = r->items[i]->planned;
	}
	put("kind", bench && test ? "run" : bench ? "bench" : "test");
	if (replicates)
		printf("replicates\t%u\n", replicates);
	for (i = 0; i < r->n_items; i++)
		put("item", r->items[i]->name);
}

int cmd_settings(int argc, char **argv)
{
	struct run r;

	if (argc != 2 || argv[1][0] == '-') {
		complain("settings needs one results folder; see kvmem-report --help");
		return EXIT_BROKEN;
	}
	if (!results_load_whole(&r, argv[1]))
		return EXIT_BROKEN;
	put("profile", run_string(&r, "profile"));
	put("where", run_string(&r, "where"));
	put("machine", json_text(json_object_get(r.meta, "kernel"), "machine"));
	put_number("seed", json_object_get(r.meta, "seed"));
	if (json_is_true(json_object_get(r.meta, "exact")))
		put("exact", "yes");
	if (!strcmp(run_string(&r, "where"), "lab"))
		put_lab(&r);
	put_items(&r);
	run_free(&r);
	return EXIT_PASSED;
}
