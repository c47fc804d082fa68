# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# The kernel tree that supplies the kselftest harness (KSRC) and the UAPI headers
# (KHDR).  A tree of the user is used in place and not modified; without one, the needed
# part of Debian's linux-source is unpacked.

ksrc_package=linux-source-6.12
ksrc_tarball=/usr/src/$ksrc_package.tar.xz

# Needed by "make headers", by the harness, and by the project's checks (checkpatch and
# kunit.py).
ksrc_subset=(
	COPYING Makefile Kbuild scripts include/uapi include/asm-generic/Kbuild
	"arch/$arch_kernel"/{Makefile,tools,include/uapi,include/asm/Kbuild} "${arch_ksrc[@]}"
	tools/include tools/scripts tools/testing/kunit
	tools/testing/selftests/{Makefile,lib.mk,kselftest.h,kselftest_harness.h}
	tools/testing/selftests/{kselftest,run_kselftest.sh,kselftest_install.sh,kselftest_deps.sh}
)

# ksrc_find: set KSRC and KHDR; unpack and make them if they are missing
ksrc_find() {
	if [[ ${KSRC:-} ]]; then
		ksrc_user
	else
		ksrc_debian
	fi
}

# --- Debian's tree -----------------------------------------------------------

ksrc_debian() {
	local version

	cache_dir
	version=$(ksrc_package_version) || exit
	KSRC=$CACHE/ksrc/$version-$arch_kernel
	KHDR=$KSRC/usr/include
	[[ -d $KSRC ]] || ksrc_unpack
}

# ksrc_package_version: print the version of the tarball, even without dpkg
ksrc_package_version() {
	dpkg-query -W -f '${Version}' "$ksrc_package" 2>/dev/null ||
		stat -c '%s-%Y' "$ksrc_tarball" || die "cannot read $ksrc_tarball: apt-get install $ksrc_package, or set KSRC=TREE"
}

ksrc_unpack() {
	cache_begin "${KSRC%/*}" "unpacking the kernel source" "$KSRC" || return 0
	step "unpacking the kernel source" ksrc_tar ||
		ksrc_failed "cannot unpack $ksrc_tarball" \
			"if it is broken: apt-get install --reinstall $ksrc_package"
	step "making the kernel headers" ksrc_make_headers "$SCRATCH" ||
		ksrc_failed "\"make headers\" of $ksrc_package failed"
	cache_end "$KSRC"
}

ksrc_tar() {
	become tar -x -f "$ksrc_tarball" -I 'xz -T0' \
		-C "$SCRATCH" --strip-components=1 "${ksrc_subset[@]/#/$ksrc_package/}"
}

# --- a tree of the user ----------------------------------------------------

ksrc_user() {
	KSRC=$(absolute "$KSRC")
	ksrc_check
	cache_dir
	if [[ ${KHDR:-} ]]; then
		KHDR=$(absolute "$KHDR")
		[[ -r $KHDR/linux/kvm.h ]] || die "KHDR=$KHDR: there is no linux/kvm.h in it"
		grep -qs "$arch_header" "$KHDR/asm/kvm.h" || die "KHDR=$KHDR: these headers are not those of $ARCH_NAME"
		return
	fi
	KHDR=$CACHE/khdr/$(ksrc_state)/usr/include
	[[ -d $KHDR ]] || ksrc_headers
}

ksrc_check() {
	local harness=$KSRC/tools/testing/selftests/kselftest_harness.h

	[[ -e $KSRC ]] || die "KSRC=$KSRC: no such folder, or $(id -un) may not enter it"
	[[ -d $KSRC ]] || die "KSRC=$KSRC: not a folder; name a kernel tree"
	[[ -r $KSRC && -x $KSRC ]] || die "KSRC=$KSRC: not readable for $(id -un)"
	[[ $KSRC != *[[:space:]:]* ]] ||
		die "KSRC=$KSRC: the kernel's make cannot work in a path with a space or a colon"
	if [[ ! -e $harness || ! -e $KSRC/Kbuild || ! -d $KSRC/include/uapi ]]; then
		die "KSRC=$KSRC: not a kernel source tree (it needs ${harness#"$KSRC"/})"
	fi
	[[ -r $harness && -r ${harness%_harness.h}.h && -r $KSRC/Makefile ]] ||
		die "KSRC=$KSRC: not readable for $(id -un)"
	# The tests use the harness of 6.9 (skip reasons) and the headers of 6.12 or newer
	# (lib's uapi.h has the fallbacks); KVM_PRE_FAULT_MEMORY would fail the build.
	if ! grep -q ksft_test_result_code "${harness%_harness.h}.h" ||
		! grep -q KVM_PRE_FAULT_MEMORY "$KSRC/include/uapi/linux/kvm.h"; then
		die "KSRC=$KSRC is Linux $(ksrc_version), which is too old: use a tree of 6.12 or newer"
	fi
}

ksrc_version() {
	awk '$2 == "=" && $1 ~ /^(VERSION|PATCHLEVEL|SUBLEVEL)$/ { v = v (v == "" ? "" : ".") $3 }
		NR > 10 { exit } END { print v }' "$KSRC/Makefile"
}

# ksrc_state: print a name for the sources of the headers, which may change without a new
# version: another commit, an edited header
ksrc_state() {
	local inputs=(Makefile include/uapi "arch/$arch_kernel/include/uapi" "${arch_ksrc[@]}"
		scripts/syscall.tbl scripts/headers_install.sh)
	local sum

	sum=$({
		printf '%s\n' "$KSRC"
		cd -- "$KSRC" && find "${inputs[@]}" -type f -printf '%p %s %T@\n' 2>/dev/null | sort
	} | sha256sum)
	printf '%s-%s-%s\n' "$(ksrc_version)" "$arch_kernel" "${sum:0:16}"
}

ksrc_headers() {
	local dir=${KHDR%/usr/include}

	cache_begin "${dir%/*}" "making the kernel headers" "$dir" || return 0
	step "making the kernel headers" ksrc_make_headers "$KSRC" O="$SCRATCH" ||
		ksrc_failed "\"make headers\" in KSRC=$KSRC failed"
	cache_end "$dir"
}

# --- both --------------------------------------------------------------------

ksrc_make_headers() { # TREE [O=DIR]
	unset KBUILD_OUTPUT ARCH CROSS_COMPILE LLVM V C W M
	become make -s -C "$1" -j"$(nproc)" ARCH="$arch_kernel" CROSS_COMPILE="$(cross_prefix)" "${@:2}" headers
}

ksrc_failed() { # LINE...
	if log_line 'no space left|quota exceeded' >/dev/null || ! has_room "$SCRATCH" 1M; then
		die "no space left in $CACHE: the kernel headers need 40 MB; set KVMEM_CACHE=DIR to a folder with space"
	fi
	step_failed "$CACHE/log/ksrc.log" "$@"
}
