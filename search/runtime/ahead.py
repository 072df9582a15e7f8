"""Imports that take their time, made while something else does."""

import contextlib
import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor


@contextlib.contextmanager
def imported_ahead(module: str) -> Iterator[None]:
    """Import a module beside the start of a block: Tune's import takes most of a second, Ray's start a few."""
    with ThreadPoolExecutor(1) as beside:
        beside.submit(importlib.import_module, module)  # where the module is used, its import raises the same again
        yield
