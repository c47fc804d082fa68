# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Export of results.json to the formats of other systems.

# The formats, and their files in the results folder.
declare -A export_files=([junit]=junit.xml [kcidb]=kcidb.json [lava]=lava.sh [github]=summary.md
	[benchmark]=benchmark.json [html]=report.html)

# export_check FORMATS: a list separated by commas
export_check() {
	local format formats

	IFS=, read -r -a formats <<<"$1"
	for format in "${formats[@]}"; do
		[[ ${export_files[$format]-} ]] ||
			usage_error "there is no format '$format': use junit, kcidb, lava, github, benchmark or html"
	done
	((${#formats[@]})) || usage_error "--format needs a value"
}

# export_run RUN...: write one format to standard output or --output, several to the
# run's folder
export_run() {
	[[ ${opt[format]-} ]] || usage_error "export needs --format FORMAT"
	(($#)) || usage_error "export needs a results folder"
	(($# == 1)) || [[ ${opt[format]} == html ]] ||
		usage_error "export needs one results folder; only --format html takes several"
	prepare
	if [[ ${opt[format]} == *,* ]]; then
		[[ ! ${opt[output]-} ]] || usage_error "--output takes one format: use one --format, or no --output"
		[[ -d $1 ]] || die "$1: not a folder; name a results folder"
		export_into "$1"
	else
		export_one "${opt[format]}" ${opt[output]:+--output "${opt[output]}"} -- "$@"
	fi
}

# export_into FOLDER: write all formats of --format
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
