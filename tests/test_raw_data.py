"""Data as a model takes them: nothing is changed, and the splits are those that other networks have."""

import pickle

import numpy as np
import pytest
from own_data import TARGETS, csv_of, npz_of

from trainable.arrays.splits import splits_of
from trainable.data.dataset import HeldOutSet
from trainable.data.names import is_of_test
from trainable.data.reading import Raw
from trainable.data.source import DataSource
from trainable.errors import DataError
from trainable.mnist.spec import MNIST, SHA256
from trainable.model_file.dataset import ModelDataset, raw_of
from trainable.model_file.taking import examples_of

PARTS = ("train", "val", "test")
IMAGES = np.arange(12 * 2 * 2, dtype=np.uint8).reshape(12, 2, 2)
NUMBERS = np.arange(24, dtype=np.float64).reshape(12, 2) / 7
WORDS = np.array([f"word {each}" for each in range(12)])
Y = np.arange(12) % 2
SEVERAL = {"image": IMAGES, "numbers": NUMBERS, "words": WORDS}


def raw_data(monkeypatch, *, test=True, **arrays):
    """The splits of arrays as if a source had them."""
    given = {"x_train": SEVERAL, "y_train": Y} | arrays
    monkeypatch.setattr("trainable.model_file.dataset.read", lambda _: Raw("mine", {**given}))
    return raw_of(DataSource("mine.csv", "y", test))


def refusal(monkeypatch, **arrays):
    """The line with which arrays are refused."""
    with pytest.raises(DataError) as caught:
        raw_data(monkeypatch, **arrays)
    return str(caught.value)


@pytest.mark.parametrize("name", ["digits", "wine"])
def test_splits_are_those_of_other_networks(name, tmp_path):
    """The same examples and labels in the same order, but in the type and the shape that the file has."""
    source = DataSource(str(npz_of(name, tmp_path)))
    raw, splits = raw_of(source), splits_of(source)
    assert (raw.name, raw.labels, raw.val, raw.test) == (splits.name, splits.labels, splits.val, splits.test)
    assert raw.repeated == splits.repeated
    assert (raw.shapes, raw.dtypes) == (((8, 8), "uint8") if name == "digits" else ((13,), "float64"))
    for part in PARTS:
        x, y = (getattr(raw, f"{axis}_{part}") for axis in "xy")
        assert x.reshape(len(x), -1).astype(splits.x_train.dtype).tolist() == getattr(splits, f"x_{part}").tolist()
        assert y.dtype == np.int32
        assert y.tolist() == getattr(splits, f"y_{part}").tolist()


def test_table_gives_its_numbers(tmp_path):
    """As float32 with the names of the columns, as any network gets them."""
    source = DataSource(str(csv_of("wine", tmp_path)), TARGETS["wine"])
    raw, splits = raw_of(source), splits_of(source)
    assert (raw.shapes, raw.dtypes, raw.columns, raw.labels) == ((13,), "float32", splits.columns, splits.labels)
    assert raw.x_test.tolist() == splits.x_test.tolist()


def test_several_inputs_are_split_together(monkeypatch):
    """Each example keeps its parts, whatever their types."""
    raw = raw_data(monkeypatch)
    assert raw.shapes == {"image": (2, 2), "numbers": (2,), "words": (1,)}
    assert raw.dtypes == {"image": "uint8", "numbers": "float64", "words": "string"}
    seen = []
    for part in PARTS:
        x, y = getattr(raw, f"x_{part}"), getattr(raw, f"y_{part}")
        for image, numbers, words, label in zip(x["image"], x["numbers"], x["words"], y, strict=True):
            number = int(words[0].removeprefix("word "))
            assert (image.tolist(), numbers.tolist()) == (IMAGES[number].tolist(), NUMBERS[number].tolist())
            assert label == Y[number]
            seen.append(number)
    assert sorted(seen) == list(range(12))
    assert raw.dataset.nbytes == sum(each.nbytes for part in PARTS[:2] for each in vars_of(raw, part))


def vars_of(raw, part):
    """The arrays of a part."""
    return [*getattr(raw, f"x_{part}").values(), getattr(raw, f"y_{part}")]


def test_split_of_the_data_is_not_copied():
    """It may be most of the memory; and the caller's mapping lets go of it."""
    raw = Raw("mine", {"x_train": NUMBERS, "y_train": Y, "x_val": NUMBERS[:6], "y_val": Y[:6]})
    examples = examples_of(raw, "mine")
    assert np.shares_memory(examples["train"], NUMBERS)
    assert np.shares_memory(examples["val"], NUMBERS)
    assert raw.arrays.keys() == {"y_train", "y_val"}


def test_how_examples_lie_in_memory_is_mended():
    """TensorFlow takes no other order of bytes; texts of other lengths are of one type."""
    other = np.asfortranarray(NUMBERS.astype(">f8"))
    raw = Raw("mine", {"x_train": {"a": other, "b": WORDS}, "x_val": {"a": NUMBERS, "b": np.array(["w"] * 12)}})
    x = examples_of(raw, "mine")
    assert x["train"]["a"].tolist() == NUMBERS.tolist()
    assert x["train"]["a"].dtype.isnative
    assert x["train"]["a"].flags.c_contiguous
    assert x["val"]["b"].dtype == x["train"]["b"].dtype == WORDS.dtype


def test_hashes_name_every_array(monkeypatch):
    """Trials are said to see all but those of the test split, whatever an input is called."""
    odd = {"image_test": IMAGES, "x_test": NUMBERS}
    hashes = raw_data(monkeypatch, x_train=odd).hashes()
    assert {name for name in hashes if not is_of_test(name)} == {
        "x_train/image_test", "x_train/x_test", "y_train", "x_val/image_test", "x_val/x_test", "y_val",
    }  # fmt: skip
    assert len(hashes) == 9
    changed = IMAGES.copy()
    changed[3] += 1
    other = raw_data(monkeypatch, x_train={**odd, "image_test": changed}).hashes()
    differing = [name for name in hashes if other[name] != hashes[name]]
    assert len(differing) == 1
    assert differing[0].endswith("/image_test")


def test_repeated_examples_are_alike_in_all_inputs(monkeypatch):
    """One part that is the same is no repetition."""
    x_val = {"image": IMAGES[:2], "numbers": NUMBERS[:2]}
    x_train = {name: SEVERAL[name] for name in x_val}
    both = raw_data(monkeypatch, x_train=x_train, x_val=x_val, y_val=Y[:2], test=False)
    assert both.repeated == {"val": 2}
    x_val = {"image": IMAGES[:2], "numbers": NUMBERS[:2] + np.array([[0], [1]])}
    one = raw_data(monkeypatch, x_train=x_train, x_val=x_val, y_val=Y[:2], test=False)
    assert one.repeated == {"val": 1}
    assert (one.test, one.x_test, one.held_out) == ("none", None, None)


CONSTANT = {"a": np.ones((12, 2)), "b": np.array(["x"] * 12)}
REFUSED = {
    "other inputs": (
        {"x_val": {"image": IMAGES}, "y_val": Y},
        "mine.csv: x_val: has the inputs image, x_train the inputs image, numbers, words",
    ),
    "one input": (
        {"x_val": IMAGES, "y_val": Y},
        "mine.csv: x_val: has one array, x_train the inputs image, numbers, words",
    ),
    "lengths": (
        {"x_train": {"a": IMAGES, "b": NUMBERS[:7]}},
        "mine.csv: x_train/b: has 7 examples, x_train/a 12",
    ),
    "labels": ({"y_train": Y[:7]}, "mine.csv: y_train: has 7 labels for the 12 of x_train"),
    "dates": (
        {"x_train": {"a": np.zeros(12, "M8[s]")}},
        "mine.csv: x_train/a: is datetime64[s]; examples are numbers of at most 64 bits, booleans or texts",
    ),
    "wide": (
        {"x_train": NUMBERS.astype(np.longdouble)},
        f"mine.csv: x_train: is {np.dtype(np.longdouble)}; examples are numbers of at most 64 bits, booleans or texts",
    ),
    "a number": (
        {"x_train": {"a": np.array(1)}},
        "mine.csv: x_train/a: has the shape []; needed are examples, [n, features] or images",
    ),
    "shapes": (
        {"x_val": {**SEVERAL, "numbers": IMAGES}, "y_val": Y},
        "mine.csv: x_val/numbers: has examples of [2, 2], x_train/numbers of [2]",
    ),
    "types": (
        {"x_val": {**SEVERAL, "numbers": NUMBERS.astype(np.float32)}, "y_val": Y},
        "mine.csv: x_val/numbers: has float32, x_train/numbers float64; save both in one type",
    ),
    "all the same": (
        {"x_train": CONSTANT},
        "mine.csv: all training examples are the same; features have to differ between examples",
    ),
}


@pytest.mark.parametrize(("arrays", "line"), REFUSED.values(), ids=REFUSED)
def test_examples_that_no_model_takes_are_one_line(arrays, line, monkeypatch):
    """It names the array, of several inputs the input, too."""
    assert refusal(monkeypatch, **arrays) == line


def test_one_input_that_differs_is_enough(monkeypatch):
    """A constant beside it may be what the person wants."""
    assert raw_data(monkeypatch, x_train={**CONSTANT, "c": NUMBERS}).shapes["c"] == (2,)


def test_built_in_data_keep_their_splits(dataset):
    """As images, and with the same bytes as any network has them."""
    for source in (None, DataSource("keras:mnist")):
        raw = raw_of(source)
        assert (raw.shapes, raw.dtypes, raw.labels) == (MNIST.inputs.shape, "uint8", MNIST.labels)
        assert np.array_equal(raw.x_val.reshape(dataset.x_val.shape), dataset.x_val)
        assert np.array_equal(raw.y_train, dataset.y_train)
        assert {name: len(getattr(raw, f"y_{name}")) for name in PARTS} == MNIST.sizes
    assert raw.hashes()["x_test"] == SHA256["x_test"]


def test_data_set_refuses_splits_that_do_not_fit():
    """Who makes one of arrays has checked them, or is told."""
    y = Y.astype(np.int32)
    data = ModelDataset(SEVERAL, y, SEVERAL, y)
    assert (data.classes, data.input_shape["image"]) == (2, (2, 2))
    with pytest.raises(DataError, match=r"the validation split has \[7, 12\] examples and labels \[12\]"):
        ModelDataset(SEVERAL, y, {**SEVERAL, "numbers": NUMBERS[:7]}, y)
    with pytest.raises(DataError, match="examples of another form than the training split"):
        ModelDataset(NUMBERS, y, IMAGES, y)


def test_data_set_is_pickled_without_a_copy():
    """Ray then puts each array into its store as it is, of several inputs and texts, too."""
    y = Y.astype(np.int32)
    data, buffers = ModelDataset(SEVERAL, y, SEVERAL, y), []
    content = pickle.dumps(data, protocol=5, buffer_callback=buffers.append)
    assert sum(len(each.raw()) for each in buffers) == sum(each.nbytes for each in SEVERAL.values()) + y.nbytes
    back = pickle.loads(content, buffers=buffers)
    assert np.shares_memory(back.x_train["words"], WORDS)


def test_only_input_is_asked_for():
    """A network of one input does not take the first of several."""
    assert HeldOutSet(NUMBERS, Y).only is NUMBERS
    with pytest.raises(DataError, match="there are 3 inputs where a network takes one"):
        _ = HeldOutSet(SEVERAL, Y).only
