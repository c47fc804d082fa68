# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# In a kernel tree: all targets of the kernel's kselftest, in the tree and with O=; and
# the tarball of a standalone make install.

TREE=$WORK/linux
SELF=$TREE/tools/testing/selftests

selftests() { # ARGUMENT...
	env -u KSRC -u KHDR make -s -C "$SELF" TARGETS=kvmem "$@"
}

# listed TARBALL: print the tests that its run_kselftest.sh lists
listed() {
	rm -rf "$WORK/unpacked"
	mkdir "$WORK/unpacked"
	tar -x -C "$WORK/unpacked" -f "$1" && (cd "$WORK/unpacked" && ./run_kselftest.sh -l)
}

programs() {
	build/kvmem-run --list | awk -F '\t' '$1 == "test" { sub(/\..*/, "", $2); print "kvmem:" $2 }' | sort -u
}

mkdir -p "$SELF"
cp -r "$KSRC/." "$TREE"
mkdir -p "$SELF/kvmem"
git ls-files -z | xargs -0 cp --parents -t "$SELF/kvmem"
FILES=$(find "$SELF/kvmem" -type f | wc -l)
[ -d "$TREE/usr/include/linux" ] || make -s -C "$TREE" headers >/dev/null

expect "in a kernel tree: all" selftests all
expect "in a kernel tree: run_tests" selftests run_tests
expect "in a kernel tree: gen_tar" selftests gen_tar KSFT_INSTALL_PATH="$WORK/ksft"
is "in a kernel tree: the package lists every program" "$(programs)" \
	"$(listed "$WORK/ksft/kselftest-packages/kselftest.tar.gz" | sort)"
expect "in a kernel tree: clean" selftests clean
is "in a kernel tree: clean removes no source file" "$FILES" "$(find "$SELF/kvmem" -type f | wc -l)"

expect "in a kernel tree with O=: headers" make -s -C "$TREE" headers O="$WORK/out"
expect "in a kernel tree with O=: install" selftests install O="$WORK/out"
expect "in a kernel tree with O=: a program is installed" \
	test -x "$WORK/out/kselftest/kselftest_install/kvmem/slot_api"
is "in a kernel tree with O=: no file is made in the tree" "$FILES" \
	"$(find "$SELF/kvmem" -type f | wc -l)"
expect "in a kernel tree with O=: clean" selftests clean O="$WORK/out"

expect "make install, standalone" make -s KSRC="$KSRC" KHDR="$KHDR" OUTPUT="$ROOT/build" \
	INSTALL_PATH="$WORK/alone" install
is "make install: the tarball lists every program" "$(programs)" \
	"$(listed build/kvmem.tar.gz | sort)"
expect "make install: a program runs from the tarball" \
	sh -c "cd '$WORK/unpacked' && ./run_kselftest.sh -t kvmem:slot_api"
