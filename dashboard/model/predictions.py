"""What a model says of the validation images, and which of them it takes for another digit."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.model.kept import CLASSES, IN_MEMORY, Stamp, stamp_of, weights_of
from search.errors import SearchError
from search.export.kept import Kept
from trainable.errors import DataError
from trainable.mlp.scoring import Weights, probabilities
from trainable.mnist.source import cache_file, load_dataset

FETCH = 'python -c "from trainable.mnist.source import load_dataset; load_dataset()"'
NO_IMAGES = f"MNIST's images are not on this machine yet. A search here fetches them, and so does `{FETCH}`."


class Validation(NamedTuple):
    """The validation images, uint8 [10000, 784], and their labels, uint8 [10000]; not to be written to."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def validation(data: Path | None) -> Validation:
    """Return the validation images of a file, or of the cache where none is named; nothing is downloaded.

    Raises:
        SearchError: They are not here, or the file is damaged.
    """
    file = data or cache_file()
    if data is None and not file.exists():
        raise SearchError(NO_IMAGES)
    return _validation(str(file), stamp_of(file))


def predicted(model: Kept, data: Path | None) -> NDArray[np.float32]:
    """Return float32 [10000, 10]: a model's probabilities for the validation images.

    Raises:
        SearchError: The model or the images cannot be read.
    """
    images, weights = validation(data).images, weights_of(model)
    return _predicted(str(model.file), stamp_of(model.file), weights, images)


def confusion(labels: NDArray[np.uint8], said: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return int64 [10, 10]: how many images of each digit (row) were taken for which (column)."""
    pairs = labels.astype(np.int64) * CLASSES + said
    return np.bincount(pairs, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES).astype(np.int64)


def mistakes(labels: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> pd.DataFrame:
    """Return a row for each misclassified image, the surest mistake first: image, true, said, probability.

    Args:
        labels: uint8 [n].
        probabilities: float32 [n, 10].
    """
    said = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(said != labels)
    table = pd.DataFrame(
        {"image": wrong, "true": labels[wrong], "said": said[wrong], "probability": probabilities[wrong, said[wrong]]}
    )
    return table.sort_values(["probability", "image"], ascending=[False, True], ignore_index=True)


@st.cache_resource(max_entries=2, show_spinner="Reading the images")
def _validation(file: str, stamp: Stamp) -> Validation:  # noqa: ARG001 (the cache goes by it)
    try:
        dataset = load_dataset(Path(file))
    except DataError as error:
        raise SearchError(str(error)) from error
    found = Validation(dataset.x_val.copy(), dataset.y_val.copy())  # rather than views of all 60,000
    for each in found:
        each.setflags(write=False)
    return found


@st.cache_data(max_entries=IN_MEMORY, show_spinner="Classifying the validation images")
def _predicted(
    file: str,  # noqa: ARG001 (the cache goes by it)
    stamp: Stamp,  # noqa: ARG001 (likewise; it does not go by what begins with _, and MNIST is always the same)
    _weights: Weights,
    _images: NDArray[np.uint8],
) -> NDArray[np.float32]:
    return probabilities(_weights, _images)
