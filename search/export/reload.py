"""`python -m search.export.reload FORMAT MODEL [time] <REQUEST >OUTPUTS`: predict with an exported model, apart.

Each format is loaded by its own runtime alone, on processors: of this project there are only this module, the clock,
TensorFlow's settings, and what runs a person's file that Keras needs for their layers. Where a runtime does not need
TensorFlow or Keras, they cannot be imported. REQUEST has the inputs; OUTPUTS is the content of a `.npz` file: a pipe
needs no room on a disk. With `time` it also has the seconds of answers.
"""

import io
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.export.latency import timed
from trainable.data.several import ONE, Taken, by_input, length_of, together
from trainable.messages import packed, unpacked
from trainable.model_file.loading import batch_of
from trainable.model_file.stand_in import run_persons_file
from trainable.process import prepare_tensorflow
from trainable.program import Program

Inputs = dict[str, NDArray[Any]]
"""A batch of examples by the names of the model's inputs."""
SAID = "outputs"  # what the model says, in OUTPUTS; its other arrays have the sizes of batches for their names
Predict = Callable[[Inputs], NDArray[np.float32]]
"""Examples, as the model takes them, to what it says of them, float32 [batch, outputs]."""


def main(arguments: list[str]) -> None:
    """Load the model, predict, and write what it says."""
    name, model, *asked = arguments
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as outputs:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a runtime prints is no probability
        load, absent = LOADERS[name]
        for package in absent:
            sys.modules[package] = None  # type: ignore[assignment]  # Python's way to make an import fail
        program, examples = unpacked(sys.stdin.buffer.read())
        predict = load(model, Program(**program) if program else None)
        batch = batch_of(examples)
        starts = range(0, length_of(examples), batch)
        batches = [predict({name: each[start : start + batch] for name, each in examples.items()}) for start in starts]
        seconds = timed(predict, examples) if asked else {}
        outputs.write(
            as_bytes({SAID: np.concatenate(batches)} | {size: np.array(each) for size, each in seconds.items()})
        )


def request_of(examples: Taken, program: Program | None) -> bytes:
    """Return the request for what a model says of examples, an array or several by the names of its inputs.

    Args:
        examples: As the model takes them.
        program: The person's file that Keras needs for its layers, if it needs one.
    """
    return packed(asdict(program) if program else None, by_input(examples))


def as_bytes(arrays: dict[str, NDArray[Any]]) -> bytes:
    """Return the content of a `.npz` file of some arrays."""
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # NumPy's stub takes the first for another argument
    return file.getvalue()


def from_bytes(content: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of which this is the `.npz` file's content."""
    return dict(np.load(io.BytesIO(content)))


def load_keras(file: str, program: Program | None) -> Predict:
    """Load a `.keras` file."""
    prepare_tensorflow(None, gpu=False)
    import keras  # noqa: PLC0415 (only the runtime of the format that was asked for is imported)

    if program is not None:
        run_persons_file(program)
    model = keras.models.load_model(file)
    return lambda examples: np.asarray(model(together(examples)))


def load_savedmodel(folder: str, _program: Program | None) -> Predict:
    """Load a SavedModel."""
    prepare_tensorflow(None, gpu=False)
    import tensorflow as tf  # noqa: PLC0415 (as above)

    model = tf.saved_model.load(folder)
    return lambda examples: np.asarray(model.serve(together(examples)))


def load_onnx(file: str, _program: Program | None) -> Predict:
    """Load a `.onnx` file."""
    import onnxruntime  # noqa: PLC0415 (as above)

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return lambda examples: np.asarray(session.run(None, _named(examples, names))[0])


def load_tflite(file: str, _program: Program | None) -> Predict:
    """Load a `.tflite` file."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 (as above)

    runner = Interpreter(file).get_signature_runner()
    names = list(runner.get_input_details())
    return lambda examples: np.asarray(runner(**_named(examples, names))["output_0"])


def _named(examples: Inputs, names: list[str]) -> Inputs:
    """Return examples by the names that a file gives its inputs; what has none there gets that of the only one."""
    if list(examples) == [ONE]:
        [name] = names
        return {name: examples[ONE]}
    return {name: examples[name] for name in names}


LOADERS: dict[
    str, tuple[Callable[[str, Program | None], Predict], tuple[str, ...]]
] = {  # and the packages that it does without
    "keras": (load_keras, ()),
    "savedmodel": (load_savedmodel, ("keras",)),
    "onnx": (load_onnx, ("keras", "tensorflow")),
    "tflite": (load_tflite, ("keras", "tensorflow")),
}

if __name__ == "__main__":
    main(sys.argv[1:])
