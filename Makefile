# `make` lists what there is. Each target does its own set-up.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PORT ?= 8000
MINUTES ?= 30
THREADS ?= 1
BIN := .venv/bin
READY := .venv/ready

# This folder may have any name. That of an installed program's interpreter, in its first
# line, may not; and a virtual environment may not lie below a colon, which nothing but
# PATH minds.
JUPYTER_BOOK := $(BIN)/python -c 'from jupyter_book.cli.main import main; main()'
VENV = $(PYTHON) -c 'import os, venv; os.pathsep = "\0"; venv.main()'

# As chapters are executed elsewhere; book/_ext/executions.py says why.
lab: export OPENBLAS_NUM_THREADS ?= 1

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1 \t/p' Makefile | expand -t 20

book: $(READY) ## execute the chapters and build the book into _build/html
	$(JUPYTER_BOOK) build . -W -n --keep-going

pdf: book ## print the book into _build/book.pdf
	@$(BIN)/python tools/chromium.py
	$(BIN)/python tools/pdf.py

slides: book ## make slides of the chapters' pictures, in _build/slides
	$(BIN)/python tools/slides.py

student: $(READY) ## write the chapters without solutions into _build/student
	$(BIN)/python tools/student.py

test: $(READY) ## run all tests: library, chapters, book, browser
	@$(BIN)/python tools/chromium.py
	$(BIN)/python -m pytest

fuzz: $(READY) ## search at random for what fails, for MINUTES=30
	$(BIN)/python tools/fuzz.py $(MINUTES)

thorough: export THOROUGH = 1
thorough: test oldest cells fuzz ## the tests, and what takes longer: oldest, cells, fuzz

oldest: $(READY) ## test the library on the oldest NumPy it admits
	$(VENV) .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --constraint constraints-oldest.txt \
		numpy scipy pytest hypothesis
	PYTHONPATH=. .venv-oldest/bin/python -m pytest -c /dev/null --rootdir . --quiet \
		-p no:cacheprovider tests/library \
		--ignore tests/library/test_onnx.py --ignore tests/library/test_data.py

bench: $(READY) ## measure speed beside other libraries, with THREADS=1
	$(VENV) .venv-bench
	.venv-bench/bin/python -m pip install --quiet --constraint constraints.txt \
		--constraint constraints-bench.txt '.[bench]'
	PYTHONPATH=. .venv-bench/bin/python benchmarks/run.py --threads $(THREADS)
	PYTHONPATH=. .venv-bench/bin/python benchmarks/in_torch.py --threads $(THREADS)

# It takes a build for processors alone where pip's settings know one of this version.
torch: $(READY) ## install PyTorch and test all that needs it
	$(BIN)/python -m pip install --quiet --constraint constraints.txt \
		--constraint constraints-bench.txt --editable '.[oracle,torch]'
	$(BIN)/python -m pytest book/beyond.ipynb conv_notes/torch tests/examples \
		tests/library/pytorch tests/library/test_torch.py tests/test_benchmarks.py

experiments: $(READY) ## run the long experiments, or NAMES="digits faces", for the chapters
	$(BIN)/python -m experiments $(NAMES)

cells: book ## run every cell in a browser, or NAMES="shapes", and compare
	@$(BIN)/python tools/chromium.py
	$(BIN)/python tools/live_cells.py $(NAMES)

editor: ## bundle the editor of the page's cells; needs Node
	cd book/_live/editor && npm ci --no-audit --no-fund && npm run build
	python3 tools/vendored.py

lab: $(READY) ## open the chapters in JupyterLab
	$(BIN)/python -m jupyterlab book

read: book ## serve the built book on this machine
	@$(BIN)/python -u -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

notebooks: $(READY) ## execute the chapters in place, after a change
	$(BIN)/python tools/run_notebooks.py

format: $(READY) ## format code and notebooks
	$(BIN)/python -m ruff check --fix-only --quiet .
	$(BIN)/python -m ruff format .

clean: ## remove all that the targets above made
	rm -rf .venv .venv-oldest .venv-bench _build .hypothesis .mypy_cache .pytest_cache .ruff_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian packs the module that makes virtual environments separately.
$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || test ! -x /usr/bin/apt-get -o "$$(id -u)" != 0 \
		|| { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes python3-venv; } </dev/null
	$(VENV) .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@# Now, so that no chapter has to look for fonts: where that takes long, it says so.
	@$(BIN)/python -c 'import matplotlib.font_manager'
	@# What pip writes is taken without the blanks at its end.
	@cd .venv/lib/python*/site-packages && echo >checkout.pth \
		'import os, sys; sys.path.append(os.path.dirname(sys.prefix))'
	@test ! -e .git || git config diff.notebook.textconv '$(PYTHON) tools/notebook_text.py' || true
	@touch $@

.PHONY: help book pdf slides student test fuzz thorough oldest bench torch experiments cells editor lab read notebooks format clean
