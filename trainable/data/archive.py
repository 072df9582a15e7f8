"""Arrays in an `.npz` file, read with one line for whatever else it may be."""

import os
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.errors import DataError

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


def read_archive(file: Path, names: Sequence[str], expected: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the named arrays of an `.npz` file.

    Args:
        file: The archive.
        names: Of the arrays that are wanted.
        expected: Of all that such a file has, for the messages.

    Raises:
        DataError: It is no such file, or one of the arrays is not in it.
    """
    if os.path.exists(file) and not os.path.isfile(file):  # noqa: PTH110, PTH113 (no error); a pipe would be waited for
        raise DataError(f"{file}: expected an .npz file with {', '.join(expected)}; found: a folder, device or pipe")
    try:
        with np.load(file, allow_pickle=False) as content:
            return {name: content[name] for name in names}
    except KeyError as error:
        raise DataError(f"{file}: expected the arrays {', '.join(expected)}; {error.args[0]}") from error
    except UNREADABLE as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).partition("\n")[0]
        if "pickle" in reason:  # NumPy's guess at what it does not know
            reason = "something else"
        raise DataError(f"{file}: expected an .npz file with {', '.join(expected)}; found: {reason}") from error
