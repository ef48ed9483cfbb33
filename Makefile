# A thin front of Meson and Ninja; `make help` says what there is.
PREFIX ?= /usr/local

.PHONY: build arm64 demo check bench crosscheck lab install clean help
build: ## the command and the libraries, in build/
	@test -f build/build.ninja || meson setup build
	@ninja --quiet -C build

arm64: ## a static build/arm64/steadyarm
	@test -f build/arm64/build.ninja || meson setup build/arm64 --cross-file tools/arm64.ini \
		-Dstatic=true -Dbuildtype=release -Doptimization=s -Dstrip=true
	@ninja --quiet -C build/arm64

demo: ## a tour from recorded hosts, on any machine; installs what it needs
	@tools/need build
	@$(MAKE) --no-print-directory build
	@demo/run

check: ## every test that needs no emulated host; installs what it needs
	@tools/need build check
	@tests/check

bench: build ## what comparing CPUs, baselines and the command take
	@meson test -C build --no-rebuild --benchmark --verbose --num-processes 1

crosscheck: ## the facts in data/ against Linux's sources, which it downloads
	@tools/need crosscheck
	@tools/crosscheck; status=$$?; [ $$status = 77 ] || exit $$status

lab: ## the tests on emulated arm64 hosts with real kernels; installs what it needs
	@tools/need build arm64 lab/packages
	@$(MAKE) --no-print-directory build arm64
	@tests/lab/run

install: build ## to PREFIX (/usr/local) below DESTDIR
	@meson configure build -Dprefix=$(PREFIX)
	@DESTDIR="$(DESTDIR)" meson install -C build

clean: ## remove build/
	rm -rf build

help:
	@sed -n 's/^\([a-z0-9]*\):.*## /make \1: /p' Makefile
