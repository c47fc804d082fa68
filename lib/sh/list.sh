# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# run.sh list: tests, benchmarks, and the behaviours that they cover.

# list_read [DIR]: set items to the lines "KIND<TAB>NAME<TAB>IDS" of kvmem-run --list, for the
# programs in DIR
list_read() {
	local text

	if [[ $ARCH_NAME == "$HOST_ARCH" ]]; then
		text=$("$BUILD/kvmem-run" --list ${1:+--dir "$1"})
	else
		text=$(list_plan "${1:-$BUILD}" | awk -F '\t' -v OFS='\t' '
			{ sub(/^global\./, "", $3) }
			$1 == "tests" { print "test", $2 "." $3, $4 }
			$1 == "bench" { print "bench", $3, $4 }')
	fi || die "cannot list the tests: the build in $BUILD is broken"
	mapfile -t items <<<"$text"
}

# list_plan DIR: print the plan of the programs in DIR, as kvmem-run --list-plan does, which
# cannot run here if it is for another architecture
list_plan() {
	local text

	if [[ $ARCH_NAME == "$HOST_ARCH" ]]; then
		"$BUILD/kvmem-run" --list-plan --dir "$1"
		return
	fi
	# Running all of them takes a second.
	if [[ -r $1/plan && ! $(find "$1/tests" "$1/bench" -newer "$1/plan" -print -quit) ]]; then
		cat -- "$1/plan"
		return
	fi
	text=$(list_foreign "$1") || return
	printf '%s\n' "$text"
	{ printf '%s\n' "$text" >"$1/plan.$BASHPID" && mv -- "$1/plan.$BASHPID" "$1/plan"; } 2>/dev/null ||
		rm -f -- "$1/plan.$BASHPID"
}

# list_foreign DIR: the same by running each program of DIR in an emulator
list_foreign() {
	local file kind text

	for file in "$1"/tests/* "$1"/bench/*; do
		[[ -f $file && -x $file && ${file##*/} != *.* ]] || continue
		kind=${file%/*}
		text=$($(list_runs "$file") "$file" --list) || { echo "$file --list failed" >&2; return 1; }
		awk -F '\t' -v OFS='\t' -v kind="${kind##*/}" -v program="${file##*/}" \
			'NF > 1 { print kind, program, $1, $2, $3 + 0 }' <<<"$text"
	done
}

# list_runs FILE: print what runs a program of another architecture; a script needs nothing
list_runs() {
	[[ $(head -c 2 -- "$1") == '#!' ]] || printf '%s\n' "$arch_user"
}

# list_match NAME PATTERN: whether PATTERN is a glob for the whole name, or a part of it
list_match() {
	# shellcheck disable=SC2053
	[[ $1 == $2 || $1 == *"$2"* ]]
}

# list_check KINDS PATTERN...: fail unless every pattern matches a test or benchmark of these kinds
list_check() {
	local kinds=$1 pattern kind name found

	shift
	for pattern; do
		found=
		while IFS=$'\t' read -r kind name _; do
			[[ " $kinds " == *" $kind "* ]] && list_match "$name" "$pattern" && found=yes && break
		done < <(printf '%s\n' "${items[@]}")
		[[ $found ]] || die "no ${kinds/bench/benchmark} matches '$pattern' (./run.sh list shows all)"
	done
}

# list_entry ID: print the entry of tests/BEHAVIOURS.md
list_entry() {
	local text

	text=$(awk -v id="$1" '/^#+ / { inside = ($1 == "###" && $2 == id) } inside' \
		"$ROOT/tests/BEHAVIOURS.md") || die "cannot read tests/BEHAVIOURS.md"
	printf '%s\n\n' "$text"
}

# list_show IDS_ONLY [PATTERN...]: print the entries of the behaviours given by ID, and the
# table of the tests, benchmarks and behaviours that match; a PATTERN matches names, or is the
# ID of a behaviour
list_show() {
	local ids_only=$1 catalogue=$ROOT/configs/behaviours.tsv pattern hit item name ids id
	local -A names=() wanted=()
	local entries=()

	shift
	[[ -r $catalogue ]] || die "cannot read $catalogue"
	for pattern; do
		hit=$(awk -F '\t' -v id="$pattern" 'tolower($1) == tolower(id) { print $1 }' "$catalogue")
		pattern=${hit:-$pattern}
		[[ ! $hit ]] || wanted[$hit]=1 entries+=("$hit")
		for item in "${items[@]}"; do
			IFS=$'\t' read -r _ name ids <<<"$item"
			if list_match "$name" "$pattern"; then
				hit=yes names[$name]=1
				for id in $ids; do wanted[$id]=1; done
			elif [[ " $ids " == *" $pattern "* ]]; then
				hit=yes names[$name]=1
			fi
		done
		[[ $hit ]] || die "no test, benchmark or behaviour matches '$pattern' (./run.sh list shows all)"
	done
	for id in "${entries[@]}"; do
		list_entry "$id"
	done
	printf '%s\n' "${items[@]}" |
		list_table "$ids_only" "$#" "${!names[*]}" "${!wanted[*]}" "$catalogue"
}

list_table() { # IDS_ONLY PATTERNS NAMES IDS CATALOGUE <ITEMS
	awk -F '\t' -v ids_only="$1" -v filtered="$2" -v names="$3" -v wanted="$4" '
	function by_program(kind, folder, title,	i, program, last) {
		for (i = 1; i <= n; i++) {
			if (item_kind[i] != kind || (filtered && !(item[i] in show_name)))
				continue
			if (last == "")
				printf "%s\n", title
			program = item[i]
			sub(/\..*/, "", program)
			if (program != last)
				printf "  %s/%s.c\n", folder, program
			last = program
			printf "    %-" width "s  %s\n", item[i], item_ids[i]
		}
		if (last != "")
			print ""
	}
	function behaviours(covered, title,	i, id, first) {
		first = 1
		for (i = 1; i <= ids; i++) {
			id = known[i]
			if ((id in by) != covered || (filtered && !(id in show_id)))
				continue
			if (first)
				printf "%s\n", title
			first = 0
			printf "  %-4s %-2s  %s\n", id, class[id], about[id]
			if (covered)
				printf "            %s\n", by[id]
		}
		if (!first)
			print ""
	}
	BEGIN {
		split(names, list, " "); for (i in list) show_name[list[i]]
		split(wanted, list, " "); for (i in list) show_id[list[i]]
	}
	FILENAME == "-" && NF >= 2 {
		item_kind[++n] = $1; item[n] = $2; item_ids[n] = $3
		count[$1]++
		if (length($2) > width) width = length($2)
		k = split($3, list, " ")
		for (i = 1; i <= k; i++)
			by[list[i]] = by[list[i]] (by[list[i]] == "" ? "" : "  ") $2
	}
	FILENAME != "-" && !/^#/ && NF >= 3 {
		known[++ids] = $1; class[$1] = $2; about[$1] = $3
		if ($1 in by) covered_ids++
	}
	END {
		if (!ids_only) {
			by_program("test", "tests", "Tests")
			by_program("bench", "bench", "Benchmarks")
		}
		behaviours(1, "Behaviours with their tests and benchmarks (P contract, CH characterisation, N measurement)")
		behaviours(0, "Behaviours without a test or benchmark")
		for (id in by)
			if (!filtered && !(id in class))
				printf "unknown behaviour %s: %s\n\n", id, by[id]
		if (!filtered)
			printf "%d of %d behaviours covered by %d tests and %d benchmarks\n",
				covered_ids, ids, count["test"], count["bench"]
	}' - "$5"
}

# list_coverage [ID...]: table of behaviours and kernels, from all runs in RESULTS
list_coverage() {
	local id args=() folders=()

	for id; do
		args+=(--only "$id")
	done
	# Names start with the time, so this is the order of the runs.
	mapfile -t folders < <(find "$RESULTS" -mindepth 2 -maxdepth 2 -name results.json -printf '%h\n' 2>/dev/null | sort)
	((${#folders[@]})) || die "no results in $RESULTS: run ./run.sh test, lab or matrix first, or name another folder with --results DIR"
	"$BUILD/kvmem-report" coverage --catalogue "$ROOT/configs/behaviours.tsv" "${args[@]}" "${folders[@]}"
}
