# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# lib's folders use only what lib/layers allows, and includes have no cycles, and files have 600 lines at most.

# Lines "FILE<TAB>INCLUDED", both from the top of the tree.
includes() {
	# shellcheck disable=SC2016
	git ls-files 'lib/*.[ch]' 'guest_code/*.[chS]' | xargs awk -F '"' '
		function known(path, line, found) {
			found = (getline line < path) >= 0
			close(path)
			return found
		}
		/^#[ \t]*include "/ {
			dir = FILENAME
			sub(/[^\/]*$/, "", dir)
			path = dir $2
			while (sub(/[^\/]+\/\.\.\//, "", path))
				;
			arch = dir
			sub(/.*guest_code\//, "", arch)
			if (!known(path)) path = "lib/" $2
			if (!known(path)) path = $2
			if (!known(path)) path = "guest_code/x86_64/" $2
			if (!known(path)) path = "guest_code/arm64/" $2
			if (known(path)) print FILENAME "\t" path
		}'
}

# Lines "FILE: includes INCLUDED: FOLDER may not use FOLDER"
forbidden() {
	includes | awk -F '\t' '
		function folder(path, name, best) {
			gsub(/lib\/arch\/[^\/.]+\//, "lib/arch/NAME/", path)
			gsub(/guest_code\/[^\/.]+\//, "guest_code/NAME/", path)
			best = "(none)"
			for (name in uses)
				if (index(path "/", name "/") == 1 && length(name) > (best == "(none)" ? 0 : length(best)))
					best = name
			return best
		}
		FILENAME == "lib/layers" {
			if ($0 ~ /^#/ || !NF) next
			n = split($0, f, /[ \t]+/)
			uses[f[1]] = " "
			for (i = 2; i <= n; i++) uses[f[1]] = uses[f[1]] f[i] " "
			next
		}
		{
			from = folder($1); to = folder($2)
			if (from != to && !index(uses[from], " " to " "))
				print $1 ": includes " $2 ": " from " may not use " to
		}' lib/layers -
}
is "includes follow lib/layers" "" "$(forbidden)"

# A file and its header are one node; tsort prints the nodes of each cycle.
cycles() {
	includes | sed -E 's/\.[chS]\t/\t/; s/\.[chS]$//' | awk -F '\t' '$1 != $2' |
		grep -vE '^guest_code/.*guest_code/' | { tsort >/dev/null || true; } 2>&1
}
is "no cycle of includes between files" "" "$(cycles)"

long_files() {
	git ls-files '*.c' '*.h' '*.S' '*.sh' run.sh | grep -vE '^tests/|\.h$' |
		xargs wc -l | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }'
}
is "no file above 600 lines, tests and data excepted" "" "$(long_files)"
