// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_memfd: which pages of the guest an operation on the file reaches, given
 * how slots are bound to it.  Both under-zap (a page that should be gone) and
 * over-zap (a neighbour that should have stayed mapped) show: by values, and by
 * KVM's exact count of mappings (BEHAVIOURS 3.D).
 *
 * Every test runs on guest_memfd as plain RAM of a default VM and on private
 * memory, where the kernel has them.
 */
#include "test.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "arch.h"
#include "gmem.h"
#include "hammer.h"
#include "uapi.h"
#include "vcpu.h"

#define FILE_PAGES	16
#define FILE_SIZE	(FILE_PAGES * PAGE_4K)
#define NONE		(~0U)

/* --- layouts of slots over one file -------------------------------------- */

struct binding {
	uint64_t gfn;
	unsigned int offset, pages;	/* in the file, pages */
};

struct layout {
	struct binding b[4];
	unsigned int n;
};

/* gfn of the begin; far enough from the system slot and below 4 GiB. */
#define G 0xc0000ULL

/* The last gfns of the guest's address space. */
static uint64_t top_gfn(unsigned int pages)
{
	return (1ULL << (arch_phys_bits() - 12)) - pages;
}

static const struct layout layouts[] = {
	{ { { G, 0, 16 } }, 1 },				/* one, all of it */
	{ { { G, 4, 8 } }, 1 },					/* one, in the middle */
	{ { { 2, 6, 8 } }, 1 },					/* gfn below the offset */
	{ { { G, 0, 8 }, { G + 8, 8, 8 } }, 2 },		/* two, contiguous */
	{ { { G, 8, 8 }, { G + 8, 0, 8 } }, 2 },		/* gfn order reversed */
	{ { { G, 1, 5 }, { G + 100, 9, 6 } }, 2 },		/* a gap between */
	{ { { G, 0, 5 }, { G + 5, 5, 5 }, { G + 10, 10, 6 } }, 3 },
	{ { { G + 40, 2, 3 }, { G + 20, 6, 3 }, { G, 11, 4 } }, 3 }, /* gaps, reversed */
	{ { { ~0ULL, 3, 8 } }, 1 },				/* at the end of everything */
};

FIXTURE(punch) {
	struct vm *vm;
	struct vcpu *v;
	int fd;
	struct layout l;
	uint64_t gva[FILE_PAGES];	/* where the guest sees each page of the file, 0: nowhere */
	unsigned int bound;
};

FIXTURE_VARIANT(punch) {
	enum gmem_kind kind;
	unsigned int layout;
};

#define LAYOUT(name, number)						\
	FIXTURE_VARIANT_ADD(punch, shared_##name) { GMEM_SHARED, number };	\
	FIXTURE_VARIANT_ADD(punch, private_##name) { GMEM_PRIVATE, number }

LAYOUT(one_whole, 0);
LAYOUT(one_middle, 1);
LAYOUT(gfn_below_offset, 2);
LAYOUT(two, 3);
LAYOUT(two_reversed, 4);
LAYOUT(two_with_gap, 5);
LAYOUT(three, 6);
LAYOUT(three_gaps_reversed, 7);
LAYOUT(highest_gfn, 8);

KVMEM_SETUP(punch)
{
	unsigned int i, p;

	self->vm = gmem_kind_vm(variant->kind, NULL);
	self->v = self->vm->vcpu[0];
	self->fd = gmem_kind_create(self->vm, variant->kind, FILE_SIZE);
	self->l = layouts[variant->layout];
	for (i = 0; i < self->l.n; i++) {
		struct binding *b = &self->l.b[i];

		if (b->gfn == ~0ULL)
			b->gfn = top_gfn(b->pages);
		ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, i + 1, b->gfn * PAGE_4K,
				       b->pages * PAGE_4K, vm_alloc(b->pages * PAGE_4K), self->fd,
				       b->offset * PAGE_4K));
		for (p = 0; p < b->pages; p++) {
			self->gva[b->offset + p] = VM_WINDOW + (b->offset + p) * PAGE_4K;
			vm_map(self->vm, self->gva[b->offset + p], (b->gfn + p) * PAGE_4K, 1);
		}
		self->bound += b->pages;
	}
}

static uint64_t tag(unsigned int page, unsigned int round)
{
	return 0xbeef000000000000ULL | (uint64_t)round << 16 | (page + 1);
}

/* The guest writes or reads every bound page in one list; NULL: write tags. */
static bool touch_all(FIXTURE_DATA(punch) *self, unsigned int round, uint64_t *seen)
{
	struct mbox_op ops[FILE_PAGES];
	unsigned int page[FILE_PAGES], p, n = 0;

	for (p = 0; p < FILE_PAGES; p++) {
		if (!self->gva[p])
			continue;
		ops[n] = (struct mbox_op){
			.kind = seen ? OP_LOAD : OP_STORE, .width = 8,
			.addr = self->gva[p] + 8 * p, .value = { tag(p, round) },
		};
		page[n++] = p;
	}
	if (!vcpu_expect(self->v, seen ? "read of all pages" : "write of all pages", ops, n, NO_EXITS))
		return false;
	for (p = 0; seen && p < n; p++)
		seen[page[p]] = vcpu_value(self->v, p);
	return true;
}

/* Punch [p, q): what goes is exactly what is bound in there. */
static bool punch_one(FIXTURE_DATA(punch) *self, unsigned int p, unsigned int q, unsigned int round)
{
	uint64_t before, after, faults, seen[FILE_PAGES];
	unsigned int i, gone = 0;
	int r;

	if (!touch_all(self, round, NULL))
		return false;
	for (i = p; i < q && i < FILE_PAGES; i++)
		gone += self->gva[i] != 0;
	before = vm_stat(self->vm, "pages_4k");
	r = gmem_punch(self->fd, p * PAGE_4K, (q - p) * PAGE_4K);
	after = vm_stat(self->vm, "pages_4k");
	if (r || before - after != gone) {
		diag("punch of pages %u to %u: %s, %lld mappings gone, %u expected", p, q,
		     strerror(-r), (long long)(before - after), gone);
		return false;
	}
	faults = vcpu_stat(self->v, "pf_fixed");
	if (!touch_all(self, 0, seen))
		return false;
	faults = vcpu_stat(self->v, "pf_fixed") - faults;
	if (faults > gone) {
		diag("punch of pages %u to %u: %llu faults to read all, %u expected", p, q,
		     (unsigned long long)faults, gone);
		return false;
	}
	for (i = 0; i < FILE_PAGES; i++) {
		uint64_t want = i >= p && i < q ? 0 : tag(i, round);

		if (!self->gva[i] || seen[i] == want)
			continue;
		diag("punch of pages %u to %u: page %u holds 0x%llx, expected 0x%llx", p, q, i,
		     (unsigned long long)seen[i], (unsigned long long)want);
		return false;
	}
	return vm_stat(self->vm, "pages_4k") == before;
}

/*
 * All ranges within the file and up to three pages beyond its end.
 * Red with: start - pgoff instead of max(start, pgoff) - pgoff; end without the
 * min; only the first slot looked at; a slot skipped when the range is wider.
 */
KVMEM_TEST_F(punch, matrix, "D1 D2")
{
	unsigned int p, q, round = 1;

	for (p = 0; p < FILE_PAGES + 2; p++)
		for (q = p + 1; q <= FILE_PAGES + 3; q++)
			ASSERT_TRUE(punch_one(self, p, q, round++));
}

/* Ranges far beyond the end, up to the largest offset there is. */
KVMEM_TEST_F(punch, beyond_the_end, "D1")
{
	static const uint64_t ends[] = { 1ULL << 30, 1ULL << 40, 0x7ffffffffffff000ULL };
	uint64_t seen[FILE_PAGES];
	unsigned int i, p, half = FILE_PAGES / 2;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		ASSERT_TRUE(touch_all(self, i + 1, NULL));
		ASSERT_EQ(0, gmem_punch(self->fd, half * PAGE_4K, ends[i] - half * PAGE_4K));
		ASSERT_TRUE(touch_all(self, 0, seen));
		for (p = 0; p < FILE_PAGES; p++)
			if (self->gva[p])
				ASSERT_EQ(p < half ? tag(p, i + 1) : 0, seen[p]);
	}
}

/*
 * The whole mapping of a slot goes with the file's last descriptor, and what
 * the guest then touches is a memory fault of that page.
 * Red with: kvm_gmem_release() that does not zap.
 */
KVMEM_TEST_F(punch, close_unmaps, "D9 E9 E10")
{
	uint64_t before, flags = variant->kind == GMEM_PRIVATE ? KVM_MEMORY_EXIT_FLAG_PRIVATE : 0;
	unsigned int i, p;
	int dupped = dup(self->fd);

	ASSERT_TRUE(touch_all(self, 1, NULL));
	before = vm_stat(self->vm, "pages_4k");
	close(self->fd);
	/* A duplicate keeps it alive. */
	ASSERT_EQ(before, vm_stat(self->vm, "pages_4k"));
	ASSERT_TRUE(touch_all(self, 2, NULL));
	close(dupped);
	ASSERT_EQ(before - self->bound, vm_stat(self->vm, "pages_4k"));

	for (i = 0; i < self->l.n; i++) {
		struct binding *b = &self->l.b[i];

		for (p = 0; p < b->pages; p += b->pages - 1) {
			uint64_t gpa = (b->gfn + p) * PAGE_4K, gva = self->gva[b->offset + p];
			int again;

			/* Twice: the second answer must not differ from the first. */
			for (again = 0; again < 2; again++)
				ASSERT_TRUE(vcpu_expect_stop(self->v, "access after close",
					OPS(LD(2, gva + 0x7f3)),
					EXITS({ .reason = KVM_EXIT_MEMORY_FAULT, .addr = gpa,
						.data = PAGE_4K, .flags = flags, .err = EFAULT })));
			ASSERT_TRUE(vcpu_expect_stop(self->v, "write after close",
				OPS(ST(8, gva + 8, 1)),
				EXITS({ .reason = KVM_EXIT_MEMORY_FAULT, .addr = gpa,
					.data = PAGE_4K, .flags = flags, .err = EFAULT })));
		}
	}
}

/*
 * A slot that is deleted leaves no trace in the file: the same range, and any
 * other that overlaps it, can be bound again, and the data is still there.
 * Red with: kvm_gmem_unbind() that leaves its bindings.
 */
KVMEM_TEST_F(punch, rebind, "D4 D5")
{
	uint64_t seen[FILE_PAGES];
	unsigned int i, p;

	ASSERT_TRUE(touch_all(self, 1, NULL));
	for (i = 0; i < self->l.n; i++) {
		struct binding *b = &self->l.b[i];
		void *hva = vm_alloc(b->pages * PAGE_4K);

		/* Gone, bound elsewhere with another extent, gone, bound as before. */
		vm_slot(self->vm, i + 1, 0, 0, 0, NULL);
		ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, 20, 0xd0000000ULL, PAGE_4K, hva, self->fd,
				       (b->offset + b->pages - 1) * PAGE_4K));
		vm_slot(self->vm, 20, 0, 0, 0, NULL);
		ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, i + 1, b->gfn * PAGE_4K,
				       b->pages * PAGE_4K, hva, self->fd, b->offset * PAGE_4K));
	}
	ASSERT_TRUE(touch_all(self, 0, seen));
	for (p = 0; p < FILE_PAGES; p++)
		if (self->gva[p])
			ASSERT_EQ(tag(p, 1), seen[p]);
	/* And it still is the file's memory: a punch reaches the new slots. */
	ASSERT_TRUE(punch_one(self, 0, FILE_PAGES, 2));
	ASSERT_TRUE(punch_one(self, FILE_PAGES / 2, FILE_PAGES / 2 + 1, 3));
}

/* Deleting one slot of several leaves the mappings of the others alone, unless
 * the quirk SLOT_ZAP_ALL drops everything (default VMs only).
 */
KVMEM_TEST_F(punch, delete_one_slot, "D21")
{
	uint64_t before, faults, seen[FILE_PAGES];
	unsigned int gone = self->l.b[0].pages, p;
	bool all = variant->kind == GMEM_SHARED;

	if (all && (vm_cap(self->vm, KVM_CAP_DISABLE_QUIRKS2) & KVM_X86_QUIRK_SLOT_ZAP_ALL)) {
		ASSERT_EQ(0, vm_enable_cap(self->vm, KVM_CAP_DISABLE_QUIRKS2,
					   KVM_X86_QUIRK_SLOT_ZAP_ALL));
		all = false;
	}
	ASSERT_TRUE(touch_all(self, 1, NULL));
	before = vm_stat(self->vm, "pages_4k");
	vm_slot(self->vm, 1, 0, 0, 0, NULL);
	if (!all)
		ASSERT_EQ(before - gone, vm_stat(self->vm, "pages_4k"));
	for (p = 0; p < gone; p++)
		self->gva[self->l.b[0].offset + p] = 0;
	if (self->l.n == 1)
		return;
	faults = vcpu_stat(self->v, "pf_fixed");
	ASSERT_TRUE(touch_all(self, 0, seen));
	if (!all)
		ASSERT_EQ(faults, vcpu_stat(self->v, "pf_fixed"));
	for (p = 0; p < FILE_PAGES; p++)
		if (self->gva[p])
			ASSERT_EQ(tag(p, 1), seen[p]);
}

/* After any invalidation a slot of other memory still faults normally.
 * Red with: an invalidate_start() without its end.
 */
KVMEM_TEST_F(punch, others_still_fault, "D19")
{
	uint64_t *ram = vm_alloc(FILE_SIZE);
	unsigned int p, q, k = 0;

	vm_slot(self->vm, 30, 0, 0xe0000000ULL, FILE_SIZE, ram);
	for (p = 0; p < FILE_PAGES; p += 3) {
		for (q = p + 1; q <= FILE_PAGES + 1; q += 5) {
			ASSERT_EQ(0, gmem_punch(self->fd, p * PAGE_4K, (q - p) * PAGE_4K));
			madvise(ram, FILE_SIZE, MADV_DONTNEED);
			vcpu_store(self->v, 8, 0xe0000000ULL + k % FILE_PAGES * PAGE_4K, k);
			k++;
		}
	}
	close(self->fd);
	vcpu_store(self->v, 8, 0xe0000000ULL, 77);
	ASSERT_EQ(77, ram[0]);
}

/* --- binding rules (D6, D7, D8) ------------------------------------------ */

FIXTURE(bind) {
	struct vm *vm;
	int fd;
	uint8_t *hva;
};

FIXTURE_VARIANT(bind) {
	enum gmem_kind kind;
};

FIXTURE_VARIANT_ADD(bind, shared) { GMEM_SHARED };
FIXTURE_VARIANT_ADD(bind, private) { GMEM_PRIVATE };

KVMEM_SETUP(bind)
{
	self->vm = gmem_kind_vm(variant->kind, NULL);
	self->fd = gmem_kind_create(self->vm, variant->kind, FILE_SIZE);
	self->hva = vm_alloc(2 * FILE_SIZE);
}

static int bind_pages(FIXTURE_DATA(bind) *self, uint32_t slot, uint64_t gfn, uint64_t offset,
		      uint64_t pages, int fd)
{
	return vm_region2(self->vm, slot, KVM_MEM_GUEST_MEMFD, gfn * PAGE_4K, pages * PAGE_4K,
			  self->hva, fd, offset);
}

/* Red with: end for end - 1 in the search for other bindings. */
KVMEM_TEST_F(bind, adjacent, "D6")
{
	ASSERT_EQ(0, bind_pages(self, 1, G, 4 * PAGE_4K, 4, self->fd));
	ASSERT_EQ(0, bind_pages(self, 2, G + 100, 8 * PAGE_4K, 4, self->fd));
	ASSERT_EQ(0, bind_pages(self, 3, G + 200, 0, 4, self->fd));
	ASSERT_EQ(0, bind_pages(self, 4, G + 300, 12 * PAGE_4K, 4, self->fd));
}

/* Refused, however the range overlaps; through a duplicate descriptor as well. */
KVMEM_TEST_F(bind, overlap, "D6")
{
	static const struct {
		unsigned int offset, pages;
	} rows[] = { { 4, 4 }, { 1, 4 }, { 7, 4 }, { 5, 1 }, { 4, 1 }, { 7, 1 }, { 0, 16 }, { 3, 6 } };
	int other = dup(self->fd);
	unsigned int i;

	ASSERT_EQ(0, bind_pages(self, 1, G, 4 * PAGE_4K, 4, self->fd));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_GT(0, bind_pages(self, 2, G + 100, rows[i].offset * PAGE_4K, rows[i].pages,
					i & 1 ? other : self->fd)) {
			TH_LOG("row %u", i);
		}
		/* Refused altogether: the slot does not exist. */
		ASSERT_EQ(-EINVAL, vm_region(self->vm, 2, 0, 0, 0, NULL));
	}
	ASSERT_EQ(0, bind_pages(self, 2, G + 100, 8 * PAGE_4K, 4, self->fd));
}

/* The errno that says so; kernels before 7.2 say EINVAL (known_issues). */
KVMEM_TEST_F(bind, overlap_errno, "D6")
{
	ASSERT_EQ(0, bind_pages(self, 1, G, 4 * PAGE_4K, 4, self->fd));
	ASSERT_EQ(-EEXIST, bind_pages(self, 2, G + 100, 7 * PAGE_4K, 4, self->fd));
}

KVMEM_TEST_F(bind, limits, "D7")
{
	struct vm *vm2 = gmem_kind_vm(variant->kind, NULL);
	int foreign = gmem_kind_create(vm2, variant->kind, FILE_SIZE);
	int memfd = memfd_create("plain", 0), nul = open("/dev/null", O_RDWR);

	ASSERT_EQ(0, bind_pages(self, 1, G, 12 * PAGE_4K, 4, self->fd));	/* up to the end */
	vm_slot(self->vm, 1, 0, 0, 0, NULL);
	ASSERT_EQ(0, ftruncate(memfd, FILE_SIZE));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 13 * PAGE_4K, 4, self->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, FILE_SIZE, 1, self->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0, FILE_PAGES + 1, self->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0x800, 1, self->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 1, 1, self->fd));
	ASSERT_EQ(-EBADF, bind_pages(self, 1, G, 0, 4, -1));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0, 4, memfd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0, 4, nul));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0, 4, self->vm->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0, 4, foreign));
	ASSERT_EQ(0, bind_pages(self, 1, G, 0, FILE_PAGES, self->fd));
}

/*
 * Offsets whose sum with the size overflows, signed or unsigned.
 * Red with: loff_t for the sum (true before 7.2, known_issues).
 */
KVMEM_TEST_F(bind, offset_overflow, "D7")
{
	static const uint64_t offsets[] = {
		0xfffffffffffff000ULL, 0xffffffffffffe000ULL, 0xffffffffffff0000ULL,
		0x8000000000000000ULL, 0x7ffffffffffff000ULL, 0x7fffffffffffe000ULL,
		0x8000000000001000ULL, 0xc000000000000000ULL,
	};
	unsigned int i, pages;

	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		for (pages = 1; pages <= FILE_PAGES; pages *= 4)
			ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, offsets[i], pages, self->fd)) {
				TH_LOG("offset 0x%llx, %u pages", (unsigned long long)offsets[i], pages);
			}
}

/* Nothing about a guest_memfd slot may change: CVE-2025-68810. */
KVMEM_TEST_F(bind, immutable, "D8")
{
	uint32_t gmem = KVM_MEM_GUEST_MEMFD, log = KVM_MEM_LOG_DIRTY_PAGES;
	uint64_t gpa = G * PAGE_4K, size = 4 * PAGE_4K;
	int fd = self->fd;

	ASSERT_EQ(0, bind_pages(self, 1, G, 0, 4, fd));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem, gpa, size, self->hva, fd, 0));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem | log, gpa, size, self->hva, fd, 0));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, 0, gpa, size, self->hva, -1, 0));
	ASSERT_EQ(-EINVAL, vm_region(self->vm, 1, 0, gpa, size, self->hva));
	ASSERT_EQ(-EINVAL, vm_region(self->vm, 1, log, gpa, size, self->hva));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem, gpa + size, size, self->hva, fd, 0));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem, gpa, size, self->hva, fd, size));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem, gpa, size / 2, self->hva, fd, 0));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem, gpa, size, self->hva + size, fd, 0));

	/* And none can be made out of a plain slot. */
	ASSERT_EQ(0, vm_region(self->vm, 2, 0, gpa + 16 * size, size, self->hva));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 2, gmem, gpa + 16 * size, size, self->hva, fd, size));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 2, gmem, gpa + 32 * size, size, self->hva, fd, size));
	/* Nothing of all that was bound: the range is still free. */
	ASSERT_EQ(0, bind_pages(self, 3, G + 1000, size, 4, fd));
}

/* --- ends of life (D10) --------------------------------------------------- */

KVMEM_TEST_F(bind, vm_closed_first, "D10")
{
	ASSERT_EQ(0, bind_pages(self, 1, G, 0, 4, self->fd));
	vm_destroy(self->vm);
	ASSERT_EQ(0, gmem_punch(self->fd, 0, FILE_SIZE));
	close(self->fd);
}

KVMEM_TEST_F(bind, file_closed_first, "D10")
{
	ASSERT_EQ(0, bind_pages(self, 1, G, 0, 4, self->fd));
	close(self->fd);
	vm_slot(self->vm, 1, 0, 0, 0, NULL);
	self->fd = gmem_kind_create(self->vm, variant->kind, FILE_SIZE);
	ASSERT_EQ(0, bind_pages(self, 1, G, 0, 4, self->fd));
	vm_destroy(self->vm);
}

/* A child that inherited the descriptor keeps the memory alive. */
KVMEM_TEST_F(bind, forked, "D10")
{
	struct vcpu *v = self->vm->vcpu[0];
	int status, to_child[2];
	pid_t pid;

	ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, 1, G * PAGE_4K, 4 * PAGE_4K, self->hva,
			       self->fd, 0));
	vcpu_store(v, 8, G * PAGE_4K, 42);
	ASSERT_EQ(0, pipe(to_child));
	pid = fork();
	if (!pid) {
		char c;

		close(to_child[1]);
		_exit(read(to_child[0], &c, 1) != 0);
	}
	close(self->fd);
	ASSERT_EQ(42, vcpu_load(v, 8, G * PAGE_4K));
	close(to_child[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(vcpu_expect_stop(v, "after the child's end", OPS(LD(8, G * PAGE_4K)),
		EXITS({ .reason = KVM_EXIT_MEMORY_FAULT, .addr = G * PAGE_4K, .data = PAGE_4K,
			.flags = variant->kind == GMEM_PRIVATE ? KVM_MEMORY_EXIT_FLAG_PRIVATE : 0,
			.err = EFAULT })));
}

/* The last close races the deletion of the slot: CVE-2025-40274. */
static void *close_it(void *fd)
{
	close((int)(intptr_t)fd);
	return NULL;
}

KVMEM_TEST_F(bind, close_races_delete, "D10")
{
	uint64_t i, rounds = env_pick(50, 300, 5000);
	struct vcpu *v = self->vm->vcpu[0];

	diag("on %d CPUs", hammer_cpus());
	for (i = 0; i < rounds; i++) {
		int fd = gmem_kind_create(self->vm, variant->kind, FILE_SIZE);
		pthread_t t;

		ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, 1, G * PAGE_4K, 4 * PAGE_4K,
				       self->hva, fd, 0));
		vcpu_store(v, 8, G * PAGE_4K, i + 1);
		ASSERT_EQ(i + 1, vcpu_load(v, 8, G * PAGE_4K));
		ASSERT_EQ(0, pthread_create(&t, NULL, close_it, (void *)(intptr_t)fd));
		vm_slot(self->vm, 1, 0, 0, 0, NULL);
		pthread_join(t, NULL);
	}
	/* The VM is as good as new. */
	ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, 1, G * PAGE_4K, 4 * PAGE_4K, self->hva,
			       self->fd, 0));
	ASSERT_EQ(0, vcpu_load(v, 8, G * PAGE_4K));
}

/* --- concurrency (D3, D17, D18) ------------------------------------------ */

FIXTURE(race) {
	struct vm *vm;
	struct vcpu *reader, *writer;
	int fd;
};

FIXTURE_VARIANT(race) {
	enum gmem_kind kind;
};

FIXTURE_VARIANT_ADD(race, shared) { GMEM_SHARED };
FIXTURE_VARIANT_ADD(race, private) { GMEM_PRIVATE };

#define GPA (G * PAGE_4K)

KVMEM_SETUP(race)
{
	struct vm_opts o = { .nr_vcpus = 2 };

	self->vm = gmem_kind_vm(variant->kind, &o);
	self->reader = self->vm->vcpu[0];
	self->writer = self->vm->vcpu[1];
	self->fd = gmem_kind_create(self->vm, variant->kind, FILE_SIZE);
	ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, 1, GPA, FILE_SIZE, vm_alloc(FILE_SIZE),
			       self->fd, 0));
	diag("on %d CPUs", hammer_cpus());
}

/*
 * A vCPU that spins on the page: once fallocate() has returned it must read 0,
 * until somebody writes again.  Red with: the remote TLB flush left out.
 */
KVMEM_TEST_F(race, punch_seen_at_once, "D3")
{
	uint64_t rounds = env_pick(50, 300, 3000), i;
	struct hammer h = { .retry_faults = false };

	hammer_start(&h, self->reader, (struct mbox_op)LD(8, GPA));
	for (i = 1; i <= rounds; i++) {
		vcpu_store(self->writer, 8, GPA, i);
		ASSERT_EQ(i, hammer_next(&h));
		ASSERT_EQ(0, gmem_punch(self->fd, 0, PAGE_4K));
		ASSERT_EQ(0, hammer_next(&h));
	}
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
	ASSERT_EQ(0, self->reader->nr_exits);
}

/*
 * Writers fault while the page is punched: a value written before the punch
 * began is never seen after it.  The writer counts upwards, so "never older
 * than" is a comparison.  Red with: mmu_invalidate_seq not checked on fault.
 */
KVMEM_TEST_F(race, punch_against_faults, "D17")
{
	uint64_t rounds = env_pick(100, 1000, 20000), i, before, seen;
	struct hammer h = { .retry_faults = false };

	hammer_start(&h, self->reader,
		     (struct mbox_op){ .kind = OP_STORE, .width = 8, .addr = GPA, .value = { 1 },
				       .flags = OPF_COUNTER });
	for (i = 0; i < rounds; i++) {
		before = h.v->mb->last;
		ASSERT_EQ(0, gmem_punch(self->fd, 0, PAGE_4K));
		seen = vcpu_load(self->writer, 8, GPA);
		ASSERT_TRUE(seen == 0 || seen >= before) {
			TH_LOG("read %llu after a punch that began at %llu",
			       (unsigned long long)seen, (unsigned long long)before);
		}
	}
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
}

/* Slots come and go while others are punched: start and end stay balanced, or
 * every fault of the VM retries for ever.  Red with: invalidate_end() that looks
 * bindings up anew.
 */
static void *punch_for_ever(void *arg)
{
	volatile int *fd = arg;

	/* With a pause: a fault that is always overtaken may starve, and may. */
	while (*fd >= 0) {
		gmem_punch(*fd, 0, FILE_SIZE);
		usleep(200);
	}
	return NULL;
}

KVMEM_TEST_F(race, punch_against_slots, "D18")
{
	uint64_t rounds = env_pick(50, 300, 5000), i;
	uint8_t *hva = vm_alloc(FILE_SIZE);
	volatile int fd = self->fd;
	pthread_t t;

	ASSERT_EQ(0, pthread_create(&t, NULL, punch_for_ever, (void *)&fd));
	for (i = 0; i < rounds; i++) {
		vm_slot(self->vm, 1, 0, 0, 0, NULL);
		ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, 1, GPA, FILE_SIZE, hva, self->fd, 0));
		vcpu_store(self->writer, 8, GPA + (i % FILE_PAGES) * PAGE_4K, i);
	}
	fd = -1;
	pthread_join(t, NULL);
	vcpu_store(self->writer, 8, GPA, 4711);
	ASSERT_EQ(4711, vcpu_load(self->reader, 8, GPA));
}

/* --- prefault (D20) ------------------------------------------------------- */

KVMEM_TEST_F(race, prefault_punch_prefault, "D20")
{
	struct kvm_pre_fault_memory r;
	uint64_t mapped, i;

	REQUIRE(vm_cap(self->vm, KVM_CAP_PRE_FAULT_MEMORY), "no KVM_CAP_PRE_FAULT_MEMORY");
	vcpu_load(self->reader, 8, GPA);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, gmem_punch(self->fd, 0, FILE_SIZE));
		mapped = vm_stat(self->vm, "pages_4k");
		r = (struct kvm_pre_fault_memory){ .gpa = GPA, .size = FILE_SIZE };
		ASSERT_EQ(0, ioctl(self->reader->fd, KVM_PRE_FAULT_MEMORY, &r));
		ASSERT_EQ(0, r.size);
		ASSERT_EQ(GPA + FILE_SIZE, r.gpa);
		ASSERT_EQ(mapped + FILE_PAGES, vm_stat(self->vm, "pages_4k"));
		ASSERT_EQ(0, vcpu_load(self->reader, 8, GPA + 5 * PAGE_4K));
		vcpu_store(self->reader, 8, GPA + 5 * PAGE_4K, i + 1);
	}
}

KVMEM_MAIN
