# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The project's own kernel: built from Debian's linux-source or any other tree,
# with what no distribution's kernel has (private memory without hardware).
#
# shellcheck disable=SC2154	# of ksrc.sh

# reference_build [TREE]: leave bzImage and config in $CACHE/kernels/reference/VERSION
reference_build() {
	local source=${1:-} version objects dir

	deps_ensure --kernel
	cache_dir
	if [[ $source ]]; then
		source=$(absolute "$source")
		[[ -e $source/Kbuild && -d $source/arch/x86/kvm ]] ||
			die "--source $source: not a kernel source tree"
	else
		reference_source
	fi
	[[ ! -e $source/.config ]] ||
		die "--source $source: it was configured in place, which keeps it from being built elsewhere; make mrproper there"
	version=$(KSRC=$source ksrc_version)
	objects=$CACHE/kernels/objects/$(reference_key "$source" "$version")
	dir=$CACHE/kernels/reference/${objects##*/}
	take_lock "$CACHE/.kernel.lock" "building a kernel"
	writable_dir "$objects" || die "the cache folder cannot be written: $objects"
	step "configuring Linux $version" reference_configure "$source" "$objects" ||
		reference_failed "the kernel could not be configured"
	step "building Linux $version" reference_make "$source" "$objects" ||
		reference_failed "the kernel could not be built"
	reference_keep "$objects" "$dir"
	drop_lock
	say "the reference kernel is Linux $version; ./run.sh lab --kernel reference runs it"
}

# One folder of objects for each tree, so that a second build is incremental.
reference_key() { # TREE VERSION
	local sum

	sum=$(printf '%s' "$1" | sha256sum)
	printf '%s-%s\n' "$2" "${sum:0:8}"
}

# Debian's source, all of it this time; sets the caller's source.
reference_source() {
	local version

	version=$(ksrc_package_version) || exit
	source=$CACHE/kernels/source/$version
	[[ ! -d $source ]] || return 0
	cache_begin "${source%/*}" "unpacking the kernel source" "$source" || return 0
	step "unpacking all of the kernel source" reference_unpack ||
		reference_failed "cannot unpack $ksrc_tarball"
	cache_end "$source" 2
}

reference_unpack() {
	become tar -x -f "$ksrc_tarball" -I 'xz -T0' -C "$SCRATCH" --strip-components=1
}

reference_configure() { # TREE OBJECTS
	unset KBUILD_OUTPUT ARCH CROSS_COMPILE LLVM V C W M
	# An unchanged configuration keeps its date, and what was built stays built.
	# shellcheck disable=SC2016
	become bash -c 'set -e
		make -s -C "$1" O="$2" ARCH=x86 tinyconfig KCONFIG_CONFIG=.config.new
		cat "$3"/configs/kernels/*.config >> "$2/.config.new"
		make -s -C "$1" O="$2" ARCH=x86 olddefconfig KCONFIG_CONFIG=.config.new
		cmp -s "$2/.config.new" "$2/.config" || cp "$2/.config.new" "$2/.config"
	' configure "$1" "$2" "$ROOT"
}

reference_make() { # TREE OBJECTS
	unset KBUILD_OUTPUT ARCH CROSS_COMPILE LLVM V C W M
	become make -s -C "$1" O="$2" ARCH=x86 -j"$(nproc)" bzImage
}

reference_keep() { # OBJECTS DIR
	mkdir -p -- "$2"
	if ! cp -- "$1/arch/x86/boot/bzImage" "$2/bzImage.new" || ! cp -- "$1/.config" "$2/config"; then
		die "no space left in $CACHE; set KVMEM_CACHE=DIR to a folder that has it"
	fi
	mv -- "$2/bzImage.new" "$2/bzImage"
}

reference_failed() { # LINE
	if log_line 'no space left|quota exceeded' >/dev/null; then
		die "no space left in $CACHE: the kernel's source and objects need 2 GB; set KVMEM_CACHE=DIR"
	fi
	step_failed "$CACHE/log/kernel.log" "$@"
}
