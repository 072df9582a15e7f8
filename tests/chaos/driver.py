"""The real command with a trainable that trains nothing: `driver.py [options of search.run]`.

Ray, Tune, Optuna, the storage and all of the search are real. An accuracy follows from the trial's seed and the epoch,
so that what the study holds can be recomputed.
"""

import hashlib
import time

from ray import tune

import search.runtime.tuning
from search.run.__main__ import main
from search.terminal.streams import command, leave
from trainable import keys

MODEL_BYTES = 300_000  # too many for Ray to send along with a result: they go through the object store


def accuracy(seed, epoch):
    """The accuracy that a trial of this seed has after an epoch."""
    return 0.5 + int(hashlib.sha256(f"{seed} {epoch}".encode()).hexdigest()[:8], 16) / 2**33


def model(seed):
    """The model of a trial of this seed."""
    return str(seed).encode().ljust(MODEL_BYTES, b".")


class FastTrial(tune.Trainable):
    """Takes a few hundredths of a second for an epoch."""

    def setup(self, config):
        """Begin the first trial."""
        self.reset_config(config)

    def reset_config(self, new_config):
        """Begin the next trial."""
        self._config, self._epoch = new_config, 0
        return True

    def step(self):
        """Report an epoch."""
        self._epoch += 1
        seed = self._config["seed"]
        value = accuracy(seed, self._epoch)
        seconds = 0.02 + 0.06 * (value - 0.5)
        time.sleep(seconds)
        result = {
            keys.EPOCH: self._epoch,
            keys.VAL_ACCURACY: value,
            keys.TRAIN_ACCURACY: value,
            keys.SECONDS: seconds,
            keys.SAMPLES_PER_SECOND: 1.0,
            keys.HOST: "here",
            keys.PARAMETERS_COUNT: 1,
            tune.result.DONE: self._epoch >= self._config["epochs"],
        }
        if result[tune.result.DONE] and value >= self._config[keys.KEEP_FROM]:
            result[keys.MODEL] = model(seed)
        return result


if __name__ == "__main__":
    search.runtime.tuning.trainable_of = lambda *_: FastTrial
    leave(command(main))
