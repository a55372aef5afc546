# Everything one does with sagasim. `make` alone explains.

PYTHON  ?= python3
ADDRESS ?= 127.0.0.1:8000
JOBS    ?= auto
VENV    := .venv
BIN     := $(VENV)/bin
PIP     := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
MANAGE  := $(BIN)/python manage.py

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check python-checks web-checks format bench screenshots lock clean

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---------------------------------------------------------------- use it

run: $(VENV)/installed $(BIN)/sagasim ## Serve sagasim on this machine; another address: make run ADDRESS=127.0.0.1:8001
	@$(MANAGE) migrate --verbosity 0
	@$(if $(wildcard sagasim/*/management/commands/load_gallery.py),$(MANAGE) load_gallery)
	@exec $(MANAGE) serve $(ADDRESS)

# ---------------------------------------------------------------- change it

test: $(VENV)/installed-dev $(BIN)/sagasim ## Run the tests, one process per core; SLOW=1 adds the slow ones, alone; ARGS goes to pytest
	@tools/ensure-chromium
	$(BIN)/python -m pytest -m "not slow" --numprocesses $(JOBS) --dist worksteal $(ARGS)
	$(if $(SLOW),$(BIN)/python -m pytest -m slow $(ARGS) $(if $(ARGS),|| test $$? -eq 5))

check: python-checks web-checks ## Run every check that is not a test
	@echo "All checks passed$(if $(NODE),, (scripts and styles unchecked: no Node))."

python-checks: $(VENV)/installed-dev
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports --no-logo --no-cache
	$(MANAGE) check --fail-level WARNING
	$(MANAGE) makemigrations --check --dry-run
	$(BIN)/djade --check --target-version 5.2 $(TEMPLATES)
	$(BIN)/djlint --lint --quiet templates

format: $(VENV)/installed-dev ## Let the formatters have their way
	$(BIN)/ruff format --quiet
	$(BIN)/ruff check --fix --quiet
	-$(BIN)/djade --target-version 5.2 $(TEMPLATES)
	$(if $(NODE),$(MAKE) --no-print-directory node_modules/.package-lock.json && npm run --silent format)

bench: $(VENV)/installed-dev ## Measure what the project promises about speed; ARGS names benchmarks
	@$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(VENV)/installed-dev ## Take the pictures of the README anew
	@tools/ensure-chromium
	$(BIN)/python tools/screenshots.py

lock: ## Pin anew what the requirements pull in (constraints.txt)
	rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(VENV)-lock/bin/python -m pip freeze > constraints.txt
	rm -rf $(VENV)-lock

clean: ## Forget what was installed and cached; your sagas in var/ stay
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

TEMPLATES = $(shell find templates -name '*.html')

# ---------------------------------------------------------------- scripts and styles: Node checks them, nothing runs on it

NODE := $(shell command -v npm)

ifdef NODE
web-checks: node_modules/.package-lock.json
	npm run --silent check
else
web-checks:
	@echo "NO NODE: static/ is NOT CHECKED (Biome, tsc). To check it: install Node 20 or newer with npm." >&2
	@test -z "$$CI"
endif

node_modules/.package-lock.json: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# ---------------------------------------------------------------- the virtual environment, made once, renewed when a list changes

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "sagasim needs Python 3.11 or newer as $(PYTHON); another one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "$(PYTHON) cannot make virtual environments: on Debian and Ubuntu, apt-get install python3-venv." >&2; exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.txt constraints.txt | $(BIN)/python
	@echo "Installing what sagasim needs (requirements.txt) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(BIN)/sagasim: | $(BIN)/python
	@ln -sf ../../tools/sagasim $@

$(VENV)/installed-dev: requirements-dev.txt requirements.txt constraints.txt | $(BIN)/python
	@echo "Installing what checks and tests need (requirements-dev.txt) ..."
	@$(PIP) -r requirements-dev.txt
	@touch $(VENV)/installed $@
