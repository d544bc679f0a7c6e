# `make demo` serves the demo, `make test` checks everything; `make help` lists the rest.
# Another interpreter: make test PYTHON=/path/to/python3.12      Another folder: VENV=...

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# pip's own output is hundreds of lines: show the large downloads and the last step.
PROGRESS := awk '/Downloading .*[0-9] [MG]B/ {print "  " $$1, $$2, $$3, $$4; fflush()} \
	/^Installing collected/ {print "  Installing the packages"; fflush()}'
PACKAGES := domain nlp_pipeline knowledge_base twin_backend tools agents app evals charttwin_client
DEMO_ARGS ?=
PYTEST_ARGS ?=

# The first interpreter on the PATH that runs and is new enough; a version manager's shim may exist and not run.
PYTHON ?= $(shell for p in python3.11 python3.12 python3 python; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' >/dev/null 2>&1 \
	&& { echo $$p; break; }; done)

.PHONY: help demo test check lint types contracts pytest format install install-dev clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: install ## Install if needed, load the demo cohort, serve UI and API on one loopback port
	@$(BIN)/charttwin demo $(DEMO_ARGS)

test: check pytest ## Everything CI runs: lint, types, import contracts, tests

check: lint types contracts ## Everything but the tests

lint: install-dev ## Ruff: rules and formatting
	@echo "== ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: install-dev ## mypy on the packages
	@echo "== mypy"
	@$(BIN)/mypy

contracts: install-dev ## The import contracts
	@echo "== import contracts"
	@$(BIN)/lint-imports

# A worker a core, at most four: each holds the models (1.5 GB). A file stays with one worker, for what its tests share.
pytest: install-dev ## The tests; PYTEST_ARGS="-k name" narrows them
	@echo "== pytest"
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n logical --maxprocesses 4 --dist loadfile $(PYTEST_ARGS)

format: install-dev ## Reformat and sort the imports
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

install: $(VENV)/.installed ## Create the virtual environment and install ChartTwin

install-dev: $(VENV)/.installed-dev ## The same, with the tools for development

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "ChartTwin needs Python 3.11 or 3.12 with the venv module; \
	name one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "Creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

# The stamps hold what was installed; they are older than pyproject.toml when its dependencies may have changed.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing ChartTwin: about 2 minutes and 2.6 GB the first time"
	@$(PIP) install -e . | $(PROGRESS)
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing ChartTwin and its development tools: about 2 minutes and 2.6 GB the first time"
	@$(PIP) install -e '.[dev]' | $(PROGRESS)
	@touch $(VENV)/.installed $@

clean: ## Remove the virtual environment, caches and reports
	rm -rf $(VENV) build dist reports .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis *.egg-info
	find $(PACKAGES) tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
