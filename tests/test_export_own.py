"""The export of models of somebody's own data: names, inputs and code of each format are theirs."""

import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from commands import clean_environment, invoke
from own_studies import CLASSES, COLUMNS, FILE, IMAGES, TABLE, TARGET

from search.export.formats import FORMATS, ONNX, convert
from search.export.roundtrip import RoundTrip
from trainable.mlp.scoring import probabilities, read_standard, read_weights

THOROUGH = pytest.mark.thorough  # loads TensorFlow for each format, once for the check and once for the card's code
CASES = [
    pytest.param((TABLE, False, "onnx"), id="table"),
    pytest.param((IMAGES, True, "tflite"), id="images"),
    pytest.param((TABLE, False, "all"), id="table-all", marks=THOROUGH),
    pytest.param((TABLE, True, "onnx,tflite"), id="table-preprocessing", marks=THOROUGH),
]


@pytest.fixture(scope="module", params=CASES)
def exported(request, own_studies, tmp_path_factory):
    """A study, whether its model preprocesses, the folder of its best model, and what the command said."""
    study, preprocessing, formats = request.param
    folder = tmp_path_factory.mktemp("exported") / "out"
    options = ["--with-preprocessing"] if preprocessing else []
    result = invoke(
        "search.export", "--study", study, "--runs", own_studies / "runs", "--format", formats, *options,
        "--output", folder,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return study, preprocessing, folder, result


def described(folder):
    """What model.json says."""
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))


def codes(folder):
    """The pieces of code on the card: the one that reads an example, and one for each format."""
    return re.findall(r"```python\n(.*?)```", (folder / "MODEL_CARD.md").read_text(encoding="utf-8"), re.DOTALL)


def test_description_has_every_name(exported):
    """Classes and columns in their order, the splits and how they came about, whatever things are called."""
    study, preprocessing, folder, _ = exported
    found = described(folder)
    if study == TABLE:
        assert found["labels"] == sorted(CLASSES)
        assert found["columns"] == COLUMNS
        assert found["data"] == {
            "name": FILE, "sizes": {"train": 128, "val": 23, "test": 27}, "repeated": {},
            "splits": {
                "val": "15 % of the rest, stratified, seed 0",
                "test": "15 % of the training examples, stratified, seed 0",
            },
        }  # fmt: skip
        assert found["input"].startswith(f"float32 [batch, {len(COLUMNS)}]: ")
        assert found["input"].endswith(", in this order, which the model standardises itself")
    else:
        assert found["labels"] == [str(each) for each in range(10)]
        assert found["columns"] == []
        assert found["input"] == (
            "uint8 [batch, 8, 8]: an image" if preprocessing
            else "float32 [batch, 64] in [0, 1]: a uint8 image, flattened row by row, divided by 255"
        )  # fmt: skip
    assert set(found["data_sha256"]) == {"x_train", "y_train", "x_val", "y_val"}
    assert all(each["images"] == found["data"]["sizes"]["val"] for each in found["checks"].values())


def test_names_do_not_break_the_card(exported):
    """Each row of a table has its two cells, and nothing that Markdown or HTML gives a meaning stands by itself."""
    study, _, folder, _ = exported
    text = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    prose = re.sub(r"```python\n.*?```", "", text, flags=re.DOTALL)
    rows = [line for line in prose.partition("## Checks")[0].splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3}
    assert "image" not in prose or study == IMAGES
    if study == TABLE:
        assert re.findall(r"(?<!\\)<", prose) == []
        assert r"| name | wi\|ne \`{name}\` \<b\>.csv |" in rows
        assert r"| classes | 3: \`\"', back\\slash, {classes} \| \<i\> |".replace(r"\"", '"') in rows


def test_code_on_the_card_says_the_name_of_the_class(exported, own_studies, tmp_path):
    """Copied and run without this project, beside the file of data, each format's names the first example's class."""
    study, _, folder, _ = exported
    begin, *uses = codes(folder)
    for file in (own_studies / (FILE if study == TABLE else "digits.npz"), *folder.iterdir()):
        (tmp_path / file.name).symlink_to(file)
    result = subprocess.run(
        [sys.executable, "-I", "-c", "\n".join([begin, *uses])],
        cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    number = described(folder)["trial"]
    content = (own_studies / "runs" / study / "models" / f"trial-{number:05d}.keras").read_bytes()
    if study == TABLE:
        frame = pd.read_csv(own_studies / FILE)
        first = frame.drop(columns=TARGET).to_numpy(np.float32)[:1]
    else:
        with np.load(own_studies / "digits.npz") as data:
            first = data["x_train"][:1].reshape(1, 64)
    place = probabilities(read_weights(content), first, read_standard(content)).argmax()
    expected = str([described(folder)["labels"][place]]) if study == TABLE else f"[{place}]"
    assert result.stdout.splitlines() == [expected] * len(uses)


def test_data_that_are_elsewhere_now_are_named(own_studies, tmp_path):
    """With --data a study's model is checked on a copy; other data are refused, and nothing is left."""
    shutil.copy(own_studies / "digits.npz", tmp_path / "copy.npz")
    with np.load(own_studies / "digits.npz") as data:
        np.savez(tmp_path / "other.npz", **{name: data[name][::-1] for name in data})
    command = ("search.export", "--study", IMAGES, "--runs", own_studies / "runs", "--trial", "best", "--data")
    result = invoke(*command, tmp_path / "other.npz", "--output", tmp_path / "out")
    assert (result.returncode, result.stdout) == (2, "")
    names = "x_train, y_train, x_val, y_val, x_test, y_test"
    assert result.stderr == f"error: --data {tmp_path / 'other.npz'}: {names}: not what the study was made with\n"
    assert not (tmp_path / "out").exists()
    copy = invoke(*command, tmp_path / "copy.npz", "--format", "tflite", "--output", tmp_path / "out")
    assert copy.returncode == 0, copy.stderr


def test_tie_may_go_to_either_class(tmp_path):
    """Two classes that are as probable come in any order from another order of summation: no other model for that."""
    import keras

    from trainable.mlp.network import initial_weights, keras_model

    weights = [np.zeros_like(each) for each in initial_weights(4, [2], 3, seed=0)]
    signature = [keras.InputSpec(shape=(None, 4), dtype="float32", name="examples")]
    convert(keras_model(weights, name="examples"), ONNX, tmp_path / ONNX.file, signature)
    expected = np.full((5, 3), 1 / 3, np.float32)
    expected[:2, 2] += 1e-5
    check = RoundTrip(np.ones((5, 4), np.float32), expected, "examples").check(ONNX, tmp_path / ONNX.file)
    assert (check.ties, check.images) == (2, 5)
    assert 0 < check.largest_difference < 2e-5


def test_converters_take_no_number_of_a_model_for_its_input(exported):
    """A model that standardises has one input in every format: the examples."""
    study, preprocessing, folder, _ = exported
    if not (folder / ONNX.file).exists():
        assert set(described(folder)["checks"]) < set(FORMATS)
        return
    import onnx

    [taken] = onnx.load(folder / ONNX.file).graph.input
    assert taken.name == ("images" if study == IMAGES else "examples")
    shape = [each.dim_value for each in taken.type.tensor_type.shape.dim]
    assert shape[1:] == ([8, 8] if study == IMAGES and preprocessing else [64 if study == IMAGES else len(COLUMNS)])
