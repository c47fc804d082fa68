# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# lib/lab/init uses these variables:
# shellcheck disable=SC2034
#
# x86-64's part of lib/lab/init.  An architecture supplies
#
#   arch_console	the serial console
#   arch_serial		the second serial line
#   arch_kvm_list	print the list of modules to load for KVM, if any
#   arch_no_kvm		print why the CPU cannot run KVM, or nothing
#   arch_early		the module whose parameters are early parameters, if any: they have
#			no files in sysfs; arch_early_kvm of lib/sh/arch/NAME.sh has the names
#   arch_bad_parameter	print which parameter had no effect, and why; or nothing
#   arch_notes		print words KEY=VALUE to note in the results

arch_console=ttyS0
arch_serial=ttyS1
arch_early=

arch_kvm_list() {
	case $(grep -m 1 '^flags' /proc/cpuinfo) in
	*' vmx '*) echo kvm_intel ;;
	*) echo kvm_amd ;;
	esac
}

arch_no_kvm() {
	grep -qE '^flags.* (svm|vmx) ' /proc/cpuinfo || echo "its CPU has neither svm nor vmx"
}

arch_bad_parameter() { :; }

arch_notes() { :; }
