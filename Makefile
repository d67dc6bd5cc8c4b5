# The README's commands. Set-up is part of each and quick when nothing is missing (tools/setup).
.DEFAULT_GOAL := build
.NOTPARALLEL:  # each part of the set-up may install
.PHONY: run test test-long test-threads test-services soak planted build bench fmt lint clean setup setup-test setup-spark setup-services setup-lint dev

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

setup-services:
	@tools/setup services

setup-lint:
	@tools/setup lint

dev: setup-test
	@tools/build dev unit_tests

run: build
	@build/release/bassline run $(ARGS)

# Every test that needs no server and is not long: unit, tidy, dbt, golden, e2e, simulator, page. Of what users run.
test: setup-test
	@tools/build release all unit_tests
	@tools/test

# All unit tests under ASan and UBSan, and what `make test` leaves out as long: 200 kills, a power cut, a stop or a disk
# fault at every place in turn, whole logs day by day, every table beside stock dbt's.
test-long: setup-test build dev
	@tools/test long

# The unit tests of what has threads, under ThreadSanitizer: a build of its own, so apart from `make test`.
test-threads: setup-test
	@tools/test threads

# With real servers: Spark on our files, Kafka and a Schema Registry with everything that may happen to them.
test-services: build setup-spark setup-services
	@tools/test-services

# The kill test three times as long, a million hostile records, and every crash point instead of a sample.
soak: build setup-services
	@BASSLINE_KAFKA_KILLS=800 BASSLINE_HOSTILE_RECORDS=1000000 BASSLINE_CRASH_STATES=100000 tools/test-services \
		tests/services/test_kafka_kills.py tests/services/test_hostile.py tests/services/test_kafka_crash_points.py \
		tests/recovery/test_crash_points.py

# Plants known bugs one by one in a copy of the tree and shows the test that catches each; half an hour.
planted: setup-test setup-services
	@$(PYTHON) tests/planted/planted.py $(ARGS)

bench: build setup-spark setup-services
	@$(PYTHON) bench/run.py $(ARGS)

fmt: setup-test
	@tools/format --write

lint: dev setup-lint
	@tools/format --check
	@tools/lint

clean:
	rm -rf build web/dist dbt/target dbt/logs
