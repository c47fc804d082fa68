/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/private_fault.c: instructions of x86, the instruction emulator, and
 * hardware with private memory (SEV-SNP, TDX).
 */

static const struct access *other_faults(size_t *n)
{
	static const struct access rows[] = {
		{ "immediate write", { .kind = OP_STORE_IMM, .width = 4, .addr = 0x204 }, 0 },
		{ "read-modify-write", { .kind = OP_INC, .width = 4, .addr = 0x10 }, 0 },
		{ "push", { .kind = OP_PUSH_TO, .addr = 0x108 }, 0 },
		{ "supervisor read", { .kind = OP_LOAD, .width = 8, .flags = OPF_SUPER }, 0 },
	};

	*n = ARRAY_SIZE(rows);
	return rows;
}

static const struct access *other_restarts(size_t *n)
{
	static const struct access rows[] = {
		{ "inc", { .kind = OP_INC, .width = 8, .addr = 8 }, 101 },
		{ "push", { .kind = OP_PUSH_TO, .addr = 16, .value = { 5 } }, 5 },
	};

	*n = ARRAY_SIZE(rows);
	return rows;
}

/*
 * A string move reaches a private page: the part before it is done, and the rest
 * follows after the conversion, each byte once.
 */
KVMEM_TEST_F(priv, string_into_private, "E11")
{
	uint64_t gpa = GPA + 16 * SIZE, i;
	uint8_t *ram = vm_alloc(SIZE);

	vm_slot(self->vm, 2, 0, gpa, SIZE, ram);
	for (i = 0; i < PAGE_4K; i++)
		ram[4 * PAGE_4K + i] = (uint8_t)(i * 7 + 1);
	ASSERT_EQ(0, gmem_attributes(self->vm, gpa + PAGE_4K, PAGE_4K, PRIVATE));
	ASSERT_TRUE(vcpu_expect_stop(self->v, "rep movsb",
		OPS({ .kind = OP_MOVS, .width = 1, .flags = OPF_REP, .addr = gpa + 4 * PAGE_4K,
		      .addr2 = gpa + PAGE_4K - 100, .value = { 300 } }),
		EXITS(MEM_FAULT(gpa + PAGE_4K, KVM_MEMORY_EXIT_FLAG_PRIVATE))));
	for (i = 0; i < 100; i++)
		ASSERT_EQ((uint8_t)(i * 7 + 1), ram[PAGE_4K - 100 + i]);
	ASSERT_EQ(0, ram[PAGE_4K]);
	/* It must not be written a second time. */
	memset(ram + PAGE_4K - 100, 0, 100);
	ASSERT_EQ(0, gmem_attributes(self->vm, gpa + PAGE_4K, PAGE_4K, 0));
	ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
	ASSERT_EQ(1, self->v->nr_exits);
	ASSERT_EQ(0, vcpu_result(self->v, 0)->arch.rcx);
	for (i = 0; i < 100; i++)
		ASSERT_EQ(0, ram[PAGE_4K - 100 + i]);
	for (i = 100; i < 300; i++)
		ASSERT_EQ((uint8_t)(i * 7 + 1), ram[PAGE_4K - 100 + i]);
}

/* --- emulated accesses (E18) --------------------------------------------- */

/*
 * An access that KVM emulates goes through the host address, private or not: this
 * is recorded.  The test fails only if the private copy changes (E18).
 */
KVMEM_TEST_F(priv, emulated_access, "E18")
{
	ASSERT_EQ(0, gmem_attributes(self->vm, GPA, SIZE, PRIVATE));
	vcpu_store(self->v, 8, GPA, 1);
	self->shared[0] = 2;
	vcpu_do(self->v, OPS({ .kind = OP_MOVS, .width = 8, .addr = GPA, .addr2 = HOLE, .value = { 1 } }),
		NO_EXITS);
	record_observation("E18", "emulated_read", "%s",
		self->v->log[0].reason == KVM_EXIT_MEMORY_FAULT ? "memory fault" :
		self->v->log[0].reason != KVM_EXIT_MMIO ? "other exit" :
		self->v->log[0].data == 2 ? "reads the shared copy" :
		self->v->log[0].data == 1 ? "reads the private copy" : "neither");
	vcpu_do(self->v, OPS({ .kind = OP_MOVS, .width = 8, .addr = HOLE, .addr2 = GPA, .value = { 1 } }),
		EXITS(MMIO_RD(HOLE, 8, 3)));
	record_observation("E18", "emulated_write", "%s",
		self->shared[0] == 3 ? "writes the shared copy" :
		vcpu_load(self->v, 8, GPA) == 3 ? "writes the private copy" : "neither");
	if (self->shared[0] == 3)
		ASSERT_EQ(1, vcpu_load(self->v, 8, GPA));
	/* Across a shared and a private page. */
	ASSERT_EQ(0, gmem_attributes(self->vm, GPA, PAGE_4K, 0));
	vcpu_store(self->v, 4, GPA + PAGE_4K, 0x11111111);
	self->shared[511] = 0x2222222222222222ULL;
	self->shared[512] = 0x3333333333333333ULL;
	vcpu_do(self->v, OPS({ .kind = OP_MOVS, .width = 8, .addr = GPA + PAGE_4K - 4, .addr2 = HOLE,
			       .value = { 1 } }), NO_EXITS);
	record_observation("E18", "emulated_split_read", "%s",
		self->v->log[0].reason == KVM_EXIT_MEMORY_FAULT ? "memory fault" :
		self->v->log[0].reason != KVM_EXIT_MMIO ? "other exit" :
		self->v->log[0].data == 0x3333333322222222ULL ? "reads the shared copies" :
		self->v->log[0].data == 0x1111111122222222ULL ? "reads each page's own" : "neither");
}

/* --- hardware with private memory (E20) --------------------------------------------- */

KVMEM_TEST(sev_snp_shared_bit, "E20")
{
	REQUIRE(vm_cap(NULL, KVM_CAP_VM_TYPES) & 1 << 4, "needs SEV-SNP hardware (VM type KVM_X86_SNP_VM)");
	SKIP(return, "this suite has no guest with SNP start-up");
}

KVMEM_TEST(tdx_shared_bit, "E20")
{
	REQUIRE(vm_cap(NULL, KVM_CAP_VM_TYPES) & 1 << 5, "needs TDX hardware (VM type KVM_X86_TDX_VM)");
	SKIP(return, "this suite has no guest with TDX start-up");
}
