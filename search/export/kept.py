"""The kept models of a study: which file is whose network, and what the study says about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from optuna.trial import FrozenTrial, TrialState

from search.confirmation.candidates import Candidate
from search.confirmation.evidence import SHA256, Evidence
from search.study.settings import Settings
from search.study.study import EPOCHS_RUN, IS_BASELINE, params_of
from search.trials.models import ModelStore
from trainable.keys import SEED, TRAIN_ACCURACY
from trainable.problem import ProblemSpec

# How a model was selected: `BEST` of `search.study.study`, or one of these.
WINNER = "winner"  # the one that the verdict recommends
FINALIST = "finalist"  # the other one that was trained on all examples
NUMBER = "number"  # any other trial
CHOSEN = "chosen"  # the trial whose configuration won where nothing was tested


@dataclass(frozen=True)
class Kept:
    """A kept model and what the study says about it.

    Attributes:
        problem: What the study is about.
        how: It was selected: `WINNER`, `FINALIST`, `CHOSEN`, `BEST` or `NUMBER`.
        file: The kept `.keras` file.
        configuration: The trial that found it, or the baseline, and its parameters.
        number: Of the trial that this is the network of; None where it was trained for the confirmation.
        seed: The model was trained with it, or None where the study does not know.
        epochs_run: Epochs that the model was trained, likewise.
        val_accuracy: A share; None where it was trained on the validation examples, too.
        train_accuracy: A share of its training examples, or None where the study does not know.
        sha256: Of the file, where the study recorded it.
    """

    problem: ProblemSpec
    how: str
    file: Path
    configuration: Candidate
    number: int | None
    seed: int | None
    epochs_run: int | None
    val_accuracy: float | None = None
    train_accuracy: float | None = None
    sha256: str | None = None

    @property
    def is_winner(self) -> bool:
        """Whether it is the one that the verdict recommends."""
        return self.how == WINNER

    @property
    def is_final(self) -> bool:
        """Whether it was trained on all training examples, those that validate among them."""
        return self.number is None

    @property
    def trial(self) -> int | None:
        """The number of the trial that found the configuration; None for the baseline where it was trained again."""
        return self.configuration.trial if self.is_final else self.number

    @property
    def trained_on(self) -> int:
        """How many examples it was trained on."""
        return self.problem.training_size if self.is_final else self.problem.sizes["train"]

    def scores(self, accuracy: float) -> bool:
        """Say whether an accuracy on the validation examples is what the study recorded, give or take one example."""
        one = 1 / self.problem.sizes["val"]  # rounding in another order of summation may move one across a border
        return self.val_accuracy is not None and abs(accuracy - self.val_accuracy) <= one + 1e-9


def kept_finals(evidence: Evidence | None, models: ModelStore) -> Iterator[Kept]:
    """Yield the finalists' networks of all training examples that are kept, the baseline's first."""
    if evidence is None or not evidence.final_seeds:
        return
    seed = evidence.final_seeds[0]
    for each in evidence.candidates:
        if file := models.final(each.name):
            how = WINNER if evidence.verdict is not None and each == evidence.taken else FINALIST
            recorded = evidence.tested.get((each.name, seed), {}).get(SHA256)
            yield Kept(evidence.problem, how, file, each, None, seed, each.params["epochs"], sha256=recorded)


def kept_trial(trial: FrozenTrial, settings: Settings, models: ModelStore, how: str) -> Kept | None:
    """Return the network of a complete trial, or None where it is not kept."""
    file, said = models.path(trial.number), trial.user_attrs
    if file is None or trial.state != TrialState.COMPLETE:
        return None
    found_by = None if said.get(IS_BASELINE) else trial.number
    configuration = Candidate(found_by, params_of(trial, settings.space))
    figures = said.get(SEED), said.get(EPOCHS_RUN), float(trial.value or 0.0), said.get(TRAIN_ACCURACY)
    return Kept(settings.problem, how, file, configuration, trial.number, *figures)
