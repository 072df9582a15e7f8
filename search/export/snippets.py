"""How an exported model is used: a piece of code for each runtime, which the model card shows and a test runs."""

from search.export.formats import KERAS, ONNX, SAVEDMODEL, TFLITE
from trainable.problem import ProblemSpec

# What the rest needs of the columns' and the classes' names.
DESCRIBED = """\
import json
from pathlib import Path

described = json.loads(Path("model.json").read_text(encoding="utf-8"))
"""

# From what is stored to what the model takes, without and with `--with-preprocessing`.
SCALE = """\
inputs = {inputs}.reshape(-1, {features}).astype("float32") / {scale}  # {scaled}
"""
FLAT = """\
inputs = {inputs}.reshape(-1, {features})  # {scaled}
"""
AS_THEY_ARE = """\
inputs = {inputs}
"""

USE = {
    KERAS.name: """\
import keras

model = keras.models.load_model("model.keras")
probabilities = model.predict(inputs, verbose=0)  # float32 [1, {classes}]
print({said})

# To score or train it further: the file holds the network, but no loss, metric or optimizer. \
Labels are {labels}, 0 to {last}.
model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
""",
    SAVEDMODEL.name: """\
import tensorflow as tf

model = tf.saved_model.load("savedmodel")
probabilities = model.serve(inputs).numpy()  # float32 [1, {classes}]
print({said})
""",
    ONNX.name: """\
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
[probabilities] = session.run(None, {"{inputs}": inputs})  # float32 [1, {classes}]
print({said})
""",
    TFLITE.name: """\
from ai_edge_litert.interpreter import Interpreter

run = Interpreter("model.tflite").get_signature_runner()
probabilities = run({inputs}=inputs)["output_0"]  # float32 [1, {classes}]
print({said})
""",
}


# What is printed of the probabilities: the classes' numbers, or their names.
NUMBERS = "probabilities.argmax(axis=1)"
NAMES = f'[described["labels"][number] for number in {NUMBERS}]'


def prepare(problem: ProblemSpec, *, preprocessing: bool) -> str:
    """Return the code that makes `inputs` of a file; `preprocessing` is whether the model holds its own."""
    inputs = problem.inputs
    described = f"{DESCRIBED}\n" if inputs.columns or problem.has_named_classes else ""
    is_taken = preprocessing or (inputs.scale is None and len(inputs.shape) == 1)
    last = AS_THEY_ARE if is_taken else SCALE if inputs.scale else FLAT
    values = {"file": repr(problem.name), "stored": inputs.stored("1"), "scaled": inputs.scaled("1")}
    return problem.said(described + problem.words.reading + last, scale=f"{inputs.scale or 1:g}", **values)


def use(problem: ProblemSpec, kind: str) -> str:
    """Return the code that takes `inputs` to classes with a file of a format."""
    said = NAMES if problem.has_named_classes else NUMBERS
    return problem.said(USE[kind], last=len(problem.labels) - 1, said=said)
