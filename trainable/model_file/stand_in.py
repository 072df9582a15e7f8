"""What a person's file imports as `keras_tuner`: the same whether KerasTuner is installed or not."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import ModuleType
from typing import Any

from trainable.errors import ProgramRefused
from trainable.model_file.hyperparameters import HyperParameters
from trainable.program import Program, program_errors, run

ROOTS = ("keras_tuner", "kerastuner")
VERSION = "1.4.8"  # of KerasTuner, whose behaviour is followed
SEARCHES = (  # tuners and oracles, as this and older versions call them
    "Tuner", "BaseTuner", "MultiExecutionTuner", "RandomSearch", "BayesianOptimization", "Hyperband", "GridSearch",
    "SklearnTuner", "Sklearn", "Oracle", "RandomSearchOracle", "BayesianOptimizationOracle", "HyperbandOracle",
    "GridSearchOracle",
)  # fmt: skip
ERRORS = ("FailedTrialError", "FatalError", "FatalValueError", "FatalTypeError", "FatalRuntimeError")
SUBMODULES = (
    "applications", "applications.augment", "applications.efficientnet", "applications.resnet", "applications.xception",
    "engine", "engine.base_tuner", "engine.hypermodel", "engine.hyperparameters", "engine.metrics_tracking",
    "engine.multi_execution_tuner", "engine.objective", "engine.oracle", "engine.trial", "engine.tuner", "errors",
    "oracles", "tuners", "tuners.bayesian", "tuners.gridsearch", "tuners.hyperband", "tuners.randomsearch",
    "tuners.sklearn_tuner",
)  # fmt: skip


class HyperModel:
    """KerasTuner's class of this name: a person's own has a `build(hp)`."""

    def __init__(self, name: str | None = None, tunable: bool = True) -> None:  # noqa: FBT001, FBT002 (KerasTuner's)
        """Name a model; of one that is not tunable nothing is searched."""
        self.name, self.tunable = name, tunable
        if not tunable:
            self.build = _apart(self.build)  # type: ignore[method-assign]

    def build(self, hp: HyperParameters, *_args: Any, **_kwargs: Any) -> Any:
        """Return a model; a person's own class says which."""
        raise NotImplementedError(f"{type(self).__name__} has no build(hp)")

    def fit(self, hp: HyperParameters, model: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002 (KerasTuner's)
        """Train a model, as KerasTuner does where a file does not say how."""
        return model.fit(*args, **kwargs)


def _apart(build: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that builds the same, and keeps what it defines to itself."""

    @wraps(build)
    def built(hp: HyperParameters, *args: Any, **kwargs: Any) -> Any:
        return build(hp.copy(), *args, **kwargs)

    return built


class Objective:
    """KerasTuner's class of this name; a search here always compares validation accuracies."""

    def __init__(self, name: str, direction: str = "max") -> None:
        """Take what it is called, and "max" or "min"."""
        self.name, self.direction = name, direction


class _OwnSearch:
    """A tuner or an oracle: a file can name one and make classes of it, but not start it."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        raise ProgramRefused(
            f"the file starts a search of its own ({type(self).__name__}); "
            f'put that below `if __name__ == "__main__":`, where it does not run here'
        )


@contextmanager
def persons_code(program: Program, doing: str = "") -> Iterator[None]:
    """Run what a person's file does in a block with the stand-in for KerasTuner.

    Args:
        program: The file.
        doing: What is done with it, as a line has it, such as "build".

    Raises:
        ProgramError: In the place of any exception, but for an interruption.
    """
    with program_errors(program, doing), _standing_in():
        yield


def run_persons_file(program: Program) -> ModuleType:
    """Run a person's file as a module, with the stand-in for KerasTuner; return the module.

    Raises:
        ProgramError: Running it failed, in one line with the line of the file.
    """
    with persons_code(program):
        return run(program)


@contextmanager
def _standing_in() -> Iterator[None]:
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in ROOTS}
    sys.modules.update(_MODULES)
    try:
        yield
    finally:
        for name in _MODULES:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)


class _Module(ModuleType):
    """One of KerasTuner's modules: any of its names in any of them, since versions differ in where these are."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__} has no attribute {name}")
        inner = f"{self.__name__}.{name}"
        if inner in _MODULES:
            return importlib.import_module(inner)
        if name in _OFFERED:
            return _OFFERED[name]
        offered = "HyperModel, HyperParameters, Objective, errors, and the names of tuners and oracles"
        raise ProgramRefused(f"{inner} is not there in a search, which has {offered} of KerasTuner")


def _synchronized(function: Any, *_args: Any, **_kwargs: Any) -> Any:
    """Return a method of an oracle of one's own as it is."""
    return function


def _failures() -> dict[str, type]:
    failed, fatal = ERRORS[:2]
    made = {each: type(each, (Exception,), {}) for each in (failed, fatal)}
    bases = {"FatalValueError": ValueError, "FatalTypeError": TypeError, "FatalRuntimeError": RuntimeError}
    return made | {name: type(name, (made[fatal], base), {}) for name, base in bases.items()}


def _modules() -> dict[str, ModuleType]:
    names = [f"{root}{each}" for root in ROOTS for each in ("", *(f".{inner}" for inner in SUBMODULES))]
    made: dict[str, ModuleType] = {name: _Module(name) for name in names}
    for name, module in made.items():
        module.__dict__["__version__"] = VERSION
        module.__dict__["__path__"] = []  # a package: what it does not have is missed by its own name
        module.__dict__["__all__"] = ["HyperModel", "HyperParameters", "Objective"]
        module.__dict__["__package__"] = name
    return made


_OFFERED: dict[str, Any] = {"HyperModel": HyperModel, "HyperParameters": HyperParameters, "Objective": Objective}
_OFFERED |= {"synchronized": _synchronized, "maybe_distribute": _synchronized} | _failures()
_OFFERED |= {name: type(name, (_OwnSearch,), {"__module__": ROOTS[0]}) for name in SEARCHES}
_MODULES = _modules()
