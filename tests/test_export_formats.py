"""The formats of the export: each file is the same model elsewhere, or there is none."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from commands import ROOT, SMALL_SPACE, clean_environment, invoke, run_command, study_of
from damaged import GOOD
from PIL import Image

from search.confirmation.record import evidence_of
from search.confirmation.wording import sentence_of
from search.errors import SearchError
from search.export import selection
from search.export.formats import FIRST_ONNXRUNTIME, FORMATS, ONNX, with_preprocessing
from search.export.reload import SAID, from_bytes, request_of
from search.export.roundtrip import RoundTrip
from search.export.snippets import prepare, use
from trainable.data.scaling import Standard
from trainable.keras_file import FIRST_VERSION
from trainable.problems import BUILT_IN

FILES = ["model.keras", "savedmodel", "model.onnx", "model.tflite"]


@pytest.fixture(scope="module")
def training_data(dataset, tmp_path_factory):
    """An archive without the test images."""
    file = tmp_path_factory.mktemp("data") / "training.npz"
    np.savez(
        file,
        x_train=np.concatenate([dataset.x_train, dataset.x_val]).reshape(-1, 28, 28),
        y_train=np.concatenate([dataset.y_train, dataset.y_val]),
    )
    return file


@pytest.fixture(scope="module")
def brief(dataset, tmp_path_factory):
    """The folder of a real search of one trial, named `s`."""
    runs = tmp_path_factory.mktemp("brief")
    space, first = runs / "space.toml", runs / "first.jsonl"
    space.write_text(SMALL_SPACE)
    first.write_text(json.dumps(GOOD))
    options = ("--trials", 1, "--seed", 1, "--study", "s", "--runs", runs, "--space", space, "--enqueue", first)
    result = run_command("search.run", *options, "--no-baseline", "--no-confirm")
    assert result.returncode == 0, result.stderr
    return runs


class Exported(NamedTuple):
    """A model in all formats, what the command said, and where it is from."""

    folder: Path
    result: subprocess.CompletedProcess
    preprocessing: bool
    runs: Path


@pytest.fixture(
    scope="module",
    params=[pytest.param(False, marks=pytest.mark.thorough, id="flat"), pytest.param(True, id="preprocessing")],
)
def exported(request, training_data, tmp_path_factory):
    """A winner with its preprocessing, the only trial of a search without; the test images were not even there."""
    output = tmp_path_factory.mktemp("exported") / "all"
    if request.param:
        runs, extra = request.getfixturevalue("finished").runs, ("--with-preprocessing", "--format", "all")
    else:
        extra = ("--format", "tflite,keras", "--format", "savedmodel,onnx", "--time")
        runs = request.getfixturevalue("brief")
    result = run_command("search.export", "--runs", runs, "--data", training_data, "--output", output, "--json", *extra)
    assert result.returncode == 0, result.stderr
    return Exported(output, result, request.param, runs)


def test_every_format_predicts_what_keras_predicts(exported):
    """All 10,000 validation images have the same class in each format, and nothing but that is said."""
    output, result, preprocessing, _ = exported
    said = json.loads(result.stdout)
    assert said["paths"] == [str(output / name) for name in (*FILES, "model.json", "MODEL_CARD.md")]
    assert [check["file"] for check in said["checks"].values()] == FILES
    assert {check["images"] for check in said["checks"].values()} == {10_000}
    assert max(check["largest_difference"] for check in said["checks"].values()) <= 1e-4
    times = 1 if preprocessing else 2  # that it says how long an answer takes, too
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [each for each in FILES for _ in range(times)]
    for check in said["checks"].values():
        assert [each["batch"] for each in check["latencies"]] == ([] if preprocessing else [1, 1000])
        assert all(0 < each["lower"] <= each["median"] <= each["upper"] < 1 for each in check["latencies"])
    assert ("How long an answer took" in (output / "MODEL_CARD.md").read_text()) is not preprocessing


def test_description_names_every_file_with_its_hash(exported):
    """model.json has the SHA-256 of each file, those inside a SavedModel too, and says whether this is the winner."""
    output, _, preprocessing, runs = exported
    described = json.loads((output / "model.json").read_text())
    found = {
        file.relative_to(output).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in output.rglob("*")
        if file.is_file() and file.name != "model.json"
    }
    assert described["files"] == found
    assert len(found) == 8
    assert described["preprocessing"] == preprocessing
    evidence = evidence_of(study_of(runs, "s").user_attrs, 0)
    if evidence is None:
        assert (described["selected"], described["trained_on"], described["confirmed"]) == ("best", 50_000, None)
    else:
        assert (described["selected"], described["trained_on"]) == ("winner", 60_000)
        assert described["confirmed"]["sentence"] == sentence_of(evidence)
    assert described["input"].startswith("uint8 [batch, 28, 28]" if preprocessing else "float32 [batch, 784]")


def test_code_on_the_card_reads_a_digit(exported, dataset, tmp_path):
    """The card's code, copied and run without this project, says what a picture shows, in each format.

    Keras's evaluates the model, too, once it is compiled as the card says.
    """
    output, _, preprocessing, _ = exported
    begin, *uses = re.findall(r"```python\n(.*?)```", (output / "MODEL_CARD.md").read_text(), re.DOTALL)
    assert begin == prepare(BUILT_IN, preprocessing=preprocessing)
    assert uses == [use(BUILT_IN, name) for name in FORMATS]
    uses[0] += f"assert model.evaluate(inputs, np.array([{dataset.y_val[0]}]), verbose=0)[1] == 1\n"
    Image.fromarray(dataset.x_val[0].reshape(28, 28)).save(tmp_path / "digit.png")
    for name in FILES:
        (tmp_path / name).symlink_to(output / name)
    programs = ["\n".join([begin, *uses])] if preprocessing else [f"{begin}{each}" for each in uses]
    started = [
        subprocess.Popen(
            [sys.executable, "-I", "-c", program],
            cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for program in programs
    ]  # fmt: skip
    said = [process.communicate() for process in started]
    assert {process.returncode for process in started} == {0}, said
    assert "".join(out for out, _ in said).split() == 4 * [f"[{dataset.y_val[0]}]"], said


@pytest.mark.parametrize("name", ["onnx", "tflite"])
def test_runtimes_that_need_no_tensorflow_do_without(exported, dataset, name):
    """In the process that loads such a file again there is neither TensorFlow nor Keras."""
    output, _, preprocessing, _ = exported
    images = dataset.x_val[:3].reshape(-1, 28, 28) if preprocessing else np.float32(dataset.x_val[:3]) / np.float32(255)
    script = (
        "import sys\n"
        "from search.export.reload import main\n"
        "main(sys.argv[1:])\n"
        "loaded = [name for name in sys.modules if name.startswith(('tensorflow.', 'keras.', 'optuna', 'ray'))]\n"
        "sys.exit(', '.join(loaded) or None)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script, name, str(output / FORMATS[name].file)],
        cwd=ROOT, env=clean_environment(), input=request_of(images, None), capture_output=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert from_bytes(result.stdout)[SAID].shape == (3, 10)


def test_conversion_that_changes_the_model_is_refused(finished, tmp_path, monkeypatch):
    """A file that classifies otherwise ends the export with one line and status 1, and no file at all is left."""
    import keras

    convert = keras.Sequential.export

    def wrong(model, *arguments, **options):
        weights = model.get_weights()
        weights[-1][0] += 9
        model.set_weights(weights)
        convert(model, *arguments, **options)

    monkeypatch.setattr(keras.Sequential, "export", wrong)
    monkeypatch.setattr(selection, "prepare_tensorflow", lambda *_, **__: None)  # this process has it
    output = tmp_path / "new" / "out"
    result = invoke("search.export", "--runs", finished.runs, "--format", "onnx", "--output", output)
    assert (result.returncode, result.stdout) == (1, "")
    [line] = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert re.fullmatch(
        r"error: --format onnx: differs from the Keras model in the classes of \d+ of 10000 images "
        r"and by up to [\d.]+ in probabilities; nothing is exported",
        line,
    )
    assert list(tmp_path.iterdir()) == []


def test_probabilities_that_differ_are_refused(exported, dataset):
    """The same classes are not enough: one probability that is off by more than 1e-4 is one too many, NaN too."""
    output, _, preprocessing, _ = exported
    images = dataset.x_val[:5].reshape(-1, 28, 28) if preprocessing else np.float32(dataset.x_val[:5]) / np.float32(255)
    file = output / ONNX.file
    found, _ = RoundTrip(images, np.zeros((5, 10), np.float32), "images")._predicted(ONNX, file)
    assert RoundTrip(images, found, "images").check(ONNX, file).largest_difference == 0
    for wrong in (2e-4, np.nan):
        expected = found.copy()
        expected[4, found[4].argmax()] += wrong
        with pytest.raises(SearchError, match="--format onnx: differs from the Keras model in the classes of 0 of 5"):
            RoundTrip(images, expected, "images").check(ONNX, file)
    with pytest.raises(SearchError, match="gives probabilities"):
        RoundTrip(images, found[:4], "images").check(ONNX, file)


def test_file_that_its_runtime_cannot_load_is_refused(tmp_path):
    """The line has the runtime's reason."""
    file = tmp_path / "model.onnx"
    file.write_bytes(b"no model")
    trip = RoundTrip(np.zeros((1, 784), np.float32), np.zeros((1, 10), np.float32), "images")
    with pytest.raises(SearchError, match=r"^--format onnx: onnxruntime cannot load it again: .*model\.onnx"):
        trip.check(ONNX, file)


@pytest.mark.parametrize(
    ("name", "module", "package"), [("onnx", "tf2onnx", "tf2onnx"), ("tflite", "ai_edge_litert", "ai-edge-litert")]
)
def test_format_whose_packages_are_missing_says_how_to_install_them(tmp_path, monkeypatch, name, module, package):
    """One line with the command, status 2, before anything else is done."""
    monkeypatch.setitem(sys.modules, module, None)
    result = invoke("search.export", "--runs", tmp_path, "--format", name, "--output", tmp_path / "out")
    assert result.returncode == 2
    assert result.stderr == f"error: --format {name}: is not installed here; install it with: pip install {package}\n"
    assert list(tmp_path.iterdir()) == []


def test_page_on_models_shows_the_same_code():
    """docs/models.md has the code of the card, which is run above."""
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    flat, stored = (prepare(BUILT_IN, preprocessing=each) for each in (False, True))
    last_line = stored.splitlines(keepends=True)[-1]
    codes = (flat, last_line, *(use(BUILT_IN, name) for name in FORMATS))
    assert [code for code in codes if f"```python\n{code}```" not in page] == []


@pytest.mark.thorough  # installs the first Keras 3, and loads TensorFlow beside it
def test_first_keras_3_opens_the_file_and_predicts_the_same(dataset, tmp_path):
    """Keras 3.0.0, which knows nothing of what later versions write, gives each model's probabilities; none is lost."""
    from trainable.keras_file import content_of
    from trainable.mlp.network import initial_weights, keras_model

    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp_path / "first"]
    subprocess.run([*install, "keras==3.0.0", "dm-tree==0.1.10", "namex==0.1.0"], capture_output=True, check=True)
    model = keras_model(initial_weights(784, [32], 10, seed=1))
    numbers = np.random.default_rng(1).normal(1e3, 3, (100, 13)).astype(np.float32)
    own = keras_model(initial_weights(13, [32], 3, seed=1), Standard.of(numbers), "examples")
    inputs = {
        "flat": np.float32(dataset.x_val[:100]) / np.float32(255),
        "images": dataset.x_val[:100].reshape(-1, 28, 28),
        "own": numbers,
    }
    (tmp_path / "own.keras").write_bytes(content_of(own))
    (tmp_path / "flat.keras").write_bytes(content_of(model))
    (tmp_path / "images.keras").write_bytes(content_of(with_preprocessing(model, BUILT_IN.inputs)))
    np.savez(tmp_path / "in.npz", **inputs)
    script = (
        "import keras, numpy as np\n"
        "inputs = np.load('in.npz')\n"
        "found = {name: keras.models.load_model(f'{name}.keras').predict(inputs[name], verbose=0) for name in inputs}\n"
        "np.savez('out.npz', version=keras.__version__, **found)"
    )
    environment = clean_environment() | {"PYTHONPATH": str(tmp_path / "first"), "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, "-W", "ignore", "-c", script]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    expected = dict.fromkeys(("flat", "images"), model.predict(inputs["flat"], verbose=0))
    expected["own"] = own.predict(numbers, verbose=0)
    with np.load(tmp_path / "out.npz") as found:
        assert str(found["version"]) == "3.0.0"
        for name in inputs:
            assert np.abs(found[name] - expected[name]).max() < 1e-6


def test_onnx_file_is_one_that_older_runtimes_open(exported):
    """Onnxruntime 1.17 opens IR version 9 and operator set 20 at most; the card promises it."""
    import onnx

    model = onnx.load(exported[0] / ONNX.file)
    assert model.ir_version <= 9
    assert [each.version for each in model.opset_import if each.domain in ("", "ai.onnx") and each.version > 20] == []
    card = (exported[0] / "MODEL_CARD.md").read_text()
    assert f"onnxruntime from {FIRST_ONNXRUNTIME} on" in card
    assert f"Keras, from {FIRST_VERSION} on" in card
