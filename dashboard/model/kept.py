"""The models of a study whose files are here: which there are, which to show first, and their networks."""

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from optuna.trial import FrozenTrial

from dashboard.model.images import size_of
from dashboard.snapshot import Snapshot
from search.confirmation.untested import chosen
from search.errors import SearchError, lines_of
from search.export.kept import CHOSEN, NUMBER, Kept, kept_finals, kept_trial
from search.study.study import BEST, IDENTITY
from search.trials.models import ModelStore
from trainable.data.archive import UNREADABLE
from trainable.data.dataset import Examples
from trainable.data.scaling import Standard
from trainable.errors import DataError
from trainable.mlp.scoring import SCALE, Weights, probabilities, read_activation, read_standard, read_weights

IN_MEMORY = 8  # models

Stamp = tuple[int, int]
"""Time in nanoseconds and size in bytes of a file: another file has another one."""


class Network(NamedTuple):
    """What is needed of a kept model.

    Attributes:
        weights: Of all layers.
        standard: How it standardises numbers; None where it takes bytes.
        activation: Of its hidden layers.
    """

    weights: Weights
    standard: Standard | None
    activation: str

    def probabilities(self, examples: Examples) -> NDArray[np.float32]:
        """Return float32 [n, classes], of examples [n, features] as they are stored, uint8 or float32."""
        return probabilities(self.weights, examples, self.standard, self.activation)

    def scaled(self, examples: Examples) -> NDArray[np.float32]:
        """Return float32 [n, features], such as the first layer of weights is given."""
        return self.standard.applied(examples) if self.standard else examples.astype(np.float32) / np.float32(SCALE)


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

    Where the winner was not tested, its trial comes first.

    Raises:
        SearchError: As for `store_of`.
    """
    store = store_of(study)
    try:
        finals, kept = list(kept_finals(study.evidence, store)), set(store.kept())
        ranked = [each for each in study.ranked if each.number in kept]
        trials = [kept_trial(each, study.settings, store, _how(study, each)) for each in ranked]
    except OSError as error:
        raise SearchError(f"{store.folder}: cannot be read: {error.strerror}") from error
    trials.sort(key=lambda each: each is None or each.how != CHOSEN)
    winners = [each for each in finals if each.is_winner]
    return [*winners, *filter(None, trials), *(each for each in finals if not each.is_winner)]


def _how(study: Snapshot, trial: FrozenTrial) -> str:
    """Return how a trial's model was selected."""
    if trial.number == chosen(study.evidence):
        return CHOSEN
    return BEST if trial is study.best else NUMBER


def baseline_of(models: list[Kept]) -> Kept | None:
    """Return the baseline's model: the one trained on both splits rather than the trial's."""
    baselines = [each for each in models if each.configuration.trial is None]
    return next((each for each in baselines if each.is_final), baselines[0] if baselines else None)


def unseen(models: list[Kept], shown: Kept) -> Kept:
    """Return the network of the same configuration that never saw the validation split, or the shown one."""
    params = shown.configuration.params
    same = (each for each in models if each.configuration.params == params and not each.is_final)
    return next(same, shown)


def network_of(model: Kept) -> Network:
    """Return the network of a kept model.

    Raises:
        SearchError: The file is gone, damaged, or not the one that the study recorded.
    """
    has_standard = model.problem.inputs.scale is None
    network = _network(str(model.file), stamp_of(model.file), model.sha256, has_standard=has_standard)
    _check(model, network)
    return network


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


@st.cache_resource(max_entries=IN_MEMORY, show_spinner="Reading the model")
def _network(file: str, stamp: Stamp, sha256: str | None, *, has_standard: bool) -> Network:  # noqa: ARG001 (for the cache)
    try:
        content = Path(file).read_bytes()
        if sha256 and hashlib.sha256(content).hexdigest() != sha256:
            raise SearchError(f"{file}: is not the file whose SHA-256 the study recorded")
        standard = read_standard(content) if has_standard else None
        network = Network(read_weights(content), standard, read_activation(content))
    except (*UNREADABLE, KeyError, DataError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else lines_of(error)[0]
        raise SearchError(f"{file}: cannot be read as a model: {reason}") from error
    arrays = [*network.weights, *(vars(network.standard).values() if network.standard else ())]
    if not all(np.isfinite(each).all() for each in arrays):
        raise SearchError(f"{file}: cannot be read as a model: not all of its numbers are finite")
    return network


def _check(model: Kept, network: Network) -> None:
    """Refuse arrays that are no network for a model's problem."""
    problem, weights, standard = model.problem, network.weights, network.standard
    widths = [problem.inputs.features, *(bias.size for bias in weights[1:-1:2]), len(problem.labels)]
    wanted: list[tuple[int, ...]] = [
        shape for rows, columns in pairwise(widths) for shape in ((rows, columns), (columns,))
    ]
    found = [each.shape for each in weights]
    if problem.inputs.scale is None:
        wanted += 2 * [(problem.inputs.features,)]
        found += [each.shape for each in vars(standard).values()] if standard else []
    if found != wanted:
        size = f"{problem.examples} of {size_of(problem)} {'pixels' if problem.inputs.is_image else 'numbers'}"
        raise SearchError(f"{model.file}: does not hold a network for {size}")
