"""Training a recorded trial again, in this process, and saying how the numbers compare."""

import functools
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, TextIO

from search.confirmation.goal import tell_gap
from search.errors import SearchError
from search.replay.comparison import DIVERGED, Comparison, Recorded, recorded_of
from search.storage.address import one_line_errors, open_read_only
from search.storage.sqlite import leave_files
from search.study.data import load
from search.study.program import program_for
from search.study.study import load_study, trial_of
from search.terminal.quiet import quiet_import
from search.terminal.words import describe
from trainable.data.dataset import TrialData
from trainable.environment import environment_here
from trainable.errors import ProgramError
from trainable.problems import problem_of
from trainable.process import ONEDNN, prepare_tensorflow
from trainable.program import Program
from trainable.training import train


def reproduce(
    study: str | None, trial: str, storage: str, data: str | None, output: TextIO, *, model: str | None = None
) -> Comparison:
    """Train a trial again and print each epoch, recorded and replayed, as it is done, and the comparison at the end.

    Args:
        study: Its name; None for the most recent one.
        trial: As `search.study.study.trial_of` takes it.
        storage: Its URL; the study is only read.
        data: What `--data` named, or None.
        output: Where lines go.
        model: What `--model` named, or None.

    Raises:
        UsageError: There is no such study or trial, or nothing to compare with.
        SearchError: The storage or the data cannot be read.
    """
    with one_line_errors(storage):
        opened = open_read_only(storage)
        found = load_study(study, opened)
        tell_gap(found, opened.engine)
        recorded = recorded_of(found, trial_of(found.get_trials(deepcopy=False), trial))
        program = program_for(recorded.settings.problem, model, found.study_name)
    leave_files()  # training takes long, and may be ended at once
    say = functools.partial(print, file=output, flush=True)
    say(f"trial {recorded.number} of {recorded.study}: {describe(recorded.params)}; seed {recorded.seed}")
    dataset = load(recorded.settings.problem, data)
    with _programs_errors():
        training = Training(recorded, dataset, program)
    say("epoch  recorded  replayed")
    epochs = []
    with _programs_errors():
        for number, (old, epoch) in enumerate(zip(recorded.val_accuracies, training.epochs(), strict=True), start=1):
            mark = "" if old == epoch[0] else "  differs"
            say(f"{number:>5}  {_shown(old):>8}  {_shown(epoch[0]):>8}{mark}")
            epochs.append(epoch)
    comparison = Comparison(recorded, epochs, training.environment)
    for line in sentences(comparison):
        say(line)
    return comparison


class Training:
    """A recorded trial's training, in this process."""

    def __init__(self, recorded: Recorded, dataset: TrialData, program: Program | None = None) -> None:
        """Load TensorFlow with the threads, and with or without oneDNN and GPUs, as the trial had it."""
        known = recorded.environment or {}
        threads, gpu = known.get("threads", 1), bool(known.get("gpu"))
        if "onednn" in known:
            os.environ.setdefault(ONEDNN, str(int(known["onednn"])))
        with quiet_import():
            prepare_tensorflow(threads, gpu=gpu)
            problem = problem_of(recorded.settings.problem, program)
            self._trainer = problem.trainer(dataset, recorded.settings.precision)
        self._recorded = recorded
        self.environment = environment_here(threads, gpu=gpu, sources=problem.sources)

    def epochs(self) -> Iterator[tuple[float | None, float]]:
        """Train as many epochs as the trial ran and give each as it is done, as in `Comparison.epochs`."""
        recorded = self._recorded
        for each in islice(train(self._trainer, recorded.params, recorded.seed), len(recorded.val_accuracies)):
            yield DIVERGED if each.failure else each.val_accuracy, each.train_accuracy


@contextmanager
def _programs_errors() -> Iterator[None]:
    """Turn what a person's file does wrong in a block into the command's own error."""
    try:
        yield
    except ProgramError as error:
        raise SearchError(f"--model {error}") from error


def sentences(comparison: Comparison) -> list[str]:
    """Return what a comparison found, in lines for people."""
    return [*_numbers(comparison), *_environment(comparison)]


def _numbers(comparison: Comparison) -> Iterator[str]:
    number, first = len(comparison.epochs), comparison.first_difference
    if comparison.identical:
        yield f"identical: all {number} epochs" if number > 1 else "identical: the only epoch"
    if first is not None:
        largest = comparison.largest_difference
        size = f"by {largest:.2g} at most" if math.isfinite(largest) else "and only one of the two diverged"
        yield f"different: val_accuracy, first at epoch {first} of {number}, {size}"
    old, new = comparison.train_accuracies
    if old not in (None, new):
        yield f"different: train_accuracy of epoch {number}, recorded {old}, replayed {new}"


def _environment(comparison: Comparison) -> Iterator[str]:
    if comparison.recorded.environment is None:
        yield "environment: not recorded with this trial; one thread was used"
        return
    found = comparison.environment_differences
    if not found:
        yield "environment: as recorded"
    for name, (old, new) in found.items():
        yield f"environment: {name} {_fact(old)} when recorded, {_fact(new)} here"


def _shown(val_accuracy: float | None) -> str:
    """Return an accuracy in four digits, as elsewhere, or in as many more as it has."""
    if val_accuracy is None:
        return "diverged"
    text = f"{val_accuracy:.4f}"
    return text if float(text) == val_accuracy else str(val_accuracy)


def _fact(value: Any) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value or "none")
