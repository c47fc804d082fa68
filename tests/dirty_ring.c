// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty ring (api.rst 8.29): one entry for each page that a vCPU dirties, in its own
 * ring, until the page is harvested and reset (G12).
 */
#include "harness/test.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest/hammer.h"
#include "guest/list.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "util/place.h"

#define GPA	0x100000000ULL
#define OTHER	0x140000000ULL	/* a second slot */
#define SLOT	3
#define OTHER_SLOT 300
#define PAGES	200
#define SIZE	(PAGES * VM_PAGE)
#define LOG	KVM_MEM_LOG_DIRTY_PAGES
#define MAX_ENTRIES 65536	/* KVM_DIRTY_RING_MAX_ENTRIES */

/* --- rings ----------------------------------------------------------------------------- */

struct ring {
	struct vcpu *v;
	struct kvm_dirty_gfn *entry;
	uint32_t size;		/* entries */
	uint32_t next;		/* the next to be harvested */
};

/* The capability that this architecture has, preferably without memory ordering rules. */
static unsigned int ring_cap(void)
{
	return vm_cap(NULL, KVM_CAP_DIRTY_LOG_RING) ? KVM_CAP_DIRTY_LOG_RING :
	       KVM_CAP_DIRTY_LOG_RING_ACQ_REL;
}

static void require_ring(void)
{
	if (!vm_cap(NULL, KVM_CAP_DIRTY_LOG_RING) && !vm_cap(NULL, KVM_CAP_DIRTY_LOG_RING_ACQ_REL))
		end_never("no KVM_CAP_DIRTY_LOG_RING, no KVM_CAP_DIRTY_LOG_RING_ACQ_REL");
}

static uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The smallest ring that this KVM accepts: it reserves entries, more of them with PML. */
static uint64_t smallest_ring(void)
{
	struct vm *vm = vm_open(NULL);
	uint64_t size;

	for (size = page_size(); vm_enable_cap(vm, ring_cap(), size); size *= 2)
		if (size >= 16 * page_size())
			end_fail("no ring of up to 16 pages is accepted");
	vm_close(vm);
	return size;
}

static void enable_ring(struct vm *vm, const void *size)
{
	if (vm_enable_cap(vm, ring_cap(), *(const uint64_t *)size))
		end_fail("KVM_CAP_DIRTY_LOG_RING: %s", strerror(errno));
}

static void map_ring(struct ring *r, struct vcpu *v, uint64_t size)
{
	*r = (struct ring){ .v = v, .size = (uint32_t)(size / sizeof(*r->entry)) };
	r->entry = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd,
			(off_t)(KVM_DIRTY_LOG_PAGE_OFFSET * page_size()));
	if (r->entry == MAP_FAILED)
		end_fail("mmap of a dirty ring: %s", strerror(errno));
}

static struct kvm_dirty_gfn *entry_at(const struct ring *r, uint32_t i)
{
	return &r->entry[i % r->size];
}

static bool is_dirty(const struct kvm_dirty_gfn *e)
{
	return (__atomic_load_n(&e->flags, __ATOMIC_ACQUIRE) & KVM_DIRTY_GFN_F_MASK) ==
	       KVM_DIRTY_GFN_F_DIRTY;
}

static void set_harvested(struct kvm_dirty_gfn *e)
{
	__atomic_store_n(&e->flags, KVM_DIRTY_GFN_F_RESET, __ATOMIC_RELEASE);
}

/* Harvest at most @most entries; counts each page of SLOT in @times, if not NULL. */
static unsigned int harvest(struct ring *r, unsigned int most, uint8_t *times)
{
	unsigned int n;

	for (n = 0; n < most && is_dirty(entry_at(r, r->next)); n++) {
		struct kvm_dirty_gfn *e = entry_at(r, r->next++);

		if (times && e->slot == SLOT && e->offset < PAGES)
			times[e->offset]++;
		set_harvested(e);
	}
	return n;
}

static int reset(const struct vm *vm)
{
	int r = ioctl(vm->fd, KVM_RESET_DIRTY_RINGS, 0);

	return r < 0 ? -errno : r;
}

struct dirtied {
	uint32_t slot;
	uint64_t offset;
};

/* Whether the ring has exactly these entries, in order; they are harvested. */
static bool entries_are(struct ring *r, const char *what, const struct dirtied *want, size_t n)
{
	const struct kvm_dirty_gfn *e;
	size_t i;

	for (i = 0; i < n; i++) {
		e = entry_at(r, r->next + (uint32_t)i);
		if (is_dirty(e) && e->slot == want[i].slot && e->offset == want[i].offset)
			continue;
		diag("%s: entry %zu: flags %u slot 0x%x offset %llu, expected slot 0x%x offset %llu",
		     what, i, e->flags, e->slot, (unsigned long long)e->offset, want[i].slot,
		     (unsigned long long)want[i].offset);
		return false;
	}
	e = entry_at(r, r->next + (uint32_t)n);
	if (e->flags) {
		diag("%s: %zu entries expected, one more: flags %u slot 0x%x offset %llu", what, n,
		     e->flags, e->slot, (unsigned long long)e->offset);
		return false;
	}
	return harvest(r, (unsigned int)n, NULL) == n;
}

#define ENTRIES(...) \
	(const struct dirtied[]){ __VA_ARGS__ }, \
	sizeof((const struct dirtied[]){ __VA_ARGS__ }) / sizeof(struct dirtied)
#define NO_ENTRIES NULL, 0

/* --- sizes and refusals ------------------------------------------------------------------ */

/*
 * Red with: the check for a power of two, for the maximum, for a second time or for
 * vCPUs left out of kvm_vm_ioctl_enable_dirty_log_ring().
 */
KVMEM_TEST(sizes, "G12")
{
	static const unsigned int caps[] = { KVM_CAP_DIRTY_LOG_RING, KVM_CAP_DIRTY_LOG_RING_ACQ_REL };
	uint64_t most = MAX_ENTRIES * sizeof(struct kvm_dirty_gfn);
	size_t c, i;

	require_ring();
	for (c = 0; c < ARRAY_SIZE(caps); c++) {
		struct vm *vm = vm_open(NULL);
		uint64_t size = page_size();
		const uint64_t refused[] = {
			0, 1, 16, size / 2, size + 16, 3 * size, most - 16, 3ULL << 30,
		};

		if (!vm_cap(vm, caps[c])) {
			ASSERT_EQ(-EINVAL, vm_enable_cap(vm, caps[c], 16 * size));
			vm_close(vm);
			continue;
		}
		ASSERT_EQ(most, (uint64_t)vm_cap(vm, caps[c]));
		for (i = 0; i < ARRAY_SIZE(refused); i++) {
			ASSERT_EQ(-EINVAL, vm_enable_cap(vm, caps[c], refused[i])) {
				TH_LOG("0x%llx", (unsigned long long)refused[i]);
			}
		}
		ASSERT_EQ(-E2BIG, vm_enable_cap(vm, caps[c], 2 * most));
		ASSERT_EQ(-EINVAL, reset(vm));
		ASSERT_EQ(0, vm_enable_cap(vm, caps[c], most));
		ASSERT_EQ(-EINVAL, vm_enable_cap(vm, caps[c], most));
		ASSERT_EQ(-EINVAL, vm_enable_cap(vm, caps[c], 16 * size));
		ASSERT_EQ(0, reset(vm));
		vm_close(vm);
		vm = vm_create(NULL);
		ASSERT_EQ(-EINVAL, vm_enable_cap(vm, caps[c], most));
		ASSERT_EQ(-EINVAL, reset(vm));
		vm_destroy(vm);
	}
	record_observation("G12", "smallest_ring", "%llu bytes", (unsigned long long)smallest_ring());
}

/* Whether the kernel can read 8 bytes of a mapping, without a signal for us. */
static bool readable(const void *p)
{
	int fd[2];
	bool ok;

	if (pipe(fd))
		end_fail("pipe: %s", strerror(errno));
	ok = write(fd[1], p, 8) == 8;
	close(fd[0]);
	close(fd[1]);
	return ok;
}

/* Red with: MAP_PRIVATE or PROT_EXEC accepted; the ring's end not checked in the fault. */
KVMEM_TEST(mmap_of_ring, "G12")
{
	off_t at = (off_t)(KVM_DIRTY_LOG_PAGE_OFFSET * page_size());
	uint64_t size;
	struct vm *vm;
	char *p;
	int fd;

	require_ring();
	size = smallest_ring();
	vm = vm_create(&(struct vm_opts){ .prepare = enable_ring, .prepare_arg = &size });
	fd = vm->vcpu[0]->fd;
	ASSERT_EQ(MAP_FAILED, mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, at));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(MAP_FAILED, mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, at));
	/* EPERM where no file of this kind is executable. */
	ASSERT_TRUE(errno == EINVAL || errno == EPERM);
	p = mmap(NULL, size + page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, at);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_TRUE(readable(p));
	ASSERT_TRUE(readable(p + size - 8));
	ASSERT_FALSE(readable(p + size));
	vm_destroy(vm);
	vm = vm_create(NULL);
	p = mmap(NULL, size, PROT_READ, MAP_SHARED, vm->vcpu[0]->fd, at);
	ASSERT_NE(MAP_FAILED, p);
	ASSERT_FALSE(readable(p));
}

/* --- entries -------------------------------------------------------------------------------- */

FIXTURE(ring) {
	struct vm *vm;
	struct ring r[2];
	char *mem;
	uint64_t size;		/* of each ring, bytes */
};

KVMEM_SETUP(ring)
{
	int i;

	require_ring();
	place_still();
	self->size = smallest_ring();
	self->vm = vm_create(&(struct vm_opts){
		.nr_vcpus = 2, .prepare = enable_ring, .prepare_arg = &self->size,
	});
	self->mem = vm_alloc(SIZE);
	memset(self->mem, 0, SIZE);
	vm_slot(self->vm, SLOT, LOG, GPA, SIZE, self->mem);
	vm_slot(self->vm, OTHER_SLOT, LOG, OTHER, SIZE, self->mem);
	for (i = 0; i < 2; i++)
		map_ring(&self->r[i], self->vm->vcpu[i], self->size);
}

/* Read some pages of both slots, on backends where a read can dirty them. */
static void read_pages(FIXTURE_DATA(ring) *self, unsigned int pages)
{
	struct mbox_op op = { .kind = OP_LOAD, .width = 4, .addr = GPA, .count = pages,
			      .stride = VM_PAGE };
	struct mbox_op other = op;

	other.addr = OTHER;
	if (!vcpu_expect(self->vm->vcpu[0], "reads", OPS(op, other), NO_EXITS))
		end_fail("a guest load from a slot caused an exit");
	harvest(&self->r[0], self->r[0].size, NULL);
	if (reset(self->vm) < 0)
		end_fail("KVM_RESET_DIRTY_RINGS: %s", strerror(errno));
}

#define PAGE(n)	(GPA + (n) * VM_PAGE)
#define OTHER_PAGE(n) (OTHER + (n) * VM_PAGE)

/* Write pages, harvest, reset: every page is reported, once and in order, in each round. */
static bool order_is_kept(FIXTURE_DATA(ring) *self, const struct dirtied *want, unsigned int nr)
{
	struct ring *r = &self->r[0];
	struct mbox_op ops[16];
	unsigned int i, round;

	for (i = 0; i < nr; i++)
		ops[i] = (struct mbox_op)ST(4, (want[i].slot == SLOT ? GPA : OTHER) +
					    want[i].offset * VM_PAGE, 7 + i);
	for (round = 0; round < 3; round++) {
		if (!vcpu_expect(r->v, "writes", ops, nr, NO_EXITS) ||
		    !vcpu_expect(r->v, "the same once more", ops, nr, NO_EXITS) ||
		    !entries_are(r, "after the writes", want, nr) ||
		    !vcpu_expect(r->v, "harvested, not reset", ops, nr, NO_EXITS) ||
		    !entries_are(r, "not reset", NO_ENTRIES))
			break;
		if (reset(self->vm) != (int)nr || reset(self->vm)) {
			diag("%u entries were not reset, or twice", nr);
			break;
		}
	}
	if (round < 3)
		diag("in round %u, first page %llu", round, (unsigned long long)want[0].offset);
	return round == 3;
}

/*
 * Slots and offsets, in the order of the writes; once each until the reset; again after it.
 * arm64 protects all pages between the first and the last of a word of the log: pages that
 * a reset forgets show only where no others are around them.
 * Red with: the gfn instead of the offset; the slot's number cut to 8 bits; the reset
 * without write protection; the coalescing of the reset that drops the lower of two
 * pages in falling order, or a page 64 and more behind the other.
 */
KVMEM_TEST_F(ring, entries, "G12")
{
	read_pages(self, 72);
	ASSERT_TRUE(order_is_kept(self, ENTRIES(
		{ SLOT, 5 }, { SLOT, 4 }, { SLOT, 68 }, { SLOT, 0 }, { SLOT, 63 },
		{ OTHER_SLOT, 3 }, { SLOT, 3 }, { OTHER_SLOT, 2 }, { SLOT, PAGES - 1 }, { SLOT, 64 })));
	ASSERT_TRUE(order_is_kept(self, ENTRIES({ SLOT, 5 }, { SLOT, 4 })));
	ASSERT_TRUE(order_is_kept(self, ENTRIES({ SLOT, 66 }, { SLOT, 65 }, { SLOT, 62 })));
	ASSERT_TRUE(order_is_kept(self, ENTRIES({ SLOT, 70 }, { SLOT, 7 })));
	ASSERT_TRUE(order_is_kept(self, ENTRIES({ SLOT, 71 }, { SLOT, 7 })));
	ASSERT_TRUE(order_is_kept(self, ENTRIES({ SLOT, 7 }, { SLOT, 70 }, { SLOT, 6 })));
	ASSERT_TRUE(order_is_kept(self, ENTRIES({ SLOT, 7 }, { SLOT, 71 })));
	ASSERT_TRUE(order_is_kept(self, ENTRIES({ OTHER_SLOT, 9 }, { SLOT, 8 }, { OTHER_SLOT, 7 })));
	ASSERT_TRUE(entries_are(&self->r[1], "the other vCPU's ring", NO_ENTRIES));
}

/* The host's writes, and those to a slot without log, have no entry. */
KVMEM_TEST_F(ring, nothing_else, "G12")
{
	struct ring *r = &self->r[0];

	read_pages(self, 10);
	memset(self->mem, 1, SIZE);
	ASSERT_TRUE(vcpu_expect(r->v, "reads", OPS(LD(4, PAGE(1)), LD(4, PAGE(9))), NO_EXITS));
	ASSERT_TRUE(entries_are(r, "written by the host, read by the guest", NO_ENTRIES));
	vm_slot(self->vm, OTHER_SLOT, 0, OTHER, SIZE, self->mem);
	vcpu_store(r->v, 4, OTHER_PAGE(1), 1);
	ASSERT_TRUE(entries_are(r, "a slot without log", NO_ENTRIES));
	vcpu_store(r->v, 4, PAGE(1), 1);
	ASSERT_TRUE(entries_are(r, "the slot with a log", ENTRIES({ SLOT, 1 })));
	vm_slot(self->vm, OTHER_SLOT, LOG, OTHER, SIZE, self->mem);
	vcpu_store(r->v, 4, OTHER_PAGE(1), 1);
	ASSERT_TRUE(entries_are(r, "its log on again", ENTRIES({ OTHER_SLOT, 1 })));
}

/*
 * Only what was harvested is reset; a harvested entry may have both bits.
 * Red with: kvm_dirty_gfn_harvested() that takes dirty entries.
 */
KVMEM_TEST_F(ring, harvested_in_parts, "G12")
{
	struct ring *r = &self->r[0];

	read_pages(self, 10);
	ASSERT_TRUE(vcpu_expect(r->v, "writes", OPS(ST(4, PAGE(1), 1), ST(4, PAGE(2), 1),
				ST(4, PAGE(3), 1), ST(4, PAGE(4), 1)), NO_EXITS));
	ASSERT_EQ(0, reset(self->vm));
	ASSERT_EQ(1, harvest(r, 1, NULL));
	ASSERT_EQ(1, reset(self->vm));
	entry_at(r, r->next)->flags = KVM_DIRTY_GFN_F_MASK;
	r->next++;
	ASSERT_EQ(1, reset(self->vm));
	ASSERT_EQ(0, entry_at(r, r->next - 1)->flags);
	/* The first two are protected again, the others not yet. */
	ASSERT_TRUE(vcpu_expect(r->v, "writes", OPS(ST(4, PAGE(4), 2), ST(4, PAGE(3), 2),
				ST(4, PAGE(2), 2), ST(4, PAGE(1), 2)), NO_EXITS));
	ASSERT_TRUE(entries_are(r, "the rest, and two again",
				ENTRIES({ SLOT, 3 }, { SLOT, 4 }, { SLOT, 2 }, { SLOT, 1 })));
	ASSERT_EQ(4, reset(self->vm));
}

/*
 * Each vCPU has its ring; a reset serves all.
 * Red with: the first vCPU's ring used for all.
 */
KVMEM_TEST_F(ring, two_vcpus, "G12")
{
	struct ring *r = self->r;
	int i;

	read_pages(self, 10);
	for (i = 0; i < 2; i++) {
		vcpu_store(r[1].v, 4, PAGE(3), 1);
		vcpu_store(r[0].v, 4, PAGE(3), 2);
		vcpu_store(r[0].v, 4, PAGE(4), 3);
		vcpu_store(r[1].v, 4, PAGE(5), 3);
		ASSERT_TRUE(entries_are(&r[0], "vCPU 0", ENTRIES({ SLOT, 4 })));
		ASSERT_TRUE(entries_are(&r[1], "vCPU 1", ENTRIES({ SLOT, 3 }, { SLOT, 5 })));
		ASSERT_EQ(3, reset(self->vm));
	}
}

/*
 * More pages than fit: the vCPU stops before the ring is full, stays stopped until a
 * reset, and no page is lost.  A page may be reported twice: when the vCPU stopped at it,
 * the entry came before the write, and the reset protected it again.
 * Red with: kvm_dirty_ring_soft_full() that is false; the request cleared by the exit.
 */
KVMEM_TEST_F(ring, full, "G12", 400)
{
	struct mbox_op op = { .kind = OP_STORE, .width = 4, .stride = VM_PAGE, .value = { 9 },
			      .addr = GPA };
	struct ring *r = &self->r[0];
	uint32_t pages = 2 * r->size + 20;
	char *mem = vm_alloc(pages * VM_PAGE);
	unsigned int exits = 0, n = 0, got;
	uint8_t *seen = calloc(pages, 1);
	enum vcpu_stop stop;
	uint32_t i;

	vm_slot(self->vm, SLOT, 0, GPA, 0, NULL);
	vm_slot(self->vm, SLOT, LOG, GPA, pages * VM_PAGE, mem);
	op.count = pages;
	stop = vcpu_do(r->v, &op, 1, NO_EXITS);
	while (stop == VCPU_EXIT && r->v->run->exit_reason == KVM_EXIT_DIRTY_RING_FULL) {
		ASSERT_GT(1000, ++exits);
		/* Nothing was reset: the guest does not run. */
		if (exits == 1) {
			ASSERT_EQ(VCPU_EXIT, vcpu_finish(r->v));
			ASSERT_EQ(KVM_EXIT_DIRTY_RING_FULL, r->v->run->exit_reason);
		}
		for (got = 0; got < r->size && is_dirty(entry_at(r, r->next)); got++) {
			struct kvm_dirty_gfn *e = entry_at(r, r->next++);

			ASSERT_EQ(SLOT, e->slot);
			ASSERT_GT(pages, e->offset);
			seen[e->offset]++;
			set_harvested(e);
		}
		/* Entries are reserved, so that none is lost. */
		ASSERT_GT(r->size, got);
		ASSERT_LT(0, got);
		ASSERT_EQ((int)got, reset(self->vm));
		n += got;
		stop = vcpu_finish(r->v);
	}
	ASSERT_EQ(VCPU_DONE, stop);
	ASSERT_LE(2, exits);
	for (; is_dirty(entry_at(r, r->next)); n++) {
		seen[entry_at(r, r->next)->offset]++;
		set_harvested(entry_at(r, r->next++));
	}
	for (i = 0; i < pages; i++) {
		ASSERT_LE(1, seen[i]) {
			TH_LOG("page %u", i);
		}
		ASSERT_EQ(9, *(uint32_t *)(mem + i * VM_PAGE));
	}
	ASSERT_LE(pages, n);
}

/* --- slots and entries of userspace --------------------------------------------------------- */

/*
 * Entries of a slot that is gone, smaller or moved can be reset; what they name is not
 * looked at beyond the slot.
 * Red with: the checks of kvm_reset_dirty_gfn() left out.
 */
KVMEM_TEST_F(ring, slot_is_gone, "G12")
{
	struct ring *r = &self->r[0];

	read_pages(self, 10);
	ASSERT_TRUE(vcpu_expect(r->v, "writes", OPS(ST(4, PAGE(7), 1), ST(4, PAGE(8), 1),
				ST(4, OTHER_PAGE(2), 1)), NO_EXITS));
	vm_slot(self->vm, SLOT, 0, GPA, 0, NULL);
	ASSERT_TRUE(entries_are(r, "after the deletion",
				ENTRIES({ SLOT, 7 }, { SLOT, 8 }, { OTHER_SLOT, 2 })));
	ASSERT_EQ(3, reset(self->vm));
	vcpu_store(r->v, 4, OTHER_PAGE(2), 2);
	ASSERT_TRUE(entries_are(r, "the slot that stayed", ENTRIES({ OTHER_SLOT, 2 })));
	/* Smaller, with another page behind it. */
	vm_slot(self->vm, SLOT, LOG, GPA, 8 * VM_PAGE, self->mem);
	vcpu_store(r->v, 4, PAGE(7), 3);
	ASSERT_TRUE(entries_are(r, "created again", ENTRIES({ SLOT, 7 })));
	ASSERT_EQ(2, reset(self->vm));
	vcpu_store(r->v, 4, PAGE(7), 4);
	ASSERT_TRUE(entries_are(r, "reset in the new slot", ENTRIES({ SLOT, 7 })));
	vm_slot(self->vm, SLOT, LOG, GPA + SIZE, 8 * VM_PAGE, self->mem);
	ASSERT_EQ(1, reset(self->vm));
	vcpu_store(r->v, 4, PAGE(7) + SIZE, 5);
	ASSERT_TRUE(entries_are(r, "moved", ENTRIES({ SLOT, 7 })));
}

/* Userspace can write anything to the ring. */
KVMEM_TEST_F(ring, nonsense_is_ignored, "G12")
{
	static const struct dirtied nonsense[] = {
		{ SLOT, PAGES }, { SLOT, ~0ULL }, { SLOT, 1ULL << 63 }, { SLOT, PAGES - 1 },
		{ SLOT, PAGES + 3 }, { 0x7fff, 0 }, { 0xffff, 0 }, { 0xffff0000 | SLOT, 0 },
		{ 2 << 16 | SLOT, 1 }, { 77, 0 },
	};
	struct ring *r = &self->r[0];
	size_t i;

	read_pages(self, 40);
	for (i = 0; i < ARRAY_SIZE(nonsense); i++)
		vcpu_store(r->v, 4, PAGE(i), 1);
	for (i = 0; i < ARRAY_SIZE(nonsense); i++) {
		struct kvm_dirty_gfn *e = entry_at(r, r->next++);

		ASSERT_TRUE(is_dirty(e));
		e->slot = nonsense[i].slot;
		e->offset = nonsense[i].offset;
		set_harvested(e);
	}
	ASSERT_EQ(ARRAY_SIZE(nonsense), reset(self->vm));
	vcpu_store(r->v, 4, PAGE(30), 1);
	ASSERT_TRUE(entries_are(r, "afterwards", ENTRIES({ SLOT, 30 })));
}

/* --- bitmaps ----------------------------------------------------------------------------------- */

static int get_log(const struct vm *vm, uint64_t *bitmap)
{
	struct kvm_dirty_log log = { .slot = SLOT, .dirty_bitmap = bitmap };

	return ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log) ? -errno : 0;
}

static int clear_log(const struct vm *vm, uint64_t *bitmap)
{
	struct kvm_clear_dirty_log log = { .slot = SLOT, .num_pages = 64, .dirty_bitmap = bitmap };

	return ioctl(vm->fd, KVM_CLEAR_DIRTY_LOG, &log) ? -errno : 0;
}

/* Red with: kvm_use_dirty_bitmap() that is true: the slot has no bitmap. */
KVMEM_TEST_F(ring, no_bitmap, "G12")
{
	uint64_t bitmap[(PAGES + 63) / 64] = { 1 };

	ASSERT_EQ(-ENXIO, get_log(self->vm, bitmap));
	ASSERT_EQ(-ENXIO, clear_log(self->vm, bitmap));
	ASSERT_EQ(-EINVAL, vm_enable_cap(self->vm, KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, 0));
}

/* The ring, then the bitmap: the other order is refused, and so is a VM with slots. */
static void enable_both(struct vm *vm, const void *size)
{
	int before, with_slot, r;

	before = vm_enable_cap(vm, KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, 0);
	enable_ring(vm, size);
	with_slot = vm_enable_cap(vm, KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, 0);
	vm_slot(vm, VM_SYS_SLOT, 0, VM_SYS_GPA, 0, NULL);
	r = vm_enable_cap(vm, KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, 0);
	vm_slot(vm, VM_SYS_SLOT, 0, VM_SYS_GPA, VM_SYS_SIZE, vm->sys);
	if (before != -EINVAL || with_slot != -EINVAL || r)
		end_fail("KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP before the ring: %d, with a slot: %d, else %d",
			 before, with_slot, r);
}

/*
 * With KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP there is a bitmap, but a vCPU's writes are in
 * the ring alone.
 * Red with: mark_page_dirty_in_slot() that sets the bit too.
 */
KVMEM_TEST(ring_with_bitmap, "G12")
{
	uint64_t bitmap[(PAGES + 63) / 64], size;
	char *mem = vm_alloc(SIZE);
	struct ring r;
	struct vm *vm;

	require_ring();
	if (!vm_cap(NULL, KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP))
		end_never("no KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP");
	size = smallest_ring();
	vm = vm_create(&(struct vm_opts){ .prepare = enable_both, .prepare_arg = &size });
	map_ring(&r, vm->vcpu[0], size);
	vm_slot(vm, SLOT, LOG, GPA, SIZE, mem);
	vcpu_store(r.v, 4, PAGE(5), 1);
	memset(bitmap, 0xff, sizeof(bitmap));
	ASSERT_EQ(0, get_log(vm, bitmap));
	ASSERT_EQ(0, bitmap[0] | bitmap[1] | bitmap[2] | bitmap[3]);
	ASSERT_TRUE(entries_are(&r, "ring", ENTRIES({ SLOT, 5 })));
	ASSERT_EQ(0, clear_log(vm, bitmap));
	ASSERT_EQ(1, reset(vm));
	vcpu_store(r.v, 4, PAGE(5), 2);
	ASSERT_TRUE(entries_are(&r, "after the reset", ENTRIES({ SLOT, 5 })));
}

/* --- while a vCPU writes ------------------------------------------------------------------------ */

/*
 * A vCPU writes to a page all the time, while it is harvested and reset: after each reset
 * there is an entry again.
 */
KVMEM_TEST_F(ring, reset_while_written, "G12", 500)
{
	uint64_t rounds = env_pick(3, 10, 500), i;
	struct ring *r = &self->r[1];
	struct hammer h = { 0 };
	unsigned int tries;

	hammer_start(&h, r->v, (struct mbox_op){ .kind = OP_STORE, .width = 4, .addr = PAGE(6),
						  .flags = OPF_COUNTER });
	for (i = 0; i < rounds; i++) {
		for (tries = 0; tries < 1000 && !is_dirty(entry_at(r, r->next)); tries++) {
			hammer_next(&h);
			/* Makes the vCPU exit, where hardware holds back entries. */
			pthread_kill(h.thread, SIGURG);
		}
		ASSERT_EQ(1, harvest(r, 1, NULL)) {
			TH_LOG("round %u", (unsigned int)i);
		}
		ASSERT_EQ(SLOT, entry_at(r, r->next - 1)->slot);
		ASSERT_EQ(6, entry_at(r, r->next - 1)->offset);
		ASSERT_EQ(1, reset(self->vm));
	}
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
}

KVMEM_MAIN
