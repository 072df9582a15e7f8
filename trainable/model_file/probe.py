"""`python -m trainable.model_file.probe <REQUEST >ANSWER`: a person's file is run, and its model as it is today tried.

A process of its own, before anything starts: what is wrong with the file is one line then, and the command that asks
never has it in its memory.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trainable.helper import answer, run_helper
from trainable.messages import packed, unpacked
from trainable.process import prepare_tensorflow
from trainable.program import Program

X, Y = "x", "y"  # what the arrays of a request are called; of several inputs "x/NAME"
EXAMPLES = 64  # that are tried at most

Examples = Any
"""An array of examples, or one for each input."""


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
        notes: What the person should know of how the space was found.
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
    notes: list[str]


def probe(program: Program, x: Examples, y: Any, classes: int, nbytes: int) -> Found:
    """Return what a person's file is, found out in a process of its own.

    Args:
        program: The file.
        x: The first training examples, an array or one for each input.
        y: Their labels, int32 [n].
        classes: How many there are.
        nbytes: Of all arrays on which it is to be trained.

    Raises:
        ProgramError: It builds no model that can be trained on these data, and taken away.
    """
    inputs = {f"{X}/{name}": each for name, each in x.items()} if isinstance(x, Mapping) else {X: x}
    arrays = {name: each[:EXAMPLES] for name, each in inputs.items()} | {Y: y[:EXAMPLES]}
    request = packed({"program": asdict(program), "classes": classes, "nbytes": nbytes}, arrays)
    facts, _ = unpacked(run_helper(__name__, request))
    return Found(**facts)


def _answer(request: bytes) -> bytes:
    facts, arrays = unpacked(request)
    y = arrays.pop(Y)
    x = arrays[X] if X in arrays else {name.removeprefix(f"{X}/"): each for name, each in arrays.items()}
    prepare_tensorflow(1, gpu=False)
    from trainable.model_file.trying import tried  # noqa: PLC0415 (it needs TensorFlow)

    found = tried(Program(**facts["program"]), x, y, facts["classes"], facts["nbytes"])
    return packed(asdict(found))


if __name__ == "__main__":
    answer(_answer)
