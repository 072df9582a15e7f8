"""What a probe does with a person's file: the model as it is today is built, trained on a batch, and loaded again."""

from collections.abc import Mapping
from typing import Any

from trainable.model_file.building import builder_of
from trainable.model_file.dataset import ModelDataset
from trainable.model_file.probe import Found
from trainable.model_file.saving import needs_file
from trainable.model_file.trainer import KerasTrainer
from trainable.program import Program, program_errors

LEARNING_RATE, USUAL_RATE = "learning_rate", 0.001  # Keras's own of RMSprop


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
    several = isinstance(x, Mapping)
    shape: Any = {name: each.shape[1:] for name, each in x.items()} if several else x.shape[1:] or (1,)
    trainer = KerasTrainer(builder, ModelDataset(x, y, x, y), classes, shape, nbytes=nbytes)
    with program_errors(program, "the model as it is today"):
        trainer.start({**builder.baseline, "batch_size": builder.batch_size, "epochs": 1}, 0)
        trainer.train_epoch()
        trainer.validate()
        content = trainer.model_bytes()
    is_compiled = trainer.was_compiled
    rate = None if is_compiled else builder.baseline.get(LEARNING_RATE, USUAL_RATE)
    return Found(
        form=builder.form,
        baseline=builder.baseline,
        tables=builder.tables,
        batch_size=builder.batch_size,
        epochs=builder.epochs,
        learning_rate=rate,
        is_open=builder.is_open,
        way=trainer.way,
        training=trainer.training,
        weights=trainer.size,
        inputs=trainer.inputs,
        needs_file=needs_file(content),
        notes=[],
    )
