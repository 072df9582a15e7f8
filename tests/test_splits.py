"""Splits of anyone's data: a partition, the same each time, with each class in each part."""

import hashlib
import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from own_data import TARGETS, arrays_of, csv_of, frame_of, npz_of

from trainable.arrays.splits import splits_of
from trainable.data.reading import bytes_needed
from trainable.data.source import DataSource
from trainable.errors import DataError

PARTS = ("train", "val", "test")


def arrays_in(splits):
    """The parts that there are, by name."""
    found = {part: (getattr(splits, f"x_{part}"), getattr(splits, f"y_{part}")) for part in PARTS}
    return {part: pair for part, pair in found.items() if pair[0] is not None}


def split_of(folder, name="mine.npz", *, test=True, **arrays):
    """The splits of arrays that are saved as a person would."""
    file = Path(folder) / name
    np.savez(file, **arrays)
    return splits_of(DataSource(str(file), test=test))


def rows(x, labels):
    """Examples with their labels, in an order of their own."""
    return sorted((example.tobytes(), str(label)) for example, label in zip(x, labels, strict=True))


@st.composite
def sound(draw):
    """Features of any kind whose examples all differ, and labels of any kind with three examples at least of each."""
    shape = draw(st.sampled_from([(1,), (3,), (2, 2)]))
    kind = draw(st.sampled_from([np.uint8, np.int16, np.float32, np.float64]))
    count = draw(st.integers(6, 40))
    x = draw(hnp.arrays(kind, (count, *shape), elements=st.integers(0, 200)))
    x.reshape(count, -1)[:, 0] = np.arange(count)
    names = draw(
        st.one_of(
            st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=count // 3, unique=True),
            st.lists(
                st.text(st.characters(categories=("L", "N", "P")), min_size=1),
                min_size=2,
                max_size=count // 3,
                unique=True,
            ),
            st.just([False, True]),
        )
    )
    rest = draw(st.lists(st.sampled_from(names), min_size=count - 3 * len(names), max_size=count - 3 * len(names)))
    labels = draw(st.permutations([*names * 3, *rest]))
    return x, np.array(labels), draw(st.booleans())


@settings(max_examples=40)
@given(sound())
def test_splits_are_a_partition_that_keeps_every_class(data):
    """Each example is in one part, with its label, in the order of the file; each part has each class."""
    x, labels, test = data
    with tempfile.TemporaryDirectory() as folder:
        splits = split_of(folder, test=test, x_train=x, y_train=labels)
    parts = arrays_in(splits)
    assert parts.keys() == (set(PARTS) if test else {"train", "val"})
    flat = x.reshape(len(x), -1)
    flat = flat if x.dtype == np.uint8 else flat.astype(np.float32)
    names = np.array(splits.labels)
    assert rows(
        np.concatenate([x for x, _ in parts.values()]), names[np.concatenate([y for _, y in parts.values()])]
    ) == (rows(flat, labels))
    for part, y in parts.values():
        assert part.dtype == flat.dtype
        assert y.dtype == np.int32
        assert set(y) == set(range(len(names)))
        assert (np.diff(part[:, 0].astype(int)) > 0).all()
    assert splits.shape == x.shape[1:]
    assert splits.repeated == dict.fromkeys(parts.keys() - {"train"}, 0)


@settings(max_examples=25)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.integers(12, 30), st.integers(1, 4)),
        elements=st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False),
    )
)
def test_a_table_and_arrays_of_the_same_numbers_are_the_same_splits(x):
    """Whether a person saves numbers as text or as bytes makes no difference to the last bit."""
    x[:, 0] = np.arange(len(x))
    labels = np.arange(len(x)) % 3
    with tempfile.TemporaryDirectory() as folder:
        frame = pd.DataFrame(x, columns=[f"feature {each}" for each in range(x.shape[1])]).assign(label=labels)
        frame.to_csv(f"{folder}/mine.csv", index=False)
        frame.to_parquet(f"{folder}/mine.parquet")
        np.savez(f"{folder}/mine.npz", x_train=x, y_train=labels)
        found = []
        for name, target in (("mine.npz", None), ("mine.csv", "label"), ("mine.parquet", "label")):
            try:
                found.append(splits_of(DataSource(f"{folder}/{name}", target)))
            except DataError as error:  # numbers that float32 cannot tell apart are refused in each form
                found.append("cannot tell" in str(error) or str(error))
    if isinstance(found[0], bool):
        assert found == [True] * 3
        return
    hashes = [
        [hashlib.sha256(each.tobytes()).hexdigest() for pair in arrays_in(splits).values() for each in pair]
        for splits in found
    ]
    assert hashes[0] == hashes[1] == hashes[2]
    assert len({splits.labels for splits in found}) == 1


@pytest.mark.parametrize("name", TARGETS)
def test_known_sets_are_split_by_class(name, tmp_path):
    """15 % of each class are test examples, then 15 % of the rest validate, as nearly as whole examples can be."""
    splits = splits_of(DataSource(str(npz_of(name, tmp_path))))
    total = len(arrays_of(name)["y_train"])
    assert len(splits.y_test) == round(0.15 * total)
    assert len(splits.y_val) == round(0.15 * (total - len(splits.y_test)))
    whole = np.bincount(np.concatenate([splits.y_train, splits.y_val, splits.y_test]))
    assert (abs(np.bincount(splits.y_test) - 0.15 * whole) < 1).all()
    assert (splits.test, splits.val) == (
        "15 % of the training examples, stratified, seed 0",
        "15 % of the rest, stratified, seed 0",
    )
    table = splits_of(DataSource(str(csv_of(name, tmp_path)), TARGETS[name]))
    assert table.columns == tuple(frame_of(name).columns[:-1])
    assert table.name == f"{name}.csv"


def test_the_same_data_are_split_the_same_way(tmp_path):
    """A draw depends on nothing but the labels: neither on the run nor on NumPy's version."""
    splits = splits_of(DataSource(str(npz_of("wine", tmp_path))))
    drawn = splits.y_test.astype("<i4").tobytes() + splits.x_test.astype("<f4").tobytes()
    assert hashlib.sha256(drawn).hexdigest() == "46e924237afec4cb8a38c6cc4a0e7fefee4ec60984379faf729a6899b28bca04"


def test_splits_of_the_file_are_kept(tmp_path):
    """What a person has set apart stays apart; labels may be missing in the later splits."""
    x = np.arange(40, dtype=np.float32).reshape(20, 2)
    given = {"x_train": x, "y_train": np.arange(20) % 2, "x_val": x[:3], "y_val": [1, 1, 1], "x_test": x[1:2] + 1}
    splits = split_of(tmp_path, **given, y_test=[0], note=np.zeros(3))
    assert (splits.val, splits.test) == ("the file's own", "the file's own")
    assert [len(y) for _, y in arrays_in(splits).values()] == [20, 3, 1]
    assert splits.repeated == {"val": 3, "test": 0}
    own_test = split_of(tmp_path, x_train=x, y_train=given["y_train"], x_test=x[:1], y_test=[0])
    assert (own_test.val, own_test.test) == ("15 % of the training examples, stratified, seed 0", "the file's own")


def test_no_test_split_is_drawn_where_none_is_wanted(tmp_path):
    """With `test` false what the data have is kept, and nothing is held out."""
    splits = splits_of(DataSource(str(npz_of("wine", tmp_path)), test=False))
    assert (splits.x_test, splits.y_test, splits.test) == (None, None, "none")
    assert len(splits.y_train) + len(splits.y_val) == 178


def test_examples_in_two_splits_are_counted(tmp_path):
    """An example that is in an earlier split, bit for bit, tells less about new data; within a split it may repeat."""
    x = np.repeat(np.arange(10, dtype=np.uint8), 2)[:, np.newaxis]
    y = np.arange(20) % 2
    splits = split_of(
        tmp_path, x_train=x[:10], y_train=y[:10], x_val=x[8:14], y_val=y[8:14], x_test=x[12:], y_test=y[12:]
    )
    assert splits.repeated == {"val": 2, "test": 2}


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (np.array([10, 9, -2] * 4), ("-2", "9", "10")),
        (np.array([2**63 + 1, 3] * 6, np.uint64), ("3", "9223372036854775809")),
        (np.array([1.0, 0.0, 30.0] * 4), ("0", "1", "30")),
        (np.array([True, False] * 6), ("False", "True")),
        (np.array(["b", "10", "9"] * 4), ("10", "9", "b")),
        (np.array(["é".encode(), b"a"] * 6), ("a", "é")),
        (np.array([[5], [7]] * 6), ("5", "7")),
        (np.eye(3, dtype=np.float32)[np.arange(12) % 3], ("0", "1", "2")),
        (np.eye(2, dtype=bool)[np.arange(12) % 2], ("0", "1")),
    ],
)
def test_labels_of_every_kind_are_numbered_in_their_order(labels, names, tmp_path):
    """Integers by number, strings by text; one-hot rows by their column."""
    splits = split_of(tmp_path, x_train=np.arange(12, dtype=np.float32), y_train=labels)
    assert splits.labels == names
    assert splits.shape == (1,)


@pytest.mark.parametrize(
    ("x", "kind"),
    [
        (np.arange(12) % 2 == 0, np.float32),
        (np.arange(12, dtype=np.uint8), np.uint8),
        (np.arange(12, dtype=">i4"), np.float32),
        (np.arange(12, dtype=np.uint64), np.float32),
        (np.arange(12, dtype=np.float16), np.float32),
        (np.arange(12, dtype=np.longdouble), np.float32),
        (np.array([0.1] * 12), None),
        (2**60 + np.arange(12), None),
        (np.arange(12) * 1e-300, None),
        (1.7e9 + 86_400.0 * np.arange(12), np.float32),
    ],
)
def test_numbers_of_every_kind_are_float32_where_that_can_hold_them(x, kind, tmp_path):
    """Bytes stay bytes; what float32 would blur is refused, whatever type it comes in."""
    both = np.stack([x, x], axis=1) if kind else np.stack([x, np.arange(12, dtype=x.dtype)], axis=1)
    arrays = {"x_train": np.asfortranarray(both), "y_train": np.arange(12) % 2}
    if kind or x[0] == x[-1]:  # a feature that is always the same says nothing that could be blurred
        assert split_of(tmp_path, **arrays).x_train.dtype == (kind or np.float32)
    else:
        with pytest.raises(DataError, match=r"mine.npz: x_train\[:, 0\]: float32 cannot tell its values apart"):
            split_of(tmp_path, **arrays)


def test_tables_are_read_as_other_programs_write_them(tmp_path):
    """A byte-order mark, line breaks in quoted names, the ends of lines of Windows, booleans and integers are read."""
    file = tmp_path / "mine.CSV"
    body = "".join(f"{number},{number % 3 == 0},{['None', 'yes'][number % 2]}\r\n" for number in range(12))
    file.write_bytes(('\ufeff"a\nb",c,label\r\n' + body).encode())
    splits = splits_of(DataSource(str(file), "label"))
    assert splits.columns == ("a\nb", "c")
    assert splits.labels == ("None", "yes")
    assert np.array_equal(np.sort(splits.x_train[:, 1])[[0, -1]], [0, 1])


def test_parquet_keeps_its_index_out_and_reads_what_pandas_writes(tmp_path):
    """The index of the rows is no feature; categories, nullable numbers, decimals and integers are what they are."""
    from decimal import Decimal

    frame = pd.DataFrame(
        {
            "whole": pd.array(range(12), "Int64"),
            "decimal": [Decimal(each) / 2 for each in range(12)],
            "label": pd.Categorical(["x", "y"] * 6),
        },
        index=pd.Index(range(5, 17), name="row"),
    )
    file = tmp_path / "mine.parquet"
    frame.to_parquet(file)
    splits = splits_of(DataSource(str(file), "label"))
    assert splits.columns == ("whole", "decimal")
    assert splits.labels == ("x", "y")


def test_bytes_that_reading_takes_are_known_before(tmp_path):
    """An archive's headers, a table's size and metadata say it, without reading the numbers."""
    arrays = arrays_of("wine")
    expected = sum(array.nbytes + 4 * array.size for array in arrays.values())
    assert bytes_needed(DataSource(str(npz_of("wine", tmp_path)))) == expected
    assert bytes_needed(DataSource("keras:cifar10")) is None
    csv, parquet = csv_of("wine", tmp_path), tmp_path / "wine.parquet"
    frame_of("wine").to_parquet(parquet)
    for file in (csv, parquet):
        assert expected <= bytes_needed(DataSource(str(file), "cultivar")) < 3 * expected


def test_arrays_that_an_archive_holds_beside_are_ignored(tmp_path):
    """Another array may be anything, even one that is not read."""
    stream = io.BytesIO()
    np.savez(stream, x_train=np.eye(12), y_train=np.arange(12) % 2, names=np.array([{}], object), allow_pickle=True)
    (tmp_path / "mine.npz").write_bytes(stream.getvalue())
    assert splits_of(DataSource(str(tmp_path / "mine.npz"))).shape == (12,)


def test_member_of_the_same_name_is_not_taken_for_an_array(tmp_path):
    """What is read is the member whose size was looked at before, whatever else is called so."""
    with (tmp_path / "mine.npz").open("wb") as stream:
        np.savez(stream, x_train=np.eye(12), y_train=np.arange(12) % 2)
    with zipfile.ZipFile(tmp_path / "mine.npz", "a") as archive:
        archive.writestr("x_train", b"of any length")
    assert splits_of(DataSource(str(tmp_path / "mine.npz"))).shape == (12,)
