# One command each; every target sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help run test check chaos bench screenshots format lock wheel clean

help: ## Say what each target does
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

$(STAMP): deploy/requirements-dev.txt pyproject.toml
	@$(PYTHON) deploy/preflight.py
	@echo "Setting up $(VENV) (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

run: $(STAMP) ## Serve the demo campaign on this machine (BIND=127.0.0.1:8000)
	@$(BIN)/quizsvc run $(if $(BIND),--bind $(BIND)) $(if $(WORKERS),--workers $(WORKERS))

test: $(STAMP) ## Run the whole test suite on SQLite and PostgreSQL
	@$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

check: $(STAMP) ## Lint, types, import contracts, dependencies, migrations, question bank
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .
	@$(BIN)/python -m pytest -q tests/contracts
	@$(BIN)/quizsvc questions check questions

chaos: $(STAMP) ## Kill, empty and set back everything while a crowd draws (minutes; ARGS="--tickets 2000")
	@$(BIN)/python -m tests.chaos $(ARGS)

bench: $(STAMP) ## Measure the hot calls against a bare Flask route in the same run
	@$(BIN)/python -m benchmarks

screenshots: $(STAMP) ## Take a picture of every screen and page into screenshots/ (wants chromium)
	@$(BIN)/python -m tests.journeys.pictures $(ARGS)

format: $(STAMP) ## Format and mend what the linter can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

lock: ## Pin every dependency with hashes anew (needs uv on PATH)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -o deploy/requirements.txt
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group dev pyproject.toml -o deploy/requirements-dev.txt

wheel: $(STAMP) ## Build the wheel into dist/
	@$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## Remove the virtual environment and caches (the data folder stays)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache dist
