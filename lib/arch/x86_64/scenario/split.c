// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86_64/scenario/split.h"

#include <string.h>

#include "arch.h"
#include "util/env.h"
#include "util/util.h"
#include "guest/list.h"
#include "guest/guest.h"

#define GVA VM_WINDOW
#define MARK 0x5e	/* written by the host during an exit */

static const unsigned int widths[] = { 2, 4, 8, 16 };
static const uint8_t bytes[16] = {
	0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
	0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xf1, 0x02,
};

/* One half of one access. */
struct piece {
	const struct split_half *half;
	unsigned int offset, len;	/* in the page */
	const uint8_t *bytes;
};

void split_map(struct vm *vm, const struct split_half half[2])
{
	vm_map(vm, GVA, half[0].gpa, 1);
	vm_map(vm, GVA + PAGE_4K, half[1].gpa, 1);
}

static void cut(const struct split_half half[2], unsigned int width, unsigned int at,
		struct piece p[2])
{
	p[0] = (struct piece){ &half[0], PAGE_4K - at, at, bytes };
	p[1] = (struct piece){ &half[1], 0, width - at, bytes + at };
}

/* The expected exits of one half, of at most 8 bytes each. */
static size_t piece_exits(const struct piece *p, bool write, struct kexit *e)
{
	unsigned int done, len;
	size_t n = 0;

	if ((p->half->hva || p->half->ones) && !(write && (p->half->readonly || p->half->ones)))
		return 0;
	if (p->half->drops)
		return 0;
	for (done = 0; done < p->len; done += len, n++) {
		len = p->len - done < 8 ? p->len - done : 8;
		e[n] = (struct kexit){
			.reason = KVM_EXIT_MMIO, .addr = p->half->gpa + p->offset + done,
			.len = len, .is_write = write,
		};
		memcpy(&e[n].data, p->bytes + done, len);
	}
	return n;
}

static void fill(const struct piece p[2], int value)
{
	int h;

	for (h = 0; h < 2; h++)
		if (p[h].half->hva)
			memset(p[h].half->hva, value, PAGE_4K);
}

static bool read_ok(struct vcpu *v, const struct piece p[2], unsigned int width)
{
	uint64_t want[2] = { 0, 0 };
	uint8_t *at = (uint8_t *)want;
	struct kexit exits[4];
	size_t n = 0;
	int h;

	for (h = 0; h < 2; h++) {
		if (p[h].half->hva)
			memcpy(p[h].half->hva + p[h].offset, p[h].bytes, p[h].len);
		n += piece_exits(&p[h], false, exits + n);
		if (p[h].half->ones)
			memset(at, 0xff, p[h].len);
		else
			memcpy(at, p[h].bytes, p[h].len);
		at += p[h].len;
	}
	if (!vcpu_expect(v, "split read", OPS(LD(width, GVA + PAGE_4K - p[0].len)), exits, n))
		return false;
	if (width < 16)
		want[1] = vcpu_result(v, 0)->value[1];
	if (!memcmp(want, vcpu_result(v, 0)->value, sizeof(want)))
		return true;
	diag("read %016llx %016llx, expected %016llx %016llx",
	     (unsigned long long)vcpu_result(v, 0)->value[1],
	     (unsigned long long)vcpu_result(v, 0)->value[0],
	     (unsigned long long)want[1], (unsigned long long)want[0]);
	return false;
}

/* Whether a page with host memory holds @value, except for the bytes written. */
static bool memory_is(const struct piece *p, bool written, uint8_t value)
{
	uint8_t want[PAGE_4K];
	unsigned int i;

	if (!p->half->hva)
		return true;
	memset(want, value, sizeof(want));
	if (written && !p->half->readonly)
		memcpy(want + p->offset, p->bytes, p->len);
	for (i = 0; i < PAGE_4K; i++) {
		if (p->half->hva[i] == want[i])
			continue;
		diag("%s memory at offset 0x%x is %02x, expected %02x",
		     p->half->readonly ? "read-only" : "guest", i, p->half->hva[i], want[i]);
		return false;
	}
	return true;
}

static bool write_ok(struct vcpu *v, const struct piece p[2], unsigned int width)
{
	struct mbox_op op = {
		.kind = OP_STORE, .width = width, .addr = GVA + PAGE_4K - p[0].len,
	};
	bool same_page = p[0].half->hva && p[0].half->hva == p[1].half->hva;
	struct kexit exits[4];
	enum vcpu_stop stop;
	size_t n = 0;
	int h;

	memcpy(op.value, bytes, sizeof(op.value));
	for (h = 0; h < 2; h++)
		n += piece_exits(&p[h], true, exits + n);
	fill(p, 0);
	if (!vcpu_expect(v, "split write", &op, 1, exits, n))
		return false;
	if (!same_page && (!memory_is(&p[0], true, 0) || !memory_is(&p[1], true, 0)))
		return false;
	if (!n)
		return true;

	/* Repeat, with the host changing the memory during each exit. */
	vcpu_start(v, &op, 1);
	do {
		stop = vcpu_run(v);
		if (stop == VCPU_RESUME)
			fill(p, MARK);
	} while (stop == VCPU_RESUME);
	return memory_is(&p[0], false, MARK) && memory_is(&p[1], false, MARK);
}

static bool all_splits(struct vcpu *v, const struct split_half half[2],
		       bool (*ok)(struct vcpu *, const struct piece *, unsigned int))
{
	unsigned int i, at;
	struct piece p[2];

	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		for (at = 1; at < widths[i]; at++) {
			cut(half, widths[i], at, p);
			if (ok(v, p, widths[i]))
				continue;
			diag("width %u, %u bytes in the first page", widths[i], at);
			return false;
		}
	}
	return true;
}

bool split_reads_ok(struct vcpu *v, const struct split_half half[2])
{
	return all_splits(v, half, read_ok);
}

bool split_writes_ok(struct vcpu *v, const struct split_half half[2])
{
	return all_splits(v, half, write_ok);
}
