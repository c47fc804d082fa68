#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The entry point of kvmem: installs what is missing, builds, runs, stores the results.

set -euo pipefail

((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) || {
	echo "kvmem: bash 5.1 or newer is needed, this is $BASH_VERSION: install a newer one" >&2
	exit 2
}

# The messages of other programs are parsed.  A make that runs this script exports
# variables and a job server, which would confuse the kernel's make.
export LC_ALL=C
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS CDPATH

ROOT=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")

# shellcheck source=lib/sh/common.sh
. "$ROOT/lib/sh/common.sh"

# shellcheck source=lib/sh/arch.sh
. "$ROOT/lib/sh/arch.sh"
arch_choose "$@"
# shellcheck source=lib/sh/arch/x86_64.sh
. "$ROOT/lib/sh/arch/$ARCH_NAME.sh"

# shellcheck source=lib/sh/deps.sh
. "$ROOT/lib/sh/deps.sh"
# shellcheck source=lib/sh/ksrc.sh
. "$ROOT/lib/sh/ksrc.sh"
# shellcheck source=lib/sh/cross.sh
. "$ROOT/lib/sh/cross.sh"
# shellcheck source=lib/sh/host.sh
. "$ROOT/lib/sh/host.sh"
# shellcheck source=lib/sh/export.sh
. "$ROOT/lib/sh/export.sh"
# shellcheck source=lib/sh/list.sh
. "$ROOT/lib/sh/list.sh"
# shellcheck source=lib/sh/kernel.sh
. "$ROOT/lib/sh/kernel.sh"
# shellcheck source=lib/sh/debian.sh
. "$ROOT/lib/sh/debian.sh"
# shellcheck source=lib/sh/modules.sh
. "$ROOT/lib/sh/modules.sh"
# shellcheck source=lib/sh/initramfs.sh
. "$ROOT/lib/sh/initramfs.sh"
# shellcheck source=lib/sh/machine.sh
. "$ROOT/lib/sh/machine.sh"
# shellcheck source=lib/sh/qemu.sh
. "$ROOT/lib/sh/qemu.sh"
# shellcheck source=lib/sh/lab.sh
. "$ROOT/lib/sh/lab.sh"
# shellcheck source=lib/sh/boot.sh
. "$ROOT/lib/sh/boot.sh"
# shellcheck source=lib/sh/resume.sh
. "$ROOT/lib/sh/resume.sh"
# shellcheck source=lib/sh/child.sh
. "$ROOT/lib/sh/child.sh"
# shellcheck source=lib/sh/matrix.sh
. "$ROOT/lib/sh/matrix.sh"
# shellcheck source=lib/sh/bisect.sh
. "$ROOT/lib/sh/bisect.sh"
# shellcheck source=lib/sh/mutation.sh
. "$ROOT/lib/sh/mutation.sh"
# shellcheck source=lib/sh/gate.sh
. "$ROOT/lib/sh/gate.sh"
# shellcheck source=lib/sh/proof.sh
. "$ROOT/lib/sh/proof.sh"
# shellcheck source=lib/sh/reference.sh
. "$ROOT/lib/sh/reference.sh"

help() {
	cat <<END
kvmem: conformance and exit latency of KVM guest memory

Usage: ./run.sh [COMMAND] [OPTION...] [PATTERN...]

The tests change KVM's module parameters and KSM while they run, and restore them
afterwards. Do not run them on a host whose VMs are in use.

Commands
  (none)               test and measure this host's KVM, print and store the results;
                       in the lab if the host has no usable KVM
  test [PATTERN...]    conformance only
  bench [PATTERN...]   measurements only
  lab [run|test|bench] [PATTERN...]
                       the same with another kernel, in an emulated machine (QEMU)
  matrix KERNEL... [test|bench [PATTERN...]]
                       the same with several kernels, shown side by side; "host" is
                       this host, ARCH:KERNEL a kernel of another architecture
  compare RUN RUN...   differences to the first run: tests, measurements, observations
  gate --baseline RUN [RUN]
                       check the second run for regressions. Without a second run, a
                       new one is made like the baseline: on this host, or in the lab
  export --format F RUN...
                       print a stored run as junit, kcidb, lava, github, benchmark or
                       html; html takes several runs for one page
  proof [PATTERN...]   measure the gate's error rates, with identical runs and with
                       runs that are slowed down (make gate-proof)
  kernel build [reference|mutants|debug]
                       build the reference kernel for lab --kernel reference, with
                       private memory that needs no hardware and the proposed
                       features; or the kernel with seeded bugs; or the one with
                       the kernel's own checks (KASAN, lockdep), which is slow
  bisect               find the first commit of a kernel tree that fails a test or
                       makes an operation more expensive
  mutation             run the suite against the seeded bugs of the reference kernel:
                       which are detected, and by which test
  list [PATTERN...]    tests and benchmarks, the behaviours that they cover, and the
                       behaviours without a test
  list --coverage [ID...]
                       the behaviours checked on each kernel, from the runs in the
                       results folder; ID may be a letter, for all of a topic
  setup                install missing packages, prepare the kernel headers
  ksrc                 prepare and print KSRC=... and KHDR=... for make, and with
                       --arch the CROSS_ROOT=... of the target's libraries
  help                 print this text

PATTERN is a part of a name, or a shell glob for the whole name; for list also the ID
of a behaviour. RUN is a results folder, or its results.json.

Options of a run
  --profile quick|full|stress   amount of work (quick without a command, else full)
  --results DIR        where each run makes its folder (results/)
  --seed N             seed of all random numbers
  --replay FILE        replay the steps in FILE, which model_random wrote (log/*.replay)
  --timeout S          time limit of a test in seconds
  --replicates N       fresh VMs per measurement
  --uapi NAME=N        the number of a proposed interface, in place of the one in
                       configs/proposed_uapi.conf; may be given several times
  --format F,F...      also write these formats: junit, kcidb (KCIDB 5.3), lava
                       (lava-test-case lines), github (Markdown for a job summary),
                       benchmark (for github-action-benchmark), html (report.html, which
                       a run always writes)
  --origin NAME        for kcidb: the submitter (kvmem)
  --build-id ID        for kcidb: the build of this kernel, ORIGIN:NAME
  --perf               on a host: run each benchmark once more under perf stat -e 'kvm:*'
                       and perf kvm stat, keep their output in the run's perf/, and
                       compare the two counts of exits
  -v                   show the output of the tests
Options of the lab
  --kernel KERNEL      debian            the newest package of this release (default)
                       debian:6.1        the newest 6.1; debian/sid:7.2: another suite
                       TREE              a built kernel tree, or its O= folder
                       IMAGE             a $arch_image with built-in KVM, or with --modules
                       reference         the newest from ./run.sh kernel build, or
                                         reference:VERSION; likewise mutants, debug
  --suite SUITE        Debian suite of debian kernels (as in this host's apt sources)
  --modules DIR        folder of the kernel's modules
  --exact              count instructions: exact costs, the same on every machine
  --append TEXT        additional kernel command line
  --param kvm.X=Y      module parameter of KVM; may be given several times$arch_help_param
$arch_help_accel
  --cpu MODEL          CPU model, as named by the emulator
  --memory SIZE        512M or more (2G)
  --cpus N             CPUs (2; 1 with --exact)
  --numa N             NUMA nodes (2; 1 with --exact)
  --jobs N             machines that share the tests (if emulated: one per CPU, at
                       most 4; else 1)
  --max-boots N        limit of boots if the kernel crashes (5)
  --offline            no network: use only kernels in the cache
Options of bisect
  --linux TREE --good REV --bad REV
                       the range of commits; TREE is not modified
  --test PATTERN       a commit is bad if a test fails, skipped if all are skipped
  --metric NAME        compare exact costs with those of the good revision
  --worse-than P%      increase from which a cost is bad (2%)
  --config FRAGMENT    additional kernel configuration
  --build-cmd CMD      build command, run in the tree of each commit in place of make.
                       It leaves $arch_image_path, or in \$KVMEM_OUT
                       $arch_image and modules/
  --panic-is-bad       a commit is bad if its kernel panics, else it is skipped
Options of mutation
  --mutants LIST       numbers, names or topics, separated by commas (all)
  --jobs N             labs in parallel (one per CPU)
Options of compare and gate
  --metric GLOB        only the measurements of that name
  --thresholds FILE    thresholds of regressions (configs/gate.conf)
  --rule 'LINE'        an additional line of that file; may be given several times
  -v                   also show what did not change
  gate also takes the options of the run that it makes
Options of export, besides --format, --origin and --build-id
  --output FILE        in place of standard output; with compare: also write a page (HTML)
Options of proof
  --rounds N           runs of each kind (2)
  --exact              only the part with counted instructions
Options of kernel build
  --source TREE        build this kernel tree, unmodified, in place of Debian's
                       linux-source with the project's patches
Other options
  --arch NAME          architecture of the kernel under test: $(arch_names), of any command.
                       The tests are cross-compiled and run in the lab
  --no-install         do not install packages: print their names and exit
  --ids                list: only the behaviours
  --check              setup: also the packages for make check
  -h, --help           print this text

Environment
  KSRC=TREE            kernel tree that supplies the kselftest harness and the UAPI
                       headers (6.12 or newer), in place of Debian's linux-source; it
                       is not modified
  KHDR=DIR             with KSRC: its UAPI headers, if they are installed already
  KVMEM_CACHE=DIR      files that all runs share (~/.cache/kvmem)
  KVMEM_BUILD=DIR      build folder (build/; for another architecture, a folder in it)
  KVMEM_ARCH=NAME      default of --arch
  KVMEM_PLANT=N        delay each exit to userspace by N cycles, or N instructions with
                       --exact; noted in the results
  KVMEM_BOOT_TIMEOUT=S seconds without output after which a boot in the lab has failed
                       (120)

Exit codes: 0 all tests that ran passed, 1 a test failed, 2 wrong use or a broken
environment, 4 nothing could run (no usable /dev/kvm), 130 and 143 interrupted.
Of gate: 0 no regression, 1 a regression, 2 as above, 4 inconclusive, not a pass.

Examples
  ./run.sh                              everything, on this host
  ./run.sh test pci_hole                one topic
  ./run.sh test 'readonly_slot.*write*' --seed 7 -v
  ./run.sh bench --profile quick --results /tmp/r
  ./run.sh list A17                     the tests of behaviour A17
  KSRC=~/linux ./run.sh test            with the harness and headers of a tree
  ./run.sh lab --kernel ~/linux test gmem
  ./run.sh lab --exact --profile quick bench exit.mmio
  ./run.sh lab --kernel ~/linux --replay results/RUN/log/model_random.private_vm.replay
  ./run.sh matrix debian:6.1 debian:6.12 ~/linux test
  ./run.sh lab --arch arm64 --kernel debian:6.12 --append kvm-arm.mode=nvhe test
  ./run.sh export --format html --output side-by-side.html results/*6.1* results/*6.12*
  ./run.sh gate --baseline results/20260101-120000-6.12.63 --rule 'exit.* relative=2%'
END
}

# --- command line ------------------------------------------------------------

declare -A opt=()
words=()
PARAMS=()	# --param
REPLAY_TEST=	# the test of the file of --replay
UAPI=()		# --uapi and KVMEM_UAPI
RULES=()	# --rule

parse() {
	while (($#)); do
		case $1 in
		--profile | --results | --seed | --replay | --timeout | --replicates | --kernel | --suite | \
			--modules | --append | --param | --accel | --cpu | --memory | --cpus | --numa | --max-boots | \
			--source | --uapi | --mutants | --mutants-file | --jobs | --arch | \
			--linux | --good | --bad | --test | --metric | --worse-than | --config | --build-cmd | \
			--baseline | --thresholds | --rule | --rounds | \
			--format | --output | --origin | --build-id)
			(($# >= 2)) || usage_error "$1 needs a value"
			opt[${1#--}]=$2
			[[ $1 != --param ]] || PARAMS+=("$2")
			[[ $1 != --uapi ]] || UAPI+=("$2")
			[[ $1 != --rule ]] || RULES+=("$2")
			shift
			;;
		--*=*) parse_joined "${1%%=*}" "${1#*=}" ;;
		-v | --verbose) opt[verbose]=yes ;;
		-h | --help) opt[help]=yes ;;
		--no-install | --ids | --coverage | --check | --exact | --offline | --panic-is-bad | --perf) opt[${1#--}]=yes ;;
		--)
			words+=("${@:2}")
			return
			;;
		-*) usage_error "unknown option $1" ;;
		*) words+=("$1") ;;
		esac
		shift
	done
}

# parse_joined --OPTION VALUE: parse --OPTION=VALUE
parse_joined() {
	case $1 in
	--no-install | --ids | --coverage | --check | --exact | --offline | --panic-is-bad | --perf | --help | --verbose)
		usage_error "$1 takes no value" ;;
	esac
	parse "$1" "$2"
}

check_values() {
	local name

	case ${opt[profile]-full} in
	quick | full | stress) ;;
	*) usage_error "unknown profile '${opt[profile]}': use quick, full or stress" ;;
	esac
	for name in seed timeout replicates cpus numa max-boots jobs rounds; do
		[[ ${opt[$name]-1} =~ ^[0-9]{1,18}$ ]] ||
			usage_error "--$name needs a number, not '${opt[$name]}'"
		[[ $name == seed ]] || ((10#${opt[$name]-1} > 0)) ||
			usage_error "--$name needs a number greater than 0"
	done
	[[ ${opt[results]-x} ]] || usage_error "--results needs a folder"
	check_replay
	[[ ! ${opt[format]+set} ]] || export_check "${opt[format]}"
	check_uapi
	check_lab_values
}

# A replay file names its test, which runs if there is no PATTERN.
check_replay() {
	local test

	[[ ${opt[replay]+x} ]] || return 0
	[[ -f ${opt[replay]} && -r ${opt[replay]} ]] ||
		usage_error "--replay ${opt[replay]}: no such file"
	test=$(sed -n 's/^\(# \)\?test: //p' "${opt[replay]}" | head -n 1)
	if [[ ! $test =~ ^[a-z0-9_.]+$ ]] || ! grep -q 'step  *[0-9]*: ' "${opt[replay]}"; then
		usage_error "--replay ${opt[replay]}: not a replay file, as model_random writes to log/*.replay"
	fi
	opt[replay]=$(absolute "${opt[replay]}")
	REPLAY_TEST=$test
}

# KVMEM_UAPI has words in the format of --uapi, separated by blanks or commas.
check_uapi() {
	local one words conf=$ROOT/configs/proposed_uapi.conf

	IFS=' ,' read -r -a words <<<"${KVMEM_UAPI:-}"
	UAPI+=("${words[@]}")
	for one in "${UAPI[@]}"; do
		if [[ ! $one =~ ^[a-z_]+=(0x[0-9a-fA-F]{1,8}|[0-9]{1,9})$ ]] ||
			! grep -qE "^${one%%=*}[[:space:]]*=" "$conf"; then
			usage_error "--uapi '$one': use NAME=NUMBER with a name of configs/proposed_uapi.conf, like pci_hole=4"
		fi
	done
	export KVMEM_UAPI="${UAPI[*]}"
}

check_lab_values() {
	local name

	for name in kernel suite modules accel cpu source mutants linux good bad test metric config build-cmd \
		baseline thresholds rule output origin build-id; do
		[[ ${opt[$name]-x} ]] || usage_error "--$name needs a value"
	done
	((10#${opt[jobs]-1} <= 16)) || usage_error "--jobs ${opt[jobs]}: use 16 or less"
	[[ ${opt[memory]-2G} =~ ^[0-9]{1,7}[mMgG]?$ ]] ||
		usage_error "--memory '${opt[memory]}': use a number with M or G, like 2G"
	((10#${opt[cpus]-1} <= 64 && 10#${opt[numa]-1} <= 16)) ||
		usage_error "use 64 or less for --cpus, 16 or less for --numa"
	[[ " ${arch_accels[*]} " == *" ${opt[accel]-tcg} "* ]] ||
		usage_error "--accel '${opt[accel]}': use one of ${arch_accels[*]}"
	[[ ! ${opt[exact]-} || ${opt[accel]-tcg} != kvm ]] ||
		usage_error "--exact counts emulated instructions and cannot be combined with --accel kvm"
	[[ ! ${opt[exact]-} ]] || ((10#${opt[cpus]-1} == 1)) ||
		usage_error "--exact counts the instructions of one CPU and cannot be combined with --cpus ${opt[cpus]}"
	for name in "${PARAMS[@]}"; do
		[[ $name =~ ^kvm[a-z0-9_-]*\.[a-z0-9_]+=[^[:space:]\"]+$ ]] ||
			usage_error "--param '$name': use MODULE.NAME=VALUE, like kvm.mmio_caching=0"
	done
}

# allow OPTION...: check the options given; the command takes these
allow() {
	local name

	for name in "${!opt[@]}"; do
		[[ " $* help no-install arch " == *" $name "* ]] ||
			usage_error "$command has no option --$name"
	done
}

no_patterns() {
	((${#words[@]} == 0)) || usage_error "$command takes no argument: remove '${words[0]}'"
}

# --- commands ----------------------------------------------------------------

prepare() { # [--lab | --perf]
	deps_ensure "$@"
	ksrc_find
	cross_find
	host_build
}

# run KINDS: on this host; KINDS is test, bench, or both
run() {
	local kinds=$1 name args=()

	[[ $ARCH_NAME == "$HOST_ARCH" ]] ||
		die "this host is $HOST_ARCH, its KVM cannot test $ARCH_NAME: use ./run.sh lab --arch $ARCH_NAME"
	host_results_check
	prepare ${opt[perf]:+--perf}
	list_read
	list_check "$kinds" "${words[@]}"
	# Without a command, the lab replaces a missing KVM; not for a run of a matrix.
	if [[ $command != run || ${KVMEM_RUN_FILE:-} || ${opt[perf]-} ]]; then
		host_probe
	elif ! host_probe or_lab; then
		say "running in the lab instead, in an emulated machine"
		lab "$kinds"
		return
	fi

	[[ $kinds != *test* ]] || args+=(--tests)
	[[ $kinds != *bench* ]] || args+=(--bench)
	args+=(--profile "${opt[profile]-full}")
	for name in seed timeout replicates; do
		[[ ! ${opt[$name]-} ]] || args+=("--$name" "$((10#${opt[$name]}))")
	done
	[[ ! $REPLAY_TEST ]] || args+=(--replay "${opt[replay]}")
	[[ ! $KVMEM_UAPI ]] || args+=(--uapi "$KVMEM_UAPI")
	[[ ! ${KVMEM_PLANT:-} ]] || args+=(--plant "$KVMEM_PLANT")
	[[ ! ${opt[verbose]-} ]] || args+=(-v)
	host_run "${args[@]}" "${words[@]}"
}

# lab KINDS
lab() {
	host_results_check
	prepare --lab
	lab_run "$1" "${words[@]}"
}

lab_kinds() {
	case ${words[0]-run} in
	run) echo "test bench" ;;
	test | bench) echo "${words[0]}" ;;
	*) usage_error "lab has no command '${words[0]}': use run, test or bench; for one test or topic: ./run.sh lab test ${words[0]}" ;;
	esac
}

main() {
	local command kinds run_options lab_options arguments=("$@")

	run_options=(profile results seed timeout replicates verbose format origin build-id uapi)
	lab_options=(suite modules exact append param accel cpu memory cpus numa max-boots offline jobs)
	parse "$@"
	check_values
	command=${words[0]-run}
	words=("${words[@]:1}")
	BUILD=$(absolute "${KVMEM_BUILD:-$ROOT/build}")
	[[ $ARCH_NAME == "$HOST_ARCH" ]] || BUILD+=/$ARCH_NAME
	RESULTS=$(absolute "${opt[results]-$ROOT/results}")

	# Without a command, a short run.
	if [[ $command == run && ! ${opt[profile]-} ]]; then
		opt[profile]=quick
	fi
	case $command in
	test) allow replay "${run_options[@]}" ;;
	run | bench) allow perf "${run_options[@]}" ;;
	lab) allow kernel replay "${run_options[@]}" "${lab_options[@]}" ;;
	matrix) allow "${run_options[@]}" "${lab_options[@]}" ;;
	compare) allow metric thresholds rule verbose output ;;
	gate)
		allow baseline metric thresholds rule kernel "${run_options[@]}" "${lab_options[@]}"
		;;
	export) allow format output origin build-id ;;
	proof) allow kernel suite exact profile results replicates rounds verbose offline ;;
	list) allow ids coverage ${opt[coverage]:+results} ;;
	bisect) allow linux good bad test metric worse-than config build-cmd panic-is-bad results ;;
	mutation) allow kernel accel mutants jobs results mutants-file ;;
	kernel) allow source ;;
	setup) allow check ;;
	ksrc | help) allow ;;
	*) usage_error "unknown command '$command'; for one test or topic: ./run.sh test $command" ;;
	esac
	if [[ ${opt[help]-} ]]; then
		command=help
	fi

	case $command in
	run)
		[[ ${KVMEM_RUN_FILE:-} ]] || no_patterns
		run "test bench"
		;;
	test | bench)
		((${#words[@]})) || words=(${REPLAY_TEST:+"$REPLAY_TEST"})
		run "$command"
		;;
	lab)
		[[ ! $REPLAY_TEST ]] || ((${#words[@]} > 1)) || words=(test "$REPLAY_TEST")
		kinds=$(lab_kinds) || exit
		words=("${words[@]:1}")
		lab "$kinds"
		;;
	matrix) matrix "${words[@]}" ;;
	compare) compare_runs "${words[@]}" ;;
	gate)
		[[ ${opt[baseline]-} ]] || usage_error "gate needs --baseline RUN"
		((${#words[@]} <= 1)) || usage_error "gate takes one run besides the baseline, ${#words[@]} are given"
		gate "${opt[baseline]}" "${words[@]}"
		;;
	export) export_run "${words[@]}" ;;
	proof) proof "${words[@]}" ;;
	list)
		prepare
		if [[ ${opt[coverage]-} ]]; then
			list_coverage "${words[@]}"
			return
		fi
		list_read
		list_show "${opt[ids]-}" "${words[@]}"
		;;
	bisect)
		no_patterns
		bisect
		;;
	mutation)
		no_patterns
		if [[ ${opt[mutants-file]-} ]]; then mutation_job; else mutation; fi
		;;
	kernel)
		[[ ${words[0]-} == build && "${words[*]:1}" =~ ^(|reference|mutants|debug)$ ]] ||
			usage_error "kernel has no command '${words[*]}': use build, build reference, build mutants or build debug"
		[[ ${words[1]-} != mutants || ! ${opt[source]-} ]] ||
			usage_error "the seeded bugs are patches to Debian's source: use --source with the reference kernel only"
		reference_build "${words[1]:-reference}" "${opt[source]-}"
		;;
	setup)
		no_patterns
		deps_ensure ${opt[check]:+--check}
		ksrc_find
		cross_find
		say "setup complete"
		;;
	ksrc)
		no_patterns
		deps_ensure
		ksrc_find
		cross_find
		printf 'KSRC=%s\nKHDR=%s\n' "$KSRC" "$KHDR"
		[[ ! $CROSS_ROOT ]] || printf 'CROSS_ROOT=%s\n' "$CROSS_ROOT"
		;;
	help) help ;;
	esac
}

main "$@"
