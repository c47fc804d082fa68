# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The kernel a lab runs: what a reference names, and whether it can work there.
#
#	debian[/SUITE][:PATTERN]   a package (debian.sh)
#	reference[:VERSION]        the project's own kernel, from ./run.sh kernel build
#	mutants[:VERSION]          the one with seeded bugs
#	FOLDER                     a built kernel tree, or the O= folder of one
#	FILE                       a bzImage

# kernel_find REF: set KERNEL (the image), KERNEL_RELEASE, KERNEL_MODULES (a
# folder that has .ko files below it, or nothing), KERNEL_CONFIG (a file, or
# nothing) and KERNEL_NAME, for people
kernel_find() {
	local ref=$1 dir

	KERNEL='' KERNEL_RELEASE='' KERNEL_MODULES='' KERNEL_CONFIG='' KERNEL_NAME=$ref
	case $ref in
	debian | debian[:/]*)
		debian_find "$ref"
		KERNEL=$dir/vmlinuz KERNEL_CONFIG=$dir/config KERNEL_MODULES=$dir/modules
		KERNEL_NAME="Debian $(<"$dir/release")"
		;;
	reference | reference:* | mutants | mutants:*) kernel_reference "$ref" ;;
	*)
		ref=$(absolute "$ref")
		if [[ -d $ref ]]; then
			kernel_tree "$ref"
		elif [[ -e $ref ]]; then
			KERNEL=$ref
		else
			die "no kernel $1: it is debian[:VERSION], a built kernel tree, a bzImage, reference or mutants"
		fi
		;;
	esac
	KERNEL_RELEASE=$(kernel_release "$KERNEL") || exit
	if [[ ${opt[modules]:-} ]]; then
		kernel_modules_named "$(absolute "${opt[modules]}")"
	fi
	modules_index "$KERNEL_MODULES"
	kernel_check_modules
	kernel_check_config
}

# kernel_reference VARIANT[:VERSION]: the newest one built.  kernel build leaves a
# folder for each, with bzImage, config and, where it has modules, modules/.
kernel_reference() {
	local variant=${1%%:*} version='' dir

	[[ $1 != *:* ]] || version=${1#*:}
	cache_dir
	dir=$(find "$CACHE/kernels/$variant" -mindepth 2 -maxdepth 2 -name bzImage \
		-path "$CACHE/kernels/$variant/$version*" -printf '%T@ %h\n' 2>/dev/null |
		sort -rn | head -n 1 | cut -d' ' -f2-)
	[[ $dir ]] || die "there is no such kernel yet, $1: ./run.sh kernel build $variant makes it"
	KERNEL=$dir/bzImage
	[[ ! -d $dir/modules ]] || KERNEL_MODULES=$dir/modules
	[[ ! -r $dir/config ]] || KERNEL_CONFIG=$dir/config
}

kernel_tree() { # FOLDER
	KERNEL=$1/arch/x86/boot/bzImage
	if [[ ! -e $KERNEL ]]; then
		[[ -e $1/Kbuild || -e $1/Makefile ]] ||
			die "$1: neither a kernel tree nor its O= folder"
		die "$1: there is no arch/x86/boot/bzImage, build the kernel first (make bzImage modules)"
	fi
	KERNEL_MODULES=$1
	[[ ! -r $1/.config ]] || KERNEL_CONFIG=$1/.config
}

# --- the image ---------------------------------------------------------------

# kernel_bytes FILE OFFSET COUNT [FORMAT]: as od prints them, without blanks
kernel_bytes() {
	od -An -v -j "$2" -N "$3" -t "${4:-x1}" -- "$1" 2>/dev/null | tr -d ' \n'
}

# kernel_release FILE: the release in the image's setup header, as uname -r has it
kernel_release() {
	local offset release

	[[ -f $1 && -r $1 ]] || die "$1: not a file that $(id -un) may read"
	# "HdrS" of the x86 boot protocol, behind the signature of a boot sector.
	if [[ $(kernel_bytes "$1" 510 2)$(kernel_bytes "$1" 514 4) != 55aa48647253 ]]; then
		die "$1: no kernel image for x86: $(kernel_not "$1")"
	fi
	offset=$(kernel_bytes "$1" 526 2 u2)
	release=$(dd if="$1" bs=1 skip=$((offset + 512)) count=256 status=none | tr '\0' '\n' | head -n 1)
	[[ $release =~ ^[0-9]+\.[0-9]+[^[:space:]]* ]] ||
		die "$1: a kernel image without a version in its header"
	printf '%s\n' "${BASH_REMATCH[0]}"
}

kernel_not() { # FILE
	case $(kernel_bytes "$1" 0 4)-$(kernel_bytes "$1" 56 4) in
	-*) echo "it is empty" ;;
	7f454c46-*) echo "it is an ELF file; if it is a vmlinux, arch/x86/boot/bzImage of the same build is the one" ;;
	1f8b*) echo "it is a gzip file" ;;
	*-41524d64) echo "it is one for arm64" ;;
	*) echo "its header has no boot signature (a bzImage is wanted)" ;;
	esac
}

# --- modules -----------------------------------------------------------------

# A folder of modules the user names: one with .ko files, /lib/modules/RELEASE,
# or what has that below it.
kernel_modules_named() { # FOLDER
	local dir

	[[ -d $1 ]] || die "--modules $1: there is no such folder"
	KERNEL_MODULES=$1
	for dir in "$1" "$1/lib/modules" "$1/usr/lib/modules"; do
		[[ ! -d $dir/$KERNEL_RELEASE ]] || KERNEL_MODULES=$dir/$KERNEL_RELEASE
	done
	modules_index "$KERNEL_MODULES"
	[[ ${module_file[kvm]:-} ]] || die "--modules $1: there is no kvm.ko in it"
}

# They have to be those of the image.
kernel_check_modules() {
	local release

	[[ ${module_file[kvm]:-} ]] || return 0
	release=$(module_info "${module_file[kvm]}" vermagic)
	release=${release%% *}
	[[ $release == "$KERNEL_RELEASE" ]] ||
		die "the modules in $KERNEL_MODULES are of ${release:-no known release}, the kernel is $KERNEL_RELEASE"
}

# --- its configuration -------------------------------------------------------

# What can be said before it is started.  Where there is no configuration to
# read, the lab finds out.
kernel_check_config() {
	local name

	[[ -s $KERNEL_CONFIG ]] || return 0
	for name in SERIAL_8250_CONSOLE BLK_DEV_INITRD DEVTMPFS BINFMT_ELF BINFMT_SCRIPT PROC_FS SYSFS PCI; do
		kernel_has "$name" ||
			die "$KERNEL_NAME: the kernel is configured without CONFIG_$name, which the lab needs"
	done
	kernel_has 'KVM_(AMD|INTEL)' ||
		die "$KERNEL_NAME: the kernel is configured without KVM (CONFIG_KVM_AMD or CONFIG_KVM_INTEL)"
	if grep -qE '^CONFIG_KVM(_AMD|_INTEL)?=m' "$KERNEL_CONFIG"; then
		[[ ${module_file[kvm_amd]:-}${module_file[kvm_intel]:-} ]] ||
			die "$KERNEL_NAME: KVM is a module there and not built: make modules, or --modules DIR"
	fi
}

kernel_has() { # OPTION
	grep -qE "^CONFIG_$1=[ym]" "$KERNEL_CONFIG"
}
