// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unaligned accesses across the boundary of two pages of different kinds (G13).
 *
 * What KVM sees of them depends on the CPU, which may report any of the parts, with a valid
 * syndrome or not.  So the outcome is recorded, and what fails is: memory changed outside of
 * the access, an exit outside of it, an instruction that retires twice or not at all, a
 * guest that hangs.
 */
#include "harness/test.h"

#include "arch.h"
#include "arch/arm64/cpu.h"
#include "arch/arm64/mmu.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/util.h"

#define IPA_BITS	32
#define INSIDE		0xc0000000ULL
#define AT_THE_END	((1ULL << IPA_BITS) - VM_PAGE)
#define V0		0x8182838485868788ULL
#define V1		0x9192939495969798ULL
#define ANSWER		0x7172737475767778ULL

enum kind { HOLE, RAM, RO, BEYOND };	/* BEYOND: the VM's IPA size */

FIXTURE(crossing) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t gpa;		/* the first of the two pages, mapped at VM_WINDOW */
	uint8_t *host, *copy;	/* 6 pages; those of the slots are 1 and 3 */
};

FIXTURE_VARIANT(crossing) {
	const char *name;
	enum kind kind[2];
};

FIXTURE_VARIANT_ADD(crossing, ram_hole) { "ram_hole", { RAM, HOLE } };
FIXTURE_VARIANT_ADD(crossing, hole_ram) { "hole_ram", { HOLE, RAM } };
FIXTURE_VARIANT_ADD(crossing, hole_hole) { "hole_hole", { HOLE, HOLE } };
FIXTURE_VARIANT_ADD(crossing, ro_hole) { "ro_hole", { RO, HOLE } };
FIXTURE_VARIANT_ADD(crossing, hole_ro) { "hole_ro", { HOLE, RO } };
FIXTURE_VARIANT_ADD(crossing, ram_ro) { "ram_ro", { RAM, RO } };
FIXTURE_VARIANT_ADD(crossing, ro_ram) { "ro_ram", { RO, RAM } };
FIXTURE_VARIANT_ADD(crossing, ro_ro) { "ro_ro", { RO, RO } };
FIXTURE_VARIANT_ADD(crossing, ram_beyond) { "ram_beyond", { RAM, BEYOND } };
FIXTURE_VARIANT_ADD(crossing, hole_beyond) { "hole_beyond", { HOLE, BEYOND } };
FIXTURE_VARIANT_ADD(crossing, ram_ram) { "ram_ram", { RAM, RAM } };

static uint8_t *page(FIXTURE_DATA(crossing) *self, unsigned int nr)
{
	return self->host + (1 + 2 * nr) * VM_PAGE;
}

KVMEM_SETUP(crossing)
{
	struct vm_opts o = { .type = IPA_BITS };
	unsigned int i;

	self->vm = vm_create(&o);
	self->v = self->vm->vcpu[0];
	self->gpa = variant->kind[1] == BEYOND ? AT_THE_END : INSIDE;
	self->host = vm_alloc(6 * VM_PAGE);
	self->copy = vm_alloc(6 * VM_PAGE);
	for (i = 0; i < 6 * VM_PAGE; i++)
		self->copy[i] = (uint8_t)(0xa1 + i * 3 + i / 255);
	for (i = 0; i < 2; i++)
		if (variant->kind[i] == RAM || variant->kind[i] == RO)
			vm_slot(self->vm, 1 + i, variant->kind[i] == RO ? KVM_MEM_READONLY : 0,
				self->gpa + i * VM_PAGE, VM_PAGE, page(self, i));
	vm_map(self->vm, VM_WINDOW, self->gpa, 2);
}

struct access {
	const char *what;
	uint8_t kind, width;
};

static const struct access loads[] = {
	{ "ldrh", OP_LOAD, 2 }, { "ldr_w", OP_LOAD, 4 }, { "ldr_x", OP_LOAD, 8 },
	{ "ldp_x", OP_LDP, 16 }, { "ldr_q", OP_LDR_FP, 16 },
};

static const struct access stores[] = {
	{ "strh", OP_STORE, 2 }, { "str_w", OP_STORE, 4 }, { "str_x", OP_STORE, 8 },
	{ "stp_x", OP_STP, 16 }, { "str_q", OP_STR_FP, 16 },
};

/* Host address of byte @i of an access that has @before bytes before the boundary. */
static uint8_t *byte_at(FIXTURE_DATA(crossing) *self, unsigned int before, unsigned int i)
{
	return i < before ? page(self, 0) + VM_PAGE - before + i : page(self, 1) + i - before;
}

/* Bytes that the access has written in each page; -1 if memory is wrong. */
static int written(FIXTURE_DATA(crossing) *self, const struct access *a, unsigned int before, bool store,
		   unsigned int n[2])
{
	const uint64_t data[2] = { V0, V1 };
	const uint8_t *new = (const uint8_t *)data;
	unsigned int i;

	n[0] = n[1] = 0;
	for (i = 0; i < a->width; i++) {
		uint8_t *p = byte_at(self, before, i), old = self->copy[p - self->host];

		if (*p == old)
			continue;
		if (!store || *p != new[i])
			return -1;
		n[i >= before]++;
		*p = old;
	}
	return memcmp(self->host, self->copy, 6 * VM_PAGE) ? -1 : 0;
}

static bool within(uint64_t addr, uint64_t first, unsigned int width)
{
	return addr >= first && addr < first + width;
}

/* What the exits and the end of one access were, as text; false if they are not valid. */
static bool outcome(FIXTURE_DATA(crossing) *self, const struct access *a, unsigned int before, bool store,
		    enum vcpu_stop stop, char *text, size_t size)
{
	struct vcpu *v = self->v;
	const struct mbox_result *r = vcpu_result(v, 0);
	uint64_t gpa = self->gpa + VM_PAGE - before, gva = VM_WINDOW + VM_PAGE - before;
	unsigned int i, n[2];
	int used = 0;

	text[0] = '\0';
	for (i = 0; i < v->nr_exits && i < 8; i++) {
		const struct kexit *e = &v->log[i];

		if (e->err)
			break;
		if (e->reason != KVM_EXIT_MMIO || e->is_write != store || !within(e->addr, gpa, a->width))
			return false;
		used += snprintf(text + used, size - (size_t)used, "exit%s at the %s, ",
				 e->len == a->width ? "" : " of another length",
				 e->addr == gpa ? "first byte" :
				 e->addr == gpa + before ? "boundary" : "middle");
	}
	if (v->nr_exits > 4 || stop == VCPU_HUNG)
		return false;
	if (stop == VCPU_DONE && ((r->vector < 0 && r->done != 1) || vcpu_result(v, 1)->done != 1))
		return false;
	if (stop == VCPU_EXIT) {
		/* The class of loads and stores. */
		if (v->log[i].err != ENOSYS || (cpu_insn(v) & 0x0a000000) != 0x08000000)
			return false;
		used += snprintf(text + used, size - (size_t)used, "ENOSYS");
	} else if (r->vector >= 0) {
		if (r->vector != EC_DABT || r->done ||
		    (!within(r->fault_addr, gva, a->width) && !within(r->fault_addr, gpa, a->width)))
			return false;
		used += snprintf(text + used, size - (size_t)used, "abort 0x%x",
				 (unsigned int)r->error & 0x3f);
	} else {
		used += snprintf(text + used, size - (size_t)used, "done");
	}
	if (written(self, a, before, store, n))
		return false;
	if (n[0] || n[1])
		snprintf(text + used, size - (size_t)used, ", %s written",
			 n[0] == before && n[1] == a->width - before ? "all" :
			 n[0] == before && !n[1] ? "first part" :
			 !n[0] && n[1] == a->width - before ? "second part" : "pieces");
	return true;
}

/* One split of an instruction; *text is its outcome. */
static bool split(FIXTURE_DATA(crossing) *self, const struct access *a, unsigned int before, bool store,
		  char *text, size_t size)
{
	static const struct kexit answers[] = {
		MMIO_RD(0, 8, ANSWER), MMIO_RD(0, 8, ANSWER), MMIO_RD(0, 8, ANSWER), MMIO_RD(0, 8, ANSWER),
	};
	const struct mbox_op op = { .kind = a->kind, .width = a->width, .value = { V0, V1 },
				    .addr = VM_WINDOW + VM_PAGE - before };
	const struct mbox_result *r = vcpu_result(self->v, 0);
	enum vcpu_stop stop;
	char first[160];

	memcpy(self->host, self->copy, 6 * VM_PAGE);
	vcpu_start(self->v, OPS(op, { .kind = OP_NOP }));
	self->v->script = answers;
	self->v->nr_script = ARRAY_SIZE(answers);
	self->v->give_up_ms = 1000;
	stop = vcpu_finish(self->v);
	self->v->give_up_ms = 0;
	if (outcome(self, a, before, store, stop, text, size))
		return true;
	exit_print(&self->v->log[0], first, sizeof(first));
	diag("%s with %u bytes before the boundary: %s %s, exception %d at 0x%llx, %u exits, first: %s",
	     a->what, before, stop == VCPU_HUNG ? "hangs" : "not valid after", text, r->vector,
	     (unsigned long long)r->fault_addr, self->v->nr_exits, self->v->nr_exits ? first : "none");
	return false;
}

/* All splits of all instructions; the outcomes are recorded, equal ones in sequence once. */
static bool splits(FIXTURE_DATA(crossing) *self, const char *pair, const struct access *a, size_t nr,
		   bool store)
{
	char all[1000] = "", last[160] = "", text[160], name[64];
	unsigned int before, used = 0;
	size_t i;

	for (i = 0; i < nr; i++, a++) {
		/* Of 16 bytes, the splits beside the ends and in the middle. */
		unsigned int step = a->width == 16 ? 7 : 1;

		for (before = 1; before < a->width; before += step) {
			if (!split(self, a, before, store, text, sizeof(text)))
				return false;
			if (!strcmp(text, last))
				continue;
			strcpy(last, text);
			if (used < sizeof(all))
				used += (unsigned int)snprintf(all + used, sizeof(all) - used,
					"%s%s, %u before: %s", used ? "; " : "", a->what, before, text);
		}
	}
	snprintf(name, sizeof(name), "crossing.%s.%s", pair, store ? "store" : "load");
	record_observation("G13", name, "%s", all);
	return true;
}

/*
 * Red with: fault_ipa built from the wrong page's offset; a completion that retries the
 * access, or writes RAM beside it.
 */
KVMEM_TEST_F(crossing, load, "G13")
{
	ASSERT_TRUE(splits(self, variant->name, loads, ARRAY_SIZE(loads), false));
}

KVMEM_TEST_F(crossing, store, "G13")
{
	ASSERT_TRUE(splits(self, variant->name, stores, ARRAY_SIZE(stores), true));
}

KVMEM_MAIN
