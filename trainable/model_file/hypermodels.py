"""What a person wrote for KerasTuner, a function or a `HyperModel`, and builds models here as it is."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from trainable.errors import ProgramError, shown, some
from trainable.model_file.definitions import DEFAULT, Definitions, Table, active
from trainable.model_file.functions import GIVEN, checked_model, needs_value, parameters_of
from trainable.model_file.hyperparameters import TRAINING, HyperParameters
from trainable.model_file.settings import LEARNING_RATE, USUAL_RATE, Settings
from trainable.model_file.stand_in import HyperModel, persons_code
from trainable.program import Program

INSTEAD = "batch size and epochs are searched by BATCH_SIZE, EPOCHS and SPACE in the file, or by --space"


class HyperBuilder:
    """Builds models with what a person wrote for KerasTuner; see `building.Builder`.

    Until its space is known, from `finding.find` or from a study, it has no tables.
    """

    form: Literal["function", "hyperparameters"] = "hyperparameters"
    is_open = True

    def __init__(self, program: Program, name: str, function: Callable[..., Any], settings: Settings, *,
                 argument: str = "hp", tables: Mapping[str, Table] | None = None) -> None:  # fmt: skip
        """Take the function, or the method `build` of a `HyperModel`.

        Args:
            program: The file that was run.
            name: What builds is called in it.
            function: It.
            settings: What else the file says.
            argument: Which of its parameters takes the hyperparameters.
            tables: Of the hyperparameters, as they were found before.

        Raises:
            ProgramError: It has a parameter that cannot be given.
        """
        self._program, self._name, self._function, self._argument = program, name, function, argument
        self._settings = settings
        self._told = self._taken(parameters_of(function))
        self.appeared: dict[str, Table] = {}
        self.tables: dict[str, Table] | None = None
        self._hold(dict(tables or {}), _defaults(tables or {}), is_found=tables is not None)

    def take(self, tables: dict[str, Table]) -> None:
        """Take the tables of the hyperparameters as they were found; SPACE in the file comes before them.

        Raises:
            ProgramError: SPACE has a name that none of them has, or a number for the training is none, or said twice.
        """
        space = self._settings.space or {}
        unknown = [each for each in space if each not in (*tables, *TRAINING, LEARNING_RATE)]
        if unknown:
            names = some([*tables, *TRAINING])
            what = f"the hyperparameters are {names}"
            raise ProgramError(f"{self._program.name}: SPACE: {self._name} has no {shown(unknown[0])}; {what}")
        self._hold(tables, self._settings.usual(_defaults(tables), self._name), is_found=True)

    def _hold(self, tables: dict[str, Table], training: Mapping[str, int], *, is_found: bool) -> None:
        self.takes_rate = LEARNING_RATE in tables
        training = {**self._settings.usual({}, self._name), **training}
        self.batch_size, self.epochs = training["batch_size"], training["epochs"]
        space = self._settings.space or {}
        joined = {key: _over(table, space.get(key, {})) for key, table in tables.items()}
        joined |= {key: table for key, table in space.items() if key not in tables}
        if is_found:
            self.tables = joined
        today = {key: table[DEFAULT] for key, table in joined.items() if DEFAULT in table}
        if LEARNING_RATE in joined:
            today.setdefault(LEARNING_RATE, USUAL_RATE)
        self.defaults = {key: value for key, value in today.items() if key not in TRAINING}
        self.baseline = active(joined, self.defaults)

    def build(self, values: Mapping[str, Any], input_shape: Any, classes: int) -> Any:
        """Return the model of some values; other hyperparameters have their defaults, and are in `appeared`.

        Raises:
            ProgramError: It fails, or returns no model.
        """
        known = self.tables or {}
        definitions = Definitions(known, settled=self.tables is not None)
        model = self.build_with(definitions, values, input_shape, classes)
        new = {key: table for key, table in definitions.tables.items() if key not in known and key not in values}
        self.appeared = new
        return model

    def build_with(self, definitions: Definitions, values: Mapping[str, Any], input_shape: Any, classes: int) -> Any:
        """Return the model of some values, and add what it defines to definitions.

        Raises:
            ProgramError: It fails, or returns no model.
        """
        told = {"input_shape": input_shape, "classes": classes, "batch_size": self.batch_size, "epochs": self.epochs}
        told |= {key: values[key] for key in TRAINING if key in values}
        hp = HyperParameters(values, definitions)
        arguments = {key: told[key] for key in self._told}
        with persons_code(self._program, self._name):
            model = self._function(**{self._argument: hp}, **arguments)
        return checked_model(self._program, self._name, model)

    def _taken(self, parameters: Mapping[str, Any]) -> list[str]:
        """Return which parameters besides `hp` can be given."""
        able = (*GIVEN, *TRAINING)
        for key, each in parameters.items():
            if each.kind is each.POSITIONAL_ONLY:
                self._refuse(f"{shown(key)} can only be given by its position; take the / out")
            if needs_value(each) and key not in (*able, self._argument):
                self._refuse(f"{shown(key)} needs a default; what is given is {self._argument}, {', '.join(able)}")
        return [key for key in able if key in parameters]

    def _refuse(self, why: str) -> None:
        raise ProgramError(f"{self._program.name}: {self._name}: {why}")


def hypermodel_of(program: Program, name: str, found: HyperModel | type[HyperModel]) -> HyperModel:
    """Return a file's HyperModel, made where the file has only the class.

    Raises:
        ProgramError: It cannot be made, has a `fit` of its own, or no `build`.
    """
    cls = found if isinstance(found, type) else type(found)
    if cls.fit is not HyperModel.fit or "fit" in vars(found):
        raise ProgramError(f"{program.name}: {name} has a fit of its own, which a search cannot use: {INSTEAD}")
    if cls.build is HyperModel.build:
        raise ProgramError(f"{program.name}: {name} has no build(hp)")
    if not isinstance(found, type):
        return found
    needed = [key for key, each in parameters_of(found).items() if needs_value(each)]
    if needed:
        instance = f"model = {name}({', '.join(f'{each}=...' for each in needed[:3])})"
        raise ProgramError(
            f"{program.name}: {name} needs {some(needed)} when it is made; make one in the file, e.g. {instance}"
        )
    with persons_code(program, name):
        return found()


def _defaults(tables: Mapping[str, Table]) -> dict[str, Any]:
    """Return what tables say of the training of the model as it is today."""
    return {key: tables[key][DEFAULT] for key in TRAINING if DEFAULT in tables.get(key, {})}


def _over(table: Table, own: Table) -> Table:
    """Return the table that a person wrote in the place of the found one, with what only the latter says."""
    return {**{key: table[key] for key in (DEFAULT, "when") if key in table}, **own} if own else table
