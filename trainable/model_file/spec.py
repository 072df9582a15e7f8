"""The value of a person's model on some data: what a study about it records."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from trainable.arrays.spec import lasting
from trainable.arrays.wording import reading_of
from trainable.data.source import DataSource
from trainable.inputs import Inputs
from trainable.mnist.spec import MNIST
from trainable.model_file import KIND, OPEN
from trainable.model_file.dataset import RawSplits
from trainable.model_file.fitting import fitted, usual
from trainable.model_file.found import Found
from trainable.model_file.settings import LEARNING_RATE
from trainable.parameter import Parameter
from trainable.problem import LARGEST, ProblemSpec
from trainable.program import Program
from trainable.words import Words

TRAIN, LOAD = "train", "train and load"  # what the file is needed for; the latter where it defines classes
LIMIT = 'It has no answer for "no {label}": whatever the {example}, it says one of its {labels}, uncalibrated.'
WAYS = {"graph": "an epoch is one graph call", "fit": "by the model's own fit, an epoch a call"}


def spec_of(program: Program, place: Path, source: DataSource | None, splits: RawSplits, found: Found) -> ProblemSpec:
    """Return the problem that a person's file is on some data.

    Args:
        program: The file.
        place: Where it is.
        source: Where the data are; None for the built-in ones.
        splits: They.
        found: What the file is.
    """
    inputs = inputs_of(splits, found.inputs)
    example = "image" if inputs.is_image else "example"
    inputs = replace(inputs, name=f"{example}s")
    sizes = {"train": len(splits.y_train), "val": len(splits.y_val)}
    own = {**found.defaults} | ({} if found.learning_rate is None else {LEARNING_RATE: found.learning_rate})
    reserved = {"batch_size": found.batch_size, "epochs": found.epochs}
    examples = sizes["train"]
    if found.tables is None:
        unfit = {name: values for name, (values, _) in found.unfit.items()}
        space = fitted(own, **reserved, examples=examples, unfit=unfit)
    else:
        tables = {name: _with_default(table, own.get(name)) for name, table in found.tables.items()}
        space = {**tables, **usual(**reserved, examples=examples), **tables} if found.form == OPEN else tables
    return ProblemSpec(
        kind=KIND,
        name=splits.name,
        parameters=_parameters([*own, *space], f"{example}s"),
        space=space,
        baseline=own | reserved,
        metric=MNIST.metric,
        inputs=inputs,
        labels=splits.labels,
        sizes=sizes | {"test": 0 if splits.y_test is None else len(splits.y_test)},
        data=splits.hashes(),
        split=splits.val,
        reference=None,
        words=_words(program, source, splits.name, inputs, found),
        test_split=splits.test,
        repeated={name: number for name, number in splits.repeated.items() if number},
        source=recorded_source(source),
        code={
            "name": program.name,
            "location": os.path.abspath(place),  # noqa: PTH100 (links stay as the person names them)
            "function": program.function or "",
            "form": found.form,
            "needed_to": LOAD if found.needs_file else TRAIN,
            "cut_short": found.cut_short,
            "sha256": program.sha256,
            **({"unfit": "; ".join(_unfit(found, space))} if found.unfit else {}),
        },
    )


def _unfit(found: Found, space: Mapping[str, Any]) -> list[str]:
    """Return which ranges are no wider, since a value in them makes no model, a sentence each."""
    lines = []
    for name, (values, why) in found.unfit.items():
        searched = "is not searched"
        if name in space:
            searched = f"is searched from {space[name]['low']} to {space[name]['high']}"
        lines.append(f"{name} {searched}: with {values[-1]}, {why}")
    return lines


def _with_default(table: Any, value: Any) -> Any:
    """Return a table that says what a parameter is today, where only some configurations have it, and the table it."""
    is_told = isinstance(table, Mapping) and "when" in table and "default" not in table and _has(table, value)
    return {**table, "default": value} if is_told else table


def _has(table: Mapping[str, Any], value: Any) -> bool:
    """Say whether a value is one of a table, which nobody has checked yet."""
    choices, low, high, step = (table.get(key) for key in ("choices", "low", "high", "step"))
    if isinstance(choices, list | tuple):
        return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in choices)
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in (value, low, high)):
        return False
    if not low <= value <= high or (table.get("type") == "int" and value != int(value)):
        return False
    is_stepped = isinstance(step, int | float) and step > 0
    return not is_stepped or math.isclose((value - low) / step, round((value - low) / step), abs_tol=1e-8)


def recorded_source(source: DataSource | None) -> dict[str, Any]:
    """Return what a study records of where its data are."""
    return {} if source is None else asdict(source) | {"location": lasting(source.location)}


def inputs_of(splits: RawSplits, order: Sequence[str] = ()) -> Inputs:
    """Return what a model takes of some data; of several inputs in this order, where it is said."""
    shapes, types = splits.shapes, splits.dtypes
    if not isinstance(shapes, dict) or not isinstance(types, dict):
        return Inputs(shapes, types, 1, columns=splits.columns)  # type: ignore[arg-type]  # both are of one input
    names = [name for name in order if name in shapes] or list(shapes)
    several: dict[str, Any] = {name: [types[name], list(shapes[name])] for name in names}
    return Inputs(shapes[names[0]], types[names[0]], 1, several=several)


def _parameters(names: list[str], examples: str) -> tuple[Parameter, ...]:
    """Return the parameters of these names, those that every training has last."""
    reserved = [each for each in MNIST.parameters if each.name in ("batch_size", "epochs")]
    known = {each.name for each in reserved}
    own = [Parameter(name, "any", -LARGEST, LARGEST, "of the model") for name in dict.fromkeys(names)]
    said = [replace(each, meaning=each.meaning.replace(MNIST.examples, examples)) for each in reserved]
    return (*(each for each in own if each.name not in known), *said)


def _words(program: Program, source: DataSource | None, data: str, inputs: Inputs, found: Found) -> Words:
    reading, packages = (MNIST.words.reading, MNIST.words.packages) if source is None else reading_of(source, inputs)
    return Words(
        title=f"{program.name} on {data}",
        network=f"the model of {program.name}",
        baseline="today's model",
        units="today's model",
        example="image" if inputs.is_image else "example",
        file=data,
        layers=f"a model of {found.weights:,} weights as {program.name} builds it today",
        training=f"{found.training}; {WAYS[found.way]}",
        limits=(LIMIT,),
        reading=reading,
        packages=packages,
    )
