"""A trainable that waits where another one would train; its workers load nothing but Ray Tune."""

import os
import random
import time
from pathlib import Path
from typing import Any

from ray import tune

from trainable import keys

EPOCHS = 5
EPOCH_SECONDS = 1.0
TRIAL_SECONDS = EPOCHS * EPOCH_SECONDS
GATE_PERIOD = 0.5  # seconds


class Waiting(tune.Trainable):
    """Reports epochs of one second each, all trials with the same accuracies: the pruner compares and stops none.

    The first trial of every worker stays at the gate until all workers are there, and then for up to a trial's
    length, so that from there on trials end at all times and not all at once.
    """

    def setup(self, config: dict[str, Any], gate: Path) -> None:  # type: ignore[override]  # as Tune documents
        """Begin the first trial."""
        self._gate: Path | None = gate
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin the next trial."""
        self._epoch = 0
        return True

    def step(self) -> dict[str, Any]:
        """Wait for an epoch's length and report how long it was."""
        if self._gate is not None:
            self._pass(self._gate)
        started = time.perf_counter()
        time.sleep(EPOCH_SECONDS)
        seconds = time.perf_counter() - started
        self._epoch += 1
        return {
            keys.EPOCH: self._epoch,
            keys.VAL_ACCURACY: self._epoch / (self._epoch + 1),
            keys.TRAIN_ACCURACY: 0.0,
            keys.SECONDS: seconds,
            keys.SAMPLES_PER_SECOND: 0.0,
            keys.HOST: str(os.getpid()),
            keys.PARAMETERS_COUNT: 0,
            keys.MODEL: b"a model" if self._epoch == EPOCHS else None,
            tune.result.DONE: self._epoch == EPOCHS,
        }

    def _pass(self, gate: Path) -> None:
        while not gate.exists():
            time.sleep(GATE_PERIOD)
        time.sleep(random.uniform(0, TRIAL_SECONDS))  # noqa: S311 (no secret)
        self._gate = None
