"""`python -m trainable.model_file.probe`: a person's file is run, and its model as it is today tried.

A process of its own, before anything starts: what is wrong with the file is one line then, and the command that asks
never has it in its memory.
"""

from dataclasses import asdict
from typing import Any

from trainable.data.several import Taken, array_names, part_of, together
from trainable.helper import answer, run_helper
from trainable.messages import packed, unpacked
from trainable.model_file.found import Found
from trainable.process import prepare_tensorflow
from trainable.program import Program

X, Y = "x", "y"  # what the arrays of a request are called; of several inputs "x/NAME"
EXAMPLES = 64  # that are tried at most


def probe(program: Program, x: Taken, y: Any, classes: int, nbytes: int) -> Found:
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
    arrays = array_names(X, part_of(x, slice(EXAMPLES))) | {Y: y[:EXAMPLES]}
    request = packed({"program": asdict(program), "classes": classes, "nbytes": nbytes}, arrays)
    facts, _ = unpacked(run_helper(__name__, request))
    return Found(**facts)


def _answer(request: bytes) -> bytes:
    facts, arrays = unpacked(request)
    y = arrays.pop(Y)
    x = together({name.removeprefix(X).removeprefix("/"): each for name, each in arrays.items()})
    prepare_tensorflow(1, gpu=False)
    from trainable.model_file.trying import tried  # noqa: PLC0415 (it needs TensorFlow)

    found = tried(Program(**facts["program"]), x, y, facts["classes"], facts["nbytes"])
    return packed(asdict(found))


if __name__ == "__main__":
    answer(_answer)
