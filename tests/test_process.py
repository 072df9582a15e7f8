"""TensorFlow's settings in a worker, made before its first operation, whatever other projects have set."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from commands import ROOT, clean_environment

from trainable.process import KEPT, ONEDNN, OWN, _settle_keras, _settle_variables

# This machine need not have a GPU: TensorFlow is told of one, and what it is asked for is printed.
SCRIPT = """
import tensorflow as tf
from trainable.process import prepare_tensorflow
tf.config.get_visible_devices = lambda kind: [f"a {kind}"]
tf.config.experimental.set_memory_growth = lambda device, enable: print(device, enable)
tf.config.set_visible_devices = print
prepare_tensorflow(1, gpu=True)
print(tf.config.threading.get_intra_op_parallelism_threads())
tf.config.get_visible_devices = lambda kind: []
prepare_tensorflow(None, gpu=False)
print(tf.config.threading.get_intra_op_parallelism_threads())
"""

# A flag that XLA does not know ends the process, a backend that Matplotlib does not know the import of Keras.
FOREIGN = {
    "KERAS_BACKEND": "torch",
    "KERAS_HOME": "~/of/an/editor",
    "KERAS_MAX_EPOCHS": "many",
    "XLA_FLAGS": "--nonsense",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
    "TF_NUM_INTRAOP_THREADS": "all",
    "TF_USE_LEGACY_KERAS": "1",
    "TF2_BEHAVIOR": "0",
    "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
    "MPLBACKEND": "module://of.an.editor",
    ONEDNN: "nonsense",
}
WITH_FOREIGN = """
import os
from trainable.process import prepare_tensorflow
prepare_tensorflow(1, gpu=False)
import keras, tensorflow as tf
from trainable.mlp.network import initial_weights, keras_model
layer = keras_model(initial_weights(4, [3], 2, seed=1)).layers[0]
print(keras.config.backend(), layer.compute_dtype, keras.config.epsilon(), keras.config.image_data_format())
print(tf.executing_eagerly(), bool(tf.config.optimizer.get_jit()))
print(tf.config.threading.get_intra_op_parallelism_threads())
print(os.environ["TF_ENABLE_ONEDNN_OPTS"])
"""


WITH_OTHERS = """
import sys
from trainable.process import SPARED, prepare_tensorflow
prepare_tensorflow(1, gpu=False)
import keras
print([name for name in SPARED if name in sys.modules])
import matplotlib.figure, pandas, sklearn.base
table = pandas.DataFrame({"a": [1], "b": [2]})
print(keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])(table.to_numpy()).shape)
"""


def test_keras_comes_without_what_it_does_not_need():
    """Packages for charts and tables cost seconds at each start; a person's file may import them afterwards."""
    result = subprocess.run([sys.executable, "-c", WITH_OTHERS], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["[]", "(1, 3)"]


def test_workers_on_one_gpu_share_its_memory():
    """A worker takes memory as it needs it, not all that there is, and another process none: it sees no GPU."""
    result = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["a GPU True", "1", "[] GPU", "1"]


@pytest.mark.thorough  # TensorFlow is imported in a process of its own, as each variable is read there
def test_settings_of_other_projects_do_not_reach_a_training(tmp_path):
    """Backend, number format and graph are this project's, and the person's `keras.json` stays as it was."""
    settings = {"backend": "jax", "floatx": "float16", "epsilon": 1e-3, "image_data_format": "channels_first"}
    file = tmp_path / ".keras" / "keras.json"
    file.parent.mkdir()
    file.write_text(json.dumps(settings))
    command = [sys.executable, "-c", WITH_FOREIGN]
    environment = clean_environment() | FOREIGN | {"HOME": str(tmp_path), "KERAS_HOME": "~/.keras"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["tensorflow float32 1e-07 channels_last", "True False", "1", "1"]
    assert json.loads(file.read_text()) == settings


def test_variables_of_other_projects_are_left_out(monkeypatch):
    """What is recorded, printed or set by this project stays; nothing else that TensorFlow and Keras read."""
    for name in list(os.environ):
        if name.startswith(("TF_", "KERAS_")):
            monkeypatch.delenv(name)
    kept = dict.fromkeys(KEPT, "1")
    for name, value in (FOREIGN | kept | {"CUDA_VISIBLE_DEVICES": "0", "OMP_NUM_THREADS": "3"}).items():
        monkeypatch.setenv(name, value)
    _settle_variables()
    left = {name: value for name, value in os.environ.items() if name in FOREIGN or name in kept}
    assert left == kept | {name: OWN[name] for name in ("KERAS_BACKEND", "KERAS_HOME", "MPLBACKEND")}
    assert (os.environ["CUDA_VISIBLE_DEVICES"], os.environ["OMP_NUM_THREADS"]) == ("0", "3")


@pytest.mark.parametrize(
    ("given", "settled"), [(None, "1"), ("1", "1"), ("true", "1"), ("yes", "1"), ("0", "0"), ("False", "0")]
)
def test_onednn_is_on_or_off_as_tensorflow_understands_it(given, settled, monkeypatch):
    """What is recorded as on is on: TensorFlow takes words, too, and its own choice for what it does not understand."""
    monkeypatch.setenv(ONEDNN, given or "")
    if given is None:
        monkeypatch.delenv(ONEDNN)
    _settle_variables()
    assert os.environ[ONEDNN] == settled


def test_keras_with_another_backend_is_refused():
    """A program that has imported Keras before, with another backend, is told so; without Keras nothing is set."""
    _settle_keras(None)
    with pytest.raises(RuntimeError, match=r"^Keras was imported with the backend jax; it has to be tensorflow$"):
        _settle_keras(SimpleNamespace(config=SimpleNamespace(backend=lambda: "jax")))


def test_keras_that_was_set_before_is_set_again():
    """Another part of the process may have chosen half precision."""
    said = []
    names = ("set_floatx", "set_dtype_policy", "set_image_data_format")
    config = SimpleNamespace(backend=lambda: "tensorflow", **dict.fromkeys(names, said.append))
    _settle_keras(SimpleNamespace(config=config))
    assert said == ["float32", "float32", "channels_last"]


@pytest.mark.thorough
def test_a_gpu_that_is_not_there_is_named():
    """A worker that was given one does not train on the processor in silence; nor does a command begin with it."""
    hidden = clean_environment() | {"CUDA_VISIBLE_DEVICES": "-1"}
    result = subprocess.run(
        [sys.executable, "-m", "trainable.gpus"], cwd=ROOT, capture_output=True, text=True, check=False, env=hidden
    )
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("error: TensorFlow sees no GPU here: ")
