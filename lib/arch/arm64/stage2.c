// SPDX-License-Identifier: GPL-2.0-only
#include "arch/arm64/stage2.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arch.h"
#include "kvm/vcpu.h"
#include "kvm/vm.h"
#include "util/env.h"
#include "util/trace.h"

#define FSC_TYPE	0x3c
#define FSC_ACCESS_FLAG	0x08

/* --- faults --------------------------------------------------------------------- */

bool stage2_fault_parse(const char *line, struct guest_fault *f)
{
	const char *at = strstr(line, "kvm_guest_fault: ");
	unsigned long long ipa, esr, pc;

	if (!at ||
	    sscanf(at, "kvm_guest_fault: ipa %llx, hsr %llx, hxfar %*x, pc %llx", &ipa, &esr, &pc) != 3)
		return false;
	*f = (struct guest_fault){ ipa, esr, pc };
	return true;
}

static struct trace *trace;

void stage2_faults_begin(void)
{
	static const char *const events[] = { "kvm/kvm_guest_fault" };

	if (!trace)
		trace = trace_start(events, 1);
	trace_clear(trace);
}

struct list {
	struct guest_fault *f;
	size_t n, max;
};

static void add_fault(const char *line, void *arg)
{
	struct list *l = arg;
	struct guest_fault one, *f = l->n < l->max ? &l->f[l->n] : &one;

	/* Aging of the host's pages makes access flag faults, at any time. */
	if (stage2_fault_parse(line, f) && (f->ipa & ~(PAGE_4K - 1)) != MBOX_IO &&
	    (f->esr & FSC_TYPE) != FSC_ACCESS_FLAG)
		l->n++;
}

size_t stage2_faults(struct guest_fault *f, size_t max)
{
	struct list l = { f, 0, max };

	trace_each(trace, add_fault, &l);
	return l.n;
}

void arch_faults_begin(struct vcpu *v)
{
	(void)v;
	stage2_faults_begin();
}

uint64_t arch_faults(struct vcpu *v)
{
	uint64_t n = stage2_faults(NULL, 0);

	(void)v;
	trace_clear(trace);
	return n;
}

/* --- the dump ------------------------------------------------------------------- */

/*
 * "0x0000000010000000-0x0000000010001000           4K 3     R W X AF".  X stands for XN: not
 * executable.
 */
bool stage2_dump_parse(const char *line, struct stage2_range *r)
{
	unsigned long long start, end;
	char attributes[64] = " ";
	unsigned int level;

	if (sscanf(line, "0x%llx-0x%llx %*s %u %60[^\n]", &start, &end, &level, attributes + 1) != 4)
		return false;
	strcat(attributes, " ");
	*r = (struct stage2_range){
		.start = start, .end = end, .level = level,
		.r = strstr(attributes, " R "), .w = strstr(attributes, " W "),
		.x = !strstr(attributes, " X "), .af = strstr(attributes, " AF "),
		.block = strstr(attributes, " BLK "),
	};
	return r->r;
}

bool stage2_dump(struct vm *vm, void (*fn)(const struct stage2_range *r, void *arg), void *arg)
{
	char path[96], line[256];
	struct stage2_range r;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%d-%d/stage2_page_tables", getpid(), vm->fd);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		if (stage2_dump_parse(line, &r))
			fn(&r, arg);
	fclose(f);
	return true;
}

static void count_pages(const struct stage2_range *r, void *arg)
{
	if (r->level == 3)
		*(uint64_t *)arg += (r->end - r->start) / VM_PAGE;
}

bool arch_mapped(struct vm *vm, uint64_t *n)
{
	*n = 0;
	return stage2_dump(vm, count_pages, n);
}
