"""How an exported model is used: a piece of code for each runtime, which the model card shows and a test runs."""

from search.export.formats import KERAS, ONNX, SAVEDMODEL, TFLITE

READ_IMAGE = """\
import numpy as np
from PIL import Image

image = Image.open("digit.png").convert("L").resize((28, 28))  # a light digit on a dark ground
images = np.asarray(image)[np.newaxis]  # uint8 [1, 28, 28]
"""

# From uint8 images to what the model takes, without and with `--with-preprocessing`.
SCALE = """\
inputs = images.reshape(-1, 784).astype("float32") / 255  # float32 [1, 784] in [0, 1]
"""
AS_THEY_ARE = """\
inputs = images
"""

USE = {
    KERAS.name: """\
import keras

model = keras.models.load_model("model.keras")
probabilities = model.predict(inputs, verbose=0)  # float32 [1, 10]
print(probabilities.argmax(axis=1))

# To score or train it further: the file holds the network, but no loss, metric or optimizer. Labels are digits, 0 to 9.
model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
""",
    SAVEDMODEL.name: """\
import tensorflow as tf

model = tf.saved_model.load("savedmodel")
probabilities = model.serve(inputs).numpy()  # float32 [1, 10]
print(probabilities.argmax(axis=1))
""",
    ONNX.name: """\
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx")
[probabilities] = session.run(None, {"images": inputs})  # float32 [1, 10]
print(probabilities.argmax(axis=1))
""",
    TFLITE.name: """\
from ai_edge_litert.interpreter import Interpreter

run = Interpreter("model.tflite").get_signature_runner()
probabilities = run(images=inputs)["output_0"]  # float32 [1, 10]
print(probabilities.argmax(axis=1))
""",
}


def prepare(*, preprocessing: bool) -> str:
    """Return the code that makes `inputs` of an image file; `preprocessing` is whether the model holds its own."""
    return READ_IMAGE + (AS_THEY_ARE if preprocessing else SCALE)
