"""Settings of every test run, for the chapters too."""

import os
from importlib.util import find_spec

# Two workers share two cores; with two threads each, the chapters' linear algebra would
# spend most of its time waiting. Inherited by the kernels and by the build.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The oldest NumPy is tested without the book.
pytest_plugins = ["replay"] if find_spec("nbval") else []
