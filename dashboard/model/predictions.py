"""What a model says of the validation examples, and which of them it takes for another class."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.model.kept import IN_MEMORY, Stamp, stamp_of, weights_of
from search.errors import SearchError
from search.export.kept import Kept
from search.study.data import source_of
from trainable.data.source import DataSource
from trainable.errors import DataError
from trainable.mlp.scoring import Weights, probabilities
from trainable.problem import ProblemSpec
from trainable.problems import problem_of

FETCH = 'python -c "from trainable.problems import BUILT_IN, problem_of; problem_of(BUILT_IN).load(None)"'
NOT_HERE = f"{{}}'s {{}} are not on this machine yet. A search here fetches them, and so does `{FETCH}`."


class Validation(NamedTuple):
    """The validation examples, uint8 [n, features], and their labels, uint8 [n]; not to be written to."""

    examples: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def validation(problem: ProblemSpec, data: str | None) -> Validation:
    """Return the validation examples of a file, or of the cache where none is named; nothing is downloaded.

    Raises:
        SearchError: They are not here, or the file is damaged.
    """
    source = source_of(problem, data)
    file = problem_of(problem).file(source)
    if data is None and not file.exists():
        raise SearchError(NOT_HERE.format(problem.name, problem.examples))
    return _validation(problem, source, stamp_of(file))


def predicted(model: Kept, data: str | None) -> NDArray[np.float32]:
    """Return float32 [n, classes]: a model's probabilities for the validation examples.

    Raises:
        SearchError: The model or the examples cannot be read.
    """
    examples, weights = validation(model.problem, data).examples, weights_of(model)
    return _predicted(str(model.file), stamp_of(model.file), weights, examples)


def confusion(labels: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return int64 [classes, classes]: how many examples of each class (row) were taken for which (column).

    Args:
        labels: uint8 [n].
        probabilities: float32 [n, classes].
    """
    classes = probabilities.shape[1]
    pairs = labels.astype(np.int64) * classes + probabilities.argmax(axis=1)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def mistakes(problem: ProblemSpec, labels: NDArray[np.uint8], probabilities: NDArray[np.float32]) -> pd.DataFrame:
    """Return a row for each misclassified example, the surest mistake first: example, true, said, probability.

    Args:
        problem: Whose classes have names.
        labels: uint8 [n].
        probabilities: float32 [n, classes].
    """
    said, names = probabilities.argmax(axis=1), np.array(problem.labels, object)
    wrong = np.flatnonzero(said != labels)
    true, said, sure = names[labels[wrong]], names[said[wrong]], probabilities[wrong].max(axis=1)
    table = pd.DataFrame({"example": wrong, "true": true, "said": said, "probability": sure})
    return table.sort_values(["probability", "example"], ascending=[False, True], ignore_index=True)


@st.cache_resource(max_entries=2, show_spinner="Reading the data")
def _validation(problem: ProblemSpec, source: DataSource | None, stamp: Stamp) -> Validation:  # noqa: ARG001 (the cache goes by it)
    try:
        dataset = problem_of(problem).load(source)
    except DataError as error:
        raise SearchError(str(error)) from error
    found = Validation(dataset.x_val.copy(), dataset.y_val.copy())  # rather than views of the whole set
    for each in found:
        each.setflags(write=False)
    return found


@st.cache_data(max_entries=IN_MEMORY, show_spinner="Classifying the validation split")
def _predicted(
    file: str,  # noqa: ARG001 (the cache goes by it)
    stamp: Stamp,  # noqa: ARG001 (likewise; it does not go by what begins with _: a study's data are always the same)
    _weights: Weights,
    _examples: NDArray[np.uint8],
) -> NDArray[np.float32]:
    return probabilities(_weights, _examples)
