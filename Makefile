# Every target makes the virtual environment that it needs, with or without uv on the machine.
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 4
ARGS ?=
.DEFAULT_GOAL := help
# Every worker and every start of the bot would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help sandbox run check test lint fmt types bench long goldens gallery pictures probe-lab probe-table clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# uv makes the environment. Where the machine has none, a pinned one is put into the environment
# by pip, and kept there (--inexact).
define sync
	@if command -v uv >/dev/null 2>&1; then uv sync --quiet --frozen --compile-bytecode --python $(PYTHON) $(1); else \
	  bash tests/bootstrap.sh $(PYTHON) $(VENV) $(UV_VERSION) && \
	  $(BIN)/uv sync --quiet --frozen --inexact --compile-bytecode $(1); fi
	@touch $@
endef

$(VENV)/.sandbox: uv.lock pyproject.toml
	$(call sync,--no-default-groups --group sandbox)

$(VENV)/.dev: uv.lock pyproject.toml
	$(call sync,)
	@touch $(VENV)/.sandbox

sandbox: $(VENV)/.sandbox ## the whole product here, no account (AUTO=1 by itself; ORDER=published; UNDO=1; CODE=github or gitlab)
	@AUTO=$(AUTO) ORDER=$(ORDER) UNDO=$(UNDO) CODE=$(CODE) $(BIN)/python -m sandbox

run: $(VENV)/.sandbox ## the bot, with the settings of the environment
	@$(BIN)/python app.py

check: $(VENV)/.sandbox ## are the settings, tokens and rights in order?
	@$(BIN)/python app.py check

test: $(VENV)/.dev ## lint, types and every test (ARGS=tests/unit; SEED=1; JOBS=4)
	@bash tests/needs.sh git ssh node npm chromium lab
	@$(BIN)/ruff check --quiet . && $(BIN)/ruff format --quiet --check .
	@# The types are checked meanwhile; each test is compiled once, and not by each worker.
	@$(BIN)/mypy --no-error-summary & types=$$!; \
	  $(BIN)/pytest -qq --collect-only $(ARGS) >/dev/null; \
	  $(BIN)/pytest -q -n $(JOBS) --dist worksteal $(if $(SEED),--randomly-seed=$(SEED)) $(ARGS); \
	  tests=$$?; wait $$types && exit $$tests

lint: $(VENV)/.dev ## the rules of style
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

fmt: $(VENV)/.dev ## bring the code into form
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

types: $(VENV)/.dev ## mypy, strict
	@$(BIN)/mypy

bench: $(VENV)/.dev ## measure against a baseline in the same run (JSON=FILE)
	@bash tests/needs.sh git curl chromium
	@JSON=$(JSON) $(BIN)/python -m tests.bench

long: $(VENV)/.dev ## the long tests: undo from each state and in parts, a kill at every write, the rate (four minutes)
	@bash tests/needs.sh git ssh
	@$(BIN)/pytest -q -n $(JOBS) --dist worksteal tests/long/*.py

goldens: $(VENV)/.dev ## make the cards' golden files anew; review the difference
	@$(BIN)/python -m tests.goldens

gallery: $(VENV)/.dev ## every card, form and home tab: snapshots anew, and build/gallery.html
	@$(BIN)/python -m tests.gallery && $(BIN)/python -m tests.gallery_page

pictures: $(VENV)/.dev ## the pictures of the README and docs, from real runs (PART=run, cards or terminal)
	@bash tests/needs.sh chromium
	@$(BIN)/python -m tests.pictures docs/pictures $(PART)

probe-lab: $(VENV)/.dev ## the origin probe against every server of the laboratory (TIMES=20; KIND=nginx)
	@bash tests/needs.sh lab
	@$(BIN)/python -m tests.contract.lab $(or $(TIMES),20) $(if $(KIND),"$(KIND)")

probe-table: $(VENV)/.dev ## the table of docs/probe-lab.md, from the same servers
	@bash tests/needs.sh lab
	@$(BIN)/python -m tests.contract.lab.table

clean: ## remove everything that was made
	@rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
