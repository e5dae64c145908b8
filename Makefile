# `make help` lists what can be made. Only make and Python 3.11 or newer have to be there.

VENV := .venv
BIN := $(VENV)/bin
WANTS := scripts/install constraints.txt pyproject.toml
TESTS ?=
DEMO ?=

.DEFAULT_GOAL := help
.PHONY: help demo test soak lint format bench docs pictures constraints clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: $(VENV)/.run ## try Plumbline on an emulated console, in a browser; DEMO=--no-serve ends by itself
	@$(BIN)/plumbline demo --home demo-home $(DEMO)

test: $(VENV)/.test ## lint, types, layers and every test; TESTS="-k word" narrows them
	@scripts/test $(TESTS)

soak: $(VENV)/.test ## the same with every round of what is long by nature; TESTS="…" as above
	@scripts/soak $(TESTS)

lint: $(VENV)/.test ## lint, types and layers only
	@scripts/lint

format: $(VENV)/.test ## put the code into its form
	@$(BIN)/ruff check --fix --quiet; $(BIN)/ruff format

bench: $(VENV)/.test ## measure against the peers (docs/performance.md tells what)
	@scripts/bench

docs: $(VENV)/.test ## renew the pages that are made from the code
	@$(BIN)/python scripts/pages.py

pictures: $(VENV)/.test ## renew the pictures of the README
	@$(BIN)/python scripts/pictures.py

constraints: ## renew constraints.txt to the newest versions that fit together (needs uv)
	@scripts/constraints

clean: ## remove the environment, caches and the demo's data
	@rm -rf $(VENV) demo-home build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find src tests bench scripts -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.run: $(WANTS)
	@scripts/install run

$(VENV)/.test: $(WANTS)
	@scripts/install test
