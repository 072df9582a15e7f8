"""What a study is made with: settled when it is made, and the same for its whole life."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from search.errors import UsageError
from search.study.names import DEFAULT_PRUNER, DEFAULT_SAMPLER
from search.study.space import BUILT_IN, Space
from trainable.config import MAX_SEED
from trainable.precision import FLOAT32

FORMAT = 1
OBJECTIVE = "val_accuracy"


@dataclass(frozen=True)
class Settings:
    """What stays the same for the whole life of a study.

    Attributes:
        space: The search space.
        seed: Seeds the sampler and every trial.
        data: SHA-256 by name of the arrays that trials see.
        baseline: Whether trial 0 is the baseline.
        sampler: Name, as in `strategies`.
        pruner: Name, as in `strategies`.
        precision: Of matrix products in training, as in `trainable.precision`.
    """

    space: Space
    seed: int
    data: Mapping[str, str]
    baseline: bool
    sampler: str
    pruner: str
    precision: str = FLOAT32

    def to_json(self) -> dict[str, Any]:
        """Return what the study records."""
        values = {name: getattr(self, name) for name in ("seed", "baseline", "sampler", "pruner", "precision")}
        return values | {
            "format": FORMAT,
            "objective": OBJECTIVE,
            "data": dict(self.data),
            "space": self.space.to_json(),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        known = {name: values[name] for name in ("seed", "baseline", "sampler", "pruner", "data")}
        precision = values.get("precision", FLOAT32)  # the first studies did not record it
        return cls(space=Space.from_json(values["space"]), precision=precision, **known)


@dataclass(frozen=True)
class Wishes:
    """What a command asks of a study; None leaves it to the study, or to the default where it is new."""

    space: Space | None = None
    seed: int | None = None
    sampler: str | None = None
    pruner: str | None = None
    baseline: bool = True
    precision: str | None = None

    def settings(self, data: Mapping[str, str]) -> Settings:
        """Return the settings of a new study."""
        return Settings(
            space=self.space or BUILT_IN,
            seed=int(np.random.SeedSequence().generate_state(1)[0] % MAX_SEED) if self.seed is None else self.seed,
            data=data,
            baseline=self.baseline,
            sampler=self.sampler or DEFAULT_SAMPLER,
            pruner=self.pruner or DEFAULT_PRUNER,
            precision=self.precision or FLOAT32,
        )

    def continued(self, recorded: Settings, data: Mapping[str, str], name: str) -> Settings:
        """Return the settings of a study that is continued.

        Raises:
            UsageError: The command asks for something that a study cannot change.
        """
        for option, wish, value in (
            ("--space", self.space, recorded.space),
            ("--seed", self.seed, recorded.seed),
            ("--precision", self.precision, recorded.precision),
        ):
            if wish is not None and wish != value:
                made_with = f"another space (of {_differing(wish, value)})" if option == "--space" else value
                raise UsageError(
                    f"{option}: the study {name!r} was made with {made_with}; leave {option} out to continue it, "
                    "or give --study a new name"
                )
        if recorded.baseline and not self.baseline:
            raise UsageError(f"--no-baseline: the study {name!r} has its baseline already")
        if data != recorded.data:
            arrays = _differing(data, recorded.data)
            raise UsageError(f"--study {name}: was made with other data ({arrays}); give --study a new name")
        return replace(recorded, sampler=self.sampler or recorded.sampler, pruner=self.pruner or recorded.pruner)


def _differing(one: Any, other: Any) -> str:
    """Return the names of the parameters in which two spaces differ, or of the arrays in which two data sets do."""
    first, second = (values.to_json() if isinstance(values, Space) else values for values in (one, other))
    return ", ".join(sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name)))
