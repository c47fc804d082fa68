# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# arm64: the whole conformance run on a Debian kernel in emulated EL2, exact costs twice,
# the modes of KVM, bad input, the build in a kernel tree, a sample of the seeded bugs.  On
# another host, its programs are cross-compiled.

# KSRC is a part of a tree, for this host's architecture, unless the caller named a tree.
LAB_ENV=(-u KHDR -u KSRC ${GIVEN_KSRC:+KSRC="$GIVEN_KSRC"})
# shellcheck source=tests/check/labs.sh
. tests/check/labs.sh arm64 --arch arm64 --kernel debian

run() { # ARG...: run.sh with the kernel source of the architecture
	env "${LAB_ENV[@]}" ./run.sh "$@"
}

# own_test NAME: run a program of the library's self-tests, which needs no KVM
own_test() {
	if [ "$(uname -m)" = aarch64 ]; then
		"build/tests/check/$1"
	else
		env "${LAB_ENV[@]}" make -s -j"$(nproc)" ARCH=arm64 checks && qemu-aarch64 "build/arm64/tests/check/$1"
	fi
}

# Six bugs of different topics and files that are quick to detect, by different tests.
SAMPLE=mmio_length_cap,ioeventfd_datamatch,ro_mapped_writable,slot_no_zap,slot_overlap_last_page
SAMPLE+=,hva_first_alias_only
TABLE=configs/kernels/mutants/arch/arm64.tsv

# ksrc_of KEY: a variable of ./run.sh ksrc
ksrc_of() {
	run ksrc --arch arm64 | sed -n "s/^$1=//p"
}

expect "arm64: everything is built, and listed" run list --arch arm64
# The first run fetches the kernel if it is not cached.
expect "arm64: a Debian kernel comes up" lab first test slot_api.api.region.adjacent

begin conformance lab conformance test

for name in unit model; do
	expect "arm64: self-tests: $name" own_test "$name"
done

# --- exact costs -------------------------------------------------------------

for name in counted again; do
	begin $name lab $name --exact --profile quick bench exit.mmio_read_user
	finish $name 0
done
is "arm64: two runs count the same instructions" "$(medians counted)" "$(medians again)"
is "arm64: the counts are plausible" True "$(of "$(folder counted)/results.json" \
	"len(r['measurements']) >= 3 and all(m['exact'] and m['unit'] == 'instructions' and m['p50'] > 2000 for m in r['measurements'])")"

# --- bad input ---------------------------------------------------------------

# bad NAME TEXT OPTION...: a run of the lab that does not start
bad() {
	local name=$1 text=$2
	shift 2
	expect_code "arm64: $name" 2 "$text" run lab --results "$WORK/arm64/bad" "$@" test slot_api
}

CACHED=${KVMEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kvmem}/kernels/debian
CACHED=$(find "$CACHED" -maxdepth 1 -name '*-arm64_*' -print -quit)
T=$WORK/arm64/trees
mkdir -p "$T"/{arm,quiet}/arch/arm64/boot "$T/x86/arch/x86/boot" "$T/modules"
touch "$T"/{arm,x86,quiet}/Kbuild "$T/x86/arch/x86/boot/bzImage"
cp "$CACHED/vmlinuz" "$T/arm/arch/arm64/boot/Image"
ln "$T/arm/arch/arm64/boot/Image" "$T/quiet/arch/arm64/boot/Image"
sed '/SERIAL_AMBA_PL011_CONSOLE/d' "$CACHED/config" >"$T/quiet/.config"
# The signatures of x86's boot protocol, and of an EFI image with unknown contents.
{ head -c 510 /dev/zero; printf '\125\252\0\0HdrS'; head -c 600 /dev/zero; } >"$T/bzImage"
{ printf 'MZ\0\0zimg\100\0\0\0\100\0\0\0'; head -c 8 /dev/zero; printf rot13; head -c 300 /dev/zero; } >"$T/zboot"

bad "an x86 kernel" "it is for x86_64, use --arch x86_64" --arch arm64 --kernel "$T/bzImage"
bad "an arm64 kernel on x86" "it is for arm64, use --arch arm64" --arch x86_64 --kernel "$CACHED/vmlinuz"
bad "a tree built for x86" "it is built for x86_64" --arch arm64 --kernel "$T/x86"
bad "a tree built for arm64 on x86" "it is built for arm64" --arch x86_64 --kernel "$T/arm"
bad "an EFI image with unknown contents" "compressed in an unknown way" --arch arm64 --kernel "$T/zboot"
bad "a kernel without a serial console" "without CONFIG_SERIAL_AMBA_PL011_CONSOLE" --arch arm64 --kernel "$T/quiet"
bad "--modules without modules" "there is no module in it" --arch arm64 --kernel "$CACHED/vmlinuz" --modules "$T/modules"
bad "an unknown early parameter" "kvm-arm.mod: this kernel has no such parameter" --arch arm64 --append kvm-arm.mod=nvhe
bad "an unknown CPU" "QEMU failed: unable to find CPU model 'pentium9'" --arch arm64 --cpu pentium9
bad "an unknown architecture" "use arm64 or x86_64" --arch mips
bad "an emulator of x86" "use one of kvm tcg" --arch arm64 --accel bochs
if [ "$(uname -m)" != aarch64 ]; then
	bad "--accel kvm" "its KVM cannot run arm64" --arch arm64 --accel kvm
	expect_code "arm64: a run on this host" 2 "use ./run.sh lab --arch arm64" run test --arch arm64 slot_api
fi
if [ "$(id -u)" = 0 ] && [ "$(uname -m)" != aarch64 ] && unshare -m true 2>/dev/null; then
	mkdir -p "$WORK/empty"
	expect_code "arm64: no cross compiler's libraries, and --no-install" 2 \
		"apt-get install -y --no-install-recommends libc6-dev-arm64-cross" \
		env "${LAB_ENV[@]}" unshare -m sh -c \
		"mount --bind '$WORK/empty' /usr/aarch64-linux-gnu && exec ./run.sh lab --arch arm64 --no-install"
else
	skip "arm64: no cross compiler's libraries" "not here"
fi

# --- modes of KVM --------------------------------------------------------------

begin nvhe lab nvhe --cpu cortex-a72 --append kvm-arm.mode=nvhe test slot_api
begin bad_mode lab bad_mode --param kvm-arm.mode=bogus test slot_api
finish bad_mode 2 "Malformed early option 'kvm-arm.mode'"
finish nvhe 0
is "arm64: the mode of KVM is noted" nvhe "$(of "$(folder nvhe)/results.json" "r['run']['lab']['kvm_mode']")"
begin no_el2 lab no_el2 --cpu neoverse-n1,has_el2=off test slot_api
finish no_el2 2 "the kernel was not started at EL2"

# --- crashes -------------------------------------------------------------------

one_test arm64_breaks a_passes true
# A null pointer, in the kernel.
one_test arm64_breaks b_panics 'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger; sleep 30'
one_test arm64_breaks c_resets 'echo b >/proc/sysrq-trigger; sleep 30'
one_test arm64_breaks d_passes true
KVMEM_PROGRAMS=$WORK/arm64_breaks begin crashes lab crashes --timeout 20 test
finish crashes 1 "b_panics.it: kernel panic" "c_resets.it: the machine powered off or reset"
is "arm64: crashes are detected, and the rest runs" "pass error error pass" \
	"$(of "$(folder crashes)/results.json" "' '.join(t['status'] for t in r['tests'])")"

# --- in a kernel tree ----------------------------------------------------------

ARM_TREE=$WORK/arm64/linux
ROOT_OF_LIBS=$(ksrc_of CROSS_ROOT)
mkdir -p "$ARM_TREE"
cp -r "$(ksrc_of KSRC)/." "$ARM_TREE"
mkdir -p "$ARM_TREE/tools/testing/selftests/kvmem"
git ls-files -z | xargs -0 cp --parents -t "$ARM_TREE/tools/testing/selftests/kvmem"
expect "arm64: in a kernel tree: install" env -u KSRC -u KHDR make -s -j"$(nproc)" \
	-C "$ARM_TREE/tools/testing/selftests" TARGETS=kvmem ARCH=arm64 \
	CROSS_COMPILE="$([ "$(uname -m)" = aarch64 ] || echo aarch64-linux-gnu-)" \
	USERCFLAGS="${ROOT_OF_LIBS:+-isystem $ROOT_OF_LIBS/usr/include}" \
	USERLDFLAGS="${ROOT_OF_LIBS:+-L$ROOT_OF_LIBS/usr/lib/aarch64-linux-gnu}" \
	install KSFT_INSTALL_PATH="$WORK/arm64/ksft"
# e_machine of its ELF header.
is "arm64: in a kernel tree: the programs are for arm64" b700 \
	"$(od -An -j 18 -N 2 -t x1 "$WORK/arm64/ksft/kvmem/slot_api" | tr -d ' ')"

# --- conformance -----------------------------------------------------------------

finish conformance 0 "time in the lab: boot"
FULL=$(folder conformance)
valid_folder "arm64: conformance" "$FULL"
is "arm64: conformance is complete" True "$(of "$FULL/results.json" "r['run']['complete']")"
is "arm64: the backend" arm64 "$(of "$FULL/results.json" "r['run']['backend']")"
is "arm64: conformance: nothing failed" "" "$(of "$FULL/results.json" \
	"' '.join(t['name'] for t in r['tests'] if t['status'] not in ('pass', 'skip', 'xfail'))")"
is "arm64: conformance: many tests passed" True "$(of "$FULL/results.json" \
	"sum(t['status'] == 'pass' for t in r['tests']) > 150")"

# --- seeded bugs -------------------------------------------------------------------

# sample: the kernel with seeded bugs is built, and a sample of its bugs is detected
sample() {
	local code=0

	expect "arm64: the kernel with seeded bugs is built" run kernel build --arch arm64 mutants
	run mutation --arch arm64 --mutants "$SAMPLE" --results "$WORK/arm64/mutation" \
		>"$WORK/arm64/mutation.out" 2>&1 || code=$?
	is "arm64: seeded bugs: a sample is detected" 0 "$code"
	[ "$code" = 0 ] || tail -n 40 "$WORK/arm64/mutation.out"
}

if [ -r "$TABLE" ]; then
	sample
else
	skip "arm64: seeded bugs" "there are none: $TABLE is missing"
fi
