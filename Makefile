# make demo   watch 24 simulated Windows servers be previewed, remediated, verified, rolled back
# make test   format, lint, types, import contract, tests
# Both make their own .venv and install what is missing; a second start is quick.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint clean

demo: $(STAMP)
	@$(BIN)/python playbooks/wannacry/demo.py

test: $(STAMP)
	@echo "==> format and lint (ruff)"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@echo "==> types (mypy --strict)"
	@$(BIN)/mypy
	@echo "==> import contract"
	@$(BIN)/lint-imports --no-cache
	@echo "==> tests"
	@$(BIN)/pytest -n auto

$(STAMP): pyproject.toml constraints.txt
	@echo "==> making $(VENV) and installing what is missing (once; about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "runner needs Python 3.11 or later; say which one with: make PYTHON=python3.12 demo")'
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
