# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# Debian's kernels: found by a pattern in the host's apt sources, or in another suite
# through a separate apt state; the files that a lab needs are kept in the cache.  The
# host's apt configuration and state are not modified.

# debian_find debian[/SUITE][:PATTERN]: set the caller's dir to a folder of the cache
# with vmlinuz, config, release and modules/
debian_find() {
	local pattern='' suite=${opt[suite]:-}

	cache_dir
	[[ $1 != *:* ]] || pattern=${1#*:}
	[[ ${1%%:*} != debian/* ]] || suite=${1%%:*} suite=${suite#debian/}
	[[ $1 != *: && ${1%%:*} != */ ]] || die "--kernel '$1': a version or a suite is missing at its end"
	[[ $suite =~ ^[a-z0-9-]*$ ]] || die "--suite '$suite': not the name of a Debian suite"

	if [[ ${opt[offline]:-} ]]; then
		debian_cached "$pattern" "$suite" ||
			die "no Debian kernel in the cache matches '$1'${suite:+ and is of $suite}: $(debian_cache_list)"
	else
		debian_choose "$pattern" "$suite"
		debian_provide
		grep -qsx -- "${suite:-own}" "$dir/suites" || echo "${suite:-own}" >>"$dir/suites"
	fi
	touch -- "$dir"
}

# debian_match PATTERN RELEASE VERSION: whether the pattern is a prefix of one of them,
# or a shell glob that matches one
debian_match() {
	local text

	for text in "$2" "$3"; do
		# shellcheck disable=SC2053
		[[ $text == "$1"* && $text != "$1"[0-9]* || $text == $1 ]] && return
	done
	[[ ! $1 ]]
}

# --- the cache ---------------------------------------------------------------

# Each kernel has a folder RELEASE_VERSION_CHECKSUM, with vmlinuz, config, release,
# modules/ and their checksums.  The name's checksum is that of the packages and of the
# list of modules.

# debian_sound FOLDER: whether all files match their checksums
debian_sound() {
	(cd -- "$1" 2>/dev/null && sha256sum --status --strict -c SHA256SUMS 2>/dev/null)
}

# debian_cached PATTERN SUITE: set the caller's dir to the newest kernel that matches and
# was fetched from that suite
debian_cached() {
	local name release version

	while IFS=$'\t' read -r version release name; do
		debian_match "$1" "$release" "$version" || continue
		dir=$CACHE/kernels/debian/$name
		[[ ! -e $dir/suites ]] || grep -qx -- "${2:-own}" "$dir/suites" || continue
		debian_sound "$dir" && return
		say "$name in the cache is broken, and is not used"
	done < <(debian_cache)
	return 1
}

debian_cache() { # lines VERSION<TAB>RELEASE<TAB>FOLDER, newest first
	find "$CACHE/kernels/debian" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%f\n' 2>/dev/null |
		awk -F _ -v arch="-$arch_debian" '
		NF == 3 && $1 ~ arch "(-[0-9]+k)?$" { print $2 "\t" $1 "\t" $0 }' | sort -Vr
}

debian_cache_list() {
	local list

	list=$(debian_cache | cut -f 2 | tr '\n' ' ')
	echo "${list:+the cache has $list}${list:-the cache has no kernels; without --offline they are fetched}"
}

# --- the package lists -----------------------------------------------------------

# Options of apt that make it use a separate state; empty for the host's.
apt_own=()

# debian_choose PATTERN SUITE: set the caller's choice, VERSION<TAB>RELEASE<TAB>
# PACKAGE=SHA256 ...
debian_choose() {
	local pattern=$1 suite=$2 where=${2:-"this host's apt sources"} line version release other=''

	debian_sources "$suite"
	choice=
	while IFS= read -r line; do
		IFS=$'\t' read -r version release _ <<<"$line"
		debian_match "$pattern" "$release" "$version" || continue
		# Prefer the flavour for virtual machines; a pattern can name another.
		if [[ $release == *-cloud-* ]]; then
			choice=$line
			return
		fi
		other=${other:-$line}
	done < <(debian_list)
	[[ $pattern != *-* ]] || choice=$other
	[[ $choice ]] || die "no Debian kernel in $where matches '$pattern'$(debian_have)"
}

debian_have() {
	local list

	list=$(debian_list | cut -f 2 | sed -n "s/-cloud-$arch_debian\$//p" | tr '\n' ' ')
	if [[ $list ]]; then
		echo "; there are ${list% }; use --suite for another Debian suite"
	else
		echo "; it has no kernels: run apt-get update, or use --suite"
	fi
}

# debian_list: lines VERSION<TAB>RELEASE<TAB>PACKAGE=SHA256 ..., newest first.
# Until 6.18 linux-image-RELEASE is all of a kernel; later it only depends on
# linux-binary-RELEASE, linux-modules-RELEASE and linux-base-RELEASE (which has the
# configuration).
debian_list() {
	local file=$CACHE/apt/kernels key list

	# Apt takes seconds: cache its answer until its lists change.
	((!${#apt_own[@]})) || file=${apt_own[1]#Dir::State=}/kernels
	key=$(debian_list_key)
	if [[ $(head -n 1 -- "$file" 2>/dev/null) != "$key" ]]; then
		list=$(debian_list_apt)
		[[ $list ]] || return 0
		# A failure to cache it is harmless.
		{ mkdir -p -- "${file%/*}" && printf '%s\n' "$key" "$list" >"$file.$BASHPID" &&
			mv -- "$file.$BASHPID" "$file"; } 2>/dev/null || rm -f -- "$file.$BASHPID"
		printf '%s\n' "$list"
	else
		tail -n +2 -- "$file"
	fi
}

# debian_list_key: changes with apt's package lists and sources
debian_list_key() {
	local state lists=/var/lib/apt/lists

	((!${#apt_own[@]})) || lists=${apt_own[1]#Dir::State=}/lists
	state=$(ls -lLR --time-style=full-iso "$lists" /etc/apt /var/lib/dpkg/arch 2>/dev/null) || true
	sha256sum <<<"$state ${apt_own[*]} $arch_debian" | cut -d' ' -f1
}

# debian_list_apt: debian_list from apt itself
debian_list_apt() {
	local names

	mapfile -t names < <(apt-cache "${apt_own[@]}" pkgnames linux- 2>/dev/null |
		grep -E "^linux-(image|binary|binary-unsigned|modules|base)-[0-9].*-$arch_debian(-[0-9]+k)?(-unsigned)?\$")
	((${#names[@]})) || return 0
	{ apt-cache "${apt_own[@]}" show "${names[@]}" 2>/dev/null || true; } | awk -v OFS='\t' '
	function take(	kind, release) {
		if (!match(package, /^linux-(image|binary-unsigned|binary|modules|base)-/) || sum == "")
			return
		kind = substr(package, 7, RLENGTH - 7)
		release = substr(package, RLENGTH + 1)
		if (sub(/-unsigned$/, "", release))
			kind = kind "-unsigned"
		# Metapackages have no kernel, and are small.
		if (kind ~ /^image/ && size < 5000000)
			return
		found[version OFS release] = 1
		part[kind, version OFS release] = package "=" sum
	}
	/^Package: / { package = $2; version = sum = ""; size = 0 }
	/^Version: / { version = $2 }
	/^Size: / { size = $2 }
	/^SHA256: / { sum = $2 }
	/^$/ { take(); package = "" }
	END {
		take()
		for (id in found) {
			modules = part["modules", id]
			if (modules != "" && part["base", id] != "")
				modules = modules " " part["base", id]
			if (part["image", id] != "")
				print id, part["image", id]
			else if (part["image-unsigned", id] != "")
				print id, part["image-unsigned", id]
			else if (part["binary", id] != "" && modules != "")
				print id, part["binary", id] " " modules
			else if (part["binary-unsigned", id] != "" && modules != "")
				print id, part["binary-unsigned", id] " " modules
		}
	}' | sort -Vr
}

# debian_sources SUITE: set apt_own for the packages of a suite; without a suite, for
# those of the host's sources
debian_sources() {
	apt_own=()
	if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
		die "Debian's kernels need apt-get and dpkg-deb; without them, name a kernel tree or a $arch_image with --kernel"
	fi
	if [[ $1 ]]; then
		apt_state "$1"
	elif [[ $ARCH_NAME != "$HOST_ARCH" || ! $(debian_list) ]]; then
		# A container, for example, has no package lists.
		apt_state own
	fi
}

# --- a separate apt state -------------------------------------------------

# apt_state SUITE: set apt_own; lists older than a day are updated.  Each architecture has
# a state of its own.
apt_state() {
	local dir sources

	dir=$CACHE/apt/$(arch_key "$1")
	if ! writable_dir "$dir/lists/partial" || ! writable_dir "$dir/archives/partial"; then
		die "cannot write to the cache folder $dir; set KVMEM_CACHE=DIR to another"
	fi
	sources=$(apt_sources "$1")
	[[ $sources ]] || die "this host's apt sources have no Debian mirror: add one to /etc/apt/sources.list"
	take_lock "$dir/.lock" "reading the package lists of Debian ${1/#own/}"
	if [[ $sources != "$(cat "$dir/sources.list" 2>/dev/null)" ]]; then
		rm -f -- "$dir/updated"
		{ printf '%s\n' "$sources" >"$dir/sources.list" && : >"$dir/status"; } 2>/dev/null ||
			die "no space left in the cache folder $dir; set KVMEM_CACHE=DIR to a folder with space"
	fi
	apt_own=(-o "Dir::State=$dir" -o "Dir::State::lists=$dir/lists" -o "Dir::State::status=$dir/status"
		-o "Dir::Cache=$dir" -o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null
		-o "APT::Architecture=$arch_debian" -o "APT::Architectures::=$arch_debian")
	[[ $(find "$dir/updated" -newermt '1 day ago' 2>/dev/null) ]] || apt_state_update "$1" "$dir"
	drop_lock
}

apt_state_update() { # SUITE DIR
	local name="Debian ${1/#own/}"

	name=${name% }
	[[ $ARCH_NAME == "$HOST_ARCH" ]] || name+=" for $arch_debian"
	if step "reading the package lists of $name" apt_own_update &&
		! log_line '^W: failed to fetch' >/dev/null; then
		# Apt ignores a suite that does not have the architecture.
		compgen -G "$2/lists/*_binary-${arch_debian}_Packages*" >/dev/null ||
			die "$(apt_mirror "$2") has no packages for $arch_debian in the suite ${1/#own/of the host}"
		touch -- "$2/updated"
	elif [[ -e $2/updated ]]; then
		say "cannot read the package lists of $name; using those of $(date -r "$2/updated" +%F)"
	elif log_line ' 404 +not found|does not have a release file' >/dev/null; then
		die "there is no Debian suite '$1' at $(apt_mirror "$2")"
	else
		apt_failed "cannot read the package lists of $name"
	fi
}

apt_mirror() { # DIR
	sed 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/; q' "$1/sources.list"
}

apt_own_update() {
	become apt-get "${apt_own[@]}" "${apt_quiet[@]}" -o APT::Update::Error-Mode=any update
}

# As root, since apt's own user may not read the cache; no translations; retries.
apt_quiet=(-o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=2)

# apt_sources SUITE: print the lines of a sources.list, made from the host's
apt_sources() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg option=

	[[ ! -r $keyring ]] || option="[signed-by=$keyring] "
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(LABEL)' 'Created-By: Packages' \
		2>/dev/null | awk -v suite="$1" -v option="$option" '
	# The label is in the lists; without lists, use the address.
	{ uri = $1; sub(/\/$/, "", uri) }
	$3 != "main" { next }
	$4 == "Debian" || uri ~ /\/debian$/ { kind = "plain" }
	$4 == "Debian-Security" || uri ~ /\/debian-security$/ { kind = "security" }
	$4 !~ /^Debian/ && uri !~ /\/debian(-security)?$/ { next }
	suite == "own" { print "deb " option uri " " $2 " main"; next }
	!(kind in mirror) { mirror[kind] = uri }
	END {
		kind = suite ~ /-security$/ ? "security" : "plain"
		if (suite != "own" && kind in mirror)
			print "deb " option mirror[kind] " " suite " main"
	}' | sort -u
}

apt_failed() { # LINE
	local error

	if log_line 'no space left|quota exceeded' >/dev/null || ! has_room "$CACHE" 1M; then
		cache_full
	fi
	if error=$(log_line '^E: failed to fetch' '^W: failed to fetch' '^E: '); then
		say "$1: ${error#?: }" "without a network, --offline uses the kernels in the cache"
		log_keep "$CACHE/log/apt.log"
		exit 2
	fi
	step_failed "$CACHE/log/apt.log" "$1"
}

# --- fetching ----------------------------------------------------------------

# debian_provide: set the caller's dir to the folder of its choice, fetch it if needed
debian_provide() {
	local version release parts name

	IFS=$'\t' read -r version release parts <<<"$choice"
	# shellcheck disable=SC2154	# modules.sh sets it
	name=${release}_${version}_$(sha256sum <<<"$parts$modules_wanted" | head -c 12)
	dir=$CACHE/kernels/debian/$name
	if [[ -d $dir ]] && ! debian_sound "$dir"; then
		say "$name in the cache is broken: fetching it again"
		rm -rf -- "$dir"
	fi
	[[ -d $dir ]] || debian_fetch "$dir" "$release" "$version" "$parts"
}

debian_fetch() { # FOLDER RELEASE VERSION PARTS
	local part

	cache_begin "${1%/*}" "fetching a kernel" "$1" || return 0
	has_room "$SCRATCH" 300M ||
		die "no space left in the cache folder $CACHE: unpacking a kernel needs 300 MB; set KVMEM_CACHE=DIR to a folder with space"
	for part in $4; do
		debian_download "${part%%=*}" "$3" "${part#*=}"
	done
	step "unpacking Debian's $2" debian_unpack ||
		step_failed "$CACHE/log/apt.log" "cannot unpack the packages of Debian's $2"
	debian_keep "$2"
	cache_end "$1" 24
}

# debian_download PACKAGE VERSION SHA256: into the scratch folder
debian_download() {
	local tries file

	for tries in 1 2; do
		step "fetching $1" debian_get "$1=$2" || apt_failed "cannot download $1"
		file=$(find "$SCRATCH" -maxdepth 1 -name '*.deb' -name "${1}_*")
		[[ $(sha256sum <"$file") != "$3 "* ]] || return 0
		rm -f -- "$file"
		((tries == 2)) || say "the download of $1 is broken: fetching it again"
	done
	die "$1: the mirror's file does not match the signed package list; try again later or use another mirror"
}

debian_get() { # PACKAGE=VERSION
	cd -- "$SCRATCH" || exit
	become apt-get "${apt_own[@]}" "${apt_quiet[@]}" download "$1"
}

debian_unpack() {
	cd -- "$SCRATCH" || exit
	# shellcheck disable=SC2016
	become sh -c 'for deb in *.deb; do dpkg-deb -x "$deb" all || exit; done'
}

# debian_keep RELEASE: keep the unpacked files that a lab can use, delete the rest
debian_keep() {
	local image file name sums

	image=$(find "$SCRATCH/all" -type f \( -path '*/boot/vmlinu*' -o -path '*/modules/*/vmlinuz*' \) -print -quit)
	[[ $image ]] || die "the packages of Debian's $1 have no kernel image: choose another with --kernel"
	mkdir -- "$SCRATCH/modules"
	mv -- "$image" "$SCRATCH/vmlinuz"
	file=$(find "$SCRATCH/all" -type f \( -path '*/boot/config-*' -o -path '*/modules/*/config' \) -print -quit)
	[[ ! $file ]] || mv -- "$file" "$SCRATCH/config"
	printf '%s\n' "$1" >"$SCRATCH/release"
	modules_index "$SCRATCH/all"
	while read -r _ file; do
		name=${file##*/}
		module_plain "$file" >"$SCRATCH/modules/${name%%.ko*}.ko"
	done < <(modules_lists)
	rm -rf -- "$SCRATCH/all" "$SCRATCH"/*.deb
	sums=$(cd -- "$SCRATCH" && find . -type f -exec sha256sum {} +)
	printf '%s\n' "$sums" >"$SCRATCH/SHA256SUMS" ||
		die "no space left in the cache folder $CACHE; set KVMEM_CACHE=DIR to a folder with space"
}
