# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The other parts use these variables:
# shellcheck disable=SC2034
#
# arm64: the part of run.sh that depends on the architecture; x86_64.sh lists what it
# supplies.

arch_kernel=arm64
arch_debian=arm64
arch_image=Image
arch_image_path=arch/arm64/boot/Image
arch_ksrc=(arch/arm64/kernel/Makefile.syscalls)
arch_header=KVM_REG_ARM_CORE
arch_help_param='.
                       kvm-arm.mode=nvhe and kvm-arm.mode=protected select the mode'
arch_help_nested="a CPU with nested virtualization (FEAT_NV2), kvm-arm.mode=nested on the command line of this host's kernel, and QEMU 10.1 or newer"
arch_help_accel='  --accel kvm|tcg
                       kvm    QEMU with nested KVM of this host (FEAT_NV2 and
                              kvm-arm.mode=nested)
                       tcg    QEMU, emulates EL2
                       The default is kvm if the host can nest, else tcg'

arch_triplet=aarch64-linux-gnu
arch_user=qemu-aarch64
arch_cross_packages='
gcc-aarch64-linux-gnu command aarch64-linux-gnu-gcc
libc6-dev-arm64-cross file    /usr/aarch64-linux-gnu/lib/libc.a
qemu-user             command qemu-aarch64
'

arch_console=ttyAMA0
arch_early=earlycon
arch_console_config=SERIAL_AMBA_PL011_CONSOLE
# KVM is never a module.
arch_kvm_config=(KVM)
arch_kvm_modules=()
arch_early_kvm=kvm-arm.
arch_modules_wanted=

arch_accels=(kvm tcg)
arch_emulators=()
arch_qemu=qemu-system-aarch64
arch_qemu_package=qemu-system-arm
# With virtualization, the machine starts the kernel at EL2.
arch_qemu_options=(-M "virt,virtualization=on,gic-version=3")
# QEMU 7.2 ignores a second serial line; newer versions would have another machine.
arch_qemu_line=
arch_qemu_cpu=neoverse-n1

# --- kernels -----------------------------------------------------------------

# An image is a plain Image, compressed with gzip, or an EFI zboot image, which has a
# compressed Image in it.

# arch_image_kind FILE: print plain, gzip, zboot or the reason why it is none of them
arch_image_kind() {
	case $(kernel_bytes "$1" 0 4)-$(kernel_bytes "$1" 4 4)-$(kernel_bytes "$1" 56 4) in
	*-41524d64) echo plain ;;
	1f8b*) echo gzip ;;
	4d5a*-7a696d67-*) echo zboot ;;
	-*) echo "it is empty" ;;
	7f454c46-*) echo "it is an ELF file; if it is a vmlinux, give $arch_image_path of the same build" ;;
	*)
		if [[ $(kernel_bytes "$1" 514 4) == 48647253 ]]; then
			echo "it is for x86_64, use --arch x86_64"
		else
			echo "it has no signature of an arm64 image; give an $arch_image"
		fi
		;;
	esac
}

# arch_image_plain FILE KIND: print the Image
arch_image_plain() {
	local from size

	case $2 in
	plain) cat -- "$1" ;;
	gzip) gzip -dcq -- "$1" ;;
	zboot)
		from=$(kernel_bytes "$1" 8 4 u4) size=$(kernel_bytes "$1" 12 4 u4)
		tail -c +$((from + 1)) -- "$1" | head -c "$size" | arch_image_unpack "$1"
		;;
	esac 2>/dev/null
}

# arch_image_unpack FILE: unpack standard input, the contents of this zboot image
arch_image_unpack() {
	case $(dd if="$1" bs=1 skip=24 count=32 status=none | tr '\0' '\n' | head -n 1) in
	gzip) gzip -dcq ;;
	zstd*) zstd -dcq ;;
	xz*) xz -dcq ;;
	lzma) xz -dcq --format=lzma ;;
	esac
}

# arch_image_release FILE: the release is in the banner
arch_image_release() {
	local kind

	kind=$(arch_image_kind "$1")
	[[ $kind != *' '* ]] || die "$1: not a kernel image for arm64: $kind"
	[[ $kind == plain || $(arch_image_plain "$1" "$kind" | kernel_bytes /dev/stdin 56 4) == 41524d64 ]] ||
		die "$1: not a kernel image for arm64: its contents are for another architecture, or compressed in an unknown way"
	{ arch_image_plain "$1" "$kind" || true; } | grep -a -o -m 1 'Linux version [0-9][^ ]* ' | cut -d' ' -f3 || true
}

# arch_image_open FILE: QEMU 7.2 does not load a zboot image
arch_image_open() {
	local fd

	KERNEL=$1
	[[ $(arch_image_kind "$1") == zboot ]] || return 0
	cache_dir
	cache_file
	arch_image_plain "$1" zboot 1>&"$fd" || cache_full
	KERNEL=/proc/self/fd/$fd
}

# arch_image_pages FILE: print the size of its pages in KiB, from the header's flags; or
# nothing
arch_image_pages() {
	[[ $(arch_image_kind "$1") == plain ]] || return 0
	case $((($(kernel_bytes "$1" 24 1 u1) >> 1) & 3)) in
	1) echo 4 ;;
	2) echo 16 ;;
	3) echo 64 ;;
	esac
}

# arch_image_has NAME: whether it has an early parameter; in its name - and _ are the same.
# Reads all of the image, for a pipe that is closed early is an error.
arch_image_has() {
	local name=${1//./\\.}

	name=${name//[-_]/[-_]}
	(($(arch_image_plain "$KERNEL" "$(arch_image_kind "$KERNEL")" | grep -aczE "(^|[^a-z0-9_.-])$name\$")))
}

arch_cmdline() { :; }

# arch_cpu_properties: without pauth-impdef, emulating the pointer authentication of
# "max" takes most of the time.  With this frequency, the counter of --exact ticks once
# per instruction.
arch_cpu_properties() {
	[[ $MACHINE_ACCEL == tcg ]] || return 0
	[[ ${MACHINE_CPU%%,*} != max || $MACHINE_CPU == *,pauth* ]] || printf ',pauth-impdef=on'
	[[ ! ${opt[exact]:-} || $MACHINE_CPU == *,cntfrq=* ]] || printf ',cntfrq=1000000000'
}

arch_why_silent() {
	local size

	size=$(arch_image_pages "$KERNEL")
	if [[ ${size:-4} != 4 ]]; then
		echo "that --cpu $MACHINE_CPU supports its pages of $size KiB"
	elif [[ ${opt[cpu]:-} ]]; then
		echo "that --cpu $MACHINE_CPU is a 64-bit CPU"
	fi
}

# --- the host ----------------------------------------------------------------

arch_why_no_device() {
	if dmesg 2>/dev/null | grep -q 'HYP mode not available'; then
		echo "this kernel was started at EL1: its firmware or, in a VM, its host has to start it at EL2"
	else
		echo "its kernel has no KVM (CONFIG_KVM), or was not started at EL2 (see dmesg | grep -i kvm); a container needs the device (--device $KVM)"
	fi
}

# An older QEMU refuses its machine's EL2 with KVM.
arch_nests() {
	grep -qw 'kvm-arm\.mode=nested' /proc/cmdline &&
		[[ $(printf '%s\n' 10.1 "$MACHINE_VERSION" | sort -V | head -n 1) == 10.1 ]]
}

arch_backend() {
	echo arm64
}
