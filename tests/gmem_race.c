// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_memfd under concurrency: punches, slots created and deleted, and the last
 * close, while vCPUs use the memory (D3, D9, D10, D17-D19).
 *
 * There is a vCPU per CPU, and each writes increasing numbers, so that stale data is
 * detected by comparing.
 */
#include "harness/test.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <stdatomic.h>

#include "scenario/alias.h"
#include "guest/gmem_vm.h"
#include "guest/hammer.h"
#include "guest/list.h"

#define GPA 0xc0000000ULL
#define RAM 0xe0000000ULL /* the neighbour: a slot without guest_memfd */
#define WRITERS_MAX 8

FIXTURE(race) {
	struct vm *vm;
	struct vcpu *v; /* used by the test; the writers follow */
	unsigned int writers;
	uint64_t size;
	uint8_t *hva;
	int fd;
};

FIXTURE_VARIANT(race) {
	enum gmem_kind kind;
};

FIXTURE_VARIANT_ADD(race, shared) { GMEM_SHARED };
FIXTURE_VARIANT_ADD(race, private) { GMEM_PRIVATE };

KVMEM_SETUP(race)
{
	int cpus = hammer_cpus();
	struct vm_opts o;

	self->writers = cpus < 2 ? 1 : cpus > WRITERS_MAX ? WRITERS_MAX : (unsigned int)cpus;
	o = (struct vm_opts){ .nr_vcpus = 1 + self->writers };
	self->vm = gmem_kind_vm(variant->kind, &o);
	self->v = self->vm->vcpu[0];
	self->size = 64 * VM_PAGE;
	self->hva = vm_alloc(self->size);
	self->fd = gmem_kind_create(self->vm, variant->kind, self->size);
	ASSERT_EQ(0,
		  gmem_slot(self->vm, variant->kind, 1, GPA, self->size, self->hva, self->fd, 0));
}

/* Writer @i writes increasing numbers to this page. */
static uint64_t page_of(unsigned int i)
{
	return GPA + 3 * i * VM_PAGE;
}

static void start_writer(FIXTURE_DATA(race) *self, struct hammer *h, unsigned int i)
{
	hammer_start(h, self->vm->vcpu[1 + i],
		     (struct mbox_op){ .kind = OP_STORE,
				       .width = 8,
				       .addr = page_of(i),
				       .value = { 1 },
				       .flags = OPF_COUNTER });
}

/* Printed at the end, because the first line of a failed test is its reason. */
static void print_cpus(FIXTURE_DATA(race) *self)
{
	diag("%u vCPUs on %d CPUs", 1 + self->writers, hammer_cpus());
}

/* A random delay, up to about the time of a fault. */
static void delay(uint64_t *seed)
{
	volatile unsigned int n;

	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	for (n = (unsigned int)(*seed >> 50); n; n--)
		;
}

/*
 * A vCPU spins on the page: after fallocate() has returned it must read 0.  The host
 * overwrites the freed page, so that a stale mapping does not read as zero.
 * Red with: the remote TLB flush left out.
 */
KVMEM_TEST_F(race, punch_seen_at_once, "D3", 500)
{
	uint64_t rounds = env_pick(40, 150, 3000), i;
	struct hammer h = { .retry_faults = false };

	hammer_start(&h, self->vm->vcpu[1], (struct mbox_op)LD(8, GPA));
	for (i = 1; i <= rounds; i++) {
		vcpu_store(self->v, 8, GPA, i);
		ASSERT_EQ(i, hammer_next(&h));
		ASSERT_EQ(0, gmem_punch(self->fd, 0, VM_PAGE));
		if (i % 4 == 0)
			alias_use_up();
		ASSERT_EQ(0, hammer_next(&h));
	}
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
	ASSERT_EQ(0, h.v->nr_exits);
	print_cpus(self);
}

/*
 * Writers fault while their pages are punched, several times in a row and with random
 * delays, so that a punch races with a fault.  Another vCPU must read at least the
 * number that the writer stored after the last punch: a writer with a stale mapping
 * writes to the old page.
 * Red with: mmu_invalidate_seq not checked by the fault, or read too late.
 */
KVMEM_TEST_F(race, punch_against_faults, "D17", 400)
{
	uint64_t rounds = env_pick(40, 150, 20000), seed = env_seed(), i, written, seen;
	struct hammer h[WRITERS_MAX] = { { .retry_faults = false } };
	unsigned int w, k;

	for (w = 0; w < self->writers; w++)
		start_writer(self, &h[w], w);
	for (i = 0; i < rounds; i++) {
		for (k = 0; k < 1 + i % 6; k++) {
			ASSERT_EQ(0, gmem_punch(self->fd, 0, self->size));
			delay(&seed);
		}
		w = (unsigned int)i % self->writers;
		written = hammer_next(&h[w]);
		seen = vcpu_load(self->v, 8, page_of(w));
		ASSERT_LE(written, seen) {
			TH_LOG("round %llu, writer %u of %u", (unsigned long long)i, w,
			       self->writers);
		}
	}
	for (w = 0; w < self->writers; w++) {
		/* Make sure that each writer has stored since the last punch. */
		hammer_next(&h[w]);
		hammer_stop(&h[w]);
		ASSERT_EQ(VCPU_DONE, h[w].stop);
		ASSERT_EQ(0, h[w].v->nr_exits);
		ASSERT_EQ(h[w].v->mb->last, vcpu_load(self->v, 8, page_of(w)));
	}
	print_cpus(self);
}

/* Pages next to the punched ones keep their content while they are written. */
KVMEM_TEST_F(race, neighbours_of_a_punch, "D17 D1")
{
	uint64_t rounds = env_pick(60, 200, 20000), i, before, seen;
	struct hammer h[WRITERS_MAX] = { { .retry_faults = false } };
	unsigned int w;

	for (w = 0; w < self->writers; w++)
		start_writer(self, &h[w], w);
	for (i = 0; i < rounds; i++) {
		w = (unsigned int)i % self->writers;
		before = h[w].v->mb->last;
		/* The pages up to the next writer's, and those after the last writer's. */
		ASSERT_EQ(0, gmem_punch(self->fd, (3 * w + 1) * VM_PAGE, 2 * VM_PAGE));
		ASSERT_EQ(0, gmem_punch(self->fd, 3 * WRITERS_MAX * VM_PAGE, self->size));
		seen = vcpu_load(self->v, 8, page_of(w));
		ASSERT_LE(before, seen);
		ASSERT_LE(seen, hammer_next(&h[w]));
	}
	for (w = 0; w < self->writers; w++)
		hammer_stop(&h[w]);
	print_cpus(self);
}

/* --- slots created and deleted (D18, D19) --------------------------------- */

struct puncher {
	pthread_t thread;
	int fd;
	uint64_t size;
	atomic_bool stop;
	unsigned long punches;
};

/* The file is filled each time, so that a punch takes a while. */
static void *punch_until_stop(void *arg)
{
	struct puncher *p = arg;

	while (!p->stop) {
		fallocate(p->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)p->size);
		gmem_punch(p->fd, 0, p->size);
		p->punches++;
		/* A pause, because a fault may starve if it is always invalidated. */
		usleep(200);
	}
	return NULL;
}

/*
 * Slots are created and deleted while their file is punched.  Invalidation start and
 * end must stay balanced, or every fault of the VM retries for ever, in the plain
 * neighbour slot as well.
 * Red with: bind or unbind without the file's invalidate lock; an end that sees
 * other bindings than the start did.
 */
KVMEM_TEST_F(race, punch_against_slots, "D18 D19", 400)
{
	struct puncher p = { .fd = self->fd, .size = self->size };
	uint64_t rounds = env_pick(50, 300, 5000), i;
	uint64_t *ram = vm_alloc(VM_PAGE);

	vm_slot(self->vm, 2, 0, RAM, VM_PAGE, ram);
	ASSERT_EQ(0, pthread_create(&p.thread, NULL, punch_until_stop, &p));
	for (i = 0; i < rounds; i++) {
		uint64_t seen;

		vm_slot(self->vm, 1, 0, 0, 0, NULL);
		ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, 1, GPA, self->size, self->hva,
				       self->fd, 0));
		vcpu_store(self->v, 8, GPA + (i % 64) * VM_PAGE, i + 1);
		/* Punched in between or not; nothing else was written there. */
		seen = vcpu_load(self->v, 8, GPA + (i % 64) * VM_PAGE);
		ASSERT_TRUE(seen == 0 || seen == i + 1);
		vcpu_store(self->v, 8, RAM, i);
		ASSERT_EQ(i, ram[0]);
	}
	p.stop = true;
	pthread_join(p.thread, NULL);
	diag("%lu punches in %llu rounds", p.punches, (unsigned long long)rounds);
	madvise(ram, VM_PAGE, MADV_DONTNEED);
	vcpu_store(self->v, 8, RAM, 4711);
	vcpu_store(self->v, 8, GPA, 4712);
	ASSERT_EQ(4711, ram[0]);
	ASSERT_EQ(4712, vcpu_load(self->vm->vcpu[1], 8, GPA));
	print_cpus(self);
}

/* --- the last close (D9, D10) ---------------------------------------------- */

/*
 * The file is closed while a vCPU uses it: the only exit is a memory fault of that
 * page.
 * Red with: kvm_gmem_release() that does not zap, or that frees first.
 */
KVMEM_TEST_F(race, close_while_running, "D9")
{
	struct hammer h[WRITERS_MAX] = { { .retry_faults = false } };
	uint64_t rounds = env_pick(5, 20, 300), i;
	unsigned int w;

	for (i = 0; i < rounds; i++) {
		for (w = 0; w < self->writers; w++)
			start_writer(self, &h[w], w);
		close(self->fd);
		for (w = 0; w < self->writers; w++) {
			const struct kexit want = {
				.reason = KVM_EXIT_MEMORY_FAULT,
				.addr = page_of(w),
				.data = VM_PAGE,
				.err = EFAULT,
				.flags = variant->kind == GMEM_PRIVATE ?
						 KVM_MEMORY_EXIT_FLAG_PRIVATE :
						 0,
			};

			pthread_join(h[w].thread, NULL);
			ASSERT_EQ(VCPU_EXIT, h[w].stop);
			ASSERT_TRUE(exits_match("close under a running vCPU", h[w].v->log,
						h[w].v->nr_exits, &want, 1));
		}
		vm_slot(self->vm, 1, 0, 0, 0, NULL);
		self->fd = gmem_kind_create(self->vm, variant->kind, self->size);
		ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, 1, GPA, self->size, self->hva,
				       self->fd, 0));
		for (w = 0; w < self->writers; w++)
			ASSERT_EQ(0, vcpu_load(self->v, 8, page_of(w)));
	}
	print_cpus(self);
}

static void *close_it(void *fd)
{
	close((int)(intptr_t)fd);
	return NULL;
}

/*
 * The last close races the deletion of the slot: CVE-2025-40274.
 * Red with (on a kernel with KASAN): unbind() that does nothing while the file
 * is being released.
 */
KVMEM_TEST_F(race, close_races_delete, "D10")
{
	uint64_t i, rounds = env_pick(50, 300, 5000);

	vm_slot(self->vm, 1, 0, 0, 0, NULL);
	for (i = 0; i < rounds; i++) {
		int fd = gmem_kind_create(self->vm, variant->kind, self->size);
		pthread_t t;

		ASSERT_EQ(0,
			  gmem_slot(self->vm, variant->kind, 1, GPA, self->size, self->hva, fd, 0));
		vcpu_store(self->v, 8, GPA, i + 1);
		ASSERT_EQ(i + 1, vcpu_load(self->v, 8, GPA));
		ASSERT_EQ(0, pthread_create(&t, NULL, close_it, (void *)(intptr_t)fd));
		vm_slot(self->vm, 1, 0, 0, 0, NULL);
		pthread_join(t, NULL);
	}
	/* The VM still works. */
	ASSERT_EQ(0,
		  gmem_slot(self->vm, variant->kind, 1, GPA, self->size, self->hva, self->fd, 0));
	ASSERT_EQ(0, vcpu_load(self->v, 8, GPA));
	print_cpus(self);
}

KVMEM_MAIN
