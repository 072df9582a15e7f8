"""Data that a person's file makes: its `load()` runs in a process of its own, and its arrays come back."""

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from trainable.data.making import Part, bytes_of
from trainable.data.several import together
from trainable.errors import DataError, ProgramError, one_line
from trainable.helper import ask_helper
from trainable.program import read_program

MAKING = "trainable.data.making"


def read_made(file: Path) -> Mapping[str, Any]:
    """Run a person's file; return the arrays by the names of an `.npz` file, those of several inputs by theirs.

    What was read last is kept until `forget` is called, so that nothing is made twice.

    Raises:
        DataError: It cannot be run, or makes no such arrays; in one line with the line of the file.
    """
    try:
        known = os.stat(file)  # noqa: PTH116 (as elsewhere)
    except OSError:
        return _made.__wrapped__(file, ())
    return _made(file, (known.st_ino, known.st_size, known.st_mtime_ns))


def forget() -> None:
    """Let go of what was read last: it may be most of the memory."""
    _made.cache_clear()


@lru_cache(maxsize=1)
def _made(file: Path, _stamp: tuple[int, ...]) -> Mapping[str, Any]:
    said = one_line(str(file))
    try:
        program = read_program(file)
    except ProgramError as error:
        raise DataError(str(error)) from error
    request = json.dumps({"name": said, "text": program.text}).encode()
    try:
        return ask_helper(MAKING, request, _received)
    except MemoryError as error:
        raise DataError(f"{said}: makes more than the memory holds: {one_line(str(error))}") from error
    except ProgramError as error:
        is_placed = str(error).startswith(f"{said}: ")
        raise DataError(str(error) if is_placed else f"{said}: load(): {error}") from error


def _received(stream: IO[bytes]) -> Mapping[str, Any]:
    """Read what `trainable.data.making` writes."""
    header = stream.readline()
    if not header.endswith(b"\n"):
        raise EOFError
    found: dict[str, dict[str, NDArray[Any]]] = {}
    for values in json.loads(header):
        part = Part(**values)
        found.setdefault(part.name, {})[part.input] = _array(stream, part)
    return {name: together(arrays) for name, arrays in found.items()}


def _array(stream: IO[bytes], part: Part) -> NDArray[Any]:
    array: NDArray[Any] = np.empty(prod(part.shape), part.dtype)
    target = bytes_of(array)
    while target:
        count = stream.readinto(target)  # type: ignore[attr-defined]  # of a pipe's buffer
        if not count:
            raise EOFError
        target = target[count:]
    return array.reshape(part.shape)
