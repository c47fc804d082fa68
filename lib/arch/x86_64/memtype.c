// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86_64/memtype.h"

#include <stdio.h>
#include <string.h>

#include "arch.h"
#include "util/env.h"
#include "arch/x86_64/spte.h"
#include "util/trace.h"
#include "util/util.h"

struct memtype_trace {
	struct trace *trace;
	uint64_t gfn;		/* searched for by look() */
	struct spte last;	/* last match, level 0 without one */
};

bool memtype_tdp(void)
{
	const char *file = "/sys/module/kvm_intel/parameters/ept";
	char value[8];

	if (!strcmp(arch_backend(), "svm"))
		file = "/sys/module/kvm_amd/parameters/npt";
	return env_read_line(file, value, sizeof(value)) && strchr("Y1", value[0]);
}

bool memtype_tdp_mmu(void)
{
	char value[8];

	return memtype_tdp() && env_read_line("/sys/module/kvm/parameters/tdp_mmu", value,
					      sizeof(value)) && strchr("Y1", value[0]);
}

static enum spte_format format(void)
{
	return !strcmp(arch_backend(), "vmx") && memtype_tdp() ? SPTE_EPT : SPTE_PTE;
}

struct memtype_trace *memtype_trace(void)
{
	static const char *const events[] = SPTE_EVENTS;
	static struct memtype_trace t;

	t.trace = trace_start(events, ARRAY_SIZE(events));
	return &t;
}

void memtype_clear(struct memtype_trace *t)
{
	trace_clear(t->trace);
}

static void look(const char *line, void *arg)
{
	struct memtype_trace *t = arg;
	struct spte s;

	if (spte_parse(line, &s) && spte_maps(&s) &&
	    s.gfn == (t->gfn & ~0ULL << 9 * (s.level - 1)))
		t->last = s;
}

static const struct spte *last(struct memtype_trace *t, uint64_t gpa)
{
	t->gfn = gpa >> 12;
	t->last.level = 0;
	trace_each(t->trace, look, t);
	return t->last.level ? &t->last : NULL;
}

int memtype_level(struct memtype_trace *t, uint64_t gpa)
{
	const struct spte *s = last(t, gpa);

	return s ? s->level : 0;
}

void memtype_print(struct memtype_trace *t, uint64_t gpa, char *buf, size_t size)
{
	static const char *const names[] = { "UC", "WC", "2?", "3?", "WT", "WP", "WB", "7?" };
	const struct spte *s = last(t, gpa);

	if (!s)
		snprintf(buf, size, "no new SPTE");
	else if (format() == SPTE_EPT)
		snprintf(buf, size, "EPT %s%s", names[spte_memtype(SPTE_EPT, s)],
			 spte_ipat(s) ? ", ignore PAT" : "");
	else
		snprintf(buf, size, "PAT entry %u", spte_memtype(SPTE_PTE, s));
}

static const struct {
	const char *what;
	unsigned int ept_type;
	bool ept_ipat;
	unsigned int pat_entry;
} wanted[] = {
	[MEMTYPE_RAM] = { "RAM, PAT ignored", MT_WB, true, 0 },
	[MEMTYPE_RAM_PAT] = { "RAM, PAT honoured", MT_WB, false, 0 },
	[MEMTYPE_WC] = { "RAM, write-combining", MT_WC, true, 1 },
	[MEMTYPE_DEVICE] = { "device memory", MT_UC, false, 0 },
};

bool memtype_is(struct memtype_trace *t, uint64_t gpa, enum memtype_want want)
{
	const struct spte *s = last(t, gpa);
	char text[64];
	bool ok;

	if (s && format() == SPTE_EPT)
		ok = spte_memtype(SPTE_EPT, s) == wanted[want].ept_type &&
		     spte_ipat(s) == wanted[want].ept_ipat;
	else
		ok = s && spte_memtype(SPTE_PTE, s) == wanted[want].pat_entry;
	if (!ok) {
		memtype_print(t, gpa, text, sizeof(text));
		diag("gpa 0x%llx, %s: %s (0x%llx)", (unsigned long long)gpa, wanted[want].what,
		     text, s ? (unsigned long long)s->bits : 0ULL);
	}
	return ok;
}
