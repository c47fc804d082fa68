# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# lib/lab/init uses these variables:
# shellcheck disable=SC2034
#
# arm64's part of lib/lab/init; x86-64's lists what it supplies.

arch_console=ttyAMA0
arch_serial=

arch_kvm_list() { :; }

arch_no_kvm() {
	[ ! "$(klog 'HYP mode not available')" ] ||
		echo "the kernel was not started at EL2 (HYP mode not available)"
}
