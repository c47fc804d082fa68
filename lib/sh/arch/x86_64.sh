# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The other parts use these variables:
# shellcheck disable=SC2034
#
# x86-64: the part of run.sh that depends on the architecture.  An architecture NAME
# supplies
#
#   lib/sh/arch/NAME.sh	the variables and functions below
#   lib/sh/arch/NAME/init.sh	its part of lib/lab/init
#   configs/kernels/arch/NAME.config	its part of the reference kernel's configuration
#
# Names
#   arch_kernel		ARCH= of the kernel's make, and its folder below arch/
#   arch_debian		the Debian architecture
#   arch_image		file name of a kernel image, and the target of make
#   arch_image_path	where make leaves it below the tree
#   arch_ksrc		what "make headers" needs besides arch/$arch_kernel
#   arch_header		a word in its UAPI header asm/kvm.h, and in that of no other
#   arch_help_param	what ./run.sh help says about --param for this architecture
#   arch_help_accel	the lines of ./run.sh help for --accel, and
#   arch_help_nested	the requirements of --accel kvm, in one line
# On a host of another architecture
#   arch_triplet	the GNU triplet of the compiler and of the library folder
#   arch_user		the program that runs its programs (QEMU's user mode)
#   arch_cross_packages	the packages of both, as in deps.sh
# Kernels
#   arch_image_release FILE	print the release of an image, as uname -r has it
#   arch_image_open FILE	set KERNEL to the file that the emulator loads
#   arch_console		the serial console
#   arch_early		the option of the kernel's command line for output before that
#   arch_console_config	the option that the console needs, without CONFIG_
#   arch_kvm_config	the options of KVM; one at least is set
#   arch_kvm_modules	KVM's modules of this architecture; one is loaded
#   arch_early_kvm	prefix of the parameters that the kernel parses before it has modules,
#			if any; arch_image_has NAME tells whether KERNEL has one
#   arch_modules_wanted	lines "LIST MODULE...": the modules that lib/lab/init loads for KVM
#   arch_cmdline	print additions to the kernel's command line
# The host
#   arch_why_no_device	print why there is no /dev/kvm, and the remedy
#   arch_nests		whether this host's KVM can run a VM that has KVM itself
#   arch_backend	print the backend of KVM in the lab: svm, vmx, ...
# Emulators
#   arch_accels		the values of --accel
#   arch_emulators	the emulators besides QEMU; each is also a value of --accel,
#			and supplies the functions that machine.sh lists
#   arch_qemu		QEMU's program
#   arch_qemu_package	the package that has it
#   arch_qemu_cpu	the CPU model with --accel tcg
#   arch_qemu_options	more options of QEMU: the machine's type
#   arch_qemu_line	whether its machine has a second serial line
#   arch_cpu_properties	print properties to add to the CPU model
#   arch_why_silent	print what else may be the reason if there is no output at all

# shellcheck source=lib/sh/arch/x86_64/bochs.sh
. "$ROOT/lib/sh/arch/x86_64/bochs.sh"

arch_kernel=x86
arch_debian=amd64
arch_image=bzImage
arch_image_path=arch/x86/boot/bzImage
arch_ksrc=(arch/x86/entry/syscalls)
arch_header=KVM_CPUID_FLAG
arch_help_param='. Shadow
                       paging is kvm_amd.npt=0 or kvm_intel.ept=0'
arch_help_nested="a CPU with vmx or svm, and nested=1 of kvm_intel or kvm_amd"
arch_help_accel='  --accel kvm|tcg|bochs
                       kvm    QEMU with nested KVM of this host
                       tcg    QEMU, emulates AMD SVM
                       bochs  Bochs, emulates Intel VMX; slow
                       The default is kvm if the host can nest, else tcg'

arch_triplet=x86_64-linux-gnu
arch_user=qemu-x86_64
arch_cross_packages='
gcc-x86-64-linux-gnu  command x86_64-linux-gnu-gcc
libc6-dev-amd64-cross file    /usr/x86_64-linux-gnu/lib/libc.a
qemu-user             command qemu-x86_64
'

arch_console=ttyS0
arch_early=earlyprintk=ttyS0,115200
arch_console_config=SERIAL_8250_CONSOLE
arch_kvm_config=(KVM_AMD KVM_INTEL)
arch_kvm_modules=(kvm_amd kvm_intel)
arch_early_kvm=
arch_modules_wanted='kvm_amd    kvm_amd
kvm_intel  kvm_intel'

arch_accels=(kvm tcg bochs)
arch_emulators=(bochs)
arch_qemu=qemu-system-x86_64
arch_qemu_package=qemu-system-x86
arch_qemu_options=()
arch_qemu_line=yes
# TCG emulates SVM and not VMX.  EPYC's features that TCG lacks are disabled by
# name, so that every version of QEMU has the same CPU.
arch_qemu_cpu=EPYC,+svm,+npt,-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-osvw,-topoext
arch_qemu_cpu+=,-nrip-save,-xsavec

# --- kernels -----------------------------------------------------------------

# arch_image_release FILE: the release is in the setup header
arch_image_release() {
	local offset

	# "HdrS" of the x86 boot protocol, after the signature of a boot sector.
	if [[ $(kernel_bytes "$1" 510 2)$(kernel_bytes "$1" 514 4) != 55aa48647253 ]]; then
		die "$1: not a kernel image for x86: $(arch_image_not "$1")"
	fi
	offset=$(kernel_bytes "$1" 526 2 u2)
	dd if="$1" bs=1 skip=$((offset + 512)) count=256 status=none | tr '\0' '\n' | head -n 1
}

arch_image_not() { # FILE
	case $(kernel_bytes "$1" 0 4)-$(kernel_bytes "$1" 56 4) in
	-*) echo "it is empty" ;;
	7f454c46-*) echo "it is an ELF file; if it is a vmlinux, give $arch_image_path of the same build" ;;
	1f8b*) echo "it is a gzip file" ;;
	*-41524d64) echo "it is for arm64, use --arch arm64" ;;
	*) echo "it has no boot signature; give a $arch_image" ;;
	esac
}

arch_image_open() {
	KERNEL=$1
}

arch_cpu_properties() { :; }

arch_why_silent() { :; }

arch_cmdline() {
	# On a busy host the kernel's timer test may miss the emulated timer
	# interrupt, and panics.
	[[ $MACHINE_ACCEL != tcg ]] || printf ' no_timer_check'
	# A kernel that does not trust the TSC reads the time from a slow device.
	[[ $MACHINE_ACCEL != tcg || ${opt[exact]:-} ]] || printf ' tsc=reliable'
}

# --- the host ----------------------------------------------------------------

arch_why_no_device() {
	local flags module=

	flags=" $(grep -m 1 '^flags' /proc/cpuinfo || true) "
	case $flags in
	*' vmx '*) module=kvm_intel ;;
	*' svm '*) module=kvm_amd ;;
	*)
		if [[ ! -d /sys/module/kvm ]]; then
			echo "this CPU has neither vmx nor svm: enable virtualization in the firmware; in a VM, enable nesting on its host"
			return
		fi
		;;
	esac
	if [[ -d /sys/module/${module:-kvm} ]]; then
		echo "module ${module:-kvm} is loaded, but there is no $KVM: a container needs the device (--device $KVM)"
	else
		echo "module $module is not loaded; as root: modprobe $module (if that fails, enable virtualization in the firmware)"
	fi
}

arch_nests() {
	local nested

	grep -qwE '^flags.* (svm|vmx)' /proc/cpuinfo || return
	nested=$(cat /sys/module/kvm_{amd,intel}/parameters/nested 2>/dev/null) || true
	[[ $nested == [Yy1] ]]
}

arch_backend() {
	case $MACHINE_ACCEL in
	bochs) echo vmx ;;
	kvm) if grep -qwE '^flags.* vmx' /proc/cpuinfo; then echo vmx; else echo svm; fi ;;
	*) echo svm ;;
	esac
}
