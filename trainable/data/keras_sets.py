"""The data sets of `keras.datasets`, read from where Keras keeps them, or downloaded to there; Keras is not loaded."""

import contextlib
import gzip
import hashlib
import http.client
import io
import logging
import pickle
import tarfile
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.data.source import PREFIX
from trainable.data.unpickling import ArrayUnpickler
from trainable.errors import DataError, shown
from trainable.files import keras_folder, whole_file

log = logging.getLogger(__name__)

Arrays = dict[str, NDArray[np.uint8]]

NAMES = ("x_train", "y_train", "x_test", "y_test")
ANSWER = 5.0  # seconds for a server to go on; where only package registries are reached this should fail fast
PATIENCE = 600.0  # seconds for a whole file, 170 MB at most
PART = 1 << 20  # bytes that are read at once
BROKEN = (
    OSError, ValueError, TypeError, LookupError, EOFError, http.client.HTTPException, zipfile.BadZipFile, zlib.error,
    tarfile.TarError, pickle.UnpicklingError,
)  # fmt: skip


@dataclass(frozen=True)
class Published:
    """A file of a data set.

    Attributes:
        url: Where it is published.
        kept: What Keras, or an earlier version of it, calls it in its folder; the first is where a download is put.
        sha256: Of its bytes, as Keras has it; None where Keras has none, and gzip's own checksum has to do.
    """

    url: str
    kept: tuple[str, ...]
    sha256: str | None = None


@dataclass(frozen=True)
class KerasSet:
    """A data set: its files, and what makes its four arrays, uint8, of their bytes."""

    files: tuple[Published, ...]
    arrays: Callable[[Sequence[bytes]], Arrays]


def read_keras_set(location: str) -> Arrays:
    """Return x_train, y_train, x_test and y_test of a data set, uint8 as Keras gives them.

    Args:
        location: `keras:NAME`.

    Raises:
        DataError: There is no such data set, it is none that can be classified here, or it is neither in Keras's
            folder nor to be had from where it is published.
    """
    name = location.removeprefix(PREFIX)
    if name in UNSUITED:
        raise DataError(f"{location}: {UNSUITED[name]}; must be one of {', '.join(SETS)}")
    if name not in SETS:
        raise DataError(f"{PREFIX}{shown(name)}: no data set that is known here; must be one of {', '.join(SETS)}")
    contents = [_content(location, file) for file in SETS[name].files]
    try:
        return SETS[name].arrays(contents)
    except BROKEN as error:
        raise DataError(f"{location}: {_reason(error)} in the files in {keras_folder()}; remove them") from error


def kept_file(location: str) -> Path:
    """Return the first of a data set's files, where it is or would be kept; of an unknown set one that is not there."""
    name = location.removeprefix(PREFIX)
    places = [keras_folder() / kept for kept in (SETS[name].files[0].kept if name in SETS else (location,))]
    return next((place for place in places if place.is_file()), places[0])


def _content(location: str, file: Published) -> bytes:
    """Return a file's bytes from Keras's folder, or from where it is published; what was fetched is kept there."""
    kept = [keras_folder() / name for name in file.kept]
    for place in kept:
        with contextlib.suppress(OSError):
            if place.is_file():
                content = place.read_bytes()
                if _is_whole(content, file):
                    return content
                log.warning("%s: is damaged; fetching it anew", place)
    log.info("%s: fetching %s", location, file.url)
    try:
        content = _fetched(file.url)
    except BROKEN as error:
        raise DataError(
            f"{location}: no whole {kept[0]} is there, and {file.url} cannot be had: {_reason(error)}; "
            "copy the set's files to there from a machine that has them"
        ) from error
    if not _is_whole(content, file):
        raise DataError(f"{location}: {file.url} is not the file that Keras knows; try again later")
    _keep(kept[0], content)
    return content


def _is_whole(content: bytes, file: Published) -> bool:
    if file.sha256 is not None:
        return hashlib.sha256(content).hexdigest() == file.sha256
    try:
        gzip.decompress(content)
    except BROKEN:
        return False
    return True


def _fetched(url: str) -> bytes:
    """Download a file into memory."""
    end = time.monotonic() + PATIENCE
    parts = []
    with urllib.request.urlopen(url, timeout=ANSWER) as response:  # noqa: S310 (of this module, or a test's)
        while part := response.read(PART):
            parts.append(part)
            if time.monotonic() > end:
                raise TimeoutError(f"not whole within {PATIENCE:.0f} s")
    return b"".join(parts)


def _keep(file: Path, content: bytes) -> None:
    """Put a file where Keras looks for it, if that can be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        log.warning("%s: cannot be kept: %s; the next command fetches it again", file, error.strerror)


def _reason(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__


def _of_archive(contents: Sequence[bytes]) -> Arrays:
    """Take the arrays out of an `.npz` file."""
    with np.load(io.BytesIO(contents[0]), allow_pickle=False) as content:
        return {name: content[name] for name in NAMES}


def _of_idx(contents: Sequence[bytes]) -> Arrays:
    """Make the arrays of compressed IDX files, in the order of `NAMES`.

    Source: the format's description by Y. LeCun: two zeros, the type (8: unsigned bytes), the number of dimensions,
    each dimension as four bytes, the highest first, then the values.
    """
    return {name: _idx(gzip.decompress(content)) for name, content in zip(NAMES, contents, strict=True)}


def _idx(content: bytes) -> NDArray[np.uint8]:
    if content[:3] != b"\0\0\x08":
        raise ValueError("no IDX file of bytes")
    start = 4 + 4 * content[3]
    return np.frombuffer(content, np.uint8, offset=start).reshape(np.frombuffer(content[4:start], ">u4"))


def _of_batches(train: Sequence[str], test: Sequence[str], labels: bytes) -> Callable[[Sequence[bytes]], Arrays]:
    """Return what makes the arrays of pickled batches of images [n, 3 colours * 32 rows * 32 columns] in an archive."""

    def arrays(contents: Sequence[bytes]) -> Arrays:
        with tarfile.open(fileobj=io.BytesIO(contents[0]), mode="r:gz") as archive:
            x_train, y_train = _batches(archive, train, labels)
            x_test, y_test = _batches(archive, test, labels)
        return dict(zip(NAMES, (x_train, y_train, x_test, y_test), strict=True))

    return arrays


def _batches(
    archive: tarfile.TarFile, members: Sequence[str], labels: bytes
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    found: list[Mapping[bytes, Any]] = []
    for member in members:
        stream = archive.extractfile(member)
        if stream is None:
            raise ValueError(f"{member} is no file")
        found.append(ArrayUnpickler(stream, encoding="bytes").load())
    images = np.concatenate([batch[b"data"] for batch in found]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), np.concatenate([np.array(batch[labels], np.uint8) for batch in found])


KEPT_BY_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
KEPT_IN_TORONTO = "https://www.cs.toronto.edu/~kriz/"
# URLs, names in the folder and SHA-256: Keras's own, keras/src/datasets.
SETS = {
    "mnist": KerasSet(
        (
            Published(
                f"{KEPT_BY_GOOGLE}mnist.npz",
                ("mnist.npz",),
                "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
            ),
        ),
        _of_archive,
    ),
    "fashion_mnist": KerasSet(
        tuple(
            Published(f"{KEPT_BY_GOOGLE}{name}.gz", (f"fashion-mnist/{name}.gz",))
            for part in ("train", "t10k")
            for name in (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte")
        ),
        _of_idx,
    ),
    "cifar10": KerasSet(
        (
            Published(
                f"{KEPT_IN_TORONTO}cifar-10-python.tar.gz",
                ("cifar-10-batches-py-target_archive", "cifar-10-batches-py.tar.gz"),
                "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            ),
        ),
        _of_batches(
            [f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)],
            ["cifar-10-batches-py/test_batch"],
            b"labels",
        ),
    ),
    "cifar100": KerasSet(
        (
            Published(
                f"{KEPT_IN_TORONTO}cifar-100-python.tar.gz",
                ("cifar-100-python-target_archive", "cifar-100-python.tar.gz"),
                "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
            ),
        ),
        _of_batches(["cifar-100-python/train"], ["cifar-100-python/test"], b"fine_labels"),
    ),
}
TEXTS = "its examples are texts of different lengths"
QUANTITY = "its target is a quantity, and this tool classifies"
UNSUITED = {"imdb": TEXTS, "reuters": TEXTS, "boston_housing": QUANTITY, "california_housing": QUANTITY}
