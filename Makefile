# One command per task. Every target sets up what it needs; the second run is quick.

VENV    := .venv
BIN     := $(VENV)/bin
TESTS   := -m 'not slow'
TYPED   := skillviewer skillviewer_testing benchmarks packaging

# Tests run in two parts at once: each imports what its folders need, and no test is imported twice.
# Many tests start the program anew: without kept bytecode each would compile it first.
PARTS   := unit-window unit-rest
NOT_RUN := $(VENV)/tests-not-run
PYTEST  := NOT_RUN=$(NOT_RUN) QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -q $(TESTS)
SYNC    := $(if $(filter output-sync,$(.FEATURES)),--output-sync)

.PHONY: demo window test test-all lint types contracts unit shuffle $(PARTS) slurm audit wheels deb site setup setup-dev clean help

help:            ## list the targets
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.ready             ## set up everything and assess the sample study
	$(BIN)/skillviewer demo

window: $(VENV)/.ready           ## open the window
	$(BIN)/skillviewer

test: lint                       ## set up everything and run the checks
	@: > $(NOT_RUN)
	$(MAKE) --no-print-directory --jobs 3 $(SYNC) types contracts $(PARTS)
	@echo "tests that were not run here:"; sort -u $(NOT_RUN)

test-all: $(VENV)/.ready-dev     ## the same, the tests that take several seconds each, and the types of all tests
	$(MAKE) --no-print-directory test TESTS= TYPED=

lint: $(VENV)/.ready-dev         ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.ready-dev        ## types
	$(BIN)/mypy $(TYPED)

contracts: $(VENV)/.ready-dev    ## import rules between folders
	$(BIN)/lint-imports

unit: $(VENV)/.ready-dev         ## tests
	$(MAKE) --no-print-directory --jobs 2 $(SYNC) $(PARTS)

unit-window: $(VENV)/.ready-dev
	$(PYTEST) tests/ui

unit-rest: $(VENV)/.ready-dev
	$(PYTEST) tests --ignore=tests/ui

ifndef SEED
SEED := $(shell date +%s)
endif

shuffle: $(VENV)/.ready-dev      ## tests in random order, in two processes; SEED=... repeats an order
	@echo "random order of SEED=$(SEED)"
	QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -q $(TESTS) -p randomly --randomly-seed $(SEED) --numprocesses 2 --dist loadfile

slurm: $(VENV)/.ready-dev        ## clusters: set up SLURM here (Debian, as root) and run its test
	sh packaging/slurm/start.sh
	SKILLVIEWER_TEST_SLURM=1 $(BIN)/python -m pytest -q tests/engine/scoring/test_slurm.py; sh packaging/slurm/stop.sh

audit: $(VENV)/.ready-dev        ## compare the libraries with known vulnerabilities, and list them (uses the network)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .[audit]
	$(BIN)/pip-audit --skip-editable --desc
	$(BIN)/python packaging/sbom.py

wheels: $(VENV)/.ready-dev       ## build the wheel, and try it with every supported Python here (gigabytes)
	$(BIN)/python packaging/check_wheel.py --every-python

deb: $(VENV)/.ready-dev          ## build the frozen program and its Debian package, and check both (gigabytes)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .[freeze]
	$(BIN)/python packaging/freeze.py
	$(BIN)/python packaging/debian.py

site: $(VENV)/.ready-dev         ## build the guides as pages that open from a folder: out/site/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --site-dir out/site

setup: $(VENV)/.ready            ## the program alone
setup-dev: $(VENV)/.ready-dev    ## the program and its checks

$(VENV)/.ready: pyproject.toml packaging/setup.sh packaging/system-libraries.sh
	bash packaging/setup.sh $(VENV)
	touch $@

$(VENV)/.ready-dev: pyproject.toml packaging/setup.sh packaging/system-libraries.sh
	bash packaging/setup.sh $(VENV) dev
	touch $(VENV)/.ready $@

clean:           ## remove the files that the targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist out/demo
