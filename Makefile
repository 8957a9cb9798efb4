# Two commands do all: `make site` and `make test`. Both create the environment in .venv on their first run.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# PDFs and compressed files must not depend on when or where they are made.
export SOURCE_DATE_EPOCH ?= 0
export PYTHONHASHSEED ?= 0
# What one process has compiled need not be compiled by each of the many others.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: site test lint bench serve clean

site: $(VENV)/.installed
	$(BIN)/longhand build $(if $(STRICT),--strict)

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest -n auto --dist loadgroup $(PYTEST_ARGS)

lint: $(VENV)/.installed-lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.installed-test
	$(BIN)/python -m pip install -q -e '.[bench]'
	$(BIN)/python benchmarks/run.py

serve: $(VENV)/.installed
	$(BIN)/longhand serve

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[test]'
	touch $@

$(VENV)/.installed-lint: $(VENV)/.installed-test
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[lint]'
	touch $@

clean:
	rm -rf build dist $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
