# Everything that people do with a checkout. `make` alone lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help demo serve test check bench format requirements clean

help:
	@echo "make demo      a simulated crowd grows trees, from nothing to an exported file   (ARGS=--exit: and end)"
	@echo "make serve     the service on http://127.0.0.1:8080                              (ARGS=--help)"
	@echo "make test      the tests                                                         (ARGS='-k lease')"
	@echo "make check     format, lint, types and import rules"
	@echo "make bench     speed, on graphs of 10 thousand to 1 million posts                (ARGS='--sizes 10k')"

demo: $(READY)
	$(BIN)/oa-graph demo $(ARGS)

serve: $(READY)
	$(BIN)/oa-graph serve $(ARGS)

test: $(READY)
	$(BIN)/python -m pytest $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m tests.bench $(ARGS)

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The environment: exactly the pinned packages, and the checkout itself.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; call make PYTHON=<that one>") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Pins the newest versions that pyproject.toml allows. The file names no host: everyone installs from his own index.
requirements:
	$(PYTHON) -m venv $(VENV)-pin
	$(VENV)-pin/bin/python -m pip install --quiet uv
	$(VENV)-pin/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-header --no-annotate --quiet --output-file requirements.txt
	rm -rf $(VENV)-pin

clean:
	rm -rf $(VENV) $(VENV)-pin demo dist build bench-results .pytest_cache .ruff_cache .hypothesis .import_linter_cache
