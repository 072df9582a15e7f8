"""The search space: which parameters are searched, over what, under which conditions, and what it makes of values."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import optuna
from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution

from search.errors import UsageError, refused_configuration
from search.study.conditions import WHEN, Conditions, active, conditions_of, holds, in_order, told
from search.study.ranges import check_value, given, grid_values, is_same, note, shown, size_of, suggest, was_given
from search.study.tables import DEFAULT, distribution_of
from trainable.data.names import LONGEST_NAME
from trainable.keys import BESIDE
from trainable.model_file import OPEN as FORM_OF_OPEN
from trainable.parameter import LONGEST_SHOWN, Parameter
from trainable.problem import CHANGED, LARGEST, ProblemSpec
from trainable.problems import BUILT_IN

OPEN = "open"  # key of the settings of a study: the parameters that appeared, where further ones may
MOST_PARAMETERS = 1000  # of a space that grows
MET = "met when a network was built"  # the meaning of a parameter that appeared


@dataclass(frozen=True)
class Space:
    """The searched parameters of a problem; those it leaves out stay at the baseline's value.

    Attributes:
        distributions: What each is drawn from.
        problem: Whose parameters they are.
        conditions: By parameter that is searched only beside certain values of others, parents first.
        is_open: Whether networks that are built may have further parameters.
        appeared: Those that they had; where a configuration lacks one, it has its default.
    """

    distributions: Mapping[str, BaseDistribution]
    problem: ProblemSpec = BUILT_IN
    conditions: Conditions = field(default_factory=dict)
    is_open: bool = False
    appeared: tuple[str, ...] = ()

    @classmethod
    def default(cls, problem: ProblemSpec) -> Self:
        """Return what is searched of a problem where nobody says what."""
        return cls.of(problem.space, problem, "the default space: ")

    @classmethod
    def of(cls, tables: Mapping[str, Any], problem: ProblemSpec, where: str) -> Self:
        """Return the space of a table per parameter: `type`, and `low`, `high`, `log`, `step` or `choices`, and `when`.

        A `default` is the value that the person's network has today: the problem's baseline is replaced by it, and has
        no parameter that is not searched beside its values.

        Raises:
            UsageError: A table is wrong; the message says where, and names table and key.
        """
        found, today = _read(tables, problem, where)
        conditions = conditions_of(tables, found, problem, where)
        known = {name: value for name, value in _defaults(problem).items() if name in found}
        known |= {**problem.baseline, **today}
        today_has = active(known, conditions)
        new = {name: value for name, value in today_has.items() if name in today or name not in problem.baseline}
        changed = problem.with_baseline(new, without=known.keys() - today_has.keys())
        changed = _with_defaults(changed, {name: tables[name] for name in today if name not in today_has})
        return cls(found, changed, conditions, is_open=problem.code.get("form") == FORM_OF_OPEN)

    def to_json(self) -> dict[str, Any]:
        """Return a form of the distributions that JSON can hold and `from_json` reads."""
        return {name: json.loads(distribution_to_json(each)) for name, each in self.distributions.items()}

    def further_json(self) -> dict[str, Any]:
        """Return what else settings record of a space that has conditions or is open, by its key."""
        conditions = {name: {key: list(each) for key, each in when.items()} for name, when in self.conditions.items()}
        return ({WHEN: conditions} if conditions else {}) | ({OPEN: [*self.appeared]} if self.is_open else {})

    @classmethod
    def from_json(
        cls, values: Mapping[str, Any], problem: ProblemSpec, further: Mapping[str, Any] | None = None
    ) -> Self:
        """Read what `to_json` wrote, and of what `further_json` did.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: It is no space.
        """
        found = {name: json_to_distribution(json.dumps(each)) for name, each in values.items()}
        further = further or {}
        recorded = further.get(WHEN, {})
        conditions = {name: {key: tuple(each) for key, each in when.items()} for name, when in recorded.items()}
        appeared = tuple(map(str, further.get(OPEN, ())))
        parents = {key for when in conditions.values() for key in when}
        if not (found.keys() | parents <= {*problem.names} and {*conditions, *appeared} <= found.keys()):
            raise ValueError("a condition, or what appeared, is of no parameter that is searched")
        return cls(found, problem, in_order(conditions, "the space: "), OPEN in further, appeared)

    def complete(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters: the given ones, the baseline's values of those not searched; no inactive ones."""
        values = {**self.problem.baseline, **params}
        if not self.conditions:
            return values
        missing = {name: value for name, value in _defaults(self.problem).items() if name not in values}
        return active(values | {name: missing[name] for name in self.conditions if name in missing}, self.conditions)

    def searched(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the searched parameters of a configuration, those of before others appeared with their defaults."""
        if self.is_fixed:
            return dict(params)
        values = self.complete(params)
        return {name: values[name] for name in self.distributions if name in values}

    @property
    def has_usual_baseline(self) -> bool:
        """Whether the baseline is the built-in one; of somebody's own data it is fitted, or said in a space file."""
        return not self.problem.source and self.problem.baseline == BUILT_IN.baseline

    @property
    def tables(self) -> dict[str, Any]:
        """What there is to say of each parameter that a person has a say in, by its name."""
        return {
            name: (each, self.conditions.get(name))
            for name, each in self.distributions.items()
            if name not in self.appeared
        }

    def is_wished(self, wish: Self) -> bool:
        """Say whether a person who asks for a space, which has grown nowhere yet, asks for this one."""
        asked = {name: each for name, each in wish.tables.items() if name not in self.appeared}
        return asked == self.tables

    @property
    def is_default(self) -> bool:
        """Whether it is what is searched, and compared with, where nobody says what."""
        if self.problem.code and not self.problem.has_found_baseline:
            return False  # which the file alone does not say
        default = Space.default(self.problem)
        return (self.distributions, self.conditions) == (default.distributions, default.conditions)

    @property
    def is_fixed(self) -> bool:
        """Whether every configuration has the same parameters: there are no conditions, and no further ones appear."""
        return not self.conditions and not self.is_open

    @property
    def defaults(self) -> dict[str, Any]:
        """The value of today of each parameter that has one, also of those that are not active beside the others."""
        return _defaults(self.problem) | dict(self.problem.baseline)

    @property
    def max_epochs(self) -> int:
        """The most epochs that a trial may run."""
        epochs = self.distributions.get("epochs")
        return int(max(grid_values(epochs)) if epochs else self.problem.baseline["epochs"])

    @property
    def size(self) -> int | None:
        """How many configurations there are; None where there is no end of them, or not all have all parameters."""
        sizes = [size_of(each) for each in self.distributions.values()]
        return None if None in sizes or not self.is_fixed else math.prod(filter(None, sizes))

    def check(self, params: Mapping[str, Any], where: str) -> dict[str, Any]:
        """Return the searched part of a configuration that lies in this space.

        Args:
            params: Any of the parameters; those that appeared have their default where they are left out.
            where: What the person gave, for the message.

        Raises:
            UsageError: A parameter is unknown, missing, inactive, of a wrong type or outside the space.
        """
        for name in params:
            if name not in self.problem.names:
                names = ", ".join(self.problem.names)
                raise UsageError(f"{where}: unknown parameter {shown(name)}; the parameters are {names}")
        with refused_configuration(where):
            self.problem.check({**self.problem.baseline, **params})
        values = self.complete(params)
        for name in self.conditions:
            if name in params and name not in values:
                raise UsageError(f"{where}: {name} is only searched where {told(self.conditions[name])}; leave it out")
        missing = []
        for name in [*values, *(name for name in self._names_beside(values) if name not in values)]:
            if name not in self.distributions:
                self._check_fixed(name, values[name], where)
            elif name in params:
                check_value(name, params[name], self.distributions[name], where)
            elif name not in self.appeared:
                missing.append(name)
        if missing:
            names, are = ", ".join(missing), "is" if len(missing) == 1 else "are"
            raise UsageError(
                f"{where}: {names} {are} missing; the space searches {', '.join(self._names_beside(values))}"
            )
        return {name: values[name] for name in self.distributions if name in values}

    def _check_fixed(self, name: str, value: Any, where: str) -> None:
        """Refuse another value than the baseline's of a parameter that is not searched."""
        if name not in self.problem.baseline:
            raise UsageError(f"{where}: {name} is {value!r}, but the space leaves it out: it is not set")
        if not is_same(value, fixed := self.problem.baseline[name]):
            raise UsageError(f"{where}: {name} is {value!r}, but the space leaves it out: it stays {fixed!r}")

    def _names_beside(self, values: Mapping[str, Any]) -> Iterator[str]:
        """Return the parameters that are searched beside some values."""
        return (name for name in self.distributions if holds(self.conditions.get(name, {}), values))

    def grid(self) -> dict[str, list[Any]]:
        """Return the values of a grid, see `grid_values`."""
        return {name: grid_values(each) for name, each in self.distributions.items()}

    def draw(self, trial: optuna.Trial) -> None:
        """Draw the parameters of a trial that was asked from a study, parents before their children.

        One that was queued before a parameter appeared has its default.
        """
        queued, is_queued = given(trial), was_given(trial)
        for name in [*(name for name in self.distributions if name not in self.conditions), *self.conditions]:
            if name in self.conditions and not holds(self.conditions[name], self.complete(trial.params)):
                continue
            if is_queued and name in self.appeared and name not in queued and name not in trial.params:
                note(trial, name, self.defaults[name], self.distributions[name])
            else:
                suggest(trial, name, self.distributions[name])

    def grown(self, tables: Mapping[str, Any]) -> Self:
        """Return the space with the further parameters of some tables, each with a `default`; known names stay.

        Raises:
            UsageError: A table is wrong, or there are too many parameters.
        """
        new = {name: each for name, each in tables.items() if name not in self.problem.names}
        if not new:
            return self
        _check_new(new, len(self.problem.names))
        added = (Parameter(name, "any", -LARGEST, LARGEST, MET) for name in new)
        problem = replace(self.problem, parameters=(*self.problem.parameters, *added))
        found, today = _read(new, problem, "")
        searched = {**self.distributions, **found}
        conditions = in_order({**self.conditions, **conditions_of(new, searched, problem, "")}, "")
        return replace(
            self,
            distributions=searched,
            problem=replace(
                problem,
                space={**problem.space, **{name: dict(each) for name, each in new.items()}},
                baseline=active({**problem.baseline, **today}, conditions),
            ),
            conditions=conditions,
            appeared=(*self.appeared, *new),
        )


def _read(
    tables: Mapping[str, Any], problem: ProblemSpec, where: str
) -> tuple[dict[str, BaseDistribution], dict[str, Any]]:
    """Return what each table stands for, and the values of today where they say them."""
    shown_as = {name: name if name.isprintable() and len(name) <= LONGEST_SHOWN else shown(name) for name in tables}
    found = {name: distribution_of(name, each, problem, where + shown_as[name]) for name, each in tables.items()}
    today = {name: each[DEFAULT] for name, each in tables.items() if DEFAULT in each}
    for parameter in problem.parameters:
        if (name := parameter.name) in today:
            with refused_configuration(f"{where}{name}: {DEFAULT}"):
                parameter.check(today[name])
            check_value(DEFAULT, today[name], found[name], f"{where}{name}")
    return found, today


def _check_new(tables: Mapping[str, Any], known: int) -> None:
    """Refuse names that no parameter can have, and tables that do not say what networks have had so far."""
    if known + len(tables) > MOST_PARAMETERS:
        raise UsageError(f"there are more than {MOST_PARAMETERS} parameters")
    for name, table in tables.items():
        if not name.isprintable() or not 0 < len(name) <= LONGEST_NAME:
            raise UsageError(f"{shown(name)}: must be a name of at most {LONGEST_NAME} characters")
        if name in BESIDE:
            raise UsageError(f"{name}: is the name of something else")
        if not isinstance(table, Mapping) or DEFAULT not in table:
            raise UsageError(f"{name}: must be a table with a {DEFAULT}, got {shown(table)}")


def _defaults(problem: ProblemSpec) -> dict[str, Any]:
    """Return what the tables of a problem of a person's own code have as the values of today."""
    own = {each.name for each in problem.parameters if each.can_lack}
    tables = {name: each for name, each in problem.space.items() if name in own and isinstance(each, Mapping)}
    return {name: each[DEFAULT] for name, each in tables.items() if DEFAULT in each}


def _with_defaults(problem: ProblemSpec, tables: Mapping[str, Any]) -> ProblemSpec:
    """Return a person's problem whose space says what these tables do of the values of today, which are not active."""
    known = _defaults(problem)
    new = {name: each for name, each in tables.items() if name not in known or not is_same(each[DEFAULT], known[name])}
    if not new:
        return problem
    space = {name: {**problem.space.get(name, each), DEFAULT: each[DEFAULT]} for name, each in new.items()}
    words = replace(problem.words, baseline="baseline", units=CHANGED)
    return replace(problem, space={**problem.space, **space}, words=words, reference=None)
