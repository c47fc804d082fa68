// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one rule of internal VMs for accesses that stage 2 does not allow: a synchronous
 * external abort in the guest, at the exact address and instruction; never MMIO, never an
 * exit to the owner, never a loop (H5).
 */
#include "harness/test.h"

#include <linux/kvm.h>

#include "arch/arm64/cpu.h"
#include "arch/arm64/internal.h"
#include "arch/arm64/layout.h"
#include "util/util.h"

#define EC_IABT_LOWER	0x20	/* + 1: from the same exception level */
#define EC_DABT_LOWER	0x24
#define ESR_IL		(1ULL << 25)
#define ESR_CM		(1ULL << 8)
#define ESR_WNR		(1ULL << 6)
#define FSC_EXTERNAL	0x10
#define FSC_EXTERNAL_WALK 0x14
#define PSTATE_MODE	0x3df	/* DAIF and the exception level */

#define PAGES 8

FIXTURE(abort) {
	struct ivm m;
	struct ivm_mem mem;	/* the pages 2 to 4 are a slot, 5 a read-only one */
};

FIXTURE_VARIANT(abort) {
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(abort, task) { 0 };
FIXTURE_VARIANT_ADD(abort, kthread) { KVM_INTERNAL_KTHREAD };

#define PAGE(n) (self->mem.pa + (n) * PAGE_4K)
#define SLOT_PAGE	2
#define SLOT_PAGES	3
#define RO_PAGE		5
#define GONE_PAGE	6	/* was a slot */
#define TAG		0x0102030400000000ULL

KVMEM_SETUP(abort)
{
	self->m = ivm_open();
	self->m.flags = variant->flags;
	ivm_setup(&self->m);
	self->mem = ivm_alloc(&self->m, PAGES * PAGE_4K, PAGE_4K);
	ivm_host_fill(&self->mem, 0, PAGES * PAGE_4K, 8, TAG);
	if (ivm_map(&self->m, 1, 0, PAGE(SLOT_PAGE), SLOT_PAGES * PAGE_4K) ||
	    ivm_map(&self->m, 2, KVM_INTERNAL_MAP_READONLY, PAGE(RO_PAGE), PAGE_4K) ||
	    ivm_map(&self->m, 3, 0, PAGE(GONE_PAGE), PAGE_4K))
		end_fail("cannot map pages");
	/* The deleted slot was used before. */
	if (!ivm_has(&self->m, PAGE(GONE_PAGE), PAGE_4K, 8, TAG) || ivm_unmap(&self->m, 3))
		end_fail("a slot cannot be read, or not deleted");
}

/* --- one access -------------------------------------------------------------------------- */

enum { STORE = 1, NORMAL = 2 };	/* NORMAL: not with the MMU off, to device memory */

struct access {
	const char *name, *code;
	unsigned int flags;
};

static const struct access accesses[] = {
	{ "ldrb", internal_ldrb, 0 },
	{ "ldrh", internal_ldrh, 0 },
	{ "ldr w", internal_ldrw, 0 },
	{ "ldr x", internal_ldr, 0 },
	{ "ldrsw", internal_ldrsw, 0 },
	{ "strb", internal_strb, STORE },
	{ "strh", internal_strh, STORE },
	{ "str w", internal_strw, STORE },
	{ "str x", internal_str, STORE },
	{ "ldp", internal_ldp, 0 },
	{ "stp", internal_stp, STORE },
	{ "ldr post", internal_ldr_post, 0 },
	{ "str pre", internal_str_pre, STORE },
	{ "ldxr", internal_ldxr, NORMAL },
	{ "ldar", internal_ldar, 0 },
	{ "stlr", internal_stlr, STORE },
	{ "ldr q", internal_ldr_q, 0 },
	{ "dc zva", internal_dc_zva, STORE | NORMAL },
};

static bool fits(const struct access *a, const struct ivm_mode *mode)
{
	return !(a->flags & NORMAL) || mode->mmu;
}

/*
 * The abort is reported at the vector, with this syndrome, address and instruction; the mode
 * is saved; the registers of the instruction are as before.  KVM does not set WnR.
 */
static bool aborted(struct ivm *m, const struct ivm_mode *mode, const char *name, const char *code,
		    uint64_t addr, unsigned int ec, unsigned int fsc)
{
	struct ivm_result r = ivm_do(m, mode, code, addr, 0x1111, 0x2222, 0x3333);
	bool fetch = ec == EC_IABT_LOWER;
	uint64_t esr = (uint64_t)(ec + !mode->lower) << 26 | ESR_IL | fsc;
	uint64_t elr = fetch ? addr : ivm_at(m, code);

	if (r.rc == -EINTR) {
		diag("%s of 0x%llx, %s: repeated for ever", name,
		     (unsigned long long)addr, mode->name);
		return false;
	}
	if (r.rc || r.exit != KVM_EXIT_HYPERCALL || r.hvc != IVM_EXCEPTION) {
		diag("%s of 0x%llx, %s: run %d, exit %u to the owner", name,
		     (unsigned long long)addr, mode->name, r.rc, r.exit);
		return false;
	}
	if ((r.esr & 0xffffffff & ~(ESR_WNR | ESR_CM)) == esr && r.far == addr && r.elr == elr &&
	    r.vector == mode->vector && (r.spsr & PSTATE_MODE) == (mode->pstate & PSTATE_MODE) &&
	    r.x[0] == addr && r.x[1] == 0x1111 && r.x[2] == 0x2222)
		return true;
	diag("%s of 0x%llx, %s: vector 0x%llx ESR 0x%llx FAR 0x%llx ELR 0x%llx SPSR 0x%llx x0 0x%llx x1 0x%llx, "
	     "expected vector 0x%llx ESR 0x%llx ELR 0x%llx",
	     name, (unsigned long long)addr, mode->name,
	     (unsigned long long)r.vector, (unsigned long long)r.esr,
	     (unsigned long long)r.far, (unsigned long long)r.elr,
	     (unsigned long long)r.spsr, (unsigned long long)r.x[0],
	     (unsigned long long)r.x[1], (unsigned long long)mode->vector,
	     (unsigned long long)esr, (unsigned long long)elr);
	return false;
}

/* Every access of an address, in every mode. */
static bool all_abort(struct ivm *m, uint64_t addr, bool loads)
{
	const struct ivm_mode *mode;
	unsigned int i;

	for (mode = ivm_modes; mode < ivm_modes + IVM_NR_MODES; mode++)
		for (i = 0; i < ARRAY_SIZE(accesses); i++)
			if (fits(&accesses[i], mode) &&
			    (loads || (accesses[i].flags & STORE)) &&
			    !aborted(m, mode, accesses[i].name,
				     accesses[i].code, addr, EC_DABT_LOWER,
				     FSC_EXTERNAL))
				return false;
	return true;
}

static bool fetch_aborts(struct ivm *m, uint64_t addr)
{
	const struct ivm_mode *mode;

	for (mode = ivm_modes; mode < ivm_modes + IVM_NR_MODES; mode++)
		if (!aborted(m, mode, "fetch", internal_branch, addr, EC_IABT_LOWER, FSC_EXTERNAL))
			return false;
	return true;
}

/* --- places ------------------------------------------------------------------------------ */

/*
 * RAM beside a slot, that of a deleted slot, and no memory at all.
 * Red with: no branch for internal VMs in kvm_handle_guest_abort(): MMIO, or ENOSYS; an SError
 * instead: with SErrors masked the access is repeated for ever.
 */
KVMEM_TEST_F(abort, outside, "H5", 800)
{
	struct ivm *m = &self->m;
	const uint64_t places[] = {
		PAGE(SLOT_PAGE) - 0x40, PAGE(SLOT_PAGE + SLOT_PAGES) + 0x40 + 3 * PAGE_4K,
		PAGE(GONE_PAGE) + 0x140, 0x1000, 0x09000000,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		ASSERT_TRUE(all_abort(m, places[i], true));
		ASSERT_TRUE(fetch_aborts(m, places[i]));
	}
	ASSERT_TRUE(ivm_host_has(&self->mem, 0, PAGES * PAGE_4K, 8, TAG));
	ASSERT_TRUE(ivm_has(m, PAGE(SLOT_PAGE), SLOT_PAGES * PAGE_4K, 8, TAG));
}

/*
 * Stores to a read-only slot; its loads and fetches work.
 * Red with: the slot mapped writable; a store that becomes MMIO, as in a user VM.
 */
KVMEM_TEST_F(abort, readonly, "H5")
{
	static const uint32_t code[] = { 0xd4000001 };	/* svc #0 */
	struct ivm *m = &self->m;
	unsigned int i;

	ASSERT_TRUE(all_abort(m, PAGE(RO_PAGE) + 0x80, false));
	ASSERT_TRUE(all_abort(m, PAGE(RO_PAGE) + 0xfc0, false));
	for (i = 0; i < ARRAY_SIZE(accesses); i++)
		if (!(accesses[i].flags & STORE))
			ASSERT_TRUE(ivm_do(m, IVM_EL1_MMU, accesses[i].code, PAGE(RO_PAGE) + 0x80,
					   0, 0, 0).done);
	ASSERT_TRUE(ivm_host_has(&self->mem, 0, PAGES * PAGE_4K, 8, TAG));
	memcpy(self->mem.hva + RO_PAGE * PAGE_4K, code, sizeof(code));
	__builtin___clear_cache(self->mem.hva, self->mem.hva + PAGES * PAGE_4K);
	ASSERT_TRUE(ivm_do(m, IVM_EL1, internal_branch, PAGE(RO_PAGE), 0, 0, 0).done);
}

/*
 * Addresses that the VM's stage 2 cannot translate.
 * Red with: the abort of a too large IPA with the physical address in FAR.
 */
KVMEM_TEST_F(abort, beyond_ipa, "H5")
{
	/* MMU off: the address is physical. */
	const uint64_t places[] = { 1ULL << 44, 1ULL << 47 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		struct ivm_result r = ivm_do(&self->m, IVM_EL1, internal_ldr, places[i], 0, 0, 0);

		/* The CPU's own limit may come first: an address size fault. */
		if (!r.rc && r.hvc == IVM_EXCEPTION && (r.esr & 0x3c) == 0)
			continue;
		ASSERT_TRUE(aborted(&self->m, IVM_EL1, "ldr", internal_ldr,
				    places[i], EC_DABT_LOWER, FSC_EXTERNAL));
		ASSERT_TRUE(aborted(&self->m, IVM_EL1, "str", internal_str,
				    places[i], EC_DABT_LOWER, FSC_EXTERNAL));
	}
}

/*
 * An access that begins in the slot and ends outside of it: FAR is the first byte outside,
 * or the start of the access.
 * Red with: a crossing access that is completed in part by emulation.
 */
KVMEM_TEST_F(abort, crossing, "H5")
{
	struct ivm *m = &self->m;
	const uint64_t end = PAGE(SLOT_PAGE), outside = end;
	static const struct { const char *name, *code; unsigned int width;
	} two[] = {
		{ "ldrh", internal_ldrh, 2 },	 { "ldr w", internal_ldrw, 4 },
		{ "ldr x", internal_ldr, 8 },	 { "ldp", internal_ldp, 16 },
		{ "ldr q", internal_ldr_q, 16 }, { "str w", internal_strw, 4 },
		{ "str x", internal_str, 8 },	 { "stp", internal_stp, 16 },
	};
	unsigned int i, before;

	for (i = 0; i < ARRAY_SIZE(two); i++) {
		for (before = 1; before < two[i].width; before++) {
			/* From the page before into the slot. */
			uint64_t addr = outside - before;
			struct ivm_result r = ivm_do(m, IVM_EL1_MMU, two[i].code, addr, 1, 2, 3);

			ASSERT_EQ(0, r.rc);
			ASSERT_EQ(KVM_EXIT_HYPERCALL, r.exit);
			ASSERT_FALSE(r.done);
			ASSERT_EQ(FSC_EXTERNAL, r.esr & 0x3f) {
				TH_LOG("%s, %u bytes outside", two[i].name, before);
			}
			ASSERT_TRUE(r.far >= addr && r.far < outside);
			ASSERT_EQ(ivm_at(m, two[i].code), r.elr);
		}
	}
	/* Nothing was written in the page outside. */
	ASSERT_TRUE(ivm_host_has(&self->mem, (SLOT_PAGE - 1) * PAGE_4K, PAGE_4K, 8, TAG));
}

/*
 * A walk of stage 1 whose table is outside: for data and for a fetch, at each level.
 * Red with: kvm_vcpu_abt_iss1tw() not considered.
 */
KVMEM_TEST_F(abort, walk, "H5 G4")
{
	struct ivm *m = &self->m;
	uint64_t *table = (uint64_t *)(m->code.hva + PAGE_4K);
	uint64_t va = 5ULL << 30, *l2 = (uint64_t *)(self->mem.hva + SLOT_PAGE * PAGE_4K);
	unsigned int level, i;

	for (level = 2; level <= 3; level++) {
		/* The table of this level is at PAGE(0), which is no slot. */
		table[5] = (level == 2 ? PAGE(0) : PAGE(SLOT_PAGE)) | 3;
		l2[0] = PAGE(0) | 3;
		for (i = 0; i < ARRAY_SIZE(accesses); i++) {
			struct ivm_result r = ivm_do(m, IVM_EL1_MMU,
						     accesses[i].code,
						     va + 0x40, 1, 2, 3);
			unsigned int fsc = r.esr & 0x3f;

			ASSERT_EQ(0, r.rc);
			ASSERT_EQ(KVM_EXIT_HYPERCALL, r.exit);
			ASSERT_FALSE(r.done);
			/* Up to 6.17 KVM does not report a walk as such (aborts.walk.*). */
			ASSERT_TRUE(fsc == FSC_EXTERNAL || fsc == FSC_EXTERNAL_WALK + level);
			ASSERT_EQ(va + 0x40, r.far);
			ASSERT_EQ(ivm_at(m, accesses[i].code), r.elr);
		}
	}
	/* With the table in a slot, the walk goes on: the entry is not valid there. */
	table[5] = PAGE(SLOT_PAGE) | 3;
	memset(l2, 0, PAGE_4K);
	ASSERT_EQ(6, ivm_do(m, IVM_EL1_MMU, internal_ldr, va + 0x40, 1, 2, 3).esr & 0x3f);
}

/* Cache maintenance by address outside does no harm and does not come back to the owner. */
KVMEM_TEST_F(abort, maintenance, "H5")
{
	struct ivm *m = &self->m;

	ASSERT_TRUE(ivm_do(m, IVM_EL1_MMU, internal_dc_civac, PAGE(0), 0, 0, 0).done);
	ASSERT_TRUE(ivm_do(m, IVM_EL1_MMU, internal_ic_ivau, PAGE(0), 0, 0, 0).done);
	ASSERT_TRUE(ivm_do(m, IVM_EL1_MMU, internal_dc_civac, PAGE(SLOT_PAGE), 0, 0, 0).done);
}

/*
 * A slot appears and goes between accesses of one address: value and abort alternate.
 * Red with: a stale translation after the slot went.
 */
KVMEM_TEST_F(abort, slot_comes_and_goes, "H5 H4")
{
	struct ivm *m = &self->m;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		uint64_t addr = PAGE(GONE_PAGE) + 8 * i;

		ASSERT_TRUE(aborted(m, IVM_EL1, "ldr", internal_ldr, addr,
				    EC_DABT_LOWER, FSC_EXTERNAL));
		ASSERT_EQ(0, ivm_map(m, 3, 0, PAGE(GONE_PAGE), PAGE_4K));
		ASSERT_TRUE(ivm_has(m, addr, 8, 8, TAG));
		ASSERT_EQ(0, ivm_unmap(m, 3));
		ASSERT_TRUE(aborted(m, IVM_EL1_MMU, "str", internal_str, addr,
				    EC_DABT_LOWER, FSC_EXTERNAL));
		ASSERT_TRUE(fetch_aborts(m, addr));
	}
	ASSERT_TRUE(ivm_host_has(&self->mem, 0, PAGES * PAGE_4K, 8, TAG));
}

KVMEM_MAIN
