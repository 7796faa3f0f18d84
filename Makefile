# Everything that people do with a checkout. `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Each command that the tests start would otherwise compile the program anew; images of containers often set this.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo serve test test-all test-unit test-graph test-http test-process test-web test-slow check client docs bench format requirements secrets clean

help:
	@echo "make install   the program and all extras, into .venv; the other targets do that by themselves"
	@echo "make demo      a simulated crowd grows trees, from nothing to an exported file   (ARGS=--exit: and end)"
	@echo "make serve     the service on http://127.0.0.1:8080                              (ARGS=--help)"
	@echo "make test      the tests of units, the graph and HTTP                            (ARGS='-k lease')"
	@echo "make test-all  these, and the tests that start servers and commands; single layers: test-unit, test-graph,"
	@echo "               test-http, test-process, test-web (pages, in Chromium); test-slow: what takes minutes and widens"
	@echo "               the others, and each property on 1000 examples instead of 40"
	@echo "make check     format, lint, types and import rules"
	@echo "make client    the sync client of Python, from the async one"
	@echo "make docs      the documentation, into docs/_build/html"
	@echo "make bench     speed, on graphs of 10 thousand to 1 million posts                (ARGS='--sizes 10k')"
	@echo "make secrets   the password that docker-compose.yml reads; existing files stay"

install: $(READY)

demo: $(READY)
	$(BIN)/oa-graph demo $(ARGS)

serve: $(READY)
	$(BIN)/oa-graph serve $(ARGS)

# A folder of tests/ is a layer. The unit layer needs no server. Workers share the files of tests, and each starts a
# Neo4j for its run; ARGS=-n0 runs without them. What starts servers and browsers of its own runs one after the other.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest
SHARED := $(PYTEST) -n $(WORKERS) --dist loadfile

test: $(READY)
	$(SHARED) $(ARGS) tests/unit tests/graph tests/http

test-all: test test-process test-web

test-unit test-graph test-http: $(READY)
	$(SHARED) $(ARGS) tests/$(@:test-%=%)

test-process test-web: $(READY)
	$(PYTEST) $(ARGS) tests/$(@:test-%=%)

test-slow: $(READY)
	$(SHARED) -m "hypothesis and not slow" --hypothesis-profile wide $(ARGS) tests/unit tests/graph
	$(PYTEST) -m slow $(ARGS) tests

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

# The verbs stand in oa_graph/client/asynchronous.py alone.
client: $(READY)
	$(BIN)/python -m tests.sync_client

# Warnings are errors, broken links among them.
docs: $(READY)
	$(BIN)/python -m sphinx --builder html --fail-on-warning --keep-going --quiet docs docs/_build/html

bench: $(READY)
	$(BIN)/python -m bench $(ARGS)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The environment: exactly the pinned packages, and the checkout itself.
$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; call make PYTHON=<that one>") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Pins what pyproject.toml asks for: requirements-dev.txt for a checkout, requirements.txt for the Docker image. Pins
# that still fit stay; ARGS=--upgrade takes the newest. The files name no host: installations use their own index.
PIN = $(VENV)-pin/bin/uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --quiet
requirements:
	$(PYTHON) -m venv $(VENV)-pin
	$(VENV)-pin/bin/python -m pip install --quiet uv
	$(PIN) --group dev $(ARGS) --output-file requirements-dev.txt
	$(PIN) --group image --extra fast --extra otel --constraint requirements-dev.txt --output-file requirements.txt
	rm -rf $(VENV)-pin

# Neo4j reads the first when it makes its store, the service reads the second. The folder keeps other users of this
# machine out; the files are readable, because the users inside of the containers have other ids.
secrets: secrets/neo4j_auth secrets/neo4j_password

secrets/neo4j_auth:
	@mkdir -p -m 700 secrets
	@{ cat secrets/neo4j_password 2>/dev/null || $(PYTHON) -c 'import secrets; print(secrets.token_hex(24))'; } \
	  | sed 's|^|neo4j/|' > $@
	@chmod 644 $@
	@echo "written: $@"

secrets/neo4j_password: | secrets/neo4j_auth
	@sed 's|^neo4j/||' secrets/neo4j_auth > $@
	@chmod 644 $@
	@echo "written: $@"

clean:
	rm -rf $(VENV) $(VENV)-pin demo dist build docs/_build bench-results .pytest_cache .ruff_cache .hypothesis .import_linter_cache
