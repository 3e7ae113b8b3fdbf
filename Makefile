# SPDX-License-Identifier: Apache-2.0
# The front door to meson and the tools; what is done stands there, not here.
MODE ?= release
PREFIX ?= /usr/local
DESTDIR ?=
BUILD := build/$(MODE)

ifeq ($(MODE),fuzz)
export CC := clang-14
endif

.PHONY: build run test check fmt install clean setup-build setup-test

build: setup-build $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja: | setup-build
	@mkdir -p $(BUILD)
	@meson setup --prefix=$(PREFIX) -Dmode=$(MODE) $(BUILD) >$(BUILD)/setup.log || \
		{ cat $(BUILD)/setup.log; exit 1; }

setup-build:
	@tools/setup build

setup-test:
	@tools/setup test

run: build
	@$(BUILD)/roar serve --dev --data ./roar-data

test: setup-test
	@tools/test

check: setup-test
	@tools/check/run

fmt: setup-test
	@find $(wildcard src bench fuzz sim) -name '*.[ch]' -exec clang-format-14 -i {} +

install: build
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild

clean:
	@rm -rf build
