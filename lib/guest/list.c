// SPDX-License-Identifier: GPL-2.0-only
#include "guest/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "guest/watchdog.h"
#include "kvm/kvmstat.h"
#include "kvm/vm.h"
#include "util/env.h"
#include "util/util.h"

static void spin(uint64_t cycles)
{
	uint64_t from = arch_cycles();

	while (arch_cycles() - from < cycles)
		;
}

struct vcpu *list_vcpu_create(struct vm *vm, unsigned int id)
{
	struct vcpu *v = vcpu_open(vm, id);

	v->plant = env_plant();
	v->delay = getenv("KVMEM_EXACT") ? arch_execute : spin;
	arch_setup_vcpu(v);
	watchdog_add(v);
	return v;
}

void list_vcpu_destroy(struct vcpu *v)
{
	watchdog_remove(v);
	vcpu_close(v);
}

/* Return the guest to the payload's entry, from any instruction. */
static void abandon(struct vcpu *v)
{
	v->run->immediate_exit = 1;
	ioctl(v->fd, KVM_RUN, 0);	/* completes the last exit */
	v->run->immediate_exit = 0;
	v->completes = 0;
	arch_restart_vcpu(v);
}

void vcpu_start(struct vcpu *v, const struct mbox_op *ops, size_t nr)
{
	size_t i;

	if (v->in_list)
		abandon(v);
	v->in_list = true;
	if (nr > MBOX_MAX_OPS)
		end_fail("a list of %zu operations, %d at most", nr, MBOX_MAX_OPS);
	for (i = 0; i < nr; i++) {
		arch_map_op(v->vm, &ops[i]);
		v->mb->entry[i].op = ops[i];
	}
	v->mb->nr_ops = (uint32_t)nr;
	v->mb->stop = 0;
	v->mb->iter = 0;
	v->nr_exits = 0;
	v->script = NULL;
	v->nr_script = 0;
}

/* The value with which a read exit is completed. */
static uint64_t answer(const struct vcpu *v, unsigned int exit_nr)
{
	return exit_nr < v->nr_script ? v->script[exit_nr].data : ~0ULL;
}

/* Exits of the payload are not visible to the test. */
static enum vcpu_stop handle_payload(struct vcpu *v, enum arch_exit what, uint32_t value)
{
	if (what == ARCH_EXIT_PANIC) {
		diag("vCPU %u: guest exception %llu error 0x%llx pc 0x%llx address 0x%llx", v->id,
		     (unsigned long long)v->mb->exc_vector, (unsigned long long)v->mb->exc_error,
		     (unsigned long long)v->mb->exc_pc, (unsigned long long)v->mb->exc_addr);
		vcpu_dump(v);
		end_fail("exception in the guest payload itself");
	}
	v->nr_exits--;
	v->payload_exits++;
	if (what == ARCH_EXIT_DONE) {
		v->in_list = false;
		return VCPU_DONE;
	}
	if (v->on_sync)
		v->on_sync(v, value, v->on_sync_arg);
	return VCPU_RESUME;
}

static enum vcpu_stop handle_io(struct vcpu *v, struct kexit *e)
{
	if (!e->is_write) {
		e->data = low(answer(v, v->nr_exits - 1), e->len);
		memcpy((char *)v->run + v->run->io.data_offset, &e->data, e->len);
	}
	return VCPU_RESUME;
}

static enum vcpu_stop handle_mmio(struct vcpu *v, struct kexit *e)
{
	if (!e->is_write) {
		/* The bytes beyond len stay poisoned: KVM must not read them. */
		e->data = low(answer(v, v->nr_exits - 1), e->len);
		memcpy(v->run->mmio.data, &e->data, e->len < 8 ? e->len : 8);
	}
	return VCPU_RESUME;
}

enum vcpu_stop vcpu_run(struct vcpu *v)
{
	struct kexit *e, scratch;
	enum arch_exit what;
	uint64_t before;
	uint32_t value;
	int err;

	before = exit_poison(v->run, v->completes, v->reason_completes);
	v->vm->entered = true;
	if (v->plant)
		v->delay(v->plant);
	if (v->time_user && v->returned_at)
		v->user_ticks += arch_cycles() - v->returned_at;
	err = ioctl(v->fd, KVM_RUN, 0) ? errno : 0;
	if (v->time_user)
		v->returned_at = arch_cycles();
	e = v->nr_exits < VCPU_LOG_SIZE ? &v->log[v->nr_exits] : &scratch;
	v->nr_exits++;
	exit_read(v->run, err, before, e);
	v->completes = err || (e->is_write && !v->reason_completes) ? 0 : e->reason;
	if (err)
		return VCPU_EXIT;
	what = arch_exit_of(v, e, &value);
	if (what != ARCH_EXIT_TEST)
		return handle_payload(v, what, value);
	switch (e->reason) {
	case KVM_EXIT_MMIO:
		return handle_mmio(v, e);
	case KVM_EXIT_IO:
		return handle_io(v, e);
	case KVM_EXIT_HYPERCALL:
		v->run->hypercall.ret = e->data = answer(v, v->nr_exits - 1);
		return VCPU_RESUME;
	default:
		return VCPU_EXIT;
	}
}

bool vcpu_complete(struct vcpu *v)
{
	enum vcpu_stop stop;

	v->run->immediate_exit = 1;
	stop = vcpu_run(v);
	v->run->immediate_exit = 0;
	return stop == VCPU_EXIT && v->nr_exits <= VCPU_LOG_SIZE && v->log[v->nr_exits - 1].err == EINTR;
}

static enum vcpu_stop run_on(struct vcpu *v)
{
	enum vcpu_stop stop;

	atomic_store(&v->tid, (pid_t)syscall(SYS_gettid));
	do {
		stop = vcpu_run(v);
	} while (stop == VCPU_RESUME && !watchdog_fired());
	atomic_store(&v->tid, 0);
	return stop;
}

static enum vcpu_stop finish_or_give_up(struct vcpu *v)
{
	enum vcpu_stop stop;

	watchdog_set(v->give_up_ms);
	stop = run_on(v);
	watchdog_set(0);
	if (!watchdog_fired())
		return stop;
	watchdog_reset();
	vcpu_unkick(v);
	return VCPU_HUNG;
}

enum vcpu_stop vcpu_finish(struct vcpu *v)
{
	enum vcpu_stop stop;

	if (v->give_up_ms)
		return finish_or_give_up(v);
	watchdog_begin();
	stop = run_on(v);
	if (watchdog_fired()) {
		diag("vCPU %u: the guest did not finish within %u s", v->id, env_watchdog_s());
		vcpu_dump(v);
		end_fail("guest hung in operation %u", v->mb->cur);
	}
	watchdog_end();
	return stop;
}

enum vcpu_stop vcpu_do(struct vcpu *v, const struct mbox_op *ops, size_t nr,
		       const struct kexit *script, size_t nr_script)
{
	vcpu_start(v, ops, nr);
	v->script = script;
	v->nr_script = (unsigned int)nr_script;
	return vcpu_finish(v);
}

enum vcpu_stop vcpu_try(struct vcpu *v, const struct mbox_op *ops, size_t nr, unsigned int ms)
{
	enum vcpu_stop stop;

	v->give_up_ms = ms;
	stop = vcpu_do(v, ops, nr, NULL, 0);
	v->give_up_ms = 0;
	return stop;
}

/* Every operation of a finished list must have retired, without an exception. */
static bool all_retired(struct vcpu *v, const char *what)
{
	bool ok = true;
	uint32_t i;

	for (i = 0; i < v->mb->nr_ops; i++) {
		const struct mbox_op *op = &v->mb->entry[i].op;
		const struct mbox_result *r = &v->mb->entry[i].res;
		uint32_t want = op->count ? op->count : 1;

		if (op->flags & OPF_UNTIL_STOP)
			want = r->done;
		if (r->vector < 0 && r->done == want)
			continue;
		ok = false;
		if (r->vector >= 0)
			diag("%s: operation %u: exception %d error 0x%llx pc 0x%llx address 0x%llx",
			     what, i, r->vector, (unsigned long long)r->error,
			     (unsigned long long)r->pc, (unsigned long long)r->fault_addr);
		else
			diag("%s: operation %u retired %u times, %u expected", what, i,
			     r->done, want);
	}
	return ok;
}

static bool log_matches(struct vcpu *v, const char *what, const struct kexit *want, size_t nr_want)
{
	if (nr_want > VCPU_LOG_SIZE || v->nr_exits > VCPU_LOG_SIZE) {
		diag("%s: %u exits, %zu expected", what, v->nr_exits, nr_want);
		return false;
	}
	return exits_match(what, v->log, v->nr_exits, want, nr_want);
}

bool vcpu_expect(struct vcpu *v, const char *what, const struct mbox_op *ops, size_t nr,
		 const struct kexit *want, size_t nr_want)
{
	enum vcpu_stop stop = vcpu_do(v, ops, nr, want, nr_want);
	bool ok = log_matches(v, what, want, nr_want);

	if (stop != VCPU_DONE) {
		struct kexit e;
		char text[160];

		exit_read(v->run, 0, 0, &e);
		exit_print(&e, text, sizeof(text));
		diag("%s: the guest did not finish its list: %s", what, text);
		vcpu_dump(v);
		return false;
	}
	return all_retired(v, what) && ok;
}

bool vcpu_expect_stop(struct vcpu *v, const char *what, const struct mbox_op *ops,
		      size_t nr, const struct kexit *want, size_t nr_want)
{
	enum vcpu_stop stop = vcpu_do(v, ops, nr, want, nr_want);
	bool ok = log_matches(v, what, want, nr_want);

	if (stop == VCPU_DONE)
		diag("%s: the guest finished its list", what);
	return ok && stop != VCPU_DONE;
}

bool vcpu_faults(struct vcpu *v, const struct mbox_op *ops, size_t nr)
{
	enum vcpu_stop stop = vcpu_do(v, ops, nr, NO_EXITS);
	const struct kexit *e = &v->log[0];
	char text[160];

	if (stop == VCPU_EXIT && v->nr_exits == 1 && e->err == EFAULT)
		return true;
	exit_print(e, text, sizeof(text));
	diag("expected KVM_RUN to fail with EFAULT, %u exits, first: %s", v->nr_exits,
	     v->nr_exits ? text : "none");
	return false;
}

const struct mbox_result *vcpu_result(const struct vcpu *v, unsigned int i)
{
	return &v->mb->entry[i].res;
}

uint64_t vcpu_value(const struct vcpu *v, unsigned int i)
{
	return v->mb->entry[i].res.value[0];
}

uint64_t vcpu_load(struct vcpu *v, unsigned int width, uint64_t gva)
{
	if (!vcpu_expect(v, "load without an exit", OPS(LD(width, gva)), NO_EXITS))
		end_fail("guest load of %u bytes at 0x%llx caused an exit or an exception", width,
			 (unsigned long long)gva);
	return vcpu_value(v, 0);
}

void vcpu_store(struct vcpu *v, unsigned int width, uint64_t gva, uint64_t value)
{
	if (!vcpu_expect(v, "store without an exit", OPS(ST(width, gva, value)), NO_EXITS))
		end_fail("guest store of %u bytes at 0x%llx caused an exit or an exception", width,
			 (unsigned long long)gva);
}

void vcpu_dump(struct vcpu *v)
{
	const struct mbox_op *op = &v->mb->entry[v->mb->cur].op;
	uint64_t value;
	size_t i;

	if (v->mb->cur < v->mb->nr_ops)
		diag("operation %u of %u: kind %u width %u addr 0x%llx addr2 0x%llx",
		     v->mb->cur, v->mb->nr_ops, op->kind, op->width,
		     (unsigned long long)op->addr, (unsigned long long)op->addr2);
	arch_dump_regs(v);
	for (i = 0; arch_stats[i]; i++)
		if (vcpu_has_stat(v, arch_stats[i]) && kvmstat_get(v->stat, arch_stats[i], &value))
			diag("stat %-22s %llu", arch_stats[i], (unsigned long long)value);
}
