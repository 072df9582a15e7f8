"""Trials over a new study, and workers that report what they are told to."""

from search.storage.address import open_storage
from search.study.settings import Settings
from search.study.study import enqueue, open_study
from search.trials.failures import FailureStore
from search.trials.lifecycle import Trials
from search.trials.live import Measurement, Observer
from search.trials.models import ModelStore


class Recorder(Observer):
    """Writes down what it is told."""

    def __init__(self):
        self.events = []

    def started(self, live):
        self.events.append(("started", live.number))

    def reported(self, live):
        self.events.append(("reported", live.number, live.last.epoch))

    def finished(self, live, state, reason):
        self.events.append(("finished", live.number, state.name, reason))

    def suspended(self, live, reason):
        self.events.append(("suspended", live.number, reason))

    def refused(self, live, reason):
        self.events.append(("refused", live.number, reason))

    def interrupted(self, live, reason):
        self.events.append(("interrupted", live.number, reason))


def measurement(epoch, accuracy, **changes):
    """What a worker measures."""
    values = {"train_accuracy": 0.5, "seconds": 2.0, "samples_per_second": 100.0, "host": "h", "parameters_count": 9}
    return Measurement(epoch=epoch, val_accuracy=accuracy, **(values | changes))


def trials_over(folder, storage_url, pruner="none", goal=10, **options):
    """Make trials over a study with a baseline, or go on with it; return the study, the trials and the models."""
    settings = Settings(seed=7, sampler="random", pruner=pruner)
    study = open_study("s", open_storage(storage_url), settings)
    enqueue(study, settings, [])
    models, failures = ModelStore(folder, "s"), FailureStore(folder, "s")
    trials = Trials(study, settings, goal=goal, models=models, failures=failures, observer=Recorder(), **options)
    trials.take_stock()
    return study, trials, models


def run(trials, key, *accuracies, model=None, failure=None):
    """Let a worker run a whole trial."""
    trials.ask(key)
    trials.start(key)
    for epoch, accuracy in enumerate(accuracies[:-1], start=1):
        trials.report(key, measurement(epoch, accuracy))
    if model is not None:
        trials.keep_model(key, model)
    trials.finish(key, measurement(len(accuracies), accuracies[-1], failure=failure))


def fail(trials, key, failure):
    """Let a trial fail."""
    trials.ask(key)
    trials.start(key)
    trials.fail(key, failure)
