# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Names of one architecture stay in that architecture's folders.  Each hit is printed
# as FILE:LINE, and fails the check.

# The folders that hold architecture-specific code.
ARCH_FOLDERS='^(lib/arch|guest_code|tests|bench)/x86_64/|^lib/sh/arch/'

# Exempt files: a regular expression for the path, then the reason.
arch_exempt() {
	cat <<-'END'
		^tests/check/                  the checks contain the names that they search for
		^tests/BEHAVIOURS\.md$         describes what differs by backend
		\.md$                          documentation
		\.json$                        data: recorded results contain the name of their backend
	END
}

# Names that have a meaning on x86 only; case is ignored.  An underscore ends a word, so
# that kvm_has_svm() is found.
X86_WORDS='vmx|svm|ept|npt|vmcs|vmcb|vmcall|vmmcall|vmrun|vmlaunch|vmread|vmwrite|cpuid|rdmsr|wrmsr'
X86_WORDS+='|cr[0348]|kvm[_-]intel|kvm[_-]amd|bzimage|ttyS[0-9]|rflags|eflags|lapic|ioapic|mtrrs?|smram'
# Prefixes of identifiers, case-sensitive.
X86_PREFIXES='KVM_X86_|KVM_CAP_X86_|KVM_EXIT_X86_|MSR_|CONFIG_X86_|X86_|(?<!lib/sh/)arch/x86'

arch_files() {
	git ls-files -- lib guest_code tests bench run.sh |
		grep -vE "$ARCH_FOLDERS" | grep -vEf <(arch_exempt | awk '{ print $1 }')
}

# An include of "x86_64/..." is a hit too: it makes a file x86 only.
x86_names() {
	arch_files | xargs grep -HnPo \
		"(?i:(?<![a-z0-9])($X86_WORDS)(?![a-z0-9]))|(?<![A-Za-z0-9])($X86_PREFIXES)\w*|#include.*x86_64/.*" || true
}

X86_HITS=$(x86_names)
[ ! "$X86_HITS" ] || printf '      %s\n' "${X86_HITS//$'\n'/$'\n      '}"
is "names of x86 outside of its folders" 0 "$(grep -c . <<<"$X86_HITS")"
# The check can fail: the names occur, and there are files to search.
is "arch: the excluded folders contain names of x86" yes "$(
	grep -rqiwE "$X86_WORDS" lib/arch/x86_64 lib/sh/arch && echo yes)"
is "arch: more than 100 files are searched" yes "$([ "$(arch_files | wc -l)" -gt 100 ] && echo yes)"
