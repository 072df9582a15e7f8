"""`python -m search.export.reload FORMAT MODEL <INPUTS >OUTPUTS`: predict with an exported model, in its process.

Each format is loaded by its own runtime alone, on processors: of this project there are only this module and
TensorFlow's settings, and where a runtime does not need TensorFlow or Keras, they cannot be imported. INPUTS and
OUTPUTS are the content of `.npy` files: a pipe needs no room on a disk.
"""

import io
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.process import prepare_tensorflow

BATCH = 1000  # examples at once

Predict = Callable[[NDArray[Any]], NDArray[np.float32]]
"""Examples, as the model takes them, to probabilities, float32 [batch, classes]."""


def main(arguments: list[str]) -> None:
    """Load the model, predict, and write the probabilities."""
    name, model = arguments
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as outputs:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a runtime prints is no probability
        load, absent = LOADERS[name]
        for package in absent:
            sys.modules[package] = None  # type: ignore[assignment]  # Python's way to make an import fail
        predict = load(model)
        examples = from_bytes(sys.stdin.buffer.read())
        batches = [predict(examples[start : start + BATCH]) for start in range(0, len(examples), BATCH)]
        outputs.write(as_bytes(np.concatenate(batches)))


def as_bytes(array: NDArray[Any]) -> bytes:
    """Return the content of a `.npy` file of an array."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def from_bytes(content: bytes) -> NDArray[Any]:
    """Return the array of which this is the `.npy` file's content."""
    array: NDArray[Any] = np.load(io.BytesIO(content))
    return array


def load_keras(file: str) -> Predict:
    """Load a `.keras` file."""
    prepare_tensorflow(None, gpu=False)
    import keras  # noqa: PLC0415 (only the runtime of the format that was asked for is imported)

    model = keras.models.load_model(file)
    return lambda examples: np.asarray(model(examples))


def load_savedmodel(folder: str) -> Predict:
    """Load a SavedModel."""
    prepare_tensorflow(None, gpu=False)
    import tensorflow as tf  # noqa: PLC0415 (as above)

    model = tf.saved_model.load(folder)
    return lambda examples: np.asarray(model.serve(examples))


def load_onnx(file: str) -> Predict:
    """Load a `.onnx` file."""
    import onnxruntime  # noqa: PLC0415 (as above)

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    [taken] = session.get_inputs()
    return lambda examples: np.asarray(session.run(None, {taken.name: examples})[0])


def load_tflite(file: str) -> Predict:
    """Load a `.tflite` file."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 (as above)

    run = Interpreter(file).get_signature_runner()
    [name] = run.get_input_details()
    return lambda examples: np.asarray(run(**{name: examples})["output_0"])


LOADERS: dict[str, tuple[Callable[[str], Predict], tuple[str, ...]]] = {  # and the packages that it does without
    "keras": (load_keras, ()),
    "savedmodel": (load_savedmodel, ("keras",)),
    "onnx": (load_onnx, ("keras", "tensorflow")),
    "tflite": (load_tflite, ("keras", "tensorflow")),
}

if __name__ == "__main__":
    main(sys.argv[1:])
