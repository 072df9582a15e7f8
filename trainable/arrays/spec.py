"""The value of somebody's data: what a study about them records."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from trainable.arrays import KIND
from trainable.arrays.fitting import fitted
from trainable.arrays.splits import Splits
from trainable.arrays.wording import words_of
from trainable.data.several import sha256_of
from trainable.data.source import PREFIX, DataSource
from trainable.inputs import Inputs
from trainable.mnist.spec import MNIST
from trainable.problem import ProblemSpec

PIXEL = 255  # what uint8 is divided by


def spec_of(source: DataSource, splits: Splits) -> ProblemSpec:
    """Return the problem that a network of one hidden layer has with some data."""
    is_bytes = splits.x_train.dtype == np.uint8
    dtype, scale = ("uint8", PIXEL) if is_bytes else ("float32", None)
    inputs = Inputs(splits.shape, dtype, scale, columns=splits.columns)
    example = "image" if inputs.is_image else "example"
    arrays = {name: getattr(splits, name) for name in ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")}
    there = {name: array for name, array in arrays.items() if array is not None}
    space, baseline = fitted(len(splits.y_train))
    return ProblemSpec(
        kind=KIND,
        name=splits.name,
        parameters=tuple(
            replace(each, meaning=each.meaning.replace(MNIST.examples, f"{example}s")) for each in MNIST.parameters
        ),
        space=space,
        baseline=baseline,
        metric=MNIST.metric,
        inputs=replace(inputs, name=f"{example}s"),
        labels=splits.labels,
        sizes={"train": len(splits.y_train), "val": len(splits.y_val), "test": len(there.get("y_test", ()))},
        data={name: sha256_of(array) for name, array in there.items()},
        split=splits.val,
        reference=None,
        words=words_of(source, splits, inputs, example),
        test_split=splits.test,
        repeated={name: number for name, number in splits.repeated.items() if number},
        source=asdict(source) | {"location": lasting(source.location)},
    )


def lasting(location: str) -> str:
    """Return a path that means the same in another folder."""
    return location if location.startswith(PREFIX) else str(Path(location).absolute())
