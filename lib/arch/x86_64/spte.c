// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86_64/spte.h"

#include <stdlib.h>
#include <string.h>

#include "util/util.h"

#define MMU_PRESENT	(1ULL << 11)
#define LARGE		(1ULL << 7)

/* Parse the number after the word @key. */
static bool field(const char *text, const char *key, int base, uint64_t *value)
{
	size_t len = strlen(key);
	const char *p = text;
	char *end;

	while ((p = strstr(p, key))) {
		if ((p == text || p[-1] == ' ') && p[len] == ' ') {
			*value = strtoull(p + len + 1, &end, base);
			return end != p + len + 1 && (*end == ' ' || *end == '\n' || !*end);
		}
		p += len;
	}
	return false;
}

bool spte_parse(const char *line, struct spte *s)
{
	static const struct {
		const char *event, *spte;
	} kinds[] = {
		{ " kvm_tdp_mmu_spte_changed: ", "new_spte" },
		{ " kvm_mmu_set_spte: ", "spte" },
	};
	uint64_t level;
	const char *p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		p = strstr(line, kinds[i].event);
		if (!p)
			continue;
		p += strlen(kinds[i].event);
		if (!field(p, "gfn", 16, &s->gfn) || !field(p, "level", 10, &level) ||
		    !field(p, kinds[i].spte, 16, &s->bits))
			return false;
		s->level = (int)level;
		return true;
	}
	return false;
}

bool spte_maps(const struct spte *s)
{
	return s->bits & MMU_PRESENT && (s->level == 1 || s->bits & LARGE);
}

unsigned int spte_memtype(enum spte_format format, const struct spte *s)
{
	unsigned int low = s->bits >> 3 & 3, pat = s->bits >> (s->level == 1 ? 7 : 12) & 1;

	return format == SPTE_EPT ? s->bits >> 3 & 7 : low | pat << 2;
}

bool spte_ipat(const struct spte *s)
{
	return s->bits >> 6 & 1;
}
