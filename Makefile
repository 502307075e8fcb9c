# Everything a clone needs: `make demo` to try it, `make serve` to run it, `make test` and `make lint` to change it.
# The virtualenv is made when it is missing and brought up to date when the locked requirements change.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo serve test lint bench lock clean

VENV ?= .venv
BIN := $(VENV)/bin
# The oldest Python that is supported is tried first: it is the one the tests run on. A name on the PATH may be an empty shell
# of a version manager, so each is asked.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
UV := $(shell command -v uv 2>/dev/null)
BASE := $(VENV)/.base-is-installed
DEV := $(VENV)/.dev-is-installed

help:
	@echo "make demo   try it: an association of 250 members between simulators of Congressus and Exact Online"
	@echo "make serve  run it: database, broker, worker and web server on this machine"
	@echo "make test   all tests, on SQLite unless DATABASE_URL says otherwise"
	@echo "make lint   style, types, imports, templates, migrations"
	@echo "make bench  measure it"
	@echo "make lock   choose versions anew, within pyproject.toml"
	@echo "make clean  remove what can be made again; data and keys under var/ stay"

demo: $(BASE)
	@$(BIN)/python manage.py demo

serve: $(BASE)
	@$(BIN)/python manage.py serve

# Two processes; a file stays together, so that what it starts is started once. PYTEST_ARGS narrows or widens.
test: $(DEV)
	$(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	find templates -name '*.html' -print0 | xargs -0 $(BIN)/djade --target-version 5.2 --check
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python manage.py makemigrations --check --dry-run

bench: $(DEV)
	$(BIN)/python -m benchmarks

lock: $(DEV)
	$(BIN)/uv pip compile --upgrade --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
		--extra embedded --output-file requirements/base.txt pyproject.toml
	$(BIN)/uv pip compile --upgrade --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --python-version 3.11 \
		--extra embedded --extra dev --output-file requirements/dev.txt pyproject.toml

clean:
	rm -rf $(VENV) staticfiles test-results htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || \
		{ echo "There is no Python 3.11 or newer here. Install one, or say where it is: make PYTHON=/path/to/python3.11"; exit 1; }
ifdef UV
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) $(VENV)
else
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "The venv module is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
endif

# Hashes are checked: what is installed is what was tested, or nothing.
$(BASE): requirements/base.txt | $(BIN)/python
	$(call install,requirements/base.txt)
	@touch $@

# The development requirements hold the others.
$(DEV): requirements/dev.txt | $(BIN)/python
	$(call install,requirements/dev.txt)
	@touch $(BASE) $@

# A virtualenv that uv made has no pip in it.
ifdef UV
install = @echo "Installing $(1) ..." && $(UV) pip install --quiet --python $(BIN)/python --require-hashes -r $(1)
else
install = @echo "Installing $(1) ..." && { $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; } && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
endif
