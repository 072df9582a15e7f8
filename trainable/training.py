"""One training from its first epoch to its last: the same for a worker's trial and for its replay."""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trainable.trainer import Trainer


@dataclass(frozen=True)
class Trained:
    """An epoch that was trained and, unless the network learns from the validation examples, validated.

    Attributes:
        number: 1-based.
        loss: Mean over the epoch.
        train_accuracy: A share.
        val_accuracy: A share; NaN where nothing was validated.
        seconds: Of both.
        is_last: Whether a trial ends with it.
        failure: Why it does before its time; who goes on all the same trains a network that has diverged.
    """

    number: int
    loss: float
    train_accuracy: float
    val_accuracy: float
    seconds: float
    is_last: bool
    failure: str | None


def train(trainer: Trainer, params: Mapping[str, Any], seed: int, *, all_data: bool = False) -> Iterator[Trained]:
    """Begin a network at once; return what trains an epoch of it at each step."""
    trainer.start(params, seed, all_data=all_data)
    return _epochs(trainer, params["epochs"], all_data=all_data)


def _epochs(trainer: Trainer, epochs: int, *, all_data: bool) -> Iterator[Trained]:
    for number in range(1, epochs + 1):
        started = time.perf_counter()
        epoch = trainer.train_epoch()
        val_accuracy = math.nan if all_data else trainer.validate()
        failure = None if math.isfinite(epoch.loss) else f"diverged at epoch {number}"
        seconds = time.perf_counter() - started
        is_last = number == epochs or failure is not None
        yield Trained(number, epoch.loss, epoch.accuracy, val_accuracy, seconds, is_last, failure)
