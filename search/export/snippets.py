"""How an exported model is used: a piece of code for each runtime, which the model card shows and a test runs."""

from search.export.formats import KERAS, ONNX, SAVEDMODEL, TFLITE
from trainable.problem import ProblemSpec

# From what is stored to what the model takes, without and with `--with-preprocessing`.
SCALE = """\
inputs = {inputs}.reshape(-1, {features}).astype("float32") / {scale}  # {scaled}
"""
AS_THEY_ARE = """\
inputs = {inputs}
"""

USE = {
    KERAS.name: """\
import keras

model = keras.models.load_model("model.keras")
probabilities = model.predict(inputs, verbose=0)  # float32 [1, {classes}]
print(probabilities.argmax(axis=1))

# To score or train it further: the file holds the network, but no loss, metric or optimizer. \
Labels are {labels}, 0 to {last}.
model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
""",
    SAVEDMODEL.name: """\
import tensorflow as tf

model = tf.saved_model.load("savedmodel")
probabilities = model.serve(inputs).numpy()  # float32 [1, {classes}]
print(probabilities.argmax(axis=1))
""",
    ONNX.name: """\
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
[probabilities] = session.run(None, {"{inputs}": inputs})  # float32 [1, {classes}]
print(probabilities.argmax(axis=1))
""",
    TFLITE.name: """\
from ai_edge_litert.interpreter import Interpreter

run = Interpreter("model.tflite").get_signature_runner()
probabilities = run({inputs}=inputs)["output_0"]  # float32 [1, {classes}]
print(probabilities.argmax(axis=1))
""",
}


def prepare(problem: ProblemSpec, *, preprocessing: bool) -> str:
    """Return the code that makes `inputs` of a file; `preprocessing` is whether the model holds its own."""
    code = problem.words.reading + (AS_THEY_ARE if preprocessing else SCALE)
    return problem.said(code, scale=f"{problem.inputs.scale:g}", scaled=problem.inputs.scaled("1"))


def use(problem: ProblemSpec, kind: str) -> str:
    """Return the code that takes `inputs` to classes with a file of a format."""
    return problem.said(USE[kind], last=len(problem.labels) - 1)
