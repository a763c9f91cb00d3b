# `make` lists what there is. Each target does its own set-up, where it is not done.

PYTHON ?= $(or $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done),\
	$(error Python 3.11 or newer is needed))
PORT ?= 8000
MINUTES ?= 30
THREADS ?= 1
PINS ?= --constraint constraints.txt
BIN := .venv/bin
SET_UP = $(PYTHON) tools/set_up.py

# Of Matplotlib the cache of fonts, which set-up makes: there may be no home to write to,
# and what is set there for other work is not for this.
export MPLCONFIGDIR := $(CURDIR)/.venv/matplotlib
export IPYTHONDIR := $(CURDIR)/.venv/ipython

# This folder may have any name. That of an installed program's interpreter, in its first
# line, may not.
JUPYTER_BOOK := $(BIN)/python -c 'from jupyter_book.cli.main import main; main()'

# As chapters are executed elsewhere; book/_ext/executions.py says why.
lab: export OPENBLAS_NUM_THREADS ?= 1

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1 \t/p' Makefile | expand -t 20

book: ready ## execute the chapters and build the book into _build/html
	$(JUPYTER_BOOK) build . -W -n --keep-going

# In a folder of its own: what was read for this is not for pages.
links: ready ## ask whether other hosts still have what the book links to
	$(JUPYTER_BOOK) build . --builder linkcheck --path-output _build/links

pdf: book ## print the book into _build/book.pdf
	@$(BIN)/python tools/chromium.py
	$(BIN)/python tools/pdf.py

slides: book ## make slides of the chapters' pictures, in _build/slides
	$(BIN)/python tools/slides.py

student: ready ## write the chapters without solutions into _build/student
	$(BIN)/python tools/student.py

test: ready ## run all tests: library, chapters, book, browser
	@$(BIN)/python tools/chromium.py
	$(BIN)/python -m pytest

fuzz: ready ## search at random for what fails, for MINUTES=30
	$(BIN)/python tools/fuzz.py $(MINUTES)

thorough: export THOROUGH = 1
thorough: test oldest cells fuzz ## the tests, and what takes longer: oldest, cells, fuzz

oldest: ## test the library on the oldest NumPy it admits
	$(PYTHON) tools/library.py oldest

newest: ## test the library on the newest NumPy
	$(PYTHON) tools/library.py newest

everywhere: ready ## run all chapters as other processors would, or NAMES="shapes", and compare
	$(BIN)/python tools/everywhere.py $(NAMES)

bench: ## measure speed beside other libraries, with THREADS=1
	@$(SET_UP) .venv-bench --constraint constraints.txt --constraint constraints-bench.txt '.[bench]'
	PYTHONPATH=. .venv-bench/bin/python benchmarks/run.py --threads $(THREADS)
	PYTHONPATH=. .venv-bench/bin/python benchmarks/in_torch.py --threads $(THREADS)

# It takes a build for processors alone where pip's settings know one of this version.
torch: ready ## install PyTorch and test all that needs it
	$(BIN)/python -m pip install --quiet --constraint constraints.txt \
		--constraint constraints-bench.txt --editable '.[oracle,torch]'
	$(BIN)/python -m pytest book/beyond.ipynb conv_notes/torch tests/examples \
		tests/library/pytorch tests/library/test_torch.py tests/test_benchmarks.py

experiments: ready ## run the long experiments, or NAMES="digits faces", for the chapters
	$(BIN)/python -m experiments $(NAMES)

cells: book ## run every cell in a browser, or NAMES="shapes", and compare
	@$(BIN)/python tools/chromium.py
	$(BIN)/python tools/live_cells.py $(NAMES)

editor: ## bundle the editor of the page's cells; needs Node
	cd book/_live/editor && npm ci --no-audit --no-fund && npm run build
	$(PYTHON) tools/vendored.py

lab: ready ## open the chapters in JupyterLab
	@$(BIN)/python -m jupyter trust book/*.ipynb >/dev/null
	$(BIN)/python -m jupyterlab book

read: book ## serve the built book on this machine
	@$(BIN)/python -u -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

notebooks: ready ## execute the chapters in place, after a change
	$(BIN)/python tools/run_notebooks.py

format: ready ## format code and notebooks
	$(BIN)/python -m ruff check --fix-only --quiet .
	$(BIN)/python -m ruff format .

# Files bear the date of the last commit, so that two builds are the same to the byte.
package: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
package: ready ## make wheel and sdist of the library in dist
	mkdir -p dist
	$(BIN)/python -c 'from flit_core.buildapi import *; build_sdist("dist"); build_wheel("dist")'

clean: ## remove all that the targets above made
	rm -rf .venv .venv-* _build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Asked each time: whether it is done stands in .venv, and holds here and for this Python.
ready:
	@$(SET_UP) .venv $(PINS) --editable '.[dev]'

.PHONY: help book links pdf slides student test fuzz thorough oldest newest everywhere bench torch experiments cells editor lab read notebooks format package clean ready
