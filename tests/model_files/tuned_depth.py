"""Wine as [13] numbers, 3 classes: as many layers as `num_layers` says, each with units of its own."""

import keras
import keras_tuner as kt


def build_model(hp: kt.HyperParameters):
    model = keras.Sequential([keras.Input((13,)), keras.layers.BatchNormalization()])
    for i in range(hp.Int("num_layers", 1, 3)):
        units = hp.Int(f"units_{i}", min_value=8, max_value=32, step=8)
        model.add(keras.layers.Dense(units, activation="relu"))
        if hp.Boolean(f"dropout_{i}"):
            model.add(keras.layers.Dropout(hp.Float(f"rate_{i}", 0.1, 0.5, step=0.1)))
    model.add(keras.layers.Dense(3, activation="softmax"))
    learning_rate = hp.Float("lr", min_value=1e-4, max_value=1e-2, sampling="log")
    model.compile(keras.optimizers.RMSprop(learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
