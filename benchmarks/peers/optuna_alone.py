"""Optuna alone, as in its own Keras examples: an objective that builds a model and calls `fit`.

Several processes share a study in a journal file, as Optuna's documentation has it for one machine. Then each process
gets one TensorFlow thread, which is faster than TensorFlow's default there (two processes on two cores, four
configurations: 16 s against 18 to 22 s); a single process keeps the default.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial

from benchmarks.peers import space
from benchmarks.peers.command import LIST, SEARCH, Answers, Command, exit_after, parse

STUDY = "peer"
LISTED = "listed"  # user attribute of a trial whose configuration was given
EPOCHS_RUN = "epochs_run"  # user attribute
POLLING = 0.05  # seconds


def main() -> int:
    """Run the command; return its exit status."""
    command = parse("optuna_alone", journal=True)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if command.workers > 1:
        return run_processes(command)
    optimize(command)
    return 0


def optimize(command: Command) -> None:
    """Run trials in this process until there are no more, or until time is up."""
    answers = Answers(command.started)
    if command.mode == SEARCH:
        exit_after(command.seconds_left)
    study = make_study(command)
    if command.journal is None:
        enqueue(study, command)
    objective = make_objective(command)

    def report(_study: optuna.Study, trial: FrozenTrial) -> None:
        epochs = len(trial.intermediate_values) or trial.user_attrs.get(EPOCHS_RUN)
        if trial.value is None or not epochs:
            return
        answers.finished(trial.value, epochs, trial.params)

    study.optimize(objective, callbacks=[report])


def make_study(command: Command) -> optuna.Study:
    """Return the study, shared with other processes if there is a journal."""
    storage = JournalStorage(JournalFileBackend(str(command.journal))) if command.journal else None
    return optuna.create_study(
        study_name=STUDY,
        storage=storage,
        load_if_exists=True,
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=command.seed),
        pruner=optuna.pruners.MedianPruner(),
    )


def enqueue(study: optuna.Study, command: Command) -> None:
    """Let the given configurations be the first trials."""
    for params in command.configurations:
        study.enqueue_trial(params, user_attrs={LISTED: True})


def make_objective(command: Command) -> Any:
    """Load TensorFlow and the images; return the objective over them."""
    import keras  # noqa: PLC0415 (the process that only starts others does not need it)

    from benchmarks.peers import network  # noqa: PLC0415 (as above)

    (x, y), validation = network.load_splits(command.network)

    def objective(trial: optuna.Trial) -> float:
        if command.mode == LIST and LISTED not in trial.user_attrs:  # the list is done
            trial.study.stop()
            raise optuna.TrialPruned
        keras.utils.clear_session()
        params = suggest(trial, space.SPACES[command.network])
        model = network.build_model(command.network, params)
        history = model.fit(
            x,
            y,
            batch_size=params["batch_size"],
            epochs=params["epochs"],
            validation_data=validation,
            verbose=0,
            callbacks=[] if command.mode == LIST else [pruning_callback(trial)],
        )
        trial.set_user_attr(EPOCHS_RUN, len(history.epoch))
        return float(history.history["val_accuracy"][-1])

    return objective


def suggest(trial: optuna.Trial, searched: space.Space) -> dict[str, Any]:
    """Draw all parameters."""
    return {
        **{name: trial.suggest_int(name, *bounds, log=True) for name, bounds in searched.sizes.items()},
        "learning_rate": trial.suggest_float("learning_rate", *searched.learning_rate, log=True),
        "batch_size": trial.suggest_categorical("batch_size", searched.batch_sizes),
        "epochs": trial.suggest_int("epochs", *searched.epochs),
    }


def pruning_callback(trial: optuna.Trial) -> Any:
    """Return a Keras callback that reports each epoch and prunes, as that of the package optuna-integration."""
    import keras  # noqa: PLC0415 (as in `make_objective`)

    def report(epoch: int, logs: dict[str, float]) -> None:
        trial.report(logs["val_accuracy"], epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    return keras.callbacks.LambdaCallback(on_epoch_end=report)


def run_processes(command: Command) -> int:
    """Start the processes over one journal file and wait for them; return the first exit status that is not 0."""
    with tempfile.TemporaryDirectory(prefix="optuna-alone-") as folder:
        journal = Path(folder) / "journal.log"
        shared = Command(**vars(command) | {"journal": journal})
        enqueue(make_study(shared), shared)
        environment = {"TF_NUM_INTRAOP_THREADS": "1"} | os.environ
        processes = [
            subprocess.Popen(worker_arguments(shared, number), env=environment) for number in range(command.workers)
        ]
        try:
            # A process ends a search when time is up: then all may end.
            return wait(processes, for_all=command.mode == LIST)
        finally:
            for process in processes:
                process.kill()
                process.wait()


def worker_arguments(command: Command, number: int) -> list[str]:
    """Return the command line of one of the processes; their samplers draw differently."""
    arguments = [sys.executable, "-m", "benchmarks.peers.optuna_alone", *sys.argv[1:]]
    arguments += ["--workers", "1", "--journal", str(command.journal), "--started", str(command.started)]
    if command.mode == SEARCH:
        arguments += ["--seed", str(command.seed * command.workers + number)]
    return arguments


def wait(processes: list[subprocess.Popen[bytes]], *, for_all: bool) -> int:
    """Wait for all processes or for the first, or for one that fails; return its exit status."""
    while True:
        statuses = [process.poll() for process in processes]
        failed = [status for status in statuses if status]
        ended = [status is not None for status in statuses]
        if failed or all(ended) or (any(ended) and not for_all):
            return failed[0] if failed else 0
        time.sleep(POLLING)


if __name__ == "__main__":
    sys.exit(main())
