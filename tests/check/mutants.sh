# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The seeded bugs: the tables of the architectures and the patches agree, and the patches
# apply on top of the kernel patches.

mutants=configs/kernels/mutants
tables=("$mutants"/arch/*.tsv)
patches=("$mutants"/*.patch "$mutants"/*/*.patch)
tarball=/usr/src/linux-source-6.12.tar.xz

# NUMBER NAME of each bug, from the patches' enum and from the tables.
sed -n 's/^+\tKVM_MUTANT_\([A-Z0-9_]*\) = \([0-9]*\),$/\2 \1/p' "${patches[@]}" | sort -n >"$WORK/enum"
awk -F '\t' '!/^#/ { print $1, toupper($2) }' "${tables[@]}" | sort -u | sort -n >"$WORK/table"
expect "mutants: the tables and the patches have the same bugs" diff "$WORK/table" "$WORK/enum"
for table in "${tables[@]}"; do
	expect "$table is sorted" sort -nc <(awk -F '\t' '!/^#/ { print $1 }' "$table")
done
is "mutants: numbers and names are unique" "" \
	"$(cut -d ' ' -f 1 "$WORK/table" | sort | uniq -d)$(cut -d ' ' -f 2 "$WORK/table" | sort | uniq -d)"
is "mutants: every line has eight fields" "" \
	"$(awk -F '\t' '!/^#/ && (NF != 8 || /\t\t|\t$/) { print $1 }' "${tables[@]}")"

# The code that selects a bug, without the enum.
grep -hv ' = [0-9]*,$' "${patches[@]}" | grep '^+' | grep -o 'KVM_MUTANT_[A-Z0-9_]*' | sort -u >"$WORK/used"
is "mutants: the patches use each of them" "" \
	"$(awk '{ print "KVM_MUTANT_" $2 }' "$WORK/table" | sort | comm -23 - "$WORK/used")"

is "mutants: their behaviours are in the index" "" "$(awk -F '\t' '!/^#/ { print $5 }' "${tables[@]}" |
	tr ' ' '\n' | sort -u | comm -23 - <(grep -v '^#' configs/behaviours.tsv | cut -f 1 | sort -u))"

# The patches of each architecture's kernel, in their order.
if [ -r "$tarball" ]; then
	for arch in x86_64 arm64; do
		series=(configs/kernels/patches/*.patch)
		[ ! -d "configs/kernels/patches/$arch" ] || series+=("configs/kernels/patches/$arch"/*.patch)
		series+=("$mutants"/*.patch)
		[ ! -d "$mutants/$arch" ] || series+=("$mutants/$arch"/*.patch)
		mapfile -t touched < <(sed -n 's|^--- a/||p' "${series[@]}" | sort -u |
			grep -vxFf <(sed -n '/^--- \/dev\/null/{n;s|^+++ b/||p}' "${series[@]}"))
		mkdir -p "$WORK/linux-$arch"
		tar -x -f "$tarball" -I 'xz -T0' -C "$WORK/linux-$arch" --strip-components=1 \
			"${touched[@]/#/linux-source-6.12/}"
		for patch in "${series[@]}"; do
			expect "$arch: $patch applies" \
				patch -d "$WORK/linux-$arch" -p1 -s -f -F0 -i "$ROOT/$patch"
		done
	done
else
	skip "mutants: the patches apply" "needs linux-source-6.12"
fi
