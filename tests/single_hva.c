// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many guest addresses backed by one host page, as on a stock kernel: many slots with
 * one userspace address, or one slot over many mappings of one page.  A change of
 * the page is visible at every one of them, and nowhere else (C1-C4).
 */
#include "arch.h"
#include "harness/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "scenario/alias.h"
#include "guest/hammer.h"
#include "scenario/hostmem.h"
#include "scenario/ways.h"
#include "guest/list.h"

#define PAGES 8
#define SIZE (PAGES * VM_PAGE)

static unsigned int many(void)
{
	return (unsigned int)env_pick(8, 32, 256);
}

/* The first word of a page, host view. */
static volatile uint32_t *word(char *hva, unsigned int page)
{
	return (volatile uint32_t *)(hva + page * VM_PAGE);
}

/* Different in every page and at every call. */
static void fill(char *hva, uint32_t *want)
{
	static uint32_t n = 0x1000000;
	unsigned int p;

	for (p = 0; p < PAGES; p++)
		*word(hva, p) = want[p] = n += 0x10001;
}

/* Whether as many pages are mapped as at alias_mark(), where they can be counted. */
static bool all_mapped(struct aliases *a)
{
	int64_t n = alias_count(a);

	if (n > 0)
		diag("%lld mappings are missing", (long long)n);
	return n <= 0;
}

/* --- the same data through each (C1, C2) --------------------------------- */

/* A write through one alias is read by all others and the host; a host write by all. */
static bool one_page(struct aliases *a, char *hva)
{
	uint32_t want[PAGES];
	unsigned int i, p;

	fill(hva, want);
	if (!alias_expect(a, "written by the host", want))
		return false;
	for (i = 0; i < a->nr; i += 1 + a->nr / 8) {
		p = i % a->pages;
		want[p] = 0xabc00000 + i;
		alias_write(a, i, p, want[p]);
		if (*word(hva, p) == want[p] && alias_expect(a, "written by the guest", want))
			continue;
		diag("written through alias %u, page %u; the host reads 0x%x", i, p, *word(hva, p));
		return false;
	}
	return true;
}

FIXTURE(number) {
};

FIXTURE_VARIANT(number) {
	unsigned int nr;
};

FIXTURE_VARIANT_ADD(number, two) { 2 };
FIXTURE_VARIANT_ADD(number, many) { 512 };

KVMEM_SETUP(number)
{
}

/* Red with: __gfn_to_hva_memslot() that uses the slot found before. */
KVMEM_TEST_F(number, slots, "C1")
{
	char *hva = vm_alloc(SIZE);
	struct aliases a;

	alias_init(&a, vm_create(NULL), variant->nr, PAGES);
	alias_slots(&a, hva, 0);
	ASSERT_TRUE(one_page(&a, hva));
}

KVMEM_TEST_F(number, mappings, "C2")
{
	int fd = hostmem_memfd(SIZE);
	struct aliases a;

	alias_init(&a, vm_create(NULL), variant->nr, PAGES);
	alias_vmas(&a, fd);
	ASSERT_TRUE(one_page(&a, hostmem_map(fd, 0, SIZE)));
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/*
 * The maximum number of slots (profile quick: 2048; on an emulated CPU as many as can be
 * created in 3 s); 64 of them are accessed.
 */
KVMEM_TEST(as_many_as_there_can_be, "C1 C3", 3000)
{
	struct vm *vm = vm_create(NULL);
	unsigned int most = (unsigned int)vm_cap(vm, KVM_CAP_NR_MEMSLOTS), i;
	unsigned int limit = (unsigned int)env_pick(most < 2048 ? most : 2048, most, most);
	volatile uint32_t *page = vm_alloc(VM_PAGE);
	double until = seconds() + 3;
	uint64_t gpa[64], faults;
	struct aliases a;

	alias_init(&a, vm, limit - ALIAS_SLOT, 1);
	for (i = 0; i < a.nr && (i < 2048 || seconds() < until); i++)
		vm_slot(vm, ALIAS_SLOT + i, 0, alias_gpa(&a, i, 0), VM_PAGE, (void *)page);
	a.nr = i;
	ASSERT_EQ(-EINVAL,
		  vm_region(vm, most, 0, alias_gpa(&a, a.nr, 0), VM_PAGE, (void *)page));
	for (i = 0; i < 64; i++)
		gpa[i] = alias_gpa(&a, i < 63 ? i * (a.nr - 1) / 63 : a.nr - 1, 0);
	for (i = 0; i < 64; i++) {
		*page = i + 1;
		ASSERT_EQ(i + 1, vcpu_load(a.v, 4, gpa[i]));
	}
	alias_mark(&a);
	ASSERT_EQ(0, madvise((void *)page, VM_PAGE, MADV_DONTNEED));
	/* Without the TDP MMU, page tables may have been recycled by now. */
	if (alias_count(&a) >= 0 && arch_traits()->counts)
		ASSERT_EQ(64, a.zapped);
	alias_use_up();
	arch_faults_begin(a.v);
	for (i = 0; i < 64; i++)
		ASSERT_EQ(0, vcpu_load(a.v, 4, gpa[i]));
	faults = arch_faults(a.v);
	if (a.zapped < 0)
		ASSERT_EQ(64, faults);
}

/* --- every way to remove a page (C3, C4) --------------------------------- */

FIXTURE(way) {
	struct way_mem m;	/* PAGES pages, behind every alias */
	struct aliases a;
};

FIXTURE_VARIANT(way) {
	way *take;
	bool memfd;
	bool keeps; /* the content is there afterwards */
	void (*give_back)(const struct way_mem *m); /* before the guest can continue */
};

FIXTURE_VARIANT_ADD(way, dontneed) { .take = way_dontneed };
FIXTURE_VARIANT_ADD(way, dontneed_file) { .take = way_dontneed, .memfd = true, .keeps = true };
FIXTURE_VARIANT_ADD(way, remove) { .take = way_remove, .memfd = true };
FIXTURE_VARIANT_ADD(way, punch) { .take = way_punch, .memfd = true };
FIXTURE_VARIANT_ADD(way, munmap) { .take = way_munmap };
FIXTURE_VARIANT_ADD(way, mmap) { .take = way_mmap, .memfd = true };
FIXTURE_VARIANT_ADD(way, mremap_away) { .take = way_mremap_away };
FIXTURE_VARIANT_ADD(way, mremap_onto) { .take = way_mremap_onto };
FIXTURE_VARIANT_ADD(way, mprotect) { .take = way_mprotect, .keeps = true,
				     .give_back = way_give_back };
FIXTURE_VARIANT_ADD(way, mprotect_read) { .take = way_mprotect_read, .keeps = true,
					 .give_back = way_give_back };
FIXTURE_VARIANT_ADD(way, migration) { .take = way_migration, .keeps = true };
FIXTURE_VARIANT_ADD(way, migration_file) { .take = way_migration, .memfd = true, .keeps = true };
FIXTURE_VARIANT_ADD(way, ksm) { .take = way_ksm, .keeps = true };
FIXTURE_VARIANT_ADD(way, swap) { .take = way_swap, .keeps = true };

KVMEM_SETUP(way)
{
	self->m.fd = variant->memfd ? hostmem_memfd(SIZE) : -1;
	self->m.hva = vm_alloc(SIZE);
	self->m.pages = PAGES;
	alias_init(&self->a, vm_create(NULL), many(), PAGES);
	alias_slots(&self->a, self->m.hva, 0);
}

static const struct range {
	unsigned int first, n;
} ranges[] = { { 0, 1 }, { 3, 2 }, { PAGES - 1, 1 }, { 1, PAGES - 1 }, { 0, PAGES } };

/* Each alias writes to one page of the range: the host sees it, the old page is unchanged. */
static bool writes_arrive(struct aliases *a, const struct way_mem *m, const struct range *r,
			  char *old, uint32_t *want)
{
	uint32_t was[PAGES];
	unsigned int i, p;

	for (p = 0; old && p < r->n; p++)
		was[p] = *word(old, p);
	for (i = 0; i < a->nr; i++) {
		p = r->first + i % r->n;
		want[p] = 0xdef00000 + i;
		alias_write(a, i, p, want[p]);
		if (*word(m->hva, p) != want[p]) {
			diag("0x%x, written through alias %u to page %u, did not arrive", want[p],
			     i, p);
			return false;
		}
	}
	for (p = 0; old && p < r->n; p++) {
		if (*word(old, p) != was[p]) {
			diag("the old page behind page %u has been written to: 0x%x",
			     r->first + p, *word(old, p));
			return false;
		}
	}
	return alias_expect(a, "written through the aliases", want);
}

/*
 * Red with: a loop over the slots of a host range that ends at the first; its
 * last page left out; the whole slot zapped instead of the range.
 */
KVMEM_TEST_F(way, reaches_all, "C3 C4", 200)
{
	struct aliases *a = &self->a;
	uint32_t want[PAGES];
	const struct range *r;
	unsigned int p;
	char *old;

	for (r = ranges; r < ranges + ARRAY_SIZE(ranges); r++) {
		TH_LOG("%u pages from page %u on", r->n, r->first);
		hostmem_map_over(self->m.hva, self->m.fd, 0, SIZE);
		fill(self->m.hva, want);
		alias_write_all(a, want);
		ASSERT_TRUE(alias_expect(a, "before", want));
		alias_mark(a);
		old = variant->take(&self->m, r->first, r->n);
		alias_count(a);
		alias_use_up();
		for (p = r->first; !variant->keeps && p < r->first + r->n; p++)
			want[p] = 0;
		if (variant->give_back)
			variant->give_back(&self->m);
		/* Before 6.10, arm64 maps the merged page at once: kvm_set_spte_gfn(). */
		ASSERT_TRUE(variant->take == way_ksm && a->zapped < 0 && !env_kernel_from(6, 10) ?
			    alias_expect(a, "afterwards", want) :
			    alias_expect_zapped(a, "afterwards", want, a->nr * r->n));
		ASSERT_TRUE(all_mapped(a));
		ASSERT_TRUE(writes_arrive(a, &self->m, r, old, want));
	}
}

/*
 * A child takes over the old pages.  The fork affects all of the process's memory,
 * so the number of zapped mappings is not checked.
 */
KVMEM_TEST(copy_on_write, "C3")
{
	char *hva = vm_alloc(SIZE);
	uint32_t want[PAGES];
	struct aliases a;
	unsigned int p;
	pid_t child;

	alias_init(&a, vm_create(NULL), many(), PAGES);
	alias_slots(&a, hva, 0);
	fill(hva, want);
	alias_write_all(&a, want);
	child = fork();
	if (!child) {
		pause();
		_exit(0);
	}
	ASSERT_LT(0, child);
	for (p = 0; p < PAGES; p += 2)
		*word(hva, p) = ++want[p];
	EXPECT_TRUE(alias_expect(&a, "written by the host since the fork", want));
	for (p = 1; p < PAGES; p += 2)
		alias_write(&a, p % a.nr, p, ++want[p]);
	EXPECT_TRUE(alias_expect(&a, "written by the guest since the fork", want));
	for (p = 0; p < PAGES; p++)
		EXPECT_EQ(want[p], *word(hva, p));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* Read-only for the process is read-only for the guest, at every alias. */
KVMEM_TEST(mprotect_refuses_writes, "C3")
{
	char *hva = vm_alloc(SIZE);
	uint32_t want[PAGES];
	struct aliases a;
	unsigned int i;

	alias_init(&a, vm_create(NULL), 8, PAGES);
	alias_slots(&a, hva, 0);
	fill(hva, want);
	alias_write_all(&a, want);
	ASSERT_EQ(0, mprotect(hva + 2 * VM_PAGE, VM_PAGE, PROT_READ));
	for (i = 0; i < a.nr; i++)
		ASSERT_TRUE(vcpu_faults(a.v, OPS(ST(4, alias_gpa(&a, i, 2), 1))));
	ASSERT_TRUE(alias_expect(&a, "after refused writes", want));
	ASSERT_EQ(0, mprotect(hva + 2 * VM_PAGE, VM_PAGE, PROT_READ | PROT_WRITE));
	for (i = 0; i < a.nr; i++) {
		alias_write(&a, i, 2, want[2] = i);
		ASSERT_TRUE(alias_expect(&a, "writable again", want));
	}
}

/* --- slots that show different parts (C4) -------------------------------- */

#define PARTS 12
#define WHOLE 16

/*
 * Slots of different size that start at different pages of the same memory, and
 * ranges that start and end before, in and after each of them.  The slots are
 * adjacent in guest memory, so that an access beyond a slot hits the next one.
 * Red with: a range that is not clamped to the slot, or not rounded outwards.
 */
KVMEM_TEST(parts, "C4 C3")
{
	static const struct range taken[] = {
		{ 0, 1 }, { 2, 1 },  { 5, 6 },	{ 7, 2 },  { 0, 8 },
		{ 8, 8 }, { 15, 1 }, { 1, 14 }, { 0, 16 },
	};
	struct vm *vm = vm_create(NULL);
	char *hva = vm_alloc(WHOLE * VM_PAGE);
	struct range part[PARTS];
	uint64_t gpa[PARTS + 1] = { ALIAS_GPA };
	const struct range *t;
	struct aliases a;
	unsigned int s, p;

	alias_init(&a, vm, 1, 1);
	for (s = 0; s < PARTS; s++) {
		part[s] = (struct range){ s * 5 % 9, 1 + s % 7 };
		vm_slot(vm, ALIAS_SLOT + s, 0, gpa[s], part[s].n * VM_PAGE,
			hva + part[s].first * VM_PAGE);
		gpa[s + 1] = gpa[s] + part[s].n * VM_PAGE;
	}
	for (t = taken; t < taken + ARRAY_SIZE(taken); t++) {
		unsigned int mapped = 0;

		for (p = 0; p < WHOLE; p++)
			*word(hva, p) = 100 + p;
		for (s = 0; s < PARTS; s++)
			for (p = 0; p < part[s].n; p++)
				ASSERT_EQ(100 + part[s].first + p,
					  vcpu_load(a.v, 4, gpa[s] + p * VM_PAGE));
		for (s = 0; s < PARTS; s++)
			for (p = part[s].first; p < part[s].first + part[s].n; p++)
				mapped += p >= t->first && p < t->first + t->n;
		alias_mark(&a);
		ASSERT_EQ(0, madvise(hva + t->first * VM_PAGE, t->n * VM_PAGE, MADV_DONTNEED));
		if (alias_count(&a) < 0) {
			arch_faults_begin(a.v);
			for (s = 0; s < PARTS; s++)
				for (p = 0; p < part[s].n; p++)
					vcpu_load(a.v, 4, gpa[s] + p * VM_PAGE);
			a.zapped = (int64_t)arch_faults(a.v);
		}
		ASSERT_EQ(mapped, a.zapped)
		{
			TH_LOG("pages %u to %u", t->first, t->first + t->n - 1);
		}
	}
}

/* --- one slot over many mappings of one page (C3, C4) -------------------- */

FIXTURE(mappings) {
	struct aliases a;
	struct way_mem m; /* hva: of the first alias */
	char *view; /* a mapping of the file that is no alias */
};

KVMEM_SETUP(mappings)
{
	self->m.fd = hostmem_memfd(SIZE);
	alias_init(&self->a, vm_create(NULL), many(), PAGES);
	self->m.hva = alias_vmas(&self->a, self->m.fd);
	self->view = hostmem_map(self->m.fd, 0, SIZE);
}

/* Changes of the page itself affect every mapping of it. */
KVMEM_TEST_F(mappings, page_goes, "C2 C3 C4")
{
	way *const ways[] = { way_punch, way_remove, way_migration };
	struct aliases *a = &self->a;
	uint32_t want[PAGES];
	unsigned int p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		fill(self->view, want);
		alias_write_all(a, want);
		ASSERT_TRUE(alias_expect(a, "before", want));
		alias_mark(a);
		ways[i](&self->m, 2, 3);
		alias_count(a);
		alias_use_up();
		for (p = 2; p < 5 && ways[i] != way_migration; p++)
			want[p] = 0;
		ASSERT_TRUE(alias_expect_zapped(a, "afterwards", want, a->nr * 3));
		ASSERT_TRUE(all_mapped(a));
		ASSERT_TRUE(writes_arrive(a, &(struct way_mem){ .hva = self->view },
					  &(struct range){ 2, 3 }, NULL, want));
	}
}

/* A change of one mapping affects only that alias. */
KVMEM_TEST_F(mappings, one_mapping_goes, "C2 C3 C4")
{
	way *const ways[] = { way_dontneed, way_mprotect, way_mremap_away, way_mmap };
	struct aliases *a = &self->a;
	unsigned int alias[] = { 0, a->nr / 2, a->nr - 1 };
	uint32_t want[PAGES];
	size_t i, k;
	bool again;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		for (k = 0; k < ARRAY_SIZE(alias); k++) {
			struct way_mem one = {
				.hva = self->m.hva + alias[k] * SIZE, .pages = PAGES, .fd = self->m.fd,
			};

			fill(self->view, want);
			alias_write_all(a, want);
			ASSERT_TRUE(alias_expect(a, "before", want));
			alias_mark(a);
			ways[i](&one, 2, 3);
			alias_count(a);
			if (ways[i] == way_mprotect)
				way_give_back(&one);
			/* Mapping the file again zaps the whole alias. */
			again = ways[i] == way_mremap_away || ways[i] == way_mmap;
			if (again) {
				ASSERT_EQ(0, vcpu_load(a->v, 4, alias_gpa(a, alias[k], 2)));
				alias_write(a, alias[k], 4, 1);
				hostmem_map_over(one.hva, self->m.fd, 0, SIZE);
			}
			ASSERT_TRUE(alias_expect_zapped(a, "afterwards", want,
							again && a->zapped < 0 ? PAGES : 3))
			{
				TH_LOG("way %zu, alias %u", i, alias[k]);
			}
			ASSERT_TRUE(all_mapped(a));
		}
	}
}

/* --- while vCPUs use them (C3) ------------------------------------------- */

KVMEM_TEST(page_goes_while_read, "C3", 1500)
{
	struct vm *vm = vm_create(&(struct vm_opts){ .nr_vcpus = 3 });
	uint64_t rounds = env_pick(5, 30, 2000), i;
	char *hva = vm_alloc(SIZE);
	struct hammer h[2] = { 0 };
	struct aliases a;
	int k;

	alias_init(&a, vm, many(), PAGES);
	alias_slots(&a, hva, 0);
	for (k = 0; k < 2; k++)
		hammer_start(&h[k], vm->vcpu[1 + k],
			     (struct mbox_op)LD(4, alias_gpa(&a, k ? a.nr - 1 : 0, 3)));
	for (i = 1; i <= rounds; i++) {
		*word(hva, 3) = (uint32_t)i;
		for (k = 0; k < 2; k++)
			ASSERT_EQ(i, hammer_next(&h[k]));
		ASSERT_EQ(0, madvise(hva + 3 * VM_PAGE, VM_PAGE, MADV_DONTNEED));
		for (k = 0; k < 2; k++)
			ASSERT_EQ(0, hammer_next(&h[k]))
			{
				TH_LOG("round %u", (unsigned int)i);
			}
	}
	for (k = 0; k < 2; k++) {
		hammer_stop(&h[k]);
		ASSERT_EQ(VCPU_DONE, h[k].stop);
	}
}

KVMEM_MAIN
