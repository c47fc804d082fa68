# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Bisection, in histories of up to 64 commits that use an existing kernel image.  The
# tree of a commit selects a seeded bug, the cost of an exit, or a build failure.

IMAGE=$(find "${KVMEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kvmem}/kernels/mutants" -name bzImage \
	-printf '%T@ %p\n' 2>/dev/null | sort -rn | head -n 1 | cut -d' ' -f2-)

# history_of NAME COMMITS: make a tree in $WORK/NAME; lines "NUMBER FILE TEXT" on standard
# input are the files that commits write
history_of() {
	local tree=$WORK/$1 number i file text
	local -A writes=()

	while read -r number file text; do
		writes[$number]=$file:$text
	done
	git init -q "$tree"
	git -C "$tree" config user.name check
	git -C "$tree" config user.email check@localhost
	for ((i = 1; i <= $2; i++)); do
		echo "$i" >"$tree/number"
		if [[ ${writes[$i]:-} ]]; then
			file=${writes[$i]%%:*} text=${writes[$i]#*:}
			printf '%s\n' "$text" >"$tree/$file"
		fi
		git -C "$tree" add -A
		git -C "$tree" commit -q -m "commit $i"
		git -C "$tree" tag "c$i"
	done
}

# find_in NAME ARG...: bisect from the first commit to the last; sets found and steps
find_in() {
	local tree=$WORK/$1 results=$WORK/bisect-$1 code=0
	shift
	./run.sh bisect --linux "$tree" --good c1 --bad "$(git -C "$tree" tag | sort -V | tail -n 1)" \
		--build-cmd "test ! -e broken && cp '$IMAGE' \"\$KVMEM_OUT/bzImage\" && cp append \"\$KVMEM_OUT/\"" \
		--results "$results" "$@" >"$results.out" 2>&1 || code=$?
	steps=$(grep -cE '^kvmem: (good|bad|skip): ' "$results.out" || true)
	found=$(sed -n 's/^ *commit \([0-9]*\)$/\1/p' "$results.out" | tail -n 1)
	[[ $code = 0 ]] || tail -n 15 "$results.out"
}

found='' steps=''
if [[ ! $IMAGE ]]; then
	skip "bisect" "no kernel with seeded bugs: ./run.sh kernel build mutants"
else
	history_of functional 64 <<-END
		1 append kvm.mutant=0
		41 append kvm.mutant=309
	END
	find_in functional --test pci_hole.sixteen_bytes
	is "bisect: the commit that breaks a test" 41 "$found"
	is "bisect: in 7 steps at most" yes "$( ((steps > 0 && steps <= 7)) && echo yes || echo "$steps")"
	is "bisect: the tree has no worktree left" 1 "$(git -C "$WORK/functional" worktree list | wc -l)"
	is "bisect: a results folder for each step" "$steps" \
		"$(find "$WORK"/bisect-functional -name results.json | wc -l)"
	expect "bisect: its log can be replayed" grep -q '^git bisect bad' "$WORK"/bisect-functional/*/bisect.log

	history_of cost 64 <<-END
		1 append kvm.mmio_caching=1
		23 append kvm.mmio_caching=0
	END
	find_in cost --metric exit.mmio_read_user --worse-than 2%
	is "bisect: the commit that makes an exit more expensive" 23 "$found"
	is "bisect: in 7 steps at most, by a metric" yes \
		"$( ((steps > 0 && steps <= 7)) && echo yes || echo "$steps")"

	history_of unbuildable 8 <<-END
		1 append kvm.mutant=0
		4 broken yes
		6 append kvm.mutant=309
	END
	git -C "$WORK/unbuildable" rm -q broken
	git -C "$WORK/unbuildable" commit -q -m "commit 9"
	git -C "$WORK/unbuildable" tag c9
	find_in unbuildable --test pci_hole.sixteen_bytes
	expect "bisect: a commit that cannot be built is skipped" grep -q '^kvmem: skip: ' "$WORK/bisect-unbuildable.out"
fi
