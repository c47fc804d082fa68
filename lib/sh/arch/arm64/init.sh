# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
# lib/lab/init uses these variables:
# shellcheck disable=SC2034
#
# arm64's part of lib/lab/init; x86-64's lists what it supplies.

arch_console=ttyAMA0
arch_serial=
arch_early=kvm_arm

arch_kvm_list() { :; }

arch_no_kvm() {
	[ ! "$(klog 'HYP mode not available')" ] ||
		echo "the kernel was not started at EL2 (HYP mode not available)"
}

# arch_mode: print the mode of KVM, as kvm-arm.mode= has it, and vhe for the default
arch_mode() {
	case $(klog 'kvm \[[0-9]*\]: .* mode initialized') in
	*Protected*) echo protected ;;
	*NV2*) echo nested ;;
	*nVHE* | *Hyp*) echo nvhe ;;
	*VHE*) echo vhe ;;
	esac
}

# A mode that the CPU or the kernel lacks is replaced by another one.
arch_bad_parameter() {
	local wanted mode

	wanted=$(parameters | sed -n 's/^kvm_arm mode=//p' | tail -n 1)
	mode=$(arch_mode)
	case $wanted in
	nvhe | protected | nested)
		[ ! "$mode" ] || [ "$mode" = "$wanted" ] ||
			echo "kvm-arm.mode=$wanted: KVM of this kernel and CPU is in mode $mode"
		;;
	esac
}

arch_notes() {
	local mode

	mode=$(arch_mode)
	[ ! "$mode" ] || echo "kvm_mode=$mode"
}
