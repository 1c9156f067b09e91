# Short names for what README.md says. Everything works from a bare checkout: the environment is made first.
BIN := $(or $(LOOPCARE_VENV),.venv)/bin
MANAGE := python3 manage.py

.PHONY: run test check lint types migrations environment spark bench faults messages requirements

run:
	@$(MANAGE) run

test:
	@$(MANAGE) test

check: lint types migrations test  ## what CI runs, tests last

environment:
	@$(MANAGE) environment

spark:  ## what scans on Spark add; Java 17 must be there
	@$(MANAGE) environment spark

lint: environment
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: environment
	$(BIN)/mypy .

migrations: environment
	$(MANAGE) check --fail-level WARNING
	$(MANAGE) makemigrations --check --dry-run

bench: environment
	$(BIN)/python -m pytest tests/benchmarks -m bench -n 0 -s -q

faults: environment
	$(BIN)/python -m pytest tests/faults -n 0 -s -q

messages: environment
	$(MANAGE) makemessages --all --ignore .venv --ignore var --ignore tests --no-obsolete --no-location
	$(MANAGE) compilemessages --ignore .venv

COMPILE := uv pip compile --quiet --generate-hashes --universal --no-header --no-annotate --python-version 3.11
requirements: environment
	PATH="$(BIN):$$PATH" $(COMPILE) requirements.in -o requirements.txt
	PATH="$(BIN):$$PATH" $(COMPILE) requirements-dev.in -o requirements-dev.txt
	PATH="$(BIN):$$PATH" $(COMPILE) requirements-spark.in -o requirements-spark.txt
	PATH="$(BIN):$$PATH" $(COMPILE) requirements-uv.in -o requirements-uv.txt
