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
.PHONY: help install serve test test-fast test-parts parts crash soak bench lint lock clean

help: ## what there is
	@printf 'make ...\n'
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

install: ## make .venv with the `jettison` command in it (pinned, hashed requirements)
	@scripts/environment run

serve: install ## run the registry on 127.0.0.1:5000, its data in ./data (CONFIG=file: as that says)
	@REGISTRY_CONFIGURATION_PATH=$(CONFIG) exec $(bin)/jettison serve

test: test-fast test-parts ## install all that the tests need and run them: the fast ones, then those with real programs

test-fast: ## run the tests that need nothing but Python, in under a minute (ARGS="-k name" chooses)
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

bench: parts ## measure beside distribution and nginx (ARGS='--only adopt': some of it); writes docs/benchmarks.md
	@scripts/environment run
	@scripts/environment bench
	@$(bin)/python -m benchmarks $(ARGS)

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
