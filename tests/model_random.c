// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random sequences of slot, guest_memfd and attribute operations and guest
 * accesses, run on KVM and on the specification (lib/model.c) and compared after
 * every step: exits with all fields, values, errors, memory, dirty bitmaps, and
 * how many mappings an operation took away.
 *
 * A sequence that fails is shrunk to a shortest one that still fails and printed
 * as lines that KVMEM_REPLAY=FILE (./run.sh test --replay FILE) runs again.
 */
#include "test.h"

#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#include "arch.h"
#include "gmem.h"
#include "model.h"
#include "uapi.h"
#include "vcpu.h"

#define MAX_STEPS	120
#define FIRST_SLOT	1	/* the model's slot 0 */

enum kind {
	K_SLOT, K_DELETE, K_MOVE, K_LOG, K_LOAD, K_STORE, K_HOST_WRITE, K_DROP, K_DIRTY,
	K_NEW_FILE, K_CLOSE, K_PUNCH, K_ATTRIBUTES, K_ZONE, K_EVENT, K_COUNT,
};

static const char *const names[K_COUNT] = {
	"slot", "delete", "move", "log", "load", "store", "host_write", "drop", "dirty",
	"new_file", "close", "punch", "attributes", "zone", "event",
};

/* One step; every field has a meaning for some kinds, see the printer. */
struct step {
	enum kind kind;
	unsigned int a, b, c, d, e, f;
};

/* Numbers of a step by kind, as they are printed and read again. */
static const char *const fields[K_COUNT] = {
	"slot base pages flags back back_page", "slot", "slot base", "slot on",
	"offset width vcpu super", "offset width vcpu value", "buffer offset value",
	"buffer page pages", "slot", "file", "file", "file page pages", "page pages private",
	"page on", "page on",
};

/* flags of K_SLOT */
#define F_READONLY	1
#define F_LOG		2
#define F_GMEM		4

struct world {
	struct vm *vm;
	unsigned int nr_vcpus;
	uint8_t *buffer[MODEL_BUFFERS];
	int file[MODEL_FILES], event;
	struct kvm_coalesced_mmio_ring *ring;
	unsigned int ring_size;
	bool count_maps;	/* KVM's page statistics are exact here */
	/*
	 * A backend that emulates guest instructions as it sees fit reaches
	 * guest_memfd through userspace_addr (BEHAVIOURS D22): that must be a
	 * mapping of the file then, and is unrelated memory everywhere else.
	 */
	bool emulates;
	uint8_t *file_map[MODEL_FILES];
	enum gmem_kind gmem;
	struct model m;
	char message[512];
	uint64_t model_ns, steps;
};

/* Which VM a test runs on. */
struct variant_of_vm {
	bool private_vm, quirk_off;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

/* --- the two worlds ------------------------------------------------------------ */

static void new_file(struct world *w, unsigned int i)
{
	w->file[i] = gmem_kind_create(w->vm, w->gmem, MODEL_BACK * PAGE_4K);
	if (!w->emulates)
		return;
	w->file_map[i] = mmap(NULL, MODEL_BACK * PAGE_4K, PROT_READ | PROT_WRITE, MAP_SHARED,
			      w->file[i], 0);
	if (w->file_map[i] == MAP_FAILED)
		end_fail("mmap of guest_memfd: %s", strerror(errno));
}

static void world_init(struct world *w, const struct variant_of_vm *kind)
{
	struct vm_opts o = { .nr_vcpus = 2 };
	bool has_gmem, quirk;
	char line[8] = "";
	int i, offset;

	memset(w, 0, sizeof(*w));
	w->nr_vcpus = o.nr_vcpus;
	w->gmem = kind->private_vm ? GMEM_PRIVATE : GMEM_SHARED;
	w->vm = kind->private_vm ? gmem_kind_vm(GMEM_PRIVATE, &o) : vm_create(&o);
	has_gmem = kind->private_vm || gmem_default_flags(w->vm);
	model_init(&w->m, has_gmem, kind->private_vm);
	quirk = vm_cap(w->vm, KVM_CAP_DISABLE_QUIRKS2) & KVM_X86_QUIRK_SLOT_ZAP_ALL;
	if (kind->quirk_off && !quirk)
		end_skip("no KVM_X86_QUIRK_SLOT_ZAP_ALL to disable (6.12)");
	if (kind->quirk_off)
		vm_enable_cap(w->vm, KVM_CAP_DISABLE_QUIRKS2, KVM_X86_QUIRK_SLOT_ZAP_ALL);
	w->m.zap_all = !quirk || !(kind->quirk_off || kind->private_vm);
	w->count_maps = env_read_line("/sys/module/kvm/parameters/tdp_mmu", line, sizeof(line)) &&
			line[0] == 'Y';
	for (i = 0; i < MODEL_BUFFERS; i++) {
		w->buffer[i] = vm_alloc(MODEL_BACK * PAGE_4K);
		memset(w->buffer[i], 0, MODEL_BACK * PAGE_4K);
	}
	w->emulates = !strcmp(arch_backend(), "pvm");
	for (i = 0; i < MODEL_FILES; i++) {
		w->file[i] = -1;
		if (has_gmem)
			new_file(w, (unsigned int)i);
	}
	w->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	offset = vm_cap(w->vm, KVM_CAP_COALESCED_MMIO);
	w->ring = (void *)((char *)w->vm->vcpu[0]->run + offset * sysconf(_SC_PAGESIZE));
	w->ring_size = (unsigned int)((sysconf(_SC_PAGESIZE) - sizeof(*w->ring)) /
				      sizeof(struct kvm_coalesced_mmio));
}

static void world_free(struct world *w)
{
	unsigned int i;

	vm_destroy(w->vm);
	for (i = 0; i < MODEL_BUFFERS; i++)
		munmap(w->buffer[i], MODEL_BACK * PAGE_4K);
	for (i = 0; i < MODEL_FILES; i++)
		if (w->file[i] >= 0)
			close(w->file[i]);
	for (i = 0; i < MODEL_FILES; i++)
		if (w->file_map[i])
			munmap(w->file_map[i], MODEL_BACK * PAGE_4K);
	close(w->event);
}

/* --- steps on both -------------------------------------------------------------- */

static bool wrong(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool wrong(struct world *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->message, sizeof(w->message), fmt, ap);
	va_end(ap);
	return false;
}

static bool region_step(struct world *w, const struct model_region *r)
{
	uint32_t flags = (r->readonly ? KVM_MEM_READONLY : 0) |
			 (r->log ? KVM_MEM_LOG_DIRTY_PAGES : 0) |
			 (r->gmem ? KVM_MEM_GUEST_MEMFD : 0);
	void *hva = w->buffer[r->buffer] + r->buffer_page * PAGE_4K;
	uint64_t gpa = MODEL_GPA + r->base * PAGE_4K, size = r->pages * PAGE_4K;
	int want = model_region(&w->m, r), got;

	if (r->gmem && w->emulates)
		hva = w->file_map[r->file] + r->file_page * PAGE_4K;
	if (r->gmem)
		got = vm_region2(w->vm, r->slot + FIRST_SLOT, flags, gpa, size, hva,
				 w->file[r->file], r->file_page * PAGE_4K);
	else
		got = vm_region(w->vm, r->slot + FIRST_SLOT, flags, gpa, size, hva);
	if (got == want)
		return true;
	/* Kernels before 7.2 call an overlapping binding EINVAL. */
	if (r->gmem && want == -EEXIST && got == -EINVAL)
		return true;
	return wrong(w, "memslot ioctl returned %d, expected %d", got, want);
}

/* The region of a slot as it is; steps that change one thing begin with it. */
static struct model_region region_of(const struct world *w, unsigned int slot)
{
	const struct model_slot *s = &w->m.slot[slot];

	return (struct model_region){
		.slot = slot, .base = s->base, .pages = s->used ? s->pages : 1,
		.readonly = s->readonly, .log = s->log, .buffer = s->buffer,
		.buffer_page = s->buffer_page,
	};
}

static bool ring_matches(struct world *w, const struct model_result *r)
{
	unsigned int i;

	for (i = 0; i < r->rings; i++) {
		const struct kvm_coalesced_mmio *e = &w->ring->coalesced_mmio[w->ring->first];
		uint64_t data = 0;

		if (w->ring->first == w->ring->last)
			return wrong(w, "coalesced write %u is not in the ring", i);
		memcpy(&data, e->data, e->len < 8 ? e->len : 8);
		if (e->phys_addr != r->ring[i].addr || e->len != r->ring[i].len ||
		    data != r->ring[i].data)
			return wrong(w, "ring entry 0x%llx len %u data 0x%llx, expected 0x%llx len %u data 0x%llx",
				     (unsigned long long)e->phys_addr, e->len,
				     (unsigned long long)data, (unsigned long long)r->ring[i].addr,
				     r->ring[i].len, (unsigned long long)r->ring[i].data);
		w->ring->first = (w->ring->first + 1) % w->ring_size;
	}
	if (w->ring->first != w->ring->last)
		return wrong(w, "a write is in the coalesced ring that should not be");
	return true;
}

static bool exits_same(struct world *w, const struct vcpu *v, const struct model_result *r)
{
	char a[160] = "nothing", b[160] = "nothing";
	unsigned int i;

	for (i = 0; i < v->nr_exits || i < r->exits; i++) {
		bool seen = i < v->nr_exits, due = i < r->exits;

		if (seen && due && exit_equal(&v->log[i], &r->exit[i]))
			continue;
		if (seen)
			exit_print(&v->log[i], a, sizeof(a));
		if (due)
			exit_print(&r->exit[i], b, sizeof(b));
		return wrong(w, "exit %u is %s, expected %s", i, a, b);
	}
	return true;
}

static bool access_step(struct world *w, const struct step *s)
{
	struct vcpu *v = w->vm->vcpu[s->c % w->nr_vcpus];
	struct mbox_op op = {
		.kind = s->kind == K_STORE ? OP_STORE : OP_LOAD, .width = (uint8_t)s->b,
		.addr = MODEL_GPA + s->a,
	};
	uint64_t signals = w->m.signals, n = 0, began;
	struct model_result r;
	enum vcpu_stop stop;

	if (s->kind == K_LOAD && s->d)
		op.flags = OPF_SUPER;
	op.value[0] = s->d * 0x0101010101010101ULL + 0x0706050403020100ULL;
	op.value[1] = ~op.value[0];
	began = now_ns();
	if (!model_defined(&w->m, s->a, s->b, s->kind == K_STORE))
		return true;
	model_access(&w->m, s->a, s->b, s->kind == K_STORE ? (uint8_t *)op.value : NULL, 0x5c, &r);
	w->model_ns += now_ns() - began;

	stop = vcpu_do(v, &op, 1, r.exit, r.exits);
	if (!exits_same(w, v, &r))
		return false;
	if ((stop == VCPU_EXIT) != r.stopped)
		return wrong(w, "the access %s", r.stopped ? "finished" : "did not finish");
	if (r.stopped)
		return true;
	if (vcpu_result(v, 0)->vector >= 0 || vcpu_result(v, 0)->done != 1)
		return wrong(w, "the access ended with exception %d, done %u times",
			     vcpu_result(v, 0)->vector, vcpu_result(v, 0)->done);
	if (s->kind == K_LOAD && memcmp(vcpu_result(v, 0)->value, r.data, s->b < 16 ? s->b : 16))
		return wrong(w, "read 0x%llx, expected 0x%llx",
			     (unsigned long long)vcpu_value(v, 0), *(unsigned long long *)r.data);
	if (read(w->event, &n, sizeof(n)) != sizeof(n))
		n = 0;
	if (n != w->m.signals - signals)
		return wrong(w, "%llu ioeventfd signals, expected %llu", (unsigned long long)n,
			     (unsigned long long)(w->m.signals - signals));
	return ring_matches(w, &r);
}

static bool dirty_step(struct world *w, unsigned int slot)
{
	uint64_t bitmap = 0, must = 0, may = 0;
	struct kvm_dirty_log log = { .slot = slot + FIRST_SLOT, .dirty_bitmap = &bitmap };
	int want = model_dirty(&w->m, slot, &must, &may);
	int got = ioctl(w->vm->fd, KVM_GET_DIRTY_LOG, &log) ? -errno : 0;

	if (got != want)
		return wrong(w, "KVM_GET_DIRTY_LOG returned %d, expected %d", got, want);
	if (!got && ((bitmap & must) != must || (bitmap & ~may)))
		return wrong(w, "dirty bitmap 0x%llx, must have 0x%llx, may have 0x%llx",
			     (unsigned long long)bitmap, (unsigned long long)must,
			     (unsigned long long)may);
	return true;
}

static bool result_step(struct world *w, const char *what, int got, int want)
{
	return got == want || wrong(w, "%s returned %d, expected %d", what, got, want);
}

static bool zone_step(struct world *w, const struct step *s)
{
	struct kvm_coalesced_mmio_zone z = { .addr = MODEL_GPA + s->a * PAGE_4K, .size = PAGE_4K };

	if (w->m.zone[s->a] == !!s->b)
		return true;
	w->m.zone[s->a] = s->b;
	return result_step(w, "coalesced zone", ioctl(w->vm->fd, s->b ? KVM_REGISTER_COALESCED_MMIO :
			   KVM_UNREGISTER_COALESCED_MMIO, &z), 0);
}

static bool event_step(struct world *w, const struct step *s)
{
	struct kvm_ioeventfd e = {
		.addr = MODEL_GPA + s->a * PAGE_4K, .len = 4, .fd = w->event,
		.flags = s->b ? 0 : KVM_IOEVENTFD_FLAG_DEASSIGN,
	};

	/* Which of the two takes a write that both want is not specified. */
	if (w->m.event[s->a] == !!s->b || (s->b && w->m.zone[s->a]))
		return true;
	w->m.event[s->a] = s->b;
	return result_step(w, "ioeventfd", ioctl(w->vm->fd, KVM_IOEVENTFD, &e), 0);
}

/* Steps that are not accesses. */
static bool host_step(struct world *w, const struct step *s)
{
	struct model_region r;

	switch (s->kind) {
	case K_SLOT:
		r = (struct model_region){
			.slot = s->a, .base = s->b, .pages = s->c, .readonly = s->d & F_READONLY,
			.log = s->d & F_LOG, .gmem = s->d & F_GMEM, .buffer = s->e, .file = s->e,
			.buffer_page = s->f, .file_page = s->f,
		};
		/* The log's bitmap is one word here, and the file exists only with gmem. */
		if (r.gmem && (!w->m.has_gmem || !w->m.file[r.file].open))
			return true;
		return region_step(w, &r);
	case K_DELETE:
		r = (struct model_region){ .slot = s->a };
		return region_step(w, &r);
	case K_MOVE:
	case K_LOG:
		if (w->m.slot[s->a].gmem || !w->m.slot[s->a].used)
			return true;
		r = region_of(w, s->a);
		if (s->kind == K_MOVE)
			r.base = s->b;
		else
			r.log = s->b;
		return region_step(w, &r);
	case K_HOST_WRITE:
		model_host_write(&w->m, s->a, s->b, s->c * 0x9e3779b97f4a7c15ULL);
		*(uint64_t *)(w->buffer[s->a] + s->b) = s->c * 0x9e3779b97f4a7c15ULL;
		return true;
	case K_DROP:
		model_drop(&w->m, s->a, s->b, s->c);
		return result_step(w, "MADV_DONTNEED", madvise(w->buffer[s->a] + s->b * PAGE_4K,
				   s->c * PAGE_4K, MADV_DONTNEED), 0);
	case K_DIRTY:
		return dirty_step(w, s->a);
	case K_NEW_FILE:
		if (w->m.file[s->a].open)
			return true;
		model_reopen(&w->m, s->a);
		if (w->m.file[s->a].open)
			new_file(w, s->a);
		return true;
	case K_CLOSE:
		/* The mapping keeps the file open. */
		if (!w->m.file[s->a].open || w->emulates)
			return true;
		model_close(&w->m, s->a);
		close(w->file[s->a]);
		w->file[s->a] = -1;
		return true;
	case K_PUNCH:
		if (!w->m.file[s->a].open)
			return true;
		return result_step(w, "punch", gmem_punch(w->file[s->a], s->b * PAGE_4K, s->c * PAGE_4K),
				   model_punch(&w->m, s->a, s->b, s->c));
	case K_ATTRIBUTES:
		if (!w->m.private_vm)
			return true;
		return result_step(w, "attributes",
			gmem_attributes(w->vm, MODEL_GPA + s->a * PAGE_4K, s->b * PAGE_4K,
					s->c ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0),
			model_attributes(&w->m, s->a, s->b, s->c));
	case K_ZONE:
		return zone_step(w, s);
	default:
		return event_step(w, s);
	}
}

/* One step on both sides; what the host does must take away just these mappings. */
static bool one_step(struct world *w, const struct step *s)
{
	unsigned int least[2], most[2];
	uint64_t before = 0, after, zaps = w->m.zaps;

	w->steps++;
	if (s->kind == K_LOAD || s->kind == K_STORE)
		return access_step(w, s);
	if (w->count_maps)
		before = vm_stat(w->vm, "pages_4k");
	model_mapped_range(&w->m, &least[0], &most[0]);
	if (!host_step(w, s))
		return false;
	/* With everything dropped, the payload's own pages are gone too. */
	if (!w->count_maps || w->m.zaps != zaps)
		return true;
	after = vm_stat(w->vm, "pages_4k");
	model_mapped_range(&w->m, &least[1], &most[1]);
	if (before - after + most[1] < least[0] || before - after > most[0] - least[1])
		return wrong(w, "%lld mappings gone, expected %d to %d", (long long)(before - after),
			     (int)(least[0] - most[1]), (int)(most[0] - least[1]));
	return true;
}

/* All host memory, and every page of the window that the guest may read. */
static bool final_sweep(struct world *w)
{
	unsigned int b, p;

	for (b = 0; b < MODEL_BUFFERS; b++)
		if (memcmp(w->buffer[b], w->m.buffer[b], MODEL_BACK * PAGE_4K))
			return wrong(w, "host buffer %u differs from the model", b);
	for (p = 0; p < MODEL_WINDOW; p++) {
		const struct step s = { .kind = K_LOAD, .a = p * (unsigned int)PAGE_4K + 8, .b = 8 };

		if (!one_step(w, &s))
			return false;
	}
	return true;
}

/* Run a sequence in a fresh world; -1, or the step that differed. */
static int run_steps(const struct variant_of_vm *kind, const struct step *s, unsigned int n,
		     char *message, size_t size, uint64_t *model_ns)
{
	struct world *w = calloc(1, sizeof(*w));
	int failed = -1;
	unsigned int i;

	world_init(w, kind);
	for (i = 0; i < n && failed < 0; i++)
		if (!one_step(w, &s[i]))
			failed = (int)i;
	if (failed < 0 && !final_sweep(w))
		failed = (int)n;
	snprintf(message, size, "%s", w->message);
	if (model_ns)
		*model_ns += w->model_ns;
	world_free(w);
	free(w);
	return failed;
}

/* --- sequences ---------------------------------------------------------------------- */

static uint64_t rng(uint64_t *s)
{
	/* xorshift64*, Vigna 2016 */
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return *s * 0x2545f4914f6cdd1dULL >> 8;
}

/* Biased to edges: 0, the end, and places where something begins or ends. */
static unsigned int edge(uint64_t *s, unsigned int n)
{
	static const unsigned int points[] = { 0, 1, 2, 4, 5, 7, 8, 9, 12, 15, 16, 17 };
	unsigned int v;

	switch (rng(s) % 4) {
	case 0:
		return n - 1;
	case 1:
		v = points[rng(s) % ARRAY_SIZE(points)];
		return v < n ? v : n - 1;
	default:
		return (unsigned int)(rng(s) % n);
	}
}

static unsigned int page_offset(uint64_t *s, unsigned int width)
{
	static const unsigned int at[] = { 0, 8, 0x7f8, 0xff0, 0xff8, 0xff9, 0xffc, 0xffe, 0xfff };

	if (rng(s) % 2)
		return at[rng(s) % ARRAY_SIZE(at)];
	return (unsigned int)(rng(s) % (PAGE_4K - width)) & ~7U;
}

static void random_access(uint64_t *s, struct step *st)
{
	static const unsigned int widths[] = { 1, 2, 4, 8, 8, 8, 16 };

	st->b = widths[rng(s) % ARRAY_SIZE(widths)];
	st->a = (unsigned int)(edge(s, 24) * PAGE_4K) + page_offset(s, st->b);
	st->c = (unsigned int)(rng(s) % 2);
	st->d = st->kind == K_STORE ? (unsigned int)(rng(s) % 255) : (unsigned int)(rng(s) % 8 == 0);
}

static struct step random_step(uint64_t *s)
{
	static const uint8_t weights[K_COUNT] = {
		[K_SLOT] = 14, [K_DELETE] = 4, [K_MOVE] = 4, [K_LOG] = 3, [K_LOAD] = 22,
		[K_STORE] = 24, [K_HOST_WRITE] = 4, [K_DROP] = 4, [K_DIRTY] = 5, [K_NEW_FILE] = 2,
		[K_CLOSE] = 1, [K_PUNCH] = 6, [K_ATTRIBUTES] = 7, [K_ZONE] = 2, [K_EVENT] = 2,
	};
	struct step st = { 0 };
	unsigned int pick = (unsigned int)(rng(s) % 104);

	for (st.kind = 0; st.kind < K_COUNT - 1 && pick >= weights[st.kind]; st.kind++)
		pick -= weights[st.kind];
	switch (st.kind) {
	case K_SLOT:
		st.a = (unsigned int)(rng(s) % 4);
		st.b = edge(s, 20);
		st.c = 1 + edge(s, 8);
		st.d = (unsigned int)(rng(s) % 3 ? rng(s) % 4 : F_GMEM);
		st.e = (unsigned int)(rng(s) % MODEL_BUFFERS);
		st.f = edge(s, MODEL_BACK - st.c + 1);
		break;
	case K_LOAD:
	case K_STORE:
		random_access(s, &st);
		break;
	case K_HOST_WRITE:
		st.a = (unsigned int)(rng(s) % MODEL_BUFFERS);
		st.b = edge(s, MODEL_BACK) * (unsigned int)PAGE_4K + (unsigned int)(rng(s) % 512) * 8;
		st.c = (unsigned int)(rng(s) % 1000) + 1;
		break;
	case K_DROP:
	case K_PUNCH:
		st.a = (unsigned int)(rng(s) % 2);
		st.b = edge(s, MODEL_BACK);
		st.c = 1 + edge(s, MODEL_BACK - st.b);
		break;
	case K_ATTRIBUTES:
		st.a = edge(s, 24);
		st.b = 1 + edge(s, 12);
		st.c = (unsigned int)(rng(s) % 2);
		break;
	default:
		st.a = (unsigned int)(rng(s) % (st.kind == K_ZONE || st.kind == K_EVENT ? 24 :
						st.kind == K_NEW_FILE || st.kind == K_CLOSE ? 2 : 4));
		st.b = st.kind == K_MOVE ? edge(s, 20) : (unsigned int)(rng(s) % 2);
	}
	return st;
}

/* --- printing and shrinking ------------------------------------------------------------ */

static void print_step(unsigned int i, const struct step *s)
{
	const unsigned int v[] = { s->a, s->b, s->c, s->d, s->e, s->f };
	char line[256], list[128], *name, *save = NULL;
	int n = snprintf(line, sizeof(line), "%-11s", names[s->kind]);
	unsigned int k = 0;

	snprintf(list, sizeof(list), "%s", fields[s->kind]);
	for (name = strtok_r(list, " ", &save); name; name = strtok_r(NULL, " ", &save))
		n += snprintf(line + n, sizeof(line) - (size_t)n, " %s=%u", name, v[k++]);
	diag("step %3u: %s", i, line);
}

/*
 * Drop chunks of steps as long as the rest still fails, from half of them down
 * to single ones: delta debugging.
 */
static unsigned int shrink(const struct variant_of_vm *kind, struct step *s, unsigned int n)
{
	uint64_t limit = now_ns() + 8000000000ULL;
	struct step *try = calloc(n, sizeof(*try));
	unsigned int chunk, at, m;
	char message[512];

	for (chunk = n / 2 ? n / 2 : 1; chunk; chunk /= 2) {
		for (at = 0; at + chunk <= n && now_ns() < limit;) {
			m = n - chunk;
			memcpy(try, s, at * sizeof(*s));
			memcpy(try + at, s + at + chunk, (m - at) * sizeof(*s));
			if (run_steps(kind, try, m, message, sizeof(message), NULL) < 0) {
				at += chunk;
				continue;
			}
			memcpy(s, try, m * sizeof(*s));
			n = m;
		}
	}
	free(try);
	return n;
}

static void report_failure(const struct variant_of_vm *kind, struct step *s, unsigned int n,
			   uint64_t sequence)
{
	char message[512];
	unsigned int i;
	int at;

	at = run_steps(kind, s, n, message, sizeof(message), NULL);
	if (at < 0) {
		diag("sequence %llu failed once and not again: a race, or the host",
		     (unsigned long long)sequence);
		return;
	}
	n = shrink(kind, s, (unsigned int)at < n ? (unsigned int)at + 1 : n);
	at = run_steps(kind, s, n, message, sizeof(message), NULL);
	diag("model and KVM differ at step %d of %u: %s", at, n, message);
	for (i = 0; i < n; i++)
		print_step(i, &s[i]);
	if (at == (int)n)
		diag("step %3u: (the final read of everything)", n);
}

/* --- replay ------------------------------------------------------------------------------ */

/* Lines as print_step() writes them; whatever precedes the name is skipped. */
static bool parse_step(const char *line, struct step *s)
{
	unsigned int *v[] = { &s->a, &s->b, &s->c, &s->d, &s->e, &s->f }, k = 0;
	const char *p = strstr(line, "step ");
	char name[32];

	p = p ? strchr(p, ':') : NULL;
	if (!p || sscanf(p + 1, "%31s", name) != 1)
		return false;
	memset(s, 0, sizeof(*s));
	for (s->kind = 0; s->kind < K_COUNT && strcmp(names[s->kind], name); s->kind++)
		;
	if (s->kind == K_COUNT)
		return false;
	while ((p = strchr(p, '=')) && k < 6)
		*v[k++] = (unsigned int)strtoul(++p, NULL, 0);
	return true;
}

static unsigned int read_replay(const char *path, struct step *s)
{
	FILE *f = fopen(path, "re");
	char line[512];
	unsigned int n = 0;

	if (!f)
		end_fail("%s: %s", path, strerror(errno));
	while (n < MAX_STEPS && fgets(line, sizeof(line), f))
		n += parse_step(line, &s[n]);
	fclose(f);
	if (!n)
		end_fail("%s: no steps in it", path);
	return n;
}

/* --- the tests ---------------------------------------------------------------------------- */

FIXTURE(model) {
	int unused;
};

FIXTURE_VARIANT(model) {
	struct variant_of_vm kind;
};

FIXTURE_VARIANT_ADD(model, default_vm) { { false, false } };
FIXTURE_VARIANT_ADD(model, slot_zap_all_off) { { false, true } };
FIXTURE_VARIANT_ADD(model, private_vm) { { true, false } };

KVMEM_SETUP(model)
{
}

KVMEM_TEST_F(model, random, "A1 A2 A3 A4 A7 A14 A15 A17 A19 A22 A24 C1 C6 C8 D1 D2 D4 D5 D8 D9 E3 E4 E7 E8")
{
	uint64_t budget = env_pick(700, 9000, 60000) * 1000000ULL, began = now_ns(), model_ns = 0;
	uint64_t sequences = 0, steps = 0, seed;
	const char *replay = getenv("KVMEM_REPLAY");
	static struct step s[MAX_STEPS];
	char message[512];
	unsigned int i, n;

	if (replay) {
		n = read_replay(replay, s);
		i = (unsigned int)run_steps(&variant->kind, s, n, message, sizeof(message), NULL);
		if ((int)i >= 0)
			diag("model and KVM differ at step %d of %u: %s", (int)i, n, message);
		ASSERT_EQ(-1, (int)i);
		return;
	}
	while (now_ns() - began < budget) {
		seed = (env_seed() + ++sequences) * 0x9e3779b97f4a7c15ULL | 1;
		n = 20 + (unsigned int)(rng(&seed) % (MAX_STEPS - 20));
		for (i = 0; i < n; i++)
			s[i] = random_step(&seed);
		if (run_steps(&variant->kind, s, n, message, sizeof(message), &model_ns) >= 0) {
			report_failure(&variant->kind, s, n, sequences);
			diag("seed %llu, sequence %llu", (unsigned long long)env_seed(),
			     (unsigned long long)sequences);
			ASSERT_STREQ("", message);
			return;
		}
		steps += n;
	}
	diag("%llu sequences, %llu operations, %llu a second; the model took %.1f%% of the time",
	     (unsigned long long)sequences, (unsigned long long)steps,
	     (unsigned long long)(steps * 1000000000ULL / (now_ns() - began)),
	     100.0 * (double)model_ns / (double)(now_ns() - began));
}

KVMEM_MAIN
