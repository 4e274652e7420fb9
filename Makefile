# The one entry: `make demo`, `make test`, `make check`. Each sets up what it needs, once.

PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
SET_UP := $(PYTHON) -m tests.machine.packages
LOCKED := $(shell cat requirements.lock pyproject.toml | cksum | cut -d ' ' -f 1)
ENVIRONMENT := .venv/ready-$(LOCKED)
MACHINE := .cache/machine-$(shell cksum < tests/machine/packages.py | cut -d ' ' -f 1)-$(shell id -u)
UV := .cache/uv/bin/uv
# Processes that share the tests, each with a Podman of its own.  Rootless ones publish ports on the machine,
# so there can be one of them only.
WORKERS ?= $(if $(filter 0,$(shell id -u)),4,0)
# Where PYTHONDONTWRITEBYTECODE is set, every process would compile all tests again, and all of sloop.
CACHING := PYTHONDONTWRITEBYTECODE=

.DEFAULT_GOAL := help
.PHONY: help demo demo-down test coverage test-matrix bench test-systemd chaos soak mutants check lock clean compiled

help: ## say what there is to make
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(ENVIRONMENT) $(MACHINE) compiled ## deploy the sample application, break it, roll it back
	@.venv/bin/python -m tests.machine.demo up

demo-down: ## remove the demo and all that it started
	@test ! -e .demo || $(PYTHON) -m tests.machine.demo down

test: $(ENVIRONMENT) $(MACHINE) compiled .cache/collected ## run every test, on a real Podman of their own
	@$(CACHING) .venv/bin/pytest --numprocesses=$(WORKERS) --dist=worksteal $(PYTEST)

coverage: $(ENVIRONMENT) $(MACHINE) compiled .cache/collected ## run every test, and show which branches no test has taken: half as long again
	@$(CACHING) .venv/bin/pytest --numprocesses=$(WORKERS) --dist=worksteal \
		--cov=gitops --cov=reconcilers --cov=runtime --cov=schemas --cov-branch --cov-report=term:skip-covered $(PYTEST)

test-matrix: $(ENVIRONMENT) ## run the tests with Podman 4.3 and 5.4, as root and rootless (MATRIX='--only trixie-root')
	@.venv/bin/python -m tests.machine.matrix $(MATRIX)

bench: $(ENVIRONMENT) $(MACHINE) compiled ## measure sloop beside its peers, and write docs/benchmarks.md (BENCH='--counts 1,30')
	@.venv/bin/python -m tests.bench $(BENCH)

chaos: $(ENVIRONMENT) $(MACHINE) compiled ## let random but repeatable misfortune happen, and look at what must hold (CHAOS='--seed 7 --sequences 100')
	@.venv/bin/python -m tests.chaos $(CHAOS)

soak: $(ENVIRONMENT) $(MACHINE) compiled ## keep a busy machine for an hour: nothing may grow (SOAK='--minutes 60')
	@.venv/bin/python -m tests.chaos.soak $(SOAK)

test-systemd: $(ENVIRONMENT) $(MACHINE) compiled ## boot a real systemd for the units, as root: two minutes
	@$(SET_UP) rootless
	@SLOOP_TEST_SYSTEMD=yes .venv/bin/pytest tests/systemd $(PYTEST)

mutants: $(ENVIRONMENT) ## turn one thing after another round in the arithmetic of rollouts: tests must mind (MUTANTS='--modules reconcilers/pacing.py')
	@.venv/bin/python -m tests.mutation $(MUTANTS)

check: $(ENVIRONMENT) ## format, lint, types: seconds
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy

lock: $(UV) ## choose the newest versions that pyproject.toml allows, and write them down with their hashes
	@$(UV) pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --upgrade \
		--default-index https://pypi.org/simple --custom-compile-command 'make lock' --quiet --output-file requirements.lock

clean: demo-down ## forget what was set up and cached
	@rm -rf .venv .cache

compiled: $(ENVIRONMENT)
	@.venv/bin/python -m compileall -q gitops reconcilers runtime schemas

# What pytest makes of the tests is made once, on two cores, and not by all its workers at the same time;
# what goes wrong goes wrong there again, and is told.
.cache/collected: $(ENVIRONMENT)
	@echo tests/gitops tests/podman tests/reconcilers tests/runtime tests/schemas | \
		$(CACHING) xargs -n 1 -P 2 .venv/bin/pytest --collect-only -qq > /dev/null || true
	@mkdir -p .cache
	@touch $@

# The name of each stamp says what it was made from, so a change makes it anew and nothing else does.
$(ENVIRONMENT):
	@test -n "$(PYTHON)" || { echo "sloop needs Python 3.11 or later: install python3 and run make again" >&2; exit 1; }
	@$(SET_UP) python
	@$(PYTHON) -m venv .venv
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements.lock
	@.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . \
		--config-settings editable_mode=compat
	@rm -f .venv/ready-*
	@touch $@

$(MACHINE):
	@$(SET_UP) podman
	@mkdir -p .cache
	@touch $@

$(UV):
	@$(SET_UP) python
	@$(PYTHON) -m venv .cache/uv
	@.cache/uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
