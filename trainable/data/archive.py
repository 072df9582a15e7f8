"""Arrays in an `.npz` file, read with one line for whatever else it may be."""

import contextlib
import math
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.errors import DataError, one_line

# What NumPy raises on files that are no archive, another one, torn, damaged or encrypted.
UNREADABLE = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    MemoryError,
    OverflowError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
SUFFIX = ".npy"  # of each member of an archive


@dataclass(frozen=True)
class Header:
    """What an archive says of one of its arrays.

    Attributes:
        dtype: Of the elements.
        shape: Of the array.
        size: Bytes that the archive has for its elements.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    size: int

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of the array once it is read."""
        return self.elements * self.dtype.itemsize


@contextlib.contextmanager
def expecting(file: Path, expected: str) -> Iterator[None]:
    """Turn what reading a file raises into one line.

    Args:
        file: What the block reads.
        expected: The line's middle, such as "expected an .npz file with x_train".

    Raises:
        DataError: `file` is no regular file, or the block failed in a way that files make things fail.
    """
    said = one_line(str(file))
    if os.path.exists(file) and not os.path.isfile(file):  # noqa: PTH110, PTH113 (no error); a pipe would be waited for
        raise DataError(f"{said}: {expected}; found: a folder, device or pipe")
    try:
        yield
    except DataError:
        raise
    except UNREADABLE as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).partition("\n")[0]
        if "pickle" in reason:  # NumPy's guess at what it does not know
            reason = "something else"
        raise DataError(f"{said}: {expected}; found: {one_line(reason) or type(error).__name__}") from error


def is_archive(file: Path) -> bool:
    """Say whether a regular file holds arrays, whatever it is called."""
    try:
        if not os.path.isfile(file):  # noqa: PTH113 (no error); a pipe would be waited for
            return False
        with zipfile.ZipFile(file) as archive:
            return any(name.endswith(SUFFIX) for name in archive.namelist())
    except UNREADABLE:
        return False


def read_archive(file: Path, names: Sequence[str], expected: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the named arrays of an `.npz` file.

    Args:
        file: The archive.
        names: Of the arrays that are wanted.
        expected: Of all that such a file has, for the messages.

    Raises:
        DataError: It is no such file, or one of the arrays is not in it.
    """
    with expecting(file, f"expected an .npz file with {', '.join(expected)}"):
        try:
            with np.load(file, allow_pickle=False) as content:
                return {name: _array(content, name) for name in names}
        except KeyError as error:
            raise DataError(
                f"{one_line(str(file))}: expected the arrays {', '.join(expected)}; {error.args[0]}"
            ) from error


def _array(content: Any, name: str) -> NDArray[Any]:
    """Return an array of an open archive: the member whose header `read_headers` reads, where there are two."""
    member = name + SUFFIX
    found = content[member if member in content.zip.namelist() else name]
    if not isinstance(found, np.ndarray):
        raise ValueError(f"{name} is no array")  # noqa: TRY004 (of the file, not of an argument)
    return found


def read_headers(file: Path, names: Sequence[str], expected: Sequence[str]) -> dict[str, Header]:
    """Return what an `.npz` file says of those of the named arrays that it has, without reading them.

    Args:
        file: The archive.
        names: Of the arrays that are asked for.
        expected: Of all that such a file has, for the messages.

    Raises:
        DataError: It is no such file, or what it says of an array is not what the array takes.
    """
    with expecting(file, f"expected an .npz file with {', '.join(expected)}"), zipfile.ZipFile(file) as archive:
        there = set(archive.namelist())
        headers = {name: _header(archive, name + SUFFIX) for name in names if name + SUFFIX in there}
    for name, header in headers.items():
        if header.size != header.nbytes and not header.dtype.hasobject:
            said = f"{header.dtype} {list(header.shape)}"
            raise DataError(f"{one_line(str(file))}: {name}: is said to be {said}, but has {header.size:,} bytes")
    return headers


def _header(archive: zipfile.ZipFile, member: str) -> Header:
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
        return Header(dtype, shape, archive.getinfo(member).file_size - stream.tell())
