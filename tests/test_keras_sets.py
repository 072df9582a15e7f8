"""Keras's data sets: its own files, verified, or their download; what cannot be had is one line."""

import gzip
import hashlib
import io
import pickle
import struct
import subprocess
import sys
import tarfile
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from commands import ROOT

from trainable.arrays.splits import splits_of
from trainable.data import keras_sets
from trainable.data.keras_sets import SETS, read_keras_set
from trainable.data.source import DataSource
from trainable.errors import DataError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Keras's folder of data sets, the test's own."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets" / "fashion-mnist").mkdir(parents=True)
    return tmp_path / "datasets"


@pytest.fixture
def server():
    """A server of the files that a test gives it, and its address."""
    files = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_):
            pass

    running = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield files, f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def idx(array):
    """An array as a compressed IDX file."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.tobytes())


def images(count, *shape):
    """Images that differ, and labels of two classes."""
    return np.random.default_rng(1).integers(0, 256, (count, *shape), dtype=np.uint8), np.arange(
        count, dtype=np.uint8
    ) % 2


def fashion_files(folder):
    """Small files of Fashion-MNIST's form."""
    x, y = images(30, 4, 4)
    for part, rows in (("train", slice(20)), ("t10k", slice(20, None))):
        (folder / "fashion-mnist" / f"{part}-images-idx3-ubyte.gz").write_bytes(idx(x[rows]))
        (folder / "fashion-mnist" / f"{part}-labels-idx1-ubyte.gz").write_bytes(idx(y[rows]))
    return x, y


def batches(members, labels, count):
    """An archive of pickled batches as NumPy 1 wrote them, its images and its labels."""
    x, y = images(count * len(members), 3 * 32 * 32)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for number, member in enumerate(members):
            rows = slice(number * count, (number + 1) * count)
            batch = {b"data": x[rows], labels: [int(each) for each in y[rows]]}
            content = pickle.dumps(batch, protocol=3).replace(b"numpy._core", b"numpy.core")
            info = tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue(), x, y


def known(monkeypatch, name, url, content):
    """Let a data set be this content at this address."""
    file = replace(SETS[name].files[0], url=url, sha256=hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(SETS, name, replace(SETS[name], files=(file,)))
    return file


def test_fashion_images_are_read_from_keras_folder(folder):
    """The four compressed files are what Keras makes of them, and splits follow with nothing fetched."""
    x, y = fashion_files(folder)
    arrays = read_keras_set("keras:fashion_mnist")
    assert np.array_equal(np.concatenate([arrays["x_train"], arrays["x_test"]]), x)
    assert np.array_equal(np.concatenate([arrays["y_train"], arrays["y_test"]]), y)
    splits = splits_of(DataSource("keras:fashion_mnist"))
    assert (splits.name, splits.shape, splits.labels) == ("fashion_mnist", (4, 4), ("0", "1"))
    assert (splits.test, splits.val) == ("Keras's own", "15 % of the training examples, stratified, seed 0")


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_batches_are_read_and_turned_to_rows_columns_colours(name, folder, monkeypatch):
    """Pickled batches become images [n, 32, 32, 3], wherever this or an earlier Keras has put their archive."""
    members = {
        "cifar10": [
            *(f"cifar-10-batches-py/data_batch_{each}" for each in range(1, 6)),
            "cifar-10-batches-py/test_batch",
        ],
        "cifar100": ["cifar-100-python/train", "cifar-100-python/test"],
    }[name]
    content, x, y = batches(members, {"cifar10": b"labels", "cifar100": b"fine_labels"}[name], 4)
    file = known(monkeypatch, name, "http://127.0.0.1:1/none", content)
    for kept in file.kept:
        (folder / kept).write_bytes(content)
        arrays = read_keras_set(f"keras:{name}")
        (folder / kept).unlink()
        assert np.array_equal(
            np.concatenate([arrays["x_train"], arrays["x_test"]]), x.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        )
        assert np.array_equal(np.concatenate([arrays["y_train"], arrays["y_test"]]), y)


def test_what_is_not_there_is_downloaded_and_kept(folder, server, monkeypatch):
    """The download is verified, put where Keras looks for it, and read from there the next time."""
    files, address = server
    stream = io.BytesIO()
    x, y = images(20, 3)
    np.savez(stream, x_train=x, y_train=y, x_test=x, y_test=y)
    files["/mnist.npz"] = stream.getvalue()
    known(monkeypatch, "mnist", f"{address}/mnist.npz", stream.getvalue())
    (folder / "mnist.npz").write_bytes(b"damaged")
    assert np.array_equal(read_keras_set("keras:mnist")["x_train"], x)
    assert (folder / "mnist.npz").read_bytes() == stream.getvalue()
    files.clear()
    assert np.array_equal(read_keras_set("keras:mnist")["y_test"], y)
    files["/mnist.npz"] = b"a page that asks for a password"
    (folder / "mnist.npz").unlink()
    with pytest.raises(
        DataError, match=r"^keras:mnist: .*/mnist.npz is not the file that Keras knows; try again later$"
    ):
        read_keras_set("keras:mnist")
    assert not (folder / "mnist.npz").exists()


def test_what_cannot_be_kept_is_used(folder, server, monkeypatch, caplog):
    """A folder that cannot be written costs a download each time, and a line says so."""
    files, address = server
    content, x, _ = batches(["cifar-100-python/train", "cifar-100-python/test"], b"fine_labels", 4)
    files["/c"] = content
    known(monkeypatch, "cifar100", f"{address}/c", content)
    monkeypatch.setenv("KERAS_HOME", "/dev/null")
    assert len(read_keras_set("keras:cifar100")["x_train"]) == len(x) // 2
    assert "cannot be kept: Not a directory; the next command fetches it again" in caplog.text


def test_what_cannot_be_had_says_where_it_belongs(folder, server, monkeypatch):
    """One line: where the file is looked for, why it cannot be fetched, and what to do."""
    _, address = server
    known(monkeypatch, "cifar10", f"{address}/missing", b"x")
    with pytest.raises(DataError) as caught:
        read_keras_set("keras:cifar10")
    assert str(caught.value) == (
        f"keras:cifar10: no whole {folder}/cifar-10-batches-py-target_archive is there, and {address}/missing cannot "
        "be had: HTTP Error 404: Not Found; copy the set's files to there from a machine that has them"
    )


def test_nothing_but_arrays_is_unpickled(folder, monkeypatch):
    """Even in a file whose hash is right, a pickle cannot call anything."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        content = pickle.dumps({b"data": print})
        info = tarfile.TarInfo("cifar-100-python/train")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    file = known(monkeypatch, "cifar100", "http://127.0.0.1:1/none", stream.getvalue())
    (folder / file.kept[0]).write_bytes(stream.getvalue())
    with pytest.raises(DataError, match=r"^keras:cifar100: builtins.print is not allowed in the files in "):
        read_keras_set("keras:cifar100")


def test_file_of_another_form_is_one_line(folder):
    """Whole files that hold something else are named by their folder."""
    fashion_files(folder)
    (folder / "fashion-mnist" / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(b"something else"))
    with pytest.raises(DataError) as caught:
        read_keras_set("keras:fashion_mnist")
    assert str(caught.value) == f"keras:fashion_mnist: no IDX file of bytes in the files in {folder}; remove them"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("imdb", "its examples are texts of different lengths"),
        ("reuters", "its examples are texts of different lengths"),
        ("boston_housing", "its target is a quantity, and this tool classifies"),
        ("california_housing", "its target is a quantity, and this tool classifies"),
        ("nothing\n", "no data set that is known here"),
    ],
)
def test_other_sets_are_refused_with_the_reason(name, reason):
    """The line says why, and which there are."""
    with pytest.raises(DataError) as caught:
        read_keras_set(f"keras:{name}")
    shown = name.replace("\n", "\\n")
    assert str(caught.value) == f"keras:{shown}: {reason}; must be one of mnist, fashion_mnist, cifar10, cifar100"


def test_files_and_hashes_are_those_of_keras():
    """Addresses, names and hashes are found in the sources of the Keras that is installed."""
    from importlib.util import find_spec
    from pathlib import Path

    sources = Path(find_spec("keras").origin).parent / "src" / "datasets"
    for name, content in SETS.items():
        text = (sources / f"{name}.py").read_text()
        for file in content.files:
            base, _, last = file.url.rpartition("/")
            assert base in text
            assert last in text
            assert file.sha256 is None or file.sha256 in text
            assert file.kept[0].removesuffix("_archive").rpartition("/")[2] in text


def test_a_slow_server_is_not_waited_for_without_end(server, monkeypatch):
    """A download that takes longer than a file can is given up."""
    files, address = server
    files["/x"] = b"x"
    monkeypatch.setattr(keras_sets, "PATIENCE", -1)
    with pytest.raises(TimeoutError, match="not whole within -1 s"):
        keras_sets._fetched(f"{address}/x")


def test_reading_loads_no_framework():
    """Neither Keras nor TensorFlow is imported, and pandas only for tables."""
    script = (
        "import sys, trainable.arrays.splits, trainable.data.source\n"
        "print(sorted({'tensorflow', 'keras', 'ray', 'optuna', 'pandas', 'pyarrow'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"
