"""The process in which a person's file makes data: what its `load()` returns, as bytes of arrays for the command."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from trainable.data.exact import as_array
from trainable.data.names import LONGEST_NAME
from trainable.data.several import ONE
from trainable.errors import DataError, shown, some
from trainable.helper import answer_in_parts
from trainable.program import Program, program_errors, run

LOAD = "load"
NAMES = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
PAIRS = 2
FORM = (
    "needed is a mapping with x_train and y_train, and x_val, y_val, x_test, y_test where there are any, or "
    "((x_train, y_train), (x_test, y_test))"
)
LONGEST = LONGEST_NAME - len("x_train/")


@dataclass(frozen=True)
class Part:
    """An array of those that go to the command.

    Attributes:
        name: Such as "x_train".
        input: Of several, whose examples they are; empty where there is one.
        dtype: As NumPy writes it in files.
        shape: Of the array.
    """

    name: str
    input: str
    dtype: str
    shape: tuple[int, ...]


def main() -> None:
    """Answer a command: a line of JSON that says which arrays there are, and then their bytes."""
    answer_in_parts(_answer)


def _answer(request: bytes, output: BinaryIO) -> None:
    program = Program(**json.loads(request))
    made = load(program)
    parts = [Part(name, each, array.dtype.str, array.shape) for (name, each), array in made.items()]
    output.write(json.dumps([vars(part) for part in parts]).encode() + b"\n")
    output.writelines(bytes_of(np.ascontiguousarray(made.pop(key))) for key in list(made))


def bytes_of(array: NDArray[Any]) -> memoryview:
    """Return where the bytes of an array lie that is in the order of its elements."""
    return array.reshape(-1).view(np.uint8).data if array.nbytes else memoryview(b"")


def load(program: Program) -> dict[tuple[str, str], NDArray[Any]]:
    """Run a person's file and its `load()`; return the arrays by their names, and those of their inputs.

    Raises:
        ProgramError: It fails.
        DataError: There is no such function, or it returns something else.
    """
    sys.path.insert(0, str(Path(program.name).parent))  # what stands beside the file is imported as if it were run
    module = run(program)
    function = getattr(module, LOAD, None)
    if not callable(function):
        raise DataError(f"{program.name}: has no function load(); it returns the data: {FORM}")
    with program_errors(program, LOAD):
        found = function()
        said = f"{program.name}: load(): "
        values = {name: value for name, value in _named(found, said).items() if value is not None}
        return {key: as_array(value, said + _said(*key)) for key, value in _arrays(values, said).items()}


def _said(name: str, part: str) -> str:
    return f"{name}/{shown(part)}" if part else name


def _named(found: Any, said: str) -> dict[str, Any]:
    """Return what was returned by the names that are known."""
    if isinstance(found, Mapping):
        return {name: found[name] for name in NAMES if name in found}
    pairs = found if isinstance(found, tuple | list) else ()
    if len(pairs) == PAIRS and all(isinstance(pair, tuple | list) and len(pair) == PAIRS for pair in pairs):
        (x_train, y_train), (x_test, y_test) = pairs
        return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    kind = type(found)
    what = f"a {kind.__name__} of {len(pairs)}" if pairs else f"{kind.__module__}.{kind.__qualname__}"
    raise DataError(f"{said}returned {'nothing' if found is None else shown(what)}; {FORM}")


def _arrays(values: Mapping[str, Any], said: str) -> dict[tuple[str, str], Any]:
    """Return the values that stand for an array each."""
    arrays: dict[tuple[str, str], Any] = {}
    for name, value in values.items():
        if not isinstance(value, Mapping):
            arrays[name, ONE] = value
        elif name.startswith("y_"):
            raise DataError(f"{said}{name}: is a mapping; labels are one array")
        else:
            _check_inputs(list(value), f"{said}{name}")
            arrays |= {(name, each): value[each] for each in value}
    return arrays


def _check_inputs(names: Sequence[Any], said: str) -> None:
    """Refuse what no input of a Keras model can be called."""
    if not names:
        raise DataError(f"{said}: is an empty mapping; needed is an array of each input by its name")
    wrong = [name for name in names if not isinstance(name, str) or not name.strip() or "/" in name]
    wrong += [name for name in names if name not in wrong and not (name.isprintable() and len(name) <= LONGEST)]
    if wrong:
        raise DataError(f"{said}: has the input {some([repr(wrong[0])])}; an input is called by a name without '/'")


if __name__ == "__main__":
    main()
