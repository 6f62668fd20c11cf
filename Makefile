# make demo   watch 24 simulated Windows servers be previewed, remediated, verified, rolled back
# make test   format, lint, types, import contract, tests (against a real sshd, KDC, ansible-core...)
# make crash-test kill the controller at 300 random moments of troubled networks; go on, take back,
#                 compare (very long)
# make rehearse   the response to WannaCry on 230 simulated hosts, and its way back (a quarter of an hour)
# make fuse-campaign   thousands of random plays, one by one and with what travels together (long)
# make campaign   a thousand random network troubles under runs of 20 simulated servers (long)
# make bench  what a task costs the controller, beside pywinrm, pypsrp and Ansible (ten minutes)
# make bench-scale one controller and 1,000, 5,000, 10,000 simulated hosts
# Both make their own .venv and install what is missing; a second start is quick.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Ansible itself, in an environment of its own: tests compare what both make of the same playbook.
ANSIBLE := .venv-ansible
ANSIBLE_STAMP := $(ANSIBLE)/.installed-2.19.14
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.installed-2.19.14-12.3.0
# The optional logons. Their bindings are compiled here; unoptimized that takes two minutes, not nine.
LOGONS_STAMP := $(VENV)/.installed-logons
# What drives the browser in tests; nothing that a demo needs.
BROWSER_STAMP := $(VENV)/.installed-browser

# Tests wait for simulated networks much of their time: one more process than there are cores.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)

.PHONY: demo test check campaign fuse-campaign rehearse conformance crash-test plan-test parts wine clean venv-module bench bench-scale

demo: $(STAMP)
	@$(BIN)/python playbooks/wannacry/demo.py

# What tests talk to for real, where it can be installed; without it they are skipped and say so.
# Wine and the compiler for its stand-ins: a Windows command line that we did not write. Chromium without
# a window: opens the HTML report as a browser does (96 MB to fetch, 300 MB on disk, half a minute).
PARTS := busybox nginx-light wine64 gcc-mingw-w64-x86-64-win32 openssh-server openssh-client sudo procps krb5-kdc krb5-admin-server krb5-user libkrb5-dev libfaketime gcc chromium-headless-shell

parts:
	@command -v dpkg-query >/dev/null || exit 0; \
	missing=; for p in $(PARTS); do \
		dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then echo "not installed, so some tests are skipped:$$missing"; exit 0; fi; \
	echo "==> installing$$missing (apt)"; \
	apt-get update -qq && known= && for p in $$missing; do \
		if apt-cache show $$p >/dev/null 2>&1; then known="$$known $$p"; \
		else echo "there is no package $$p here, so some tests are skipped"; fi; done && \
	DEBIAN_FRONTEND=noninteractive apt-get install -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends $$known >/dev/null

test:
	@$(MAKE) --no-print-directory -j2 parts $(STAMP)
	@$(MAKE) --no-print-directory -j2 check $(LOGONS_STAMP) $(ANSIBLE_STAMP) $(BROWSER_STAMP) wine
	@echo "==> tests"
	@RUNNER_WINE_CACHE=$(WINE_CACHE) RUNNER_TEST_ANSIBLE=$(CURDIR)/$(ANSIBLE)/bin \
		$(BIN)/pytest -n $(WORKERS) --dist loadgroup

check: $(STAMP)
	@echo "==> format and lint (ruff)"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@echo "==> types (mypy --strict)"
	@$(BIN)/mypy
	@echo "==> import contract"
	@$(BIN)/lint-imports --no-cache

# Ask ansible-core all questions again whose answers are on record (make test asks some).
conformance: $(ANSIBLE_STAMP)
	@RUNNER_TEST_EVERYTHING=1 RUNNER_TEST_ANSIBLE=$(CURDIR)/$(ANSIBLE)/bin $(BIN)/pytest tests/conformance \
		tests/modules/files/test_against_ansible.py

# CRASH_SEED=N repeats one, CRASH_POINTS=N makes it shorter or longer.
crash-test: $(STAMP)
	@CRASH_POINTS=$${CRASH_POINTS:-300} CRASH_HOSTS=$${CRASH_HOSTS:-20} $(BIN)/pytest -s tests/e2e/test_crash.py

rehearse: $(STAMP)
	@REHEARSE_HOSTS=230 $(BIN)/pytest -s tests/e2e/test_rehearse_230.py

plan-test: $(STAMP)
	@PLAN_HOSTS=230 $(BIN)/pytest tests/e2e/test_plan.py

# CAMPAIGN_SEED=N repeats one, CAMPAIGN_FAULTS=N makes it shorter or longer.
fuse-campaign: $(STAMP)
	@RUNNER_FUSE_EXAMPLES=$${RUNNER_FUSE_EXAMPLES:-2000} $(BIN)/pytest -q tests/engine/fusing/test_changes_property.py

campaign: $(STAMP)
	@CAMPAIGN_FAULTS=$${CAMPAIGN_FAULTS:-1000} $(BIN)/pytest -s tests/e2e/test_campaign.py

$(STAMP): pyproject.toml constraints.txt
	@echo "==> making $(VENV) and installing what is missing (once; about a minute)"
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "runner needs Python 3.11 or later; say which one with: make PYTHON=python3.12 demo")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory venv-module
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	@touch $(STAMP)

$(LOGONS_STAMP): $(STAMP)
	@command -v krb5-config >/dev/null || { echo "no krb5-config: Kerberos is not tested"; exit 0; }; \
	echo "==> compiling the bindings for Kerberos and CredSSP (once; two minutes)"; \
	CFLAGS="-O0 -g0" $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt \
		-e '.[dev,kerberos,credssp]' && touch $@

# After the logons, because two pips in one environment get in each other's way.
$(BROWSER_STAMP): $(STAMP) | $(LOGONS_STAMP)
	@echo "==> installing Playwright, which drives Chromium in tests (once)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[browser]'
	@touch $@

# BENCH=full for every combination (hours), BENCH=smoke for a quick look; BENCH_ROUNDS=5 for better
# medians. The results go to bench/results/latest.json and into docs/performance.md: look at the diff.
BENCH ?= quick
BENCH_ROUNDS ?= 3
BENCH_HOSTS ?= 1000,5000,10000
BENCH_SCALE_ROUNDS ?= 1

bench: $(BENCH_STAMP)
ifeq ($(BENCH),smoke)
	@$(BIN)/python -m bench compare --matrix smoke --rounds 1 --output build/bench/smoke.json
else
	@$(BIN)/python -m bench compare --matrix $(BENCH) --rounds $(BENCH_ROUNDS)
	@$(BIN)/python -m bench parts --rounds $(BENCH_ROUNDS)
	@$(BIN)/python -m bench docs
endif

bench-scale: $(STAMP)
	@$(BIN)/python -m bench scale --hosts $(BENCH_HOSTS) --rounds $(BENCH_SCALE_ROUNDS)
	@$(BIN)/python -m bench docs

# What to compare with: ansible-core with the one collection that is needed, out of 500 MB of them.
$(BENCH_STAMP): | $(STAMP)
	@echo "==> installing ansible-core and ansible.windows into $(BENCH_VENV), to compare with (once)"
	@$(PYTHON) -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt \
		'ansible-core==2.19.14' pywinrm requests-ntlm
	@mkdir -p build/bench/wheel
	@$(BENCH_VENV)/bin/pip download --quiet --disable-pip-version-check --no-deps -d build/bench/wheel 'ansible==12.3.0'
	@$(BENCH_VENV)/bin/python -m bench.collection build/bench/wheel ansible.windows
	@touch $@

$(ANSIBLE_STAMP): $(STAMP)
	@echo "==> installing ansible-core into $(ANSIBLE), to compare with (once)"
	@$(PYTHON) -m venv $(ANSIBLE)
	@$(ANSIBLE)/bin/pip install --quiet --disable-pip-version-check 'ansible-core==2.19.14' jmespath
	@touch $@

# What every Wine machine is a layer over: made once for a version of Wine, in about ten seconds.
WINE_CACHE := $(CURDIR)/build/wine

wine: $(STAMP)
	@RUNNER_WINE_CACHE=$(WINE_CACHE) $(BIN)/python -m runner.lab.wine >/dev/null || true

# Debian and Ubuntu keep the venv module in a package of its own.
venv-module:
	@echo "==> installing the package python3-venv (apt)"
	@command -v apt-get >/dev/null || { echo "Python's venv module is missing: install it and type make again"; exit 1; }
	@if [ "$$(id -u)" = 0 ]; then run=; else run=sudo; fi; \
		$$run apt-get update -qq && $$run apt-get install -o DPkg::Lock::Timeout=300 -qq -y python3-venv >/dev/null

clean:
	rm -rf $(VENV) $(ANSIBLE) $(BENCH_VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
