// SPDX-License-Identifier: GPL-2.0-only
/*
 * userfaultfd on a page with many aliases: the first access through any alias raises
 * one event, and resolving it serves all of them (C5).
 */
#include "harness/test.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenario/alias.h"
#include "scenario/hostmem.h"
#include "guest/list.h"

#define NR	12
#define PAGES	8
#define SIZE	(PAGES * VM_PAGE)

#ifndef USERFAULTFD_IOC_NEW	/* 6.1 */
#define USERFAULTFD_IOC_NEW _IO(0xAA, 0x00)
#endif

/* Content that the handler copies into missing page @p. */
#define FRESH(p) (0xf1e50000 + (p))

struct uffd {
	int fd, stop[2];
	pthread_t thread;
	char *hva;			/* the registered pages */
	atomic_uint events[PAGES];	/* per page */
	uint64_t flags[PAGES];		/* of the last event */
	unsigned int hold;		/* resolve at the n-th event of a page */
	atomic_uint answers, failed;
};

/* A descriptor for kernel faults too: KVM's are kernel faults. */
static int open_uffd(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API };
	int dev, fd;

	fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		dev = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
		fd = dev < 0 ? -1 : ioctl(dev, USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
		close(dev);
	}
	if (fd < 0)
		end_skip("no userfaultfd for kernel faults (vm.unprivileged_userfaultfd): %s",
			 strerror(errno));
	api.features = features;
	if (!ioctl(fd, UFFDIO_API, &api))
		return fd;
	end_skip("this kernel's userfaultfd lacks features 0x%llx", (unsigned long long)features);
}

static void resolve(struct uffd *u, unsigned int page, uint64_t flags)
{
	uint64_t at = (uintptr_t)u->hva + page * VM_PAGE;
	int r;

	/* Counted first, because the waiter is woken within the ioctl. */
	u->answers++;
	if (flags & UFFD_PAGEFAULT_FLAG_WP) {
		struct uffdio_writeprotect wp = { .range = { at, VM_PAGE } };

		r = ioctl(u->fd, UFFDIO_WRITEPROTECT, &wp);
	} else if (flags & UFFD_PAGEFAULT_FLAG_MINOR) {
		struct uffdio_continue cont = { .range = { at, VM_PAGE } };

		r = ioctl(u->fd, UFFDIO_CONTINUE, &cont);
	} else {
		uint32_t *fresh = aligned_alloc(VM_PAGE, VM_PAGE);
		struct uffdio_copy copy = { .dst = at, .src = (uintptr_t)fresh, .len = VM_PAGE };

		memset(fresh, 0, VM_PAGE);
		fresh[0] = FRESH(page);
		r = ioctl(u->fd, UFFDIO_COPY, &copy);
		free(fresh);
	}
	if (r)
		u->failed++;
}

static void *handle(void *arg)
{
	struct uffd *u = arg;
	struct pollfd p[2] = { { u->fd, POLLIN, 0 }, { u->stop[0], POLLIN, 0 } };
	struct uffd_msg msg;

	while (poll(p, 2, -1) > 0 && !p[1].revents) {
		unsigned int page;

		if (read(u->fd, &msg, sizeof(msg)) != sizeof(msg) ||
		    msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		page = (unsigned int)((msg.arg.pagefault.address - (uintptr_t)u->hva) / VM_PAGE);
		u->flags[page] = msg.arg.pagefault.flags;
		if (++u->events[page] >= u->hold)
			resolve(u, page, msg.arg.pagefault.flags);
	}
	return NULL;
}

/* Register PAGES pages at @hva. */
static void uffd_start(struct uffd *u, char *hva, uint64_t features, uint64_t mode)
{
	struct uffdio_register reg = { .range = { (uintptr_t)hva, SIZE }, .mode = mode };

	*u = (struct uffd){ .fd = open_uffd(features), .hva = hva, .hold = 1 };
	if (ioctl(u->fd, UFFDIO_REGISTER, &reg))
		end_skip("UFFDIO_REGISTER, mode 0x%llx: %s", (unsigned long long)mode,
			 strerror(errno));
	if (pipe2(u->stop, O_CLOEXEC) || pthread_create(&u->thread, NULL, handle, u))
		end_fail("no thread for userfaultfd");
}

static void uffd_stop(struct uffd *u)
{
	if (write(u->stop[1], "", 1) != 1)
		end_fail("write: %s", strerror(errno));
	pthread_join(u->thread, NULL);
	close(u->fd);
}

/* Events since the last call, of page @page and of all others. */
static bool events_are(struct uffd *u, const char *what, int page, unsigned int want)
{
	bool ok = !u->failed;
	int p;

	if (!ok)
		diag("%s: the fault could not be resolved", what);
	for (p = 0; p < PAGES; p++) {
		unsigned int got = atomic_exchange(&u->events[p], 0);

		if (got == (p == page ? want : 0))
			continue;
		diag("%s: %u events of page %d, expected %u", what, got, p, p == page ? want : 0);
		ok = false;
	}
	return ok;
}

#define EVENTS(what, page, want) ASSERT_TRUE(events_are(&self->u, what, page, want))

FIXTURE(uffd) {
	struct uffd u;
	struct aliases a;
	char *hva;
	uint32_t want[PAGES];
};

KVMEM_SETUP(uffd)
{
	self->hva = vm_alloc(SIZE);
	alias_init(&self->a, vm_create(&(struct vm_opts){ .nr_vcpus = 3 }), NR, PAGES);
	alias_slots(&self->a, self->hva, 0);
}

static uint32_t load(struct aliases *a, unsigned int i, unsigned int page)
{
	return (uint32_t)vcpu_load(a->v, 4, alias_gpa(a, i, page));
}

/*
 * A missing page: the first access through any alias raises the event, read or write.
 * Red with: an invalidation that stops at the first alias, so that the others still
 * map the old page.
 */
KVMEM_TEST_F(uffd, missing, "C5 C3")
{
	struct aliases *a = &self->a;
	unsigned int p, i, round;

	uffd_start(&self->u, self->hva, 0, UFFDIO_REGISTER_MODE_MISSING);
	for (round = 0; round < 3; round++) {
		for (p = 0; p < PAGES; p++) {
			unsigned int first = (p * 5 + round * 7) % NR;

			self->want[p] = FRESH(p);
			if (p % 2) {
				alias_write(a, first, p, self->want[p] = 0x1000 + p + round * 0x10);
				EVENTS("first use, a write", (int)p, 1);
			} else {
				ASSERT_EQ(FRESH(p), load(a, first, p));
				EVENTS("first use, a read", (int)p, 1);
			}
			for (i = 0; i < NR; i++)
				ASSERT_EQ(self->want[p], load(a, i, p));
			EVENTS("the others", -1, 0);
		}
		/* Removed again: the next access raises one event again. */
		ASSERT_EQ(0, madvise(self->hva + 2 * VM_PAGE, VM_PAGE, MADV_DONTNEED));
		ASSERT_EQ(FRESH(2), load(a, NR - 1 - round, 2));
		EVENTS("one page gone", 2, 1);
		self->want[2] = FRESH(2);
		ASSERT_TRUE(alias_expect(a, "after one page was gone", self->want));
		EVENTS("all others", -1, 0);
		ASSERT_EQ(0, madvise(self->hva, SIZE, MADV_DONTNEED));
	}
	uffd_stop(&self->u);
}

static void *load_in_thread(void *arg)
{
	return (void *)(intptr_t)vcpu_finish(arg);
}

/* Two vCPUs wait for the page at two aliases: resolving it once wakes both. */
KVMEM_TEST_F(uffd, two_wait, "C5")
{
	struct aliases *a = &self->a;
	unsigned int p, k;
	pthread_t t[2];
	void *stop;

	uffd_start(&self->u, self->hva, 0, UFFDIO_REGISTER_MODE_MISSING);
	self->u.hold = 2;
	for (p = 0; p < PAGES; p++) {
		for (k = 0; k < 2; k++) {
			struct vcpu *v = a->vm->vcpu[1 + k];

			vcpu_start(v, OPS(LD(4, alias_gpa(a, (p + k * 5) % NR, p))));
			ASSERT_EQ(0, pthread_create(&t[k], NULL, load_in_thread, v));
		}
		for (k = 0; k < 2; k++) {
			pthread_join(t[k], &stop);
			ASSERT_EQ(VCPU_DONE, (intptr_t)stop);
			ASSERT_EQ(FRESH(p), vcpu_value(a->vm->vcpu[1 + k], 0));
		}
		ASSERT_EQ(p + 1, atomic_load(&self->u.answers));
		EVENTS("two vCPUs", (int)p, 2);
	}
	uffd_stop(&self->u);
}

static void protect(struct uffd *u, unsigned int page, unsigned int n)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)u->hva + page * VM_PAGE, n * VM_PAGE },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	if (ioctl(u->fd, UFFDIO_WRITEPROTECT, &wp))
		end_fail("UFFDIO_WRITEPROTECT: %s", strerror(errno));
}

/*
 * Write protection reaches every alias, reads still work; the first write through any
 * alias raises an event, and then all can write.
 * Red with: an alias that stays writable: its write raises no event.
 */
KVMEM_TEST_F(uffd, write_protect, "C5 C3 C4")
{
	struct aliases *a = &self->a;
	unsigned int p, i;

	for (p = 0; p < PAGES; p++)
		*(uint32_t *)(self->hva + p * VM_PAGE) = self->want[p] = 0x100 + p;
	uffd_start(&self->u, self->hva, UFFD_FEATURE_PAGEFAULT_FLAG_WP, UFFDIO_REGISTER_MODE_WP);
	for (i = 0; i < NR; i++) {
		alias_write_all(a, self->want);
		ASSERT_TRUE(alias_expect(a, "before", self->want));
		alias_mark(a);
		protect(&self->u, 3, 2);
		alias_count(a);
		ASSERT_TRUE(alias_expect_zapped(a, "write-protected", self->want, NR * 2));
		alias_write(a, i, 2, self->want[2] = 0x200 + i);
		EVENTS("reads, and a write to another page", -1, 0);
		alias_write(a, i, 3, self->want[3] = 0x300 + i);
		EVENTS("the first write", 3, 1);
		ASSERT_TRUE(self->u.flags[3] & UFFD_PAGEFAULT_FLAG_WP);
		ASSERT_TRUE(alias_expect(a, "written", self->want));
		alias_write(a, (i + 5) % NR, 3, self->want[3] = 0x400 + i);
		EVENTS("the next write, of another alias", -1, 0);
		alias_write(a, (i + 1) % NR, 4, self->want[4] = 0x500 + i);
		EVENTS("the first write to the next page", 4, 1);
		ASSERT_TRUE(alias_expect(a, "afterwards", self->want));
	}
	uffd_stop(&self->u);
}

/* The writable mapping of each alias is zapped: its first write raises an event. */
KVMEM_TEST_F(uffd, every_write_told, "C5 C3")
{
	struct aliases *a = &self->a;
	unsigned int i;

	memset(self->hva, 1, SIZE);
	uffd_start(&self->u, self->hva, UFFD_FEATURE_PAGEFAULT_FLAG_WP, UFFDIO_REGISTER_MODE_WP);
	for (i = 0; i < NR; i++) {
		alias_write_all(a, self->want);
		protect(&self->u, 6, 1);
		alias_write(a, i, 6, i);
		EVENTS("a write", 6, 1);
		ASSERT_EQ(i, *(uint32_t *)(self->hva + 6 * VM_PAGE));
	}
	uffd_stop(&self->u);
}

/* Pages that are in the file, but not yet mapped behind the slots. */
KVMEM_TEST_F(uffd, minor, "C5")
{
	int fd = hostmem_memfd(SIZE);
	char *view = hostmem_map(fd, 0, SIZE);
	struct aliases *a = &self->a;
	unsigned int p, i, round;

	hostmem_map_over(self->hva, fd, 0, SIZE);
	for (p = 0; p < PAGES; p++)
		*(uint32_t *)(view + p * VM_PAGE) = self->want[p] = 0x100 + p;
	uffd_start(&self->u, self->hva, UFFD_FEATURE_MINOR_SHMEM, UFFDIO_REGISTER_MODE_MINOR);
	for (round = 0; round < 3; round++) {
		for (p = 0; p < PAGES; p++) {
			unsigned int first = (p * 5 + round * 7) % NR;

			ASSERT_EQ(self->want[p], load(a, first, p));
			EVENTS("first use", (int)p, 1);
			ASSERT_TRUE(self->u.flags[p] & UFFD_PAGEFAULT_FLAG_MINOR);
			for (i = 0; i < NR; i++)
				ASSERT_EQ(self->want[p], load(a, i, p));
			alias_write(a, (first + 3) % NR, p, ++self->want[p]);
			EVENTS("the others", -1, 0);
			ASSERT_EQ(self->want[p], *(uint32_t *)(view + p * VM_PAGE));
		}
		ASSERT_TRUE(alias_expect(a, "all pages", self->want));
		/* Unmap them; they stay in the file. */
		ASSERT_EQ(0, madvise(self->hva, SIZE, MADV_DONTNEED));
	}
	uffd_stop(&self->u);
}

KVMEM_MAIN
