"""What a person's own model takes and gives: its inputs as they are called, and what its outputs mean."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainable.data.several import Taken, by_input, type_of
from trainable.mlp.scoring import softmax


@dataclass(frozen=True)
class Interface:
    """What a model takes and gives.

    Attributes:
        inputs: By the model's names the type and the shape of an example, without the batch.
        is_several: Whether examples are given by these names.
        outputs: How many numbers it gives for an example.
        are_logits: Whether these have still to be turned into probabilities.
        weights: How many it has.
    """

    inputs: Mapping[str, tuple[str, tuple[int, ...]]]
    is_several: bool
    outputs: int
    are_logits: bool
    weights: int

    @classmethod
    def of(cls, model: Any, examples: Taken, name: str, outputs: int, *, are_logits: bool) -> "Interface":
        """Return that of a Keras model.

        Args:
            model: Built.
            examples: As it takes them.
            name: What code calls an array of several examples: its input is called so where it has no name.
            outputs: How many numbers it gives for an example.
            are_logits: What they are.
        """
        is_several = isinstance(examples, Mapping)
        own = getattr(model, "inputs", None) or []  # a subclass of `keras.Model` that writes its own `call` has none
        is_named = len(own) == 1 and own[0].name.isidentifier()  # as TensorFlow's signatures want a name
        names = list(by_input(examples)) if is_several else [own[0].name if is_named else name]
        forms = [(type_of(array), array.shape[1:]) for array in by_input(examples).values()]
        return cls(dict(zip(names, forms, strict=True)), is_several, outputs, are_logits, model.count_params())

    def to_json(self) -> dict[str, Any]:
        """Return it in a form that JSON can hold."""
        forms = {name: {"dtype": dtype, "shape": list(shape)} for name, (dtype, shape) in self.inputs.items()}
        return asdict(self) | {"inputs": forms}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Interface":
        """Read what `to_json` wrote."""
        forms = {name: (each["dtype"], tuple(each["shape"])) for name, each in said["inputs"].items()}
        return cls(**{**said, "inputs": forms})

    @property
    def is_one(self) -> bool:
        """Whether it gives one number, for the second of two classes."""
        return self.outputs == 1

    @property
    def name(self) -> str:
        """Of the only input."""
        return next(iter(self.inputs))

    def signature(self) -> list[Any]:
        """Return what the model is given, as Keras's `export` takes it."""
        import keras  # noqa: PLC0415 (seconds that a wrong option should not cost)

        specs = {
            name: keras.InputSpec(shape=(None, *shape), dtype=dtype, name=name)
            for name, (dtype, shape) in self.inputs.items()
        }
        return [specs if self.is_several else specs[self.name]]

    def form(self, name: str, batch: str) -> str:
        """Return the form of so many examples of an input, such as "uint8 [batch, 8, 8]"."""
        dtype, shape = self.inputs[name]
        return f"{dtype} [{', '.join([batch, *map(str, shape)])}]"


def as_probabilities(outputs: NDArray[np.float32], *, are_logits: bool) -> NDArray[np.float32]:
    """Return what a model says as the probability of each class, float32 [n, classes].

    Args:
        outputs: [n, classes], or [n, 1] for the second of two classes.
        are_logits: Whether they have still to be turned into probabilities.
    """
    if outputs.shape[-1] == 1:
        second = 1 / (1 + np.exp(-outputs)) if are_logits else outputs
        return np.concatenate([1 - second, second], axis=-1)
    return softmax(outputs) if are_logits else outputs
