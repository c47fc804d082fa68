# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# Debian's kernels: found by a pattern in the machine's own apt sources, or in
# another suite through an apt state of our own; what a lab needs of them is
# kept in the cache.  Nothing of the machine's apt is changed.

# debian_find debian[/SUITE][:PATTERN]: set the caller's dir to a folder of the
# cache, with vmlinuz, config, release and modules/
debian_find() {
	local pattern='' suite=${opt[suite]:-}

	cache_dir
	[[ $1 != *:* ]] || pattern=${1#*:}
	[[ ${1%%:*} != debian/* ]] || suite=${1%%:*} suite=${suite#debian/}
	[[ $1 != *: && ${1%%:*} != */ ]] || die "'$1': a version or a suite is missing at its end"
	[[ $suite =~ ^[a-z0-9-]*$ ]] || die "'$suite' is no name of a Debian suite"

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

# debian_match PATTERN RELEASE VERSION: the pattern is the beginning of one of
# them, or a shell glob for the whole
debian_match() {
	local text

	for text in "$2" "$3"; do
		# shellcheck disable=SC2053
		[[ $text == "$1"* && $text != "$1"[0-9]* || $text == $1 ]] && return
	done
	[[ ! $1 ]]
}

# --- the cache ---------------------------------------------------------------

# A folder for each kernel, RELEASE_VERSION_CHECKSUM of its packages and of what
# is kept of them: vmlinuz, config, release, modules/ and their checksums.

# debian_sound FOLDER: nothing of it is missing or broken
debian_sound() {
	(cd -- "$1" 2>/dev/null && sha256sum --status --strict -c SHA256SUMS 2>/dev/null)
}

# debian_cached PATTERN SUITE: set the caller's dir to the newest that matches and
# came from there, once or more often
debian_cached() {
	local name release version

	while IFS=$'\t' read -r version release name; do
		debian_match "$1" "$release" "$version" || continue
		dir=$CACHE/kernels/debian/$name
		[[ ! -e $dir/suites ]] || grep -qx -- "${2:-own}" "$dir/suites" || continue
		debian_sound "$dir" && return
		say "$name in the cache is broken"
	done < <(debian_cache)
	return 1
}

debian_cache() { # lines VERSION<TAB>RELEASE<TAB>FOLDER, newest first
	find "$CACHE/kernels/debian" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%f\n' 2>/dev/null |
		awk -F _ 'NF == 3 { print $2 "\t" $1 "\t" $0 }' | sort -Vr
}

debian_cache_list() {
	local list

	list=$(debian_cache | cut -f 2 | tr '\n' ' ')
	echo "${list:+it has $list}${list:-it has none; without --offline they are fetched}"
}

# --- what there is -----------------------------------------------------------

# Options of apt that make it use a state of our own.
apt_own=()

# debian_choose PATTERN SUITE: set the caller's choice, VERSION<TAB>RELEASE<TAB>
# PACKAGE=SHA256 ...
debian_choose() {
	local pattern=$1 suite=$2 where=${2:-"this machine's apt sources"} line version release other=''

	debian_sources "$suite"
	choice=
	while IFS= read -r line; do
		IFS=$'\t' read -r version release _ <<<"$line"
		debian_match "$pattern" "$release" "$version" || continue
		# The flavour made for virtual machines, unless the pattern says otherwise.
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
		echo "; there are ${list% }; --suite names another Debian suite"
	else
		echo ", and no other"
	fi
}

# debian_list: lines VERSION<TAB>RELEASE<TAB>PACKAGE=SHA256 ..., newest first.
# Until 6.18 linux-image-RELEASE is all of a kernel; later it only depends on
# linux-binary-RELEASE, linux-modules-RELEASE and linux-base-RELEASE (which has the
# configuration).
debian_list() {
	local file=$CACHE/apt/kernels key list

	# Apt takes seconds to tell: its answer is kept as long as it has nothing new.
	((!${#apt_own[@]})) || file=${apt_own[1]#Dir::State=}/kernels
	key=$(debian_list_key)
	if [[ $(head -n 1 -- "$file" 2>/dev/null) != "$key" ]]; then
		list=$(debian_ask)
		[[ $list ]] || return 0
		# Where it cannot be kept it is asked for again.
		{ mkdir -p -- "${file%/*}" && printf '%s\n' "$key" "$list" >"$file.$BASHPID" &&
			mv -- "$file.$BASHPID" "$file"; } 2>/dev/null || rm -f -- "$file.$BASHPID"
		printf '%s\n' "$list"
	else
		tail -n +2 -- "$file"
	fi
}

# debian_list_key: another one when apt has read other lists, or has other sources
debian_list_key() {
	local state lists=/var/lib/apt/lists

	((!${#apt_own[@]})) || lists=${apt_own[1]#Dir::State=}/lists
	state=$(ls -lLR --time-style=full-iso "$lists" /etc/apt /var/lib/dpkg/arch 2>/dev/null) || true
	sha256sum <<<"$state ${apt_own[*]} $arch_debian" | cut -d' ' -f1
}

debian_ask() {
	local names

	mapfile -t names < <(apt-cache "${apt_own[@]}" pkgnames linux- 2>/dev/null |
		grep -E "^linux-(image|binary|binary-unsigned|modules|base)-[0-9].*-$arch_debian(-unsigned)?\$")
	((${#names[@]})) || return 0
	{ apt-cache "${apt_own[@]}" show "${names[@]}" 2>/dev/null || true; } | awk -v OFS='\t' '
	function take(	kind, release) {
		if (!match(package, /^linux-(image|binary-unsigned|binary|modules|base)-/) || sum == "")
			return
		kind = substr(package, 7, RLENGTH - 7)
		release = substr(package, RLENGTH + 1)
		if (sub(/-unsigned$/, "", release))
			kind = kind "-unsigned"
		# A package without a kernel in it is small.
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

# debian_sources SUITE: make apt know the packages of a suite, of the machine's
# own sources when it is none
debian_sources() {
	apt_own=()
	if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
		die "Debian's kernels need apt-get and dpkg-deb; here, name a kernel tree or a $arch_image with --kernel"
	fi
	if [[ $1 ]]; then
		apt_state "$1"
	elif [[ ! $(debian_list) ]]; then
		# A container without package lists, perhaps.
		apt_state own
	fi
}

# --- an apt state of our own -------------------------------------------------

# apt_state SUITE: set apt_own; its lists are read anew when they are a day old
apt_state() {
	local dir=$CACHE/apt/$1 sources

	if ! writable_dir "$dir/lists/partial" || ! writable_dir "$dir/archives/partial"; then
		die "the cache folder cannot be written: $dir; set KVMEM_CACHE=DIR to one that can"
	fi
	sources=$(apt_sources "$1")
	[[ $sources ]] || die "this machine's apt sources name no mirror of Debian"
	take_lock "$dir/.lock" "reading the package lists of Debian ${1/#own/}"
	if [[ $sources != "$(cat "$dir/sources.list" 2>/dev/null)" ]]; then
		rm -f -- "$dir/updated"
		{ printf '%s\n' "$sources" >"$dir/sources.list" && : >"$dir/status"; } 2>/dev/null ||
			die "no space in the cache folder $dir; set KVMEM_CACHE=DIR"
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
	if step "reading the package lists of $name" apt_own_update &&
		! log_line '^W: failed to fetch' >/dev/null; then
		touch -- "$2/updated"
	elif [[ -e $2/updated ]]; then
		say "the package lists of $name could not be read; those of $(date -r "$2/updated" +%F) are used"
	elif log_line ' 404 +not found|does not have a release file' >/dev/null; then
		die "there is no Debian suite '$1' at $(sed 's/.*] \([^ ]*\) .*/\1/; q' "$2/sources.list")"
	else
		apt_failed "the package lists of $name could not be read"
	fi
}

apt_own_update() {
	become apt-get "${apt_own[@]}" "${apt_quiet[@]}" -o APT::Update::Error-Mode=any update
}

# Root may read what another user may not; no translations; patience.
apt_quiet=(-o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=2)

# apt_sources SUITE: the lines of a sources.list, made from the machine's own
apt_sources() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg option=

	[[ ! -r $keyring ]] || option="[signed-by=$keyring] "
	# shellcheck disable=SC2016
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(LABEL)' 'Created-By: Packages' \
		2>/dev/null | awk -v suite="$1" -v option="$option" '
	# The label is in the lists; where there are none yet, the address has to do.
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
		say "$1: ${error#?: }" "without a network, --offline uses what is in the cache"
		log_keep "$CACHE/log/apt.log"
		exit 2
	fi
	step_failed "$CACHE/log/apt.log" "$1"
}

# --- fetching ----------------------------------------------------------------

# debian_provide: set the caller's dir to the kernel of its choice
debian_provide() {
	local version release parts name

	IFS=$'\t' read -r version release parts <<<"$choice"
	# shellcheck disable=SC2154	# of modules.sh
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
		die "no space left in the cache folder $CACHE: a kernel's packages need 300 MB for a moment; set KVMEM_CACHE=DIR"
	for part in $4; do
		debian_download "${part%%=*}" "$3" "${part#*=}"
	done
	step "unpacking Debian's $2" debian_unpack ||
		step_failed "$CACHE/log/apt.log" "the packages of Debian's $2 could not be unpacked"
	debian_keep "$2"
	cache_end "$1" 24
}

# debian_download PACKAGE VERSION SHA256: into the scratch folder
debian_download() {
	local tries file

	for tries in 1 2; do
		step "fetching $1" debian_get "$1=$2" || apt_failed "$1 could not be downloaded"
		file=$(find "$SCRATCH" -maxdepth 1 -name '*.deb' -name "${1}_*")
		[[ $(sha256sum <"$file") != "$3 "* ]] || return 0
		rm -f -- "$file"
		((tries == 2)) || say "$1 came broken: fetching it again"
	done
	die "$1: what the mirror sends is not what the signed package list says"
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

# debian_keep RELEASE: of all that was unpacked, what a lab can use
debian_keep() {
	local image file name sums

	image=$(find "$SCRATCH/all" -type f \( -path '*/boot/vmlinu*' -o -path '*/modules/*/vmlinuz*' \) -print -quit)
	[[ $image ]] || die "the packages of Debian's $1 have no kernel in them"
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
		die "no space left in the cache folder $CACHE; set KVMEM_CACHE=DIR"
}
