# Two commands do everything: `make demo` and `make test`; `make test-all` also checks what takes minutes.
# `make bench` measures what docs/benchmarks.md tells, `make bench BENCH=counting` one part of it.
# Another Python: `make test PYTHON=python3.12`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt

# two threads on a machine that is busy are slower than one
export OMP_NUM_THREADS ?= 1
# every core has a process of its own, which takes half a GB with torch; whoever is done takes over from the others
XDIST := -n auto --maxprocesses 8 --dist worksteal

.PHONY: demo test test-all bench check format clean

demo: $(VENV)/.installed
	$(BIN)/segablate run studies/quickstart.yaml --no-reuse-report --wait 60

test: check
	$(BIN)/python -m pytest $(XDIST)

test-all: test
	$(BIN)/python -m pytest $(XDIST) -m exhaustive

BENCH := $(patsubst tests/benchmarks/bench_%.py,%,$(wildcard tests/benchmarks/bench_*.py))

bench: $(VENV)/.installed-dev
	set -e; for name in $(BENCH); do $(BIN)/python tests/benchmarks/bench_$$name.py --write; done

check: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[dev]'
	touch $@ $(VENV)/.installed
