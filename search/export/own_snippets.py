"""How an exported model of a person's own is used: a piece of code for each runtime, which the card shows."""

from search.export.formats import KERAS, ONNX, SAVEDMODEL, TFLITE
from search.export.interface import Interface
from search.export.snippets import AS_THEY_ARE, DESCRIBED
from trainable.model_file.spec import LOAD
from trainable.problem import ProblemSpec

# From what is stored to what the model takes: floats of any size as float32.
AS_FLOAT32 = """\
inputs = {inputs}.astype("float32")
"""
SEVERAL_AS_FLOAT32 = """\
inputs = {name: each.astype("float32") if each.dtype.kind == "f" else each for name, each in {inputs}.items()}
"""
RUN_FILE = """\
import runpy

runpy.run_path({file})  # your file, beside the model: it defines classes that Keras has to know
"""
USE = {
    KERAS.name: """\
import keras

model = keras.models.load_model("model.keras")
outputs = model.predict(inputs, verbose=0)  # float32 [1, {outputs}]
print({said})

# To score or train it further: the file holds the network, but no loss, metric or optimizer. \
Labels are {labels}, 0 to {last}.
model.compile(loss={loss}, metrics=["accuracy"])
""",
    SAVEDMODEL.name: """\
import tensorflow as tf

model = tf.saved_model.load("savedmodel")
outputs = model.serve(inputs).numpy()  # float32 [1, {outputs}]
print({said})
""",
    ONNX.name: """\
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
[outputs] = session.run(None, {named})  # float32 [1, {outputs}]
print({said})
""",
    TFLITE.name: """\
from ai_edge_litert.interpreter import Interpreter

run = Interpreter("model.tflite").get_signature_runner()
outputs = run(**{named})["output_0"]  # float32 [1, {outputs}]
print({said})
""",
}
LOSSES = {  # by whether there is one output, and whether outputs are logits
    (False, False): '"sparse_categorical_crossentropy"',
    (False, True): "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
    (True, False): '"binary_crossentropy"',
    (True, True): "keras.losses.BinaryCrossentropy(from_logits=True)",
}


def prepare_own(problem: ProblemSpec, interface: Interface) -> str:
    """Return the code that makes `inputs` of a file."""
    described = f"{DESCRIBED}\n" if problem.inputs.columns or problem.has_named_classes else ""
    stored = [problem.inputs.dtype, *(each[0] for each in problem.inputs.several.values())]
    is_float = any(each.startswith("float") and each != "float32" for each in stored)
    last = (SEVERAL_AS_FLOAT32 if interface.is_several else AS_FLOAT32) if is_float else AS_THEY_ARE
    values = {"file": repr(problem.name), "stored": problem.inputs.stored("1")}
    return problem.said(described + problem.words.reading + last, **values)


def use_own(problem: ProblemSpec, interface: Interface, kind: str) -> str:
    """Return the code that takes `inputs` to classes with a file of a format."""
    is_needed = kind == KERAS.name and problem.code.get("needed_to") == LOAD
    before = problem.said(RUN_FILE, file=repr(problem.code["name"])) if is_needed else ""
    numbers = "outputs.argmax(axis=1)"
    if interface.is_one:
        numbers = f"(outputs[:, 0] > {0 if interface.are_logits else 0.5}).astype(int)"
    return before + problem.said(
        USE[kind],
        outputs=interface.outputs,
        last=len(problem.labels) - 1,
        said=f'[described["labels"][number] for number in {numbers}]' if problem.has_named_classes else numbers,
        loss=LOSSES[interface.is_one, interface.are_logits],
        named="inputs" if interface.is_several else f"{{{interface.name!r}: inputs}}",
    )
