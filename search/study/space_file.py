"""Space files: a TOML table per parameter, read and written."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from search.errors import UsageError, refused_configuration
from search.study.conditions import WHEN
from search.study.ranges import has, is_number
from search.study.space import Space
from search.study.tables import DEFAULT, fields_of, key_of
from search.terminal.files import read_text
from trainable.mlp.wide import NAMES, SPACE, WIDE, widened
from trainable.problem import ProblemSpec

EXPLANATION = """\
# A search space, for a new study: python -m search.run --space FILE
# A table is a parameter that is searched; one without a table stays at the baseline's value.
# type = "int" or "float": from low to high, both included; log = true counts on a log scale, where low is above 0;
# step = 32 leaves out what lies between low, low + 32 and so on.
# type = "categorical": any of choices.
# default = your network's value today; without one it is the baseline's.
# The baseline has to lie in the space, or be left out with --no-baseline.
"""


def to_toml(space: Space) -> str:
    """Return the file that `load_space` reads as this space, with comments that explain it."""
    tables, today = tables_of(space), space.problem.baseline
    parts = (
        f"\n[{key_of(each.name)}]  # {each.meaning}; "
        f"{f'the baseline has {today[each.name]}' if each.name in today else 'not in the baseline'}\n"
        f"{tables[each.name]}\n"
        for each in space.problem.parameters
        if each.name in tables
    )
    return EXPLANATION + "".join(parts)


def tables_of(space: Space) -> dict[str, str]:
    """Return what the table of each searched parameter holds, as TOML.

    A baseline that is not the built-in one is there as `default`, where the space has it.
    """
    return {name: fields_of(each, _further(space, name)) for name, each in space.distributions.items()}


def _further(space: Space, name: str) -> Mapping[str, Any]:
    """Return the keys of a table besides those of the distribution."""
    today = {} if space.has_usual_baseline else space.defaults
    default = {DEFAULT: today[name]} if name in today and has(today[name], space.distributions[name]) else {}
    return default | ({WHEN: space.conditions[name]} if name in space.conditions else {})


def load_space(name: Path, problem: ProblemSpec) -> Space:
    """Return the space of a problem that `--space` names: the wide one, or what a file has, see `Space.of`.

    Raises:
        UsageError: The file cannot be read, or a table is wrong: the message names file, table and key.
    """
    where = f"--space {name}"
    if str(name) == WIDE:
        with refused_configuration(where):
            wide = widened(problem)
        return Space.of(wide.space, wide, f"{where}: ")
    tables = read_space(name)
    if not tables:
        raise UsageError(f"{where}: no parameter in it; give a table for any of {', '.join(problem.names)}")
    further = [each for each in tables if each in NAMES and each not in problem.names]
    if further and not problem.code:
        with refused_configuration(where):
            problem = widened(problem, further)
        tables = {each: _conditional(each, tables, problem) for each in tables}
    return Space.of(tables, problem, f"{where}: ")


def _conditional(name: str, tables: Mapping[str, Any], problem: ProblemSpec) -> Any:
    """Return the table of a parameter with the condition that it has in the wide space, where it says none."""
    table, when = tables[name], SPACE.get(name, {}).get(WHEN, {})
    if not isinstance(table, Mapping) or WHEN in table or not when.keys() <= {*problem.names}:
        return table
    possible = {
        parent: [each for each in values if _may_be(each, tables.get(parent))] or values
        for parent, values in when.items()
    }
    return {**table, **({WHEN: possible} if possible else {})}


def _may_be(value: Any, table: Any) -> bool:
    """Say whether a parameter's table, if it has one, may have a value; what is wrong in it is found later."""
    if not isinstance(table, Mapping):
        return True
    low, high, choices = table.get("low", value), table.get("high", value), table.get("choices", [value])
    if isinstance(value, str):
        return value in choices
    return not (is_number(low) and is_number(high)) or (low <= value <= high and value in choices)


def read_space(file: Path) -> dict[str, Any]:
    """Read the tables of a space file; whether they are any of a problem's is not looked at.

    Raises:
        UsageError: It cannot be read, or is no TOML.
    """
    text = read_text(file, "--space")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--space {file}: not a TOML file: {error}") from error
