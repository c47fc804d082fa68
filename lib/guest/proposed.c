// SPDX-License-Identifier: GPL-2.0-only
#include "guest/proposed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/env.h"
#include "guest/list.h"
#include "guest/guest.h"

#define GPA	0xc0000000ULL
#define SLOT	9
#define MARK	0x5a

static const struct {
	const char *name;	/* in the kernel's headers */
	const char *bit, *cap;	/* keys in configs/proposed_uapi.conf */
} features[NR_PROPOSED] = {
	[PROPOSED_PCI_HOLE] = { "KVM_MEM_PCI_HOLE", "pci_hole", "pci_hole_cap" },
	[PROPOSED_SINGLE_HVA] = { "KVM_MEM_SINGLE_HVA", "single_hva", "single_hva_cap" },
	[PROPOSED_DMA] = { "KVM_MEM_NON_COHERENT_DMA", "noncoherent_dma", "noncoherent_dma_cap" },
	[PROPOSED_WC] = { "KVM_MEM_WC", "wc", "wc_cap" },
};

/* The value of @name in a list "name=value name=value"; false when it has none. */
static bool find(const char *list, const char *name, unsigned long *value)
{
	size_t len = strlen(name);

	while (list && *list) {
		list += strspn(list, " ,");
		if (!strncmp(list, name, len) && list[len] == '=') {
			char *end;

			*value = strtoul(list + len + 1, &end, 0);
			if (end == list + len + 1 || (*end && !strchr(" ,", *end)))
				end_fail("KVMEM_UAPI: %s needs a number", name);
			return true;
		}
		list += strcspn(list, " ,");
	}
	return false;
}

static unsigned long number(const char *name)
{
	unsigned long v;

	if (!find(getenv("KVMEM_UAPI"), name, &v) && !find(PROPOSED_UAPI, name, &v))
		end_fail("configs/proposed_uapi.conf has no %s", name);
	return v;
}

const char *proposed_name(enum proposed p)
{
	return features[p].name;
}

unsigned int proposed_bit(enum proposed p)
{
	unsigned long bit = number(features[p].bit);

	if (bit > 31)
		end_fail("%s=%lu: flags have 32 bits", features[p].bit, bit);
	return (unsigned int)bit;
}

uint32_t proposed_flag(enum proposed p)
{
	return 1U << proposed_bit(p);
}

unsigned int proposed_cap(enum proposed p)
{
	return (unsigned int)number(features[p].cap);
}

uint32_t proposed_device(void)
{
	return (uint32_t)number("dma_device");
}

bool proposed_drops_writes(void)
{
	return number("pci_hole_drops_writes") != 0;
}

/* Whether one guest access completes within half a second, without any exit. */
static bool quiet(struct vcpu *v, struct mbox_op op)
{
	return vcpu_try(v, &op, 1, 500) == VCPU_DONE && !v->nr_exits &&
	       vcpu_result(v, 0)->vector < 0;
}

static bool reads(struct vcpu *v, uint64_t gpa, uint8_t want)
{
	return quiet(v, (struct mbox_op)LD(1, gpa)) && (uint8_t)vcpu_value(v, 0) == want;
}

/* The minimal check that distinguishes the feature from another meaning of the bit. */
static bool behaves(struct vm *vm, enum proposed p, uint8_t *mem)
{
	struct vcpu *v = vm->vcpu[0];

	switch (p) {
	case PROPOSED_PCI_HOLE:
		return reads(v, GPA + 1, 0xff);
	case PROPOSED_SINGLE_HVA:
		/* The second page of host memory does not hold MARK. */
		return reads(v, GPA + VM_PAGE, MARK);
	default:
		/* Writable memory, and a flag that can't be cleared. */
		return quiet(v, (struct mbox_op)ST(1, GPA + 1, MARK + 1)) && mem[1] == MARK + 1 &&
		       vm_region(vm, SLOT, 0, GPA, 2 * VM_PAGE, mem) == -EINVAL;
	}
}

static int make_slot(const struct vm *vm, enum proposed p, const uint8_t *mem)
{
	return vm_region(vm, SLOT, proposed_flag(p), GPA, 2 * VM_PAGE,
			 p == PROPOSED_PCI_HOLE ? NULL : mem);
}

/* Create a VM with vCPU and payload only where the kernel has accepted the flag. */
static enum proposed_state ask_guest(enum proposed p, uint8_t *mem)
{
	struct vm *vm = vm_create(NULL);
	bool here = !make_slot(vm, p, mem) && behaves(vm, p, mem);

	vm_destroy(vm);
	return here ? PROPOSED_HERE : PROPOSED_OTHER;
}

enum proposed_state proposed_state(enum proposed p)
{
	static enum proposed_state known[NR_PROPOSED];
	static bool asked[NR_PROPOSED];
	struct vm bare = { 0 };
	uint8_t *mem;
	int r;

	if (asked[p])
		return known[p];
	asked[p] = true;
	mem = vm_alloc(2 * VM_PAGE);
	memset(mem, MARK, VM_PAGE);
	bare.fd = ioctl(vm_device(), KVM_CREATE_VM, 0);
	if (bare.fd < 0)
		vm_create(NULL);	/* fails the same way, and ends the test with the reason */
	r = make_slot(&bare, p, mem);
	if (r == -EINVAL)
		known[p] = PROPOSED_REFUSED;
	else if (!r && vm_cap(&bare, proposed_cap(p)) > 0)
		known[p] = PROPOSED_HERE;
	else
		known[p] = ask_guest(p, mem);
	close(bare.fd);
	munmap(mem, 2 * VM_PAGE);
	return known[p];
}

bool proposed_takes(unsigned int bit)
{
	enum proposed p;

	for (p = 0; p < NR_PROPOSED; p++)
		if (proposed_bit(p) == bit && proposed_state(p) == PROPOSED_HERE)
			return true;
	return false;
}

void proposed_require(enum proposed p)
{
	switch (proposed_state(p)) {
	case PROPOSED_REFUSED:
		end_never("kernel has no %s (bit %u refused)", proposed_name(p), proposed_bit(p));
	case PROPOSED_OTHER:
		end_never("bit %u is not %s in this kernel; --uapi %s=N names another",
			 proposed_bit(p), proposed_name(p), features[p].bit);
	case PROPOSED_HERE:
		return;
	}
}
