"""Tables: what columns of a `.csv` or `.parquet` file are features and labels."""

import contextlib
import datetime as dt
import os
import warnings
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from trainable.data.archive import expecting
from trainable.data.names import check_names
from trainable.data.numbers import Place, as_float32
from trainable.errors import DataError, one_line, shown, some

CSV_EXPECTED = "expected a comma-separated UTF-8 table whose columns have names"
PARQUET_EXPECTED = "expected a .parquet file whose columns have names"
# What programs write where a value is missing; "None", which pandas counts among these, may be a class.
MISSING = ["", "NA", "N/A", "#N/A", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null"]
SAMPLE = 1 << 16  # bytes of a file from which its numbers are estimated
PER_NUMBER = 20  # bytes while a table is read: where it stands in the text, as float64, as float32


class Table(NamedTuple):
    """A table's content: names of its features, float32 [n, features], labels [n] as they are."""

    columns: tuple[str, ...]
    x: NDArray[np.float32]
    y: NDArray[Any]


def read_table(file: Path, target: str | None) -> Table:
    """Read the features and the labels of a table.

    Args:
        file: A `.csv`, comma-separated UTF-8 with a line of names, or a `.parquet` file.
        target: The column of labels; all others are features.

    Raises:
        DataError: There is no such table or column, or a column is no feature: text, dates, missing values, numbers
            that float32 cannot hold.
    """
    said, is_csv = one_line(str(file)), file.suffix.lower() == ".csv"
    with _expecting_table(file):
        names = _csv_names(file) if is_csv else _parquet_names(file)
    _check_names(names, said)
    if target is None:
        raise DataError(f"{said}: name the column of labels with --target; the columns are {some(names)}")
    if target not in names:
        raise DataError(f"{said}: has no column '{shown(target)}' for --target; the columns are {some(names)}")
    with _expecting_table(file):
        frame = _csv(file, names) if is_csv else _parquet(file)
    if not len(frame):
        raise DataError(f"{said}: has names of columns, but no rows")
    features = [name for name in names if name != target]
    if not features:
        raise DataError(f"{said}: has no column but '{shown(target)}': the others are the features")
    x = np.empty((len(frame), len(features)), np.float32)
    for position, name in enumerate(features):
        x[:, position] = _feature(frame[name], f"{said}: column '{shown(name)}'")
    return Table(tuple(features), x, _labels(frame[target], f"{said}: column '{shown(target)}'"))


def table_bytes(file: Path) -> int:
    """Return about how many bytes reading a table takes.

    Raises:
        DataError: There is no such table.
    """
    with _expecting_table(file):
        if file.suffix.lower() == ".csv":
            with file.open("rb") as stream:
                sample = stream.read(SAMPLE)
            size = os.path.getsize(file)  # noqa: PTH202 (as elsewhere)
            numbers = size * (sample.count(b",") + sample.count(b"\n") + 1) // max(len(sample), 1)
            return size + numbers * PER_NUMBER
        with file.open("rb") as stream:
            content = parquet.ParquetFile(stream).metadata
        return int(content.num_rows * content.num_columns * PER_NUMBER)


@contextlib.contextmanager
def _expecting_table(file: Path) -> Iterator[None]:
    """As `expecting`, for what pandas and pyarrow raise and warn of, too."""
    with expecting(file, CSV_EXPECTED if file.suffix.lower() == ".csv" else PARQUET_EXPECTED):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                yield
        except UnicodeDecodeError as error:
            raise ValueError(f"no UTF-8 at byte {error.start}") from error
        except pd.errors.ParserWarning as error:
            raise ValueError("rows of more fields than there are names") from error
        except pd.errors.ParserError as error:
            raise ValueError(str(error).strip().removeprefix("Error tokenizing data. C error: ")) from error
        except pa.ArrowException as error:
            raise ValueError(str(error)) from error


def _parquet_names(file: Path) -> list[str]:
    """Return the names of a table's columns, less those that pandas keeps as the index of its rows."""
    with file.open("rb") as stream:
        schema = parquet.ParquetFile(stream).schema_arrow
    told = schema.pandas_metadata  # whatever another program has put there
    index = told.get("index_columns", ()) if isinstance(told, dict) else ()
    return [name for name in schema.names if name not in index]


def _parquet(file: Path) -> pd.DataFrame:
    with file.open("rb") as stream:
        frame: pd.DataFrame = parquet.ParquetFile(stream).read().to_pandas(ignore_metadata=True)
    return frame


def _csv_names(file: Path) -> list[str]:
    """Return the names in a table's first line."""
    with file.open("rb") as stream:
        try:
            first = pd.read_csv(
                stream, header=None, nrows=1, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False
            )
        except pd.errors.EmptyDataError:
            raise ValueError("nothing in it") from None
    names = [str(name) for name in first.iloc[0]]
    for separator in (";", "\t"):
        if len(names) == 1 and separator in names[0]:
            raise ValueError(f"columns separated by {separator!r}; save it with commas, and points in numbers")
    return names


def _csv(file: Path, names: Sequence[str]) -> pd.DataFrame:
    """Return a table's rows."""
    with file.open("rb") as stream:
        frame = pd.read_csv(
            stream,
            header=0,
            index_col=False,
            encoding="utf-8-sig",
            keep_default_na=False,
            na_values=MISSING,
            low_memory=False,
        )
    return frame.set_axis(pd.Index(names), axis="columns")


def _check_names(names: Sequence[str], said: str) -> None:
    """Refuse columns that cannot be told apart by name, and the index that pandas writes as one."""
    seen = set[str]()
    for position, name in enumerate(names):
        if not name.strip() or name == f"Unnamed: {position}":
            raise DataError(
                f"{said}: column {position + 1} has no name; if it numbers the rows, leave it out "
                "(pandas: to_csv(FILE, index=False)), else name it"
            )
        if name in seen:
            raise DataError(f"{said}: two columns are named '{shown(name)}'; rename one")
        seen.add(name)
    check_names(names, said, "column")


def _feature(column: "pd.Series[Any]", said: str) -> NDArray[np.float32]:
    """Return a column of numbers or booleans as float32 [n]."""
    _check_missing(column, said)
    if isinstance(column.iloc[0], Decimal):
        column = column.astype(np.float64)
    kind = column.dtype.kind
    if kind == "M" or isinstance(column.iloc[0], dt.date):
        raise DataError(f"{said}: holds dates; make numbers of them, such as days since the first, or leave it out")
    if kind not in "biuf":
        texts = column.astype(str)
        row = int(pd.to_numeric(texts, errors="coerce").isna().argmax())
        raise DataError(
            f"{said}: holds '{shown(texts.iloc[row])}' in row {row + 1}, which is no number; mend such values, or "
            "leave the column out; of a few categories make columns of 0 and 1 (pandas: get_dummies)"
        )
    values = column.to_numpy(f"{kind}{getattr(column.dtype, 'itemsize', 1)}")
    return as_float32(values[:, np.newaxis], Place(said, None))[:, 0]


def _labels(column: "pd.Series[Any]", said: str) -> NDArray[Any]:
    """Return a column of labels as integers, booleans or strings [n]."""
    _check_missing(column, said)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if column.dtype.kind in "biu":
        return column.to_numpy(f"{column.dtype.kind}{getattr(column.dtype, 'itemsize', 1)}")
    values = column.to_numpy()
    if column.dtype.kind == "f":
        fractions = values[values != np.rint(values)]
        if len(fractions):
            raise DataError(f"{said}: holds {fractions[0]}: looks like a quantity; this tool classifies")
        return np.asarray(values)
    other = next((value for value in values if not isinstance(value, str)), None)
    if other is not None:
        raise DataError(f"{said}: holds '{shown(other)}'; labels are integers, booleans or strings")
    check_names(values, said, "label")  # before each takes the room of the longest
    return np.array(values, dtype=str)


def _check_missing(column: "pd.Series[Any]", said: str) -> None:
    missing = np.flatnonzero(column.isna())
    if len(missing):
        raise DataError(
            f"{said}: has no value in {len(missing):,} of {len(column):,} rows, the first is row {missing[0] + 1}; "
            "fill them in, or leave them out"
        )
