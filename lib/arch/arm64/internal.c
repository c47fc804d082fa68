// SPDX-License-Identifier: GPL-2.0-only
#include "arch/arm64/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "arch/arm64/cpu.h"
#include "arch/arm64/layout.h"
#include "kvm/vm.h"
#include "util/env.h"
#include "util/util.h"

#define PSTATE_DAIF	0x3c0
#define PSTATE_A	0x100
#define EC(esr)		((unsigned int)((esr) >> 26) & 0x3f)
#define EC_SVC		0x15

const struct ivm_mode ivm_modes[IVM_NR_MODES] = {
	{ "EL1", PSTATE_DAIF | 5, false, 0x200, 0 },
	{ "EL1, SErrors open", (PSTATE_DAIF & ~PSTATE_A) | 5, false, 0x200, 0 },
	{ "EL1, MMU on", (PSTATE_DAIF & ~PSTATE_A) | 5, true, 0x200, 0 },
	{ "EL0", PSTATE_DAIF, false, 0x400, 1 },
};

/* --- the driver ------------------------------------------------------------------- */

struct ivm ivm_open(void)
{
	struct ivm m = { .fd = open("/dev/kvm_internal", O_RDWR | O_CLOEXEC) };

	if (m.fd < 0 && errno == ENOENT)
		end_never("no /dev/kvm_internal (arm64's reference kernel has it)");
	if (m.fd < 0)
		end_fail("/dev/kvm_internal: %m");
	return m;
}

void ivm_close(struct ivm *m)
{
	if (m->code.hva)
		munmap(m->code.hva, m->code.size);
	close(m->fd);
	*m = (struct ivm){ .fd = -1 };
}

int ivm_ioctl(struct ivm *m, unsigned long request, void *arg)
{
	return ioctl(m->fd, request, arg) ? -errno : 0;
}

struct ivm_mem ivm_alloc(struct ivm *m, uint64_t size, uint64_t align)
{
	struct kvm_internal_alloc a = { .size = size, .align = align };
	int err = ivm_ioctl(m, KVM_INTERNAL_ALLOC, &a);
	struct ivm_mem mem = { .size = size };

	if (err == -ENOMEM)
		end_skip("no %llu KiB of contiguous memory", (unsigned long long)size / 1024);
	if (err)
		end_fail("KVM_INTERNAL_ALLOC: %s", strerror(-err));
	mem.pa = a.pa;
	mem.hva = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, (off_t)a.pa);
	if (mem.hva == MAP_FAILED)
		end_fail("mmap of /dev/kvm_internal: %m");
	return mem;
}

int ivm_create(struct ivm *m)
{
	uint64_t flags = m->flags;

	return ivm_ioctl(m, KVM_INTERNAL_CREATE_VM, &flags);
}

int ivm_destroy(struct ivm *m)
{
	uint64_t flags = m->flags;

	return ivm_ioctl(m, KVM_INTERNAL_DESTROY_VM, &flags);
}

int ivm_vcpu(struct ivm *m, uint64_t id)
{
	return ivm_ioctl(m, KVM_INTERNAL_CREATE_VCPU, &id);
}

int ivm_map(struct ivm *m, uint32_t slot, uint32_t flags, uint64_t pa, uint64_t size)
{
	struct kvm_internal_map map = { slot, flags, pa, size };

	return ivm_ioctl(m, KVM_INTERNAL_MAP, &map);
}

int ivm_unmap(struct ivm *m, uint64_t slot)
{
	return ivm_ioctl(m, KVM_INTERNAL_UNMAP, &slot);
}

/* --- set-up ------------------------------------------------------------------------ */

static uint64_t reg(struct ivm *m, uint32_t vcpu, uint64_t id, bool set, uint64_t value)
{
	struct kvm_internal_reg r = { vcpu, set, id, value };
	int err = ivm_ioctl(m, KVM_INTERNAL_REG, &r);

	if (err)
		end_fail("KVM_INTERNAL_REG 0x%llx: %s", (unsigned long long)id, strerror(-err));
	return r.value;
}

uint64_t ivm_reg(struct ivm *m, uint32_t vcpu, uint64_t id)
{
	return reg(m, vcpu, id, false, 0);
}

void ivm_set_reg(struct ivm *m, uint32_t vcpu, uint64_t id, uint64_t value)
{
	reg(m, vcpu, id, true, value);
}

uint64_t ivm_at(const struct ivm *m, const char *code)
{
	return m->code.pa + (uint64_t)(code - internal_code);
}

/* T0SZ; write-back, inner shareable; EPD1 */
#define TCR_39_BITS	(25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23)
#define BLOCK		(1 | 3 << 8 | 1 << 10)	/* inner shareable, accessed */
#define ATTR(n)		((n) << 2)
#define MAIR		0xff00ULL		/* 0: Device-nGnRnE; 1: normal, write-back */
#define SCTLR_M_C_I	0x1005ULL

/* A table whose blocks of 1 GiB map the first 512 GiB at their addresses. */
static void make_stage1(const struct ivm *m)
{
	uint64_t *table = (uint64_t *)(m->code.hva + PAGE_4K), i;

	for (i = 0; i < 512; i++)
		table[i] = i << 30 | BLOCK | ATTR(i > 0);
}

void ivm_prepare(struct ivm *m, uint32_t vcpu)
{
	uint64_t mmfr0 = ivm_reg(m, vcpu, ARM64_SYS_REG(3, 0, 0, 7, 0));

	ivm_set_reg(m, vcpu, REG_VBAR, m->code.pa);
	ivm_set_reg(m, vcpu, REG_MAIR, MAIR);
	ivm_set_reg(m, vcpu, REG_TCR, TCR_39_BITS | (mmfr0 & 7) << 32);
	ivm_set_reg(m, vcpu, REG_TTBR0, m->code.pa + PAGE_4K);
	ivm_set_reg(m, vcpu, REG_CPACR, 3 << 20);	/* FP at EL0 and EL1 */
}

void ivm_setup(struct ivm *m)
{
	int err;

	if (!m->code.size) {
		m->code = ivm_alloc(m, 2 * PAGE_4K, PAGE_4K);
		memcpy(m->code.hva, internal_code, (size_t)(internal_code_end - internal_code));
		__builtin___clear_cache(m->code.hva, m->code.hva + PAGE_4K);
		make_stage1(m);
	}
	err = ivm_create(m);
	if (err == -EOPNOTSUPP)
		end_never("this mode of KVM has no internal VMs (protected)");
	if (err)
		end_fail("cannot create an internal VM: %s", strerror(-err));
	err = ivm_map(m, IVM_CODE_SLOT, 0, m->code.pa, m->code.size);
	if (err)
		end_fail("cannot map two pages: %s", strerror(-err));
	err = ivm_vcpu(m, 0);
	if (err)
		end_fail("cannot create a vCPU: %s", strerror(-err));
	ivm_prepare(m, 0);
}

/* --- runs -------------------------------------------------------------------------- */

void ivm_run(struct ivm *m, struct kvm_internal_run *r)
{
	int err;

	r->flags |= m->flags;
	err = ivm_ioctl(m, KVM_INTERNAL_RUN, r);
	if (err)
		end_fail("KVM_INTERNAL_RUN: %s", strerror(-err));
}

static void on_timeout(int sig)
{
	(void)sig;
}

struct ivm_result ivm_do(struct ivm *m, const struct ivm_mode *mode, const char *code,
			 uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3)
{
	unsigned int ms = m->give_up_ms ? m->give_up_ms : 2000;
	const struct itimerspec in = {
		.it_value = { ms / 1000, ms % 1000 * 1000000 }, .it_interval.tv_nsec = 100000000,
	};
	struct kvm_internal_run run = {
		.regs = { x0, x1, x2, x3, [9] = ivm_at(m, code), [10] = mode->pstate },
		.pc = ivm_at(m, code), .pstate = mode->pstate,
	};
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct sigaction action = { .sa_handler = on_timeout };
	uint64_t sctlr = ivm_reg(m, 0, REG_SCTLR) & ~SCTLR_M_C_I;
	struct ivm_result r;
	timer_t timer;

	ivm_set_reg(m, 0, REG_SCTLR, sctlr | (mode->mmu ? SCTLR_M_C_I : 0));
	sigaction(SIGRTMIN, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &in, NULL))
		end_fail("timer: %m");
	ivm_run(m, &run);
	timer_delete(timer);
	r = (struct ivm_result){
		.rc = run.rc, .exit = run.exit_reason, .hvc = run.hvc, .pc = run.pc,
		.pstate = run.pstate, .esr = run.regs[24], .far = run.regs[25], .elr = run.regs[26],
		.spsr = run.regs[27], .vector = run.regs[28],
	};
	memcpy(r.x, run.regs, sizeof(r.x));
	r.done = !r.rc && r.exit == KVM_EXIT_HYPERCALL && r.hvc == IVM_EXCEPTION &&
		 r.vector == mode->vector && EC(r.esr) == EC_SVC;
	return r;
}

static void print_end(const char *what, const struct ivm_result *r)
{
	diag("%s: run %d, exit %u, HVC 0x%llx, exception ESR 0x%llx FAR 0x%llx ELR 0x%llx",
	     what, r->rc, r->exit, (unsigned long long)r->hvc,
	     (unsigned long long)r->esr, (unsigned long long)r->far,
	     (unsigned long long)r->elr);
}

bool ivm_has(struct ivm *m, uint64_t pa, uint64_t size, uint64_t stride, uint64_t tag)
{
	struct ivm_result r = ivm_do(m, IVM_EL1_MMU, internal_compare, pa, pa + size, stride, tag);

	if (!r.done)
		print_end("the guest reads", &r);
	else if (r.x[5])
		diag("the guest reads %llu other values, the last at 0x%llx: 0x%llx + 0x%llx expected",
		     (unsigned long long)r.x[5], (unsigned long long)r.x[6],
		     (unsigned long long)r.x[6], (unsigned long long)tag);
	return r.done && !r.x[5];
}

bool ivm_fill(struct ivm *m, uint64_t pa, uint64_t size, uint64_t stride, uint64_t tag)
{
	struct ivm_result r = ivm_do(m, IVM_EL1_MMU, internal_fill, pa, pa + size, stride, tag);

	if (!r.done)
		print_end("the guest writes", &r);
	return r.done;
}

void ivm_host_fill(const struct ivm_mem *mem, uint64_t from, uint64_t size, uint64_t stride,
		   uint64_t tag)
{
	uint64_t at;

	for (at = from; at < from + size; at += stride)
		*(volatile uint64_t *)(mem->hva + at) = mem->pa + at + tag;
}

bool ivm_host_has(const struct ivm_mem *mem, uint64_t from, uint64_t size, uint64_t stride,
		  uint64_t tag)
{
	uint64_t at, value;

	for (at = from; at < from + size; at += stride) {
		value = *(volatile uint64_t *)(mem->hva + at);
		if (value == mem->pa + at + tag)
			continue;
		diag("the host reads 0x%llx at 0x%llx, 0x%llx expected", (unsigned long long)value,
		     (unsigned long long)(mem->pa + at), (unsigned long long)(mem->pa + at + tag));
		return false;
	}
	return true;
}

/* --- what KVM says ----------------------------------------------------------------- */

bool ivm_ram(uint64_t size, uint64_t align, uint64_t *pa)
{
	unsigned long long start, end;
	char line[128], name[64];
	FILE *f = fopen("/proc/iomem", "re");
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx : %63[^\n]", &start, &end, name) != 3 || line[0] == ' ')
			continue;
		*pa = (start + align - 1) & ~(align - 1);
		found = !strcmp(name, "System RAM") && *pa + size <= end + 1;
	}
	if (f)
		fclose(f);
	return found;
}

long ivm_page_tables(void)
{
	char name[64];
	long value, found = -1;
	FILE *f = fopen("/proc/sys/vm/stat_refresh", "w");

	/* Otherwise each CPU keeps changes to itself. */
	if (f) {
		fputc('1', f);
		fclose(f);
	}
	f = fopen("/proc/vmstat", "re");
	while (f && fscanf(f, "%63s %ld", name, &value) == 2)
		if (!strcmp(name, "nr_sec_page_table_pages"))
			found = value;
	if (f)
		fclose(f);
	if (found < 0)
		end_fail("no nr_sec_page_table_pages in /proc/vmstat");
	return found;
}

bool ivm_dump(void (*fn)(const struct stage2_range *r, void *arg), void *arg)
{
	char pattern[96], line[256];
	struct stage2_range r;
	glob_t found;
	FILE *f;

	snprintf(pattern, sizeof(pattern), "/sys/kernel/debug/kvm/*internal*/stage2_page_tables");
	if (glob(pattern, 0, NULL, &found))
		return false;
	f = fopen(found.gl_pathv[found.gl_pathc - 1], "re");
	globfree(&found);
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		if (stage2_dump_parse(line, &r))
			fn(&r, arg);
	fclose(f);
	return true;
}
