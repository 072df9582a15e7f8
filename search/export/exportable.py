"""A model that was accepted, as its files are made from it and checked against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.export.formats import with_preprocessing
from search.export.interface import Interface
from search.export.kept import Kept
from trainable.data.several import Taken, by_input, together
from trainable.keras_file import content_of, portable
from trainable.mlp.scoring import BATCH
from trainable.program import Program


@dataclass(frozen=True)
class Exportable:
    """What an export needs of a model.

    Attributes:
        model: What the other formats than Keras's are made from.
        content: Of the `.keras` file.
        signature: What `model` is given, as Keras's `export` takes it.
        examples: Those that validate, as `model` takes them.
        expected: What it says of them, float32 [n, outputs].
        interface: Of a person's own model.
        program: The file that defines its layers, where the person has given it.
    """

    model: Any
    content: bytes
    signature: Sequence[Any]
    examples: Taken
    expected: NDArray[np.float32]
    interface: Interface | None = None
    program: Program | None = None

    @property
    def are_logits(self) -> bool:
        """Whether what it says has still to be turned into probabilities."""
        return self.interface is not None and self.interface.are_logits


def built_in(model: Any, kept: Kept, x: NDArray[Any], *, preprocessing: bool) -> Exportable:
    """Return a network of one hidden layer as it is exported.

    Args:
        model: As Keras has loaded it.
        kept: What the study says of it.
        x: The validation examples [n, features], as they are stored.
        preprocessing: Whether what is exported takes examples as they are stored.
    """
    import keras  # noqa: PLC0415 (seconds that a wrong option should not cost)

    inputs = kept.problem.inputs
    scaled = x.astype(np.float32) / (inputs.scale or 1)
    expected: NDArray[np.float32] = model.predict(scaled, batch_size=BATCH, verbose=0)
    exported = with_preprocessing(model, inputs) if preprocessing else model
    [tensor] = exported.inputs
    signature = [keras.InputSpec(shape=tensor.shape, dtype=tensor.dtype, name=inputs.name)]
    # What the study kept, unless that is of a version before.
    content = content_of(exported) if preprocessing else portable(kept.file.read_bytes())
    examples = x.reshape(-1, *inputs.shape) if preprocessing else scaled
    return Exportable(exported, content, signature, examples, expected)


def own(model: Any, kept: Kept, x: Taken, program: Program | None) -> Exportable:
    """Return a person's own model as it is exported: it takes examples as they are stored.

    Args:
        model: As Keras has loaded it.
        kept: What the study says of it.
        x: The validation examples, as they are stored.
        program: The file that defines its layers, where the person has given it.
    """
    from trainable.model_file.arrays import as_fed  # noqa: PLC0415 (loads TensorFlow)
    from trainable.model_file.loading import batch_of  # noqa: PLC0415 (likewise)
    from trainable.model_file.outputs import gives_logits  # noqa: PLC0415 (likewise)
    from trainable.model_file.predicting import raw_outputs  # noqa: PLC0415 (likewise)

    examples = together({name: as_fed(array) for name, array in by_input(x).items()})
    expected = raw_outputs(model, examples, batch_of(examples))
    interface = Interface.of(
        model, examples, kept.problem.inputs.name, expected.shape[-1], are_logits=gives_logits(model)
    )
    return Exportable(model, kept.file.read_bytes(), interface.signature(), examples, expected, interface, program)
