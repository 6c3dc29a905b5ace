# Jettison. `make` lists what there is.
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
export PYTHON ?= python3
# A configuration file for `make serve`; none: 127.0.0.1:5000, data in ./data.
CONFIG ?=
# More for pytest, such as ARGS="-k delete -x".
ARGS ?=

bin := .venv/bin
pytest := $(bin)/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile

.NOTPARALLEL:
ROUNDS ?= 1000
OPERATIONS ?= 100000
CLUSTER_ROUNDS ?= 200
.PHONY: help install serve cluster cluster-chaos test test-fast test-parts parts crash soak screenshots bench scale lint lock clean

help: ## what there is
	@printf 'make ...\n'
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

install: ## make .venv with the `jettison` command in it (pinned, hashed requirements)
	@scripts/environment run

serve: install ## run the registry on 127.0.0.1:5000, its data in ./data (CONFIG=file: as that says)
	@REGISTRY_CONFIGURATION_PATH=$(CONFIG) exec $(bin)/jettison serve

test: test-fast test-parts ## install all that the tests need and run them: the fast ones, then those with real programs

test-fast: ## run the tests that need nothing but Python, in two minutes on two cores (ARGS="-k name" chooses)
	@scripts/environment test
	@$(pytest) --numprocesses=4 -m "not needs and not slow" $(ARGS)

test-parts: parts ## run the tests that run real programs: clients, engines, PostgreSQL, the conformance program
	@scripts/environment test
	@$(pytest) -m "needs or slow" $(ARGS)

parts: ## install those programs: Debian packages when root on Debian, Go programs into .parts
	@scripts/parts

crash: ## kill the server under load, ROUNDS=1000 times, and look each time that nothing was lost
	@scripts/environment test
	@JETTISON_CRASH_ROUNDS=$(ROUNDS) $(bin)/python -m pytest tests/crashes/test_kill.py -s $(ARGS)

soak: ## push, pull, mount, delete, restore under a sweeper that never rests, OPERATIONS=100000 of them, every pull verified
	@scripts/environment test
	@PYTHONPATH=.:src $(bin)/python -m tests.crashes.soak $(OPERATIONS)

cluster: parts ## three replicas, PostgreSQL, SeaweedFS and nginx on loopback, until Ctrl-C
	@scripts/environment test
	@PYTHONPATH=.:src exec $(bin)/python -m tests.support.cluster

cluster-chaos: parts ## kill replicas, engine and database of a cluster under load, CLUSTER_ROUNDS=200 times
	@scripts/environment test
	@JETTISON_CLUSTER_ROUNDS=$(CLUSTER_ROUNDS) $(bin)/python -m pytest tests/cluster/test_chaos.py -s $(ARGS)

screenshots: parts ## look at the console's pages with Chromium, and keep what it shows in docs/images
	@scripts/environment test
	@PYTHONPATH=.:src $(bin)/python -m tests.browser.screenshots

bench: parts ## measure beside distribution and nginx (ARGS='--only adopt': some of it); writes docs/benchmarks.md
	@scripts/environment run
	@scripts/environment bench
	@$(bin)/python -m benchmarks $(ARGS)

scale: parts ## measure a registry of a million repositories beside one of a thousand (an hour, 50 GB of disk); writes docs/scale.md
	@scripts/environment run
	@scripts/environment bench
	@$(bin)/python -m benchmarks.million $(ARGS)

lint: ## check style, types and imports
	@scripts/environment test
	@$(bin)/ruff check .
	@$(bin)/ruff format --check .
	@$(bin)/mypy
	@$(bin)/lint-imports

lock: ## compile pyproject.toml's dependencies into requirements/ (ARGS=--upgrade takes the newest)
	@scripts/lock $(ARGS)

clean: ## remove what was made: .venv, .parts, caches; never ./data
	rm -rf .venv .parts .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './data/*' -prune -exec rm -rf {} +
