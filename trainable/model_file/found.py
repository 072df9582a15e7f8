"""What a probe finds out of a person's file."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Found:
    """What a person's file is, as a probe found it.

    Attributes:
        form: As of a `Builder`.
        defaults: Likewise: the parameters of the model as it is today, those that are not active among them.
        tables: Likewise: of a space file; None where the file says no space.
        batch_size: Today's.
        epochs: Today's.
        learning_rate: Today's, where the file leaves the compiling to who trains; None where it compiles.
        way: How an epoch is trained, "graph" or "fit".
        training: Optimizer and loss, as people call them.
        weights: How many today's model has.
        inputs: What the model calls its inputs, in their order.
        needs_file: Whether the file is needed to load what it built.
        cut_short: Where the search for parameters ended before its end, after what.
        unfit: By parameter, the ends of the range around today's value that make no model, and why the last does not.
    """

    form: str
    defaults: dict[str, Any]
    tables: dict[str, dict[str, Any]] | None
    batch_size: int
    epochs: int
    learning_rate: float | None
    way: str
    training: str
    weights: int
    inputs: list[str]
    needs_file: bool
    cut_short: str
    unfit: dict[str, tuple[list[Any], str]]
