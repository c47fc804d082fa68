// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory types: the quirk that decides whether the guest's PAT is honoured, the PAT MSR,
 * and the memory type in SPTEs (F1m-F4m, F6m).  Slots over device memory and device
 * assignment are in wc_device.c.
 */
#include "harness/test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "arch.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/mmu.h"
#include "arch/x86_64/scenario/memspeed.h"
#include "arch/x86_64/memtype.h"
#include "harness/record.h"
#include "arch/x86_64/spte.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "kvm/uapi.h"
#include "arch/x86_64/uapi.h"

#define RAM		0x40000000ULL	/* 2 MiB aligned */
#define MSR_PAT		0x277
#define PAT_RESET	0x0007040600070406ULL
#define DATA		0x8182838485868788ULL

#define RDMSR(m) { .kind = OP_RDMSR, .addr = (m) }
#define WRMSR(m, v) { .kind = OP_WRMSR, .addr = (m), .value = { (v) } }

/* --- quirks (F1m) -------------------------------------------------------- */

/*
 * LINT0_REENABLED to MWAIT_NEVER_UD_FAULTS: in every kernel since 6.1, on any hardware.
 */
#define QUIRKS_OF_ALL 0x7f

static uint64_t quirks(void)
{
	return (uint64_t)vm_cap(NULL, KVM_CAP_DISABLE_QUIRKS2);
}

/* Red with: KVM_CAP_DISABLE_QUIRKS2 that reports or accepts another mask. */
KVMEM_TEST(quirk_mask, "F1m")
{
	struct vm *vm = vm_create(NULL);
	uint64_t mask = quirks();
	int bit;

	record_observation("F1m", "quirks", "0x%llx", (unsigned long long)mask);
	ASSERT_EQ(QUIRKS_OF_ALL, mask & QUIRKS_OF_ALL);
	ASSERT_EQ(mask, (uint64_t)vm_cap(vm, KVM_CAP_DISABLE_QUIRKS2));
	ASSERT_EQ(0, vm_enable_cap(vm, KVM_CAP_DISABLE_QUIRKS2, 0));
	for (bit = 0; bit < 64; bit++) {
		ASSERT_EQ(mask >> bit & 1 ? 0 : -EINVAL,
			  vm_enable_cap(vm, KVM_CAP_DISABLE_QUIRKS2, 1ULL << bit)) {
			TH_LOG("bit %d of mask 0x%llx", bit, (unsigned long long)mask);
		}
	}
	ASSERT_EQ(0, vm_enable_cap(vm, KVM_CAP_DISABLE_QUIRKS2, mask));
	ASSERT_EQ(-EINVAL, vm_enable_cap(vm, KVM_CAP_DISABLE_QUIRKS2, ~0ULL));
}

/*
 * A call with an unknown bit disables no quirk; one with known bits does: checked with
 * the hole of the local APIC, which is one of the quirks.
 */
KVMEM_TEST(quirk_all_or_nothing, "F1m")
{
	struct vm *vm = vm_create(&(struct vm_opts){ .irqchip = true });
	struct kvm_enable_cap flags = {
		.cap = KVM_CAP_DISABLE_QUIRKS2, .flags = 1,
		.args = { KVM_X86_QUIRK_LAPIC_MMIO_HOLE },
	};
	struct vcpu *v = vm->vcpu[0];
	uint64_t unknown = 1ULL << 63;

	if (!cpu_set_msr(v, 0x1b, 0xfee00100))
		SKIP(return, "this KVM does not disable the local APIC (MSR_IA32_APICBASE)");
	ASSERT_EQ(0xffffffff, vcpu_load(v, 4, 0xfee00030));
	ASSERT_EQ(-EINVAL, vm_enable_cap(vm, KVM_CAP_DISABLE_QUIRKS2,
					 KVM_X86_QUIRK_LAPIC_MMIO_HOLE | unknown));
	ASSERT_EQ(-1, ioctl(vm->fd, KVM_ENABLE_CAP, &flags));
	ASSERT_EQ(EINVAL, errno);
	ASSERT_EQ(0xffffffff, vcpu_load(v, 4, 0xfee00030));
	ASSERT_EQ(0, vm_enable_cap(vm, KVM_CAP_DISABLE_QUIRKS2, KVM_X86_QUIRK_LAPIC_MMIO_HOLE));
	ASSERT_TRUE(vcpu_expect(v, "the APIC page without its quirk", OPS(LD(4, 0xfee00030)),
				EXITS(MMIO_RD(0xfee00030, 4, 0x1234))));
}

/*
 * The quirk is also listed where it has no effect: "such quirks remain available" ("KVM:
 * x86: Allow vendor code to disable quirks").  It is not listed where KVM cannot
 * honour the guest's PAT: with shadow paging, and with EPT without self-snoop (F1m).
 * Stable kernels before 6.16 may have it or not.
 */
KVMEM_TEST(quirk_ignore_guest_pat, "F1m")
{
	bool listed = quirks() & KVM_X86_QUIRK_IGNORE_GUEST_PAT, can_obey = true;

	if (!memtype_tdp())
		can_obey = false;
	else if (!strcmp(arch_backend(), "vmx"))
		can_obey = cpu_host_flag("ss");
	if (can_obey && !listed && !env_kernel_from(6, 16))
		SKIP(return, "this kernel has no KVM_X86_QUIRK_IGNORE_GUEST_PAT (6.16)");
	ASSERT_EQ(can_obey, listed);
	ASSERT_EQ(can_obey ? 0 : -EINVAL,
		  vm_enable_cap(vm_create(NULL), KVM_CAP_DISABLE_QUIRKS2,
				KVM_X86_QUIRK_IGNORE_GUEST_PAT));
}

/* --- the PAT MSR (F2m) --------------------------------------------------- */

/* SDM volume 3, 12.12: 2, 3 and 8 to 255 are reserved. */
static bool type_ok(unsigned int type)
{
	return type <= 7 && type != 2 && type != 3;
}

static uint64_t with_field(unsigned int field, unsigned int type)
{
	return (PAT_RESET & ~(0xffULL << 8 * field)) | (uint64_t)type << 8 * field;
}

#define TYPES_A_LIST 40

/*
 * Every value of every field, by WRMSR: the reserved ones raise #GP(0) and change
 * nothing.
 * Red with: kvm_pat_valid() that accepts 2 or 3, or checks fewer fields.
 */
KVMEM_TEST(pat_wrmsr, "F2m")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	unsigned int field, type, i, types = (unsigned int)env_pick(TYPES_A_LIST, 256, 256);
	struct mbox_op ops[2 * TYPES_A_LIST];
	uint64_t now = PAT_RESET;

	for (field = 0; field < 8; field++) {
		for (type = 0; type < types; type += i) {
			for (i = 0; i < TYPES_A_LIST && type + i < types; i++) {
				ops[2 * i] = (struct mbox_op)WRMSR(MSR_PAT, with_field(field, type + i));
				ops[2 * i + 1] = (struct mbox_op)RDMSR(MSR_PAT);
			}
			ASSERT_EQ(VCPU_DONE, vcpu_do(v, ops, 2 * i, NO_EXITS));
			ASSERT_EQ(0, v->nr_exits);
			for (i = 0; i < TYPES_A_LIST && type + i < types; i++) {
				const struct mbox_result *r = vcpu_result(v, 2 * i);

				ASSERT_EQ(type_ok(type + i) ? -1 : 13, r->vector) {
					TH_LOG("field %u type 0x%x", field, type + i);
				}
				ASSERT_EQ(type_ok(type + i), r->done);
				ASSERT_EQ(0, r->vector == 13 ? r->error : 0);
				if (type_ok(type + i))
					now = with_field(field, type + i);
				ASSERT_EQ(now, vcpu_value(v, 2 * i + 1)) {
					TH_LOG("field %u type 0x%x", field, type + i);
				}
			}
		}
	}
}

/* The same rule for KVM_SET_MSRS.  Red with: the check for the guest's writes only. */
KVMEM_TEST(pat_set_msrs, "F2m")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	unsigned int field, type;
	uint64_t now = PAT_RESET, got;

	for (field = 0; field < 8; field++) {
		for (type = 0; type < 256; type++) {
			bool ok = type_ok(type);

			ASSERT_EQ(ok, cpu_set_msr(v, MSR_PAT, with_field(field, type))) {
				TH_LOG("field %u type 0x%x", field, type);
			}
			if (ok)
				now = with_field(field, type);
			ASSERT_TRUE(cpu_get_msr(v, MSR_PAT, &got));
			ASSERT_EQ(now, got);
		}
	}
	/* The guest reads the value set by the VMM. */
	ASSERT_TRUE(cpu_set_msr(v, MSR_PAT, 0x0001040506070006ULL));
	ASSERT_TRUE(vcpu_expect(v, "RDMSR", OPS(RDMSR(MSR_PAT)), NO_EXITS));
	ASSERT_EQ(0x0001040506070006ULL, vcpu_value(v, 0));
}

/* Red with: MSR_IA32_CR_PAT_DEFAULT changed; the value kept in the VM. */
KVMEM_TEST(pat_of_each_vcpu, "F2m")
{
	struct vm *vm = vm_create(&(struct vm_opts){ .nr_vcpus = 3 });
	static const uint64_t values[] = { 0x0606060606060606, 0x0001040506070006 };
	uint64_t got;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(cpu_get_msr(vm->vcpu[i], MSR_PAT, &got));
		ASSERT_EQ(PAT_RESET, got);
		ASSERT_TRUE(vcpu_expect(vm->vcpu[i], "reset value", OPS(RDMSR(MSR_PAT)), NO_EXITS));
		ASSERT_EQ(PAT_RESET, vcpu_value(vm->vcpu[i], 0));
	}
	ASSERT_TRUE(vcpu_expect(vm->vcpu[0], "WRMSR", OPS(WRMSR(MSR_PAT, values[0])), NO_EXITS));
	ASSERT_TRUE(cpu_set_msr(vm->vcpu[1], MSR_PAT, values[1]));
	for (i = 0; i < 3; i++) {
		uint64_t want = i < 2 ? values[i] : PAT_RESET;

		ASSERT_TRUE(vcpu_expect(vm->vcpu[i], "RDMSR", OPS(RDMSR(MSR_PAT)), NO_EXITS));
		ASSERT_EQ(want, vcpu_value(vm->vcpu[i], 0));
		ASSERT_TRUE(cpu_get_msr(vm->vcpu[i], MSR_PAT, &got));
		ASSERT_EQ(want, got);
	}
}

/* Like a VMM: the list of MSRs to save, GET, SET on a vCPU of a new VM. */
KVMEM_TEST(pat_migrates, "F2m")
{
	static struct {
		struct kvm_msr_list head;
		uint32_t indices[1024];
	} list = { .head.nmsrs = 1024 };
	struct vcpu *from = vm_create(NULL)->vcpu[0], *to;
	uint64_t value = 0x0000010405060706ULL, got;
	bool found = false;
	uint32_t i;

	ASSERT_EQ(0, ioctl(vm_device(), KVM_GET_MSR_INDEX_LIST, &list));
	for (i = 0; i < list.head.nmsrs; i++)
		found |= list.indices[i] == MSR_PAT;
	ASSERT_TRUE(found);
	ASSERT_TRUE(vcpu_expect(from, "WRMSR", OPS(WRMSR(MSR_PAT, value)), NO_EXITS));
	ASSERT_TRUE(cpu_get_msr(from, MSR_PAT, &got));
	vm_destroy(from->vm);

	to = vm_create(NULL)->vcpu[0];
	ASSERT_TRUE(cpu_set_msr(to, MSR_PAT, got));
	ASSERT_TRUE(vcpu_expect(to, "RDMSR", OPS(RDMSR(MSR_PAT)), NO_EXITS));
	ASSERT_EQ(value, vcpu_value(to, 0));
}

/* --- the memory type in SPTEs (F3m, F4m) --------------------------------- */

enum backing { ANON, HUGE, FILE_SHARED };

FIXTURE(spte) {
	struct vm *vm;
	struct vcpu *v;
	uint8_t *ram;
	uint64_t size;
	struct memtype_trace *t;
};

FIXTURE_VARIANT(spte) {
	enum backing backing;
	bool quirk_off;		/* KVM_X86_QUIRK_IGNORE_GUEST_PAT */
};

FIXTURE_VARIANT_ADD(spte, anon) { ANON, false };
FIXTURE_VARIANT_ADD(spte, huge) { HUGE, false };
FIXTURE_VARIANT_ADD(spte, file) { FILE_SHARED, false };
FIXTURE_VARIANT_ADD(spte, anon_quirk_off) { ANON, true };
FIXTURE_VARIANT_ADD(spte, huge_quirk_off) { HUGE, true };
FIXTURE_VARIANT_ADD(spte, file_quirk_off) { FILE_SHARED, true };

KVMEM_SETUP(spte)
{
	struct vm_opts o = {
		.quirks_off = variant->quirk_off ? KVM_X86_QUIRK_IGNORE_GUEST_PAT : 0,
	};

	self->vm = vm_create(&o);
	self->t = memtype_trace();
	self->v = self->vm->vcpu[0];
	self->size = PAGE_2M;
	self->ram = vm_alloc(self->size);
	if (variant->backing == HUGE)
		madvise(self->ram, self->size, MADV_HUGEPAGE);
	if (variant->backing == FILE_SHARED)
		self->ram = mmap(self->ram, self->size, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->ram);
	vm_slot(self->vm, 1, 0, RAM, self->size, self->ram);
}

/*
 * RAM is write-back; with EPT the entry has IPAT (the guest's PAT is ignored) unless the
 * quirk is disabled.  The same after the mapping was zapped and made again.
 * Red with: IPAT the wrong way round in vmx_get_mt_mask(); kvm_is_mmio_pfn()
 * true for RAM; any of PWT, PCD and PAT in an entry of NPT.
 */
KVMEM_TEST_F(spte, ram, "F3m")
{
	enum memtype_want want = variant->quirk_off ? MEMTYPE_RAM_PAT : MEMTYPE_RAM;
	int i;

	for (i = 0; i < 3; i++) {
		memtype_clear(self->t);
		vcpu_store(self->v, 8, RAM + 0x3000, DATA + i);
		ASSERT_EQ(DATA + i, *(uint64_t *)(self->ram + 0x3000));
		ASSERT_TRUE(memtype_is(self->t, RAM + 0x3000, want));
		if (variant->backing == HUGE && i == 0)
			REQUIRE(memtype_level(self->t, RAM + 0x3000) == 2,
				"no huge page for the slot: transparent huge pages are off, or memory is short");
		ASSERT_EQ(0, madvise(self->ram, self->size, MADV_DONTNEED));
	}
}

/* The zero page is PageReserved like device memory, but RAM. */
KVMEM_TEST(spte_zero_page, "F3m")
{
	struct memtype_trace *t = memtype_trace();
	struct vm *vm = vm_create(NULL);
	uint8_t *ram = vm_alloc(2 * PAGE_4K);

	vm_slot(vm, 1, 0, RAM, 2 * PAGE_4K, ram);
	ASSERT_EQ(0, vcpu_load(vm->vcpu[0], 8, RAM));
	ASSERT_TRUE(memtype_is(t, RAM, MEMTYPE_RAM));
	vcpu_store(vm->vcpu[0], 8, RAM, DATA);
	ASSERT_EQ(DATA, *(uint64_t *)ram);
	ASSERT_TRUE(memtype_is(t, RAM, MEMTYPE_RAM));
}

/*
 * The CPU combines the type in the guest's tables with the SPTE's; KVM does not copy it.
 * The PAT bit of a 4 KiB entry is at the position of the large-page bit of a
 * directory entry and must not be confused with it.
 */
KVMEM_TEST(guest_pte_bits, "F3m")
{
	struct memtype_trace *t = memtype_trace();
	struct vm *vm = vm_create(NULL);
	uint8_t *ram = vm_alloc(8 * PAGE_4K);
	unsigned int i;

	vm_slot(vm, 1, 0, RAM, 8 * PAGE_4K, ram);
	ASSERT_TRUE(cpu_set_msr(vm->vcpu[0], MSR_PAT, 0x0001040506070006ULL));
	for (i = 0; i < 8; i++) {
		uint64_t gva = VM_WINDOW + i * PAGE_4K;

		mmu_map(vm, gva, RAM + i * PAGE_4K, 1, PTE_PAT_INDEX(i));
		vcpu_store(vm->vcpu[0], 8, gva + 8, DATA + i);
		ASSERT_EQ(DATA + i, vcpu_load(vm->vcpu[0], 8, gva + 8));
		ASSERT_TRUE(memtype_is(t, RAM + i * PAGE_4K, MEMTYPE_RAM)) {
			TH_LOG("PAT entry %u", i);
		}
	}
	for (i = 0; i < 8; i++)
		ASSERT_EQ(DATA + i, *(uint64_t *)(ram + i * PAGE_4K + 8));
}

/*
 * The documentation requires quirks to be disabled before vCPUs exist.  The effect of
 * disabling one later on existing mappings is recorded; memory content must not
 * change.
 */
KVMEM_TEST(late_quirk_disable, "F4m")
{
	struct memtype_trace *t = memtype_trace();
	struct vm *vm = vm_create(NULL);
	uint8_t *ram = vm_alloc(2 * PAGE_4K);
	char before[64], after[64];

	REQUIRE(quirks() & KVM_X86_QUIRK_IGNORE_GUEST_PAT,
		"KVM_CAP_DISABLE_QUIRKS2 does not offer KVM_X86_QUIRK_IGNORE_GUEST_PAT");
	vm_slot(vm, 1, 0, RAM, 2 * PAGE_4K, ram);
	vcpu_store(vm->vcpu[0], 8, RAM, DATA);
	memtype_print(t, RAM, before, sizeof(before));
	ASSERT_EQ(0, vm_enable_cap(vm, KVM_CAP_DISABLE_QUIRKS2, KVM_X86_QUIRK_IGNORE_GUEST_PAT));
	memtype_clear(t);
	ASSERT_EQ(DATA, vcpu_load(vm->vcpu[0], 8, RAM));
	memtype_print(t, RAM, after, sizeof(after));
	record_observation("F4m", "late_quirk_disable.mapped", "%s; then %s", before, after);
	vcpu_store(vm->vcpu[0], 8, RAM + PAGE_4K, DATA + 1);
	memtype_print(t, RAM + PAGE_4K, after, sizeof(after));
	record_observation("F4m", "late_quirk_disable.new", "%s", after);
	ASSERT_EQ(DATA + 1, *(uint64_t *)(ram + PAGE_4K));
	ASSERT_EQ(DATA, *(uint64_t *)ram);
}

/* --- the effective memory type (F6m) ------------------------------------- */

/*
 * Entries of the PAT, and whether loads through them hit the cache if the guest's PAT is
 * honoured; if it is not, all do.
 */
#define PAT_EACH_TYPE 0x0406050400070106ULL

static const struct {
	const char *name;
	bool cached;
} types[] = {
	{ "WB", true }, { "WC", false }, { "UC-", false }, { "UC", false },
	{ "WT", true }, { "WP", true }, { "WB again", true },
};

FIXTURE(effective) {
	struct vm *vm;
	struct vcpu *v;
	bool pat_counts;
};

FIXTURE_VARIANT(effective) {
	bool quirk_off;		/* KVM_X86_QUIRK_IGNORE_GUEST_PAT */
};

FIXTURE_VARIANT_ADD(effective, by_default) { .quirk_off = false };
FIXTURE_VARIANT_ADD(effective, quirk_off) { .quirk_off = true };

/* Virtual address of the page that is mapped through an entry of the PAT. */
static uint64_t typed(unsigned int entry)
{
	return VM_WINDOW + entry * PAGE_4K;
}

KVMEM_SETUP(effective)
{
	struct vm_opts o = {
		.quirks_off = variant->quirk_off ? KVM_X86_QUIRK_IGNORE_GUEST_PAT : 0,
	};
	unsigned int i;
	uint8_t *ram;

	/* An emulated CPU has no caches, and a nested host may not get the PAT it sets (F7m). */
	if (cpu_host_flag("hypervisor"))
		end_skip("memory types are not observable here: this host runs in a virtual machine");
	self->vm = vm_create(&o);
	self->v = self->vm->vcpu[0];
	ram = vm_alloc(8 * PAGE_4K);
	vm_slot(self->vm, 1, 0, RAM, 8 * PAGE_4K, ram);
	for (i = 0; i < 8; i++)
		mmu_map(self->vm, typed(i), RAM + i * PAGE_4K, 1, PTE_PAT_INDEX(i));
	if (!cpu_set_msr(self->v, MSR_PAT, PAT_EACH_TYPE))
		end_fail("PAT 0x%llx refused", PAT_EACH_TYPE);
	self->pat_counts = memtype_tdp() &&
			   (!strcmp(arch_backend(), "svm") || variant->quirk_off);
}

/*
 * Whether loads are cached or not as expected; a skip if five tries are inconclusive.
 * Each try calibrates again, because the CPU frequency changes.
 */
static bool loads_are(struct vcpu *v, const char *name, uint64_t gva, bool cached)
{
	enum memspeed_verdict verdict = MEMSPEED_UNCLEAR;
	struct memspeed m;
	uint32_t load = 0;
	int tries;

	for (tries = 0; tries < 5 && verdict == MEMSPEED_UNCLEAR; tries++) {
		memspeed_calibrate(v, typed(0), &m);
		if (!memspeed_usable(&m))
			end_skip("memory types are not observable here: a load takes %u ticks, after CLFLUSH %u",
				 m.hit, m.miss);
		load = memspeed_loads(v, gva);
		verdict = memspeed_judge(&m, load);
	}
	diag("%s: %u ticks per load; cached %u, after CLFLUSH %u", name, load, m.hit, m.miss);
	if (verdict == MEMSPEED_UNCLEAR)
		end_skip("%s: a load takes %u ticks, neither like a cached one (%u) nor like a miss (%u)",
			 name, load, m.hit, m.miss);
	return cached == (verdict == MEMSPEED_CACHED);
}

/*
 * Red with: the guest's PAT not loaded (save.g_pat, GUEST_IA32_PAT); IPAT the
 * wrong way round.
 */
KVMEM_TEST_F(effective, loads, "F6m")
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		ASSERT_TRUE(loads_are(self->v, types[i].name, typed(i),
				      types[i].cached || !self->pat_counts));
}

/* One page, one entry of the PAT, whose type the guest changes with WRMSR. */
KVMEM_TEST_F(effective, wrmsr_changes_type, "F6m")
{
	static const unsigned int sequence[] = { MT_WB, MT_UC, MT_WB, MT_WC };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sequence); i++) {
		uint64_t pat = (PAT_EACH_TYPE & ~0xff00ULL) | sequence[i] << 8;

		ASSERT_TRUE(vcpu_expect(self->v, "WRMSR",
			OPS(WRMSR(MSR_PAT, pat), { .kind = OP_INVLPG, .addr = typed(1) },
			    { .kind = OP_WBINVD }), NO_EXITS));
		ASSERT_TRUE(loads_are(self->v, sequence[i] == MT_WB ? "WB" : "not WB", typed(1),
				      sequence[i] == MT_WB || !self->pat_counts));
	}
}

/*
 * Stores: write-combining sends whole lines, uncached one transaction per store, eight
 * times as many; half of that difference must be measured.
 */
KVMEM_TEST_F(effective, stores, "F6m")
{
	struct memspeed m;
	uint32_t wb, wc, uc;

	memspeed_calibrate(self->v, typed(0), &m);
	REQUIRE(memspeed_usable(&m), "memory types are not observable here: a load takes %u ticks, after CLFLUSH %u",
		m.hit, m.miss);
	wb = memspeed_stores(self->v, typed(0));
	wc = memspeed_stores(self->v, typed(1));
	uc = memspeed_stores(self->v, typed(3));
	record_observation("F6m", "stores_of_a_page", "WB %u, WC %u, UC %u ticks", wb, wc, uc);
	if (self->pat_counts) {
		ASSERT_GT(uc, 4 * wb);
		REQUIRE(wc < uc / 2 || wc > uc - uc / 4,
			"unclear: %u ticks for a page of WC stores, %u for UC", wc, uc);
		ASSERT_LT(wc, uc / 2);
	} else {
		ASSERT_LT(uc, 4 * wb);
	}
}

KVMEM_MAIN
