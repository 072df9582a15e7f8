"""A function of a person's that builds a model, whose keyword defaults are the model as it is today."""

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

from trainable.errors import ProgramError, shown, some
from trainable.model_file.definitions import DEFAULT, Table, active, plain
from trainable.model_file.hyperparameters import TAKEN
from trainable.model_file.settings import LEARNING_RATE, USUAL, USUAL_RATE, Settings
from trainable.model_file.stand_in import persons_code
from trainable.parameter import LONGEST_SHOWN
from trainable.problem import LARGEST
from trainable.program import Program

GIVEN = ("input_shape", "classes")  # what a function is told of the data
TUNERS = ("hp", "hyperparameters")  # what KerasTuner's files call their parameter
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class FunctionBuilder:
    """Builds models with a person's function; see `building.Builder`."""

    form: Literal["function", "hyperparameters"] = "function"
    is_open = False

    def __init__(self, program: Program, name: str, function: Callable[..., Any], settings: Settings) -> None:
        """Read the function's signature.

        Args:
            program: The file that was run.
            name: What the function is called in it.
            function: It.
            settings: What else the file says.

        Raises:
            ProgramError: It has a parameter that cannot be given, or SPACE one that it does not take.
        """
        self._program, self._name, self._function = program, name, function
        self._parameters = parameters_of(function)
        self._takes_any = any(each.kind is each.VAR_KEYWORD for each in self._parameters.values())
        self._check()
        said = {key: plain(each.default) for key, each in self._parameters.items() if each.default is not each.empty}
        training = settings.usual({key: said[key] for key in USUAL if key in said}, name)
        self.batch_size, self.epochs = training["batch_size"], training["epochs"]
        self.tables = settings.space
        self.defaults = {key: value for key, value in said.items() if _is_value(key, value)}
        self._take_space(self.tables or {})
        self.baseline = active(self.tables or {}, self.defaults)
        self.appeared: dict[str, Table] = {}
        self.takes_rate = self._takes(LEARNING_RATE)

    def build(self, values: Mapping[str, Any], input_shape: Any, classes: int) -> Any:
        """Return the model of some values; the other parameters have their defaults.

        Raises:
            ProgramError: The function does not take one, fails, or returns no model.
        """
        for key in values:
            if not self._takes(key) and key not in (*USUAL, LEARNING_RATE):
                raise ProgramError(f"{self._program.name}: {self._does_not_take(key)}")
        told = {"input_shape": input_shape, "classes": classes}
        told |= {key: getattr(self, key) for key in USUAL if key in self._parameters}
        arguments = {key: value for key, value in {**told, **values}.items() if self._takes(key)}
        with persons_code(self._program, self._name):
            model = self._function(**arguments)
        return checked_model(self._program, self._name, model)

    def _check(self) -> None:
        for key, each in self._parameters.items():
            if each.kind is each.POSITIONAL_ONLY:
                self._refuse(f"{shown(key)} can only be given by its position; take the / out")
            if key in TAKEN:
                self._refuse(f"the name {key} is taken: a search gives it itself; give the parameter another name")
            if needs_value(each) and key not in (*GIVEN, *USUAL):
                self._refuse(
                    f"{shown(key)} needs a default: the value that your model has today ({' and '.join(GIVEN)} are "
                    f"given, and a function for KerasTuner takes hp)"
                )

    def _take_space(self, tables: Mapping[str, Table]) -> None:
        """Check the names in SPACE, and let a `default` there be the value of the model as it is today."""
        for key, table in tables.items():
            if not self._takes(key) and key not in (*USUAL, LEARNING_RATE):
                raise ProgramError(f"{self._program.name}: SPACE: {self._does_not_take(key)}")
            if key in USUAL:
                continue
            if DEFAULT in table:
                self.defaults[key] = table[DEFAULT]
            elif key == LEARNING_RATE and key not in self._parameters:
                self.defaults[key] = USUAL_RATE
            elif key not in self.defaults:
                raise ProgramError(
                    f"{self._program.name}: SPACE: {shown(key)} needs a default, here or in {self._name}: a number, a "
                    f"text of at most {LONGEST_SHOWN} characters, True or False"
                )

    def _takes(self, key: str) -> bool:
        each = self._parameters.get(key)
        if key in USUAL and each is None:  # what passes others on does not expect how it is trained
            return False
        return self._takes_any if each is None else each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)

    def _does_not_take(self, key: str) -> str:
        names = [each for each in dict.fromkeys([*self._parameters, *USUAL]) if each in USUAL or self._takes(each)]
        names = [each for each in names if each not in GIVEN]
        return f"{self._name} does not take {shown(key)}; the parameters are {some(names)}"

    def _refuse(self, why: str) -> None:
        raise ProgramError(f"{self._program.name}: {self._name}: {why}")


def parameters_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return what a function takes, by name; nothing where Python cannot say."""
    try:
        return dict(inspect.signature(function).parameters)
    except (ValueError, TypeError):
        return {}


def needs_value(parameter: inspect.Parameter) -> bool:
    """Return whether a function cannot be called without a parameter."""
    is_any = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not is_any


def tuner_argument(function: Callable[..., Any]) -> str | None:
    """Return which parameter of a function is KerasTuner's `hp`; None where the function is none of KerasTuner's."""
    parameters = parameters_of(function)
    needed = [key for key, each in parameters.items() if each.kind in POSITIONAL and each.default is each.empty]
    own = [key for key in needed if key not in (*GIVEN, *USUAL)]
    is_tuners = len(own) == 1 and (own[0] in TUNERS or "HyperParameters" in str(parameters[own[0]].annotation))
    return own[0] if is_tuners else None


def checked_model(program: Program, name: str, model: Any) -> Any:
    """Return what a person's function gave.

    Raises:
        ProgramError: It is no Keras model.
    """
    import keras  # noqa: PLC0415 (takes seconds, and whoever has built a model has it)

    if not isinstance(model, keras.Model):
        what = "nothing" if model is None else f"a {shown(type(model).__name__)}"
        raise ProgramError(f"{program.name}: {name}: must return a keras.Model, got {what}")
    return model


def _is_value(name: str, value: Any) -> bool:
    """Return whether a default is one that a study can hold, of a parameter."""
    if name in (*GIVEN, *USUAL):
        return False
    if isinstance(value, str):
        return len(value) <= LONGEST_SHOWN and value.isprintable()
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) <= LARGEST
