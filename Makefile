# Karez. `make help` lists what there is to do.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules
# A server is several processes, and without compiled files each of them would compile 700 modules anew.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
DATA_DIR ?= var
# Whatever the stamps depend on: a change here installs anew.
RECIPE := setup.cfg pyproject.toml constraints.txt
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input -qq

# The first of these that is Python 3.11 or later and runs; PYTHON=... chooses another.
PYTHONS := $(if $(PYTHON),$(PYTHON),python3.11 python3.12 python3.13 python3)

.PHONY: help install run test lint soak bench screenshots compile

help: ## List the targets
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

install: $(VENV)/.installed ## Make .venv with the karez command and its pinned dependencies

run: install ## Start everything on http://127.0.0.1:8000 (PORT=, DATA_DIR=); Ctrl-C stops it
	@exec $(BIN)/karez up --test-county --port $(PORT) --data-dir $(DATA_DIR)

# Parts at once, each with a database server of its own: faults and browsers wait more than they compute.
FAULTS := tests/faults tests/worked_examples tests/api/test_access_matrix.py
USES := tests/usecases
PAGES := tests/browser tests/api/test_schemathesis.py
API := $(filter-out %/test_access_matrix.py %/test_schemathesis.py,$(wildcard tests/api/test_*.py))

test: $(VENV)/.installed-dev ## Run every check and every test
	@said=$$(mktemp -d); trap 'rm -rf "$$said"' EXIT; running=; failed=0; \
	part() { "$${@:2}" >"$$said/$$1" 2>&1 & running="$$running $$!"; }; \
	part lint $(MAKE) --no-print-directory lint; \
	part faults $(BIN)/python -m pytest $(FAULTS); \
	part uses $(BIN)/python -m pytest $(USES); \
	part pages $(BIN)/python -m pytest $(PAGES); \
	part api $(BIN)/python -m pytest $(API); \
	$(BIN)/python -m pytest $(addprefix --ignore ,$(FAULTS) $(USES) $(PAGES) $(API)) || failed=1; \
	for each in $$running; do wait "$$each" || failed=1; done; \
	cat "$$said"/*; exit $$failed

lint: $(VENV)/.installed-dev ## Check style, types, import order and security
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

soak: $(VENV)/.installed-dev ## Run the long tests (a million steps; stop and go on at will; JOBS=2)
	$(BIN)/python -m tests.soak_auction --jobs $(or $(JOBS),1)
	$(BIN)/python -m tests.soak --jobs $(or $(JOBS),1)

compile: $(VENV)/.installed ## Compile the exchange floor, which makes it faster (needs a C compiler)
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[compile]'
	@$(BIN)/karez compile

screenshots: $(VENV)/.installed-dev ## A picture of every page under var/screenshots
	$(BIN)/python -m tests.browser.screenshots

bench: $(VENV)/.installed-dev ## Measure speed as ratios to the floor (NAME=orders)
	@$(if $(filter matching,$(NAME)),$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[bench]')
	$(BIN)/karez bench $(or $(NAME),orders) --json

$(BIN)/python:
	@for python in $(PYTHONS); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    "$$python" -c 'import ensurepip, venv' 2>/dev/null || { lacking=$$python; continue; }; \
	    echo "making $(VENV) with $$("$$python" --version)"; \
	    exec "$$python" -m venv --clear $(VENV); \
	done; \
	if [ -n "$${lacking:-}" ]; then echo "karez: $$lacking lacks the venv module (on Debian: apt-get install python3-venv)" >&2; \
	else echo "karez: Python 3.11 or later is needed, and none of these is: $(PYTHONS)" >&2; fi; \
	exit 1

$(VENV)/.installed: $(RECIPE) | $(BIN)/python
	@echo "installing"
	@$(PIP) install --constraint constraints.txt setuptools
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable .
	@touch $@

$(VENV)/.installed-dev: $(RECIPE) | $(BIN)/python
	@echo "installing, with what the tests need"
	@$(PIP) install --constraint constraints.txt setuptools
	@$(PIP) install --constraint constraints.txt --no-build-isolation --editable '.[dev]'
	@$(BIN)/python tests/browser/fetch_axe.py $(VENV)/axe
	@touch $@ $(VENV)/.installed
