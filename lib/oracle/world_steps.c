// SPDX-License-Identifier: GPL-2.0-only
#include "oracle/world_parts.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "util/env.h"
#include "guest/gmem_vm.h"
#include "kvm/kvmstat.h"
#include "util/param.h"
#include "util/place.h"
#include "util/smaps.h"
#include "guest/proposed.h"
#include "kvm/uapi.h"
#include "guest/list.h"

#define BACK_SIZE	(MODEL_BACK * VM_PAGE)
#define WINDOW_SIZE	(MODEL_WINDOW * VM_PAGE)

/*
 * Guest virtual addresses: the window, then a second mapping of the system slot,
 * whose last page (otherwise unused) warm_up() accesses.
 */
#define GVA		VM_WINDOW
#define PILOT		(GVA + WINDOW_SIZE + VM_SYS_SIZE - VM_PAGE)

/* --- the VM -------------------------------------------------------------------- */

/* Guest physical address of the window; see A12, D2. */
static uint64_t window_gpa(unsigned int where)
{
	/* Four levels of second-level tables map 48 bits. */
	unsigned int bits = arch_phys_bits() < 48 ? arch_phys_bits() : 48;

	if (where == 1)
		return 0;
	return where == 2 ? (1ULL << bits) - WINDOW_SIZE : 0xc0000000;
}

/*
 * Populate the buffer with two host huge pages.  MADV_NOHUGEPAGE afterwards keeps
 * faults and khugepaged from replacing pages that are split or dropped later by
 * huge ones.
 */
static bool back_by_huge_pages(uint8_t *p)
{
	uint64_t size = MODEL_BACK / MODEL_HUGE * PAGE_2M, at;

	if (madvise(p, size, MADV_HUGEPAGE))
		return false;
	for (at = 0; at < size; at += PAGE_2M)
		*(volatile uint8_t *)(p + at) = 0;
	madvise(p, BACK_SIZE, MADV_NOHUGEPAGE);
	return smaps_huge(p, size) >= size;
}

static void new_file(struct world *w, unsigned int i)
{
	w->file[i] = gmem_kind_create(w->vm, w->gmem, BACK_SIZE);
	if (!w->emulates)
		return;
	w->file_map[i] = mmap(NULL, BACK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, w->file[i], 0);
	if (w->file_map[i] == MAP_FAILED)
		end_fail("mmap of guest_memfd: %s", strerror(errno));
}

/* The quirk that deleting a slot zaps all mappings; 0 when it cannot be disabled. */
static uint64_t zap_quirk(void)
{
	return (uint64_t)vm_cap(NULL, KVM_CAP_DISABLE_QUIRKS2) & arch_traits()->slot_zap_quirk;
}

static void make_vm(struct world *w, const struct world_kind *kind, struct model_vm *mvm,
		    unsigned int nr_vcpus)
{
	struct vm_opts o = { .nr_vcpus = nr_vcpus };
	uint64_t quirk = zap_quirk();

	if (kind->quirk_off)
		o.quirks_off = quirk;
	w->nr_vcpus = nr_vcpus;
	w->gmem = kind->private ? GMEM_PRIVATE : GMEM_SHARED;
	w->vm = kind->gmem ? gmem_kind_vm(w->gmem, &o) : vm_create(&o);
	mvm->zap_all = arch_traits()->slot_zap_quirk &&
		       (!quirk || !(kind->quirk_off || kind->private));
	if (mvm->manual && vm_enable_cap(w->vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, mvm->manual))
		end_fail("KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: %s", strerror(errno));
}

static void make_ring(struct world *w)
{
	int offset = vm_cap(w->vm, KVM_CAP_COALESCED_MMIO);

	w->ring = (void *)((char *)w->vm->vcpu[0]->run + offset * sysconf(_SC_PAGESIZE));
	w->ring_size = (unsigned int)((sysconf(_SC_PAGESIZE) - sizeof(*w->ring)) /
				      sizeof(struct kvm_coalesced_mmio));
}

static void world_init(struct world *w, const struct world_kind *kind, const struct step *first,
		       unsigned int hang_ms)
{
	static const struct step plain = { .kind = K_WORLD, .v = { [WORLD_VCPUS] = 1 } };
	const struct step *o = first->kind == K_WORLD ? first : &plain;
	const struct arch_traits *t = arch_traits();
	struct model_vm mvm = {
		.gpa = window_gpa(o->v[WORLD_WHERE]), .gmem = kind->gmem, .private = kind->private,
		.hole = kind->proposed, .single = kind->proposed,
		.hole_drops = kind->proposed && proposed_drops_writes(), .manual = o->v[WORLD_MANUAL],
		.eager_split = t->eager_split,
		.forgets = t->forgets,
		.huge_at_will = t->huge_at_will,
		.stale_mmio_reads = t->stale_mmio_reads, .uncached = !t->caches_mmio,
		.undecoded = !t->decodes,
	};
	unsigned int i;

	make_vm(w, kind, &mvm, o->v[WORLD_VCPUS]);
	w->counts = t->counts;
	w->emulates = t->emulates;
	for (i = 0; i < MODEL_BUFFERS; i++)
		w->buffer[i] = vm_alloc(BACK_SIZE);
	mvm.thp = o->v[WORLD_THP] && back_by_huge_pages(w->buffer[MODEL_THP]);
	model_init(&w->m, &mvm);
	for (i = 0; i < MODEL_FILES; i++) {
		w->file[i] = -1;
		if (kind->gmem)
			new_file(w, i);
	}
	for (i = 0; i < MODEL_EVENTS; i++)
		w->event[i] = -1;
	make_ring(w);
	for (i = 0; i < w->nr_vcpus; i++)
		w->vm->vcpu[i]->give_up_ms = hang_ms;
	arch_map_large(w->vm, GVA, mvm.gpa, WINDOW_SIZE);
	arch_map_large(w->vm, GVA + WINDOW_SIZE, VM_SYS_GPA, VM_SYS_SIZE);
}

/*
 * Destroying a VM mostly waits for RCU grace periods.  A thread closes the last
 * descriptor and waits while the next VM runs.
 */
#define MAX_ENDING	8

static sem_t ending;

static void *end_vm(void *fd)
{
	close((int)(intptr_t)fd);
	sem_post(&ending);
	return NULL;
}

static void end_in_background(struct vm *vm)
{
	static bool ready;
	intptr_t fd = dup(vm->fd);
	pthread_t thread;

	if (!ready)
		sem_init(&ending, 0, MAX_ENDING);
	ready = true;
	vm_destroy(vm);
	sem_wait(&ending);
	if (pthread_create(&thread, NULL, end_vm, (void *)fd))
		end_vm((void *)fd);
	else
		pthread_detach(thread);
}

static void world_free(struct world *w)
{
	unsigned int i;

	end_in_background(w->vm);
	for (i = 0; i < MODEL_BUFFERS; i++)
		munmap(w->buffer[i], BACK_SIZE);
	for (i = 0; i < MODEL_FILES; i++) {
		if (w->file[i] >= 0)
			close(w->file[i]);
		if (w->file_map[i])
			munmap(w->file_map[i], BACK_SIZE);
	}
	for (i = 0; i < MODEL_EVENTS; i++)
		if (w->event[i] >= 0)
			close(w->event[i]);
}

void world_require(const struct world_kind *kind)
{
	struct vm *vm;

	place_still();
	if (VM_PAGE != MODEL_PAGE)
		end_skip("the model has pages of %u bytes, this kernel of %llu", MODEL_PAGE,
			 (unsigned long long)VM_PAGE);
	if (kind->quirk_off && !kind->gmem && !zap_quirk())
		end_skip("no quirk to disable that deleting a slot zaps everything (6.12)");
	if (kind->proposed) {
		proposed_require(PROPOSED_PCI_HOLE);
		proposed_require(PROPOSED_SINGLE_HVA);
		/* As posted: nothing is mapped for a hole, single-HVA maps 4 KiB pages. */
		param_set("kvm.pci_hole_map", 0);
		param_set("kvm.single_hva_huge", 0);
	}
	if (!kind->gmem)
		return;
	vm = gmem_kind_vm(kind->private ? GMEM_PRIVATE : GMEM_SHARED, NULL);
	vm_destroy(vm);
}

/* --- steps --------------------------------------------------------------------- */

static bool returned(struct world *w, const char *what, int error, int want)
{
	int got = error ? -errno : 0;

	return got == want || world_wrong(w, "%s returned %d, expected %d", what, got, want);
}

/* Access all pages of the payload that the vCPU will ever use. */
static bool warm_up(struct world *w, unsigned int cpu)
{
	uint64_t before;

	if (!w->counts || w->warm[cpu])
		return true;
	before = world_stat_of(w, "pages_4k");
	if (vcpu_do(w->vm->vcpu[cpu], OPS(ST(8, PILOT, 1), LD(16, PILOT),
		    { .kind = OP_ADD, .width = 8, .addr = PILOT },
		    { .kind = OP_LOAD, .width = 8, .addr = PILOT, .flags = OPF_SUPER }),
		    NO_EXITS) != VCPU_DONE || w->vm->vcpu[cpu]->nr_exits)
		return world_wrong(w, "an access to the payload's own memory caused an exit or exception");
	w->payload += world_stat_of(w, "pages_4k") - before;
	w->warm[cpu] = true;
	return true;
}

static void guest_op(const struct step *s, struct mbox_op *op)
{
	static const uint16_t kinds[] = {
		[K_LOAD] = OP_LOAD, [K_STORE] = OP_STORE, [K_ADD] = OP_ADD,
	};

	if (s->kind == K_SWEEP)
		*op = (struct mbox_op){
			.kind = s->v[3] ? OP_STORE : OP_LOAD, .width = 8, .count = s->v[1],
			.addr = GVA + s->v[0] * VM_PAGE + STEP_SWEEP_AT, .stride = VM_PAGE,
		};
	else
		*op = (struct mbox_op){
			.kind = kinds[s->kind], .width = (uint8_t)s->v[1], .addr = GVA + s->v[0],
			.flags = s->kind == K_LOAD && s->v[3] ? OPF_SUPER : 0, .count = 1,
		};
	step_data(s, op->value);
}

static bool access_step(struct world *w, const struct step *s, const struct model_result *r)
{
	struct vcpu *v = w->vm->vcpu[s->v[2] % w->nr_vcpus];
	bool loads = s->kind == K_LOAD || (s->kind == K_SWEEP && !s->v[3]);
	enum vcpu_stop stop;
	struct mbox_op op;

	guest_op(s, &op);
	stop = vcpu_do(v, &op, 1, r->exit, r->exits);
	if (stop == VCPU_HUNG) {
		w->verdict->soft = true;
		return world_wrong(w, "the guest hangs in this access");
	}
	if (!world_exits_same(w, v, r))
		return false;
	if ((stop == VCPU_EXIT) != r->stopped)
		return world_wrong(w, "the access %s", r->stopped ? "finished" : "did not finish");
	if (r->stopped)
		return true;
	if (vcpu_result(v, 0)->vector >= 0 || vcpu_result(v, 0)->done != op.count)
		return world_wrong(w, "the access ended with exception %d, done %u times",
			     vcpu_result(v, 0)->vector, vcpu_result(v, 0)->done);
	/* For a sweep, the value of the last load. */
	if (loads && memcmp(vcpu_result(v, 0)->value, r->data, op.width))
		return world_wrong(w, "read 0x%llx, expected 0x%llx",
			     (unsigned long long)vcpu_value(v, 0), *(unsigned long long *)r->data);
	return world_signals_match(w, r) && world_ring_matches(w, r);
}

static bool region_step(struct world *w, const struct step *s, const struct model_region *r, int want)
{
	uint32_t flags = (r->readonly ? KVM_MEM_READONLY : 0) |
			 (r->log ? KVM_MEM_LOG_DIRTY_PAGES : 0) |
			 (r->gmem ? KVM_MEM_GUEST_MEMFD : 0) |
			 (r->hole ? proposed_flag(PROPOSED_PCI_HOLE) : 0) |
			 (r->single ? proposed_flag(PROPOSED_SINGLE_HVA) : 0);
	void *hva = r->no_hva ? NULL : w->buffer[r->buffer] + r->buffer_page * VM_PAGE;
	uint64_t gpa = w->m.vm.gpa + r->base * VM_PAGE, size = r->pages * VM_PAGE;
	int got;

	if (r->gmem && w->emulates && w->file_map[r->file])
		hva = w->file_map[r->file] + r->file_page * VM_PAGE;
	if (r->gmem)
		got = vm_region2(w->vm, r->slot + FIRST_SLOT, flags, gpa, size, hva,
				 w->file[r->file], r->file_page * VM_PAGE);
	else
		got = vm_region(w->vm, r->slot + FIRST_SLOT, flags, gpa, size, hva);
	/* Kernels before 7.2 refuse an overlapping binding with -EINVAL. */
	if (got == want || (s->kind == K_SLOT && r->gmem && want == -EEXIST && got == -EINVAL))
		return true;
	return world_wrong(w, "memslot ioctl returned %d, expected %d", got, want);
}

static bool clear_step(struct world *w, const struct step *s, int want)
{
	unsigned int pages = w->m.slot[s->v[0]].pages, first = s->v[1] * 64, i;
	uint64_t bitmap[MODEL_LOG];
	struct kvm_clear_dirty_log log = {
		.slot = s->v[0] + FIRST_SLOT, .first_page = first, .dirty_bitmap = bitmap,
		.num_pages = s->v[2] * 64 < pages - first ? s->v[2] * 64 : pages - first,
	};

	for (i = 0; i < MODEL_LOG; i++)
		bitmap[i] = step_mask(s);
	return returned(w, "KVM_CLEAR_DIRTY_LOG", ioctl(w->vm->fd, KVM_CLEAR_DIRTY_LOG, &log), want);
}

static bool dirty_step(struct world *w, const struct step *s, const struct outcome *o)
{
	uint64_t bitmap[MODEL_LOG];
	struct kvm_dirty_log log = { .slot = s->v[0] + FIRST_SLOT, .dirty_bitmap = bitmap };

	if (!o->ret)
		return world_bitmap_matches(w, s->v[0], o->must, o->may);
	return returned(w, "KVM_GET_DIRTY_LOG", ioctl(w->vm->fd, KVM_GET_DIRTY_LOG, &log), o->ret);
}

static bool zone_step(struct world *w, const struct step *s, int want)
{
	struct kvm_coalesced_mmio_zone z = { .addr = w->m.vm.gpa + s->v[2], .size = s->v[3] };

	return returned(w, "coalesced zone",
			ioctl(w->vm->fd, s->v[1] ? KVM_REGISTER_COALESCED_MMIO :
			      KVM_UNREGISTER_COALESCED_MMIO, &z), want);
}

static bool event_step(struct world *w, const struct step *s, int want)
{
	struct kvm_ioeventfd k = { 0 };
	struct model_event e;

	step_event(s, &e);
	if (w->event[s->v[0]] < 0)
		w->event[s->v[0]] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	k.fd = w->event[s->v[0]];
	k.addr = w->m.vm.gpa + e.at;
	k.len = e.len;
	k.datamatch = e.value;
	k.flags = (e.match ? KVM_IOEVENTFD_FLAG_DATAMATCH : 0) |
		  (e.on ? 0 : KVM_IOEVENTFD_FLAG_DEASSIGN);
	return returned(w, "ioeventfd", ioctl(w->vm->fd, KVM_IOEVENTFD, &k), want);
}

/* A step that is not an access; @r: arguments of the memslot ioctl. */
static bool host_step(struct world *w, const struct step *s, const struct outcome *o,
		      const struct model_region *r)
{
	const unsigned int *v = s->v;
	int error;

	switch (s->kind) {
	case K_SLOT: case K_DELETE: case K_MOVE: case K_LOG:
		return region_step(w, s, r, o->ret);
	case K_HOST_WRITE:
		*(volatile uint64_t *)(w->buffer[v[0]] + v[1]) = v[2] * 0x9e3779b97f4a7c15ULL;
		return true;
	case K_DROP:
		return returned(w, "MADV_DONTNEED", madvise(w->buffer[v[0]] + v[1] * VM_PAGE,
				v[2] * VM_PAGE, MADV_DONTNEED), 0);
	case K_DIRTY:
		return dirty_step(w, s, o);
	case K_CLEAR:
		return clear_step(w, s, o->ret);
	case K_NEW_FILE:
		new_file(w, v[0]);
		return true;
	case K_CLOSE:
		close(w->file[v[0]]);
		w->file[v[0]] = -1;
		return true;
	case K_PUNCH:
		error = gmem_punch(w->file[v[0]], v[1] * VM_PAGE, v[2] * VM_PAGE);
		return error == o->ret || world_wrong(w, "punch returned %d, expected %d", error, o->ret);
	case K_ATTRIBUTES:
		error = gmem_attributes(w->vm, w->m.vm.gpa + v[0] * VM_PAGE, v[1] * VM_PAGE,
					v[2] ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0);
		return error == o->ret || world_wrong(w, "attributes returned %d, expected %d", error, o->ret);
	case K_ZONE:
		return zone_step(w, s, o->ret);
	default:
		return event_step(w, s, o->ret);
	}
}

/* Append the expected outcome to the line of the step. */
static void trace_outcome(FILE *f, const struct step *s, const struct outcome *o)
{
	const struct model_result *r = &o->access;
	unsigned int i, signals = 0;
	char text[160];

	for (i = 0; i < MODEL_EVENTS; i++)
		signals += r->signals[i];
	if (o->skipped && s->kind != K_WORLD)
		fprintf(f, "  -> left out");
	else if (!step_access(s) && s->kind != K_WORLD)
		fprintf(f, "  -> %s", o->ret ? strerror(-o->ret) : "ok");
	for (i = 0; i < r->exits; i++) {
		exit_print(&r->exit[i], text, sizeof(text));
		fprintf(f, "  -> %s", text);
	}
	for (i = 0; i < r->rings; i++)
		fprintf(f, "  -> coalesced 0x%llx", (unsigned long long)r->ring[i].addr);
	if (signals)
		fprintf(f, "  -> %u signals", signals);
	if (s->kind == K_LOAD && !o->skipped && !r->stopped)
		fprintf(f, "  -> 0x%llx", *(const unsigned long long *)r->data);
	fputc('\n', f);
}

/* Execute one step on the model and on KVM and compare. */
static bool one_step(struct world *w, const struct step *s)
{
	unsigned int zaps = w->m.zaps;
	struct model_region r = { 0 };
	struct outcome o;
	uint64_t began;

	if (step_access(s) && !warm_up(w, s->v[2] % w->nr_vcpus))
		return false;
	began = arch_cycles();
	if (s->kind >= K_SLOT && s->kind <= K_LOG)
		step_region(&w->m, s, &r);
	/* With file_map, close() does not release the file: skip the step. */
	if (s->kind == K_CLOSE && w->emulates)
		o = (struct outcome){ .skipped = true };
	else
		step_model(&w->m, s, &o);
	w->verdict->oracle_ticks += arch_cycles() - began;
	if (w->trace)
		trace_outcome(w->trace, s, &o);
	if (o.skipped)
		return true;
	if (!(step_access(s) ? access_step(w, s, &o.access) : host_step(w, s, &o, &r)))
		return false;
	if (w->m.zaps != zaps) {
		/* The payload's pages were zapped as well. */
		w->payload = 0;
		memset(w->warm, 0, sizeof(w->warm));
	}
	return world_logs_match(w) && world_counts_match(w);
}

/* --- final check --------------------------------------------------------------- */

/* Compare buffer pages that were written by guest or host. */
static bool buffers_match(struct world *w)
{
	unsigned int b, p;

	for (b = 0; b < MODEL_BUFFERS; b++)
		for (p = 0; p < MODEL_BACK; p++)
			if (w->m.buffer[b].page[p] &&
			    memcmp(w->buffer[b] + p * VM_PAGE, model_bytes(&w->m, &w->m.buffer[b], p),
				   VM_PAGE))
				return world_wrong(w, "page %u of buffer %u differs from the model", p, b);
	return true;
}

static bool look_at(struct world *w, unsigned int page)
{
	const struct step s = { .kind = K_LOAD, .v = { page * (unsigned int)VM_PAGE + 8, 8, 0, 0 } };

	return page >= MODEL_WINDOW || one_step(w, &s);
}

/* Load from pages that the sequence accessed and from the edges of slots. */
static bool last_look(struct world *w, const struct step *s, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (step_access(&s[i]) && !look_at(w, s[i].v[0] / VM_PAGE))
			return false;
	for (i = 0; i < MODEL_SLOTS; i++) {
		const struct model_slot *sl = &w->m.slot[i];

		if (sl->used && !(look_at(w, sl->base) && look_at(w, sl->base + sl->pages - 1) &&
				  look_at(w, sl->base + sl->pages)))
			return false;
	}
	return buffers_match(w);
}

void world_run(const struct world_kind *kind, const struct step *s, unsigned int n,
	       unsigned int hang_ms, FILE *trace, struct world_verdict *v)
{
	static struct world world;
	struct world *w = &world;
	char line[256];
	unsigned int i;

	/* Not the model, which model_init() clears, and the fields after it. */
	memset(w, 0, offsetof(struct world, m));
	memset(v, 0, sizeof(*v));
	w->verdict = v;
	w->trace = trace;
	v->step = -1;
	world_init(w, kind, &s[0], hang_ms);
	for (i = 0; i < n && v->step < 0; i++) {
		if (trace) {
			step_print(&s[i], i, line, sizeof(line));
			fputs(line, trace);
		}
		if (!one_step(w, &s[i]))
			v->step = (int)i;
	}
	w->trace = NULL;
	if (v->step < 0 && !last_look(w, s, n))
		v->step = (int)n;
	world_free(w);
}
