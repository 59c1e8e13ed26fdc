# `make` alone lists what there is. Needs Python 3.11 or newer with venv, and nothing else.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
APPS := incentives_portal accounts profiles enrollment
# Production-like settings, for the checks that ask how it would be deployed.
DEPLOYED := env -u DEMO -u DEBUG -u TESTING SECRET_KEY=$$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(64))") \
	FIELD_KEYS=k1:$$($(BIN)/python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())") \
	BLIND_INDEX_KEY=$$($(BIN)/python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())") \
	DATABASE_URL=postgresql://portal@db/portal REDIS_URL=redis://redis:6379/0 ALLOWED_HOSTS=portal.example PORTAL_URL=https://portal.example

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-reset test bench check format messages docs lock

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv from the hashed lock (the others do it when needed)
	@$(PYTHON) incentives_portal/local/bootstrap.py $(VENV) requirements/dev.txt

demo: setup ## run the portal with demonstration data on http://127.0.0.1:8000 (PORT= for another)
	@PORT=$(PORT) exec $(BIN)/python -m incentives_portal.local.demo

demo-reset: setup ## forget the demonstration's data
	@$(BIN)/python -m incentives_portal.local.reset

test: setup ## run every test, browser tests included (ARGS= for pytest)
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

bench: setup ## measure speed and scale, each as a ratio within one run (ARGS= for some of bench/)
	@$(BIN)/python -m bench $(ARGS)

check: setup ## format, lint, types, imports, migrations, texts, templates, deployment, security
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	TESTING=1 $(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	DEBUG=1 $(BIN)/python manage.py messages --check
	DEBUG=1 $(BIN)/python manage.py reference --check
	$(BIN)/djlint --lint --quiet templates
	$(DEPLOYED) $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive $(APPS)

format: setup ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: setup ## collect the texts into locale/sv; then translate what is new
	DEBUG=1 $(BIN)/python manage.py messages

docs: setup ## write the reference and the lifecycle picture from the code
	DEBUG=1 $(BIN)/python manage.py reference
	DEBUG=1 $(BIN)/python manage.py lifecycle_picture

lock: setup ## compile requirements/*.txt anew from pyproject.toml (needs uv)
	@$(BIN)/python requirements/compile.py
