# Two commands do everything: `make demo` and `make test`; `make test-all` also checks what takes minutes.
# `make bench` measures what docs/benchmarks.md tells, `make bench BENCH=counting` one part of it.
# `make docs` builds the documentation as a site.
# Another Python: `make test PYTHON=python3.12`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt

# two threads on a machine that is busy are slower than one
export OMP_NUM_THREADS ?= 1
# every core has a process of its own, which takes half a GB with torch; whoever is done takes over from the others
XDIST := -n auto --maxprocesses 8 --dist worksteal

.PHONY: demo test test-all bench check docs format clean

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

# README.md, docs/ and reports/ as they lie here, so that one link serves this repository and the site
docs: $(VENV)/.installed-docs
	rm -rf .docs
	mkdir -p .docs/pages
	tar -c --exclude=data --exclude='*.csv' --exclude=reports/index.html README.md docs reports | tar -x -C .docs/pages
	PYTHONPATH=$(CURDIR) $(BIN)/zensical build --strict
	@! grep -rlE '<(script|img|iframe)[^>]* src="https?:|<link rel="stylesheet"[^>]* href="https?:' .docs/site \
		|| { echo 'these pages load something from the network'; exit 1; }
	@echo '.docs/site/index.html; with search: $(BIN)/python -m http.server -d .docs/site'

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf $(VENV) .docs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[dev]'
	touch $@ $(VENV)/.installed

$(VENV)/.installed-docs: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[docs]'
	touch $@ $(VENV)/.installed
