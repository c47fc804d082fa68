// SPDX-License-Identifier: GPL-2.0-only
/*
 * The completion of an MMIO exit.  KVM completes it in the next KVM_RUN, reads and writes
 * alike, if kvm_run.exit_reason is still KVM_EXIT_MMIO: it writes the register of a load
 * and advances the PC.  Whatever happens between, each access is made once (G11, A27).
 */
#include "harness/test.h"

#include <pthread.h>
#include <sys/ioctl.h>

#include "arch.h"
#include "arch/arm64/cpu.h"
#include "arch/arm64/layout.h"
#include "arch/arm64/mmu.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/util.h"

#define HOLE		0xc0000000ULL	/* no slot here, but where a test creates one */
#define DATA		0x8182838485868788ULL
#define REG_BEFORE	0xfedcba9876543210ULL

/* --- one access, stopped at its exit --------------------------------------------------- */

struct state {
	uint64_t x[31], sp_el0, sp_el1, pc, pstate;
};

static struct state get_state(struct vcpu *v)
{
	struct state s = {
		.sp_el0 = cpu_get_reg(v, REG_SP_EL0), .sp_el1 = cpu_get_reg(v, REG_SP_EL1),
		.pc = cpu_get_reg(v, REG_PC), .pstate = cpu_get_reg(v, REG_PSTATE),
	};
	unsigned int i;

	for (i = 0; i < 31; i++)
		s.x[i] = cpu_get_reg(v, REG_X(i));
	return s;
}

static bool same_state(const char *what, const struct state *a, const struct state *b)
{
	unsigned int i;

	for (i = 0; i < 31; i++)
		if (a->x[i] != b->x[i])
			diag("%s: x%u 0x%llx, expected 0x%llx", what, i, (unsigned long long)a->x[i],
			     (unsigned long long)b->x[i]);
	if (a->pc != b->pc)
		diag("%s: pc 0x%llx, expected 0x%llx", what, (unsigned long long)a->pc,
		     (unsigned long long)b->pc);
	return !memcmp(a, b, sizeof(*a));
}

/* Register number of the access at the PC: Rt. */
static unsigned int target(struct vcpu *v)
{
	return cpu_insn(v) & 31;
}

/* Run to the exit of @op, the first of the list; reads are answered with DATA. */
static bool stop_at(struct vcpu *v, struct mbox_op op)
{
	static const struct kexit answers[] = {
		MMIO_RD(0, 8, DATA), MMIO_RD(0, 8, DATA), MMIO_RD(0, 8, DATA), MMIO_RD(0, 8, DATA),
	};

	vcpu_start(v, OPS(op, { .kind = OP_NOP }));
	v->script = answers;
	v->nr_script = ARRAY_SIZE(answers);
	return vcpu_run(v) == VCPU_RESUME && v->nr_exits == 1 && v->log[0].reason == KVM_EXIT_MMIO;
}

/* The list finishes with @exits exits in all; the access has retired once. */
static bool finishes(struct vcpu *v, unsigned int exits)
{
	enum vcpu_stop stop = vcpu_finish(v);
	const struct mbox_result *r = vcpu_result(v, 0);

	if (stop == VCPU_DONE && v->nr_exits == exits && r->done == 1 && r->vector < 0 &&
	    vcpu_result(v, 1)->done == 1)
		return true;
	diag("%u exits, %u expected; retired %u times, exception %d", v->nr_exits, exits, r->done,
	     r->vector);
	return false;
}

/* KVM_RUN with immediate_exit and kvm_run as it is, not poisoned. */
static bool complete_as_is(struct vcpu *v)
{
	int err;

	v->run->immediate_exit = 1;
	err = ioctl(v->fd, KVM_RUN, 0) ? errno : 0;
	v->run->immediate_exit = 0;
	v->completes = 0;
	return err == EINTR;
}

static const struct {
	struct mbox_op op;
	uint64_t after;		/* register after it, for loads */
} accesses[] = {
	{ { .kind = OP_LOAD, .width = 1 }, 0x88 },
	{ { .kind = OP_LOAD, .width = 2 }, 0x8788 },
	{ { .kind = OP_LOAD, .width = 4 }, 0x85868788 },
	{ { .kind = OP_LOAD, .width = 8 }, DATA },
	{ { .kind = OP_LDUR, .width = 8 }, DATA },
	{ { .kind = OP_LDAR, .width = 4 }, 0x85868788 },
	{ { .kind = OP_LOAD_ZR, .width = 8 }, 0 },
	{ { .kind = OP_LOAD, .width = 8, .flags = OPF_USER }, DATA },
	{ { .kind = OP_STORE, .width = 1 }, 0 },
	{ { .kind = OP_STORE, .width = 8 }, 0 },
	{ { .kind = OP_STLR, .width = 4 }, 0 },
	{ { .kind = OP_STORE_ZR, .width = 8 }, 0 },
	{ { .kind = OP_STORE, .width = 4, .flags = OPF_USER }, 0 },
};

static struct mbox_op access_nr(size_t i)
{
	struct mbox_op op = accesses[i].op;

	op.addr = HOLE + 0x128;
	op.value[0] = REG_BEFORE;
	return op;
}

/*
 * At the exit the guest is before the instruction with its registers as they were.  The
 * next KVM_RUN changes the register of a load and the PC, once, although it does not enter
 * the guest, and also for a write.
 * Red with: kvm_incr_pc() missing for writes; mmio_needed not cleared.
 */
KVMEM_TEST(registers, "G11 A1 A2")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	struct state at, want, now;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		unsigned int rt, n;

		ASSERT_TRUE(stop_at(v, access_nr(i)));
		at = get_state(v);
		rt = target(v);
		/* The class of loads and stores. */
		ASSERT_EQ(0x08000000, cpu_insn(v) & 0x0a000000);
		if (rt < 31)
			ASSERT_EQ(REG_BEFORE, at.x[rt]);
		want = at;
		want.pc += 4;
		if (rt < 31 && !v->log[0].is_write)
			want.x[rt] = accesses[i].after;
		for (n = 0; n < 3; n++) {
			ASSERT_TRUE(vcpu_complete(v));
			now = get_state(v);
			ASSERT_TRUE(same_state("completed", &now, &want)) {
				TH_LOG("row %zu, KVM_RUN %u", i, n);
			}
		}
		ASSERT_TRUE(finishes(v, 4));
	}
}

/* Only data of kvm_run is used: the rest, and the bytes beyond len, have no effect. */
KVMEM_TEST(fields_of_kvm_run, "G11")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	struct state want, now;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		unsigned int rt;

		ASSERT_TRUE(stop_at(v, access_nr(i)));
		want = get_state(v);
		rt = target(v);
		want.pc += 4;
		if (rt < 31 && !v->log[0].is_write)
			want.x[rt] = accesses[i].after;
		v->run->mmio.phys_addr = VM_SYS_GPA;
		v->run->mmio.is_write = !v->run->mmio.is_write;
		if (v->run->mmio.len < 8)
			v->run->mmio.data[v->run->mmio.len] ^= 0xff;
		v->run->mmio.len = v->run->mmio.len == 8 ? 1 : 0x7fffffff;
		ASSERT_TRUE(complete_as_is(v));
		now = get_state(v);
		ASSERT_TRUE(same_state("changed kvm_run", &now, &want));
		ASSERT_TRUE(finishes(v, 1));
	}
}

/* --- exit_reason ------------------------------------------------------------------------ */

/*
 * A reason that is not KVM_EXIT_MMIO: the access is not completed, the guest makes it
 * again.  Userspace must not change it (CH: x86 does not look at it).
 */
KVMEM_TEST(reason_changed, "G11")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		unsigned int again;

		ASSERT_TRUE(stop_at(v, access_nr(i)));
		v->completes = 0;	/* vcpu_run() sets KVM_EXIT_UNKNOWN */
		again = vcpu_run(v) == VCPU_RESUME && v->nr_exits == 2;
		if (again)
			ASSERT_EQ(0, memcmp(&v->log[0].addr, &v->log[1].addr, sizeof(v->log[0].addr)));
		if (!i)
			record_observation("G11", "completion.reason_changed", "%s",
					   again ? "the access is made again" : "completed");
		if (again)
			ASSERT_TRUE(finishes(v, 2));
		/* The next access is not confused by the one that was dropped. */
		ASSERT_TRUE(stop_at(v, access_nr(i)));
		ASSERT_TRUE(finishes(v, 1));
	}
}

/* KVM_EXIT_MMIO in kvm_run without an access to complete: nothing happens. */
static bool forged(struct vcpu *v, const char *what)
{
	struct state before = get_state(v), after;

	memset(v->run->padding, 0x5a, sizeof(v->run->padding));
	v->run->exit_reason = KVM_EXIT_MMIO;
	if (!complete_as_is(v)) {
		diag("%s: KVM_RUN did not end with EINTR", what);
		return false;
	}
	after = get_state(v);
	return same_state(what, &after, &before);
}

/* Red with: completion by exit_reason alone; mmio_needed set for an access that failed. */
KVMEM_TEST(reason_forged, "G11")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	const struct mbox_op ldp = { .kind = OP_LDP, .width = 16, .addr = HOLE };

	vcpu_start(v, OPS({ .kind = OP_NOP }));
	ASSERT_TRUE(forged(v, "before the first entry"));
	ASSERT_EQ(VCPU_DONE, vcpu_finish(v));

	ASSERT_TRUE(stop_at(v, access_nr(0)));
	ASSERT_TRUE(vcpu_complete(v));
	ASSERT_TRUE(forged(v, "after a load"));
	ASSERT_TRUE(forged(v, "after a load, again"));
	ASSERT_TRUE(finishes(v, 2));

	ASSERT_TRUE(stop_at(v, access_nr(8)));
	ASSERT_TRUE(vcpu_complete(v));
	ASSERT_TRUE(forged(v, "after a store"));
	ASSERT_TRUE(finishes(v, 2));

	vcpu_do(v, &ldp, 1, NO_EXITS);
	ASSERT_EQ(ENOSYS, v->log[0].err);
	ASSERT_TRUE(forged(v, "after ENOSYS"));
	ASSERT_EQ(0, vm_enable_cap(vm, KVM_CAP_ARM_NISV_TO_USER, 0));
	vcpu_do(v, &ldp, 1, NO_EXITS);
	ASSERT_EQ(KVM_EXIT_ARM_NISV, v->log[0].reason);
	ASSERT_TRUE(forged(v, "after KVM_EXIT_ARM_NISV"));
}

/* --- registers set by userspace ----------------------------------------------------------- */

/* What userspace sets before the completion stays, but for the load's own register. */
KVMEM_TEST(registers_set_before, "G11")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	struct state at, want, now;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		unsigned int rt, n;

		ASSERT_TRUE(stop_at(v, access_nr(i)));
		at = want = get_state(v);
		rt = target(v);
		for (n = 0; n < 31; n++) {
			want.x[n] = at.x[n] ^ (0x1111 << n);
			cpu_set_reg(v, REG_X(n), want.x[n]);
		}
		want.pc += 4;
		if (rt < 31 && !v->log[0].is_write)
			want.x[rt] = accesses[i].after;
		ASSERT_TRUE(vcpu_complete(v));
		now = get_state(v);
		ASSERT_TRUE(same_state("set before the completion", &now, &want));
		for (n = 0; n < 31; n++)
			if (n != rt || v->log[0].is_write)
				cpu_set_reg(v, REG_X(n), at.x[n]);
		ASSERT_TRUE(finishes(v, 2));
	}
}

#define PSR_FLAGS	(0xfULL << 28)	/* NZCV */
#define PSR_SS		(1ULL << 21)
#define PSR_BTYPE	(3ULL << 10)

/* As an instruction that retires: the flags stay, BTYPE and SS are cleared. */
KVMEM_TEST(pstate, "G11")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	uint64_t mode;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		ASSERT_TRUE(stop_at(v, access_nr(i)));
		mode = cpu_get_reg(v, REG_PSTATE) & ~PSR_FLAGS;
		cpu_set_reg(v, REG_PSTATE, mode | 0xaULL << 28 | PSR_SS | PSR_BTYPE);
		ASSERT_TRUE(vcpu_complete(v));
		ASSERT_EQ(mode | 0xaULL << 28, cpu_get_reg(v, REG_PSTATE));
		ASSERT_TRUE(finishes(v, 2));
	}
}

/*
 * After the completion a new PC is exact: the guest makes the access again.  Before it (CH)
 * KVM advances what was set, as it does not keep the instruction's address.
 */
KVMEM_TEST(pc_set, "G11")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	uint64_t pc;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		ASSERT_TRUE(stop_at(v, access_nr(i)));
		pc = cpu_get_reg(v, REG_PC);
		ASSERT_TRUE(vcpu_complete(v));
		cpu_set_reg(v, REG_PC, pc);
		ASSERT_TRUE(vcpu_complete(v));
		ASSERT_EQ(pc, cpu_get_reg(v, REG_PC));
		ASSERT_TRUE(finishes(v, 4));
		ASSERT_EQ(v->log[0].addr, v->log[3].addr);
		ASSERT_EQ(v->log[0].is_write, v->log[3].is_write);

		ASSERT_TRUE(stop_at(v, access_nr(i)));
		pc = cpu_get_reg(v, REG_PC);
		cpu_set_reg(v, REG_PC, pc + 0x100);
		ASSERT_TRUE(vcpu_complete(v));
		if (!i)
			record_observation("G11", "completion.pc_set_before", "as set + %llu",
					   (unsigned long long)(cpu_get_reg(v, REG_PC) - pc - 0x100));
	}
}

/* --- another vCPU, another thread, a reset ------------------------------------------------- */

/* Copy what the payload uses. */
static void copy_state(struct vcpu *to, struct vcpu *from)
{
	static const uint64_t more[] = { REG_SP_EL0, REG_SP_EL1, REG_PC, REG_PSTATE, REG_ELR_EL1,
					 REG_TPIDR_EL1, REG_SCTLR, REG_TTBR0 };
	size_t i;

	for (i = 0; i < 31; i++)
		cpu_set_reg(to, REG_X(i), cpu_get_reg(from, REG_X(i)));
	for (i = 0; i < ARRAY_SIZE(more); i++)
		cpu_set_reg(to, more[i], cpu_get_reg(from, more[i]));
}

/*
 * State copied after the completion continues behind the access; copied before it, the
 * new vCPU makes the access again, and the completion of the old one does not count.
 */
KVMEM_TEST(another_vcpu, "G11 A27")
{
	struct vm_opts o = { .nr_vcpus = 2 };
	struct vm *vm = vm_create(&o);
	struct vcpu *v = vm->vcpu[0], *new = vm->vcpu[1];
	size_t i, completed;

	for (completed = 0; completed < 2; completed++) {
		for (i = 0; i < ARRAY_SIZE(accesses); i++) {
			ASSERT_TRUE(stop_at(v, access_nr(i)));
			if (completed)
				ASSERT_TRUE(vcpu_complete(v));
			ASSERT_TRUE(vcpu_complete(new));
			copy_state(new, v);
			new->script = v->script;
			new->nr_script = v->nr_script;
			new->nr_exits = 0;
			ASSERT_EQ(VCPU_DONE, vcpu_finish(new));
			ASSERT_EQ(completed ? 0 : 1, new->nr_exits);
			ASSERT_TRUE(completed || exits_match("again", new->log, 1, v->log, 1));
			ASSERT_EQ(1, vcpu_result(v, 0)->done);
			ASSERT_EQ(1, vcpu_result(v, 1)->done);
			if (accesses[i].after)
				ASSERT_EQ(accesses[i].after, vcpu_value(v, 0));
		}
	}
}

static void *finish_in_thread(void *arg)
{
	return (void *)(uintptr_t)finishes(arg, 1);
}

KVMEM_TEST(another_thread, "G11")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	pthread_t thread;
	void *ok;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		ASSERT_TRUE(stop_at(v, access_nr(i)));
		ASSERT_EQ(0, pthread_create(&thread, NULL, finish_in_thread, v));
		pthread_join(thread, &ok);
		ASSERT_TRUE(ok);
		if (accesses[i].after)
			ASSERT_EQ(accesses[i].after, vcpu_value(v, 0));
	}
}

/* A slot made over the address after the exit: this access is the device's, the next not. */
KVMEM_TEST(slot_before_completion, "G11 A7")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	uint64_t *ram = vm_alloc(VM_PAGE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		ASSERT_TRUE(stop_at(v, access_nr(i)));
		ram[0x128 / 8] = 0;
		vm_slot(vm, 1, 0, HOLE, VM_PAGE, ram);
		ASSERT_TRUE(finishes(v, 1));
		if (accesses[i].after)
			ASSERT_EQ(accesses[i].after, vcpu_value(v, 0));
		ASSERT_EQ(0, ram[0x128 / 8]);
		ASSERT_EQ(0, vcpu_load(v, 8, HOLE + 0x128));
		vm_slot(vm, 1, 0, HOLE, 0, NULL);
	}
}

static int reset(struct vcpu *v)
{
	struct kvm_vcpu_init init;

	if (ioctl(v->vm->fd, KVM_ARM_PREFERRED_TARGET, &init))
		return -errno;
	init.features[0] |= 1 << KVM_ARM_VCPU_PSCI_0_2;
	return ioctl(v->fd, KVM_ARM_VCPU_INIT, &init) ? -errno : 0;
}

/* General registers and PC are 0, the mode is EL1h with DAIF set (api.rst 4.82). */
static bool is_reset(struct vcpu *v)
{
	static const struct state want = { .pstate = 0x3c5 };
	struct state now = get_state(v);

	return same_state("KVM_ARM_VCPU_INIT", &now, &want);
}

/*
 * A reset after the completion is a reset: nothing is carried over.  One before it (CH):
 * KVM completes the access into the new state if userspace leaves KVM_EXIT_MMIO in kvm_run.
 */
KVMEM_TEST(vcpu_init, "G11")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	const uint64_t entry = VM_SYS_GPA + SYS_CODE;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		unsigned int way;

		/* 0: completed; 1: the reason taken back; 2: pending. */
		for (way = 0; way < 3; way++) {
			struct state want, now;

			ASSERT_TRUE(stop_at(v, access_nr(i)));
			if (way == 0)
				ASSERT_TRUE(vcpu_complete(v));
			ASSERT_EQ(0, reset(v));
			ASSERT_TRUE(is_reset(v));
			if (way == 1)
				v->run->exit_reason = KVM_EXIT_UNKNOWN;
			v->in_list = false;
			arch_restart_vcpu(v);
			want = get_state(v);
			ASSERT_EQ(entry, want.pc);
			ASSERT_TRUE(complete_as_is(v));
			now = get_state(v);
			ASSERT_TRUE(way == 2 || same_state("after the reset", &now, &want));
			if (way == 2 && !i)
				record_observation("G11", "completion.after_vcpu_init", "%s",
					now.pc == entry ? "dropped" : "completed into the new state");
			arch_restart_vcpu(v);
			/* The vCPU works. */
			ASSERT_TRUE(stop_at(v, access_nr(i)));
			ASSERT_TRUE(finishes(v, 1));
		}
	}
}

KVMEM_MAIN
