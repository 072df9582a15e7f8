"""What a study is made with: settled when it is made, and the same for its whole life."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from search.errors import UsageError
from search.study.samplers import DEFAULT_PRUNER, DEFAULT_SAMPLER
from search.study.space import BUILT_IN, Space
from trainable.config import MAX_SEED
from trainable.precision import FLOAT32

FORMAT = 1
OBJECTIVE = "val_accuracy"


def random_seed() -> int:
    """Return a seed that nobody has chosen."""
    return int(np.random.SeedSequence().generate_state(1)[0] % MAX_SEED)


@dataclass(frozen=True)
class Settings:
    """What stays the same for the whole life of a study.

    Attributes:
        data: SHA-256 by name of the arrays that trials see.
        space: The search space.
        seed: Seeds the sampler and every trial.
        baseline: Whether trial 0 is the baseline.
        sampler: Name, as in `samplers`.
        pruner: Name, as in `samplers`.
        precision: Of matrix products in training, as in `trainable.precision`.
    """

    data: Mapping[str, str]
    space: Space = BUILT_IN
    seed: int = field(default_factory=random_seed)
    baseline: bool = True
    sampler: str = DEFAULT_SAMPLER
    pruner: str = DEFAULT_PRUNER
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

    def continued(self, name: str, data: Mapping[str, str], **wishes: Any) -> Self:
        """Return the settings of a study that is continued.

        Args:
            name: The study's.
            data: As `Settings.data`, of what is here.
            wishes: Attributes that the command asks for; it leaves others to the study.

        Raises:
            UsageError: The command asks for something that a study cannot change.
        """
        for what in ("space", "seed", "precision"):
            option, value = f"--{what}", getattr(self, what)
            if (wish := wishes.get(what, value)) != value:
                made_with = f"another space (of {_differing(wish, value)})" if what == "space" else value
                raise UsageError(
                    f"{option}: the study {name!r} was made with {made_with}; leave {option} out to continue it, "
                    "or give --study a new name"
                )
        if self.baseline and not wishes.get("baseline", True):
            raise UsageError(f"--no-baseline: the study {name!r} has its baseline already")
        if data != self.data:
            arrays = _differing(data, self.data)
            raise UsageError(f"--study {name}: was made with other data ({arrays}); give --study a new name")
        return replace(self, **{what: wishes[what] for what in ("sampler", "pruner") if what in wishes})


def _differing(one: Any, other: Any) -> str:
    """Return the names of the parameters in which two spaces differ, or of the arrays in which two data sets do."""
    first, second = (values.to_json() if isinstance(values, Space) else values for values in (one, other))
    return ", ".join(sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name)))
