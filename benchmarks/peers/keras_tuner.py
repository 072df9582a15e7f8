"""KerasTuner as in its own guide: a HyperModel whose `fit` takes the batch size from the hyperparameters.

One process trains everything, as KerasTuner does unless a chief and workers are set up. A list of configurations is a
grid of one choice. A search is Hyperband, which decides the number of epochs itself and goes on from the checkpoints
of earlier rounds; its default of one iteration would end before the time does, so it gets more.

Before each trial KerasTuner imports the package tensorboard, in case a callback writes for it. Here none does, and
TensorFlow no longer brings the package along, so that look is left out.
"""

import sys
import tempfile
from typing import Any

import keras_tuner

from benchmarks.peers import network, space
from benchmarks.peers.command import SEARCH, Answers, Command, exit_after, parse

OBJECTIVE = "val_accuracy"
ITERATIONS = 1000  # of Hyperband: more than there is time for


class Peer(keras_tuner.HyperModel):  # type: ignore[misc]  # KerasTuner ships no types
    """The network with its hyperparameters; reports each trial when it ends."""

    def __init__(self, command: Command, answers: Answers) -> None:
        """Report the trials of this command."""
        super().__init__()
        self._command, self._answers = command, answers

    def params(self, hp: Any) -> dict[str, Any]:
        """Return the parameters of a trial; those of a search lack the epochs."""
        raise NotImplementedError

    def build(self, hp: Any) -> Any:
        """Return the compiled model."""
        params = self.params(hp)
        return network.build_model(self._command.network, params)

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Train; return Keras's history. Hyperband gives the epochs itself."""
        params = self.params(hp)
        asked = {name: params[name] for name in ("batch_size", "epochs") if name in params}
        history = model.fit(*args, **(kwargs | asked))
        self._answers.finished(history.history[OBJECTIVE][-1], len(history.epoch), params)
        return history


class Listed(Peer):
    """A choice among the configurations of a list."""

    def params(self, hp: Any) -> dict[str, Any]:
        """Return the configuration that is chosen."""
        configurations = self._command.configurations
        index: int = hp.Choice("configuration", list(range(len(configurations))))
        return configurations[index]


class Searched(Peer):
    """The built-in space without the epochs."""

    def params(self, hp: Any) -> dict[str, Any]:
        """Draw the parameters."""
        return {
            "hidden_units": hp.Int("hidden_units", *space.HIDDEN_UNITS, sampling="log"),
            "learning_rate": hp.Float("learning_rate", *space.LEARNING_RATE, sampling="log"),
            "batch_size": hp.Choice("batch_size", list(space.BATCH_SIZES)),
        }


def main() -> int:
    """Run the command; return its exit status."""
    command = parse("keras_tuner", most_workers=1)
    answers = Answers(command.started)
    if command.mode == SEARCH:
        exit_after(command.seconds_left)
    (x, y), validation = network.load_splits(command.network)
    with tempfile.TemporaryDirectory(prefix="keras-tuner-") as folder:
        tuner = make_tuner(command, answers, folder)
        tuner._configure_tensorboard_dir = lambda *_: None  # noqa: SLF001 (see above)
        tuner.search(x, y, validation_data=validation, verbose=0)
    return 0


def make_tuner(command: Command, answers: Answers, folder: str) -> Any:
    """Return the tuner; a trial that fails ends it."""
    settings = {"objective": OBJECTIVE, "directory": folder, "max_consecutive_failed_trials": 1}
    if command.mode == SEARCH:
        return keras_tuner.Hyperband(
            Searched(command, answers),
            max_epochs=space.EPOCHS[1],
            factor=3,
            hyperband_iterations=ITERATIONS,
            seed=command.seed,
            **settings,
        )
    return keras_tuner.GridSearch(Listed(command, answers), **settings)


if __name__ == "__main__":
    sys.exit(main())
