# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# The kernel of a lab: resolves --kernel, and checks that the kernel can work there.
#
#	debian[/SUITE][:PATTERN]   a package (debian.sh)
#	reference[:VERSION]        the reference kernel, from ./run.sh kernel build
#	mutants[:VERSION]          the reference kernel with seeded bugs
#	debug[:VERSION]            the reference kernel with the kernel's own checks
#	FOLDER                     a built kernel tree, or the O= folder of one
#	FILE                       a kernel image

# kernel_find REF: set KERNEL (the image), KERNEL_RELEASE, KERNEL_MODULES (a
# folder with .ko files below it, or empty), KERNEL_CONFIG (a file, or empty) and
# KERNEL_NAME, for messages
kernel_find() {
	local ref=$1 dir

	KERNEL='' KERNEL_RELEASE='' KERNEL_MODULES='' KERNEL_CONFIG='' KERNEL_NAME=$ref
	case $ref in
	debian | debian[:/]*)
		debian_find "$ref"
		KERNEL=$dir/vmlinuz KERNEL_CONFIG=$dir/config KERNEL_MODULES=$dir/modules
		KERNEL_NAME="Debian $(<"$dir/release")"
		;;
	reference | reference:* | mutants | mutants:* | debug | debug:*) kernel_reference "$ref" ;;
	*)
		ref=$(absolute "$ref")
		if [[ -d $ref ]]; then
			kernel_tree "$ref"
		elif [[ -e $ref ]]; then
			KERNEL=$ref
		else
			die "no kernel $1: use debian[:VERSION], a built kernel tree, a $arch_image, reference, mutants or debug"
		fi
		;;
	esac
	KERNEL_RELEASE=$(kernel_release "$KERNEL") || exit
	arch_image_open "$KERNEL"
	if [[ ${opt[modules]:-} ]]; then
		kernel_modules_named "$(absolute "${opt[modules]}")"
	fi
	modules_index "$KERNEL_MODULES"
	kernel_check_modules
	kernel_check_config
	kernel_check_parameters
}

# kernel_reference VARIANT[:VERSION]: the newest one that was built.  kernel build makes
# a folder for each, with the image, config and, if there are modules, modules/.
kernel_reference() {
	local variant=${1%%:*} version='' dir

	[[ $1 != *:* ]] || version=${1#*:}
	cache_dir
	dir=$(find "$CACHE/kernels/$variant" -mindepth 2 -maxdepth 2 -name "$arch_image" \
		-path "$CACHE/kernels/$variant/$version*" -printf '%T@ %h\n' 2>/dev/null |
		sort -rn | head -n 1 | cut -d' ' -f2-)
	[[ $dir ]] || die "$1 has not been built: run ./run.sh kernel build$(arch_option) $variant"
	KERNEL=$dir/$arch_image
	[[ ! -d $dir/modules ]] || KERNEL_MODULES=$dir/modules
	[[ ! -r $dir/config ]] || KERNEL_CONFIG=$dir/config
}

kernel_tree() { # FOLDER
	KERNEL=$1/$arch_image_path
	if [[ ! -e $KERNEL ]]; then
		[[ -e $1/Kbuild || -e $1/Makefile ]] ||
			die "$1: neither a kernel tree nor its O= folder"
		kernel_tree_other "$1"
		die "$1: there is no $arch_image_path, build the kernel first (make $arch_image modules)"
	fi
	KERNEL_MODULES=$1
	[[ ! -r $1/.config ]] || KERNEL_CONFIG=$1/.config
}

# kernel_tree_other FOLDER: exit if it has the image of another architecture
kernel_tree_other() {
	local name image

	for name in $(arch_list); do
		image=$(sed -n 's/^arch_image_path=//p' "$ROOT/lib/sh/arch/$name.sh")
		[[ ! -e $1/$image ]] || die "$1: it is built for $name, use --arch $name"
	done
}

# --- the image ---------------------------------------------------------------

# kernel_bytes FILE OFFSET COUNT [FORMAT]: print bytes as od does, without blanks
kernel_bytes() {
	od -An -v -j "$2" -N "$3" -t "${4:-x1}" -- "$1" 2>/dev/null | tr -d ' \n'
}

# kernel_release FILE: print the release of an image, as uname -r has it
kernel_release() {
	local release

	[[ -f $1 && -r $1 ]] || die "$1: not a file that $(id -un) may read"
	release=$(arch_image_release "$1") || exit
	[[ $release =~ ^[0-9]+\.[0-9]+[^[:space:]]* ]] ||
		die "$1: the kernel image has no version in its header; rebuild it"
	printf '%s\n' "${BASH_REMATCH[0]}"
}

# --- modules -----------------------------------------------------------------

# --modules: a folder with .ko files, /lib/modules/RELEASE, or a parent of that.
kernel_modules_named() { # FOLDER
	local dir

	[[ -d $1 ]] || die "--modules $1: no such folder"
	KERNEL_MODULES=$1
	for dir in "$1" "$1/lib/modules" "$1/usr/lib/modules"; do
		[[ ! -d $dir/$KERNEL_RELEASE ]] || KERNEL_MODULES=$dir/$KERNEL_RELEASE
	done
	modules_index "$KERNEL_MODULES"
	if [[ ! ${arch_kvm_modules[*]} ]]; then
		((${#module_file[@]})) || die "--modules $1: there is no module in it, and KVM of $ARCH_NAME is never one: omit --modules"
	else
		[[ ${module_file[kvm]:-} ]] || die "--modules $1: there is no kvm.ko in it"
	fi
}

# The modules must match the image.
kernel_check_modules() {
	local release file=${module_file[kvm]:-}

	[[ ${arch_kvm_modules[*]} ]] || for file in "${module_file[@]}"; do break; done
	[[ $file ]] || return 0
	release=$(module_info "$file" vermagic)
	release=${release%% *}
	[[ $release == "$KERNEL_RELEASE" ]] ||
		die "the modules in $KERNEL_MODULES are for ${release:-an unknown release}, the kernel is $KERNEL_RELEASE: rebuild them, or use --modules DIR"
}

# --- its configuration -------------------------------------------------------

# Check the configuration before the boot; without one, a boot detects missing options.
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
	die "$KERNEL_NAME: KVM is a module and was not built: run make modules, or use --modules DIR"
}

kernel_has() { # OPTION [VALUES]
	grep -q "^CONFIG_$1=[${2:-ym}]" "$KERNEL_CONFIG"
}

# The kernel ignores an unknown early parameter silently.
kernel_check_parameters() {
	local word words

	[[ $arch_early_kvm ]] || return 0
	read -r -d '' -a words <<<"${PARAMS[*]} ${opt[append]:-}" || true
	for word in "${words[@]}"; do
		word=${word%%=*}
		[[ ${word//_/-} != "$arch_early_kvm"* ]] || arch_image_has "$word" ||
			die "$KERNEL_NAME: $word: this kernel has no such parameter"
	done
}
