# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Other parts read these variables:
# shellcheck disable=SC2034
#
# The mutation score: the seeded bugs of the reference kernel are enabled one at a time
# while the tests run in a lab (lib/runner/mutation.c).  The result is the test that
# detects each bug, and the bugs that no test detects.

mutation_table=$ROOT/configs/kernels/mutants/arch/$ARCH_NAME.tsv

# mutation: returns the exit code
mutation() {
	local jobs=$((10#${opt[jobs]:-$(nproc)})) wanted=() parts=() streams=() code=0

	host_results_check
	prepare --lab
	mutation_wanted
	((jobs <= ${#wanted[@]})) || jobs=${#wanted[@]}
	host_results_dir mutation
	mkdir -p -- "$RUN/log/jobs" || host_results_refused
	mutation_jobs
	stop_pending || mutation_merge || code=$?
	stop_if_pending
	return "$code"
}

# mutation_wanted: set the caller's wanted to the names of the mutants to run
mutation_wanted() {
	local pattern number name topic found wanted_list=${opt[mutants]:-}
	local -A picked=()

	[[ -r $mutation_table ]] || die "cannot read $mutation_table"
	for pattern in ${wanted_list//,/ }; do
		found=
		while IFS=$'\t' read -r number name topic _; do
			# shellcheck disable=SC2053
			[[ $number == "$pattern" || $topic == "$pattern" || $name == $pattern ]] || continue
			found=yes picked[$number]=yes
		done < <(grep -v '^#' "$mutation_table")
		[[ $found ]] || die "no mutant, topic or number matches '$pattern'; see $mutation_table"
	done
	while IFS=$'\t' read -r number name topic _; do
		[[ ${opt[mutants]:-} && ! ${picked[$number]:-} ]] || wanted+=("mutation.$topic.$name")
	done < <(grep -v '^#' "$mutation_table")
}

# mutation_jobs: run the jobs in parallel, each in a lab, with a folder in the run's
# log/jobs
mutation_jobs() {
	local job pid

	for ((job = 0; job < jobs; job++)); do
		parts+=("$RUN/log/jobs/$((job + 1))")
		# Neighbours in the table are similar: spread them over the jobs.
		mutation_share "$job" >"${parts[job]}.items"
	done
	(
		trap '' INT HUP
		# shellcheck disable=SC2016
		become bash -c 'arch=$1 kernel=$2 accel=$3 script=$4; shift 4
			for part; do
				"$script" mutation --arch "$arch" --kernel "$kernel" ${accel:+--accel "$accel"} \
					--results "$part" --mutants-file "$part.items" >"$part.out" 2>&1 &
			done
			wait' jobs "$ARCH_NAME" "${opt[kernel]:-mutants}" "${opt[accel]:-}" "$ROOT/run.sh" \
			"${parts[@]}"
	) &
	pid=$!
	running=-$pid
	mutation_watch "$pid"
	await "$pid" "-$pid" || true
	progress_clear
}

mutation_share() { # JOB
	local i

	for ((i = $1; i < ${#wanted[@]}; i += jobs)); do
		printf '%s\n' "${wanted[i]}"
	done
}

mutation_watch() { # PID
	local start=$SECONDS shown=0 ended

	while kill -0 "$1" 2>/dev/null && ! stop_pending; do
		if ((SECONDS - start > shown)); then
			shown=$((SECONDS - start))
			ended=$(cat "$RUN"/log/jobs/*/*/log/stream.jsonl 2>/dev/null | grep -c '^{"event":"end"') || true
			progress "$ended of ${#wanted[@]} mutants" "$shown"
		fi
		sleep 0.5
	done
}

# mutation_job: run one job: kvmem-run in a lab, with the items of --mutants-file
mutation_job() {
	local programs=$BUILD archive todo settings machines=1 mutants=$mutation_table first_items glob

	host_results_check
	prepare --lab
	list_read "$programs"
	first_items=$(<"${opt["mutants-file"]}")
	kernel_find "${opt[kernel]}"
	machine_choose
	initramfs_make "$programs"
	# Short limits, since a bug may make the guest spin.
	LAB_SILENCE=$((100 + 100 * $(machine_slow)))
	machine_settings 8
	todo=(/lab/kvmem-run --plan /lab/plan --mutants /lab/mutants --where lab
		--started "$(date -u +%FT%TZ)" --profile quick --tests --timeout 25)
	# A test that fails on this kernel without a seeded bug must not count.
	while IFS= read -r glob; do
		todo+=(--doubtful "$glob")
	done < <("$BUILD/kvmem-report" known "$ROOT/configs/known_issues" "$KERNEL_RELEASE" "$(arch_backend)")
	mapfile -t -O ${#todo[@]} todo < <(machine_notes)
	todo+=(--note "kernel=${opt[kernel]}" --items /lab/items)
	# Each bug may crash the kernel.
	opt["max-boots"]=$(($(wc -l <<<"$first_items") + 1))
	lab_record
}

# mutation_merge: merge the parts into one run, and print its score
mutation_merge() {
	local part file

	for part in "${parts[@]}"; do
		file=$(find "$part" -name stream.jsonl -print -quit 2>/dev/null)
		if [[ ! $file ]]; then
			say "a lab failed:"
			tail -n 4 "$part.out" | sed 's/^kvmem: //; s/^/    /' >&2
			return 2
		fi
		streams+=("$file")
	done
	mutation_stream | "$BUILD/kvmem-report" record --results "$RUN" --where lab \
		--catalogue "$ROOT/configs/behaviours.tsv" >/dev/null || true
	"$BUILD/kvmem-report" mutation "$RUN"
}

# mutation_stream: print the events of all parts as the events of one run
mutation_stream() {
	# shellcheck disable=SC2016
	awk '
	/^{"event":"run"/ {
		at = index($0, "\"plan\":[")
		head = head == "" ? substr($0, 1, at + 7) : head
		plan = plan (plan == "" ? "" : ",") substr($0, at + 8, length($0) - at - 9)
	}
	END { print head plan "]}" }' "${streams[@]}"
	grep -avh '^{"event":"\(run\|done\|lab\)"' -- "${streams[@]}"
	# An incomplete part makes the run incomplete.
	if (($(cat -- "${streams[@]}" | grep -ac '^{"event":"done","complete":true') == ${#streams[@]})); then
		printf '{"event":"done","complete":true}\n'
	fi
}
