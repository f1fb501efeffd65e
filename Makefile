# The two commands are `make run` and `make test`; neither needs a virtual environment of yours.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BASEDIR ?= var

.PHONY: run ui test unit check-all soak bench bench-wire lint format lock dist browser proxies clean

run: ui
	@exec $(BIN)/mrdraw serve --basedir $(BASEDIR) --simulate marlin

# The page is built into the package when its sources changed; it needs Node 20.
ui: $(VENV)/.run
	@$(BIN)/python ui/page_build.py

# Most tests wait more than they compute: there are more of them at work than processors, and the checks beside them.
# The tests of one page go on where the one before them stopped: a file of theirs stays with one process.
test: $(VENV)/.dev ui browser
	@$(MAKE) --no-print-directory --jobs 2 lint unit
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow" tests/e2e

unit: $(VENV)/.dev ui
	$(BIN)/pytest -n 3 --dist worksteal -m "not slow" tests --ignore tests/e2e

check-all: $(VENV)/.dev ui browser proxies
	@$(MAKE) --no-print-directory lint
	HYPOTHESIS_PROFILE=thorough $(BIN)/pytest -n 3 --dist worksteal --timeout 1800 tests --ignore tests/e2e
	$(BIN)/pytest -n 2 --dist loadfile tests/e2e

# A million damaged wires, resumable (build/soak.json), then whatever else takes hours.
soak: $(VENV)/.dev
	$(BIN)/python bench/soak.py
	HYPOTHESIS_PROFILE=soak $(BIN)/pytest --timeout 0 tests/firmware tests/machine

# Against OctoPrint, in one run.
bench: $(VENV)/.dev
	$(BIN)/python bench/compare.py
	$(BIN)/python bench/flight.py
	$(BIN)/python bench/push.py
	$(BIN)/python bench/files.py

# Ourselves alone: damaged wires, and a server that is killed, stopped and slowed down.
bench-wire: $(VENV)/.dev
	$(BIN)/python bench/faults.py
	$(BIN)/python bench/undisturbed.py
	$(BIN)/python bench/emergency.py
	$(BIN)/python bench/priority.py

PYTHON_SOURCES := src tests bench ui/page_build.py hatch_build.py

lint: $(VENV)/.dev ui
	$(BIN)/ruff check $(PYTHON_SOURCES)
	$(BIN)/ruff format --check $(PYTHON_SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python ui/page_build.py lint typecheck test

format: $(VENV)/.dev
	$(BIN)/ruff check --fix $(PYTHON_SOURCES)
	$(BIN)/ruff format $(PYTHON_SOURCES)

# The wheel and the source distribution, both with the page.
dist: $(VENV)/.dev
	$(BIN)/uv build --quiet --python $(BIN)/python

# What the tests need of the computer: as root it is installed, else it is named.
DEBIAN_PACKAGES := chromium fonts-dejavu-core curl

browser:
	@if ! command -v chromium >/dev/null || ! command -v curl >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(DEBIAN_PACKAGES) >/dev/null; \
	  else echo "The browser tests need Debian's packages: $(DEBIAN_PACKAGES). As root: apt install $(DEBIAN_PACKAGES)"; exit 1; fi; fi

PROXIES := nginx-light caddy

proxies:
	@if ! PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || ! command -v caddy >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(PROXIES) >/dev/null; \
	  else echo "The tests of proxies need Debian's packages: $(PROXIES). As root: apt install $(PROXIES)"; exit 1; fi; fi

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
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache ui/node_modules src/mrdraw/server/static
