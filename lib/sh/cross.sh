# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# Building for another architecture: the compiler is Debian's cross compiler, the
# libraries come from Debian packages of that architecture, which are unpacked into the
# cache and not installed.

# libnuma to link with, the shell of the lab.
cross_wanted=(libnuma-dev busybox-static)

CROSS_ROOT=	# a folder with these, or empty

# cross_find: set CROSS_ROOT; fetch it if it is missing
cross_find() {
	[[ $ARCH_NAME != "$HOST_ARCH" ]] || return 0
	cache_dir
	CROSS_ROOT=$CACHE/cross/$ARCH_NAME
	[[ -d $CROSS_ROOT ]] || cross_fetch
}

# cross_prefix: print CROSS_COMPILE of make, empty for this host's architecture
cross_prefix() {
	[[ $ARCH_NAME == "$HOST_ARCH" ]] || printf '%s-' "$arch_triplet"
}

# cross_busybox: print the path of a static busybox of the architecture
cross_busybox() {
	if [[ $CROSS_ROOT ]]; then
		find "$CROSS_ROOT/bin/busybox" "$CROSS_ROOT/usr/bin/busybox" -print -quit 2>/dev/null
	else
		command -v busybox
	fi
}

cross_fetch() {
	local package version sum apt_own

	[[ ! ${opt[offline]:-} ]] ||
		die "the packages of $arch_debian are not in the cache; without --offline they are fetched"
	if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
		die "the libraries of $arch_debian come from Debian packages, which need apt-get and dpkg-deb"
	fi
	apt_state own
	cache_begin "${CROSS_ROOT%/*}" "fetching packages of $arch_debian" "$CROSS_ROOT" || return 0
	for package in "${cross_wanted[@]}"; do
		IFS=$'\t' read -r version sum < <(cross_candidate "$package") || true
		[[ $sum ]] || die "no package $package:$arch_debian in this host's apt sources"
		debian_download "$package" "$version" "$sum"
	done
	step "unpacking packages of $arch_debian" debian_unpack ||
		step_failed "$CACHE/log/apt.log" "cannot unpack the packages of $arch_debian"
	rm -f -- "$SCRATCH"/*.deb
	# The unpacked packages are in a folder of their own.
	mv -- "$SCRATCH/all" "$SCRATCH.all" && rm -rf -- "$SCRATCH" && mv -T -- "$SCRATCH.all" "$SCRATCH"
	cache_end "$CROSS_ROOT"
}

cross_candidate() { # PACKAGE: print VERSION<TAB>SHA256
	apt-cache "${apt_own[@]}" show --no-all-versions "$1" 2>/dev/null |
		awk '/^Version: / { version = $2 } /^SHA256: / { sum = $2 } END { if (sum != "") print version "\t" sum }'
}
