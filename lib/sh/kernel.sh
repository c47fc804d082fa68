# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# The kernel a lab runs: what a reference names, and whether it can work there.
#
#	debian[/SUITE][:PATTERN]   a package (debian.sh)
#	reference[:VERSION]        the project's own kernel, from ./run.sh kernel build
#	mutants[:VERSION]          the one with seeded bugs
#	FOLDER                     a built kernel tree, or the O= folder of one
#	FILE                       a kernel image

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
			die "no kernel $1: it is debian[:VERSION], a built kernel tree, a $arch_image, reference or mutants"
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
# folder for each, with the image, config and, where it has modules, modules/.
kernel_reference() {
	local variant=${1%%:*} version='' dir

	[[ $1 != *:* ]] || version=${1#*:}
	cache_dir
	dir=$(find "$CACHE/kernels/$variant" -mindepth 2 -maxdepth 2 -name "$arch_image" \
		-path "$CACHE/kernels/$variant/$version*" -printf '%T@ %h\n' 2>/dev/null |
		sort -rn | head -n 1 | cut -d' ' -f2-)
	[[ $dir ]] || die "there is no such kernel yet, $1: ./run.sh kernel build $variant makes it"
	KERNEL=$dir/$arch_image
	[[ ! -d $dir/modules ]] || KERNEL_MODULES=$dir/modules
	[[ ! -r $dir/config ]] || KERNEL_CONFIG=$dir/config
}

kernel_tree() { # FOLDER
	KERNEL=$1/$arch_image_path
	if [[ ! -e $KERNEL ]]; then
		[[ -e $1/Kbuild || -e $1/Makefile ]] ||
			die "$1: neither a kernel tree nor its O= folder"
		die "$1: there is no $arch_image_path, build the kernel first (make $arch_image modules)"
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
	local release

	[[ -f $1 && -r $1 ]] || die "$1: not a file that $(id -un) may read"
	release=$(arch_image_release "$1") || exit
	[[ $release =~ ^[0-9]+\.[0-9]+[^[:space:]]* ]] ||
		die "$1: a kernel image without a version in its header"
	printf '%s\n' "${BASH_REMATCH[0]}"
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
	local name options kvm='' module=

	[[ -s $KERNEL_CONFIG ]] || return 0
	for name in "$arch_console_config" BLK_DEV_INITRD DEVTMPFS BINFMT_ELF BINFMT_SCRIPT PROC_FS SYSFS PCI; do
		kernel_has "$name" ||
			die "$KERNEL_NAME: the kernel is configured without CONFIG_$name, which the lab needs"
	done
	for name in "${arch_kvm_config[@]}"; do
		! kernel_has "$name" || kvm=yes
		! kernel_has "$name" m || module=yes
	done
	options=$(printf ' or CONFIG_%s' "${arch_kvm_config[@]}")
	[[ $kvm ]] || die "$KERNEL_NAME: the kernel is configured without KVM (${options# or })"
	! kernel_has KVM m || module=yes
	[[ $module ]] || return 0
	for name in "${arch_kvm_modules[@]}"; do
		[[ ! ${module_file[$name]:-} ]] || return 0
	done
	die "$KERNEL_NAME: KVM is a module there and not built: make modules, or --modules DIR"
}

kernel_has() { # OPTION [VALUES]
	grep -q "^CONFIG_$1=[${2:-ym}]" "$KERNEL_CONFIG"
}
