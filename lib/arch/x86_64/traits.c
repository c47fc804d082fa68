// SPDX-License-Identifier: GPL-2.0-only
/* Traits of this host's KVM, x86-64. */
#include <string.h>

#include "arch.h"
#include "arch/x86_64/memtype.h"
#include "arch/x86_64/uapi.h"
#include "util/env.h"

static bool param_is(const char *path, char value)
{
	char line[8];

	return env_read_line(path, line, sizeof(line)) && line[0] == value;
}

/*
 * Before 6.2, with nx_huge_pages, KVM treated any existing page table as one that the
 * mitigation had created, and did not replace it by a huge page ("KVM: x86/mmu:
 * explicitly check nx_hugepage in disallowed_hugepage_adjust()").
 */
static bool keeps_page_tables(void)
{
	return param_is("/sys/module/kvm/parameters/nx_huge_pages", 'Y') && !env_kernel_from(6, 2);
}

const struct arch_traits *arch_traits(void)
{
	static struct arch_traits t = {
		.caches_mmio = true,
		.decodes = true,
		.slot_zap_quirk = KVM_X86_QUIRK_SLOT_ZAP_ALL,
	};
	static bool known;

	if (!known) {
		t.counts = memtype_tdp_mmu();
		t.forgets = !t.counts;
		/* An EPT misconfiguration has no exit qualification. */
		t.stale_mmio_reads = !strcmp(arch_backend(), "vmx") && memtype_tdp();
		t.emulates = !strcmp(arch_backend(), "pvm");
		known = true;
	}
	/* These parameters can be changed at run time. */
	t.huge_at_will = keeps_page_tables();
	t.eager_split = param_is("/sys/module/kvm/parameters/eager_page_split", 'Y');
	return &t;
}
