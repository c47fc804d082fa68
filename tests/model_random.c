// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random sequences of slot, guest_memfd, log and bus operations and guest
 * accesses, run on KVM and on the specification and compared after every step
 * (lib/world.h).
 *
 * A sequence that fails is shrunk to a shorter one that still fails, printed as a
 * table and stored as a replay file for ./run.sh test --replay FILE.
 */
#include "test.h"

#include <sys/utsname.h>
#include <time.h>

#include "arch.h"
#include "record.h"
#include "world.h"

#define HANG_MS		10000	/* only a hang takes this long on a busy machine */
#define HANG_AGAIN_MS	1500	/* once it has hung */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* The timeout of this test (KVMEM_TIMEOUT, or the harness's 30 s). */
static uint64_t timeout_ms(void)
{
	const char *s = getenv("KVMEM_TIMEOUT");

	return (s && atoi(s) > 0 ? (uint64_t)atoi(s) : 30) * 1000;
}

/* --- a failure ------------------------------------------------------------------ */

struct failure {
	const struct world_kind *kind;
	uint64_t sequence, until_ms;	/* shrinking stops then */
	unsigned int hang_ms, n;
	bool cut_short;
	struct step s[STEPS_MAX];
	struct world_verdict v;
};

static bool still_fails(const struct step *s, unsigned int n, void *arg)
{
	struct failure *f = arg;
	struct world_verdict v;

	if (now_ms() > f->until_ms) {
		f->cut_short = true;
		return false;
	}
	world_run(f->kind, s, n, f->hang_ms, NULL, &v);
	return v.step >= 0;
}

/* Whether one of three more runs fails. */
static bool fails_again(struct failure *f)
{
	struct world_verdict v;
	int i;

	f->hang_ms = HANG_AGAIN_MS;
	for (i = 0; i < 3; i++) {
		world_run(f->kind, f->s, f->n, f->hang_ms, NULL, &v);
		if (v.step < 0)
			continue;
		f->v = v;
		return true;
	}
	return false;
}

static void shrink(struct failure *f)
{
	/* Drop the steps after the one that failed. */
	if ((unsigned int)f->v.step + 1 < f->n)
		f->n = (unsigned int)f->v.step + 1;
	f->n = steps_shrink(f->s, f->n, still_fails, f);
}

/* Run it once more for a table of its steps, which is also the replay file. */
static char *replay_text(struct failure *f)
{
	struct utsname u;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct world_verdict v;

	uname(&u);
	fprintf(out, "test: model_random.%s\n", f->kind->name);
	fprintf(out, "seed %llu, sequence %llu, Linux %s (%s)%s\n", (unsigned long long)env_seed(),
		(unsigned long long)f->sequence, u.release, arch_backend(),
		f->cut_short ? "; shrinking ran out of time" : "");
	world_run(f->kind, f->s, f->n, f->hang_ms, out, &v);
	/* If it does not fail again, keep the verdict of the first run. */
	if (v.step >= 0 || f->v.step < 0)
		f->v = v;
	if (f->v.step >= 0)
		fprintf(out, "step %d of %u differs: %s\n", f->v.step, f->n, f->v.message);
	fclose(out);
	return text;
}

static void print_lines(char *text)
{
	char *line, *save = NULL;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		diag("%s", line);
}

static void keep(struct failure *f)
{
	char name[64], *text = replay_text(f);

	snprintf(name, sizeof(name), "model_random.%s.replay", f->kind->name);
	record_file(name, text);
	/* The first line is the reason shown in the summary. */
	diag("%s; log/%s runs it again", f->v.message, name);
	print_lines(text);
	free(text);
}

/* --- replay --------------------------------------------------------------------- */

/* Read the steps of a replay file or a log; skip if they are for another test. */
static unsigned int read_replay(const struct world_kind *kind, const char *path, struct step *s)
{
	FILE *f = fopen(path, "re");
	char line[512], mine[128], *at;
	unsigned int n = 0;

	if (!f)
		end_fail("%s: %s", path, strerror(errno));
	snprintf(mine, sizeof(mine), "test: model_random.%s\n", kind->name);
	while (n < STEPS_MAX && fgets(line, sizeof(line), f)) {
		at = strstr(line, "test: ");
		if (at && strcmp(at, mine))
			end_skip("the replay file is for another VM: %s", at + 6);
		n += step_parse(line, &s[n]);
	}
	fclose(f);
	if (!n)
		end_fail("%s: no steps in it", path);
	return n;
}

/* --- the tests ------------------------------------------------------------------ */

static bool replayed_ok(struct failure *f, const char *path)
{
	char *text;

	f->n = read_replay(f->kind, path, f->s);
	f->v.step = -1;
	text = replay_text(f);
	if (f->v.step >= 0)
		diag("%s", f->v.message);
	print_lines(text);
	free(text);
	return f->v.step < 0;
}

/* A sequence differed: shrink and store it if it fails again. */
static bool forgiven(struct failure *f)
{
	bool again = fails_again(f);

	if (again)
		shrink(f);
	keep(f);
	if (again)
		return false;
	/* A difference that the host can cause is tolerated if it happens only once. */
	diag("this happened once, and not in three further runs");
	record_observation("A1", "model_random.once", "%s: %s", f->kind->name, f->v.message);
	return f->v.soft;
}

static void report_speed(const struct world_kind *kind, uint64_t sequences, uint64_t steps,
			 uint64_t ms, double share)
{
	unsigned long long rate = ms ? steps * 1000 / ms : 0;
	char name[64];

	diag("%llu sequences, %llu operations, %llu per second; generation, model and comparison took %.1f%% of the time",
	     (unsigned long long)sequences, (unsigned long long)steps, rate, 100 * share);
	snprintf(name, sizeof(name), "model_random.%s.operations_per_second", kind->name);
	record_observation("A1", name, "%llu", rate);
	snprintf(name, sizeof(name), "model_random.%s.oracle_percent", kind->name);
	record_observation("A1", name, "%.1f", 100 * share);
}

/* Sequence after sequence, until the time is over or one fails. */
static bool model_agrees(const struct world_kind *kind, unsigned int quick_ms, unsigned int full_ms)
{
	uint64_t budget = env_pick(quick_ms, full_ms, timeout_ms()), began = now_ms();
	uint64_t sequences = 0, steps = 0, oracle = 0, ticks = arch_cycles(), start;
	const char *replay = getenv("KVMEM_REPLAY");
	static struct model scratch;
	static struct failure f;

	f = (struct failure){ .kind = kind, .hang_ms = HANG_MS };
	world_require(kind);
	if (replay)
		return replayed_ok(&f, replay);
	/* The rest of the time is for shrinking; profile stress uses the whole timeout. */
	if (budget > timeout_ms() / 2)
		budget = timeout_ms() > 60000 ? timeout_ms() - 30000 : timeout_ms() / 2;
	f.until_ms = began + budget + (timeout_ms() - budget) * 3 / 4;
	while (now_ms() - began < budget) {
		start = arch_cycles();
		f.n = steps_generate(&scratch, kind->gmem, kind->private, kind->proposed,
				     env_seed() + ++sequences * 0x100000001ULL, f.s);
		oracle += arch_cycles() - start;
		steps += f.n;
		world_run(kind, f.s, f.n, HANG_MS, NULL, &f.v);
		oracle += f.v.oracle_ticks;
		f.sequence = sequences;
		if (f.v.step >= 0 && !forgiven(&f))
			return false;
		f.hang_ms = HANG_MS;
	}
	report_speed(kind, sequences, steps, now_ms() - began,
		     (double)oracle / (double)(arch_cycles() - ticks));
	return true;
}

/* Checked with every VM: slots, logs, aliases and the bus. */
#define PLAIN "A1 A2 A3 A4 A7 A12 A14 A15 A17 A19 A22 A24 C1 C3 C4 C6 C7 C8"

KVMEM_TEST(default_vm, PLAIN, 7500)
{
	static const struct world_kind kind = { .name = "default_vm" };

	ASSERT_TRUE(model_agrees(&kind, 450, 7500));
}

KVMEM_TEST(slot_zap_all_off, PLAIN, 7500)
{
	static const struct world_kind kind = { .name = "slot_zap_all_off", .quirk_off = true };

	ASSERT_TRUE(model_agrees(&kind, 450, 7500));
}

KVMEM_TEST(shared_gmem, PLAIN " D1 D2 D4 D5 D7 D8 D9 D21", 13000)
{
	static const struct world_kind kind = {
		.name = "shared_gmem", .gmem = true, .quirk_off = true,
	};

	ASSERT_TRUE(model_agrees(&kind, 900, 13000));
}

KVMEM_TEST(private_vm, PLAIN " D1 D2 D4 D5 D7 D8 D9 D21 E3 E4 E5 E7 E8 E9", 13000)
{
	static const struct world_kind kind = {
		.name = "private_vm", .gmem = true, .private = true,
	};

	ASSERT_TRUE(model_agrees(&kind, 900, 13000));
}

KVMEM_TEST(proposed_flags, PLAIN " B1 B2 B4 B5 B6 B11 C14 C15 C16", 7500)
{
	static const struct world_kind kind = {
		.name = "proposed_flags", .quirk_off = true, .proposed = true,
	};

	ASSERT_TRUE(model_agrees(&kind, 450, 7500));
}

KVMEM_MAIN
