"""What a file written for KerasTuner is given as `hp`: it defines its space while it builds, and takes its values."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import Any, NamedTuple, Self

from trainable.errors import ProgramRefused, shown
from trainable.keys import ALL_DATA, KEEP_FROM, SEED
from trainable.model_file.definitions import (
    DEFAULT,
    LINEAR,
    Condition,
    Definitions,
    Table,
    boolean_table,
    choice_table,
    fixed_table,
    plain,
    range_table,
    within,
)

TAKEN = (SEED, KEEP_FROM, ALL_DATA)  # a worker is told these beside a configuration
TRAINING = ("batch_size", "epochs")  # these decide how any model is trained, so they are always there
OFFERED = "Int, Float, Choice, Boolean, Fixed, name_scope, conditional_scope, get, is_active, copy and values"


class _Parent(NamedTuple):
    """A condition of a scope: the parent's name and key, the values given, and those of them that the parent has."""

    name: str
    key: str
    values: list[Any]
    known: list[Any]


class HyperParameters:
    """KerasTuner's class of this name, as far as files that build models use it.

    Attributes:
        values: Of the active hyperparameters that were met, by name.
        definitions: The tables that were met, in this build and before it.
    """

    def __init__(self, given: Mapping[str, Any] | None = None, definitions: Definitions | None = None) -> None:
        """Take values by key; hyperparameters without one have their default."""
        self.values: dict[str, Any] = {}
        self.definitions = Definitions() if definitions is None else definitions
        self._given = dict(given or {})
        self._active: dict[str, Any] = {}  # by key
        self._met: dict[str, dict[str, Condition]] = {}  # the keys that a name had, and under which conditions
        self._scopes: list[str] = []
        self._parents: list[_Parent] = []

    def Int(
        self, name: Any, min_value: Any, max_value: Any, step: Any = None, sampling: Any = LINEAR,
        default: Any = None, parent_name: Any = None, parent_values: Any = None,
    ) -> Any:  # fmt: skip
        """Return a whole number from a range, or None where a condition does not hold."""
        table = partial(range_table, "int", min_value, max_value, step=step, sampling=sampling, default=default)
        return self._value(name, table, parent_name, parent_values)

    def Float(
        self, name: Any, min_value: Any, max_value: Any, step: Any = None, sampling: Any = LINEAR,
        default: Any = None, parent_name: Any = None, parent_values: Any = None,
    ) -> Any:  # fmt: skip
        """Return a number from a range, or None where a condition does not hold."""
        table = partial(range_table, "float", min_value, max_value, step=step, sampling=sampling, default=default)
        return self._value(name, table, parent_name, parent_values)

    def Choice(
        self, name: Any, values: Any, ordered: Any = None, default: Any = None,
        parent_name: Any = None, parent_values: Any = None,
    ) -> Any:  # fmt: skip
        """Return one of some values, or None where a condition does not hold."""
        return self._value(name, partial(choice_table, values, default), parent_name, parent_values)

    def Boolean(self, name: Any, default: Any = False, parent_name: Any = None, parent_values: Any = None) -> Any:
        """Return a boolean, or None where a condition does not hold."""
        return self._value(name, partial(boolean_table, default), parent_name, parent_values)

    def Fixed(self, name: Any, value: Any, parent_name: Any = None, parent_values: Any = None) -> Any:
        """Return the value, or None where a condition does not hold."""
        return self._value(name, partial(fixed_table, value), parent_name, parent_values)

    @contextmanager
    def name_scope(self, name: Any) -> Iterator[None]:
        """Put a name before those of the hyperparameters in a block."""
        self._scopes.append(str(name))
        try:
            yield
        finally:
            self._scopes.pop()

    @contextmanager
    def conditional_scope(self, parent_name: Any, parent_values: Any) -> Iterator[None]:
        """Let the hyperparameters in a block be active only with these values of another one.

        Raises:
            ValueError: There is no such hyperparameter yet.
        """
        name = self._full(parent_name)
        keys = self._met.get(name)
        if not keys:
            raise ValueError(f"conditional_scope: there is no hyperparameter {shown(name)} yet")
        when = self._when() or {}
        key = next((each for each, own in keys.items() if own == when), None)
        key = key or next((each for each in keys if each in self._active), next(iter(keys)))
        is_list = isinstance(parent_values, Iterable) and not isinstance(parent_values, str)
        values = [plain(each) for each in (parent_values if is_list else [parent_values])]
        known = within(self.definitions.tables[key], values) if key in self.definitions.tables else []
        self._parents.append(_Parent(name, key, values, known))
        try:
            yield
        finally:
            self._parents.pop()

    def get(self, name: Any) -> Any:
        """Return the value of an active hyperparameter that was met.

        Raises:
            ValueError: It is not active.
            KeyError: There is none.
        """
        full = self._full(name)
        if full in self.values:
            return self.values[full]
        if full in self._met:
            raise ValueError(f"{full} is not active")
        raise KeyError(f"{full} does not exist")

    def __getitem__(self, name: Any) -> Any:
        """Return what `get` does."""
        return self.get(name)

    def __contains__(self, name: Any) -> bool:
        """Whether a hyperparameter was met and is active."""
        return self._full(name) in self.values

    def is_active(self, name: Any) -> bool:
        """Whether a hyperparameter was met and is active; its name has all scopes in it."""
        return any(key in self._active for key in self._met.get(str(name), {}))

    def copy(self) -> Self:
        """Return the same, with definitions of its own."""
        return deepcopy(self)

    def __getattr__(self, name: str) -> Any:
        """Say what there is, where a file wants something else."""
        raise AttributeError(f"HyperParameters has no {name} in a search; it has {OFFERED}")

    def _value(self, name: Any, table: Callable[[], Table], parent_name: Any, parent_values: Any) -> Any:
        if parent_name:
            with self.conditional_scope(parent_name, parent_values):
                return self._value(name, table, None, None)
        full = self._full(name)
        try:
            return self._taken(full, table())
        except (ValueError, TypeError, OverflowError) as error:
            raise ProgramRefused(f"hyperparameter {shown(full)}: {error}") from error

    def _taken(self, name: str, table: Table) -> Any:
        """Register a hyperparameter as it is defined here; return its value, or None where it is not active."""
        self._check(name)
        is_active = all(each.key in self._active and self._active[each.key] in each.values for each in self._parents)
        when = self._when()
        if when is None:  # its conditions never hold in the space that the file says
            return table[DEFAULT] if is_active else None
        key = self.definitions.key_of(name, table, when)
        is_set = name in self.values and name not in self._met  # by the file, before it builds
        self._met.setdefault(name, {})[key] = when
        if not is_active:
            return None
        if key not in self._active:
            today = self.values[name] if is_set else self.definitions.tables[key].get(DEFAULT, table[DEFAULT])
            self._active[key] = self.values[name] = self._given.get(key, today)
        return self._active[key]

    def _check(self, name: str) -> None:
        if name in TAKEN:
            raise ValueError(f"the name is taken: a search gives {', '.join(TAKEN)} itself")
        if any(each.name == name for each in self._parents):
            raise ValueError("it has the name of the one on which it depends")
        if name in TRAINING and self._parents:
            raise ValueError("it is there for every model, so it cannot have a condition")

    def _when(self) -> Condition | None:
        """Return the conditions of all scopes around, by key; None where they can never hold."""
        when: Condition = {}
        for each in self._parents:
            allowed = [value for value in each.known if value in when.get(each.key, each.known)]
            if not allowed:
                return None
            when[each.key] = allowed
        return when

    def _full(self, name: Any) -> str:
        return "/".join([*self._scopes, str(name)])
