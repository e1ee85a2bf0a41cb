# `make` alone shows what there is. Needs: Python 3.11 to 3.13 and make. Nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV ?= .venv
BIND ?= 127.0.0.1
PORT ?= 8000
ARGS ?=
UV ?= uv

export VENV
PY := $(VENV)/bin/python
INSTALL := $(PYTHON) requirements/install.py
DEV := $(INSTALL) dev
PAGES = $(shell find */templates -name '*.html')

.PHONY: help setup run test check check-lint check-types check-imports check-templates check-django check-schema \
	check-lock check-scripts format schema bench honest-numbers drill lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make the development environment in .venv
	@$(DEV)

run: ## start everything on this machine: database, content, demonstration family, web, worker, schedule
	@$(INSTALL) runtime --steps 5
	@exec $(PY) manage.py up --demo --bind $(BIND):$(PORT) --step 3 $(ARGS)

test: ## run every test that this machine can run (ARGS="-k moments" for a part)
	@$(DEV) --steps 3
	@echo "3/3 tests"
	@$(PY) -m tests.everything $(ARGS)

check: ## lint, types, import contracts, templates, migrations, deployment, API description
	@$(DEV)
	@$(MAKE) -k check-lint check-imports check-lock check-templates check-types check-django check-schema check-scripts

check-lint:
	@echo "- lint and format"
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet .

check-types:
	@echo "- types"
	@$(PY) -m mypy

check-imports:
	@echo "- who may import whom"
	@$(VENV)/bin/lint-imports --no-logo --no-cache

check-lock:
	@echo "- lock files name packages and hashes, no hosts"
	@! grep -nE '://|--(extra-)?index-url|--find-links|^-e' requirements/*.txt package-lock.json

check-templates:
	@echo "- templates"
	@test -z "$(PAGES)" || $(VENV)/bin/djade --check --target-version 5.2 $(PAGES)

check-django:
	@echo "- migrations and system checks, local and as in production"
	@$(PY) manage.py makemigrations --check --dry-run --verbosity 0 \
		|| { echo "Models changed without a migration: python manage.py makemigrations"; exit 1; }
	@$(PY) manage.py check --fail-level WARNING
	@env ATTUNE_MODE=production DEBUG=0 SITE_URL=https://attune.example ALLOWED_HOSTS=attune.example \
		$$($(PY) -m attune_project.keys) \
		EMAIL_URL=smtp://mail.attune.example:25 VAR_DIR="$$PWD/var/check" \
		$(PY) manage.py check --deploy --fail-level WARNING

check-schema:
	@echo "- the API description says what the code does (make schema writes it)"
	@mkdir -p var/check
	@$(PY) manage.py spectacular --validate --fail-on-warn --file var/check/openapi.yaml
	@diff -u docs/openapi.yaml var/check/openapi.yaml

check-scripts:
	@if ! command -v npm >/dev/null; then echo "- types of the browser scripts: skipped, there is no node here"; \
	elif ! test -x node_modules/.bin/tsc && ! npm ci --silent >/dev/null 2>&1; then \
		echo "- types of the browser scripts: skipped, npm could not fetch the TypeScript compiler"; \
	else echo "- types of the browser scripts"; node_modules/.bin/tsc -p .; fi

format: ## put code and templates into shape
	@$(DEV)
	@$(PY) -m ruff check --fix --quiet . ; $(PY) -m ruff format --quiet .
	@$(VENV)/bin/djade --target-version 5.2 $(PAGES)

schema: ## write docs/openapi.yaml from the code
	@$(DEV)
	@$(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

bench: ## measure requests, the weekly compile and its mails against floors (docs/performance.md)
	@$(INSTALL) runtime --steps 3
	@echo "3/3 measuring"
	@$(PY) -m benchmarks.bench $(ARGS)

honest-numbers: ## simulate how often what a reflection says of numbers is wrong, and write docs/honest-numbers.md
	@$(DEV)
	@$(PY) -m benchmarks.honest_numbers $(ARGS) > var/honest-numbers.md && mv var/honest-numbers.md docs/honest-numbers.md

drill: ## kill servers on purpose and see what survives (long)
	@$(DEV)
	@$(PY) -m pytest -m drill --timeout 1800 $(ARGS)

# Extras stay in the lock: where one package asks for another's extra, an older pip takes the newest release for it and
# refuses that as unpinned.
lock: ## write the lock files of requirements/ from pyproject.toml (needs uv)
	@$(UV) pip compile --universal --generate-hashes --no-strip-extras -q --no-header pyproject.toml -o requirements/runtime.txt
	@$(UV) pip compile --universal --generate-hashes --no-strip-extras -q --no-header pyproject.toml --group dev \
		-c requirements/runtime.txt -o requirements/dev.txt
	@$(MAKE) check-lock

clean: ## remove environment and caches; the data in var/ stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov .coverage node_modules \
		var/check var/static
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
