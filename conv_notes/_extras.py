"""What a part of the library needs besides NumPy, and how to get it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needed(part: str, package: str, extra: str, project: str = "") -> Iterator[None]:
    """Import a package within, or say what to install.

    The error is about this package alone: where it is there and lacks one that it needs
    itself, its own error says so.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise ModuleNotFoundError(
            f"{part} needs {project or package}, which is not installed: "
            f'pip install "conv_notes[{extra}]"',
            name=package,
        ) from None
