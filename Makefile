# SPDX-License-Identifier: Apache-2.0
# The front door to meson and the tools; what is done stands there, not here.
#   make run | build | install       MODE=release|debug|asan|tsan|cov|fuzz  PREFIX  DESTDIR
#   make test                        SUITES="unit-asan e2e" runs these alone
#   make fuzz T=ws SECS=600         one codec's target, with progress
#   make cov                         branches taken, with a floor
#   make faults                      N=2000 power cuts; SEED=7 repeats one; every call fails in turn
#   make bench                       the two below, an hour; QUICK=1 to see that they run
#   make bench-figures               what Roar promises, beside its targets; QUICK=1 in a minute
#   make bench-peers                 beside other servers, 20 minutes; QUICK=1 in three
#   make churn                       viewers come and go for MINUTES=10, each judged
#   make sim SEED=n | SEEDS=k | a..b  one history told, or many with figures; MUTANT=name
#   make mutants                     every guard off in turn: the simulation notices
#   make check | fmt | clean
MODE ?= release
PREFIX ?= /usr/local
DESTDIR ?=
BUILD := build/$(MODE)

# A fuzz build is for its targets; the others are for the server, and tests build themselves.
ifeq ($(MODE),fuzz)
export CC := clang-14
TARGETS := roar fuzz-targets
else
TARGETS := roar
endif

.PHONY: build run test sim mutants check fuzz cov faults churn bench bench-figures bench-peers fmt install clean setup-build setup-test

build: setup-build $(BUILD)/build.ninja
	@ninja -C $(BUILD) $(TARGETS)

$(BUILD)/build.ninja: | setup-build
	@mkdir -p $(BUILD)
	@meson setup -Dmode=$(MODE) $(BUILD) >$(BUILD)/setup.log || \
		{ cat $(BUILD)/setup.log; exit 1; }

setup-build:
	@tools/setup build

setup-test:
	@tools/setup test

run: build
	@$(BUILD)/roar serve --dev

test: setup-test
	@tools/test $(SUITES)

check: setup-test
	@tools/check/run

cov: setup-test
	@$(MAKE) --no-print-directory MODE=cov build
	@tools/cov

fuzz: setup-test
	@$(MAKE) --no-print-directory MODE=fuzz build
	@tools/fuzz --seconds $(or $(SECS),60) $(T)

faults: setup-test build
	@ninja --quiet -C $(BUILD) tests/faults/faults_power tests/faults/faults_sweep \
		tests/faults/faults_damage
	@ROAR_FAULTS_N=$(or $(N),2000) $(if $(SEED),ROAR_FAULTS_SEED=$(SEED) ROAR_FAULTS_LOG=1) \
		$(BUILD)/tests/faults/faults_power
	@ROAR_FAULTS_WHOLE=1 $(BUILD)/tests/faults/faults_sweep
	@$(BUILD)/tests/faults/faults_damage
SIM := $(BUILD)/sim/roar-sim
SEEDS ?= 1000

sim: build
	@ninja --quiet -C $(BUILD) sim/roar-sim
	@$(SIM) $(if $(SEED),seed $(SEED),seeds $(SEEDS)) $(MUTANT)

mutants: build
	@ninja --quiet -C $(BUILD) sim/roar-sim
	@$(SIM) mutants 240

churn:
	@tools/churn $(MINUTES)

bench: build
	@code=0; $(MAKE) --no-print-directory bench-figures || code=$$?; \
		$(MAKE) --no-print-directory bench-peers && exit $$code

bench-figures: build
	@ninja --quiet -C $(BUILD) bench/rooms_bench bench/store_bench sim/roar-sim
	@$(BUILD)/bench/rooms_bench
	@bench/run.py --binary $(BUILD)/roar $(if $(QUICK),--quick)

bench-peers: build
	@bench/peers/install
	@bench/peers.py --binary $(BUILD)/roar $(if $(QUICK),--quick); code=$$?; \
		bench/page.py $(if $(QUICK),build/peers/quick.json --to build/peers/page) && exit $$code

fmt: setup-test
	@find $(wildcard src bench fuzz sim tests) -name '*.[ch]' -exec clang-format-14 -i {} +

install: build
	@install -D -m 755 $(BUILD)/roar $(DESTDIR)$(PREFIX)/bin/roar

clean:
	@rm -rf build
