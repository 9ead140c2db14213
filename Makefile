# Entry points for people; `make help` lists them. Each command installs what it misses and builds what changed.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/.tools/bin:$(PATH):/usr/sbin:/sbin

native_inputs := $(addprefix native/,Cargo.toml Cargo.lock bpf model bfd clang datapath binding/Cargo.toml binding/build.rs binding/src) package-lock.json
step := .setup/step

.PHONY: help build run test compare check bench kernels clean tools-for-% packages addons native control-plane tests load-generator fuzz fuzz-program

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

build: tools-for-run native control-plane ## install what building needs, then build everything

run: tools-for-root build tests ## build, then start the demonstration in network namespaces of its own (Ctrl-C ends it; DEMO_ARGS=--once ends after its checks)
	@node dist-test/test/lab/demo.js $(DEMO_ARGS)

test: tools-for-root tools-for-run tools-for-test addons tests $(if $(T),$(if $(findstring fuzz,$(T)),fuzz-program),fuzz-program) ## build, then run every test (T=ovsdb: only files with that in their path)
	@node dist-test/test/runner/run.js $(T)

compare: tools-for-root tools-for-run tools-for-test addons tests ## build, then play the acceptance suite on this gateway and on ovs-vtep, and print both (about half an hour; T=a12: only files with that in their path)
	@node dist-test/test/runner/compare.js $(T)

check: tools-for-run tools-for-check native ## formatting, lint of TypeScript, Rust, C and shell, types, dead exports, generated files
	@.setup/check

bench: tools-for-root tools-for-run tools-for-bench tests load-generator ## build, then measure: throughput and rates beside the kernel's own parts, BFD, and scale (B=rates: only that part; J=FILE: the results as JSON too)
	@node dist-test/test/bench/bench.js $(B) $(if $(J),--json $(J))

kernels: tools-for-root tools-for-run tools-for-kernels tools-for-test addons tests ## build, then prove the gateway on Debian's kernels 6.1 and 6.12 under emulation (some ten minutes; KERNELS="package ..." chooses)
	@test/kernels/prove.sh $(KERNELS)

fuzz: tools-for-root tools-for-run tools-for-test addons tests fuzz-program ## fuzz what reads bytes from outside, each target for T=60 seconds (F=flow: that one alone; another name lists them; SEED=N: the same again)
	@T=$(T) F=$(F) node dist-test/test/fuzz/campaign.js

clean: ## remove what building made (the tools in .tools/ stay)
	rm -rf dist dist-test .tap .tools/stamps native/target native/binding/*.node native/binding/index.js native/binding/index.d.ts

tools-for-%:
	@.setup/install $*

packages:
	@$(step) packages node_modules/.package-lock.json 'installing npm packages' package-lock.json .npmrc -- .setup/packages

addons: packages
	@STEP_KEY=$$(node -v) $(step) addons node_modules/pcap/build 'building the capture and injection add-ons of the tests' package.json package-lock.json -- .setup/addons

native: packages
	@$(step) native native/binding/index.js 'building the data plane (eBPF and Rust; the first time takes minutes)' $(native_inputs) -- npm run --silent build:native

control-plane: packages native
	@$(step) control-plane dist 'building the control plane' src package-lock.json -- npm run --silent build

fuzz-program: tools-for-run tools-for-fuzz packages
	@$(step) fuzz-program native/target/fuzz-program 'building the fuzz targets (with sanitizers; the first time takes minutes)' $(native_inputs) $(addprefix native/fuzz/,Cargo.toml build.rs host src) .setup/fuzz-build -- .setup/fuzz-build

tests: control-plane
	@$(step) tests dist-test 'building tests and demonstration' src test package-lock.json -- npm run --silent build:test

load-generator:
	@$(step) load-generator native/target/release/loadgen 'building the load generator' native/Cargo.toml native/Cargo.lock native/clang native/model native/loadgen -- cargo build --quiet --release --locked --manifest-path native/Cargo.toml -p loadgen
