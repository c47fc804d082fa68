/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's kselftest harness with the common code of conformance programs:
 *
 *	KVMEM_TEST(read_then_write, "A17 A18")
 *	{
 *		struct vm *vm = vm_create(NULL);
 *		...
 *		ASSERT_TRUE(vcpu_expect(...));
 *	}
 *
 *	KVMEM_MAIN
 *
 * The string lists the behaviours (tests/BEHAVIOURS.md) that the test checks.  An
 * optional second argument is the duration of each variant in milliseconds, under
 * TCG with profile full; plan_share() uses it to balance tests among machines.
 * After the body all VMs are destroyed, and new warnings in the kernel log fail
 * the test.
 */
#ifndef KVMEM_TEST_H
#define KVMEM_TEST_H

/* Diagnostics and results go to the same stream. */
#define TH_LOG_STREAM stdout
#include <kselftest_harness.h>

/* The wrappers of the harness have parameters that not every test uses; clang warns. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include "util/env.h"
#include "util/klog.h"
#include "util/param.h"
#include "harness/serve.h"
#include "util/trace.h"
#include "guest/guest.h"

struct kvmem_covers {
	const char *test;	/* "name" or "fixture.name" */
	const char *behaviours;	/* "A1 A6" */
	unsigned int ms;	/* duration, see above */
};

static struct __test_metadata *kvmem_metadata;
static bool kvmem_in_setup;

/* env_end_hook: report early-exit paths of the library to the harness. */
static inline void kvmem_end(int code, bool never, const char *reason)
{
	if (never && kvmem_in_setup)
		serve_never(reason);
	trace_stop_all();
	param_restore_all();
	if (!kvmem_metadata)
		return;
	snprintf(kvmem_metadata->results->reason, sizeof(kvmem_metadata->results->reason),
		 "%s", reason);
	kvmem_metadata->exit_code = code;
}

static inline void kvmem_begin(struct __test_metadata *_metadata)
{
	kvmem_metadata = _metadata;
	env_end_hook = kvmem_end;
	klog_mark();
}

static inline void kvmem_finish(struct __test_metadata *_metadata)
{
	char text[256];

	trace_stop_all();
	param_restore_all();
	vm_destroy_all();
	if (!klog_check(text, sizeof(text)))
		return;
	diag("kernel log message during this test: %s", text);
	snprintf(_metadata->results->reason, sizeof(_metadata->results->reason),
		 "kernel log: %s", text);
	_metadata->exit_code = KSFT_FAIL;
}

#define KVMEM_COVERS(ident, ...)					\
	static const struct kvmem_covers ident				\
	__attribute__((used, section("kvmem_covers"), aligned(8))) =	\
		{ .test = __VA_ARGS__ }

/* A test without a fixture.  Arguments: name, behaviours, optionally milliseconds. */
#define KVMEM_TEST(name, ...)						\
	static void body_##name(struct __test_metadata *_metadata);	\
	KVMEM_COVERS(covers_##name, #name, __VA_ARGS__);		\
	TEST(name)							\
	{								\
		kvmem_begin(_metadata);					\
		body_##name(_metadata);					\
		kvmem_finish(_metadata);				\
	}								\
	static void body_##name(						\
		struct __test_metadata __attribute__((unused)) *_metadata)

/* Setup of a fixture; the body can use self and variant.  There is no teardown. */
#define KVMEM_SETUP(fixture)						\
	static void setup_##fixture(struct __test_metadata *_metadata,	\
		FIXTURE_DATA(fixture) *self,				\
		const FIXTURE_VARIANT(fixture) *variant);		\
	FIXTURE_SETUP(fixture)						\
	{								\
		kvmem_begin(_metadata);					\
		kvmem_in_setup = true;					\
		setup_##fixture(_metadata, self, variant);		\
		kvmem_in_setup = false;					\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
	}								\
	static void setup_##fixture(					\
		struct __test_metadata __attribute__((unused)) *_metadata, \
		FIXTURE_DATA(fixture) __attribute__((unused)) *self,	\
		const FIXTURE_VARIANT(fixture) __attribute__((unused)) *variant)

/*
 * A test with a fixture, run once for every FIXTURE_VARIANT_ADD().  The body can
 * use self and variant.
 */
#define KVMEM_TEST_F(fixture, name, ...)				\
	static void body_##fixture##_##name(				\
		struct __test_metadata *_metadata,			\
		FIXTURE_DATA(fixture) *self,				\
		const FIXTURE_VARIANT(fixture) *variant);		\
	KVMEM_COVERS(covers_##fixture##_##name, #fixture "." #name, __VA_ARGS__); \
	TEST_F(fixture, name)						\
	{								\
		body_##fixture##_##name(_metadata, self, variant);	\
		kvmem_finish(_metadata);				\
	}								\
	static void body_##fixture##_##name(				\
		struct __test_metadata __attribute__((unused)) *_metadata, \
		FIXTURE_DATA(fixture) __attribute__((unused)) *self,	\
		const FIXTURE_VARIANT(fixture) __attribute__((unused)) *variant)

/* Skip the test unless @condition is true; only in a test body. */
#define REQUIRE(condition, ...)						\
	do {								\
		if (!(condition))					\
			SKIP(return, __VA_ARGS__);			\
	} while (0)

extern const struct kvmem_covers __start_kvmem_covers[], __stop_kvmem_covers[];

/* The kvmem_covers entry of test @test of fixture @fixture. */
static inline const struct kvmem_covers *kvmem_covered(const char *fixture, const char *test)
{
	static const struct kvmem_covers nothing = { .behaviours = "" };
	const struct kvmem_covers *c;
	char name[256];

	snprintf(name, sizeof(name), "%s.%s", fixture, test);
	for (c = __start_kvmem_covers; c < __stop_kvmem_covers; c++)
		if (!strcmp(c->test, !strcmp(fixture, "global") ? test : name))
			return c;
	return &nothing;
}

/* Lines "full.test.name<TAB>behaviours<TAB>milliseconds", for the runner. */
static inline int kvmem_list(void)
{
	const struct kvmem_covers *c;
	struct __fixture_metadata *f;
	struct __fixture_variant_metadata *v, none = { .name = "" };
	struct __test_metadata *t;

	for (f = __fixture_list; f; f = f->next)
		for (v = f->variant ? f->variant : &none; v; v = v->next)
			for (t = f->tests; t; t = t->next) {
				c = kvmem_covered(f->name, t->name);
				printf("%s%s%s.%s\t%s\t%u\n", f->name, v->name[0] ? "." : "",
				       v->name, t->name, c->behaviours, c->ms);
			}
	return 0;
}

/* KVMEM_TIMEOUT: timeout of each test in seconds; the harness's default is 30. */
static inline void kvmem_timeouts(void)
{
	const char *s = getenv("KVMEM_TIMEOUT");
	struct __fixture_metadata *f;
	struct __test_metadata *t;

	for (f = __fixture_list; s && f; f = f->next)
		for (t = f->tests; t; t = t->next)
			t->timeout = atoi(s);
}

/* Run one test, as with the command line option -r NAME. */
static inline int kvmem_run_one(char *name)
{
	char *argv[] = { "test", "-r", name, NULL };

	return test_harness_run(3, argv);
}

static inline int kvmem_main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return kvmem_list();
	kvmem_timeouts();
	if (argc == 2 && !strcmp(argv[1], "--serve"))
		return serve(kvmem_run_one);
	return test_harness_run(argc, argv);
}

#define KVMEM_MAIN							\
	int main(int argc, char **argv)					\
	{								\
		return kvmem_main(argc, argv);				\
	}

#endif /* KVMEM_TEST_H */
