"""What a source holds, by the names of Keras's arrays, whatever its form."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainable.data import keras_sets
from trainable.data.archive import Header, is_archive, read_archive, read_headers
from trainable.data.made import forget, read_made
from trainable.data.source import PREFIX, DataSource
from trainable.errors import DataError, one_line, shown

NEEDED = ("x_train", "y_train")
OPTIONAL = (("x_val", "y_val"), ("x_test", "y_test"))
TABLES = (".csv", ".parquet")


@dataclass(frozen=True)
class Raw:
    """What a source holds, as it is.

    Attributes:
        name: What people call it: a file's name, or a data set's.
        arrays: x_train and y_train, and in pairs x_val, y_val, x_test and y_test where it has them; examples of
            several inputs are a mapping of arrays by their names.
        columns: Names of a table's features; () for arrays.
        labels: What the lines on the training labels call them.
        whose: Whose a split is that the source has, such as "the file's own".
    """

    name: str
    arrays: dict[str, Any]
    columns: tuple[str, ...] = ()
    labels: str = "y_train"
    whose: str = "the file's own"


def read(source: DataSource) -> Raw:
    """Read all that a source has of the arrays that are known by name.

    Raises:
        DataError: It is not there, no file of its kind, or without what such a file has to have; in one line.
    """
    location, file = one_line(source.location), Path(source.location)
    if source.location.startswith(PREFIX):
        _refuse_target(source, location, "Keras's data sets have their labels in y_train")
        arrays = keras_sets.read_keras_set(location)
        return Raw(location.removeprefix(PREFIX), {**arrays}, whose="Keras's own")
    name, suffix = one_line(file.name), file.suffix.lower()
    if suffix in TABLES:
        from trainable.data.table import read_table  # noqa: PLC0415 (pandas takes half a second)

        table = read_table(file, source.target)
        labels = f"column '{shown(source.target)}'"
        return Raw(name, {"x_train": table.x, "y_train": table.y}, table.columns, labels)
    if source.is_code:
        _refuse_target(source, location, "what load() returns has its labels in y_train")
        return Raw(name, _made(file))
    _check_archive(location, file)
    _refuse_target(source, location, "an .npz file has its labels in y_train")
    headers = _headers(file)
    return Raw(name, read_archive(file, tuple(headers), NEEDED))


def bytes_needed(source: DataSource) -> int | None:
    """Return about how many bytes reading a source takes at most, without reading it; None where that is not known.

    That is each array as it is stored, beside what is made of it: uint8 or float32. Nothing is known of what is still
    to be downloaded or made.

    Raises:
        DataError: It is not there, or no file of its kind.
    """
    location, file = one_line(source.location), Path(source.location)
    if source.location.startswith(PREFIX) or source.is_code:
        return None
    suffix = file.suffix.lower()
    if suffix in TABLES:
        from trainable.data.table import table_bytes  # noqa: PLC0415 (pandas takes half a second)

        return table_bytes(file)
    _check_archive(location, file)
    return sum(_held(header) for header in _headers(file).values())


def _held(header: Header) -> int:
    return header.nbytes + header.elements * (1 if header.dtype == np.uint8 else np.dtype(np.float32).itemsize)


def _headers(file: Path) -> dict[str, Header]:
    """Return what an archive says of the arrays that are known by name.

    Raises:
        DataError: One is missing, or one is not of numbers or strings.
    """
    said = one_line(str(file))
    headers = read_headers(file, (*NEEDED, *(name for pair in OPTIONAL for name in pair)), NEEDED)
    _check_whole(headers, said)
    for name, header in headers.items():
        if header.dtype.hasobject:
            kind = "numbers" if name.startswith("x") else "integers or strings"
            raise DataError(f"{said}: {name}: holds Python objects, which are not read; save it as an array of {kind}")
    return headers


def _made(file: Path) -> dict[str, Any]:
    """Return what a person's file makes; only the caller holds it then."""
    arrays = dict(read_made(file))
    forget()
    _check_whole(arrays, one_line(str(file)))
    return arrays


def _check_whole(names: Collection[str], said: str) -> None:
    """Refuse data without what is needed, or with a half of a pair."""
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise DataError(f"{said}: has no array {missing[0]}; needed are {' and '.join(NEEDED)}")
    for x, y in OPTIONAL:
        for one, other in ((x, y), (y, x)):
            if one in names and other not in names:
                raise DataError(f"{said}: has {one}, but no {other}; give both or neither")


def _check_archive(location: str, file: Path) -> None:
    """Refuse a file that neither is called an archive of arrays nor is one; what is no file is refused elsewhere."""
    is_other = os.path.exists(file) and not os.path.isfile(file)  # noqa: PTH110, PTH113 (no error)
    if file.suffix.lower() != ".npz" and not is_archive(file) and not is_other:
        raise DataError(f"{location}: must be a file whose name ends in .npz, .csv, .parquet or .py, or keras:NAME")


def _refuse_target(source: DataSource, location: str, reason: str) -> None:
    if source.target is not None:
        raise DataError(f"{location}: --target is for tables; {reason}")


def is_table(location: str) -> bool:
    """Say whether a source has columns, one of which holds the labels."""
    return not location.startswith(PREFIX) and Path(location).suffix.lower() in TABLES


def file_of(source: DataSource) -> Path:
    """Return the file of a source on this machine, or where it would be once it was fetched."""
    if source.location.startswith(PREFIX):
        return keras_sets.kept_file(source.location)
    return Path(source.location)
