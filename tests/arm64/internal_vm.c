// SPDX-License-Identifier: GPL-2.0-only
/*
 * Internal VMs: no process is behind them (H6), the owner gets hypercalls, registers and
 * signals (H7), nothing is left of one that is destroyed (H8).
 */
#include "harness/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <linux/psci.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "arch/arm64/cpu.h"
#include "arch/arm64/internal.h"
#include "arch/arm64/layout.h"
#include "guest/list.h"
#include "util/util.h"

#define TAG	0x0102030400000000ULL

FIXTURE(vm) {
	struct ivm m;
};

FIXTURE_VARIANT(vm) {
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(vm, task) { 0 };
FIXTURE_VARIANT_ADD(vm, kthread) { KVM_INTERNAL_KTHREAD };

KVMEM_SETUP(vm)
{
	self->m = ivm_open();
	self->m.flags = variant->flags;
	ivm_setup(&self->m);
}

/* --- H6: no process ---------------------------------------------------------------------- */

#define NR_PROBES 32	/* the driver has fewer, and refuses the others */

/*
 * Every way from a gfn to memory fails; the memory of the caller at the same offset, which
 * it would be with an hva of 0, stays as it was.
 * Red with: gfn_to_hva() of a slot without hva.
 */
KVMEM_TEST_F(vm, no_hva, "H6")
{
	/* An address that an offset in the slot can be; vm.mmap_min_addr is below it. */
	const uint64_t low_address = 0x200000, size = 2 * PAGE_2M;
	struct ivm_mem mem = ivm_alloc(&self->m, size, PAGE_2M);
	uint64_t *here = mmap((void *)low_address, 2 * PAGE_4K, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	unsigned int what, i, probes = 0, places;

	if (here != (void *)low_address)
		end_skip("no memory at 0x%llx", (unsigned long long)low_address);
	for (i = 0; i < 2 * PAGE_4K / 8; i++)
		here[i] = TAG + i;
	ivm_host_fill(&mem, 0, size, PAGE_4K, TAG);
	ASSERT_EQ(0, ivm_map(&self->m, 1, 0, mem.pa, size));
	for (what = 0; what < NR_PROBES; what++) {
		const uint64_t gpas[] = { mem.pa, mem.pa + low_address,
					  mem.pa + low_address + PAGE_4K - 8,
					  0x1000 };

		for (places = 0; places < ARRAY_SIZE(gpas); places++) {
			struct kvm_internal_probe p = { .gpa = gpas[places], .what = what };
			int err = ivm_ioctl(&self->m, KVM_INTERNAL_PROBE, &p);

			if (err == -EINVAL && !places)
				break;
			ASSERT_EQ(0, err);
			ASSERT_LT(p.rc, 0) {
				TH_LOG("way %u to 0x%llx: %d", what,
				       (unsigned long long)p.gpa, p.rc);
			}
			probes += !places;
		}
	}
	ASSERT_GE(probes, 8);
	for (i = 0; i < 2 * PAGE_4K / 8; i++)
		ASSERT_EQ(TAG + i, here[i]);
	ASSERT_TRUE(ivm_host_has(&mem, 0, size, PAGE_4K, TAG));
	ASSERT_TRUE(ivm_has(&self->m, mem.pa, size, PAGE_4K, TAG));
}

/*
 * What KVM would write to guest memory itself is refused when it is set up: stolen time,
 * and devices (the ITS has tables).
 * Red with: KVM_CREATE_DEVICE, or the attribute, allowed.
 */
KVMEM_TEST_F(vm, no_tables, "H6")
{
	struct ivm_mem mem = ivm_alloc(&self->m, PAGE_4K, PAGE_4K);
	uint64_t gpa = mem.pa;
	struct kvm_internal_attr a = {
		.group = KVM_ARM_VCPU_PVTIME_CTRL, .attr = KVM_ARM_VCPU_PVTIME_IPA,
		.addr = (uintptr_t)&gpa,
	};
	const uint32_t devices[] = { KVM_DEV_TYPE_ARM_VGIC_V3,
				     KVM_DEV_TYPE_ARM_VGIC_ITS,
				     KVM_DEV_TYPE_VFIO };
	struct ivm_result r;
	unsigned int i;

	ASSERT_EQ(0, ivm_map(&self->m, 1, 0, mem.pa, PAGE_4K));
	memset(mem.hva, 0x5a, PAGE_4K);
	ASSERT_LT(ivm_ioctl(&self->m, KVM_INTERNAL_ATTR, &a), 0);
	/* HV_PV_TIME_ST: no structure. */
	r = ivm_do(&self->m, IVM_EL1, internal_hvc_0, 0xc5000021, 0, 0, 0);
	ASSERT_TRUE(!r.done || r.x[0] == ~0ULL || r.x[0] == 0xc5000021);
	for (i = 0; i < ARRAY_SIZE(devices); i++) {
		uint32_t type = devices[i];

		ASSERT_LT(ivm_ioctl(&self->m, KVM_INTERNAL_DEVICE, &type), 0);
	}
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(ivm_do(&self->m, IVM_EL1, internal_nop, 0, 0, 0, 0).done);
	for (i = 0; i < PAGE_4K; i++)
		ASSERT_EQ(0x5a, mem.hva[i]);
}

/* --- H7: the owner ----------------------------------------------------------------------- */

static uint64_t reg_pattern(unsigned int round, unsigned int i)
{
	return round ? ~0ULL - i : 0x1000100010001ULL * (i + 1);
}

/*
 * HVC with any immediate ends the run at the instruction after it; all registers are the
 * owner's to read and to set, each on its own.
 * Red with: an immediate cut or answered by KVM; a register lost; HVC executed again.
 */
KVMEM_TEST_F(vm, hypercalls, "H7")
{
	static const struct { const char *code; uint64_t imm; } calls[] = {
		{ internal_hvc_3, 3 }, { internal_hvc_0x4d, 0x4d }, { internal_hvc_0x8000, 0x8000 },
		{ internal_hvc_0xffff, 0xffff }, { internal_hvc_0, 0 },
	};
	unsigned int i, k, round;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		struct kvm_internal_run run = { .pstate = 0x3c5, .sp_el1 = 0x1234567890 };

		for (round = 0; round < 2; round++) {
			for (k = 0; k < 31; k++)
				run.regs[k] = reg_pattern(round, k) + calls[i].imm;
			run.pc = ivm_at(&self->m, calls[i].code);
			ivm_run(&self->m, &run);
			ASSERT_EQ(0, run.rc);
			ASSERT_EQ(KVM_EXIT_HYPERCALL, run.exit_reason);
			ASSERT_EQ(calls[i].imm, run.hvc);
			ASSERT_EQ(ivm_at(&self->m, calls[i].code) + 4, run.pc);
			ASSERT_EQ(0x1234567890, run.sp_el1);
			ASSERT_EQ(0x3c5, run.pstate & 0x3df);
			for (k = 0; k < 31; k++)
				ASSERT_EQ(reg_pattern(round, k) + calls[i].imm, run.regs[k]);
		}
	}
}

/*
 * PSCI by HVC #0 stays KVM's; other functions, and other immediates, are the owner's.
 * Red with: PSCI that goes to the owner; HVC #0 that never does.
 */
KVMEM_TEST_F(vm, psci, "H7")
{
	struct ivm_result r = ivm_do(&self->m, IVM_EL1, internal_hvc_0,
				     PSCI_0_2_FN_PSCI_VERSION, 0, 0, 0);

	ASSERT_TRUE(r.done);
	ASSERT_GE(r.x[0], 2);
	ASSERT_LT(r.x[0], 0x20000);
	/* Another function, and another immediate. */
	r = ivm_do(&self->m, IVM_EL1, internal_hvc_0, 0x12345678, 0, 0, 0);
	ASSERT_EQ(KVM_EXIT_HYPERCALL, r.exit);
	ASSERT_EQ(0, r.hvc);
	ASSERT_EQ(0x12345678, r.x[0]);
	r = ivm_do(&self->m, IVM_EL1, internal_hvc_3, PSCI_0_2_FN_PSCI_VERSION, 0, 0, 0);
	ASSERT_EQ(3, r.hvc);
	ASSERT_EQ(PSCI_0_2_FN_PSCI_VERSION, r.x[0]);
}

/* An instruction that the VM does not have is an exception in the guest, not an exit. */
KVMEM_TEST_F(vm, smc, "H7 H5")
{
	struct ivm_result r = ivm_do(&self->m, IVM_EL1, internal_smc, 0x12345678, 0, 0, 0);

	ASSERT_EQ(0, r.rc);
	ASSERT_EQ(KVM_EXIT_HYPERCALL, r.exit);
	ASSERT_EQ(IVM_EXCEPTION, r.hvc);
	/* Undefined, or answered with NOT_SUPPORTED. */
	ASSERT_TRUE(r.esr >> 26 == 0 || (r.done && r.x[0] == ~0ULL));
}

static uint64_t fp_pattern(unsigned int set, unsigned int i)
{
	return 0x0123456789abcdefULL * (i + 1) ^ (uint64_t)set << 56;
}

/*
 * The guest's registers of FP stay over runs in which the owner uses its own, and the owner's
 * over runs of the guest.
 * Red with: state not loaded without an mm; not saved when the run ends.
 */
KVMEM_TEST_F(vm, floating_point, "H7")
{
	struct ivm_mem mem = ivm_alloc(&self->m, PAGE_4K, PAGE_4K);
	uint64_t own[64], back[64], *page = (uint64_t *)mem.hva;
	unsigned int i, round;

	ASSERT_EQ(0, ivm_map(&self->m, 1, 0, mem.pa, PAGE_4K));
	for (round = 0; round < 20; round++) {
		for (i = 0; i < 64; i++) {
			page[i] = fp_pattern(round, i);
			own[i] = fp_pattern(0x80 + round, i);
		}
		ASSERT_TRUE(ivm_do(&self->m, IVM_EL1_MMU, internal_load_fp, mem.pa, 0, 0, 0).done);
		memset(page, 0, PAGE_4K);
		/* Own registers v8 to v23, around an ioctl that runs the guest. */
		{
			struct kvm_internal_run run = {
				.regs = { mem.pa }, .pstate = 0x3c5, .flags = self->m.flags,
				.pc = ivm_at(&self->m, internal_store_fp),
			};
			register long nr asm("x8") = 29;	/* ioctl */
			register long x0 asm("x0") = self->m.fd;
			register long x1 asm("x1") = (long)KVM_INTERNAL_RUN;
			register void *x2 asm("x2") = &run;

			asm volatile(
				"ldp q8, q9, [%[own]]\n\tldp q10, q11, [%[own], #32]\n\t"
				"ldp q30, q31, [%[own], #64]\n\tsvc #0\n\t"
				"stp q8, q9, [%[back]]\n\tstp q10, q11, [%[back], #32]\n\t"
				"stp q30, q31, [%[back], #64]"
				: "+r"(x0)
				: "r"(nr), "r"(x1),
				  "r"(x2), [own] "r"(own), [back] "r"(back)
				: "memory", "v8", "v9", "v10", "v11", "v30",
				  "v31");
			ASSERT_EQ(0, x0);
			ASSERT_EQ(0, run.rc);
			ASSERT_EQ(KVM_EXIT_HYPERCALL, run.exit_reason);
		}
		for (i = 0; i < 12; i++)
			ASSERT_EQ(own[i], back[i]);
		for (i = 0; i < 64; i++)
			ASSERT_EQ(fp_pattern(round, i), page[i]);
	}
}

/*
 * A signal ends the run of a guest that never comes back; the vCPU goes on afterwards.
 * Red with: a run that only an exit ends; WFI that waits for ever in a kernel thread.
 */
KVMEM_TEST_F(vm, signals, "H7")
{
	static const char *const codes[] = { internal_spin, internal_wfi };
	unsigned int i;

	self->m.give_up_ms = 200;
	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		struct ivm_result r = ivm_do(&self->m, IVM_EL1, codes[i], 0, 0, 0, 0);

		/* WFI may end at once: it is a hint. */
		if (codes[i] == internal_wfi && r.done)
			continue;
		ASSERT_EQ(-EINTR, r.rc);
		if (codes[i] == internal_spin)
			ASSERT_GT(r.x[1], 0);
		ASSERT_TRUE(ivm_do(&self->m, IVM_EL1, internal_nop, 0, 0, 0, 0).done);
	}
}

/* --- H8: the end -------------------------------------------------------------------------- */

static unsigned int debugfs_entries(void)
{
	DIR *d = opendir("/sys/kernel/debug/kvm");
	unsigned int n = 0;
	struct dirent *e;

	if (!d)
		end_skip("no /sys/kernel/debug/kvm");
	while ((e = readdir(d)))
		n += e->d_type == DT_DIR && e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* Destroying is over when the page tables are gone: it may go on in the background. */
static bool all_is_gone(long tables, unsigned int entries)
{
	unsigned int tries;

	for (tries = 0; tries < 100; tries++) {
		if (ivm_page_tables() <= tables && debugfs_entries() <= entries)
			return true;
		usleep(20000);
	}
	diag("%ld pages of tables, %ld before; %u entries in debugfs, %u before", ivm_page_tables(),
	     tables, debugfs_entries(), entries);
	return false;
}

/*
 * Page tables and entries in debugfs go with the VM: whether its vCPUs have run or not, or it
 * has none, by the call or with the file.
 * Red with: the stage-2 tables not freed, since no notifier does it.
 */
KVMEM_TEST(teardown, "H8")
{
	unsigned int entries, way, flags;
	long tables;

	for (flags = 0; flags < 2; flags++) {
		for (way = 0; way < 8; way++) {
			struct ivm m = ivm_open();
			struct ivm_mem mem;
			int ran = 0;

			entries = debugfs_entries();
			tables = ivm_page_tables();
			m.flags = flags ? KVM_INTERNAL_KTHREAD : 0;
			mem = ivm_alloc(&m, 2 * PAGE_2M + PAGE_4K, PAGE_2M);
			if (way == 0) {
				ASSERT_EQ(0, ivm_create(&m));
			} else {
				ivm_setup(&m);
				ASSERT_GT(debugfs_entries(), entries);
			}
			if (way > 1)
				ASSERT_EQ(0, ivm_map(&m, 1, 0, mem.pa, mem.size));
			if (way > 2) {
				ivm_host_fill(&mem, 0, mem.size, PAGE_4K, TAG);
				ASSERT_TRUE(ivm_has(&m, mem.pa, mem.size, PAGE_4K, TAG));
				ran = 1;
			}
			if (way > 3)
				ASSERT_EQ(0, ivm_vcpu(&m, 1));
			if (way > 4)
				ASSERT_EQ(0, ivm_unmap(&m, 1));
			ASSERT_TRUE(ran == (way > 2));
			if (way % 2) {
				ASSERT_EQ(0, ivm_destroy(&m));
				ASSERT_TRUE(all_is_gone(tables, entries));
				ASSERT_NE(0, ivm_destroy(&m));
				ASSERT_NE(0, ivm_vcpu(&m, 0));
				ASSERT_NE(0, ivm_map(&m, 1, 0, mem.pa, PAGE_4K));
			}
			munmap(mem.hva, mem.size);
			ivm_close(&m);
			ASSERT_TRUE(all_is_gone(tables, entries));
		}
	}
}

/*
 * The owner is killed while its vCPU spins.
 * Red with: a run in a kernel thread that nobody ends.
 */
KVMEM_TEST(killed, "H8 H7")
{
	struct ivm here = ivm_open();
	unsigned int entries, flags;
	long tables;

	ivm_close(&here);
	entries = debugfs_entries();
	tables = ivm_page_tables();
	for (flags = 0; flags < 2; flags++) {
		int ready[2], status;
		pid_t child;
		char c;

		ASSERT_EQ(0, pipe(ready));
		child = fork();
		ASSERT_GE(child, 0);
		if (!child) {
			struct ivm m = ivm_open();
			struct kvm_internal_run run = { .pstate = 0x3c5 };

			m.flags = flags ? KVM_INTERNAL_KTHREAD : 0;
			ivm_setup(&m);
			run.pc = ivm_at(&m, internal_spin);
			if (write(ready[1], "", 1) == 1)
				ivm_run(&m, &run);
			_exit(1);
		}
		close(ready[1]);
		ASSERT_EQ(1, read(ready[0], &c, 1));
		close(ready[0]);
		usleep(100000);
		ASSERT_EQ(0, kill(child, SIGKILL));
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status));
		ASSERT_TRUE(all_is_gone(tables, entries));
	}
}

struct runner {
	struct ivm *m;
	struct kvm_internal_run run;
	int rc;
};

static void *run_thread(void *arg)
{
	struct runner *r = arg;

	r->rc = ivm_ioctl(r->m, KVM_INTERNAL_RUN, &r->run);
	return NULL;
}

/*
 * The VM is destroyed while a vCPU spins in it: the run ends.
 * Red with: a destruction that does not wait for the run, or never ends it.
 */
KVMEM_TEST_F(vm, destroyed_while_running, "H8")
{
	struct runner r = { .m = &self->m, .run = { .pstate = 0x3c5, .flags = self->m.flags } };
	pthread_t thread;

	r.run.pc = ivm_at(&self->m, internal_spin);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_thread, &r));
	usleep(200000);
	ASSERT_EQ(0, ivm_destroy(&self->m));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_TRUE(r.rc < 0 || r.run.rc < 0);
	ASSERT_EQ(0, ivm_create(&self->m));
}

/*
 * Two internal VMs and one of a process, each with its own memory, side by side; memslots of
 * user VMs are as many as ever.
 * Red with: a VMID or a root shared; slots taken from user VMs.
 */
KVMEM_TEST_F(vm, side_by_side, "H8 H1")
{
	struct ivm other = ivm_open();
	struct ivm_mem a = ivm_alloc(&self->m, 4 * PAGE_4K, PAGE_4K), b;
	struct vm *user = vm_create(NULL);
	uint32_t *page = vm_alloc(VM_PAGE);
	unsigned int i;

	other.flags = self->m.flags;
	ivm_setup(&other);
	b = ivm_alloc(&other, 4 * PAGE_4K, PAGE_4K);
	ivm_host_fill(&a, 0, a.size, 8, TAG);
	ivm_host_fill(&b, 0, b.size, 8, 2 * TAG);
	ASSERT_EQ(0, ivm_map(&self->m, 1, 0, a.pa, a.size));
	ASSERT_EQ(0, ivm_map(&other, 1, 0, b.pa, b.size));
	/* The user's VM has other memory at the same guest address. */
	vm_slot(user, 1, 0, a.pa & ~(VM_PAGE - 1), VM_PAGE, page);
	for (i = 0; i < 10; i++) {
		page[(a.pa & (VM_PAGE - 1)) / 4] = i;
		ASSERT_EQ(i, vcpu_load(user->vcpu[0], 4, a.pa));
		ASSERT_TRUE(ivm_has(&self->m, a.pa, a.size, 8, TAG));
		ASSERT_TRUE(ivm_has(&other, b.pa, b.size, 8, 2 * TAG));
		ASSERT_FALSE(ivm_do(&other, IVM_EL1_MMU, internal_ldr, a.pa, 0, 0, 0).done);
		ASSERT_FALSE(ivm_do(&self->m, IVM_EL1_MMU, internal_str, b.pa, 0, 0, 0).done);
	}
	ASSERT_EQ(32767, vm_cap(user, KVM_CAP_NR_MEMSLOTS));
	ivm_close(&other);
	ASSERT_TRUE(ivm_has(&self->m, a.pa, a.size, 8, TAG));
	ASSERT_EQ(9, vcpu_load(user->vcpu[0], 4, a.pa));
}

/*
 * Two vCPUs see each other's stores.
 * Red with: an ID that may be used twice.
 */
KVMEM_TEST_F(vm, two_vcpus, "H7 H1")
{
	struct ivm_mem mem = ivm_alloc(&self->m, PAGE_4K, PAGE_4K);
	struct kvm_internal_run run = { .vcpu = 1, .pstate = 0x3c5 };
	unsigned int i;

	ASSERT_EQ(0, ivm_map(&self->m, 1, 0, mem.pa, PAGE_4K));
	ASSERT_EQ(0, ivm_vcpu(&self->m, 1));
	ASSERT_EQ(-EEXIST, ivm_vcpu(&self->m, 1));
	ivm_prepare(&self->m, 1);
	for (i = 0; i < 10; i++) {
		struct ivm_result r = ivm_do(&self->m, IVM_EL1, internal_str,
					     mem.pa, 100 + i, 0, 0);

		ASSERT_TRUE(r.done);
		run.pc = ivm_at(&self->m, internal_ldr);
		run.regs[0] = mem.pa;
		ivm_run(&self->m, &run);
		ASSERT_EQ(0, run.rc);
		ASSERT_EQ(100 + i, run.regs[1]);
	}
}

/* --- the driver ----------------------------------------------------------------------------- */

/* Its mmap gives its own memory only, as a whole. */
KVMEM_TEST_F(vm, mmap_of_own_pages_only, "H6")
{
	struct ivm_mem mem = ivm_alloc(&self->m, 4 * PAGE_4K, PAGE_4K);
	struct ivm other = ivm_open();
	const struct { uint64_t offset, size;
	} bad[] = {
		{ mem.pa + PAGE_4K, PAGE_4K }, { mem.pa, 5 * PAGE_4K },
		{ mem.pa - PAGE_4K, PAGE_4K }, { 0, PAGE_4K },
		{ 0x09000000, PAGE_4K },       { 0x40000000, PAGE_4K },
	};
	uint64_t pa = mem.pa;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		ASSERT_EQ(MAP_FAILED, mmap(NULL, bad[i].size, PROT_READ, MAP_SHARED, self->m.fd,
					   (off_t)bad[i].offset));
	ASSERT_EQ(MAP_FAILED, mmap(NULL, mem.size, PROT_READ, MAP_SHARED, other.fd, (off_t)mem.pa));
	ASSERT_EQ(-EBUSY, ivm_ioctl(&self->m, KVM_INTERNAL_FREE, &pa));
	ASSERT_EQ(-ENOENT, ivm_ioctl(&other, KVM_INTERNAL_FREE, &pa));
	munmap(mem.hva, mem.size);
	ASSERT_EQ(0, ivm_map(&self->m, 1, 0, mem.pa, mem.size));
	ASSERT_EQ(-EBUSY, ivm_ioctl(&self->m, KVM_INTERNAL_FREE, &pa));
	ASSERT_EQ(0, ivm_unmap(&self->m, 1));
	ASSERT_EQ(0, ivm_ioctl(&self->m, KVM_INTERNAL_FREE, &pa));
	ASSERT_EQ(-ENOENT, ivm_ioctl(&self->m, KVM_INTERNAL_FREE, &pa));
	ivm_close(&other);
}

/* H9: protected KVM has none. */
KVMEM_TEST(protected_mode, "H9")
{
	char line[1024] = "";
	struct ivm m = ivm_open();

	env_read_line("/proc/cmdline", line, sizeof(line));
	if (!strstr(line, "kvm-arm.mode=protected"))
		end_never("KVM is not in protected mode (kvm-arm.mode=protected)");
	ASSERT_EQ(-EOPNOTSUPP, ivm_create(&m));
}

KVMEM_MAIN
