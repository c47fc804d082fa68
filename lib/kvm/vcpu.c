// SPDX-License-Identifier: GPL-2.0-only
#include "kvm/vcpu.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "util/env.h"
#include "kvm/kvmstat.h"
#include "kvm/vm.h"

#define KICK_SIGNAL SIGUSR1
#define WATCHDOG_SIGNAL SIGUSR2

/* The watchdog kicks every vCPU of the process: one that hangs stops the test. */
static struct vcpu *vcpus[64];
static atomic_bool watchdog_fired;
static atomic_int watchdog_users;
static timer_t watchdog;

static void on_kick(int sig)
{
	(void)sig;	/* its arrival makes KVM_RUN return */
}

static void on_watchdog(int sig)
{
	size_t i;

	(void)sig;
	watchdog_fired = true;
	for (i = 0; i < sizeof(vcpus) / sizeof(vcpus[0]); i++)
		if (vcpus[i])
			vcpu_kick(vcpus[i]);
}

static void watchdog_init(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = WATCHDOG_SIGNAL };
	struct sigaction kick = { .sa_handler = on_kick };
	struct sigaction bite = { .sa_handler = on_watchdog };

	sigaction(KICK_SIGNAL, &kick, NULL);
	sigaction(WATCHDOG_SIGNAL, &bite, NULL);
	if (timer_create(CLOCK_MONOTONIC, &ev, &watchdog))
		end_fail("timer_create: %s", strerror(errno));
}

/* Armed from the start of the first list until no list is running. */
static void watchdog_set(unsigned int ms)
{
	struct itimerspec t = {
		.it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L },
	};
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, watchdog_init);
	timer_settime(watchdog, 0, &t, NULL);
}

static void spin(uint64_t cycles)
{
	uint64_t from = arch_cycles();

	while (arch_cycles() - from < cycles)
		;
}

struct vcpu *vcpu_create(struct vm *vm, unsigned int id)
{
	struct vcpu *v = calloc(1, sizeof(*v));
	size_t i;
	int size;

	if (!v)
		end_fail("out of memory");
	v->vm = vm;
	v->id = id;
	v->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	if (v->fd < 0)
		end_fail("KVM_CREATE_VCPU: %s", strerror(errno));
	size = ioctl(vm_device(), KVM_GET_VCPU_MMAP_SIZE, 0);
	v->run_size = size > 0 ? (size_t)size : sizeof(struct kvm_run);
	v->run = mmap(NULL, v->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		end_fail("mmap of kvm_run: %s", strerror(errno));
	v->plant = env_plant();
	v->delay = getenv("KVMEM_EXACT") ? arch_execute : spin;
	arch_setup_vcpu(v);
	for (i = 0; i < sizeof(vcpus) / sizeof(vcpus[0]); i++) {
		if (!vcpus[i]) {
			vcpus[i] = v;
			break;
		}
	}
	return v;
}

static bool counting;
static uint64_t exits_counted;
static unsigned int vcpus_counted;

void vcpu_count_exits(void)
{
	counting = true;
}

uint64_t vcpu_exits_counted(unsigned int *nr)
{
	*nr = vcpus_counted;
	return exits_counted;
}

static void count_exits(struct vcpu *v)
{
	uint64_t n = vcpu_has_stat(v, "exits") ? vcpu_stat(v, "exits") : 0;

	exits_counted += n;
	vcpus_counted += n > 0;
}

void vcpu_destroy(struct vcpu *v)
{
	size_t i;

	for (i = 0; i < sizeof(vcpus) / sizeof(vcpus[0]); i++)
		if (vcpus[i] == v)
			vcpus[i] = NULL;
	if (counting)
		count_exits(v);
	kvmstat_close(v->stat);
	munmap(v->run, v->run_size);
	close(v->fd);
	free(v);
}

void vcpu_kick(struct vcpu *v)
{
	pid_t tid = v->tid;

	v->run->immediate_exit = 1;
	if (tid)
		syscall(SYS_tgkill, getpid(), tid, KICK_SIGNAL);
}

void vcpu_unkick(struct vcpu *v)
{
	v->run->immediate_exit = 0;
}

/* Back to the payload's entry, out of whatever instruction the guest is in. */
static void abandon(struct vcpu *v)
{
	v->run->immediate_exit = 1;
	ioctl(v->fd, KVM_RUN, 0);	/* completes what userspace owes */
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

/* The value that a read exit is answered with. */
static uint64_t answer(const struct vcpu *v, unsigned int exit_nr)
{
	return exit_nr < v->nr_script ? v->script[exit_nr].data : ~0ULL;
}

static uint64_t low_bytes(uint64_t v, unsigned int len)
{
	return len < 8 ? v & ((1ULL << len * 8) - 1) : v;
}

static enum vcpu_stop handle_io(struct vcpu *v, struct kexit *e)
{
	void *data = (char *)v->run + v->run->io.data_offset;
	uint32_t value;

	if (e->is_write && e->addr == MBOX_PORT_PANIC) {
		diag("vCPU %u: guest exception %llu error 0x%llx rip 0x%llx cr2 0x%llx", v->id,
		     (unsigned long long)v->mb->exc_vector, (unsigned long long)v->mb->exc_error,
		     (unsigned long long)v->mb->exc_rip, (unsigned long long)v->mb->exc_cr2);
		vcpu_dump(v);
		end_fail("exception in the guest payload itself");
	}
	if (e->is_write && (e->addr == MBOX_PORT_DONE || e->addr == MBOX_PORT_SYNC)) {
		v->nr_exits--;
		if (e->addr == MBOX_PORT_DONE) {
			v->in_list = false;
			return VCPU_DONE;
		}
		memcpy(&value, data, sizeof(value));
		if (v->on_sync)
			v->on_sync(v, value, v->on_sync_arg);
		return VCPU_RESUME;
	}
	if (!e->is_write) {
		e->data = low_bytes(answer(v, v->nr_exits - 1), e->len);
		memcpy(data, &e->data, e->len);
	}
	return VCPU_RESUME;
}

static enum vcpu_stop handle_mmio(struct vcpu *v, struct kexit *e)
{
	if (!e->is_write) {
		/* The bytes beyond len stay poisoned: KVM must not read them. */
		e->data = low_bytes(answer(v, v->nr_exits - 1), e->len);
		memcpy(v->run->mmio.data, &e->data, e->len < 8 ? e->len : 8);
	}
	return VCPU_RESUME;
}

enum vcpu_stop vcpu_run(struct vcpu *v)
{
	struct kexit *e, scratch;
	uint64_t before;
	int err;

	before = exit_poison(v->run, v->completes);
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
	v->completes = err || e->is_write ? 0 : e->reason;
	if (err)
		return VCPU_EXIT;
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

/* Until the list is finished, an exit needs the caller, or the watchdog bites. */
static enum vcpu_stop run_on(struct vcpu *v)
{
	enum vcpu_stop stop;

	v->tid = (pid_t)syscall(SYS_gettid);
	do {
		stop = vcpu_run(v);
	} while (stop == VCPU_RESUME && !watchdog_fired);
	v->tid = 0;
	return stop;
}

static enum vcpu_stop finish_or_give_up(struct vcpu *v)
{
	enum vcpu_stop stop;

	watchdog_set(v->give_up_ms);
	stop = run_on(v);
	watchdog_set(0);
	if (!watchdog_fired)
		return stop;
	watchdog_fired = false;
	vcpu_unkick(v);
	return VCPU_HUNG;
}

enum vcpu_stop vcpu_finish(struct vcpu *v)
{
	enum vcpu_stop stop;

	if (v->give_up_ms)
		return finish_or_give_up(v);
	if (atomic_fetch_add(&watchdog_users, 1) == 0)
		watchdog_set(env_watchdog_s() * 1000);
	stop = run_on(v);
	if (watchdog_fired) {
		diag("vCPU %u: the guest did not finish within %u s", v->id, env_watchdog_s());
		vcpu_dump(v);
		end_fail("guest hung in operation %u", v->mb->cur);
	}
	if (atomic_fetch_sub(&watchdog_users, 1) == 1)
		watchdog_set(0);
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
			diag("%s: operation %u: exception %d error 0x%llx rip 0x%llx cr2 0x%llx",
			     what, i, r->vector, (unsigned long long)r->error,
			     (unsigned long long)r->rip, (unsigned long long)r->cr2);
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
		end_fail("guest load of %u bytes at 0x%llx did not just work", width,
			 (unsigned long long)gva);
	return vcpu_value(v, 0);
}

void vcpu_store(struct vcpu *v, unsigned int width, uint64_t gva, uint64_t value)
{
	if (!vcpu_expect(v, "store without an exit", OPS(ST(width, gva, value)), NO_EXITS))
		end_fail("guest store of %u bytes at 0x%llx did not just work", width,
			 (unsigned long long)gva);
}

bool vcpu_has_stat(struct vcpu *v, const char *name)
{
	uint64_t value;

	if (!v->stat)
		v->stat = kvmstat_open(v->fd);
	return kvmstat_get(v->stat, name, &value);
}

uint64_t vcpu_stat(struct vcpu *v, const char *name)
{
	uint64_t value;

	if (!vcpu_has_stat(v, name) || !kvmstat_get(v->stat, name, &value))
		end_skip("this kernel's KVM has no vCPU statistic %s", name);
	return value;
}

void vcpu_dump(struct vcpu *v)
{
	static const char *const names[] = {
		"exits", "mmio_exits", "io_exits", "pf_taken", "pf_fixed", "pf_emulate",
		"pf_spurious", "pf_mmio_spte_created", "signal_exits",
	};
	const struct mbox_op *op = &v->mb->entry[v->mb->cur].op;
	uint64_t value;
	size_t i;

	if (v->mb->cur < v->mb->nr_ops)
		diag("operation %u of %u: kind %u width %u addr 0x%llx addr2 0x%llx",
		     v->mb->cur, v->mb->nr_ops, op->kind, op->width,
		     (unsigned long long)op->addr, (unsigned long long)op->addr2);
	arch_dump_regs(v);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (vcpu_has_stat(v, names[i]) && kvmstat_get(v->stat, names[i], &value))
			diag("stat %-22s %llu", names[i], (unsigned long long)value);
}
