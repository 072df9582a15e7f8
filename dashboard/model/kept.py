"""The models of a study whose files are here: which there are, which to show first, and their weights."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from dashboard.model.images import SIDE
from dashboard.snapshot import Snapshot
from search.confirmation.candidates import Candidate
from search.confirmation.evidence import SHA256
from search.errors import SearchError, lines_of
from search.study.study import IDENTITY, IS_BASELINE
from search.trials.models import ModelStore
from trainable.data.archive import UNREADABLE
from trainable.errors import DataError
from trainable.keys import SEED
from trainable.mlp.scoring import Weights, read_weights

IN_MEMORY = 8  # models
CLASSES = 10

Stamp = tuple[int, int]
"""Time in nanoseconds and size in bytes of a file: another file has another one."""


@dataclass(frozen=True)
class Kept:
    """A kept model.

    Attributes:
        file: A `.keras` file.
        configuration: The trial that found it, or the baseline, and its parameters.
        number: Of the trial that this is the network of; None where it was trained for the confirmation.
        seed: It was trained with it; None where the study does not know.
        is_winner: Whether it is the one that the verdict recommends.
        sha256: Of the file, where the study recorded it.
    """

    file: Path
    configuration: Candidate
    number: int | None
    seed: int | None
    is_winner: bool = False
    sha256: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether it was trained on all 60,000 training images, those that validate among them."""
        return self.number is None

    @property
    def name(self) -> str:
        """What the page's address calls it."""
        return self.file.stem

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.configuration.title}{', trained on all 60,000 images' if self.is_final else ''}"


def store_of(study: Snapshot) -> ModelStore:
    """Return the folder of a study's models.

    Raises:
        SearchError: It holds those of another study of this name, cannot be read, or the name is not that of a folder.
    """
    store = ModelStore(study.runs, study.name)
    store.check_owner(study.attributes.get(IDENTITY))
    return store


def kept_models(study: Snapshot) -> list[Kept]:
    """Return a study's kept models: the winner, the trials from the best on, the other finalists.

    Raises:
        SearchError: As for `store_of`.
    """
    store = store_of(study)
    try:
        finals = list(_finals(study, store))
        trials = list(_trials(study, store))
    except OSError as error:
        raise SearchError(f"{store.folder}: cannot be read: {error.strerror}") from error
    winners = [each for each in finals if each.is_winner]
    return [*winners, *trials, *(each for each in finals if not each.is_winner)]


def baseline_of(models: list[Kept]) -> Kept | None:
    """Return the baseline's model: the one trained on all images rather than the trial's."""
    baselines = [each for each in models if each.configuration.trial is None]
    return next((each for each in baselines if each.is_final), baselines[0] if baselines else None)


def unseen(models: list[Kept], shown: Kept) -> Kept:
    """Return the network of the same configuration that never saw the validation images, or the shown one."""
    params = shown.configuration.params
    same = (each for each in models if each.configuration.params == params and not each.is_final)
    return next(same, shown)


def weights_of(model: Kept) -> Weights:
    """Return the weights of a model.

    Raises:
        SearchError: The file is gone, damaged, or not the one that the study recorded.
    """
    return _weights(str(model.file), stamp_of(model.file), model.sha256)


def stamp_of(file: Path) -> Stamp:
    """Return what tells a file from another one in its place.

    Raises:
        SearchError: There is none.
    """
    try:
        found = file.stat()
    except OSError as error:
        raise SearchError(f"{file}: cannot be read: {error.strerror}") from error
    return found.st_mtime_ns, found.st_size


def _finals(study: Snapshot, store: ModelStore) -> Iterator[Kept]:
    evidence = study.evidence
    if evidence is None or not evidence.final_seeds:
        return
    seed = evidence.final_seeds[0]
    for each in evidence.candidates:
        if file := store.final(each.name):
            recorded = evidence.tested.get((each.name, seed), {}).get(SHA256)
            is_winner = evidence.verdict is not None and each == evidence.taken
            yield Kept(file, each, None, seed, is_winner=is_winner, sha256=recorded)


def _trials(study: Snapshot, store: ModelStore) -> Iterator[Kept]:
    kept = set(store.kept())
    for trial in study.ranked:
        if trial.number in kept and (file := store.path(trial.number)):
            is_baseline = trial.user_attrs.get(IS_BASELINE, False)
            found_by = None if is_baseline else trial.number
            configuration = Candidate(found_by, study.settings.space.complete(trial.params))
            yield Kept(file, configuration, trial.number, trial.user_attrs.get(SEED))


@st.cache_resource(max_entries=IN_MEMORY, show_spinner="Reading the model")
def _weights(file: str, stamp: Stamp, sha256: str | None) -> Weights:  # noqa: ARG001 (the cache goes by it)
    try:
        content = Path(file).read_bytes()
        if sha256 and hashlib.sha256(content).hexdigest() != sha256:
            raise SearchError(f"{file}: is not the file whose SHA-256 the study recorded")
        weights = read_weights(content)
    except (*UNREADABLE, KeyError, DataError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else lines_of(error)[0]
        raise SearchError(f"{file}: cannot be read as a model: {reason}") from error
    _check(file, weights)
    return weights


def _check(file: str, weights: Weights) -> None:
    """Refuse arrays that are no network of one hidden layer for MNIST."""
    hidden = weights[1].shape
    shapes = [(SIDE * SIDE, *hidden), hidden, (*hidden, CLASSES), (CLASSES,)]
    if [each.shape for each in weights] != shapes or not all(np.isfinite(each).all() for each in weights):
        raise SearchError(f"{file}: does not hold a network of one hidden layer for images of {SIDE} x {SIDE} pixels")
