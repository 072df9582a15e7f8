"""What a model says of the validation examples, and which of them it takes for another class."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.data import file_of, is_file, source_here
from dashboard.model.kept import IN_MEMORY, Network, Stamp, network_of, stamp_of
from search.errors import SearchError
from search.export.kept import Kept
from search.study.data import check_memory, recorded_source
from trainable.data.dataset import Examples, Labels
from trainable.data.reading import bytes_needed
from trainable.data.source import DataSource
from trainable.errors import DataError
from trainable.mlp.scoring import BATCH
from trainable.problem import ProblemSpec
from trainable.problems import problem_of

FETCH = 'python -c "from trainable.problems import BUILT_IN, problem_of; problem_of(BUILT_IN).load(None)"'
NOT_HERE = f"{{}}'s {{}} are not on this machine yet. A search here fetches them, and so does: {FETCH}"
ELSEWHERE = "The dashboard's --data says where they are now."
OTHER = "{}: is not the data that this study was made with, or cannot be read. " + ELSEWHERE

Numbers = NDArray[np.intp]


class Validation(NamedTuple):
    """The validation examples, uint8 or float32 [n, features], and their labels [n]; not to be written to."""

    examples: Examples
    labels: Labels


class Answers(NamedTuple):
    """What a model says of examples: the most probable class, [n], and its probability, float32 [n]."""

    said: Numbers
    sure: NDArray[np.float32]


def validation(problem: ProblemSpec, data: str | None) -> Validation:
    """Return a study's validation examples, from where it has them or `data` says; nothing is downloaded.

    Raises:
        SearchError: They are not here, or what is here is something else.
    """
    source = source_here(problem, data)
    file = file_of(problem, source)
    if source is None and not is_file(file):
        raise SearchError(NOT_HERE.format(problem.name, problem.examples))
    if not is_file(file):
        raise SearchError(f"{file}: there is no such file with this study's data. {ELSEWHERE}")
    return _validation(problem, _hashes(problem), source, stamp_of(file))


def check_unchanged(problem: ProblemSpec, data: str | None) -> None:
    """Refuse data that are not those of a study any more; arguments and errors as for `validation`."""
    if not problem.code:
        validation(problem, data)
        return
    source = source_here(problem, data)
    if not is_file(file_of(problem, source)):
        raise SearchError(f"{file_of(problem, source)}: there is no such file with this study's data. {ELSEWHERE}")
    _dataset(problem, source)


def predicted(model: Kept, data: str | None) -> Answers:
    """Return what a model says of the validation examples.

    Raises:
        SearchError: The model or the examples cannot be read.
    """
    examples, network = validation(model.problem, data).examples, network_of(model)
    return _predicted(str(model.file), stamp_of(model.file), _hashes(model.problem), network, examples)


def most_confused(labels: Labels, said: Numbers, classes: int, most: int) -> Numbers:
    """Return the classes, ascending, that are part of the most mistakes: so many at most.

    Args:
        labels: Of examples, [n].
        said: What they were taken for, [n].
        classes: How many there are.
        most: How many are returned.
    """
    wrong = labels != said
    number = np.bincount(labels[wrong], minlength=classes) + np.bincount(said[wrong], minlength=classes)
    return np.sort(np.argsort(-number, kind="stable")[:most])


def confusion(labels: Labels, said: Numbers, chosen: Numbers) -> NDArray[np.int64]:
    """Return int64 [chosen, chosen]: how many examples of each class (row) were taken for which (column).

    Args:
        labels: Of examples, [n].
        said: What they were taken for, [n].
        chosen: The classes that are shown, ascending.
    """
    known = np.isin(labels, chosen) & np.isin(said, chosen)
    rows, columns = np.searchsorted(chosen, labels[known]), np.searchsorted(chosen, said[known])
    counts = np.zeros((len(chosen), len(chosen)), np.int64)
    np.add.at(counts, (rows, columns), 1)
    return counts


def mistakes(problem: ProblemSpec, labels: Labels, answers: Answers) -> pd.DataFrame:
    """Return a row for each misclassified example, the surest mistake first: example, true, said, probability.

    Args:
        problem: Whose classes have names.
        labels: Of the examples, [n].
        answers: What a model says of them.
    """
    names = np.array(problem.labels, object)
    wrong = np.flatnonzero(answers.said != labels)
    true, said, sure = names[labels[wrong]], names[answers.said[wrong]], answers.sure[wrong]
    table = pd.DataFrame({"example": wrong, "true": true, "said": said, "probability": sure})
    return table.sort_values(["probability", "example"], ascending=[False, True], ignore_index=True)


def _hashes(problem: ProblemSpec) -> tuple[str, ...]:
    """Return what decides which examples a study has."""
    return tuple(problem.data.values())


@st.cache_resource(max_entries=2, show_spinner="Reading the data")
def _validation(
    _problem: ProblemSpec,
    hashes: tuple[str, ...],  # noqa: ARG001 (the cache goes by them)
    source: DataSource | None,
    stamp: Stamp,  # noqa: ARG001 (likewise)
) -> Validation:
    found = _loaded(_problem, source)
    for each in found:
        each.setflags(write=False)
    return found


def _dataset(problem: ProblemSpec, source: DataSource | None) -> Any:
    """Read the data; of a place that a study has recorded nothing is repeated: who wrote it need not be let read it."""
    is_recorded = source is not None and source == recorded_source(problem)
    try:
        if source is not None and problem.source:
            check_memory(bytes_needed(source), source.location)
        return problem_of(problem).load(source)
    except DataError as error:
        raise SearchError(OTHER.format(source.location) if is_recorded and source else str(error)) from error


def _loaded(problem: ProblemSpec, source: DataSource | None) -> Validation:
    dataset = _dataset(problem, source)
    found = Validation(dataset.x_val.copy(), dataset.y_val.copy())  # rather than views of the whole set
    shape, is_known = (problem.sizes["val"], problem.inputs.features), found.labels.max() < len(problem.labels)
    if found.examples.shape != shape or found.examples.dtype != problem.inputs.dtype or not is_known:
        raise SearchError("the study's record of its data does not fit them")
    return found


@st.cache_data(max_entries=IN_MEMORY, show_spinner="Classifying the validation split")
def _predicted(
    file: str,  # noqa: ARG001 (the cache goes by it)
    stamp: Stamp,  # noqa: ARG001 (likewise)
    hashes: tuple[str, ...],  # noqa: ARG001 (likewise, and by nothing that begins with _)
    _network: Network,
    _examples: Examples,
) -> Answers:
    starts = range(0, len(_examples), BATCH)  # in parts: with many classes all probabilities would be large
    parts = (_network.probabilities(_examples[start : start + BATCH]) for start in starts)
    found = [(part.argmax(axis=1), part.max(axis=1)) for part in parts]
    return Answers(*(np.concatenate(each) for each in zip(*found, strict=True)))
