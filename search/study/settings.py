"""What a study is made with: settled when it is made, and the same for its whole life."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from search.errors import UsageError
from search.study.conditions import WHEN
from search.study.names import DEFAULT_PRUNER, DEFAULT_SAMPLER
from search.study.space import OPEN, Space
from trainable.limits import LIMITS
from trainable.parameter import MAX_SEED
from trainable.precision import FLOAT32
from trainable.problem import ProblemSpec
from trainable.problems import BUILT_IN

SETTINGS = "settings"  # study user attribute
PROGRAM = "program"  # likewise: the text of the person's file, to be read and never run
FORMATS = (1, 2)  # of a study of the built-in problem, which it does not record, and of any other's


@dataclass(frozen=True)
class Settings:
    """What stays the same for the whole life of a study.

    Attributes:
        space: What is searched, and of which problem.
        seed: Seeds the sampler and every trial; one that nobody has chosen where nothing else is said.
        baseline: Whether trial 0 is the baseline.
        sampler: Name, as in `samplers`.
        pruner: Name, as in `samplers`.
        precision: Of matrix products in training, as in `trainable.precision`.
        at_most: By name, as in `trainable.limits`, what a network may not exceed.
        unknown: What a later version has recorded besides, kept as it is.
    """

    space: Space = Space.default(BUILT_IN)  # noqa: RUF009 (it cannot change)
    seed: int = field(default_factory=lambda: int(np.random.SeedSequence().generate_state(1)[0] % MAX_SEED))
    baseline: bool = True
    sampler: str = DEFAULT_SAMPLER
    pruner: str = DEFAULT_PRUNER
    precision: str = FLOAT32
    at_most: Mapping[str, int] = field(default_factory=dict)
    unknown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def problem(self) -> ProblemSpec:
        """What the study is about."""
        return self.space.problem

    @property
    def data(self) -> dict[str, str]:
        """SHA-256 by name of the arrays that trials see."""
        return self.problem.trial_data

    def to_json(self) -> dict[str, Any]:
        """Return what the study records."""
        is_built_in = not self.problem.recorded and replace(self.problem, data=BUILT_IN.data) == BUILT_IN
        return {
            **{name: getattr(self, name) for name in ("seed", "baseline", "sampler", "pruner", "precision")},
            "format": FORMATS[not is_built_in],
            "objective": self.problem.metric,
            "data": self.data,
            "space": self.space.to_json(),
            **self.space.further_json(),
            **({} if is_built_in else {"problem": self.problem.to_json()}),
            **({"at_most": dict(self.at_most)} if self.at_most else {}),
            **self.unknown,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        built_in = replace(BUILT_IN, data={**BUILT_IN.data, **values["data"]})
        problem = ProblemSpec.from_json(values["problem"]) if "problem" in values else built_in
        own = {name: values[name] for name in ("seed", "baseline", "sampler", "pruner")}
        own["precision"] = values.get("precision", FLOAT32)  # the first studies did not record it
        own["at_most"] = {name: values["at_most"][name] for name in values.get("at_most", {}) if name in LIMITS}
        read = {*own, "format", "objective", "data", "space", "problem", WHEN, OPEN}
        unknown = {name: each for name, each in values.items() if name not in read}
        return cls(Space.from_json(values["space"], problem, values), unknown=unknown, **own)

    def with_space(self, space: Space) -> Self:
        """Return the settings with the space as it has grown; where the data are stays as it is."""
        return replace(self, space=replace(space, problem=replace(space.problem, source=self.problem.source)))

    def continued(self, name: str, problem: ProblemSpec, **wishes: Any) -> Self:
        """Return the settings of a study that is continued.

        Args:
            name: The study's.
            problem: What the command is about.
            wishes: Attributes that the command asks for; it leaves others to the study.

        Raises:
            UsageError: The command asks for something that a study cannot change.
        """
        for what, other, value in (
            ("problem", problem.kind, self.problem.kind),
            ("metric", problem.metric, self.problem.metric),
            ("data", problem.trial_data, self.data),
            ("baseline", problem.baseline, self.problem.baseline),
        ):
            if other != value:
                difference = _differing(other, value) if isinstance(value, Mapping) else value
                an = "" if what == "data" else "an"
                made_with = f"{an}other {what} ({difference})"
                raise UsageError(f"--study {name}: was made with {made_with}; give --study a new name")
        for what in ("space", "seed", "precision", "at_most"):
            option, value = f"--{what.replace('_', '-')}", getattr(self, what)
            wish = wishes.get(what, value)
            if not value.is_wished(wish) if what == "space" else wish != value:
                made_with = f"another space (of {_differing(wish, value)})" if what == "space" else _shown(value)
                raise UsageError(
                    f"{option}: the study {name!r} was made with {made_with}; leave {option} out to continue it, "
                    "or give --study a new name"
                )
        if self.baseline and not wishes.get("baseline", True):
            raise UsageError(f"--no-baseline: the study {name!r} has its baseline already")
        return replace(self, **{what: wishes[what] for what in ("sampler", "pruner") if what in wishes})


def _shown(value: Any) -> str:
    """Return what a study was made with, as a person gives it; limits by name."""
    if not isinstance(value, Mapping):
        return str(value)
    return " ".join(f"{name}={most}" for name, most in value.items()) or "no limit"


def _differing(one: Any, other: Any) -> str:
    """Return the names of the parameters in which two spaces differ, or of the arrays in which two data sets do."""
    first, second = (values.tables if isinstance(values, Space) else values for values in (one, other))
    return ", ".join(sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name)))


def problem_in(attributes: Mapping[str, Any]) -> ProblemSpec:
    """Return what a study is about by its user attributes: one that does not say so is about the built-in problem."""
    recorded = attributes.get(SETTINGS, {}).get("problem")
    return BUILT_IN if recorded is None else ProblemSpec.from_json(recorded)
