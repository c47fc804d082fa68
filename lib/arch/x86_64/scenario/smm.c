// SPDX-License-Identifier: GPL-2.0-only
#include "arch/x86_64/scenario/smm.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "util/env.h"
#include "guest/list.h"
#include "kvm/vm.h"

/* Offsets in SMRAM; the CPU enters at 0x8000 and saves its state at 0xfe00. */
#define SMM_CODE	0x8000
#define SMM_DONE	0x8ff8
#define SMM_COUNT	0x8ffc
#define SMM_LIST	0x9000

#define STR(x) #x
#define XSTR(x) STR(x)

/*
 * SMM is entered in 16-bit mode, with CS based at SMBASE, the other segments at 0,
 * and 4 GiB limits.
 */
asm(
	".pushsection .rodata\n"
	".code16\n"
	".globl smm_code, smm_code_end\n"
	"smm_code:\n"
	"	movw $" XSTR(SMM_LIST) ", %di\n"
	"	movw %cs:" XSTR(SMM_COUNT) ", %cx\n"
	"1:	testw %cx, %cx\n"
	"	jz 5f\n"
	"	movl %cs:4(%di), %ebx\n"
	"	movl %cs:8(%di), %eax\n"
	"	cmpb $1, %cs:(%di)\n"		/* SMM_STORE */
	"	je 2f\n"
	"	ja 3f\n"
	"	movl (%ebx), %eax\n"
	"	jmp 4f\n"
	"2:	movl %eax, (%ebx)\n"
	"	jmp 4f\n"
	"3:	movl %ebx, %esi\n"
	"	movw $" XSTR(SMM_PORT) ", %dx\n"
	"	outsl (%esi), %dx\n"
	"4:	movl %eax, %cs:8(%di)\n"
	"	incl %cs:" XSTR(SMM_DONE) "\n"
	"	addw $16, %di\n"
	"	decw %cx\n"
	"	jmp 1b\n"
	"5:	rsm\n"
	"smm_code_end:\n"
	".code64\n"
	".popsection\n");

extern const unsigned char smm_code[], smm_code_end[];

_Static_assert(SMM_STORE == 1 && SMM_OUTS == 2 && sizeof(struct smm_op) == 16, "smm_code");

bool smm_possible(const struct vm *vm)
{
	return vm_cap(vm, KVM_CAP_X86_SMM) && vm_cap(vm, KVM_CAP_MULTI_ADDRESS_SPACE) > 1;
}

void smm_init(struct smm *s, struct vcpu *v)
{
	if (!smm_possible(v->vm))
		end_never("no KVM_CAP_X86_SMM with a second address space");
	s->v = v;
	s->ram = vm_alloc(SMM_SIZE);
	memcpy(s->ram + SMM_CODE, smm_code, (size_t)(smm_code_end - smm_code));
	vm_slot(v->vm, SMM_SLOT, 0, SMM_BASE, SMM_SIZE, s->ram);
}

static uint32_t *word(const struct smm *s, unsigned int offset)
{
	return (uint32_t *)(s->ram + offset);
}

bool smm_expect(struct smm *s, const char *what, const struct smm_op *ops, size_t nr,
		const struct kexit *want, size_t nr_want)
{
	if (nr > SMM_MAX_OPS)
		end_fail("%zu accesses in SMM, %d at most", nr, SMM_MAX_OPS);
	memcpy(s->ram + SMM_LIST, ops, nr * sizeof(*ops));
	*word(s, SMM_COUNT) = (uint32_t)nr;
	*word(s, SMM_DONE) = 0;
	if (ioctl(s->v->fd, KVM_SMI))
		end_fail("KVM_SMI: %s", strerror(errno));
	if (!vcpu_expect(s->v, what, OPS({ .kind = OP_NOP }), want, nr_want))
		return false;
	if (*word(s, SMM_DONE) == nr)
		return true;
	diag("%s: %u of %zu accesses retired in SMM", what, *word(s, SMM_DONE), nr);
	return false;
}

uint32_t smm_value(const struct smm *s, unsigned int i)
{
	return ((const struct smm_op *)(s->ram + SMM_LIST))[i].value;
}
