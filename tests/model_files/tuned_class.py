"""Wine as [13] numbers, 3 classes: a HyperModel that is told how many classes there are."""

import keras
from keras import layers
from kerastuner import HyperModel, Objective
from kerastuner.tuners import RandomSearch

EPOCHS = 5
SPACE = {"batch_size": {"type": "categorical", "choices": [8, 16, 32]}}


class MyHyperModel(HyperModel):
    def __init__(self, classes):
        super().__init__()
        self.classes = classes

    def build(self, hp):
        model = keras.Sequential()
        model.add(layers.BatchNormalization())
        model.add(layers.Dense(hp.Int("units", 8, 64, 8, default=16), activation="relu"))
        model.add(layers.Dense(self.classes, activation="softmax"))
        model.compile(
            optimizer=keras.optimizers.Adam(hp.Choice("learning_rate", values=[1e-2, 1e-3])),
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        return model


hypermodel = MyHyperModel(classes=3)

if __name__ == "__main__":
    tuner = RandomSearch(hypermodel, objective=Objective("val_accuracy", "max"), max_trials=3)
