# Needs python3 (3.11 or newer) and make; everything else is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Quiet: setuptools warns of the folder layout at every editable install.
PIP := PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
# Two processes; the same hash seed, so that they collect the same tests.
PYTEST := PYTHONHASHSEED=0 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile
Q ?=
MINUTES ?= 10
PORT ?= 2024
.DEFAULT_GOAL := help
.PHONY: help install ask test quick format check types docs lower live bench knapsack kills routing faults load soak collusion fuzz studio clean

help: ## Show the verbs
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else f"nsed needs Python 3.11 or newer; {sys.executable} is {v[0]}.{v[1]}. Try: make PYTHON=python3.12 ...")'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --upgrade pip

$(VENV)/.user: $(BIN)/python pyproject.toml constraints.txt
	@echo "Installing nsed into $(VENV) (once, about a minute) ..." >&2
	@$(PIP) --editable '.[local,serve]'
	@touch $@

$(VENV)/.dev: $(VENV)/.user
	@$(PIP) --group dev --editable '.[local,studio,serve,langserve,mcp,otel,postgres,draw,prices]'
	@touch $@

install: $(VENV)/.user ## Install nsed with embedded models into .venv

ask: $(VENV)/.user ## Ask the embedded models: make ask Q="..."
	@$(BIN)/nsed ask $(ARGS) -- "$$NSED_QUESTION"
ask: export NSED_QUESTION = $(value Q)

test: $(VENV)/.dev check live ## The whole gate: what CI runs
	$(PYTEST) tests --quiet --cov --cov-report=term:skip-covered --cov-fail-under=90

quick: $(VENV)/.dev ## The everyday tests
	$(PYTEST) tests --quiet -m "not slow and not live_weights"

format: $(VENV)/.dev ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: $(VENV)/.dev ## Formatting and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev ## Types and layers, on the wheel that users get
	$(BIN)/python -m pytest tests/architecture/test_wheel.py --quiet

docs: $(VENV)/.dev ## Write docs/reference anew from the docstrings
	$(BIN)/python docs/generate_reference.py

lower: ## The tests with the lowest versions that pyproject.toml allows
	rm -rf build/lower && $(PYTHON) -m venv build/lower
	build/lower/bin/python -m pip install --quiet uv
	build/lower/bin/uv pip install --quiet --python build/lower/bin/python --resolution lowest-direct \
	  '.[local,serve,langserve,mcp,otel,postgres,prices]' \
	  pytest==9.0.3 pytest-asyncio==1.3.0 pytest-timeout==2.4.0 hypothesis==6.150.0 blockbuster==1.5.25 \
	  regex==2024.11.6 grandalf==0.8 'langchain>=1.1' langchain-tests==1.1.9 'opentelemetry-sdk>=1.30' \
	  schemathesis==4.15.2
	build/lower/bin/python -m pytest tests --quiet -W ignore -m "not slow and not live_weights"

live: $(VENV)/.user ## Fetch the two smallest weights for the real-model tests
	$(BIN)/nsed models pull smollm2-135m-instruct qwen2.5-coder-0.5b-instruct

bench: $(VENV)/.dev ## CPU per model call against a bare client
	$(BIN)/python benchmarks/call_overhead.py

knapsack: $(VENV)/.dev ## Times of the broker's knapsack, cold and warm
	$(BIN)/python benchmarks/knapsack.py

kills: $(VENV)/.dev ## 200 runs killed at random moments and resumed, and 50 in Postgres
	$(BIN)/python benchmarks/kill_trials.py --trials 200
	$(BIN)/python benchmarks/kill_trials.py --trials 50 --postgres

routing: $(VENV)/.dev ## Accuracy against USD on recorded answers; writes build/routing.png
	mkdir -p build && $(BIN)/python benchmarks/broker_routing.py --plot build/routing.png

faults: $(VENV)/.dev ## The fault matrix, played and printed
	$(BIN)/python benchmarks/fault_table.py

load: $(VENV)/.dev ## 200 requests at once against a real server: limits, latency, CPU
	$(BIN)/python benchmarks/server_load.py

collusion: $(VENV)/.dev ## What the vote's guards hold against a bloc, simulated
	$(BIN)/python benchmarks/collusion.py

soak: $(VENV)/.dev ## Half an hour of faults: does anything grow?
	$(BIN)/python benchmarks/soak.py --minutes 30

fuzz: $(VENV)/.dev ## Fuzz ballots, frames, trails and configurations: MINUTES=10 each
	@failed=; for target in ballot frame trail config; do \
	  $(BIN)/python benchmarks/fuzzing.py $$target --minutes $(MINUTES) || failed=1; \
	done; test -z "$$failed"

studio: $(VENV)/.dev ## Serve the graphs for LangGraph Studio, on loopback: PORT=2024
	LANGGRAPH_CLI_NO_ANALYTICS=1 LANGGRAPH_NO_VERSION_CHECK=1 $(BIN)/langgraph dev --no-browser --host 127.0.0.1 --port $(PORT)

clean: ## Remove what was built, not the weights
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .ruff_cache
