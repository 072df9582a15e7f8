"""Imports that take their time, made while something else does."""

import contextlib
import importlib
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def imported_ahead(module: str) -> Iterator[None]:
    """Import a module beside the start of a block: Tune's import takes most of a second, Ray's start a few."""

    def load() -> None:
        with contextlib.suppress(Exception):  # where the module is used, its import raises the same again
            importlib.import_module(module)

    thread = threading.Thread(target=load)
    thread.start()
    try:
        yield
    finally:
        thread.join()
