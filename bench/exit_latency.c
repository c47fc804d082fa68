// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of one exit, measured in the guest: time stamps directly around the
 * instruction.
 */
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "harness/bench.h"
#include "util/env.h"
#include "util/param.h"
#include "harness/disturb.h"
#include "kvm/uapi.h"
#include "scenario/hostmem.h"
#include "guest/list.h"
#include "guest/guest.h"
#include "util/util.h"

#define HOLE		0xc0000000ULL
#define RAM		0x80000000ULL
#define PAGES		512

static uint32_t repetitions(void)
{
	return (uint32_t)env_pick(500, 2000, 20000);
}

/* One operation repeated on the same address, after a warm-up. */
static void repeat_on(const struct bench *b, struct vcpu *v)
{
	struct mbox_op op = b->op;

	op.count = 50;
	if (vcpu_do(v, &op, 1, NO_EXITS) != VCPU_DONE)
		end_fail("the guest did not finish");
	op.count = repetitions();
	bench_op(b, NULL, v, op);
}

static void repeat(const struct bench *b)
{
	repeat_on(b, vm_create(NULL)->vcpu[0]);
}

/*
 * Without MMIO SPTEs each access is a fault like the first one.  The parameter cannot be
 * changed at run time.
 */
static void uncached(const struct bench *b)
{
	if (param_set("kvm.mmio_caching", 0))
		end_skip("needs KVM loaded with kvm.mmio_caching=0 (lab --param)");
	repeat(b);
}

/* A backend without hardware support may not support the instruction. */
static void hypercall(const struct bench *b)
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	if (vcpu_try(v, &b->op, 1, 300) != VCPU_DONE || vcpu_result(v, 0)->vector >= 0)
		end_skip("the hypercall instruction does not work on this backend");
	repeat_on(b, v);
}

/* Every repetition accesses a page for the first time. */
static void first_touch(const struct bench *b)
{
	struct mbox_op op = b->op;

	op.count = PAGES;
	op.stride = VM_PAGE;
	bench_op(b, NULL, vm_create(NULL)->vcpu[0], op);
}

/* The host memory is populated, only KVM's mapping is missing. */
static void minor_fault(const struct bench *b)
{
	struct vm *vm = vm_create(NULL);
	struct mbox_op op = b->op;
	void *ram = vm_alloc(PAGES * VM_PAGE);

	memset(ram, 1, PAGES * VM_PAGE);
	vm_slot(vm, 1, 0, RAM, PAGES * VM_PAGE, ram);
	op.count = PAGES;
	op.stride = VM_PAGE;
	bench_op(b, NULL, vm->vcpu[0], op);
}

/* The same with 2 MiB host pages, which KVM maps by one entry each. */
static void huge_fault(const struct bench *b)
{
	const unsigned int pages = 16;
	struct vm *vm = vm_create(NULL);
	struct mbox_op op = b->op;

	vm_slot(vm, 1, 0, RAM, pages * PAGE_2M, hostmem_huge(pages * PAGE_2M));
	op.count = pages;
	op.stride = PAGE_2M;
	bench_op(b, NULL, vm->vcpu[0], op);
}

static void readonly_slot(const struct bench *b)
{
	struct vm *vm = vm_create(NULL);
	void *ram = vm_alloc(VM_PAGE);

	memset(ram, 0xff, VM_PAGE);
	vm_slot(vm, 1, KVM_MEM_READONLY, RAM, VM_PAGE, ram);
	repeat_on(b, vm->vcpu[0]);
}

/*
 * The ring has room for 169 entries, then writes exit: the list is shorter than that,
 * and the host empties the ring before each.
 */
static void coalesced(const struct bench *b)
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	struct kvm_coalesced_mmio_zone z = { .addr = HOLE, .size = VM_PAGE };
	int offset = vm_cap(vm, KVM_CAP_COALESCED_MMIO);
	struct mbox_op op = b->op;

	if (!offset || ioctl(vm->fd, KVM_REGISTER_COALESCED_MMIO, &z))
		end_skip("no KVM_CAP_COALESCED_MMIO");
	op.count = 150;
	bench_op(b, NULL, v, op);
}

static void ioeventfd(const struct bench *b)
{
	struct vm *vm = vm_create(NULL);
	struct kvm_ioeventfd e = {
		.addr = HOLE, .len = (uint32_t)b->param, .fd = eventfd(0, EFD_NONBLOCK),
	};

	if (ioctl(vm->fd, KVM_IOEVENTFD, &e))
		end_skip("no ioeventfd of length %u", e.len);
	repeat_on(b, vm->vcpu[0]);
}

/* KVM_RUN that returns immediately: the cost of the ioctl, measured in the host. */
static void immediate_exit(const struct bench *b)
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	uint32_t n = repetitions(), i, *samples = vm_alloc(n * sizeof(*samples) + VM_PAGE);
	struct record_figure m = { .name = b->name, .unit = bench_unit(),
				   .behaviour = b->behaviours, .exact = bench_exact(),
				   .overhead = -1, .userspace = -1, .touched = -1 };
	uint64_t exits, before;
	char note[256];

	vcpu_start(v, OPS({ .kind = OP_NOP }));
	if (vcpu_finish(v) != VCPU_DONE)
		end_fail("the guest did not finish");
	exits = bench_exits(v);
	v->run->immediate_exit = 1;
	disturb_watch();
	for (i = 0; i < n; i++) {
		before = arch_cycles();
		ioctl(v->fd, KVM_RUN, 0);
		samples[i] = (uint32_t)(arch_cycles() - before);
	}
	v->run->immediate_exit = 0;
	m.exits_per_op = (double)(bench_exits(v) - exits) / n;
	disturb_note(note, sizeof(note));
	m.note = note[0] ? note : NULL;
	record_samples(&m, samples, n);
}

static const struct bench table[] = {
	{ "exit.hypercall", "N4", hypercall, 0, { .kind = OP_HYPERCALL, .value = { 1 } }, 0 },
	{ "exit.mmio_read_user", "N1", repeat, 0,
	  { .kind = OP_LOAD, .width = 8, .addr = HOLE }, 0 },
	{ "exit.mmio_write_user", "N1", repeat, 0,
	  { .kind = OP_STORE, .width = 8, .addr = HOLE }, 0 },
	{ "exit.mmio_read_user_byte", "N1", repeat, 0,
	  { .kind = OP_LOAD, .width = 1, .addr = HOLE }, 0 },
	{ "exit.mmio_read_user_word", "N1", repeat, 0,
	  { .kind = OP_LOAD, .width = 2, .addr = HOLE }, 0 },
	{ "exit.mmio_read_user_long", "N1", repeat, 0,
	  { .kind = OP_LOAD, .width = 4, .addr = HOLE }, 0 },
	{ "exit.mmio_read_user_uncached", "N1", uncached, 0,
	  { .kind = OP_LOAD, .width = 8, .addr = HOLE }, 0 },
	{ "exit.mmio_read_user_first", "N1", first_touch, 0,
	  { .kind = OP_LOAD, .width = 8, .addr = HOLE }, 0 },
	{ "exit.mmio_write_user_first", "N1", first_touch, 0,
	  { .kind = OP_STORE, .width = 8, .addr = HOLE }, 0 },
	{ "exit.coalesced_write", "N4", coalesced, 0,
	  { .kind = OP_STORE, .width = 4, .addr = HOLE }, 0 },
	{ "exit.ioeventfd_exact", "N4", ioeventfd, 0,
	  { .kind = OP_STORE, .width = 4, .addr = HOLE }, 4 },
	{ "exit.ioeventfd_any", "N4", ioeventfd, 0,
	  { .kind = OP_STORE, .width = 4, .addr = HOLE }, 0 },
	{ "exit.readonly_read", "N2", readonly_slot, 0,
	  { .kind = OP_LOAD, .width = 8, .addr = RAM }, 0 },
	{ "exit.readonly_write", "N4", readonly_slot, 0,
	  { .kind = OP_STORE, .width = 8, .addr = RAM }, 0 },
	{ "exit.minor_fault", "N10", minor_fault, 0,
	  { .kind = OP_STORE, .width = 8, .addr = RAM }, 0 },
	{ "exit.huge_fault", "N10", huge_fault, 0,
	  { .kind = OP_STORE, .width = 8, .addr = RAM }, 0 },
	{ "exit.immediate", "N4", immediate_exit, 0, { .kind = OP_NOP }, 0 },
};

#include "exit_latency_arch.h"

int main(int argc, char **argv)
{
	enum { COMMON = ARRAY_SIZE(table) };
	static struct bench all[(sizeof(table) + sizeof(arch_table)) / sizeof(table[0])];

	memcpy(all, table, sizeof(table));
	memcpy(all + COMMON, arch_table, sizeof(arch_table));
	return bench_main(argc, argv, all, ARRAY_SIZE(all));
}
