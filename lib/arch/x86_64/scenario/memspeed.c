// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86_64/scenario/memspeed.h"

#include "util/env.h"
#include "util/quantile.h"
#include "guest/list.h"

#define ROUNDS 51	/* repetitions in one list, at most MBOX_MAX_OPS / 2 */

bool memspeed_usable(const struct memspeed *m)
{
	return m->miss >= m->hit + 60 && m->miss >= m->hit + m->hit / 2;
}

enum memspeed_verdict memspeed_judge(const struct memspeed *m, uint32_t load)
{
	uint32_t span = m->miss - m->hit;

	if (load <= m->hit + span / 4)
		return MEMSPEED_CACHED;
	if (load >= m->hit + span / 2)
		return MEMSPEED_UNCACHED;
	return MEMSPEED_UNCLEAR;
}

/*
 * Run @n operations ROUNDS times, in one list; returns the median of the last of the
 * n.  There must be no exit: its time would be included.
 */
static uint32_t median(struct vcpu *v, const struct mbox_op *ops, size_t n)
{
	struct mbox_op list[2 * ROUNDS];
	uint32_t cycles[ROUNDS];
	size_t i;

	for (i = 0; i < n * ROUNDS; i++)
		list[i] = ops[i % n];
	if (!vcpu_expect(v, "timed accesses", list, n * ROUNDS, NO_EXITS))
		end_fail("timed accesses caused an exit or an exception");
	for (i = 0; i < ROUNDS; i++)
		cycles[i] = (uint32_t)vcpu_result(v, n * i + n - 1)->cycles;
	quantile_sort(cycles, ROUNDS);
	return (uint32_t)quantile(cycles, ROUNDS, 0.5);
}

void memspeed_calibrate(struct vcpu *v, uint64_t gva, struct memspeed *m)
{
	m->hit = memspeed_loads(v, gva);
	m->miss = median(v, OPS({ .kind = OP_CLFLUSH, .addr = gva }, LD(8, gva)));
}

uint32_t memspeed_loads(struct vcpu *v, uint64_t gva)
{
	return median(v, OPS(LD(8, gva)));
}

uint32_t memspeed_stores(struct vcpu *v, uint64_t gva)
{
	return median(v, OPS({ .kind = OP_STOS, .width = 8, .addr2 = gva, .value = { 512, 0 },
			       .flags = OPF_REP }));
}
