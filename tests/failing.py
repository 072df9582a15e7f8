"""The real command with a trainable that fails or waits as its number of hidden units says: `failing.py [OPTIONS]`.

Before that it writes a megabyte into the folder that FAILING_FOLDER names, if it names one.
"""

import os
import time
from pathlib import Path

from ray import tune

import search.runtime.tuning
from search.run.__main__ import main
from search.terminal.streams import command, leave
from trainable import keys

GOOD, WRONG, DEAD, FULL, DIVERGED, BRIEF, HELD = 8, 9, 10, 11, 12, 13, 14  # hidden units
# HELD is in training until this file is there, without one for good. A global of the command's, which goes to the
# workers with the class.
LET_GO = os.environ.get("FAILING_LET_GO")


class FailingTrial(tune.Trainable):
    """Reports one epoch, or fails."""

    def setup(self, config):
        """Begin the first trial."""
        self.reset_config(config)

    def reset_config(self, new_config):
        """Begin the next trial."""
        self._config = new_config
        return True

    def step(self):
        """Fail, or report an epoch."""
        if "FAILING_FOLDER" in os.environ:
            Path(os.environ["FAILING_FOLDER"], "written").write_bytes(bytes(2**20))
        units = self._config["hidden_units"]
        if units == WRONG:
            raise ValueError("the pixels\nare upside down")
        if units == DEAD:
            os._exit(1)
        if units == FULL:
            raise MemoryError
        started = time.monotonic()
        if units == BRIEF:
            time.sleep(0.5)
        while units == HELD and not (LET_GO and Path(LET_GO).exists()):
            time.sleep(0.05)
        failure = {keys.FAILURE: "diverged at epoch 1"} if units == DIVERGED else {}
        return failure | {
            keys.EPOCH: 1,
            keys.VAL_ACCURACY: 0.5,
            keys.TRAIN_ACCURACY: 0.5,
            keys.SECONDS: max(0.1, time.monotonic() - started),
            keys.SAMPLES_PER_SECOND: 1.0,
            keys.HOST: "here",
            keys.PARAMETERS_COUNT: 1,
            keys.MODEL: b"a model",
            tune.result.DONE: True,
        }


if __name__ == "__main__":
    search.runtime.tuning.trainable_of = lambda *_: FailingTrial
    leave(command(main))
