// SPDX-License-Identifier: GPL-2.0-only
#include "kvm/exits.h"

#include <stdio.h>
#include <string.h>

#include "util/env.h"
#include "kvm/uapi.h"

#define POISON 0xa5
#define EXIT_UNION_SIZE (sizeof(((struct kvm_run *)0)->padding))

uint64_t exit_poison(struct kvm_run *run, uint32_t completes, bool keep_reason)
{
	uint64_t ret = run->hypercall.ret;
	uint64_t data;

	memcpy(&data, run->mmio.data, sizeof(data));
	memset(run->padding, POISON, EXIT_UNION_SIZE);
	if (completes == KVM_EXIT_MMIO)
		memcpy(run->mmio.data, &data, sizeof(data));
	else if (completes == KVM_EXIT_HYPERCALL)
		run->hypercall.ret = ret;
	if (!completes || !keep_reason)
		run->exit_reason = KVM_EXIT_UNKNOWN;
	memcpy(&data, run->mmio.data, sizeof(data));
	return data;
}

static uint64_t little_endian(const void *p, unsigned int len)
{
	uint64_t v = 0;

	memcpy(&v, p, len < sizeof(v) ? len : sizeof(v));
	return v;
}

static void read_mmio(const struct kvm_run *run, uint64_t before, struct kexit *e)
{
	const uint8_t *old = (const uint8_t *)&before;
	unsigned int i;

	e->addr = run->mmio.phys_addr;
	e->len = run->mmio.len;
	e->is_write = run->mmio.is_write;
	if (!e->is_write)
		return;
	e->data = little_endian(run->mmio.data, run->mmio.len);
	/*
	 * A2: api.rst does not specify the bytes beyond len, and some kernels
	 * clear them.  Zeroes disclose nothing; anything else is stale kernel
	 * memory (compare CVE-2026-31588).
	 */
	for (i = run->mmio.len; i < sizeof(run->mmio.data); i++)
		e->tail_touched |= run->mmio.data[i] != old[i] && run->mmio.data[i] != 0;
}

static void read_hypercall(const struct kvm_run *run, struct kexit *e)
{
	int i;

	e->addr = run->hypercall.nr;
	e->data = run->hypercall.ret;
	for (i = 0; i < 3; i++)
		e->args[i] = run->hypercall.args[i];
}

void exit_read(const struct kvm_run *run, int err, uint64_t before, struct kexit *e)
{
	memset(e, 0, sizeof(*e));
	e->reason = run->exit_reason;
	e->err = (uint32_t)err;
	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		read_mmio(run, before, e);
		break;
	case KVM_EXIT_IO:
		e->addr = run->io.port;
		e->len = run->io.size;
		e->is_write = run->io.direction == KVM_EXIT_IO_OUT;
		if (e->is_write)
			e->data = little_endian((const char *)run + run->io.data_offset,
						run->io.size);
		break;
	case KVM_EXIT_HYPERCALL:
		read_hypercall(run, e);
		break;
	case KVM_EXIT_MEMORY_FAULT:
		e->addr = run->memory_fault.gpa;
		e->data = run->memory_fault.size;
		e->flags = run->memory_fault.flags;
		break;
	case KVM_EXIT_ARM_NISV:
		e->addr = run->arm_nisv.fault_ipa;
		e->data = run->arm_nisv.esr_iss;
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		e->addr = run->internal.suberror;
		break;
	case KVM_EXIT_FAIL_ENTRY:
		e->addr = run->fail_entry.hardware_entry_failure_reason;
		break;
	}
}

bool exit_equal(const struct kexit *a, const struct kexit *b)
{
	return a->reason == b->reason && a->len == b->len && a->addr == b->addr &&
	       a->data == b->data && a->flags == b->flags && a->err == b->err &&
	       !memcmp(a->args, b->args, sizeof(a->args)) &&
	       a->is_write == b->is_write && a->tail_touched == b->tail_touched;
}

void exit_print(const struct kexit *e, char *buf, size_t size)
{
	int n;

	switch (e->reason) {
	case KVM_EXIT_MMIO:
	case KVM_EXIT_IO:
		n = snprintf(buf, size, "%s %s 0x%llx len %u data 0x%llx%s",
			     e->reason == KVM_EXIT_MMIO ? "MMIO" : "IO",
			     e->is_write ? "write" : "read", (unsigned long long)e->addr,
			     e->len, (unsigned long long)e->data,
			     e->tail_touched ? " (stale bytes beyond len)" : "");
		break;
	case KVM_EXIT_MEMORY_FAULT:
		n = snprintf(buf, size, "MEMORY_FAULT gpa 0x%llx size 0x%llx flags 0x%llx",
			     (unsigned long long)e->addr, (unsigned long long)e->data,
			     (unsigned long long)e->flags);
		break;
	case KVM_EXIT_HYPERCALL:
		n = snprintf(buf, size, "HYPERCALL %llu (0x%llx, 0x%llx, 0x%llx) ret 0x%llx",
			     (unsigned long long)e->addr, (unsigned long long)e->args[0],
			     (unsigned long long)e->args[1], (unsigned long long)e->args[2],
			     (unsigned long long)e->data);
		break;
	case KVM_EXIT_ARM_NISV:
		n = snprintf(buf, size, "ARM_NISV fault_ipa 0x%llx esr_iss 0x%llx",
			     (unsigned long long)e->addr, (unsigned long long)e->data);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		n = snprintf(buf, size, "INTERNAL_ERROR suberror %llu",
			     (unsigned long long)e->addr);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		n = snprintf(buf, size, "FAIL_ENTRY reason 0x%llx", (unsigned long long)e->addr);
		break;
	case KVM_EXIT_SHUTDOWN:
		n = snprintf(buf, size, "SHUTDOWN (triple fault)");
		break;
	case KVM_EXIT_HLT:
		n = snprintf(buf, size, "HLT");
		break;
	case KVM_EXIT_INTR:
		n = snprintf(buf, size, "INTR");
		break;
	default:
		n = snprintf(buf, size, "exit reason %u", e->reason);
	}
	if (e->err && n > 0 && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, ", KVM_RUN: %s", strerror((int)e->err));
}

static void print_at(const struct kexit *list, size_t n, size_t i, char *buf, size_t size)
{
	if (i < n)
		exit_print(&list[i], buf, size);
	else
		snprintf(buf, size, "nothing");
}

bool exits_match(const char *what, const struct kexit *seen, size_t nseen,
		 const struct kexit *want, size_t nwant)
{
	size_t i, first, most = nseen > nwant ? nseen : nwant;
	char a[160], b[160];

	for (first = 0; first < nseen && first < nwant; first++)
		if (!exit_equal(&seen[first], &want[first]))
			break;
	if (first == most)
		return true;

	/* The first line becomes the reason in the summary. */
	print_at(seen, nseen, first, a, sizeof(a));
	print_at(want, nwant, first, b, sizeof(b));
	diag("%s: exit %zu of %zu is %s, expected %s", what, first, nseen, a, b);
	for (i = 0; i < most && i < first + 16; i++) {
		print_at(seen, nseen, i, a, sizeof(a));
		print_at(want, nwant, i, b, sizeof(b));
		diag("  %2zu %c %s%s%s", i, strcmp(a, b) ? '!' : ' ', a,
		     strcmp(a, b) ? ", expected " : "", strcmp(a, b) ? b : "");
	}
	return false;
}
