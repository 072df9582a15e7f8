"""What a person's file says besides its function: SPACE, BATCH_SIZE and EPOCHS."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from trainable.errors import ProgramError, shown
from trainable.model_file.definitions import MOST_CHOICES, Table, plain
from trainable.model_file.hyperparameters import TAKEN

LARGEST = {"batch_size": 1_000_000, "epochs": 10 * 1000}
USUAL = {"batch_size": 32, "epochs": 10}  # Keras's own batch size; epochs that show something
LEARNING_RATE, USUAL_RATE = "learning_rate", 1e-3  # of the optimizer of models that come without one
DEEPEST = 5  # of a table in tables


@dataclass(frozen=True)
class Settings:
    """What a file says.

    Attributes:
        name: The file's.
        training: `batch_size` and `epochs`, those that it says.
        space: `SPACE` in the form of a space file; None where it says none.
    """

    name: str
    training: Mapping[str, int]
    space: dict[str, Table] | None

    def usual(self, own: Mapping[str, Any], where: str) -> dict[str, int]:
        """Return the batch size and the epochs of the model as it is today.

        Args:
            own: Those that the function says, by its defaults or its hyperparameters.
            where: The function, for the message.

        Raises:
            ProgramError: One is none, or the file says two.
        """
        said = {key: training_value(f"{self.name}: {where}", key, own[key]) for key in USUAL if key in own}
        for key in said.keys() & self.training.keys():
            if said[key] != self.training[key]:
                constant = f"{key.upper()} is {self.training[key]}"
                raise ProgramError(f"{self.name}: {constant}, but {where} says {key} {said[key]}; say it once")
        return {**USUAL, **self.training, **said}


def settings_of(name: str, module: ModuleType) -> Settings:
    """Read what a file says.

    Args:
        name: The file's.
        module: What running it gave.

    Raises:
        ProgramError: SPACE is no mapping of tables, or a number is none.
    """
    said = {key: getattr(module, key.upper()) for key in USUAL if hasattr(module, key.upper())}
    training = {key: training_value(name, key.upper(), value) for key, value in said.items()}
    return Settings(name, training, _space(name, module.SPACE) if hasattr(module, "SPACE") else None)


def training_value(where: str, name: str, value: Any) -> int:
    """Return a batch size or a number of epochs that can be trained with.

    Raises:
        ProgramError: It cannot.
    """
    number, most = plain(value), LARGEST[name.lower()]
    if type(number) is not int or not 1 <= number <= most:
        raise ProgramError(f"{where}: {name} must be a whole number from 1 to {most}, got {shown(repr(value))}")
    return number


def _space(name: str, space: Any) -> dict[str, Table]:
    if not isinstance(space, Mapping) or not space:
        example = 'SPACE = {"units": {"type": "int", "low": 16, "high": 512}}'
        raise ProgramError(f"{name}: SPACE must be a table per parameter, e.g. {example}; got {shown(repr(space))}")
    for key, table in space.items():
        if not isinstance(key, str) or not key.isprintable() or key in TAKEN:
            why = f"a text, and none of {', '.join(TAKEN)}"
            raise ProgramError(f"{name}: SPACE: the name of a parameter must be {why}; got {shown(repr(key))}")
        if not isinstance(table, Mapping):
            what = "a table, e.g. with type, low and high"
            raise ProgramError(f"{name}: SPACE: {shown(key)} must be {what}; got {shown(repr(table))}")
    read = {key: _as_read(table) for key, table in space.items()}
    for key, table in read.items():
        if (odd := _odd(table)) is not None:
            what = "made of texts, numbers, booleans and lists"
            raise ProgramError(f"{name}: SPACE: {shown(key)} must be {what}; got {shown(repr(odd))}")
    return read


def _odd(value: Any) -> Any:
    """Return something in a table that no space file can hold; None where there is nothing."""
    inner = list(value.values()) if isinstance(value, Mapping) else value
    if isinstance(inner, list):
        return next((odd for each in inner if (odd := _odd(each)) is not None), None)
    return None if isinstance(value, str | int | float | None) else value


def _as_read(value: Any, depth: int = 0) -> Any:
    """Return what a person wrote with the types that reading a space file gives."""
    if isinstance(value, Mapping) and depth < DEEPEST:
        return {str(key): _as_read(each, depth + 1) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=lambda each: (str(type(each)), each if isinstance(each, int | float) else str(each)))
    if isinstance(value, range) and len(value) <= MOST_CHOICES:
        value = list(value)
    if isinstance(value, list | tuple) and depth < DEEPEST:
        return [_as_read(each, depth + 1) for each in value]
    return plain(value)
