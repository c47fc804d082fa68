# SPDX-License-Identifier: GPL-2.0-only
#
# make                 build everything into build/ (O=DIR or OUTPUT=DIR elsewhere)
# make check           run the self-tests of the suite
# make mutation        check that the suite detects the seeded bugs of the reference kernel
# make gate-proof      measure the gate's error rates on this host (slow)
# make run_tests       run the conformance programs as kselftest does
# make install         install programs and run_kselftest.sh into INSTALL_PATH,
#                      and create a tarball for another machine
# make format          clang-format
#
# KSRC is a kernel tree, or the part of one that ./run.sh ksrc unpacks; it
# provides the kselftest harness.  KHDR is the directory of its UAPI headers.
# ./run.sh ksrc determines those that are not set.
#
# ARCH=arm64 builds for another architecture, with CROSS_COMPILE=aarch64-linux-gnu- (the
# default) and libnuma in CROSS_ROOT, where Debian's package of that architecture is
# unpacked (./run.sh ksrc --arch arm64 does that).
#
# In a kernel tree, as tools/testing/selftests/kvmem, this file uses the
# kernel's lib.mk: make -C tools/testing/selftests TARGETS=kvmem, after make headers.
# For another architecture, ARCH= and CROSS_COMPILE= as for the kernel; if the compiler does
# not find that architecture's libnuma, USERCFLAGS='-isystem DIR' USERLDFLAGS=-LDIR.

TESTS := pci_hole mmio_bus readonly_slot slot_api gmem_offset gmem_bind gmem_race gmem_file \
	private_attributes private_fault private_huge prefault prefault_host model_random \
	proposed_refused \
	single_hva alias_dirty dirty_log dirty_ring alias_slots alias_uffd alias_reclaim
BENCHES := exit_latency pci_hole_scan gmem_ops slot_ops overhead
SELFCHECKS := unit model victim deny

arch_name = $(patsubst x86,x86_64,$(patsubst aarch64,arm64,$(1)))
BUILD_ARCH := $(call arch_name,$(shell uname -m))
ARCH ?= $(BUILD_ARCH)
GUEST_ARCH := $(call arch_name,$(ARCH))
TRIPLET := $(patsubst arm64,aarch64,$(GUEST_ARCH))-linux-gnu
CROSS := $(filter-out $(BUILD_ARCH),$(GUEST_ARCH))
ifneq ($(CROSS),)
CROSS_COMPILE ?= $(TRIPLET)-
endif

# Programs of one architecture only: every source file in its folder.
ARCH_TESTS := $(patsubst tests/$(GUEST_ARCH)/%.c,%,$(wildcard tests/$(GUEST_ARCH)/*.c))
ARCH_BENCHES := $(patsubst bench/$(GUEST_ARCH)/%.c,%,$(wildcard bench/$(GUEST_ARCH)/*.c))

IN_TREE := $(wildcard ../lib.mk)
ifneq ($(IN_TREE),)
TEST_GEN_PROGS := $(TESTS:%=tests/%) $(ARCH_TESTS:%=tests/%)
TEST_GEN_PROGS_EXTENDED := $(BENCHES:%=bench/%) $(ARCH_BENCHES:%=bench/%)
TEST_FILES := configs/config configs/settings
OVERRIDE_TARGETS := 1
EXTRA_CLEAN = $(OUTPUT)/libkvmem.a $(OUTPUT)/guest.elf $(OUTPUT)/guest.bin $(OUTPUT)/flags \
	$(shell find $(OUTPUT) -name '*.[od]' 2>/dev/null)
include ../lib.mk
KSRC := $(abspath ../../../..)
KHDR := $(patsubst -isystem%,%,$(KHDR_INCLUDES))
KHDR := $(or $(strip $(KHDR)),$(KSRC)/usr/include)
# Do not fall back to the headers of the host: they may lack newer definitions.
ifeq ($(wildcard $(KHDR)/linux/kvm.h)$(filter clean emit_tests,$(MAKECMDGOALS)),)
$(error no kernel headers in $(KHDR): make headers at the top of the tree)
endif
endif

ifneq ($(O),)
OUTPUT ?= $(abspath $(O))
endif
OUTPUT ?= $(CURDIR)/build$(CROSS:%=/%)

# Goals that compile nothing need no headers.
ifneq ($(filter-out check gate-proof mutation clean format,$(or $(MAKECMDGOALS),all)),)
ifeq ($(KSRC)$(KHDR),)
KSRC_FOUND := $(shell ./run.sh ksrc --arch $(GUEST_ARCH))
KSRC := $(patsubst KSRC=%,%,$(filter KSRC=%,$(KSRC_FOUND)))
KHDR := $(patsubst KHDR=%,%,$(filter KHDR=%,$(KSRC_FOUND)))
CROSS_ROOT := $(patsubst CROSS_ROOT=%,%,$(filter CROSS_ROOT=%,$(KSRC_FOUND)))
ifeq ($(KHDR),)
$(error no kernel headers: see the message above)
endif
endif
endif

# --- flags -------------------------------------------------------------------

ifneq ($(CROSS_COMPILE),)
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
ifeq ($(origin AR),default)
AR := $(CROSS_COMPILE)ar
endif
ifeq ($(origin LD),default)
LD := $(CROSS_COMPILE)ld
endif
endif
OBJCOPY ?= $(CROSS_COMPILE)objcopy
# kvmem-report runs where it is built.
HOSTCC ?= gcc
REPORT_CC = $(if $(CROSS),$(HOSTCC),$(CC))

WARN := -Wall -Wextra -Werror
# As in the kernel's lib.mk, for UAPI structures that end in a flexible array.
ifneq ($(findstring clang,$(CC)),)
WARN += -Wno-gnu-variable-sized-type-not-at-end
endif
CFLAGS ?= -O2 -g
HOST_CFLAGS = $(CFLAGS) $(WARN) -std=gnu11 -D_GNU_SOURCE= -fno-strict-aliasing \
	-isystem $(KHDR) -isystem $(KSRC)/tools/testing/selftests -Ilib -I. -Iguest_code/$(GUEST_ARCH) \
	-Itests/$(GUEST_ARCH) -Ibench/$(GUEST_ARCH) -Itests/check/$(GUEST_ARCH) \
	$(CROSS_ROOT:%=-isystem %/usr/include) -MMD -MP
HOST_LDLIBS := $(CROSS_ROOT:%=-L%/usr/lib/$(TRIPLET)) -lnuma -lm -lpthread -lrt
REPORT_CFLAGS = $(CFLAGS) $(WARN) -std=gnu11 -D_GNU_SOURCE= -fno-strict-aliasing -Ilib -I. -MMD -MP

# The payload: freestanding, no vector or FPU instructions.
GUEST_CFLAGS = -Os $(WARN) -std=gnu11 -ffreestanding -fno-builtin -fno-stack-protector \
	-fno-pic -fno-pie -fno-strict-aliasing -fno-asynchronous-unwind-tables -I$(GUEST_DIR) -MMD -MP \
	$(GUEST_CFLAGS_$(GUEST_ARCH))
GUEST_CFLAGS_x86_64 := -mno-red-zone -mno-sse -mno-mmx -mno-80387 -mcmodel=small -fcf-protection=none
GUEST_CFLAGS_arm64 := -mgeneral-regs-only -mno-outline-atomics -mstrict-align
GUEST_CODE_GPA := 0x10000000	# VM_SYS_GPA in lib/kvm/vm.h

# --- targets -----------------------------------------------------------------

LIB_DIRS := util kvm arch/$(GUEST_ARCH) guest arch/$(GUEST_ARCH)/scenario scenario oracle harness
LIB_SRC := $(wildcard $(LIB_DIRS:%=lib/%/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(OUTPUT)/%.o) $(OUTPUT)/lib/arch/$(GUEST_ARCH)/blob.o
# The code of internal VMs is copied by the host's programs.
LIB_OBJ += $(patsubst %.S,$(OUTPUT)/%.host.o,$(wildcard guest_code/$(GUEST_ARCH)/internal.S))
RUNNER_OBJ := $(patsubst %.c,$(OUTPUT)/%.o,$(wildcard lib/runner/*.c))
# start.o is first: it contains the entry point.
GUEST_DIR := guest_code/$(GUEST_ARCH)
GUEST_OBJ := $(OUTPUT)/$(GUEST_DIR)/start.o \
	$(patsubst %.c,$(OUTPUT)/%.o,$(sort $(wildcard $(GUEST_DIR)/*.c)))
REPORT_SRC := $(wildcard lib/report/*/*.c)
REPORT_OBJ := $(REPORT_SRC:%.c=$(OUTPUT)/%.o) $(OUTPUT)/lib/report/page/style.o
SELFTEST_OBJ := $(patsubst %.c,$(OUTPUT)/%.o,$(wildcard tests/check/report/*.c))

COMMON_BIN := $(TESTS:%=$(OUTPUT)/tests/%) $(BENCHES:%=$(OUTPUT)/bench/%)
ARCH_TEST_BIN := $(ARCH_TESTS:%=$(OUTPUT)/tests/%)
ARCH_BENCH_BIN := $(ARCH_BENCHES:%=$(OUTPUT)/bench/%)
TEST_BIN := $(TESTS:%=$(OUTPUT)/tests/%) $(ARCH_TEST_BIN)
BENCH_BIN := $(BENCHES:%=$(OUTPUT)/bench/%) $(ARCH_BENCH_BIN)
CHECK_BIN := $(SELFCHECKS:%=$(OUTPUT)/tests/check/%) $(OUTPUT)/tests/check/report/selftest
TOOL_BIN := $(OUTPUT)/kvmem-run $(OUTPUT)/kvmem-report

# Rebuild everything when headers, harness, compiler or flags change.
FLAGS_NOW := $(KSRC) $(KHDR) $(CROSS_ROOT) $(CC) $(CFLAGS)
FLAGS_FILE := $(OUTPUT)/flags
ifneq ($(shell cat $(FLAGS_FILE) 2>/dev/null),$(FLAGS_NOW))
$(shell mkdir -p $(OUTPUT) && echo '$(FLAGS_NOW)' > $(FLAGS_FILE))
endif

ifeq ($(IN_TREE),)
all: $(TEST_BIN) $(BENCH_BIN) $(TOOL_BIN) | stale

# run.sh runs what it finds there: remove programs whose source is gone.
stale:
	@find $(OUTPUT)/tests $(OUTPUT)/bench -maxdepth 1 -type f -perm -100 2>/dev/null | \
		grep -v -x -F $(patsubst %,-e %,$(TEST_BIN) $(BENCH_BIN)) | xargs -r rm -f
endif

checks: $(CHECK_BIN)

$(OUTPUT)/libkvmem.a: $(LIB_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

LINK = $(CC) $(CFLAGS) $(LDFLAGS) -static -Wl,-u,resolve_affinity -o $@ $(filter %.o,$^) $(filter %.a,$^) \
	$(HOST_LDLIBS)

$(COMMON_BIN) $(SELFCHECKS:%=$(OUTPUT)/tests/check/%): $(OUTPUT)/%: $(OUTPUT)/%.o $(OUTPUT)/libkvmem.a
	$(LINK)

$(ARCH_TEST_BIN): $(OUTPUT)/tests/%: $(OUTPUT)/tests/$(GUEST_ARCH)/%.o $(OUTPUT)/libkvmem.a
	$(LINK)

$(ARCH_BENCH_BIN): $(OUTPUT)/bench/%: $(OUTPUT)/bench/$(GUEST_ARCH)/%.o $(OUTPUT)/libkvmem.a
	$(LINK)

$(OUTPUT)/tests/check/unit: $(filter-out %/main.o,$(RUNNER_OBJ))

$(OUTPUT)/kvmem-run: $(RUNNER_OBJ) $(OUTPUT)/libkvmem.a
	$(CC) $(CFLAGS) $(LDFLAGS) -static -o $@ $^ $(HOST_LDLIBS)

$(OUTPUT)/kvmem-report: $(REPORT_OBJ)
	$(REPORT_CC) $(CFLAGS) -o $@ $^ -ljansson -lm

$(OUTPUT)/tests/check/report/selftest: $(filter-out %/main.o,$(REPORT_OBJ)) \
		$(SELFTEST_OBJ)
	$(REPORT_CC) $(CFLAGS) -o $@ $^ -ljansson -lm

$(OUTPUT)/lib/report/page/style.o: lib/report/page/style.S lib/report/page/style.css $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(REPORT_CC) -DSTYLE_CSS='"$(CURDIR)/lib/report/page/style.css"' -c -o $@ $<

$(REPORT_SRC:%.c=$(OUTPUT)/%.o) $(SELFTEST_OBJ): $(OUTPUT)/%.o: %.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(REPORT_CC) $(REPORT_CFLAGS) -c -o $@ $<

$(OUTPUT)/%.o: %.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(CC) $(HOST_CFLAGS) -c -o $@ $<

# Numbers of the proposed interfaces: "pci_hole=12 pci_hole_cap=1012 ..."
UAPI_CONF := configs/proposed_uapi.conf
UAPI := $(shell sed -n 's/\#.*//; s/[[:space:]]//g; /=/p' $(UAPI_CONF))
$(OUTPUT)/lib/guest/proposed.o: HOST_CFLAGS += -DPROPOSED_UAPI='"$(UAPI)"'
$(OUTPUT)/lib/guest/proposed.o: $(UAPI_CONF)

$(OUTPUT)/lib/arch/$(GUEST_ARCH)/blob.o: lib/arch/$(GUEST_ARCH)/blob.S $(OUTPUT)/guest.bin $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(CC) -DGUEST_BIN='"$(OUTPUT)/guest.bin"' -c -o $@ $<

# --- guest payload -----------------------------------------------------------

$(OUTPUT)/guest_code/%.host.o: guest_code/%.S $(GUEST_DIR)/internal_code.h $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(CC) -c -o $@ $<

$(OUTPUT)/guest_code/%.o: guest_code/%.c $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(CC) $(GUEST_CFLAGS) -c -o $@ $<

$(OUTPUT)/guest_code/%.o: guest_code/%.S guest_code/mailbox.h $(GUEST_DIR)/mbox_arch.h $(FLAGS_FILE)
	@mkdir -p $(@D)
	$(CC) -I$(GUEST_DIR) -c -o $@ $<

$(OUTPUT)/guest.elf: guest_code/$(GUEST_ARCH)/guest.lds $(GUEST_OBJ)
	$(LD) -T $< --defsym GUEST_CODE_GPA=$(GUEST_CODE_GPA) -o $@ $(GUEST_OBJ)

$(OUTPUT)/guest.bin: $(OUTPUT)/guest.elf
	$(OBJCOPY) -O binary $< $@

# --- the rest ----------------------------------------------------------------

ifeq ($(IN_TREE),)
run_tests: all
	@status=0; for t in $(TEST_BIN); do $$t || status=1; done; exit $$status

SELFTESTS := $(KSRC)/tools/testing/selftests
INSTALL_PATH ?= $(OUTPUT)/install

install: all
	@rm -rf $(INSTALL_PATH)
	@mkdir -p $(INSTALL_PATH)/kselftest $(INSTALL_PATH)/kvmem
	cp $(SELFTESTS)/run_kselftest.sh $(INSTALL_PATH)/
	cp $(wildcard $(SELFTESTS)/kselftest/*) $(INSTALL_PATH)/kselftest/
	cp $(TEST_BIN) $(BENCH_BIN) configs/config configs/settings $(INSTALL_PATH)/kvmem/
	printf 'kvmem:%s\n' $(TESTS) $(ARCH_TESTS) > $(INSTALL_PATH)/kselftest-list.txt
	tar -c -z -f $(OUTPUT)/kvmem.tar.gz -C $(INSTALL_PATH) .
	@echo "$(OUTPUT)/kvmem.tar.gz: unpack it anywhere, then ./run_kselftest.sh -c kvmem"

clean:
	rm -rf $(OUTPUT)
endif

check:
	./tests/check/check.sh

gate-proof:
	./run.sh proof

mutation:
	./run.sh kernel build --arch $(GUEST_ARCH) mutants
	./run.sh mutation --arch $(GUEST_ARCH)

format:
	clang-format -i $$(git ls-files '*.c' '*.h')

-include $(shell find $(OUTPUT) \( -path $(OUTPUT)/x86_64 -o -path $(OUTPUT)/arm64 \) -prune -o -name '*.d' -print 2>/dev/null)

.PHONY: all stale checks check gate-proof mutation run_tests install format clean
.DELETE_ON_ERROR:
