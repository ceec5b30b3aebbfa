# Builds, tests, installs and runs rs. `make help` lists the targets.
#
#   build/NAME/   objects and programs of a variant: release, san (SAN=1), cov (COV=1)
#   build/bin/    the programs of the release variant
#
# Files are found by wildcard: a new tools/rs-x.c, tools/rs-x/*.c or common/room/x.c needs no line here.

CC       ?= cc
Q        := $(if $(V),,@)# V=1 shows whole commands
CFLAGS   ?= -O3 -g
PREFIX   ?= /usr/local
DESTDIR  ?=
SHELL    := bash
# In a locale with decimal commas awk reads 3.7 as 3, and printf takes it for no number.
export LC_ALL := C
.DEFAULT_GOAL := all

# What Debian calls the things that are needed to build, to run the pipelines and to test.
BUILD_PACKAGES := gcc libc6-dev pkg-config libcsv-dev libmsgpack-dev libxxhash-dev libjansson-dev \
                  libopenblas-dev liblapacke-dev libmicrohttpd-dev
RUN_PACKAGES   := parallel gnuplot-nox curl unzip ca-certificates jq tzdata
TEST_PACKAGES  := bats bats-support bats-assert python3-msgpack python3-scipy python3-sklearn mandoc xxhash time
# And to test it on hosts, on a cluster, and as a package (200 MB): `make test` runs those suites where they are.
FAR_PACKAGES   := openssh-server rsync iproute2 slurmctld slurmd slurm-client munge zsh lintian dpkg-dev mmdebstrap

variant := $(if $(SAN),san,$(if $(COV),cov,release))
obj     := build/$(variant)
bin     := $(if $(filter release,$(variant)),build/bin,$(obj)/bin)

libraries := $(shell pkg-config --exists msgpack 2>/dev/null && echo msgpack || echo msgpack-c) \
             libxxhash jansson openblas lapacke
rs_cppflags := -Icommon -I$(obj) -D_GNU_SOURCE $(shell pkg-config --cflags $(libraries) 2>/dev/null)
rs_cflags   := -std=c11 -fopenmp -ffp-contract=off -fno-math-errno -fno-trapping-math \
               -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
               -Wold-style-definition -Wformat=2 -Wundef -Wvla -Wwrite-strings -Wpointer-arith \
               -Wimplicit-fallthrough -Wno-unknown-pragmas \
               $(if $(WERROR),-Werror)
# Without pkg-config, the names that Debian 12 has.
libs_of      = $(or $(shell pkg-config --libs $(1) 2>/dev/null),$(2))
, := ,
# GCC's OpenMP, statically: see common/program/threads.c. Clang has one of its own.
openmp      := $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),,-Wl$(,)--push-state$(,)-Bstatic -lgomp -Wl$(,)--pop-state)
rs_ldlibs   := -Wl,--as-needed $(openmp) \
               $(call libs_of,$(libraries),-lmsgpackc -lxxhash -ljansson -lopenblas -llapacke) -lcsv -lm
ifdef SAN
rs_cflags += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1
endif
ifdef COV
rs_cflags += --coverage -O0
endif

common_sources := $(wildcard common/*/*.c)
common_objects := $(common_sources:%.c=$(obj)/%.o)
tools          := $(sort $(patsubst tools/%.c,%,$(wildcard tools/*.c)) \
                         $(patsubst tools/%/,%,$(dir $(wildcard tools/*/*.c))))
programs       := $(tools:%=$(bin)/%)

.PHONY: all programs
all: programs ## build every program
programs: $(programs)

# Nothing is rebuilt when nothing changed, and everything is when the flags did.
$(obj)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CFLAGS) $(rs_cppflags) $(filter-out -Werror,$(rs_cflags)) $(LDFLAGS) $(rs_ldlibs)' | cmp -s - $@ || \
	 echo '$(CC) $(CFLAGS) $(rs_cppflags) $(filter-out -Werror,$(rs_cflags)) $(LDFLAGS) $(rs_ldlibs)' > $@

version := $(shell cat .version 2>/dev/null || git describe --tags --always --dirty 2>/dev/null || echo 0)
$(obj)/version.h: FORCE
	@mkdir -p $(@D)
	@echo '#define RS_VERSION "$(version)"' | cmp -s - $@ || echo '#define RS_VERSION "$(version)"' > $@

$(obj)/%.o: %.c $(obj)/flags
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC      $<")
	$(Q)$(CC) $(CFLAGS) $(rs_cppflags) $(CPPFLAGS) $(rs_cflags) -MMD -MP -c -o $@ $<

$(obj)/common/program/tool.o: $(obj)/version.h
$(obj)/tools/rs-serve/page.o: $(wildcard tools/rs-serve/page/*)

$(obj)/librs.a: $(common_objects)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# What one program needs alone.
$(bin)/rs-serve: private rs_ldlibs += $(call libs_of,libmicrohttpd,-lmicrohttpd)

objects_of = $(patsubst %.c,$(obj)/%.o,$(wildcard tools/$(1).c tools/$(1)/*.c))
.SECONDEXPANSION:
$(programs): $(bin)/%: $$(call objects_of,$$*) $(obj)/librs.a
	@mkdir -p $(@D)
	$(if $(V),,@echo "  LINK    $@")
	$(Q)$(CC) $(CFLAGS) $(rs_cflags) $(LDFLAGS) -o $@ $^ $(rs_ldlibs)

# Tests: every tests/unit/*.c is a program of checks for common/, every tests/*.bats a suite for the
# programs. `make test ONLY=rs-sim` runs the suites and unit programs of that name.
units := $(patsubst tests/unit/%.c,$(obj)/unit/%,$(wildcard tests/unit/*.c))
$(units): $(obj)/unit/%: $(obj)/tests/unit/%.o $(obj)/librs.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(rs_cflags) $(LDFLAGS) -o $@ $^ $(rs_ldlibs)

.PHONY: test test-here
test: ## install what is missing, build, and run every test; the last line is 'N passed, N failed'
	@pipelines/setup $(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES)
	$(Q)$(MAKE) --no-print-directory test-here
test-here: programs $(units)
	@RS_BIN=$(abspath $(bin)) tests/run $(obj)/unit $(ONLY)

far_suites := far-ssh far-slurm packaged deb
.PHONY: test-far
test-far: ## install sshd, Slurm and lintian too, and test what runs on other machines and the package
	@pipelines/setup $(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES) $(FAR_PACKAGES)
	$(Q)for suite in $(far_suites); do $(MAKE) --no-print-directory test-here ONLY=$$suite || exit; done

.PHONY: run run-here
run: ## install what is missing, build, get data and compare all models on it
	@pipelines/setup $(BUILD_PACKAGES) $(RUN_PACKAGES)
	$(Q)$(MAKE) --no-print-directory run-here
run-here: programs
	@PATH="$(abspath $(bin)):$$PATH" pipelines/run

.PHONY: doctor clean
doctor: ## say what this machine has, and lacks for building, running and testing
	@pipelines/doctor '!build|$(BUILD_PACKAGES)' '!run|$(RUN_PACKAGES)' 'test|$(TEST_PACKAGES)' 'test-far|$(FAR_PACKAGES)'
clean: ## remove what was built
	rm -rf build

include pipelines/harden.mk

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | sort | \
	 awk -F '\t' '{ printf "  %-14s %s\n", $$1, $$2 }'

include $(addprefix pipelines/,$(addsuffix .mk,cv tune report bench serve context scale package))

.PHONY: FORCE
FORCE:

-include $(wildcard $(obj)/tests/unit/*.d $(obj)/common/*/*.d $(obj)/tools/*.d $(obj)/tools/*/*.d)
