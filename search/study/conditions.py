"""Conditions: a parameter that is searched only where others have certain values, its parents before it."""

from collections.abc import Mapping
from typing import Any

from optuna.distributions import BaseDistribution

from search.errors import UsageError, refused_configuration
from search.study.ranges import check_value, is_same, shown
from search.terminal.words import number
from trainable.problem import ProblemSpec

WHEN = "when"  # key of a table, and of a study's settings: values by parent, one of each has to hold

Conditions = Mapping[str, Mapping[str, tuple[Any, ...]]]
"""By the parameter that has conditions: by its parent, the values with which it is searched; parents come first."""


def conditions_of(
    tables: Mapping[str, Mapping[str, Any]],
    searched: Mapping[str, BaseDistribution],
    problem: ProblemSpec,
    where: str,
) -> Conditions:
    """Return the conditions that the tables of a space have.

    Args:
        tables: By parameter; an empty `when` is none.
        searched: What the space has of each of them, and of the parents that it had before.
        problem: Whose parameters they are.
        where: What the person gave, for the message.

    Raises:
        UsageError: A parent is unknown, or never has such a value; or the conditions go round in a circle.
    """
    found = dict[str, Mapping[str, tuple[Any, ...]]]()
    for name, table in tables.items():
        if WHEN in table:
            parents = _parents(table[WHEN], f"{where}{name}: {WHEN}")
            for parent, values in parents.items():
                _check_parent(parent, values, searched, problem, f"{where}{name}: {WHEN}")
            found |= {name: parents} if parents else {}
    return in_order(found, where)


def in_order(conditions: Conditions, where: str) -> Conditions:
    """Return conditions so that a parent's own come before those of its children.

    Raises:
        UsageError: There is no such order.
    """
    left, ordered = dict(conditions), dict[str, Mapping[str, tuple[Any, ...]]]()
    while left:
        ready = [name for name, parents in left.items() if not parents.keys() & left.keys()]
        if not ready:
            raise UsageError(f"{where}when goes round in a circle: {' needs '.join(_circle(left))}")
        ordered |= {name: left.pop(name) for name in ready}
    return ordered


def holds(parents: Mapping[str, tuple[Any, ...]], values: Mapping[str, Any]) -> bool:
    """Say whether each parent is there and has one of its values."""
    return all(
        parent in values and any(is_same(values[parent], each) for each in allowed)
        for parent, allowed in parents.items()
    )


def active(values: Mapping[str, Any], conditions: Conditions) -> dict[str, Any]:
    """Return the values without those of parameters whose conditions do not hold."""
    left = dict(values)
    for name, parents in conditions.items():
        if name in left and not holds(parents, left):
            del left[name]
    return left


def told(parents: Mapping[str, tuple[Any, ...]]) -> str:
    """Return a parameter's conditions in words."""
    each = (f"{parent} is {' or '.join(map(number, values))}" for parent, values in parents.items())
    return shown_at_most(" and ".join(each))


def shown_at_most(text: str, most: int = 300) -> str:
    """Return what a line can hold of a text."""
    return text if len(text) <= most else f"{text[:most]}..."


def _parents(table: Any, where: str) -> dict[str, tuple[Any, ...]]:
    example = 'when = { optimizer = ["sgd"] }'
    if not isinstance(table, Mapping):
        raise UsageError(f"{where}: must be a table of values by parameter, e.g. {example}; got {shown(table)}")
    for parent, values in table.items():
        if not isinstance(values, list | tuple) or not values:
            raise UsageError(
                f"{where}: {shown(parent)} must have a list of values, e.g. {example}; got {shown(values)}"
            )
    return {parent: tuple(values) for parent, values in table.items()}


def _check_parent(
    parent: str,
    values: tuple[Any, ...],
    searched: Mapping[str, BaseDistribution],
    problem: ProblemSpec,
    where: str,
) -> None:
    """Refuse a parent that is none, and values that it never has."""
    known = next((each for each in problem.parameters if each.name == parent), None)
    if known is None:
        raise UsageError(f"{where}: unknown parameter {shown(parent)}; the parameters are {', '.join(problem.names)}")
    for value in values:
        with refused_configuration(where):
            known.check(value)
        if parent in searched:
            check_value(parent, value, searched[parent], where)
    fixed = problem.baseline.get(parent)
    if parent not in searched and not any(is_same(fixed, value) for value in values):
        if parent not in problem.baseline:
            raise UsageError(f"{where}: {parent} is left out, too, so that it is never searched; leave its table out")
        raise UsageError(f"{where}: {parent} stays {fixed!r}, so that it is never searched; leave its table out")


def _circle(left: Conditions) -> list[str]:
    """Return names of which each needs the next, the first one again at the end; all of them need one of the rest."""
    path = [next(iter(left))]
    while path[-1] not in path[:-1]:
        path.append(next(parent for parent in left[path[-1]] if parent in left))
    return path[path.index(path[-1]) :]
