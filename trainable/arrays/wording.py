"""What people call the things of somebody's data, and the code that reads an example of them again."""

from pathlib import Path

from trainable.arrays.splits import Splits
from trainable.data.source import PREFIX, DataSource
from trainable.inputs import Inputs
from trainable.mnist.spec import MNIST
from trainable.words import Words

# The first example, as `Words.reading` has it.
OF_A_TABLE = """\
import pandas as pd

table = pd.read_{kind}({file})
{inputs} = table[described["columns"]].to_numpy("float32")[:1]  # {stored}
"""
OF_ARRAYS = """\
import numpy as np

with np.load({file}) as data:
    {inputs} = data["x_train"][:1].reshape(-1, {sizes}).astype("{dtype}")  # {stored}
"""
OF_KERAS = """\
import keras

({inputs}, _), _ = keras.datasets.{name}.load_data()
{inputs} = {inputs}[:1]  # {stored}
"""
OF_CODE = """\
import runpy

import numpy as np

data = runpy.run_path({file})["load"]()  # your own file
x = data["x_train"] if isinstance(data, dict) else data[0][0]
"""
OF_ONE = """\
{inputs} = np.asarray(x[:1]).reshape(-1, {sizes}).astype("{dtype}")  # {stored}
"""
OF_SEVERAL = """\
{inputs} = {name: np.asarray(each[:1]).astype(dtype) for name, dtype, each in [{several}]}
"""


def words_of(source: DataSource, splits: Splits, inputs: Inputs, example: str) -> Words:
    """Return what people call the things of some data, of which one is called `example`."""
    name, (reading, packages) = splits.name, reading_of(source, inputs)
    return Words(
        title=f"Search on {name}",
        network=f"a network for {name}",
        baseline="512-unit baseline",
        units="512 units",
        example=example,
        file=name,
        layers="{features} numbers, one hidden layer of {hidden_units} units with relu, {classes} probabilities",
        training=MNIST.words.training,
        reading=reading,
        packages=packages,
    )


def reading_of(source: DataSource, inputs: Inputs) -> tuple[str, str]:
    """Return the code that reads the first example, and what it needs."""
    if source.location.startswith(PREFIX):
        return OF_KERAS, "keras tensorflow"
    if inputs.columns:
        kind = Path(source.location).suffix.lower().removeprefix(".")
        return OF_A_TABLE.replace("{kind}", kind), "pandas pyarrow" if kind == "parquet" else "pandas"
    sizes = ", ".join(map(str, inputs.shape))
    several = ", ".join(f"({name!r}, {dtype!r}, x[{name!r}])" for name, (dtype, _) in inputs.several.items())
    reading = OF_CODE + (OF_SEVERAL if several else OF_ONE) if source.is_code else OF_ARRAYS
    values = {"{sizes}": sizes, "{dtype}": inputs.dtype, "{several}": several}
    for name, value in values.items():
        reading = reading.replace(name, value)
    return reading, "numpy"
