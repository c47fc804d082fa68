# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
# Other parts read these variables:
# shellcheck disable=SC2034
#
# Which commit of a kernel tree broke a test, or made something dearer: git bisect
# run, in a worktree of its own, with incremental builds and a lab for each step.
# The tree of the user is not touched.

# bisect: returns the exit code; what is left is in RUN: bisect.log, the commit,
# and a results folder for each step
bisect() {
	local tree=${opt[linux]:-} work good bad code=0

	bisect_check
	host_results_check
	prepare --lab
	[[ ${opt[build-cmd]:-} ]] || deps_ensure --kernel
	cache_dir
	bisect_patterns
	host_results_dir bisect
	mkdir -p -- "$RUN/steps" || host_results_refused
	bisect_worktree
	bisect_reference
	bisect_run || code=$?
	bisect_end
	stop_if_asked
	return "$code"
}

# --- before it begins ----------------------------------------------------------------

bisect_check() {
	[[ $tree ]] || usage_error "bisect needs --linux TREE"
	tree=$(absolute "$tree")
	[[ ${opt[good]:-} && ${opt[bad]:-} ]] || usage_error "bisect needs --good REV and --bad REV"
	[[ ${opt[test]:-} || ${opt[metric]:-} ]] ||
		usage_error "bisect needs --test PATTERN or --metric NAME"
	[[ ! ${opt[test]:-} || ! ${opt[metric]:-} ]] ||
		usage_error "bisect looks at a test or at a metric, not at both"
	[[ ${opt[worse-than]:-2%} =~ ^[0-9]+(\.[0-9]+)?%$ ]] ||
		usage_error "--worse-than is like 2%, not '${opt[worse-than]}'"
	[[ ! ${opt[config]:-} || -r ${opt[config]} ]] || die "--config ${opt[config]}: cannot be read"
	command -v git >/dev/null || die "bisect needs git: apt-get install -y --no-install-recommends git"
	git -C "$tree" rev-parse --git-dir >/dev/null 2>&1 || die "--linux $tree: not a git tree"
	good=$(bisect_commit good) || exit
	bad=$(bisect_commit bad) || exit
	[[ $good != "$bad" ]] || die "--good and --bad are the same commit"
	git -C "$tree" merge-base --is-ancestor "$good" "$bad" ||
		die "--good ${opt[good]} is no ancestor of --bad ${opt[bad]}"
	[[ ! $(git -C "$tree" status --porcelain --untracked-files=no 2>/dev/null | head -n 1) ]] ||
		die "--linux $tree has changes that are not committed, and no step would have them: commit or stash them"
}

bisect_commit() { # good|bad
	git -C "$tree" rev-parse --verify --quiet --end-of-options "${opt[$1]}^{commit}" ||
		die "--$1 ${opt[$1]}: there is no such commit in $tree"
}

# A name that nothing has is better found out now.
bisect_patterns() {
	local kind=test pattern=${opt[test]:-}

	[[ $pattern ]] || kind=bench pattern=${opt[metric]}
	list_read
	list_check "$kind" "$pattern"
}

# --- the worktree ---------------------------------------------------------------------

bisect_worktree() {
	work=$CACHE/bisect/$$
	mkdir -p -- "$CACHE/bisect" || die "the cache folder cannot be written: $CACHE/bisect"
	# What killed runs have left.
	git -C "$tree" worktree prune
	git -C "$tree" worktree add --quiet --detach "$work" "$bad" >/dev/null 2>"$RUN/git.log" ||
		die "git can't make a worktree: $(tail -n 1 "$RUN/git.log")"
	made_worktree=$work
	trap bisect_on_exit EXIT
}

bisect_on_exit() {
	bisect_end
	on_exit
}

# bisect_end: the tree is as it was
bisect_end() {
	[[ ${made_worktree:-} ]] || return 0
	git -C "$made_worktree" bisect log >"$RUN/bisect.log" 2>/dev/null || true
	git -C "$made_worktree" bisect reset >/dev/null 2>&1 || true
	git -C "$tree" worktree remove --force "$made_worktree" >/dev/null 2>&1 || true
	rm -rf -- "$made_worktree"
	made_worktree=
}

# --- the steps --------------------------------------------------------------------------

# bisect_reference: for a metric, the good revision's own value, in RUN/against
bisect_reference() {
	local verdict

	[[ ${opt[metric]:-} ]] || return 0
	say "measuring ${opt[metric]} on ${opt[good]}"
	git -C "$work" checkout --quiet --detach "$good"
	verdict=$(bisect_judge good) || true
	stop_if_asked
	[[ $verdict == value* ]] || die "${opt[metric]} on ${opt[good]}: ${verdict#*$'\t'}"
	printf '%s\n' "${verdict#*$'\t'}" >"$RUN/against"
	say "${opt[metric]} on ${opt[good]}: ${verdict#*$'\t'}"
}

bisect_run() {
	local first commit

	git -C "$work" bisect start "$bad" "$good" >>"$RUN/git.log" 2>&1 ||
		die "git bisect cannot start: $(tail -n 1 "$RUN/git.log")"
	while :; do
		commit=$(git -C "$work" rev-parse HEAD)
		bisect_step "$commit"
		stop_if_asked
		if first=$(sed -n 's/^\([0-9a-f]*\) is the first bad commit.*/\1/p' "$RUN/git.last") && [[ $first ]]; then
			git -C "$work" show --stat --no-color "$first" >"$RUN/commit"
			say "the first bad commit:"
			sed 's/^/    /' "$RUN/commit" | head -n 12
			printf '\nResults: %s\n' "$RUN"
			return 0
		fi
		if grep -q "only 'skip'ped commits left" "$RUN/git.last"; then
			say "git bisect cannot tell: the commits that are left say nothing (see $RUN/steps)"
			sed -n 's/^\([0-9a-f]\{40\}\)$/    \1/p' "$RUN/git.last" >&2
			return 4
		fi
	done
}

# bisect_step COMMIT: judge what is checked out, and tell git
bisect_step() {
	local verdict subject

	subject=$(git -C "$work" log -1 --format='%h %s' "$1")
	verdict=$(bisect_judge "${1:0:12}") || true
	! asked_to_stop || return 0
	case ${verdict%%$'\t'*} in
	good | bad | skip) ;;
	*) verdict=$'skip\t'"no verdict" ;;
	esac
	say "${verdict%%$'\t'*}: $subject (${verdict#*$'\t'})"
	git -C "$work" bisect "${verdict%%$'\t'*}" >"$RUN/git.last" 2>&1 || true
	cat "$RUN/git.last" >>"$RUN/git.log"
}

# bisect_judge NAME: build and run what is checked out; VERDICT<TAB>REASON
bisect_judge() {
	local dir=$RUN/steps/$1 told=$RUN/steps/$1/told args code=0

	mkdir -p -- "$dir"
	if ! bisect_build "$dir"; then
		printf 'skip\tit cannot be built, see %s\n' "$dir/build.log"
		return
	fi
	if [[ ${opt[metric]:-} ]]; then
		args=(lab --exact --replicates 2 "${args[@]}" --results "$dir" bench "${opt[metric]}")
	else
		args=(lab "${args[@]}" --results "$dir" test "${opt[test]}")
	fi
	: >"$told"
	KVMEM_TELL_RUN=$told "$ROOT/run.sh" "${args[@]}" >"$dir/run.log" 2>&1 </dev/null &
	await $! || code=$?
	! asked_to_stop || return 0
	if [[ ! -s $(cat "$told")/results.json ]]; then
		printf 'skip\t%s\n' "$(sed -n '/all of its console/d; s/^kvmem: //p' "$dir/run.log" | tail -n 1)"
		return
	fi
	args=()
	[[ ! ${opt[test]:-} ]] || args+=(--test "${opt[test]}")
	[[ ! ${opt[metric]:-} ]] || args+=(--metric "${opt[metric]}")
	[[ ! -s $RUN/against ]] || args+=(--against "$(<"$RUN/against")" --worse-than "${opt[worse-than]:-2%}")
	[[ ! ${opt[panic-is-bad]:-} ]] || args+=(--panic-is-bad)
	"$BUILD/kvmem-report" bisect "${args[@]}" "$(cat "$told")"
}

# bisect_build DIR: add the kernel to the caller's args; false when there is none
bisect_build() {
	local rc=0 objects=$CACHE/kernels/objects/bisect

	mkdir -p -- "$objects" || die "the cache folder cannot be written: $objects"
	if [[ ${opt[build-cmd]:-} ]]; then
		# The command may leave $arch_image, config and modules/ in KVMEM_OUT, and what is
		# to be on that kernel's command line in append.
		(cd -- "$work" && KVMEM_OUT=$1 become sh -c "${opt[build-cmd]}") >"$1/build.log" 2>&1 </dev/null &
	else
		bisect_make "$work" "$objects" >"$1/build.log" 2>&1 </dev/null &
	fi
	await $! -$! || rc=$?
	args=(--kernel "$objects")
	[[ ! ${opt[build-cmd]:-} ]] || args=(--kernel "$work")
	[[ ! -e $1/$arch_image ]] || args=(--kernel "$1/$arch_image")
	[[ ! -d $1/modules ]] || args+=(--modules "$1/modules")
	[[ ! -s $1/append ]] || args+=(--append "$(<"$1/append")")
	return "$rc"
}

bisect_make() { # TREE OBJECTS
	unset KBUILD_OUTPUT ARCH CROSS_COMPILE LLVM V C W M
	# shellcheck disable=SC2016
	become bash -c 'set -e
		make -s -C "$1" O="$2" ARCH="$3" tinyconfig KCONFIG_CONFIG=.config.new
		cat -- "${@:5}" >>"$2/.config.new"
		make -s -C "$1" O="$2" ARCH="$3" olddefconfig KCONFIG_CONFIG=.config.new
		cmp -s "$2/.config.new" "$2/.config" || cp "$2/.config.new" "$2/.config"
		make -s -C "$1" O="$2" ARCH="$3" -j"$(nproc)" "$4"
	' build "$1" "$2" "$arch_kernel" "$arch_image" "$ROOT/configs/kernels/lab.config" \
		"$ROOT/configs/kernels/arch/$ARCH_NAME.config" \
		${opt[config]:+"$(absolute "${opt[config]}")"}
}
