# `make serve` reads the papers; `make test` passes the tests; `make check` is what a change must pass.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps --no-compile
ARGS ?=

.PHONY: setup serve test test-slow check format lint types imports bench peers soak docs screenshots lock clean

setup: .venv/.runtime

.venv/.runtime: requirements/runtime.txt pyproject.toml
	@echo "Setting up .venv (a minute or two) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Broadsheet needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) -r requirements/runtime.txt
	@$(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.test: requirements/test.txt .venv/.runtime
	@echo "Adding what the tests need ..."
	@$(PIP) -r requirements/test.txt
	@touch $@

serve: setup
	@$(BIN)/broadsheet serve $(ARGS)

test: .venv/.test
	@$(BIN)/python -m pytest $(ARGS)

test-slow: .venv/.test
	@$(BIN)/python -m pytest -m slow $(ARGS)

check: lint types imports test

format: .venv/.test
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lint: .venv/.test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

types: .venv/.test
	@$(BIN)/mypy

imports: .venv/.test
	@$(BIN)/lint-imports --no-cache

.venv-docs/.docs: requirements/docs.txt
	@echo "Setting up .venv-docs ..."
	@test -x .venv-docs/bin/python || $(PYTHON) -m venv .venv-docs
	@.venv-docs/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes --no-deps \
		--no-compile -r requirements/docs.txt
	@touch $@

docs: setup .venv-docs/.docs
	@$(BIN)/python tools/reference.py
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict
	@$(BIN)/python tools/check_site.py
	@echo "The documentation is in site/index.html"

bench: setup
	@$(BIN)/broadsheet bench search $(ARGS) --json
	@$(BIN)/broadsheet bench ingest $(ARGS) --json

.venv-peers/.peers: pyproject.toml
	@echo "Setting up .venv-peers (torch alone is a download of 200 MB to several GB) ..."
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip --disable-pip-version-check --quiet install --upgrade "pip>=25.1"
	@.venv-peers/bin/python -m pip --disable-pip-version-check --quiet install --no-compile -e . --group peers
	@touch $@

peers: .venv-peers/.peers
	@.venv-peers/bin/python tools/peers.py $(ARGS)

soak: setup
	@$(BIN)/broadsheet bench soak --minutes 60 $(ARGS) --json

lock:
	@bash tools/lock.sh

screenshots: .venv/.test
	@$(BIN)/python tools/screenshots.py

clean:
	rm -rf .venv .venv-docs .venv-peers build dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
