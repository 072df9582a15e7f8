"""Why the winner wins: what is left of its gain where one parameter at a time is the baseline's.

The winner, the baseline, the winner with each of its parameters set back, and the baseline trained as long as the
winner have some fresh networks each on the training split, scored on the validation examples: the test examples are not
looked at. Effects need not add up: a parameter may help only beside another one.

A parameter that only one of the two has comes and goes with those by which it is searched: where they are set back, it
has the baseline's value, or the one that the person's code gives it, and is not set back by itself.
"""

import functools
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from search.confirmation.candidates import EXPLAINED, Candidate, Network
from search.confirmation.evidence import WRONG, Evidence, Results
from search.confirmation.looks import title
from search.confirmation.record import evidence_of, fresh_networks, results_of
from search.confirmation.verdict import Estimate, compare
from search.study.ranges import is_same
from search.study.settings import Settings
from search.study.space import Space
from search.terminal.words import POINTS, number
from trainable.keys import FAILURE, SECONDS
from trainable.problem import ProblemSpec

SEEDS = 3  # networks of each configuration
EPOCHS = "epochs"
PLAIN = re.compile("[A-Za-z0-9_]{1,64}")
COLUMNS = ("parameter", "winner", "baseline", "points lost where set back, 95 %", "share of the gain")


@dataclass(frozen=True)
class Variant(Candidate):
    """A configuration that differs from the winner, or from the baseline, in one parameter.

    Attributes:
        change: The parameter that has the other's value.
        other: Whose value that is.
    """

    change: str = ""
    other: str = ""

    @property
    def name(self) -> str:
        """What the study's attributes call it."""
        change = self.change
        if not PLAIN.fullmatch(change):  # it stands in a key, and in the name of a file
            change = hashlib.sha256(change.encode()).hexdigest()[:12]
        return f"{super().name}-{change}-of-{self.other}"

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{title(super().name)} with {self.change} of {title(self.other)}"


@dataclass(frozen=True)
class Effect:
    """What goes with one parameter.

    Attributes:
        parameter: Its name.
        winner: The winner's value.
        baseline: The baseline's.
        gain: What the winner loses in validation accuracy where it has the baseline's value; None where it does not
            train well so.
        share: The same as a share of the whole gain; None where the interval of that holds 0.
        failure: Why there is no gain.
    """

    parameter: str
    winner: Any
    baseline: Any
    gain: Estimate | None
    share: float | None
    failure: str | None = None


@dataclass(frozen=True)
class Explanation:
    """What goes with each parameter of a winner.

    Attributes:
        gain: Of the winner over the baseline on the validation examples.
        effects: By parameter in which they differ, the greatest first.
        longer: What the baseline gains in points where it is trained as long as the winner, in words, or why it has no
            result; None where it is already.
        seconds: What training took, summed over workers.
    """

    gain: Estimate
    effects: tuple[Effect, ...]
    longer: str | None
    seconds: float

    @property
    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """A table: the parameter, the winner's value, the baseline's, the points that go with it, and their share."""
        return [
            (
                each.parameter,
                number(each.winner),
                number(each.baseline),
                points_of(each.gain) if each.gain else each.failure or "",
                "-" if each.share is None else f"{each.share:.0%}",
            )
            for each in self.effects
        ]

    def told(self, examples: str) -> str:
        """Return what the table is about, and whether epochs alone bring the gain, in words."""
        whole = f"On the validation {examples} the winner is {points_of(self.gain)} points ahead, {SEEDS} networks each"
        if self.longer is None:
            return f"{whole}; it trains as many epochs as the baseline."
        return f"{whole}; the baseline trained for as many epochs as the winner gains {self.longer} points."


def points_of(gain: Estimate) -> str:
    """Return a difference in percentage points with its interval."""
    return gain.told("+.2f", POINTS)


def most_to_explain(problem: ProblemSpec) -> int:
    """Return how many networks an explanation takes at most."""
    return SEEDS * (len(problem.names) + len(("the winner", "the baseline", "the baseline trained as long")))


def networks_to_explain(evidence: Evidence, settings: Settings) -> list[Network]:
    """Return the networks that an explanation takes; none before there is a winner besides the baseline.

    Their seeds are of their own: by those of the split the winner was chosen.
    """
    if evidence.verdict is None or evidence.winner is None or evidence.winner == evidence.baseline:
        return []
    configurations = _configurations(evidence.winner, evidence.baseline, settings.space)
    return [network for each in configurations for network in fresh_networks(settings, EXPLAINED, each, SEEDS)]


def why_fewer_explain(evidence: Evidence) -> str:
    """Return why fewer networks explain a verdict than may."""
    if evidence.winner is None or evidence.winner == evidence.baseline:
        return "there is no winner to explain"
    number = len(_differing(evidence.winner, evidence.baseline))
    return f"the winner differs from the baseline in {number} parameter{'s'[: number != 1]}"


def explanation_of(attributes: Mapping[str, Any], settings: Settings) -> Explanation | None:
    """Return what a study's user attributes say; None where a network is missing, or one of the two sides failed."""
    results, evidence = results_of(attributes, EXPLAINED), evidence_of(attributes)
    networks = networks_to_explain(evidence, settings) if evidence else []
    if evidence is None or not networks or any(each.key not in attributes for each in networks):
        return None
    winner, baseline, *changed = _configurations(networks[0].candidate, evidence.baseline, settings.space)
    gain_of = functools.partial(_gain, results=results, size=evidence.problem.sizes["val"])
    gain = gain_of(winner, baseline)
    if isinstance(gain, str):
        return None
    lost = {each.change: gain_of(winner, each) for each in changed if each.trial is not None}
    longer = [gain_of(each, baseline) for each in changed if each.params == _as_long(winner, baseline, settings.space)]
    if not changed:  # they differ in one parameter alone: set back, the winner is the baseline
        lost = dict.fromkeys(_differing(winner, baseline), gain)
        longer = [gain] if EPOCHS in lost else []
    effects = [_effect(name, each, (winner, baseline), gain) for name, each in lost.items()]
    return Explanation(
        gain=gain,
        effects=tuple(sorted(effects, key=lambda each: each.gain.mean if each.gain else inf, reverse=True)),
        longer=next((each if isinstance(each, str) else points_of(each) for each in longer), None),
        seconds=sum(float(results[each.candidate.name, each.seed][SECONDS]) for each in networks),
    )


def lacks_explanation(attributes: Mapping[str, Any], settings: Settings) -> bool:
    """Say whether a study with a verdict has networks of its explanation yet to train."""
    evidence = evidence_of(attributes)
    networks = networks_to_explain(evidence, settings) if evidence else []
    return any(each.key not in attributes for each in networks)


def _configurations(winner: Candidate, baseline: Candidate, space: Space) -> list[Any]:
    """Return the winner, the baseline, and the variants that lie between them."""
    differing = _differing(winner, baseline)
    if len(differing) == 1:
        return [winner, baseline]
    back = [
        Variant(
            winner.trial,
            space.complete({**winner.params, name: baseline.params[name]}),
            change=name,
            other=baseline.name,
        )
        for name in differing
    ]
    as_long = Variant(None, _as_long(winner, baseline, space), change=EPOCHS, other=winner.name)
    is_new = as_long.params not in [each.params for each in (baseline, *back)]
    return [winner, baseline, *back, *([as_long] if is_new else [])]


def _as_long(winner: Candidate, baseline: Candidate, space: Space) -> dict[str, Any]:
    """Return the parameters of the baseline trained as long as a winner."""
    return space.complete({**baseline.params, EPOCHS: winner.params[EPOCHS]})


def _differing(winner: Candidate, baseline: Candidate) -> list[str]:
    """Return the parameters that a winner and the baseline have, and in which they differ."""
    ours, theirs = winner.params, baseline.params
    return [name for name, value in theirs.items() if name in ours and not is_same(ours[name], value)]


def _effect(name: str, lost: Estimate | str, sides: tuple[Candidate, Candidate], gain: Estimate) -> Effect:
    values = sides[0].params[name], sides[1].params[name]
    if isinstance(lost, str):
        return Effect(name, *values, gain=None, share=None, failure=lost)
    return Effect(name, *values, gain=lost, share=lost.mean / gain.mean if gain.low > 0 else None)


def _gain(one: Candidate, other: Candidate, results: Results, size: int) -> Estimate | str:
    """Return how much more accurate one configuration is than another on the validation examples, with 95 %.

    Where a network of either gave no result, return why.
    """
    sides = [[result for (name, _), result in results.items() if name == each.name] for each in (one, other)]
    if failures := [str(each[FAILURE]) for side in sides for each in side if FAILURE in each]:
        return failures[0]
    ours, theirs = ([each[WRONG] for each in side] for side in sides)
    found = compare(ours, theirs, size).difference
    if found is None:
        raise RuntimeError("two sides have a difference")
    return found
