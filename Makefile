# `make demo` and `make test` are all that a fresh machine with Python 3.11, pip and make needs.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# One thread a test process: two processes with two threads each would fight over two cores.
QUIET  := ZENML_ANALYTICS_OPT_IN=false MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=1
PYTEST := $(QUIET) OMP_NUM_THREADS=1 $(BIN)/python -m pytest

.PHONY: demo test lint nightly bench lock clean install
.DEFAULT_GOAL := demo

demo: $(STAMP)
	@$(QUIET) $(BIN)/python examples/demo.py

test: $(STAMP)
	$(PYTEST) -n 2 --dist loadscope -m "not slow"

nightly: $(STAMP)
	$(PYTEST) -n 2 --dist loadscope

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(QUIET) $(BIN)/python benchmarks/end_to_end.py
	$(QUIET) $(BIN)/python benchmarks/real_runs.py
	$(QUIET) $(BIN)/python benchmarks/gate_error_rates.py

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt deploy/torch_source.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing into $(VENV); this takes a few minutes, once"
	@$(BIN)/python deploy/torch_source.py
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable ".[dev]"
	@touch $@

lock: $(STAMP)
	$(BIN)/python deploy/lock.py > constraints.tmp
	mv constraints.tmp constraints.txt

clean:
	rm -rf $(VENV) build dist demo-out
