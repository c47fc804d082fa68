# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Results in the formats of other systems.  results.json stays the source.

# Each with its file in the results folder.
declare -A export_files=([junit]=junit.xml [kcidb]=kcidb.json [lava]=lava.sh [github]=summary.md
	[benchmark]=benchmark.json [html]=report.html)

# export_check FORMATS: a list with commas between
export_check() {
	local format formats

	IFS=, read -r -a formats <<<"$1"
	for format in "${formats[@]}"; do
		[[ ${export_files[$format]-} ]] ||
			usage_error "there is no format '$format': it is junit, kcidb, lava, github, benchmark or html"
	done
	((${#formats[@]})) || usage_error "--format needs a value"
}

# export_run RUN...: one format to standard output or --output, several into the
# run's folder
export_run() {
	[[ ${opt[format]-} ]] || usage_error "export needs --format FORMAT"
	(($#)) || usage_error "export needs a results folder"
	(($# == 1)) || [[ ${opt[format]} == html ]] ||
		usage_error "export needs one results folder; only --format html takes several"
	prepare
	if [[ ${opt[format]} == *,* ]]; then
		[[ ! ${opt[output]-} ]] || usage_error "--output is for one format"
		[[ -d $1 ]] || die "$1: not a results folder"
		export_into "$1"
	else
		export_one "${opt[format]}" ${opt[output]:+--output "${opt[output]}"} -- "$@"
	fi
}

# export_into FOLDER: every format that was asked for
export_into() {
	local format formats

	IFS=, read -r -a formats <<<"${opt[format]-}"
	for format in "${formats[@]}"; do
		export_one "$format" --output "$1/${export_files[$format]}" -- "$1" || return
	done
}

export_one() { # FORMAT ARG... -- RUN...
	local format=$1

	shift
	"$BUILD/kvmem-report" export --format "$format" --catalogue "$ROOT/configs/behaviours.tsv" \
		${opt[origin]:+--origin "${opt[origin]}"} \
		${opt[build-id]:+--build-id "${opt[build-id]}"} "$@"
}
