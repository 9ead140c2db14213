# Entry points for people. `make help` lists them.
.DEFAULT_GOAL := help

help:
	@echo 'make build   build everything'
	@echo 'make test    build and run every test (T=words picks test files)'

build:
	npm run build:native
	npm run build

test: build
	npm run build:test
	npx tap --disable-coverage $(shell find dist-test/test -name '*.test.js')

.PHONY: help build test
