"""What workers have in training at the moment, and who is told of it. Knows nothing of Ray."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.trial import TrialState

from search.study.instants import ENDED, stamp
from search.study.study import ATTEMPTS, EPOCHS_RUN, IS_BASELINE
from trainable.environment import digest_of
from trainable.keys import ENVIRONMENT, FAILURE, PARAMETERS_COUNT, SAMPLES_PER_SECOND, SECONDS, TRAIN_ACCURACY


@dataclass(frozen=True)
class Measurement:
    """What a worker measured in one epoch; accuracies are shares, `epoch` is 1-based, and 0 where there was none."""

    epoch: int
    val_accuracy: float
    train_accuracy: float
    seconds: float
    samples_per_second: float
    host: str
    parameters_count: int
    environment: Mapping[str, Any] | None = None  # as in `trainable.environment`
    failure: str | None = None
    appeared: Mapping[str, Any] | None = None  # by name, tables of parameters that the network met first


@dataclass
class LiveTrial:
    """One trial that a worker has: the Optuna trial and what was reported of it so far."""

    trial: optuna.Trial
    params: Mapping[str, Any]
    last: Measurement | None = None
    seconds: float = 0.0
    attempt: int = 1
    seed: int = 0
    pruned: bool = False
    ended: str | None = None  # as `instants.stamp` has it; what comes of it may be found out later
    model: bytes | None = field(default=None, repr=False)

    @property
    def number(self) -> int:
        """The trial's number in the study."""
        return self.trial.number

    @property
    def title(self) -> str:
        """What people call it."""
        return f"trial {self.number}"

    @property
    def is_baseline(self) -> bool:
        """Whether this trial trains the baseline, which is never pruned."""
        return bool(self.trial.user_attrs.get(IS_BASELINE))


@dataclass
class Retraining:
    """A candidate's network with a fresh seed, on a worker."""

    title: str
    params: Mapping[str, Any]
    last: Measurement | None = None
    seconds: float = 0.0
    model: bytes | None = field(default=None, repr=False)


def attributes_of(live: LiveTrial, reason: str | None) -> Mapping[str, Any]:
    """Return the user attributes of a trial that has ended."""
    attributes: dict[str, Any] = {ATTEMPTS: live.attempt, SECONDS: live.seconds, EPOCHS_RUN: 0}
    attributes[ENDED] = live.ended or stamp()
    if live.last is not None:
        attributes[EPOCHS_RUN] = live.last.epoch
        if live.last.epoch:
            attributes |= {
                SAMPLES_PER_SECOND: live.last.samples_per_second,
                PARAMETERS_COUNT: live.last.parameters_count,
                TRAIN_ACCURACY: live.last.train_accuracy,
            }
        if live.last.environment is not None:
            attributes[ENVIRONMENT] = digest_of(live.last.environment)
    if reason is not None:
        attributes[FAILURE] = reason
    return attributes


class Observer:
    """Is told what happens to trials; this one does nothing with it."""

    def started(self, live: LiveTrial) -> None:
        """A trial was handed to a worker."""

    def reported(self, live: LiveTrial) -> None:
        """A trial finished an epoch."""

    def finished(self, live: LiveTrial, state: TrialState, reason: str | None) -> None:
        """A trial was told to the study."""

    def refused(self, live: LiveTrial, reason: str) -> None:
        """A worker has built a network that breaks a limit, and does not train it."""

    def suspended(self, live: LiveTrial, reason: str) -> None:
        """A trial failed; whether it counts is known when others have ended."""

    def interrupted(self, live: LiveTrial, reason: str) -> None:
        """A trial was lost; another one will try its configuration again."""

    def retraining(self, network: Retraining) -> None:
        """A network of the confirmation was handed to a worker."""

    def retrained(self, network: Retraining, done: int, total: int) -> None:
        """A network of the confirmation is trained, or failed; `done` are of `total` at most."""

    def spared(self, number: int, total: int, reason: str) -> None:
        """Some of the `total` networks of the confirmation turned out not to be needed."""

    def lost(self, network: Retraining, reason: str) -> None:
        """A network of the confirmation was lost; it is trained again, or `reason` says why not."""
