// SPDX-License-Identifier: GPL-2.0-only
#include "oracle/world_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arch.h"
#include "guest/list.h"
#include "kvm/kvmstat.h"

bool world_wrong(struct world *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->verdict->message, sizeof(w->verdict->message), fmt, ap);
	va_end(ap);
	return false;
}

bool world_ring_matches(struct world *w, const struct model_result *r)
{
	unsigned int i;

	for (i = 0; i < r->rings; i++) {
		const struct kvm_coalesced_mmio *e = &w->ring->coalesced_mmio[w->ring->first];
		uint64_t data = 0;

		if (w->ring->first == w->ring->last)
			return world_wrong(w, "coalesced write %u is not in the ring", i);
		memcpy(&data, e->data, e->len < 8 ? e->len : 8);
		if (e->phys_addr != r->ring[i].addr || e->len != r->ring[i].len || e->pio ||
		    data != r->ring[i].data)
			return world_wrong(w, "ring entry 0x%llx len %u data 0x%llx, expected 0x%llx len %u data 0x%llx",
				     (unsigned long long)e->phys_addr, e->len,
				     (unsigned long long)data, (unsigned long long)r->ring[i].addr,
				     r->ring[i].len, (unsigned long long)r->ring[i].data);
		w->ring->first = (w->ring->first + 1) % w->ring_size;
	}
	if (w->ring->first != w->ring->last)
		return world_wrong(w, "unexpected write in the coalesced ring");
	return true;
}

bool world_signals_match(struct world *w, const struct model_result *r)
{
	unsigned int i;
	uint64_t n;

	for (i = 0; i < MODEL_EVENTS; i++) {
		n = 0;
		if (w->event[i] < 0)
			continue;
		if (read(w->event[i], &n, sizeof(n)) != sizeof(n))
			n = 0;
		if (n != r->signals[i])
			return world_wrong(w, "ioeventfd %u was signalled %llu times, expected %u", i,
				     (unsigned long long)n, r->signals[i]);
	}
	return true;
}

bool world_exits_same(struct world *w, const struct vcpu *v, const struct model_result *r)
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
		return world_wrong(w, "exit %u is %s, expected %s", i, a, b);
	}
	return true;
}

bool world_bitmap_matches(struct world *w, unsigned int slot, const uint64_t *must,
			   const uint64_t *may)
{
	unsigned int words = (w->m.slot[slot].pages + 63) / 64, i;
	uint64_t bitmap[MODEL_LOG] = { 0 };
	struct kvm_dirty_log log = { .slot = slot + FIRST_SLOT, .dirty_bitmap = bitmap };

	if (ioctl(w->vm->fd, KVM_GET_DIRTY_LOG, &log))
		return world_wrong(w, "KVM_GET_DIRTY_LOG of slot %u: %s", slot, strerror(errno));
	for (i = 0; i < words; i++)
		if ((bitmap[i] & must[i]) != must[i] || bitmap[i] & ~may[i])
			return world_wrong(w, "dirty bitmap of slot %u, word %u: 0x%llx, must have 0x%llx, may have 0x%llx",
				     slot, i, (unsigned long long)bitmap[i],
				     (unsigned long long)must[i], (unsigned long long)may[i]);
	return true;
}

bool world_logs_match(struct world *w)
{
	unsigned int i;

	for (i = 0; w->m.vm.manual && i < MODEL_SLOTS; i++)
		if (w->m.slot[i].used && w->m.slot[i].log &&
		    !world_bitmap_matches(w, i, w->m.slot[i].must, w->m.slot[i].may))
			return false;
	return true;
}

uint64_t world_stat_of(struct world *w, const char *name)
{
	uint64_t n = 0;

	if (!w->vm->stat)
		w->vm->stat = kvmstat_open(w->vm->fd);
	kvmstat_get(w->vm->stat, name, &n);
	return n;
}

bool world_counts_match(struct world *w)
{
	const struct model_counts c = w->m.counts;
	uint64_t pages_4k, pages_2m, began;
	bool ok;

	if (!w->counts)
		return true;
	pages_4k = world_stat_of(w, "pages_4k") - w->payload;
	pages_2m = world_stat_of(w, "pages_2m");
	began = arch_cycles();
	ok = model_settle(&w->m, (unsigned int)pages_4k, (unsigned int)pages_2m);
	w->verdict->oracle_ticks += arch_cycles() - began;
	if (ok)
		return true;
	w->verdict->soft = true;
	return world_wrong(w, "%lld pages of 4 KiB and %llu of 2 MiB are mapped, expected %u to %u and %u to %u",
		     (long long)pages_4k, (unsigned long long)pages_2m, c.least_4k, c.most_4k,
		     c.least_2m, c.most_2m);
}
