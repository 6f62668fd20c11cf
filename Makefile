# make demo   watch 24 simulated Windows servers be previewed, remediated, verified, rolled back
# make test   format, lint, types, import contract, tests
# Both make their own .venv and install what is missing; a second start is quick.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Ansible itself, in an environment of its own: tests compare what both make of the same playbook.
ANSIBLE := .venv-ansible
ANSIBLE_STAMP := $(ANSIBLE)/.installed-2.19.14

.PHONY: demo test clean venv-module

demo: $(STAMP)
	@$(BIN)/python playbooks/wannacry/demo.py

test: $(STAMP) $(ANSIBLE_STAMP)
	@echo "==> format and lint (ruff)"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@echo "==> types (mypy --strict)"
	@$(BIN)/mypy
	@echo "==> import contract"
	@$(BIN)/lint-imports --no-cache
	@echo "==> tests"
	@RUNNER_TEST_ANSIBLE=$(CURDIR)/$(ANSIBLE)/bin $(BIN)/pytest -n auto --dist loadgroup

$(STAMP): pyproject.toml constraints.txt
	@echo "==> making $(VENV) and installing what is missing (once; about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "runner needs Python 3.11 or later; say which one with: make PYTHON=python3.12 demo")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory venv-module
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

$(ANSIBLE_STAMP): $(STAMP)
	@echo "==> installing ansible-core into $(ANSIBLE), to compare with (once)"
	@$(PYTHON) -m venv $(ANSIBLE)
	@$(ANSIBLE)/bin/pip install --quiet --disable-pip-version-check 'ansible-core==2.19.14' jmespath
	@touch $@

# Debian and Ubuntu keep the venv module in a package of its own.
venv-module:
	@echo "==> installing the package python3-venv (apt)"
	@command -v apt-get >/dev/null || { echo "Python's venv module is missing: install it and type make again"; exit 1; }
	@if [ "$$(id -u)" = 0 ]; then run=; else run=sudo; fi; \
		$$run apt-get update -qq && $$run apt-get install -qq -y python3-venv >/dev/null

clean:
	rm -rf $(VENV) $(ANSIBLE) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
