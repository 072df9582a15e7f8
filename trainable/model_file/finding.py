"""The space of a file that defines its hyperparameters while it builds: found by building."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trainable.errors import ProgramError
from trainable.model_file.building import Builder
from trainable.model_file.definitions import DEFAULT, WHEN, Definitions, Table
from trainable.model_file.hypermodels import HyperBuilder

MOST_BUILDS, LONGEST = 200, 60.0  # seconds
BETWEEN_COLLECTIONS = 20  # builds; looking through TensorFlow's objects takes longer than to build a small model


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        tables: The hyperparameters in the order of their appearance, in the form of a space file.
        tried: The values with which models were built, the baseline's first.
        cut_short: Why some values were not tried, in a few words; empty where all were.
    """

    tables: dict[str, Table]
    tried: tuple[Mapping[str, Any], ...]
    cut_short: str = ""


def find(
    builder: Builder, input_shape: Any, classes: int, *, most: int = MOST_BUILDS, longest: float = LONGEST,
    clock: Callable[[], float] = time.monotonic,
) -> Found:  # fmt: skip
    """Find the space of a person's file, and let the builder have it.

    It builds the baseline, then with each choice and each end of each range in turn, the others as they were when the
    hyperparameter appeared, until no name is new.

    Args:
        builder: What builds; one with keyword defaults is left as it is.
        input_shape: Of one example; of a model of several inputs by name.
        classes: How many there are.
        most: Builds.
        longest: Seconds, after which it ends with what it has.
        clock: Returns seconds.

    Raises:
        ProgramError: The baseline cannot be built, or SPACE in the file has a name that is in no table.
    """
    if not isinstance(builder, HyperBuilder):
        return Found(builder.tables or {}, ())
    search = _Search(builder, input_shape, classes)
    until = clock() + longest
    search.build({})
    while (values := search.next_values()) is not None:
        if len(search.tried) >= most or clock() > until:
            reason = f"after {most} models" if len(search.tried) >= most else f"after {longest:g} s"
            break
        try:
            search.build(values)
        except ProgramError:  # a corner of the space that no model has; its trials will say so
            continue
    else:
        reason = ""
    search.forget_models(collect=True)
    builder.take(search.definitions.tables)
    return Found(builder.tables or {}, tuple(search.tried), reason)


class _Search:
    """What has been built, and what is still to be tried."""

    def __init__(self, builder: HyperBuilder, input_shape: Any, classes: int) -> None:
        import keras  # noqa: PLC0415 (takes seconds, and only what builds needs it)

        self.definitions = Definitions()
        self._policy = keras.config.dtype_policy()  # the file may have set it when it was run
        self.tried: list[Mapping[str, Any]] = []
        self._builder, self._input_shape, self._classes = builder, input_shape, classes
        self._known: dict[str, list[Any]] = {}  # the values of each key that are to be tried
        self._context: dict[str, Mapping[str, Any]] = {}  # with which it appeared

    def build(self, values: Mapping[str, Any]) -> None:
        """Build a model, throw it away, and note what it has defined, even where it fails."""
        self.tried.append(values)
        try:
            self._builder.build_with(self.definitions, values, self._input_shape, self._classes)
        finally:
            self.forget_models(collect=len(self.tried) % BETWEEN_COLLECTIONS == 0)
            for key, table in self.definitions.tables.items():
                if key not in self._known:
                    self._known[key] = _ends(table)
                    self._context[key] = values

    def forget_models(self, *, collect: bool) -> None:
        """Let Keras forget what was built, but not what the file has said of all numbers."""
        import keras  # noqa: PLC0415 (as above)

        keras.utils.clear_session(free_memory=collect)
        keras.config.set_dtype_policy(self._policy)

    def next_values(self) -> dict[str, Any] | None:
        """Return the next values to build with; None where all were tried."""
        waiting = [key for key, values in self._known.items() if values]
        if not waiting:
            return None
        key = next((each for each in waiting if self.definitions.tables[each]["type"] != "float"), waiting[0])
        value = self._known[key].pop()
        return {**self._context[key], **self._parents(key), key: value}

    def _parents(self, key: str) -> dict[str, Any]:
        """Return values of all above a key that let it be active."""
        chosen: dict[str, Any] = {}
        for parent, allowed in self.definitions.tables[key].get(WHEN, {}).items():
            today = self._context[key].get(parent, self.definitions.tables[parent][DEFAULT])
            chosen |= {**self._parents(parent), parent: today if today in allowed else allowed[0]}
        return chosen


def _ends(table: Table) -> list[Any]:
    """Return the values to try of a table, the last first; its default is what others are tried with."""
    values = list(reversed(table["choices"])) if "choices" in table else [table["low"], table["high"]]
    is_usual = WHEN not in table  # else it may have been inactive
    return [each for each in dict.fromkeys(values) if not (is_usual and each == table[DEFAULT])]
