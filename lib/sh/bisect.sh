# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
# Other parts read these variables:
# shellcheck disable=SC2034
#
# Find the commit of a kernel tree that broke a test, or made an operation more
# expensive: git bisect in a separate worktree, with incremental builds and a lab for
# each step.  The user's tree is not modified.

# bisect: returns the exit code; RUN has bisect.log, the commit, and a results folder
# for each step
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
	stop_if_pending
	return "$code"
}

# --- checks of the options --------------------------------------------------------------

bisect_check() {
	[[ $tree ]] || usage_error "bisect needs --linux TREE"
	tree=$(absolute "$tree")
	[[ ${opt[good]:-} && ${opt[bad]:-} ]] || usage_error "bisect needs --good REV and --bad REV"
	[[ ${opt[test]:-} || ${opt[metric]:-} ]] ||
		usage_error "bisect needs --test PATTERN or --metric NAME"
	[[ ! ${opt[test]:-} || ! ${opt[metric]:-} ]] ||
		usage_error "--test and --metric cannot be combined"
	[[ ${opt[worse-than]:-2%} =~ ^[0-9]+(\.[0-9]+)?%$ ]] ||
		usage_error "--worse-than '${opt[worse-than]}': use a percentage, like 2%"
	[[ ! ${opt[config]:-} || -r ${opt[config]} ]] || die "--config ${opt[config]}: cannot read this file"
	command -v git >/dev/null || die "bisect needs git: apt-get install -y --no-install-recommends git"
	git -C "$tree" rev-parse --git-dir >/dev/null 2>&1 || die "--linux $tree: not a git tree"
	good=$(bisect_commit good) || exit
	bad=$(bisect_commit bad) || exit
	[[ $good != "$bad" ]] || die "--good and --bad are the same commit"
	git -C "$tree" merge-base --is-ancestor "$good" "$bad" ||
		die "--good ${opt[good]} is not an ancestor of --bad ${opt[bad]}"
	[[ ! $(git -C "$tree" status --porcelain --untracked-files=no 2>/dev/null | head -n 1) ]] ||
		die "--linux $tree has uncommitted changes, which no step would include: commit or stash them"
}

bisect_commit() { # good|bad
	git -C "$tree" rev-parse --verify --quiet --end-of-options "${opt[$1]}^{commit}" ||
		die "--$1 ${opt[$1]}: no such commit in $tree"
}

# Find a wrong name before the first build.
bisect_patterns() {
	local kind=test pattern=${opt[test]:-}

	[[ $pattern ]] || kind=bench pattern=${opt[metric]}
	list_read
	list_check "$kind" "$pattern"
}

# --- the worktree ---------------------------------------------------------------------

bisect_worktree() {
	work=$CACHE/bisect/$$
	mkdir -p -- "$CACHE/bisect" || die "cannot write to the cache folder $CACHE/bisect; set KVMEM_CACHE=DIR"
	# Left over from killed runs.
	git -C "$tree" worktree prune
	git -C "$tree" worktree add --quiet --detach "$work" "$bad" >/dev/null 2>"$RUN/git.log" ||
		die "git cannot add a worktree to $tree: $(tail -n 1 "$RUN/git.log")"
	made_worktree=$work
	trap bisect_on_exit EXIT
}

bisect_on_exit() {
	bisect_end
	on_exit
}

# bisect_end: keep the log, remove the worktree
bisect_end() {
	[[ ${made_worktree:-} ]] || return 0
	git -C "$made_worktree" bisect log >"$RUN/bisect.log" 2>/dev/null || true
	git -C "$made_worktree" bisect reset >/dev/null 2>&1 || true
	git -C "$tree" worktree remove --force "$made_worktree" >/dev/null 2>&1 || true
	rm -rf -- "$made_worktree"
	made_worktree=
}

# --- the steps --------------------------------------------------------------------------

# bisect_reference: for a metric, measure the good revision, into RUN/against
bisect_reference() {
	local verdict

	[[ ${opt[metric]:-} ]] || return 0
	say "measuring ${opt[metric]} on ${opt[good]}"
	git -C "$work" checkout --quiet --detach "$good"
	verdict=$(bisect_judge good) || true
	stop_if_pending
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
		stop_if_pending
		if first=$(sed -n 's/^\([0-9a-f]*\) is the first bad commit.*/\1/p' "$RUN/git.last") && [[ $first ]]; then
			git -C "$work" show --stat --no-color "$first" >"$RUN/commit"
			say "the first bad commit:"
			sed 's/^/    /' "$RUN/commit" | head -n 12
			printf '\nResults: %s\n' "$RUN"
			return 0
		fi
		if grep -q "only 'skip'ped commits left" "$RUN/git.last"; then
			say "the first bad commit is one of these, which were all skipped (see $RUN/steps):"
			sed -n 's/^\([0-9a-f]\{40\}\)$/    \1/p' "$RUN/git.last" >&2
			return 4
		fi
	done
}

# bisect_step COMMIT: judge the checked-out commit, and pass the verdict to git
bisect_step() {
	local verdict subject

	subject=$(git -C "$work" log -1 --format='%h %s' "$1")
	verdict=$(bisect_judge "${1:0:12}") || true
	! stop_pending || return 0
	case ${verdict%%$'\t'*} in
	good | bad | skip) ;;
	*) verdict=$'skip\t'"no verdict" ;;
	esac
	say "${verdict%%$'\t'*}: $subject (${verdict#*$'\t'})"
	git -C "$work" bisect "${verdict%%$'\t'*}" >"$RUN/git.last" 2>&1 || true
	cat "$RUN/git.last" >>"$RUN/git.log"
}

# bisect_judge NAME: build and run the checked-out commit; prints VERDICT<TAB>REASON
bisect_judge() {
	local dir=$RUN/steps/$1 run_file=$RUN/steps/$1/run args code=0

	mkdir -p -- "$dir"
	if ! bisect_build "$dir"; then
		printf 'skip\tthe build failed, see %s\n' "$dir/build.log"
		return
	fi
	if [[ ${opt[metric]:-} ]]; then
		args=(lab --exact --replicates 2 "${args[@]}" --results "$dir" bench "${opt[metric]}")
	else
		args=(lab "${args[@]}" --results "$dir" test "${opt[test]}")
	fi
	: >"$run_file"
	KVMEM_RUN_FILE=$run_file "$ROOT/run.sh" "${args[@]}" >"$dir/run.log" 2>&1 </dev/null &
	await $! || code=$?
	! stop_pending || return 0
	if [[ ! -s $(cat "$run_file")/results.json ]]; then
		printf 'skip\t%s\n' "$(sed -n '/all of its console/d; s/^kvmem: //p' "$dir/run.log" | tail -n 1)"
		return
	fi
	args=()
	[[ ! ${opt[test]:-} ]] || args+=(--test "${opt[test]}")
	[[ ! ${opt[metric]:-} ]] || args+=(--metric "${opt[metric]}")
	[[ ! -s $RUN/against ]] || args+=(--against "$(<"$RUN/against")" --worse-than "${opt[worse-than]:-2%}")
	[[ ! ${opt[panic-is-bad]:-} ]] || args+=(--panic-is-bad)
	"$BUILD/kvmem-report" bisect "${args[@]}" "$(cat "$run_file")"
}

# bisect_build DIR: build, and add the kernel to the caller's args; false on failure
bisect_build() {
	local rc=0 objects

	objects=$CACHE/kernels/objects/$(arch_key bisect)

	mkdir -p -- "$objects" || die "cannot write to the cache folder $objects; set KVMEM_CACHE=DIR"
	if [[ ${opt[build-cmd]:-} ]]; then
		# The command may leave the image, modules/ and, in append, the kernel's
		# command line in KVMEM_OUT.
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
		tree=$1 objects=$2 arch=$3 cross=$4 image=$5
		shift 5
		kernel() {
			make -s -C "$tree" O="$objects" ARCH="$arch" CROSS_COMPILE="$cross" "$@"
		}
		kernel tinyconfig KCONFIG_CONFIG=.config.new
		cat -- "$@" >>"$objects/.config.new"
		kernel olddefconfig KCONFIG_CONFIG=.config.new
		cmp -s "$objects/.config.new" "$objects/.config" || cp "$objects/.config.new" "$objects/.config"
		kernel -j"$(nproc)" "$image"
	' build "$1" "$2" "$arch_kernel" "$(cross_prefix)" "$arch_image" "$ROOT/configs/kernels/lab.config" \
		"$ROOT/configs/kernels/arch/$ARCH_NAME.config" \
		${opt[config]:+"$(absolute "${opt[config]}")"}
}
