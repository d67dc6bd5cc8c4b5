# The README's commands. Set-up is part of each and quick when nothing is missing (tools/setup).
.DEFAULT_GOAL := build
.PHONY: run test test-threads test-services build bench fmt lint clean setup setup-test setup-spark dev

ARGS ?=
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest -q

setup:
	@tools/setup

build: setup
	@tools/build release

setup-test:
	@tools/setup test

setup-spark:
	@tools/setup spark

dev: setup-test
	@tools/build dev unit_tests

run: build
	@build/release/bassline run $(ARGS)

# Every test that needs no server: unit (ASan, UBSan), tidy, dbt, golden, e2e, recovery, page.
test: setup-test build dev
	@tools/test

# The unit tests of what has threads, under ThreadSanitizer: a build of its own, so apart from `make test`.
test-threads: setup-test
	@tools/test threads

# What other engines make of our files; servers come with the stages that talk to them.
test-services: build setup-spark
	@tools/test-services

bench: build setup-spark
	@$(PYTHON) bench/run.py $(ARGS)

fmt: setup-test
	@tools/format --write

lint: dev
	@tools/format --check
	@tools/lint

clean:
	rm -rf build web/dist dbt/target dbt/logs
