"""Settings of every test run, for the chapters too."""

import os

# Two workers share two cores; with two threads each, the chapters' linear algebra would
# spend most of its time waiting. Inherited by the kernels and by the build.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
