#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The one entry to kvmem: sets itself up, builds, runs, stores the results.

set -euo pipefail

((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) || {
	echo "kvmem: bash 5.1 or newer is needed, this is $BASH_VERSION" >&2
	exit 2
}

# The messages of other programs are read; a make around this one passes on
# variables and jobs that are not meant for the kernel's make.
export LC_ALL=C
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS CDPATH

ROOT=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")

# shellcheck source=lib/sh/common.sh
. "$ROOT/lib/sh/common.sh"

# The architecture of the kernel under test, by its name in lib/arch.
ARCH_NAME=$(uname -m)
[[ $ARCH_NAME != aarch64 ]] || ARCH_NAME=arm64
[[ -r $ROOT/lib/sh/arch/$ARCH_NAME.sh ]] ||
	die "no support for $ARCH_NAME: there is no lib/sh/arch/$ARCH_NAME.sh"
# shellcheck source=lib/sh/arch/x86_64.sh
. "$ROOT/lib/sh/arch/$ARCH_NAME.sh"

# shellcheck source=lib/sh/deps.sh
. "$ROOT/lib/sh/deps.sh"
# shellcheck source=lib/sh/ksrc.sh
. "$ROOT/lib/sh/ksrc.sh"
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
	cat <<'END'
kvmem: conformance and exit latency of KVM guest memory

Usage: ./run.sh [COMMAND] [OPTION...] [PATTERN...]

Commands
  (none)               test and measure this host's KVM, print and store the results;
                       without a usable KVM, do it in the lab
  test [PATTERN...]    conformance only
  bench [PATTERN...]   measurements only
  lab [run|test|bench] [PATTERN...]
                       the same on another kernel, in a machine of its own (QEMU)
  matrix KERNEL... [test|bench [PATTERN...]]
                       the same on several, side by side; "host" is this host
  compare RUN RUN...   what changed since the first: tests, measurements, observations
  gate --baseline RUN [RUN]
                       is the second worse than the first? Without a second it is
                       made now, as the first was: on this host, or in the lab
  export --format F RUN...
                       a stored run as junit, kcidb, lava, github, benchmark or html;
                       as html also several side by side, on one page
  proof [PATTERN...]   how often is the gate wrong? Runs that differ in nothing, and runs
                       with a delay in them, through it (make gate-proof)
  kernel build [reference|mutants]
                       build the reference kernel, which has private memory without
                       special hardware and the proposed features, for
                       lab --kernel reference; or the one with seeded bugs
  bisect               the first commit of a kernel tree that fails a test, or makes
                       something dearer
  mutation             the suite against the seeded bugs of the reference kernel:
                       which are found, by what, and which are not
  list [PATTERN...]    tests and benchmarks, the behaviours they cover, and the
                       behaviours nothing covers yet
  list --coverage [ID...]
                       which behaviour was checked on which kernel, from the runs
                       in the results folder; an ID, or a letter for a topic
  setup                install what is missing, prepare the kernel headers
  ksrc                 prepare and print KSRC=... and KHDR=... for make
  help                 this text

A PATTERN is a part of a name, or a shell glob for the whole of it; for list it
may be a behaviour's ID as well. A RUN is a results folder, or its results.json.

Options of a run
  --profile quick|full|stress   how much work (quick without a command, else full)
  --results DIR        where each run makes a folder of its own (results/)
  --seed N             seed of everything random
  --replay FILE        the sequence of steps that model_random left there (log/*.replay)
  --timeout S          seconds a single test may take
  --replicates N       fresh VMs per measurement
  --uapi NAME=N        another number of a proposed interface than the one in
                       configs/proposed_uapi.conf; may be given several times
  --format F,F...      write these too: junit, kcidb (KCIDB 5.3), lava (lava-test-case
                       lines), github (Markdown for a job summary), benchmark (for
                       github-action-benchmark), html (report.html, which a run writes
                       anyway)
  --origin NAME        for kcidb: who submits (kvmem)
  --build-id ID        for kcidb: the build of this kernel, ORIGIN:NAME
  --perf               on a host: each benchmark once more under perf stat -e 'kvm:*' and
                       perf kvm stat, kept in the run's perf/, the exits counted both ways
  -v                   show the output of the tests
Options of the lab
  --kernel KERNEL      debian            newest of this release's packages (the default)
                       debian:6.1        newest 6.1; debian/sid:7.2 of another suite
                       TREE              a built kernel tree, or its O= folder
                       BZIMAGE           with KVM built in, or with --modules
                       reference         the one ./run.sh kernel build made last, or
                                         reference:VERSION; mutants likewise
  --suite SUITE        Debian suite of debian kernels, this machine's sources if none
  --modules DIR        where the kernel's modules are
  --exact              count instructions: exact costs, the same on every machine
  --append TEXT        more for the kernel's command line
  --param kvm.X=Y      a parameter of KVM's modules; may be given several times
  --accel kvm|tcg|bochs  with this host's KVM, or emulated by QEMU, which has AMD's SVM
                       (kvm where nesting allows it, else tcg), or by Bochs, which has
                       Intel's VMX and is slow
  --cpu MODEL          as QEMU or Bochs names it
  --memory SIZE        512M or more (2G)
  --cpus N             CPUs (2; one with --exact)
  --numa N             NUMA nodes (2; one with --exact)
  --jobs N             machines that share the work (for tests in software one for each
                       CPU, 4 at most; else one)
  --max-boots N        how often a kernel that breaks down may start again (5)
  --offline            no network: kernels from the cache only
Options of bisect
  --linux TREE --good REV --bad REV
                       the history to look through; the tree is not touched
  --test PATTERN       a test that fails is bad, one that is skipped says nothing
  --metric NAME        exact costs against those of the good revision
  --worse-than P%      what counts as dearer (2%)
  --config FRAGMENT    more kernel configuration
  --build-cmd CMD      run in each commit's tree in place of make; it leaves
                       arch/x86/boot/bzImage, or in $KVMEM_OUT bzImage and modules/
  --panic-is-bad       a kernel that breaks down is bad; else it says nothing
Options of mutation
  --mutants LIST       numbers, names or topics, with commas between (all)
  --jobs N             labs at the same time (one for each CPU)
Options of compare and gate
  --metric GLOB        only measurements of that name
  --thresholds FILE    from what size on a difference matters (configs/gate.conf)
  --rule 'LINE'        one more line of it; may be given several times
  -v                   also what did not change
  gate takes the options of the run it makes as well
Options of export, besides --format, --origin and --build-id
  --output FILE        in place of standard output; of compare: a page (HTML) as well
Options of proof
  --rounds N           how often each kind of run is made (2)
  --exact              only the part that counts instructions
Options of kernel build
  --source TREE        the kernel tree to build, as it is, in place of Debian's
                       linux-source with the project's patches
Other options
  --no-install         never install packages: name them and stop
  --ids                list: the behaviours only
  --check              setup: also what make check needs
  -h, --help           this text

Environment
  KSRC=TREE            kernel tree that supplies the kselftest harness and the
                       UAPI headers (6.9 or newer), in place of Debian's
                       linux-source; it is not written to
  KHDR=DIR             with KSRC: where its UAPI headers are, if they are made already
  KVMEM_CACHE=DIR      what all runs share (~/.cache/kvmem)
  KVMEM_BUILD=DIR      where to build (build/)
  KVMEM_PLANT=N        make every exit to userspace dearer on purpose, by N cycles, or
                       instructions with --exact; the results say so
  KVMEM_BOOT_TIMEOUT=S how long a lab's kernel may be silent before it is up (120)

Exit codes: 0 all that ran passed, 1 something failed, 2 wrong use or a broken
environment, 4 nothing could run (no usable /dev/kvm), 130 and 143 interrupted.
Of gate: 0 no regression, 1 a regression, 2 as above, 4 inconclusive: no pass either.

Examples
  ./run.sh                              everything, on this host
  ./run.sh test pci_hole                one topic
  ./run.sh test 'readonly_slot.*write*' --seed 7 -v
  ./run.sh bench --profile quick --results /tmp/r
  ./run.sh list A17                     where is behaviour A17 tested?
  KSRC=~/linux ./run.sh test            with the harness and headers of a tree
  ./run.sh lab --kernel ~/linux test gmem
  ./run.sh lab --exact --profile quick bench exit.mmio
  ./run.sh lab --kernel ~/linux --replay results/RUN/log/model_random.private_vm.replay
  ./run.sh matrix debian:6.1 debian:6.12 ~/linux test
  ./run.sh export --format html --output side-by-side.html results/*6.1* results/*6.12*
  ./run.sh gate --baseline results/20260101-120000-6.12.63 --rule 'exit.* relative=2%'
END
}

# --- command line ------------------------------------------------------------

declare -A opt=()
words=()
PARAMS=()	# of --param
REPLAY_TEST=	# the test that --replay is for
UAPI=()		# of --uapi, and of the environment
RULES=()	# of --rule

parse() {
	while (($#)); do
		case $1 in
		--profile | --results | --seed | --replay | --timeout | --replicates | --kernel | --suite | \
			--modules | --append | --param | --accel | --cpu | --memory | --cpus | --numa | --max-boots | \
			--source | --uapi | --mutants | --mutants-file | --jobs | \
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

# parse_joined --OPTION VALUE: was written --OPTION=VALUE
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
	*) usage_error "unknown profile '${opt[profile]}': it is quick, full or stress" ;;
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

# A replay file names the test that it is for: without a PATTERN, that one runs.
check_replay() {
	local test

	[[ ${opt[replay]+x} ]] || return 0
	[[ -f ${opt[replay]} && -r ${opt[replay]} ]] ||
		usage_error "--replay ${opt[replay]}: no such file"
	test=$(sed -n 's/^\(# \)\?test: //p' "${opt[replay]}" | head -n 1)
	if [[ ! $test =~ ^[a-z0-9_.]+$ ]] || ! grep -q 'step  *[0-9]*: ' "${opt[replay]}"; then
		usage_error "--replay ${opt[replay]}: not a replay file"
	fi
	opt[replay]=$(absolute "${opt[replay]}")
	REPLAY_TEST=$test
}

# The environment has the same, blanks between them.
check_uapi() {
	local one words conf=$ROOT/configs/proposed_uapi.conf

	IFS=' ,' read -r -a words <<<"${KVMEM_UAPI:-}"
	UAPI+=("${words[@]}")
	for one in "${UAPI[@]}"; do
		if [[ ! $one =~ ^[a-z_]+=(0x[0-9a-fA-F]{1,8}|[0-9]{1,9})$ ]] ||
			! grep -qE "^${one%%=*}[[:space:]]*=" "$conf"; then
			usage_error "--uapi is like pci_hole=4, with a name of configs/proposed_uapi.conf, not '$one'"
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
	((10#${opt[jobs]-1} <= 16)) || usage_error "--jobs is 16 at most"
	[[ ${opt[memory]-2G} =~ ^[0-9]{1,7}[mMgG]?$ ]] ||
		usage_error "--memory is a number with M or G, not '${opt[memory]}'"
	((10#${opt[cpus]-1} <= 64 && 10#${opt[numa]-1} <= 16)) ||
		usage_error "--cpus is 64 at most, --numa 16"
	[[ " ${arch_accels[*]} " == *" ${opt[accel]-tcg} "* ]] ||
		usage_error "--accel is one of ${arch_accels[*]}, not '${opt[accel]}'"
	[[ ! ${opt[exact]-} || ${opt[accel]-tcg} != kvm ]] ||
		usage_error "--exact counts the instructions that are emulated: it cannot have --accel kvm"
	[[ ! ${opt[exact]-} ]] || ((10#${opt[cpus]-1} == 1)) ||
		usage_error "--exact counts the instructions of one CPU: it cannot have --cpus ${opt[cpus]}"
	for name in "${PARAMS[@]}"; do
		[[ $name =~ ^kvm[a-z0-9_]*\.[a-z0-9_]+=[^[:space:]\"]+$ ]] ||
			usage_error "--param is like kvm.mmio_caching=0, not '$name'"
	done
}

# allow OPTION...: what the command knows
allow() {
	local name

	for name in "${!opt[@]}"; do
		[[ " $* help no-install " == *" $name "* ]] ||
			usage_error "$command does not know --$name"
	done
}

no_patterns() {
	((${#words[@]} == 0)) || usage_error "$command takes no argument, there is '${words[0]}'"
}

# --- commands ----------------------------------------------------------------

prepare() { # [--lab | --perf]
	deps_ensure "$@"
	ksrc_find
	host_build
}

# run KINDS: test, bench, or both
run() {
	local kinds=$1 name args=()

	host_results_check
	prepare ${opt[perf]:+--perf}
	list_read
	list_check "$kinds" "${words[@]}"
	# Who asks for nothing in particular gets what is possible; a matrix does not.
	if [[ $command != run || ${KVMEM_TELL_RUN:-} || ${opt[perf]-} ]]; then
		host_probe
	elif ! host_probe or_lab; then
		say "running in the lab instead, a machine of its own in software"
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
	*) usage_error "lab knows run, test and bench, not '${words[0]}'; for one test or topic: ./run.sh lab test ${words[0]}" ;;
	esac
}

main() {
	local command kinds run_options lab_options

	run_options=(profile results seed timeout replicates verbose format origin build-id uapi)
	lab_options=(suite modules exact append param accel cpu memory cpus numa max-boots offline jobs)
	parse "$@"
	check_values
	command=${words[0]-run}
	words=("${words[@]:1}")
	BUILD=$(absolute "${KVMEM_BUILD:-$ROOT/build}")
	RESULTS=$(absolute "${opt[results]-$ROOT/results}")

	# Who names nothing wants an answer soon; who names something wants all of it.
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
		[[ ${KVMEM_TELL_RUN:-} ]] || no_patterns
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
		((${#words[@]} <= 1)) || usage_error "gate takes one run besides the baseline, not ${#words[@]}"
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
		[[ ${words[0]-} == build && "${words[*]:1}" =~ ^(|reference|mutants)$ ]] ||
			usage_error "kernel knows build, build reference and build mutants, not '${words[*]}'"
		[[ ${words[1]-} != mutants || ! ${opt[source]-} ]] ||
			usage_error "the seeded bugs are those of Debian's source: --source goes with the reference kernel only"
		reference_build "${words[1]:-reference}" "${opt[source]-}"
		;;
	setup)
		no_patterns
		deps_ensure ${opt[check]:+--check}
		ksrc_find
		say "set up"
		;;
	ksrc)
		no_patterns
		deps_ensure
		ksrc_find
		printf 'KSRC=%s\nKHDR=%s\n' "$KSRC" "$KHDR"
		;;
	help) help ;;
	esac
}

main "$@"
