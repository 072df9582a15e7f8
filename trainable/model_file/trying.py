"""What a probe does with a person's file: the model as it is today is built, trained on a batch, and loaded again."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from trainable.errors import ProgramError
from trainable.keras_file import needs_file
from trainable.model_file.building import builder_of
from trainable.model_file.compiling import input_names, said_of_training
from trainable.model_file.dataset import ModelDataset
from trainable.model_file.finding import find
from trainable.model_file.fitting import around, ends
from trainable.model_file.found import Found
from trainable.model_file.saving import check_loadable
from trainable.model_file.settings import LEARNING_RATE, USUAL_RATE
from trainable.model_file.trainer import LARGEST_TENSORS, KerasTrainer
from trainable.program import Program, program_errors

LARGEST_VARIED = (
    64_000_000  # bytes of weights of today's model; one that is four times as wide may have sixteen times as many
)
LONGEST = 30.0  # seconds


def tried(program: Program, x: Any, y: Any, classes: int, nbytes: int) -> Found:
    """Return what a person's file is.

    Args:
        program: The file.
        x: Training examples, an array or several by the inputs' names; a batch at most.
        y: Their labels, int32 [n].
        classes: How many there are.
        nbytes: Of all arrays on which it is to be trained.

    Raises:
        ProgramError: It builds no model that can be trained on these data, and taken away.
    """
    builder = builder_of(program)
    dataset = ModelDataset(x, y, x, y)
    with _told(program), program_errors(program, "the model as it is today"):
        space = find(builder, dataset.input_shape, classes)
        tables = space.tables if builder.is_open else None
        trainer = KerasTrainer(lambda: builder_of(program, tables), dataset, classes, dataset.input_shape)
        trainer.start({**builder.baseline, "batch_size": builder.batch_size, "epochs": 1}, 0)
        if trainer.was_compiled and LEARNING_RATE in (builder.tables or {}) and not builder.takes_rate:
            raise ProgramError(
                f"SPACE: nothing takes {LEARNING_RATE}: the file compiles the model itself, and what builds it has no "
                f"parameter of that name"
            )
        trainer.train_epoch()
        trainer.validate()
        content = trainer.model_bytes()
        check_loadable(content, trainer.model, x)
    found = Found(
        form=builder.form,
        defaults=builder.defaults,
        tables=builder.tables,
        batch_size=builder.batch_size,
        epochs=builder.epochs,
        learning_rate=None if trainer.was_compiled else builder.defaults.get(LEARNING_RATE, USUAL_RATE),
        way=trainer.way if nbytes <= LARGEST_TENSORS else "fit",
        training=said_of_training(trainer.model),
        weights=trainer.size,
        inputs=input_names(trainer.model) if getattr(trainer.model, "inputs", None) else [],
        needs_file=needs_file(content),
        cut_short=space.cut_short,
        unfit={},
    )
    is_small = sum(each.nbytes for each in trainer.model.get_weights()) <= LARGEST_VARIED
    return replace(found, unfit=_unfit(trainer, found)) if found.tables is None and is_small else found


def _unfit(trainer: KerasTrainer, found: Found) -> dict[str, tuple[list[Any], str]]:
    """Return by parameter the ends of the range around today's value of which the file makes no model, and why.

    One parameter at a time is another than today's.
    """
    unfit: dict[str, tuple[list[Any], str]] = {}
    today, until = {**found.defaults, "batch_size": found.batch_size}, time.monotonic() + LONGEST
    for name, value in found.defaults.items():
        for end in ends(around(value) or {"choices": []}):
            if time.monotonic() < until and (why := trainer.refused({**today, name: end})):
                unfit[name] = [*unfit.get(name, ([], ""))[0], end], why
    return unfit


@contextlib.contextmanager
def _told(program: Program) -> Iterator[None]:
    """Let the line on what is wrong with a model name the file that builds it."""
    try:
        yield
    except ProgramError as error:
        said = str(error)
        raise ProgramError(said if said.startswith(f"{program.name}: ") else f"{program.name}: {said}") from error
