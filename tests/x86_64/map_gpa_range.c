// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hypercall KVM_HC_MAP_GPA_RANGE, with which a guest requests a conversion: the
 * exit to userspace, and the result for the guest (E16).
 */
#include "test.h"

#include <sys/ioctl.h>

#include "gmem.h"
#include "record.h"
#include "vcpu.h"

#define GPA 0xc0000000ULL

#define HC_MAP_GPA_RANGE	12
#define HC_EINVAL		(-22LL)
#define HC_ENOSYS		(-1000LL)

#define HYPERCALL(gpa, npages, attrs) \
	{ .kind = OP_HYPERCALL, .value = { HC_MAP_GPA_RANGE, (gpa) }, .addr = (npages), .addr2 = (attrs) }

FIXTURE(hypercall) {
	struct vm *vm;
	struct vcpu *v;
};

KVMEM_SETUP(hypercall)
{
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	if (!(vm_cap(self->vm, KVM_CAP_EXIT_HYPERCALL) & 1 << HC_MAP_GPA_RANGE))
		end_skip("no KVM_CAP_EXIT_HYPERCALL for KVM_HC_MAP_GPA_RANGE");
	if (vcpu_try(self->v, OPS({ .kind = OP_HYPERCALL, .value = { 1 } }), 500) != VCPU_DONE)
		end_skip("the hypercall instruction does not work on this backend");
}

/*
 * Number, arguments and result are passed unchanged.
 * Red with: npages treated as bytes; the result not returned to the guest; an exit
 * that is skipped when the attributes are already set.
 */
KVMEM_TEST_F(hypercall, exit, "E16")
{
	static const uint64_t answers[] = { 0, 22, 0xfffffffffffffff0ULL };
	static const uint64_t args[][3] = {
		{ GPA, 3, 0x10 },		/* private, 4 KiB */
		{ GPA, 3, 0 },
		{ 0, 1, 0x12 },			/* 1 GiB */
		{ 0x7ffffffff000ULL, 1ULL << 30, 0x11 },
		{ GPA, 1, ~0ULL },
	};
	unsigned int i, k;

	ASSERT_EQ(0, vm_enable_cap(self->vm, KVM_CAP_EXIT_HYPERCALL, 1 << HC_MAP_GPA_RANGE));
	for (k = 0; k < ARRAY_SIZE(args); k++) {
		for (i = 0; i < ARRAY_SIZE(answers); i++) {
			ASSERT_TRUE(vcpu_expect(self->v, "KVM_HC_MAP_GPA_RANGE",
				OPS(HYPERCALL(args[k][0], args[k][1], args[k][2])),
				EXITS({ .reason = KVM_EXIT_HYPERCALL, .addr = HC_MAP_GPA_RANGE,
					.data = answers[i],
					.args = { args[k][0], args[k][1], args[k][2] } })));
			ASSERT_EQ(answers[i], vcpu_value(self->v, 0));
		}
	}
}

/*
 * The exit also has the flag for 64-bit mode and a return value of 0, which is used if
 * userspace does not set it (QEMU up to 9.2 does not).  Some kernels since 6.13 left
 * the old content of the field: recorded.
 */
KVMEM_TEST_F(hypercall, preset_answer, "E16")
{
	struct kvm_run *run = self->v->run;
	int i;

	ASSERT_EQ(0, vm_enable_cap(self->vm, KVM_CAP_EXIT_HYPERCALL, 1 << HC_MAP_GPA_RANGE));
	vcpu_start(self->v, OPS(HYPERCALL(GPA, 1, 0x10)));
	memset(&run->hypercall, 0xa5, sizeof(run->hypercall));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, ioctl(self->v->fd, KVM_RUN, 0));
		if (run->exit_reason == KVM_EXIT_HYPERCALL)
			break;
	}
	ASSERT_EQ(KVM_EXIT_HYPERCALL, run->exit_reason);
	ASSERT_EQ(HC_MAP_GPA_RANGE, run->hypercall.nr);
	/* Before 6.4 these were 32 bits named longmode, and 32 of padding. */
	ASSERT_EQ(KVM_EXIT_HYPERCALL_LONG_MODE, (uint32_t)run->hypercall.flags);
	record_observation("E16", "hypercall.preset", "%s", run->hypercall.ret ? "not set" : "0");
	if (env_kernel_from(6, 14))
		ASSERT_EQ(0, run->hypercall.ret);
	run->hypercall.ret = 77;
	self->v->completes = KVM_EXIT_HYPERCALL;
	ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
	ASSERT_EQ(77, vcpu_value(self->v, 0));
}

/*
 * The intended use: the guest requests private memory in the middle of its list,
 * userspace converts, and the guest's next access is to the private copy.
 */
KVMEM_TEST(conversion, "E16 E3")
{
	struct vm *vm = gmem_kind_vm(GMEM_PRIVATE, NULL);
	struct vcpu *v = vm->vcpu[0];
	uint64_t *shared = vm_alloc(2 * PAGE_4K);

	REQUIRE(vm_cap(vm, KVM_CAP_EXIT_HYPERCALL) & 1 << HC_MAP_GPA_RANGE,
		"no KVM_CAP_EXIT_HYPERCALL for KVM_HC_MAP_GPA_RANGE");
	ASSERT_EQ(0, vm_enable_cap(vm, KVM_CAP_EXIT_HYPERCALL, 1 << HC_MAP_GPA_RANGE));
	ASSERT_EQ(0, vm_region2(vm, 1, KVM_MEM_GUEST_MEMFD, GPA, 2 * PAGE_4K, shared,
				gmem_kind_create(vm, GMEM_PRIVATE, 2 * PAGE_4K), 0));
	vcpu_start(v, OPS(ST(8, GPA, 1), ST(8, GPA + PAGE_4K, 2), HYPERCALL(GPA, 1, 0x10),
			  ST(8, GPA + 8, 3), LD(8, GPA), LD(8, GPA + PAGE_4K)));
	v->nr_script = 0;
	while (vcpu_run(v) == VCPU_RESUME) {
		const struct kexit *e = &v->log[v->nr_exits - 1];

		ASSERT_EQ(KVM_EXIT_HYPERCALL, e->reason);
		ASSERT_EQ(0, gmem_attributes(vm, e->args[0], e->args[1] * PAGE_4K,
					     e->args[2] & 0x10 ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0));
		v->run->hypercall.ret = 0;
	}
	ASSERT_FALSE(v->in_list);
	ASSERT_EQ(1, v->nr_exits);
	ASSERT_EQ(0, vcpu_value(v, 2));
	ASSERT_EQ(0, vcpu_value(v, 4));
	ASSERT_EQ(2, vcpu_value(v, 5));
	ASSERT_EQ(1, shared[0]);
	ASSERT_EQ(0, shared[1]);
}

/* Red with: the checks before the exit dropped. */
KVMEM_TEST_F(hypercall, refused, "E16")
{
	static const struct {
		uint64_t gpa, npages;
	} rows[] = {
		{ GPA + 1, 1 }, { GPA + 0x800, 1 }, { GPA, 0 }, { GPA, ~0ULL }, { 0, 0 },
		{ PAGE_4K, ~0ULL },
	};
	unsigned int i;

	ASSERT_TRUE(vcpu_expect(self->v, "not enabled", OPS(HYPERCALL(GPA, 1, 0)), NO_EXITS));
	ASSERT_EQ(HC_ENOSYS, (int64_t)vcpu_value(self->v, 0));
	ASSERT_EQ(0, vm_enable_cap(self->vm, KVM_CAP_EXIT_HYPERCALL, 1 << HC_MAP_GPA_RANGE));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_TRUE(vcpu_expect(self->v, "invalid", OPS(HYPERCALL(rows[i].gpa, rows[i].npages, 0)),
					NO_EXITS));
		ASSERT_EQ(HC_EINVAL, (int64_t)vcpu_value(self->v, 0)) {
			TH_LOG("row %u", i);
		}
	}
	ASSERT_EQ(-EINVAL, vm_enable_cap(self->vm, KVM_CAP_EXIT_HYPERCALL, 1 << 1));
}

KVMEM_MAIN
