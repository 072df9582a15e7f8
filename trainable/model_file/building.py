"""A person's file as something that builds models."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Literal, Protocol

from trainable.errors import ProgramError, shown, some
from trainable.model_file.definitions import Table
from trainable.model_file.functions import FunctionBuilder, parameters_of, tuner_argument
from trainable.model_file.hypermodels import HyperBuilder, hypermodel_of
from trainable.model_file.settings import settings_of
from trainable.model_file.stand_in import HyperModel, run_persons_file
from trainable.program import Program

USUAL_NAMES = ("build", "build_model")  # of a function that builds


class Builder(Protocol):
    """Builds the models of a person's file.

    Attributes:
        form: "function" for one with keyword defaults, "hyperparameters" for what was written for KerasTuner.
        defaults: What the file says of the model as it is today: numbers, texts and booleans, without the batch size
            and the epochs.
        baseline: Those of them whose conditions hold, in the space that the file says.
        tables: That space, in the form of a space file; None where it says none, or where it is not found yet.
        batch_size: Of the model as it is today.
        epochs: Likewise.
        is_open: Whether building may meet names that are in no table yet.
        appeared: The tables of those that the last build met.
        takes_rate: Whether what builds takes a `learning_rate` itself.
    """

    form: Literal["function", "hyperparameters"]
    defaults: dict[str, Any]
    baseline: dict[str, Any]
    tables: dict[str, Table] | None
    batch_size: int
    epochs: int
    is_open: bool
    appeared: dict[str, Table]
    takes_rate: bool

    def build(self, values: Mapping[str, Any], input_shape: Any, classes: int) -> Any:
        """Return the Keras model of some values; names that are not among them have their default.

        Args:
            values: By name, `batch_size` and `epochs` perhaps among them.
            input_shape: Of one example; of a model of several inputs by name.
            classes: How many there are.

        Raises:
            ProgramError: It cannot be built.
        """


def builder_of(program: Program, tables: Mapping[str, Table] | None = None) -> Builder:
    """Run a person's file, and return what builds its models.

    Args:
        program: The file, with the name of what builds in it, where the person said one.
        tables: Of its hyperparameters, where they were found before (`finding.find`).

    Raises:
        ProgramError: Running it fails, nothing in it builds models, or not as it should.
    """
    module = run_persons_file(program)
    name, found = _named(program, module) if program.function else _usual(program, module)
    settings = settings_of(program.name, module)
    if _is_hypermodel(found):
        model = hypermodel_of(program, name, found)
        argument = next(iter(parameters_of(model.build)), "hp")
        return HyperBuilder(program, name, model.build, settings, argument=argument, tables=tables)
    if (argument_ := tuner_argument(found)) is not None:
        return HyperBuilder(program, name, found, settings, argument=argument_, tables=tables)
    return FunctionBuilder(program, name, found, settings)


def _named(program: Program, module: ModuleType) -> tuple[str, Any]:
    name = program.function or ""
    if not hasattr(module, name):
        there = some([*_functions(module), *_hypermodels(module)])
        raise ProgramError(f"{program.name}: has no {shown(name)}; it has {there or 'no function'}")
    found = getattr(module, name)
    if not _builds(found):
        kind = type(found).__name__
        raise ProgramError(f"{program.name}: {shown(name)} must be a function or a HyperModel, got a {shown(kind)}")
    return name, found


def _usual(program: Program, module: ModuleType) -> tuple[str, Any]:
    for name in USUAL_NAMES:
        if _builds(found := getattr(module, name, None)):
            return name, found
    instances = {key: each for key, each in vars(module).items() if isinstance(each, HyperModel)}
    tuned = {key: each for key, each in _functions(module).items() if tuner_argument(each) == "hp"}
    for candidates in (instances, _hypermodels(module), tuned):
        if len(candidates) > 1:
            names = some(list(candidates))
            raise ProgramError(f"{program.name}: has {names}: say which builds the model, as {program.name}:NAME")
        if candidates:
            return next(iter(candidates.items()))
    allowed = f"a function {' or '.join(USUAL_NAMES)}, a HyperModel, or another function named as {program.name}:NAME"
    raise ProgramError(f"{program.name}: has nothing that builds a model: it needs {allowed}")


def _is_hypermodel(found: Any) -> bool:
    return isinstance(found, HyperModel) or (isinstance(found, type) and issubclass(found, HyperModel))


def _builds(found: Any) -> bool:
    return _is_hypermodel(found) or (callable(found) and not isinstance(found, type))


def _functions(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """Return the functions that a file defines."""
    found = {key: each for key, each in vars(module).items() if _builds(each) and not _is_hypermodel(each)}
    return {key: each for key, each in found.items() if getattr(each, "__module__", None) == module.__name__}


def _hypermodels(module: ModuleType) -> dict[str, type[HyperModel]]:
    """Return the HyperModels that a file defines and makes no other of its own from."""
    own = {
        key: each
        for key, each in vars(module).items()
        if isinstance(each, type) and issubclass(each, HyperModel) and each.__module__ == module.__name__
    }
    bases = {base for each in own.values() for base in each.__mro__[1:]}
    return {key: each for key, each in own.items() if each not in bases}
