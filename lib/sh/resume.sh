# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Continuing after a crash of the machine: the end event of the test that was running,
# and the list of the items that have not run, from the stream of kvmem-run.  An event
# starts with its type and the name of the test.

# resume_state STREAM: print the running item as "NAME<TAB>REPLICATE", or an empty line,
# then a line for each item that has not run, in the format of kvmem-run --items
resume_state() {
	awk '
	function named(line) {
		sub(/^[^:]*:"[a-z]*","name":"/, "", line)
		sub(/".*/, "", line)
		return line
	}
	function number(line, key) {
		if (!match(line, "\"" key "\":[0-9]+"))
			return -1
		return substr(line, RSTART + length(key) + 3, RLENGTH - length(key) - 3) + 0
	}
	# {"kind":"bench","name":"exit.mmio_write","behaviours":["N4"],"replicates":10}
	/^\{"event":"run"/ && !n {
		sub(/.*"plan":\[/, "")
		while (match($0, /\{"kind":"[a-z]*","name":"[^"]*"[^}]*\}/)) {
			entry = substr($0, RSTART, RLENGTH)
			$0 = substr($0, RSTART + RLENGTH)
			name = entry
			sub(/.*"name":"/, "", name)
			sub(/".*/, "", name)
			if (entry ~ /"elsewhere":true/)
				continue
			item[++n] = name
			left[name] = entry ~ /"kind":"bench"/ ? number(entry, "replicates") : 1
			first[name] = entry ~ /"kind":"bench"/ ? 0 : -1
		}
	}
	/^\{"event":"start","name":"[^"]*"[,}]/ {
		current = named($0)
		replicate = number($0, "replicate")
	}
	/^\{"event":"end",/ {
		name = named($0)
		left[name]--
		if (first[name] >= 0)
			first[name] = number($0, "replicate") + 1
		if (/"last":true/)
			left[name] = 0
		current = ""
	}
	/^\{"event":"omit",/ {
		left[named($0)] = 0
	}
	END {
		print current == "" ? "" : current "\t" replicate
		for (i = 1; i <= n; i++)
			if (left[item[i]] > 0 && item[i] != current)
				print item[i] (first[item[i]] > 0 ? "\t" first[item[i]] : "")
	}' "$1"
}

# resume_end NAME REPLICATE REASON <CONSOLE: print events that end a test with an error
# and the console's output
resume_end() {
	local name=$1 replicate=$2 text reason

	text=$(resume_text)
	reason=$(printf '%s' "$3" | resume_text)
	((replicate < 0)) && replicate='' || replicate=",\"replicate\":$replicate"
	[[ ! $text ]] ||
		printf '{"event":"output","name":"%s","text":"%s\\n"}\n' "$name" "$text"
	printf '{"event":"end","name":"%s"%s,"status":"error","reason":"%s","last":true}\n' \
		"$name" "$replicate" "$reason"
}

# resume_text: print standard input as the contents of a JSON string
resume_text() {
	tr -d '\r' | tr -c '\n -~' '?' | sed 's/[\\"]/\\&/g' |
		awk '{ printf "%s%s", (NR > 1 ? "\\n" : ""), $0 }'
}
