"""Images and numbers of the same examples (two_inputs_data.py): a functional model of two inputs, by name."""

import keras
from keras import layers

EPOCHS = 5

SPACE = {
    "image_units": {"type": "int", "low": 8, "high": 64, "log": True},
    "number_units": {"type": "int", "low": 4, "high": 32},
    "joined": {"type": "categorical", "choices": ["concatenate", "add"]},
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1e-2, "log": True},
}


def build(*, image_units=32, number_units=8, joined="concatenate", learning_rate=1e-3, input_shape, classes):
    image = keras.Input(input_shape["image"], name="image")
    numbers = keras.Input(input_shape["numbers"], name="numbers")
    seen = layers.Dense(image_units, activation="relu")(layers.Flatten()(layers.Rescaling(1 / 255)(image)))
    known = layers.Dense(number_units, activation="relu")(numbers)
    if joined == "add":
        together = layers.Add()([layers.Dense(16)(seen), layers.Dense(16)(known)])
    else:
        together = layers.Concatenate()([seen, known])
    outputs = layers.Dense(classes, activation="softmax")(together)
    model = keras.Model({"image": image, "numbers": numbers}, outputs)
    model.compile(keras.optimizers.Adam(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
