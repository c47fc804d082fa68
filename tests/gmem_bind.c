// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_memfd: binding slots to a file, unbinding them, and the order in which file,
 * slots and VM are destroyed (D4-D10, D21).
 */
#include "arch.h"
#include "harness/test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "scenario/bindings.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "kvm/uapi.h"

#define G 0xc0000ULL
#define FILE_PAGES 16
#define FILE_SIZE (FILE_PAGES * VM_PAGE)

static struct kexit gone_fault(enum gmem_kind kind, uint64_t gpa)
{
	return (struct kexit){
		.reason = KVM_EXIT_MEMORY_FAULT,
		.addr = gpa,
		.data = VM_PAGE,
		.err = EFAULT,
		.flags = kind == GMEM_PRIVATE ? KVM_MEMORY_EXIT_FLAG_PRIVATE : 0,
	};
}

/* --- slots deleted and created again (D4, D5, D9, D21) --------------------- */

static const struct binding layouts[][BINDINGS_MAX] = {
	{ { G, 4, 8 } },
	{ { G, 8, 8 }, { G + 8, 0, 8 } }, /* gfn order reversed */
	{ { G + 40, 2, 3 }, { G + 20, 6, 3 }, { G, 11, 4 } }, /* gaps, reversed */
};

FIXTURE(layout) {
	struct bindings s;
};

FIXTURE_VARIANT(layout) {
	enum gmem_kind kind;
	unsigned int slots;
};

FIXTURE_VARIANT_ADD(layout, shared_one) { GMEM_SHARED, 1 };
FIXTURE_VARIANT_ADD(layout, private_one) { GMEM_PRIVATE, 1 };
FIXTURE_VARIANT_ADD(layout, shared_two) { GMEM_SHARED, 2 };
FIXTURE_VARIANT_ADD(layout, private_two) { GMEM_PRIVATE, 2 };
FIXTURE_VARIANT_ADD(layout, shared_three) { GMEM_SHARED, 3 };
FIXTURE_VARIANT_ADD(layout, private_three) { GMEM_PRIVATE, 3 };

KVMEM_SETUP(layout)
{
	self->s = (struct bindings){
		.kind = variant->kind,
		.file_pages = FILE_PAGES,
		.n = variant->slots,
	};
	memcpy(self->s.b, layouts[variant->slots - 1], sizeof(self->s.b));
	bindings_init(&self->s);
}

/*
 * Deleting a slot removes its binding completely: the same range, and any other that
 * overlaps it, can be bound again, and the data is still there.
 * Red with: kvm_gmem_unbind() that leaves its bindings, or one page of them; a
 * page that is zeroed whenever it is mapped.
 */
KVMEM_TEST_F(layout, rebind, "D4 D5")
{
	struct bindings *s = &self->s;
	void *hva = vm_alloc(VM_PAGE);
	unsigned int i, p;

	ASSERT_TRUE(bindings_write(s, 2));
	for (i = 0; i < s->n; i++) {
		struct binding *b = &s->b[i];

		/* Delete it, bind each of its pages elsewhere and unbind it, bind it as before. */
		vm_slot(s->vm, i + 1, 0, 0, 0, NULL);
		for (p = 0; p < b->pages; p++) {
			ASSERT_EQ(0, gmem_slot(s->vm, variant->kind, 20, 0xd0000000ULL, VM_PAGE,
					       hva, s->fd, (b->offset + p) * VM_PAGE)) {
				TH_LOG("page %u of slot %u", p, i);
			}
			ASSERT_EQ(bindings_tag(b->offset + p, 2),
				  (uint32_t)vcpu_load(s->v, 4,
						      0xd0000000ULL + (b->offset + p) * 4));
			vm_slot(s->vm, 20, 0, 0, 0, NULL);
		}
		ASSERT_EQ(0, bindings_slot(s, i));
	}
	ASSERT_TRUE(bindings_hold(s, 2, 0, 0));
	/* A punch reaches the new slots. */
	ASSERT_TRUE(bindings_punch(s, 0, FILE_PAGES, 3));
	ASSERT_TRUE(bindings_punch(s, FILE_PAGES / 2, FILE_PAGES / 2 + 1, 4));
}

/*
 * All slots are deleted and created again in the opposite order at other gfns: the
 * content follows the file, not the gfn.
 * Red with: a binding found by the slot that had the gfn before.
 */
KVMEM_TEST_F(layout, rebind_elsewhere, "D2 D5")
{
	struct bindings *s = &self->s;
	uint64_t gfn = 0xd0000;
	unsigned int i;

	ASSERT_TRUE(bindings_write(s, 2));
	for (i = 0; i < s->n; i++)
		vm_slot(s->vm, i + 1, 0, 0, 0, NULL);
	for (i = s->n; i-- > 0;) {
		struct binding *b = &s->b[i];
		unsigned int p;

		ASSERT_EQ(0,
			  gmem_slot(s->vm, variant->kind, 20 + i, gfn * VM_PAGE, b->pages * VM_PAGE,
				    vm_alloc(b->pages * VM_PAGE), s->fd, b->offset * VM_PAGE));
		for (p = 0; p < b->pages; p++)
			ASSERT_EQ(bindings_tag(b->offset + p, 2),
				  (uint32_t)vcpu_load(s->v, 4,
						      (gfn + p) * VM_PAGE + (b->offset + p) * 4));
		gfn += b->pages;
	}
}

/* Delete slot 1; @exact: no other mapping may be zapped. */
static void delete_first(struct __test_metadata *_metadata, struct bindings *s, bool exact)
{
	uint64_t gpa = s->b[0].gfn * VM_PAGE;
	int64_t zapped;
	const struct kexit fault = gone_fault(s->kind, gpa);

	ASSERT_TRUE(bindings_write(s, 2));
	bindings_mark(s);
	vm_slot(s->vm, 1, 0, 0, 0, NULL);
	s->gone[0] = true;
	zapped = bindings_zapped(s);
	if (zapped >= 0)
		ASSERT_LE(s->b[0].pages, zapped);
	if (zapped >= 0 && exact)
		ASSERT_EQ(s->b[0].pages, zapped);
	ASSERT_TRUE(bindings_hold(s, 2, 0, 0));
	if (exact)
		ASSERT_EQ(0, s->faults);
	/* Its old address no longer maps the file. */
	ASSERT_TRUE(s->kind == GMEM_PRIVATE ?
			    vcpu_expect_stop(s->v, "a load where the slot was", OPS(LD(4, gpa)),
					     &fault, 1) :
			    vcpu_expect(s->v, "a load where the slot was", OPS(LD(4, gpa)),
					EXITS(MMIO_RD(gpa, 4, 1))));
	/* Its pages of the file are kept. */
	ASSERT_EQ(0, bindings_slot(s, 0));
	s->gone[0] = false;
	ASSERT_TRUE(bindings_hold(s, 2, 0, 0));
}

/*
 * Deleting one slot of several leaves the mappings of the others alone.
 * Red with: kvm_mmu_zap_all_fast() for private VM types, or the quirk ignored.
 */
KVMEM_TEST_F(layout, delete_one_slot, "D21 D4")
{
	struct vm *vm = self->s.vm;

	if (variant->kind == GMEM_SHARED) {
		uint64_t quirk = arch_traits()->slot_zap_quirk;

		REQUIRE(!quirk || (uint64_t)vm_cap(vm, KVM_CAP_DISABLE_QUIRKS2) & quirk,
			"the quirk SLOT_ZAP_ALL cannot be disabled (6.12)");
		if (quirk)
			ASSERT_EQ(0, vm_enable_cap(vm, KVM_CAP_DISABLE_QUIRKS2, quirk));
	}
	delete_first(_metadata, &self->s, true);
}

/* With the quirk, which default VMs have, more mappings may be zapped, but no data is lost. */
KVMEM_TEST_F(layout, delete_with_quirk, "D21 D4")
{
	REQUIRE(variant->kind == GMEM_SHARED, "the quirk SLOT_ZAP_ALL is for default VMs");
	delete_first(_metadata, &self->s, false);
}

/*
 * Closing the last descriptor of the file unmaps the whole slot, and every access of
 * the guest is then a memory fault of that page.
 * Red with: kvm_gmem_release() that does not zap; a slot that keeps its file.
 */
KVMEM_TEST_F(layout, close_unmaps, "D9 E9 E10")
{
	struct bindings *s = &self->s;
	unsigned int i, p, again;
	int dupped = dup(s->fd);
	int64_t zapped;

	ASSERT_TRUE(bindings_write(s, 2));
	bindings_mark(s);
	close(s->fd);
	/* A duplicate descriptor keeps the file open. */
	ASSERT_GE(0, bindings_zapped(s));
	ASSERT_TRUE(bindings_hold(s, 2, 0, 0));
	ASSERT_EQ(0, s->faults);
	close(dupped);
	zapped = bindings_zapped(s);
	if (zapped >= 0)
		ASSERT_EQ(s->bound, zapped);

	for (i = 0; i < s->n; i++) {
		struct binding *b = &s->b[i];

		for (p = 0; p < b->pages; p += b->pages - 1) {
			const struct kexit want = gone_fault(variant->kind, (b->gfn + p) * VM_PAGE);
			uint64_t gva = bindings_gva(b->offset + p);

			/* Twice: the second answer must not differ from the first. */
			for (again = 0; again < 2; again++)
				ASSERT_TRUE(vcpu_expect_stop(s->v, "access after close",
							     OPS(LD(2, gva + 0x7f3)), &want, 1));
			ASSERT_TRUE(vcpu_expect_stop(s->v, "write after close",
						     OPS(ST(8, gva + 8, 1)), &want, 1));
		}
	}
	/* The slots can be deleted, and created again with another file and new pages. */
	s->fd = gmem_kind_create(s->vm, variant->kind, FILE_SIZE);
	for (i = 0; i < s->n; i++) {
		vm_slot(s->vm, i + 1, 0, 0, 0, NULL);
		ASSERT_EQ(0, bindings_slot(s, i));
	}
	ASSERT_TRUE(bindings_hold(s, 2, 0, FILE_PAGES));
	ASSERT_TRUE(bindings_punch(s, 3, 10, 3));
}

/* --- binding rules (D6, D7, D8) ------------------------------------------ */

FIXTURE(bind) {
	struct vm *vm;
	struct vcpu *v;
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
	self->v = self->vm->vcpu[0];
	self->fd = gmem_kind_create(self->vm, variant->kind, FILE_SIZE);
	self->hva = vm_alloc(2 * FILE_SIZE);
	/* The gfns used below, made private before there are slots. */
	if (variant->kind == GMEM_PRIVATE)
		ASSERT_EQ(0, gmem_attributes(self->vm, G * VM_PAGE, 0x1000 * VM_PAGE,
					     KVM_MEMORY_ATTRIBUTE_PRIVATE));
}

static int bind_pages(FIXTURE_DATA(bind) *self, uint32_t slot, uint64_t gfn, uint64_t offset,
		      uint64_t pages, int fd)
{
	return vm_region2(self->vm, slot, KVM_MEM_GUEST_MEMFD, gfn * VM_PAGE, pages * VM_PAGE,
			  self->hva, fd, offset);
}

/* The guest writes one word of each page, or reads it and finds @value in all. */
static bool touch(FIXTURE_DATA(bind) *self, uint64_t gfn, unsigned int pages, uint64_t value,
		  bool write)
{
	struct mbox_op ops[FILE_PAGES];
	unsigned int p;

	for (p = 0; p < pages; p++)
		ops[p] = (struct mbox_op){
			.kind = write ? OP_STORE : OP_LOAD,
			.width = 8,
			.addr = (gfn + p) * VM_PAGE,
			.value = { value },
		};
	if (!vcpu_expect(self->v, "pages of a slot", ops, pages, NO_EXITS))
		return false;
	for (p = 0; p < pages && !write; p++) {
		if (vcpu_value(self->v, p) == value)
			continue;
		diag("page %u of the slot at gfn 0x%llx holds 0x%llx, expected 0x%llx", p,
		     (unsigned long long)gfn, (unsigned long long)vcpu_value(self->v, p),
		     (unsigned long long)value);
		return false;
	}
	return true;
}

/*
 * Neighbours in the file, bound in mixed order: all are accepted, and each keeps its
 * pages when another one is created or deleted.
 * Red with: end for end - 1 in the search for other bindings; a range stored or
 * erased that is one page longer than the slot.
 */
KVMEM_TEST_F(bind, adjacent, "D6 D5")
{
	static const unsigned int offset[] = { 4, 8, 0, 12 };
	unsigned int i, k;

	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0,
			  bind_pages(self, i + 1, G + 100 * i, offset[i] * VM_PAGE, 4, self->fd));
		for (k = 0; k <= i; k++)
			ASSERT_TRUE(touch(self, G + 100 * k, 4, 10 + k, true));
	}
	for (i = 0; i < 3; i++) {
		vm_slot(self->vm, i + 1, 0, 0, 0, NULL);
		for (k = i + 1; k < 4; k++)
			ASSERT_TRUE(touch(self, G + 100 * k, 4, 10 + k, false));
		/* Fault again, through the remaining bindings. */
		ASSERT_EQ(0, gmem_punch(self->fd, 0, FILE_SIZE));
		for (k = i + 1; k < 4; k++) {
			ASSERT_TRUE(touch(self, G + 100 * k, 4, 0, false));
			ASSERT_TRUE(touch(self, G + 100 * k, 4, 10 + k, true));
		}
	}
}

/*
 * Refused exactly if one page or more is already bound, through a duplicate
 * descriptor as well; a refused call has no effect.
 * Red with: a search that begins or ends one page off, or looks at the first
 * page only.
 */
KVMEM_TEST_F(bind, overlap, "D6")
{
	unsigned int first, last, k = 0;
	int other = dup(self->fd);

	ASSERT_EQ(0, bind_pages(self, 1, G, 5 * VM_PAGE, 4, self->fd));
	ASSERT_TRUE(touch(self, G, 4, 7, true));
	for (first = 2; first < 12; first++) {
		for (last = first; last < 12; last++) {
			bool overlaps = first < 9 && last >= 5;
			int r = bind_pages(self, 2, G + 100, first * VM_PAGE, last - first + 1,
					   k++ & 1 ? other : self->fd);

			ASSERT_EQ(overlaps, r < 0) {
				TH_LOG("pages %u to %u: %s", first, last, strerror(-r));
			}
			/* If it was refused, the slot does not exist. */
			ASSERT_EQ(overlaps ? -EINVAL : 0, vm_region(self->vm, 2, 0, 0, 0, NULL));
		}
	}
	ASSERT_TRUE(touch(self, G, 4, 7, false));
	ASSERT_EQ(0, gmem_punch(self->fd, 0, FILE_SIZE));
	ASSERT_TRUE(touch(self, G, 4, 0, false));
}

/* The errno of an overlap; kernels before 7.2 return EINVAL (known_issues). */
KVMEM_TEST_F(bind, overlap_errno, "D6")
{
	ASSERT_EQ(0, bind_pages(self, 1, G, 4 * VM_PAGE, 4, self->fd));
	ASSERT_EQ(-EEXIST, bind_pages(self, 2, G + 100, 7 * VM_PAGE, 4, self->fd));
}

/* Two files of one VM are independent: the same offsets are different pages. */
KVMEM_TEST_F(bind, two_files, "D6")
{
	int other = gmem_kind_create(self->vm, variant->kind, FILE_SIZE);

	ASSERT_EQ(0, bind_pages(self, 1, G, 4 * VM_PAGE, 4, self->fd));
	ASSERT_EQ(0, bind_pages(self, 2, G + 100, 4 * VM_PAGE, 4, other));
	ASSERT_TRUE(touch(self, G, 4, 1, true));
	ASSERT_TRUE(touch(self, G + 100, 4, 2, true));
	ASSERT_EQ(0, gmem_punch(other, 0, FILE_SIZE));
	ASSERT_TRUE(touch(self, G, 4, 1, false));
	ASSERT_TRUE(touch(self, G + 100, 4, 0, false));
	close(other);
	ASSERT_TRUE(touch(self, G, 4, 1, false));
}

/* Red with: any of the checks in kvm_gmem_bind() dropped. */
KVMEM_TEST_F(bind, limits, "D7")
{
	struct vm *vm2 = gmem_kind_vm(variant->kind, NULL);
	int foreign = gmem_kind_create(vm2, variant->kind, FILE_SIZE);
	int memfd = memfd_create("plain", 0), nul = open("/dev/null", O_RDWR);

	ASSERT_EQ(0, bind_pages(self, 1, G, 12 * VM_PAGE, 4, self->fd)); /* up to the end */
	vm_slot(self->vm, 1, 0, 0, 0, NULL);
	ASSERT_EQ(0, ftruncate(memfd, FILE_SIZE));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 13 * VM_PAGE, 4, self->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, FILE_SIZE, 1, self->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 1ULL << 40, 1, self->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0, FILE_PAGES + 1, self->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0x800, 1, self->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 1, 1, self->fd));
	ASSERT_EQ(-EBADF, bind_pages(self, 1, G, 0, 4, -1));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0, 4, memfd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0, 4, nul));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0, 4, self->vm->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0, 4, self->v->fd));
	ASSERT_EQ(-EINVAL, bind_pages(self, 1, G, 0, 4, foreign));
	close(foreign);
	ASSERT_EQ(-EBADF, bind_pages(self, 1, G, 0, 4, foreign));
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
				TH_LOG("offset 0x%llx, %u pages", (unsigned long long)offsets[i],
				       pages);
			}
}

/*
 * A file of 1 TiB, bound where the low 32 bits of offsets and page numbers are
 * those of other slots: each has separate pages, and a punch frees only its range.
 * Red with: 32 bits anywhere for an offset or a page number in the file.
 */
KVMEM_TEST_F(bind, far_offsets, "D2 D7")
{
	static const uint64_t offsets[] = { 0, 1ULL << 32, 1ULL << 39,
					    (1ULL << 39) + (1ULL << 32) };
	int fd = gmem_kind_create(self->vm, variant->kind, 1ULL << 40);
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		ASSERT_EQ(0, bind_pages(self, i + 1, G + 100 * i, offsets[i], 4, fd));
	for (i = 0; i < ARRAY_SIZE(offsets); i++)
		ASSERT_TRUE(touch(self, G + 100 * i, 4, 10 + i, true));
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		uint64_t before, after, faults;
		bool counted = arch_mapped(self->vm, &before);

		ASSERT_EQ(0, gmem_punch(fd, offsets[i], 4 * VM_PAGE));
		ASSERT_EQ(counted, arch_mapped(self->vm, &after));
		arch_faults_begin(self->v);
		for (k = 0; k < ARRAY_SIZE(offsets); k++)
			ASSERT_TRUE(touch(self, G + 100 * k, 4, k == i ? 0 : 10 + k, false));
		faults = arch_faults(self->v);
		ASSERT_EQ(4, counted ? before - after : faults);
		ASSERT_TRUE(touch(self, G + 100 * i, 4, 10 + i, true));
	}
}

/*
 * Nothing about a guest_memfd slot may change: CVE-2025-68810.
 * Red with: the check for guest_memfd in kvm_set_memory_region() dropped.
 */
KVMEM_TEST_F(bind, immutable, "D8")
{
	uint32_t gmem = KVM_MEM_GUEST_MEMFD, log = KVM_MEM_LOG_DIRTY_PAGES;
	uint64_t gpa = G * VM_PAGE, size = 4 * VM_PAGE;
	int fd = self->fd;

	ASSERT_EQ(0, bind_pages(self, 1, G, 0, 4, fd));
	ASSERT_TRUE(touch(self, G, 4, 7, true));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem, gpa, size, self->hva, fd, 0));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem | log, gpa, size, self->hva, fd, 0));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, 0, gpa, size, self->hva, -1, 0));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, log, gpa, size, self->hva, -1, 0));
	ASSERT_EQ(-EINVAL, vm_region(self->vm, 1, 0, gpa, size, self->hva));
	ASSERT_EQ(-EINVAL, vm_region(self->vm, 1, log, gpa, size, self->hva));
	ASSERT_EQ(-EINVAL, vm_region(self->vm, 1, KVM_MEM_READONLY, gpa, size, self->hva));
	ASSERT_EQ(-EINVAL, vm_region(self->vm, 1, 0, gpa + size, size, self->hva));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem, gpa + size, size, self->hva, fd, 0));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem, gpa, size, self->hva, fd, size));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem, gpa, size / 2, self->hva, fd, 0));
	ASSERT_EQ(-EINVAL, vm_region2(self->vm, 1, gmem, gpa, size, self->hva + size, fd, 0));
	/* The slot is unchanged. */
	ASSERT_TRUE(touch(self, G, 4, 7, false));
	ASSERT_EQ(0, gmem_punch(fd, 0, FILE_SIZE));
	ASSERT_TRUE(touch(self, G, 4, 0, false));

	/* A plain slot cannot become a guest_memfd slot. */
	ASSERT_EQ(0, vm_region(self->vm, 2, 0, gpa + 16 * size, size, self->hva));
	ASSERT_EQ(-EINVAL,
		  vm_region2(self->vm, 2, gmem, gpa + 16 * size, size, self->hva, fd, size));
	ASSERT_EQ(-EINVAL,
		  vm_region2(self->vm, 2, gmem, gpa + 32 * size, size, self->hva, fd, size));
	/* None of the refused calls bound anything: the range is still free. */
	ASSERT_EQ(0, bind_pages(self, 3, G + 1000, size, 4, fd));
	ASSERT_TRUE(touch(self, G + 1000, 4, 0, false));
}

/* --- order of destruction (D9, D10) ---------------------------------------- */

/*
 * The file outlives the VM, with its data as far as the host can map it.
 * Red with: a file without a reference to its VM.
 */
KVMEM_TEST_F(bind, vm_closed_first, "D10")
{
	uint64_t *h = NULL;

	ASSERT_EQ(0, bind_pages(self, 1, G, 0, 4, self->fd));
	ASSERT_TRUE(touch(self, G, 4, 7, true));
	if (variant->kind == GMEM_SHARED)
		h = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, h);
	vm_destroy(self->vm);
	if (h)
		ASSERT_EQ(7, h[512]);
	ASSERT_EQ(0, gmem_punch(self->fd, 0, FILE_SIZE));
	if (h)
		ASSERT_EQ(0, h[512]);
	close(self->fd);
}

KVMEM_TEST_F(bind, file_closed_first, "D10")
{
	ASSERT_EQ(0, bind_pages(self, 1, G, 0, 4, self->fd));
	ASSERT_TRUE(touch(self, G, 4, 7, true));
	close(self->fd);
	vm_slot(self->vm, 1, 0, 0, 0, NULL);
	self->fd = gmem_kind_create(self->vm, variant->kind, FILE_SIZE);
	ASSERT_EQ(0, bind_pages(self, 1, G, 0, 4, self->fd));
	ASSERT_TRUE(touch(self, G, 4, 0, false));
	/* The VM is destroyed with the slot, the file is closed last. */
	vm_destroy(self->vm);
	close(self->fd);
}

/* The host's mapping is a reference as well: the guest can run until it is unmapped. */
KVMEM_TEST_F(bind, mapping_keeps_the_file, "D9 D10")
{
	const struct kexit want = gone_fault(variant->kind, G * VM_PAGE);
	void *h;

	REQUIRE(variant->kind == GMEM_SHARED, "guest_memfd of this VM type cannot be mapped");
	ASSERT_EQ(0, bind_pages(self, 1, G, 0, 4, self->fd));
	h = mmap(NULL, VM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 8 * VM_PAGE);
	ASSERT_NE(MAP_FAILED, h);
	close(self->fd);
	ASSERT_TRUE(touch(self, G, 4, 7, true));
	munmap(h, VM_PAGE);
	ASSERT_TRUE(vcpu_expect_stop(self->v, "after munmap", OPS(LD(8, G * VM_PAGE)), &want, 1));
}

/* A child that inherited the descriptor keeps the memory alive. */
KVMEM_TEST_F(bind, forked, "D10")
{
	const struct kexit want = gone_fault(variant->kind, G * VM_PAGE);
	int status, to_child[2];
	pid_t pid;

	ASSERT_EQ(0, bind_pages(self, 1, G, 0, 4, self->fd));
	vcpu_store(self->v, 8, G * VM_PAGE, 42);
	ASSERT_EQ(0, pipe(to_child));
	pid = fork();
	if (!pid) {
		char c;

		close(to_child[1]);
		_exit(read(to_child[0], &c, 1) != 0);
	}
	close(self->fd);
	ASSERT_EQ(42, vcpu_load(self->v, 8, G * VM_PAGE));
	close(to_child[1]);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(vcpu_expect_stop(self->v, "after the child has exited", OPS(LD(8, G * VM_PAGE)),
				     &want, 1));
}

KVMEM_MAIN
