// SPDX-License-Identifier: GPL-2.0-only
/*
 * The overhead of the suite, as ratios measured in one run:
 *
 * overhead.process: a process that creates a VM, runs it to one exit and destroys it,
 * with the library and with bare ioctls (by hyperfine if it is installed, else
 * alternating runs timed here).
 *
 * overhead.exit: an MMIO exit handled by vcpu_run() and by a bare loop around KVM_RUN,
 * alternating in one VM.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/bench.h"
#include "util/env.h"
#include "util/quantile.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "guest/guest.h"
#include "util/util.h"

#define HOLE	0xc0000000ULL
#define ROUNDS	40

/* --- one process, one VM, one exit --------------------------------------- */

static int vm_by_library(void)
{
	struct vm *vm = vm_create(NULL);
	int ok = vcpu_do(vm->vcpu[0], OPS({ .kind = OP_NOP }), NO_EXITS) == VCPU_DONE;

	vm_destroy(vm);
	return ok ? 0 : 1;
}

/* Supplied by the architecture, vm_by_ioctls(): the shortest way to an exit. */
#include "overhead_arch.h"

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double run_self(const char *self, const char *how)
{
	double began = seconds();
	pid_t pid = vfork();
	int status;

	if (pid == 0) {
		execl(self, self, how, NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		end_skip("%s %s failed on this backend", self, how);
	return seconds() - began;
}

/* The n-th "median" of hyperfine's JSON, seconds. */
static bool median_from(const char *json, int nth, double *value)
{
	const char *p = json;

	while (nth-- >= 0) {
		p = strstr(p, "\"median\":");
		if (!p)
			return false;
		p += strlen("\"median\":");
	}
	*value = strtod(p, NULL);
	return *value > 0;
}

static bool by_hyperfine(const char *self, double *lib, double *bare)
{
	char file[] = "/tmp/kvmem-hyperfine-XXXXXX", command[8192], json[65536];
	int fd = mkstemp(file);
	bool ok = false;
	ssize_t n;

	if (fd < 0)
		return false;
	snprintf(command, sizeof(command),
		 "command -v hyperfine >/dev/null 2>&1 && hyperfine -N --style none --warmup 3 "
		 "--runs 40 --export-json %s '%s --vm-by-library' '%s --vm-by-ioctls' >/dev/null 2>&1",
		 file, self, self);
	if (!system(command)) {
		n = pread(fd, json, sizeof(json) - 1, 0);
		json[n > 0 ? n : 0] = '\0';
		ok = median_from(json, 0, lib) && median_from(json, 1, bare);
	}
	close(fd);
	unlink(file);
	return ok;
}

static void by_turns(const char *self, double *lib, double *bare)
{
	uint32_t a[ROUNDS], b[ROUNDS];
	/* Instruction counts hardly vary, so few rounds are enough. */
	size_t rounds = bench_exact() ? 9 : ROUNDS, i;

	for (i = 0; i < rounds; i++) {
		a[i] = (uint32_t)(run_self(self, "--vm-by-library") * 1e9);
		b[i] = (uint32_t)(run_self(self, "--vm-by-ioctls") * 1e9);
	}
	quantile_sort(a, rounds);
	quantile_sort(b, rounds);
	*lib = quantile(a, rounds, 0.5) / 1e9;
	*bare = quantile(b, rounds, 0.5) / 1e9;
}

static void process(const struct bench *b)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	double lib, bare;

	self[n > 0 ? n : 0] = '\0';
	run_self(self, "--vm-by-library");
	run_self(self, "--vm-by-ioctls");
	if (!by_hyperfine(self, &lib, &bare))
		by_turns(self, &lib, &bare);
	bench_value(b, "library", "ns", lib * 1e9);
	bench_value(b, "bare", "ns", bare * 1e9);
	bench_value(b, "ratio", "ratio", lib / bare);
}

/* --- one exit ------------------------------------------------------------ */

/* A minimal VMM: the exit union is neither poisoned nor logged. */
static void bare_loop(struct vcpu *v)
{
	static const uint64_t value = ~0ULL;

	for (;;) {
		if (ioctl(v->fd, KVM_RUN, 0))
			end_fail("KVM_RUN: %s", strerror(errno));
		if (v->run->exit_reason != KVM_EXIT_MMIO || v->run->mmio.phys_addr != HOLE) {
			v->in_list = false;
			v->completes = v->reason_completes ? v->run->exit_reason : 0;
			return;
		}
		memcpy(v->run->mmio.data, &value, sizeof(value));
	}
}

static uint32_t median_exit(struct vcpu *v, const struct mbox_op *op, uint32_t *samples, bool bare)
{
	vcpu_start(v, op, 1);
	if (bare)
		bare_loop(v);
	else
		vcpu_finish(v);
	quantile_sort(samples, op->count);
	return (uint32_t)quantile(samples, op->count, 0.5);
}

static void one_exit(const struct bench *b)
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	struct mbox_op op = { .kind = OP_LOAD, .width = 8, .addr = HOLE };
	uint32_t lib[ROUNDS], bare[ROUNDS], ratio[ROUNDS], *samples;
	int i;

	op.count = (uint32_t)env_pick(100, 200, 1000);
	samples = bench_samples(v, op.count, &op.samples);
	median_exit(v, &op, samples, true);
	for (i = 0; i < ROUNDS; i++) {
		/* ABBA order. */
		bool first = i & 1;

		if (first)
			bare[i] = median_exit(v, &op, samples, true);
		lib[i] = median_exit(v, &op, samples, false);
		if (!first)
			bare[i] = median_exit(v, &op, samples, true);
		ratio[i] = (uint32_t)((uint64_t)lib[i] * 1000000 / bare[i]);
	}
	quantile_sort(lib, ROUNDS);
	quantile_sort(bare, ROUNDS);
	quantile_sort(ratio, ROUNDS);
	bench_value(b, "library", bench_unit(), quantile(lib, ROUNDS, 0.5));
	bench_value(b, "bare", bench_unit(), quantile(bare, ROUNDS, 0.5));
	bench_value(b, "ratio", "ratio", quantile(ratio, ROUNDS, 0.5) / 1e6);
}

static const struct bench table[] = {
	{ "overhead.process", "", process, 3, { .kind = OP_NOP }, 0 },
	{ "overhead.exit", "", one_exit, 3, { .kind = OP_NOP }, 0 },
};

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--vm-by-library"))
		return vm_by_library();
	if (argc == 2 && !strcmp(argv[1], "--vm-by-ioctls"))
		return vm_by_ioctls();
	return bench_main(argc, argv, table, ARRAY_SIZE(table));
}
