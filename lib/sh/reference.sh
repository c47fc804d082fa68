# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The reference kernel: built from Debian's linux-source or another tree, with private
# memory that needs no hardware, which no distribution enables.
#
# shellcheck disable=SC2154	# of ksrc.sh

# Three variants exist.  All have the proposed features (configs/kernels/patches, and those
# of the architecture in a folder there); mutants also has seeded bugs, enabled one at a
# time (configs/kernels/mutants), and debug has the kernel's own checks
# (configs/kernels/debug).  Reference and mutants share a tree and a folder of objects, so
# that most objects are built once; of debug no object is the same.  A tree of the user is
# built without patches.

# reference_build VARIANT [TREE]: leave $arch_image and config in
# $CACHE/kernels/VARIANT/VERSION[-ARCHITECTURE]
reference_build() {
	local variant=$1 tree=${2:-} version key source objects name

	deps_ensure --kernel
	cache_dir
	if [[ $tree ]]; then
		tree=$(absolute "$tree")
		reference_check "$tree"
		version=$(KSRC=$tree ksrc_version)
		key=$(arch_key "$version-$(reference_sum "$tree")")
		take_lock "$CACHE/.kernel.lock" "building a kernel"
	else
		key=$(ksrc_package_version) || exit
		source=$CACHE/kernels/source/$key key=$(arch_key "$key")
		take_lock "$CACHE/.kernel.lock" "building a kernel"
		reference_source "$source"
		tree=$CACHE/kernels/tree/$key
		reference_tree "$source" "$tree" "$variant"
		version=$(KSRC=$tree ksrc_version)
	fi
	name="Linux $version"
	[[ $ARCH_NAME == "$HOST_ARCH" ]] || name+=" for $ARCH_NAME"
	objects=$CACHE/kernels/objects/$key
	[[ $variant != debug ]] || objects+=-debug
	writable_dir "$objects" || die "cannot write to the cache folder $objects; set KVMEM_CACHE=DIR to another"
	step "configuring $name" reference_configure "$tree" "$objects" "$variant" ||
		reference_failed "cannot configure the kernel"
	step "building $name" reference_make "$tree" "$objects" ||
		reference_failed "cannot build the kernel"
	reference_keep "$objects" "$CACHE/kernels/$variant/$key"
	drop_lock
	say "built $name; ./run.sh lab$(arch_option) --kernel $variant runs it"
}

# reference_check TREE: whether it can be built
reference_check() {
	[[ -e $1/Kbuild && -d $1/arch/$arch_kernel/kvm ]] || die "--source $1: not a kernel source tree"
	[[ ! -e $1/.config ]] ||
		die "--source $1: the tree has a .config, which prevents a build with O=; run make mrproper in it"
	[[ $1 != *[[:space:]:]* ]] ||
		die "--source $1: the kernel's make cannot work in a path with a space or a colon"
}

reference_sum() { # TEXT
	local sum

	sum=$(printf '%s' "$1" | sha256sum)
	printf '%s\n' "${sum:0:8}"
}

# reference_source FOLDER: unpack all of Debian's source into it
reference_source() {
	local source=$1

	[[ ! -d $source ]] || return 0
	writable_dir "${source%/*}" ||
		die "cannot write to the cache folder ${source%/*}; set KVMEM_CACHE=DIR to another"
	# The lock of the caller protects this too.
	rm -rf -- "${source%/*}"/.new.*
	SCRATCH=$(mktemp -d "${source%/*}/.new.XXXXXX") ||
		die "no space left in the cache folder $CACHE; set KVMEM_CACHE=DIR to a folder with space"
	step "unpacking all of the kernel source" reference_unpack ||
		reference_failed "cannot unpack $ksrc_tarball" \
			"if it is broken: apt-get install --reinstall $ksrc_package"
	mv -T -- "$SCRATCH" "$source"
	SCRATCH=
}

reference_unpack() {
	become tar -x -f "$ksrc_tarball" -I 'xz -T0' -C "$SCRATCH" --strip-components=1
}

# reference_tree SOURCE TREE VARIANT: make TREE, hard links to the source with the
# variant's patches applied.  A patched file keeps its date while its content stays the
# same, so that make rebuilds only changed files.
reference_tree() {
	local patches=("$ROOT"/configs/kernels/patches/*.patch) state

	reference_patches "$ROOT/configs/kernels/patches/$ARCH_NAME"
	if [[ $3 != reference ]]; then
		reference_patches "$ROOT/configs/kernels/$3"
		reference_patches "$ROOT/configs/kernels/$3/$ARCH_NAME"
	fi
	state=$(printf '%s\n' "$1"; cat -- "${patches[@]}")
	state=$(reference_sum "$state")
	[[ $(cat -- "$2/.kvmem-state" 2>/dev/null) != "$state" ]] || return 0
	rm -rf -- "${2%/*}"/.new.*
	mkdir -p -- "${2%/*}" || true
	SCRATCH=$(mktemp -d "${2%/*}/.new.XXXXXX") ||
		die "no space left in the cache folder $CACHE; set KVMEM_CACHE=DIR to a folder with space"
	step "patching the kernel source" reference_patch "$1" "$2" "${patches[@]}" ||
		reference_failed "the patches in configs/kernels do not apply to $ksrc_package $(KSRC=$1 ksrc_version)"
	printf '%s\n' "$state" >"$SCRATCH/.kvmem-state"
	rm -rf -- "$2"
	mv -T -- "$SCRATCH" "$2"
	SCRATCH=
}

# reference_patches DIR: add the patches of a folder that may be missing to the caller's
reference_patches() {
	local patch

	for patch in "$1"/*.patch; do
		[[ ! -e $patch ]] || patches+=("$patch")
	done
}

reference_patch() { # SOURCE OLD PATCH...
	# shellcheck disable=SC2016
	become bash -c 'set -e
		new=$1 source=$2 old=$3
		shift 3
		cp -al -- "$source/." "$new"
		sed -n "s,^+++ b/,,p" "$@" | sort -u >"$new/.kvmem-patched"
		sort -u -- "$new/.kvmem-patched" $(ls "$old/.kvmem-patched" 2>/dev/null) |
			while read -r file; do
				[[ ! -e $source/$file ]] ||
					cp --remove-destination -- "$source/$file" "$new/$file"
			done
		for patch; do
			patch -d "$new" -p1 -s -f --no-backup-if-mismatch <"$patch"
		done
		sort -u -- "$new/.kvmem-patched" $(ls "$old/.kvmem-patched" 2>/dev/null) |
			while read -r file; do
				if cmp -s -- "$new/$file" "$old/$file"; then
					touch -r "$old/$file" -- "$new/$file"
				fi
			done
	' patch "$SCRATCH" "$@"
}

reference_configure() { # TREE OBJECTS VARIANT
	local fragments=("$ROOT"/configs/kernels/*.config "$ROOT/configs/kernels/arch/$ARCH_NAME.config")

	unset KBUILD_OUTPUT ARCH CROSS_COMPILE LLVM V C W M
	[[ $3 == reference ]] || fragments+=("$ROOT/configs/kernels/$3"/*.config)
	# An unchanged configuration keeps its date, which avoids a full rebuild.
	# shellcheck disable=SC2016
	become bash -c 'set -e
		tree=$1 objects=$2 arch=$3 cross=$4
		shift 4
		kernel() {
			make -s -C "$tree" O="$objects" ARCH="$arch" CROSS_COMPILE="$cross" "$@" KCONFIG_CONFIG=.config.new
		}
		kernel tinyconfig
		cat -- "$@" >>"$objects/.config.new"
		kernel olddefconfig
		cmp -s "$objects/.config.new" "$objects/.config" || cp "$objects/.config.new" "$objects/.config"
	' configure "$1" "$2" "$arch_kernel" "$(cross_prefix)" "${fragments[@]}"
}

reference_make() { # TREE OBJECTS
	unset KBUILD_OUTPUT ARCH CROSS_COMPILE LLVM V C W M
	become make -s -C "$1" O="$2" ARCH="$arch_kernel" CROSS_COMPILE="$(cross_prefix)" -j"$(nproc)" "$arch_image"
}

reference_keep() { # OBJECTS DIR
	mkdir -p -- "$2"
	if ! cp -- "$1/$arch_image_path" "$2/$arch_image.new" || ! cp -- "$1/.config" "$2/config"; then
		die "no space left in $CACHE; set KVMEM_CACHE=DIR to a folder with space"
	fi
	mv -- "$2/$arch_image.new" "$2/$arch_image"
}

reference_failed() { # LINE
	if log_line 'no space left|quota exceeded' >/dev/null; then
		die "no space left in $CACHE: the kernel's source and objects need 2 GB; set KVMEM_CACHE=DIR to a folder with space"
	fi
	step_failed "$CACHE/log/kernel.log" "$@"
}
