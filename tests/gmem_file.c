// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_memfd as a file: creation, allocation, the host's mapping, poison and NUMA
 * policy (D4, D11-D16, D22).
 */
#include "harness/test.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <numaif.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "scenario/alias.h"
#include "arch.h"
#include "guest/gmem_vm.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"

#define PAGES	8
#define SIZE	(PAGES * VM_PAGE)
#define GPA	0xc0000000ULL
#define COPY_GPA	0x30000000ULL
#define BOTH	(GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED)

#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif

FIXTURE(file) {
	struct vm *vm;
	struct vcpu *v;
	int fd;
};

FIXTURE_VARIANT(file) {
	enum gmem_kind kind;
};

FIXTURE_VARIANT_ADD(file, shared) { GMEM_SHARED };
FIXTURE_VARIANT_ADD(file, private) { GMEM_PRIVATE };

KVMEM_SETUP(file)
{
	self->vm = gmem_kind_vm(variant->kind, NULL);
	self->v = self->vm->vcpu[0];
	self->fd = gmem_kind_create(self->vm, variant->kind, SIZE);
	ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, 1, GPA, SIZE, vm_alloc(SIZE), self->fd, 0));
}

static int fallocate_errno(int fd, int mode, uint64_t offset, uint64_t len)
{
	return fallocate(fd, mode, (off_t)offset, (off_t)len) ? -errno : 0;
}

/* --- fallocate and size (D11, D12) --------------------------------------- */

/*
 * Two modes are valid; a refused call leaves the pages as they are.
 * Red with: the mode mask of kvm_gmem_fallocate() widened.
 */
KVMEM_TEST_F(file, fallocate_modes, "D11")
{
	static const struct {
		int mode, want;
	} rows[] = {
		{ FALLOC_FL_KEEP_SIZE, 0 },
		{ 0, -EOPNOTSUPP },
		{ FALLOC_FL_PUNCH_HOLE, -EOPNOTSUPP },
		{ FALLOC_FL_ZERO_RANGE, -EOPNOTSUPP },
		{ FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, -EOPNOTSUPP },
		{ FALLOC_FL_COLLAPSE_RANGE, -EOPNOTSUPP },
		{ FALLOC_FL_INSERT_RANGE, -EOPNOTSUPP },
		{ FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_KEEP_SIZE, -EOPNOTSUPP },
		/* The VFS refuses this one itself, with EINVAL. */
		{ FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_KEEP_SIZE, -EINVAL },
		{ FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0 },
	};
	unsigned int i, bit;

	vcpu_store(self->v, 8, GPA + VM_PAGE, 42);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = fallocate_errno(self->fd, rows[i].mode, VM_PAGE, VM_PAGE);
		bool punch = !rows[i].want && rows[i].mode & FALLOC_FL_PUNCH_HOLE;

		ASSERT_TRUE(r == rows[i].want || (rows[i].want == -EINVAL && r == -EOPNOTSUPP)) {
			TH_LOG("mode 0x%x: %s", rows[i].mode, strerror(-r));
		}
		ASSERT_EQ(punch ? 0 : 42, vcpu_load(self->v, 8, GPA + VM_PAGE));
	}
	/* And no mode that a later kernel may add. */
	vcpu_store(self->v, 8, GPA + VM_PAGE, 43);
	for (bit = 2; bit < 31; bit++) {
		ASSERT_GT(0, fallocate_errno(self->fd, 1 << bit | FALLOC_FL_KEEP_SIZE, VM_PAGE, VM_PAGE)) {
			TH_LOG("bit %u", bit);
		}
		ASSERT_GT(0, fallocate_errno(self->fd, 1 << bit, VM_PAGE, VM_PAGE));
	}
	ASSERT_EQ(43, vcpu_load(self->v, 8, GPA + VM_PAGE));
}

KVMEM_TEST_F(file, fallocate_ranges, "D11")
{
	int alloc = FALLOC_FL_KEEP_SIZE, punch = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE;
	const struct {
		uint64_t offset, len;
		int alloc, punch;
	} rows[] = {
		{ 0, SIZE, 0, 0 },
		{ SIZE - VM_PAGE, VM_PAGE, 0, 0 },
		{ 0, SIZE + VM_PAGE, -EINVAL, 0 },
		{ SIZE, VM_PAGE, -EINVAL, 0 },
		{ SIZE + 10 * VM_PAGE, VM_PAGE, -EINVAL, 0 },
		{ 1, VM_PAGE, -EINVAL, -EINVAL },
		{ 0, VM_PAGE - 1, -EINVAL, -EINVAL },
		{ 0x800, 0x800, -EINVAL, -EINVAL },
		{ 0, 0, -EINVAL, -EINVAL },
		{ 0, 0x7ffffffffffff000ULL, -EINVAL, 0 },
		{ 0x7ffffffffffff000ULL, VM_PAGE, -EFBIG, -EFBIG },
		{ VM_PAGE, 0x7ffffffffffff000ULL, -EFBIG, -EFBIG },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		vcpu_store(self->v, 8, GPA, 42);
		ASSERT_EQ(rows[i].alloc, fallocate_errno(self->fd, alloc, rows[i].offset, rows[i].len)) {
			TH_LOG("allocate row %u", i);
		}
		ASSERT_EQ(42, vcpu_load(self->v, 8, GPA));
		ASSERT_EQ(rows[i].punch, fallocate_errno(self->fd, punch, rows[i].offset, rows[i].len)) {
			TH_LOG("punch row %u", i);
		}
		ASSERT_EQ(!rows[i].punch && !rows[i].offset ? 0 : 42, vcpu_load(self->v, 8, GPA));
	}
}

/*
 * Supplied by the architecture: the guest copies the whole file to plain memory at
 * COPY_GPA, or fills it with ones.
 */
static bool copy_out(struct vcpu *v);
static bool fill_with_ones(struct vcpu *v);

/*
 * Every byte of a new or punched page is zero, and every byte of the others is kept:
 * the guest fills and reads all of them.
 * Red with: a page that is cleared in part; a truncation up to a wrong byte, for
 * which the page cache clears a part of the last page.
 */
KVMEM_TEST_F(file, every_byte, "D4 D1 D11")
{
	uint8_t *copy = vm_alloc(SIZE);
	unsigned int p, q, i;

	vm_slot(self->vm, 3, 0, COPY_GPA, SIZE, copy);
	/* The pages that the file gets were used before and are not zero. */
	alias_use_up();
	alias_use_up();
	memset(copy, 0x77, SIZE);
	ASSERT_TRUE(copy_out(self->v));
	for (i = 0; i < SIZE; i++)
		ASSERT_EQ(0, copy[i]);
	for (p = 0; p < PAGES; p++) {
		for (q = p + 1; q <= PAGES; q += 1 + p % 2) {
			ASSERT_TRUE(fill_with_ones(self->v));
			ASSERT_EQ(0, gmem_punch(self->fd, p * VM_PAGE, (q - p) * VM_PAGE));
			alias_use_up();
			ASSERT_TRUE(copy_out(self->v));
			for (i = 0; i < SIZE; i++)
				ASSERT_EQ(i >= p * VM_PAGE && i < q * VM_PAGE ? 0 : 0xff, copy[i]) {
					TH_LOG("byte 0x%x after a punch of pages %u to %u", i, p, q);
				}
		}
	}
}

/* Allocation keeps existing pages, and new ones are zero. */
KVMEM_TEST_F(file, preallocated, "D11 D4")
{
	uint64_t p;

	vcpu_store(self->v, 8, GPA + VM_PAGE, 7);
	ASSERT_EQ(0, fallocate_errno(self->fd, FALLOC_FL_KEEP_SIZE, 0, SIZE));
	for (p = 0; p < PAGES; p++)
		ASSERT_EQ(p == 1 ? 7 : 0, vcpu_load(self->v, 8, GPA + p * VM_PAGE));
}

/*
 * Allocation shows at once in the machine's unevictable memory, and a punch frees it.
 * Red with: an allocation that returns success and does nothing.
 */
KVMEM_TEST_F(file, allocation_is_memory, "D11 E21")
{
	const uint64_t size = 32 << 20;
	const long kib = 32 << 10;
	int fd = gmem_kind_create(self->vm, variant->kind, size), i;
	long before = gmem_unevictable_kib(), after = 0;

	ASSERT_EQ(0, fallocate_errno(fd, FALLOC_FL_KEEP_SIZE, 0, size));
	ASSERT_LE(before + kib * 3 / 4, gmem_unevictable_kib());
	ASSERT_EQ(0, gmem_punch(fd, 0, size));
	/* The per-CPU counters lag. */
	for (i = 0; i < 50; i++) {
		after = gmem_unevictable_kib();
		if (after < before + kib / 4)
			return;
		usleep(100000);
	}
	ASSERT_LT(after, before + kib / 4);
}

/*
 * No call changes its size, mode or times, or reads or writes it.
 * Red with: kvm_gmem_setattr() gone; read or write in kvm_gmem_fops.
 */
KVMEM_TEST_F(file, fixed, "D12")
{
	const uint64_t sizes[] = { 0, VM_PAGE, SIZE - 1, SIZE, SIZE + VM_PAGE, 1ULL << 40 };
	struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	char buf[16], path[32];
	struct stat st, before;
	unsigned int i;
	int pipes[2];

	ASSERT_EQ(0, fstat(self->fd, &before));
	vcpu_store(self->v, 8, GPA + SIZE - VM_PAGE, 42);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", self->fd);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(-1, ftruncate(self->fd, (off_t)sizes[i]));
		ASSERT_EQ(EINVAL, errno);
		ASSERT_EQ(-1, truncate(path, (off_t)sizes[i]));
	}
	ASSERT_EQ(-1, fchmod(self->fd, 0600));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, fchown(self->fd, 0, 0));
	ASSERT_EQ(-1, futimens(self->fd, times));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, read(self->fd, buf, sizeof(buf)));
	ASSERT_EQ(-1, pread(self->fd, buf, sizeof(buf), 0));
	ASSERT_EQ(-1, write(self->fd, buf, sizeof(buf)));
	ASSERT_EQ(-1, pwrite(self->fd, buf, sizeof(buf), 0));
	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(-1, splice(self->fd, NULL, pipes[1], NULL, VM_PAGE, 0));
	ASSERT_EQ(16, write(pipes[1], "0123456789abcdef", 16));
	ASSERT_EQ(-1, splice(pipes[0], NULL, self->fd, NULL, 16, 0));
	ASSERT_EQ(0, fstat(self->fd, &st));
	ASSERT_EQ(SIZE, (uint64_t)st.st_size);
	ASSERT_EQ(VM_PAGE, (uint64_t)st.st_blksize);
	ASSERT_EQ(before.st_mode, st.st_mode);
	ASSERT_EQ(42, vcpu_load(self->v, 8, GPA + SIZE - VM_PAGE));
	ASSERT_EQ(0, vcpu_load(self->v, 8, GPA));
}

/* --- creation (D13) ------------------------------------------------------- */

KVMEM_TEST_F(file, creation, "D13")
{
	const uint64_t bad[] = { 0, 1, 0xfff, VM_PAGE + 1, 1ULL << 63, ~0ULL, ~0xfffULL };
	uint64_t flags = variant->kind == GMEM_SHARED ? BOTH : 0, i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		uint64_t size = bad[i];

		ASSERT_EQ(-EINVAL, gmem_create(self->vm, size, flags)) {
			TH_LOG("size 0x%llx", (unsigned long long)size);
		}
	}
	ASSERT_LE(0, gmem_create(self->vm, VM_PAGE, flags));
	ASSERT_LE(0, gmem_create(self->vm, 1ULL << 40, flags));
	ASSERT_LE(0, gmem_create(self->vm, 0x7ffffffffffff000ULL, flags));
}

/* Up to 7.3 the reserved fields are not checked (D13). */
KVMEM_TEST_F(file, creation_reserved, "D13")
{
	struct kvm_create_guest_memfd g = {
		.size = VM_PAGE, .flags = variant->kind == GMEM_SHARED ? BOTH : 0,
	};
	int fd;

	g.reserved[0] = 1;
	g.reserved[5] = ~0ULL;
	fd = ioctl(self->vm->fd, KVM_CREATE_GUEST_MEMFD, &g);
	record_observation("D13", "gmem_file.reserved", "%s", fd < 0 ? strerror(errno) : "not checked");
	/* If accepted, the file works like any other. */
	if (fd >= 0)
		ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, 2, GPA + 16 * SIZE, VM_PAGE,
				       vm_alloc(VM_PAGE), fd, 0));
}

/* Exactly the flags of the capability, in every combination. */
KVMEM_TEST_F(file, creation_flags, "D13")
{
	uint64_t valid = (uint64_t)vm_cap(self->vm, KVM_CAP_GUEST_MEMFD_FLAGS), flags;
	unsigned int bit;

	for (flags = 0; flags < 16; flags++) {
		int r = gmem_create(self->vm, VM_PAGE, flags);

		ASSERT_EQ(flags & ~valid ? -EINVAL : 0, r < 0 ? r : 0) {
			TH_LOG("flags 0x%llx", (unsigned long long)flags);
		}
	}
	for (bit = 4; bit < 64; bit++)
		ASSERT_EQ(-EINVAL, gmem_create(self->vm, VM_PAGE, 1ULL << bit));
	/* A VM with private memory has no INIT_SHARED. */
	if (variant->kind == GMEM_PRIVATE)
		ASSERT_EQ(0, valid & GUEST_MEMFD_FLAG_INIT_SHARED);
}

/* --- the host's mapping (D14) --------------------------------------------- */

static sigjmp_buf on_bus;

static void bus_handler(int sig)
{
	(void)sig;
	siglongjmp(on_bus, 1);
}

/* Whether a host access to the byte ends in SIGBUS. */
static bool sigbus(volatile uint8_t *p, bool write)
{
	struct sigaction sa = { .sa_handler = bus_handler, .sa_flags = SA_NODEFER }, old;
	bool got = true;

	sigaction(SIGBUS, &sa, &old);
	if (!sigsetjmp(on_bus, 1)) {
		if (write)
			*p = 1;
		else
			(void)*p;
		got = false;
	}
	sigaction(SIGBUS, &old, NULL);
	return got;
}

static void *map_file(int fd, uint64_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

/* Host and guest see each other's writes; a punch unmaps the page from both.
 * Red with: truncate without unmapping the host's PTEs.
 */
KVMEM_TEST_F(file, host_mapping, "D14 D4")
{
	uint64_t *h, p;

	if (variant->kind == GMEM_PRIVATE) {
		ASSERT_EQ(MAP_FAILED, map_file(self->fd, SIZE));
		ASSERT_EQ(ENODEV, errno);
		return;
	}
	h = map_file(self->fd, SIZE);
	ASSERT_NE(MAP_FAILED, h);
	for (p = 0; p < PAGES; p++) {
		h[p * (VM_PAGE / 8) + p] = 100 + p;
		ASSERT_EQ(100 + p, vcpu_load(self->v, 8, GPA + p * VM_PAGE + p * 8));
		vcpu_store(self->v, 8, GPA + p * VM_PAGE + p * 8, 200 + p);
		ASSERT_EQ(200 + p, h[p * (VM_PAGE / 8) + p]);
	}
	ASSERT_EQ(0, gmem_punch(self->fd, 2 * VM_PAGE, 3 * VM_PAGE));
	for (p = 0; p < PAGES; p++) {
		uint64_t want = p >= 2 && p < 5 ? 0 : 200 + p;

		/* The guest first on even pages, the host first on odd ones. */
		if (p & 1)
			ASSERT_EQ(want, h[p * (VM_PAGE / 8) + p]);
		ASSERT_EQ(want, vcpu_load(self->v, 8, GPA + p * VM_PAGE + p * 8));
		ASSERT_EQ(want, h[p * (VM_PAGE / 8) + p]);
	}
	/* It is still the same page for both. */
	h[2 * (VM_PAGE / 8)] = 77;
	ASSERT_EQ(77, vcpu_load(self->v, 8, GPA + 2 * VM_PAGE));
}

KVMEM_TEST_F(file, mapping_rules, "D14")
{
	uint8_t *h;
	int fd;

	REQUIRE(variant->kind == GMEM_SHARED, "guest_memfd of this VM type cannot be mapped");
	ASSERT_EQ(MAP_FAILED, mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, self->fd, 0));
	ASSERT_EQ(EINVAL, errno);
	fd = gmem_create(self->vm, SIZE, GUEST_MEMFD_FLAG_INIT_SHARED);
	ASSERT_LE(0, fd);
	ASSERT_EQ(MAP_FAILED, map_file(fd, SIZE));
	ASSERT_EQ(ENODEV, errno);

	/* Beyond the end, and a file that is not initially shared: SIGBUS. */
	h = map_file(self->fd, SIZE + VM_PAGE);
	ASSERT_NE(MAP_FAILED, h);
	ASSERT_FALSE(sigbus(h + SIZE - 1, true));
	ASSERT_TRUE(sigbus(h + SIZE, false));
	ASSERT_TRUE(sigbus(h + SIZE, true));
	fd = gmem_create(self->vm, SIZE, GUEST_MEMFD_FLAG_MMAP);
	ASSERT_LE(0, fd);
	h = map_file(fd, SIZE);
	ASSERT_NE(MAP_FAILED, h);
	ASSERT_TRUE(sigbus(h, false));
	ASSERT_TRUE(sigbus(h, true));
}

/* Ordinary memory system calls on the mapping do not affect data or guest. */
KVMEM_TEST_F(file, mapping_calls, "D14")
{
	uint64_t *h;

	REQUIRE(variant->kind == GMEM_SHARED, "guest_memfd of this VM type cannot be mapped");
	h = map_file(self->fd, SIZE);
	ASSERT_NE(MAP_FAILED, h);
	vcpu_store(self->v, 8, GPA, 5);
	ASSERT_EQ(0, mprotect(h, SIZE, PROT_READ));
	ASSERT_EQ(5, h[0]);
	vcpu_store(self->v, 8, GPA, 6);
	ASSERT_EQ(6, h[0]);
	ASSERT_EQ(0, mprotect(h, SIZE, PROT_READ | PROT_WRITE));
	mlock(h, SIZE);
	munlock(h, SIZE);
	madvise(h, SIZE, MADV_HUGEPAGE);
	ASSERT_EQ(0, madvise(h, SIZE, MADV_DONTNEED));
	ASSERT_EQ(6, h[0]);
	ASSERT_EQ(6, vcpu_load(self->v, 8, GPA));
	/* MADV_REMOVE is a punch, if the kernel accepts it. */
	vcpu_store(self->v, 8, GPA + VM_PAGE, 8);
	if (!madvise(h + 512, VM_PAGE, MADV_REMOVE)) {
		ASSERT_EQ(0, vcpu_load(self->v, 8, GPA + VM_PAGE));
		ASSERT_EQ(0, h[512]);
	} else {
		ASSERT_EQ(8, vcpu_load(self->v, 8, GPA + VM_PAGE));
		ASSERT_EQ(8, h[512]);
	}
	ASSERT_EQ(6, vcpu_load(self->v, 8, GPA));
	ASSERT_EQ(0, munmap(h, SIZE));
	ASSERT_EQ(6, vcpu_load(self->v, 8, GPA));
}

/* --- poison (D15) ---------------------------------------------------------- */

/* The kernel sends SIGBUS to every process that maps the page: not tested here. */
static void ignore_bus(int sig)
{
	(void)sig;
}

/* The poisoned page is unmapped at once and faults with EHWPOISON, its neighbours
 * stay mapped; after a punch the page is a good one again.
 * Red with: kvm_gmem_error_folio() without its invalidation; folio_test_hwpoison()
 * not checked in __kvm_gmem_get_pfn().
 */
KVMEM_TEST_F(file, poison, "D15")
{
	const struct kexit want = {
		.reason = KVM_EXIT_MEMORY_FAULT, .addr = GPA + 3 * VM_PAGE, .data = VM_PAGE,
		.err = EHWPOISON,
	};
	uint64_t *h, before, after, p;
	bool counted;

	REQUIRE(variant->kind == GMEM_SHARED, "guest_memfd of this VM type cannot be mapped");
	REQUIRE(env_may_poison(), "takes a page of this machine permanently out of use: lab only, or KVMEM_POISON=yes");
	h = map_file(self->fd, SIZE);
	ASSERT_NE(MAP_FAILED, h);
	for (p = 0; p < PAGES; p++)
		vcpu_store(self->v, 8, GPA + p * VM_PAGE, p + 1);
	counted = arch_mapped(self->vm, &before);
	signal(SIGBUS, ignore_bus);
	/* EBUSY: poisoned, but the page could not be isolated because KVM holds it. */
	if (madvise(h + 3 * (VM_PAGE / 8), VM_PAGE, MADV_HWPOISON) && errno != EBUSY)
		SKIP(return, "MADV_HWPOISON: %s (root, CONFIG_MEMORY_FAILURE)", strerror(errno));
	if (counted && arch_mapped(self->vm, &after))
		ASSERT_EQ(1, before - after);
	for (p = 0; p < 2; p++) {
		ASSERT_TRUE(vcpu_expect_stop(self->v, "read of a poisoned page",
					     OPS(LD(8, GPA + 3 * VM_PAGE + 0x128)), &want, 1));
		ASSERT_TRUE(vcpu_expect_stop(self->v, "write to a poisoned page",
					     OPS(ST(2, GPA + 3 * VM_PAGE + 0xffe, 1)), &want, 1));
	}
	arch_faults_begin(self->v);
	for (p = 0; p < PAGES; p++)
		if (p != 3)
			ASSERT_EQ(p + 1, vcpu_load(self->v, 8, GPA + p * VM_PAGE));
	ASSERT_EQ(0, arch_faults(self->v));
	ASSERT_EQ(0, gmem_punch(self->fd, 3 * VM_PAGE, VM_PAGE));
	ASSERT_EQ(0, vcpu_load(self->v, 8, GPA + 3 * VM_PAGE));
	vcpu_store(self->v, 8, GPA + 3 * VM_PAGE, 99);
	/* The old mapping keeps its poisoned entry, so map again. */
	h = map_file(self->fd, SIZE);
	ASSERT_NE(MAP_FAILED, h);
	ASSERT_FALSE(sigbus((uint8_t *)(h + 3 * (VM_PAGE / 8)), false));
	ASSERT_EQ(99, h[3 * (VM_PAGE / 8)]);
}

/* --- NUMA (D16) ------------------------------------------------------------ */

static int node_of(void *p)
{
	int status = -1;

	return move_pages(0, 1, &p, NULL, &status, 0) ? -errno : status;
}

/*
 * A binding is obeyed by guest faults and host faults.  Interleaving is by the
 * page's index on 7.2 and by the order of the faults on 7.3 (recorded, D16).
 * Red with: the policy of the task used for faults of the guest.
 */
KVMEM_TEST_F(file, numa_policy, "D16")
{
	static const int order[PAGES] = { 0, 2, 1, 4, 7, 3, 6, 5 };
	unsigned long both = 3, one = 2;
	bool by_index = true, by_order = true;
	int node, ones = 0, p;
	uint8_t *h;

	REQUIRE(variant->kind == GMEM_SHARED, "guest_memfd of this VM type cannot be mapped");
	REQUIRE(!access("/sys/devices/system/node/node1", F_OK), "needs two NUMA nodes");
	/* mbind() succeeds, but reaches only the mapping's own faults. */
	REQUIRE(env_kernel_from(6, 19), "guest_memfd has no NUMA policy of its own (6.19)");
	h = map_file(self->fd, SIZE);
	ASSERT_NE(MAP_FAILED, h);
	ASSERT_EQ(0, mbind(h, SIZE, MPOL_BIND, &one, 8, 0));
	/* Guest faults on odd pages, host faults on even ones. */
	for (p = 0; p < PAGES; p++) {
		if (p & 1)
			vcpu_store(self->v, 8, GPA + (uint64_t)p * VM_PAGE, 1);
		h[(uint64_t)p * VM_PAGE] = 1;
		node = node_of(h + (uint64_t)p * VM_PAGE);
		ASSERT_EQ(1, node);
	}
	/* Interleaving: the same number of pages on each node. */
	ASSERT_EQ(0, gmem_punch(self->fd, 0, SIZE));
	ASSERT_EQ(0, mbind(h, SIZE, MPOL_INTERLEAVE, &both, 8, 0));
	for (p = 0; p < PAGES; p++) {
		vcpu_store(self->v, 8, GPA + (uint64_t)order[p] * VM_PAGE, 1);
		h[(uint64_t)order[p] * VM_PAGE] = 1;
	}
	for (p = 0; p < PAGES; p++) {
		node = node_of(h + (uint64_t)p * VM_PAGE);
		ASSERT_TRUE(node == 0 || node == 1);
		ones += node;
		by_index &= node == ((node_of(h) + p) & 1);
		by_order &= node_of(h + (uint64_t)order[p] * VM_PAGE) == ((node_of(h) + p) & 1);
	}
	ASSERT_EQ(PAGES / 2, ones);
	record_observation("D16", "gmem_file.interleave", "by %s",
			   by_index ? "index" : by_order ? "order of faults" : "nothing known");
}

#include "gmem_file_arch.h"

KVMEM_MAIN
