"""Ray Tune as in its own Keras example: a function trainable that imports TensorFlow, loads the data and calls `fit`.

The example gives a trial two CPUs and two TensorFlow threads. Here it gets one of each, so that as many trials run at
once as there are cores; that is faster than two threads each (two cores, four configurations: 26 to 29 s against 34 to
36 s). A search is ASHA with OptunaSearch, both with their defaults.
"""

import os
import sys
import tempfile
from typing import Any

import ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch

from benchmarks.peers import space
from benchmarks.peers.command import SEARCH, Answers, Command, parse

OBJECTIVE = "val_accuracy"
CONFIGURATION = "configuration"
NETWORK = "network"


def train_mnist(config: dict[str, Any], of: str = space.MLP) -> None:
    """Train one configuration of a network and report each epoch."""
    from ray.tune.integration.keras import TuneReportCheckpointCallback  # noqa: PLC0415 (it loads TensorFlow)

    from benchmarks.peers import network  # noqa: PLC0415 (as above)

    (x, y), validation = network.load_splits(of)
    model = network.build_model(of, config)
    model.fit(
        x,
        y,
        batch_size=config["batch_size"],
        epochs=config["epochs"],
        validation_data=validation,
        verbose=0,
        callbacks=[TuneReportCheckpointCallback(checkpoint_on=[], metrics={OBJECTIVE: OBJECTIVE})],
    )


def train_listed(config: dict[str, Any]) -> None:
    """Train a configuration of a list."""
    train_mnist(config[CONFIGURATION], config[NETWORK])


class Reporter(tune.Callback):
    """Reports each trial when it ends."""

    def __init__(self, answers: Answers) -> None:
        """Report in these lines."""
        self._answers = answers

    def __getstate__(self) -> dict[str, Any]:
        """Give Tune nothing to store: an open stream cannot be."""
        return {}

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:  # noqa: ARG002 (Tune decides)
        """Report a trial that ran to its end or was stopped."""
        result = trial.last_result
        if OBJECTIVE not in result:
            return  # stopped before the end of its first epoch
        params = trial.config.get(CONFIGURATION, trial.config)
        self._answers.finished(result[OBJECTIVE], result["training_iteration"], params)


def main() -> int:
    """Run the command; return its exit status."""
    command = parse("ray_tune")
    answers = Answers(command.started)
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")  # for the workers, which inherit it
    ray.init(address="local", num_cpus=command.workers, include_dashboard=False, log_to_driver=False)
    with tempfile.TemporaryDirectory(prefix="ray-tune-") as folder:
        results = make_tuner(command, answers, folder).fit()
    for error in results.errors:
        print(error, file=sys.stderr)
    return 1 if results.errors else 0


def make_tuner(command: Command, answers: Answers, folder: str) -> tune.Tuner:
    """Return the tuner for a list or for a search."""
    searched = command.mode == SEARCH
    return tune.Tuner(
        tune.with_resources(train_mnist if searched else train_listed, {"cpu": 1}),
        param_space=search_space() if searched else listed(command),
        tune_config=search_config(command) if searched else tune.TuneConfig(metric=OBJECTIVE, mode="max"),
        run_config=tune.RunConfig(storage_path=folder, verbose=0, callbacks=[Reporter(answers)]),
    )


def listed(command: Command) -> dict[str, Any]:
    """Return the configurations of a list."""
    return {CONFIGURATION: tune.grid_search(command.configurations), NETWORK: command.network}


def search_space() -> dict[str, Any]:
    """Return the built-in space; Tune excludes the upper bound of whole numbers."""
    (fewest, most), (shortest, longest) = space.HIDDEN_UNITS, space.EPOCHS
    return {
        "hidden_units": tune.lograndint(fewest, most + 1),
        "learning_rate": tune.loguniform(*space.LEARNING_RATE),
        "batch_size": tune.choice(list(space.BATCH_SIZES)),
        "epochs": tune.randint(shortest, longest + 1),
    }


def search_config(command: Command) -> tune.TuneConfig:
    """Return what decides in a search."""
    return tune.TuneConfig(
        metric=OBJECTIVE,
        mode="max",
        search_alg=OptunaSearch(seed=command.seed),
        scheduler=ASHAScheduler(max_t=space.EPOCHS[1]),
        num_samples=-1,
        max_concurrent_trials=command.workers,
        time_budget_s=command.seconds_left,
    )


if __name__ == "__main__":
    sys.exit(main())
