"""Digits as [64], or numbers of any other shape: a layer of one's own, registered so that the model can be loaded."""

import keras

SPACE = {
    "units": {"type": "int", "low": 8, "high": 64, "log": True},
    "gate": {"type": "categorical", "choices": ["sigmoid", "tanh"]},
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
}


@keras.saving.register_keras_serializable(package="person")
class Gated(keras.layers.Layer):
    def __init__(self, units, gate="sigmoid", **kwargs):
        super().__init__(**kwargs)
        self.units, self.gate = units, gate
        self.inner = keras.layers.Dense(units)
        self.outer = keras.layers.Dense(units, activation=gate)

    def build(self, input_shape):
        self.inner.build(input_shape)
        self.outer.build(input_shape)
        super().build(input_shape)

    def call(self, inputs):
        return self.inner(inputs) * self.outer(inputs)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "gate": self.gate}


def build(*, units=16, gate="sigmoid", learning_rate=1e-2, input_shape, classes):
    model = keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Flatten(),
            keras.layers.BatchNormalization(),
            Gated(units, gate),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.RMSprop(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
