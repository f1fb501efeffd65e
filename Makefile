# The two commands are `make run` and `make test`; neither needs a virtual environment of yours.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASEDIR ?= var

.PHONY: run test check-all soak bench lint format lock clean

run: $(VENV)/.run
	@exec $(BIN)/mrdraw serve --basedir $(BASEDIR) --simulate marlin

test: lint
	$(BIN)/pytest -n 2 --dist loadgroup -m "not slow" tests

check-all: lint
	HYPOTHESIS_PROFILE=thorough $(BIN)/pytest -n 2 --dist loadgroup tests

soak: $(VENV)/.dev
	HYPOTHESIS_PROFILE=soak $(BIN)/pytest tests/firmware tests/machine

bench: $(VENV)/.dev
	$(BIN)/python bench/faults.py
	$(BIN)/python bench/undisturbed.py

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix src tests bench
	$(BIN)/ruff format src tests bench

# Pins what pyproject.toml asks for. No index address may stand in the files.
lock: $(VENV)/.dev
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
	  --group dev pyproject.toml -o requirements-dev.lock

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "MrDraw needs Python 3.11 or newer; $$($(PYTHON) --version) was found. Try: make PYTHON=python3.12 run"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "Python's venv module is missing. On Debian: apt install python3-venv"; exit 1; }

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache
