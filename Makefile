# All commands of the project. `make demo` needs nothing but Python 3.11 to 3.14, its venv module, and make.

VENV := .venv
BIN := $(VENV)/bin

# An environment that exists is used, whatever its Python; `make PYTHON=python3.12 ...` replaces one of another version.
INSTALLED := $(wildcard $(VENV)/installed-*)
ifeq ($(origin PYTHON), undefined)
PYTHON := python3
STAMP := $(firstword $(INSTALLED))
endif
VERSION = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ifeq ($(STAMP),)
STAMP := $(VENV)/installed-$(VERSION)
endif

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation
# slow files are few and long: left in their order, they do not all come last
PYTEST := $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder
PURE := core audio carriers
# what takes longest, and what mostly waits, begins first
UNMEASURED := tests/core/test_planted_faults.py tests/core/test_machine.py
REST := tests/scenarios $(UNMEASURED) $(filter-out $(addprefix tests/,scenarios demo system fuzz.py conftest.py __pycache__),$(wildcard tests/*))
BENCHES := install store vad echo servers webhooks calls realtime feel

.DEFAULT_GOAL := help
.PHONY: help install demo test test-system check fix docs bench fuzz lock

help: ## List these commands.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /\1\t/' | expand -t 14

install: $(STAMP) ## Make .venv and install the locked dependencies.

# Source packages are built with the locked build tools, not with whatever is newest.
$(STAMP): requirements-build.lock requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' || \
		{ echo "voicecall needs Python 3.11 to 3.14; name one: make PYTHON=python3.12 install" >&2; exit 1; }
	@echo "installing into $(VENV) ..."
	@test -e $@ || $(PYTHON) -m venv $(if $(INSTALLED),--clear) $(VENV)
	@$(PIP) --require-hashes -r requirements-build.lock
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps -e .
	@touch $@

demo: install ## Hold a spoken call with the default agent; show, record and draw it.
	@$(BIN)/voicecall demo

# The demonstrations are measured in real time, so beside them runs only what computes, and at a lower priority.
test: export PYTHONDONTWRITEBYTECODE =
test: install ## Run the tests; the pure rooms must be covered in every branch.
	@$(BIN)/pytest tests/demo >$(VENV)/demonstrations 2>&1 & demonstrations=$$!; \
	nice -n 10 $(PYTEST) $(PURE:%=tests/%) $(UNMEASURED:%=--ignore=%) --cov --cov-report=; pure=$$?; \
	wait $$demonstrations; held=$$?; cat $(VENV)/demonstrations; exit $$((pure + held))
	@for room in $(PURE); do \
		$(BIN)/coverage report --include="*/voicecall/$$room/*" --skip-covered --show-missing --fail-under=100 || exit 1; \
	done
	$(PYTEST) -n 4 $(filter-out $(PURE:%=tests/%),$(REST))

test-system: install ## Run the tests that need programs of the system; installs those where it may.
	@tests/system/prepare
	$(BIN)/pytest tests/system

check: install ## What CI runs first: format, lint, types, import contracts, tests.
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

fix: install ## Format, and correct what can be corrected by machine.
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

docs: install ## Build the documentation as a site, in `site/`.
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: install ## Measure calls, echo servers, the archive and voice activity; takes minutes.
	@for what in $(BENCHES); do $(BIN)/python -m bench.$$what || exit 1; done

fuzz: install ## Give every property a hundred times the examples.
	PYTHONPATH=tests $(PYTEST) -p fuzz tests/fuzz.py tests/core tests/audio tests/carriers tests/config/test_rubbish.py \
		tests/emulators/test_twilio_rubbish.py tests/entrypoints/test_rubbish.py tests/entrypoints/test_openapi.py \
		tests/gateway/test_any_order.py

lock: ## Resolve the dependencies anew, for all supported Pythons and systems.
	$(UV) pip compile $(LOCK) --group build -o requirements-build.lock
	$(UV) pip compile $(LOCK) --group dev pyproject.toml -o requirements.lock

UV ?= uv
LOCK := --quiet --upgrade --universal --generate-hashes --python-version 3.11 --custom-compile-command "make lock"
