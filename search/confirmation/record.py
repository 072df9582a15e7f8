"""What a study records of its confirmation, and how it is read.

All of it is in study attributes, one for each network, so that a kill costs no more than the networks in training:
`confirmation` (which candidates and seeds, how many networks, and whether there is a test),
`confirmed:CANDIDATE:SEED` (a network of the training split), `tested:CANDIDATE:SEED` (one of all training examples,
with its errors on the test examples), `analyses` (what a verdict was laid down to be taken from) and `looks` (when the
test examples were looked at, and for whom). Written by `search.confirmation.confirmation`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from search.confirmation.alpha import analyses_of
from search.confirmation.candidates import CONFIRMED, EXPLAINED, PURPOSES, TESTED, Candidate, Network
from search.confirmation.earlier import EarlierEvidence
from search.confirmation.evidence import Evidence, Results
from search.confirmation.looks import Look
from search.confirmation.untested import UntestedEvidence
from search.study.settings import Settings, problem_in
from trainable.parameter import MAX_SEED

# Study user attributes.
CONFIRMATION = "confirmation"
LOOKS = "looks"

TEST = "test"  # key of a design, see `design_of`


def evidence_of(attributes: Mapping[str, Any], elsewhere: int | None = None) -> Evidence | None:
    """Return what a study's user attributes say, with `Evidence.elsewhere`; None where no confirmation was begun."""
    design = attributes.get(CONFIRMATION)
    if design is None:
        return None
    problem = problem_in(attributes)
    seeds, final_seeds = tuple(design["seeds"]), tuple(design["final_seeds"])
    kind, sizes = (Evidence, tuple(design["sizes"])) if "sizes" in design else (EarlierEvidence, (len(final_seeds),))
    if not design.get(TEST, True):
        kind = UntestedEvidence
    return kind(
        problem=problem,
        candidates=(Candidate.baseline_of(problem), *(Candidate(**each) for each in design["candidates"])),
        seeds=seeds,
        final_seeds=final_seeds,
        sizes=sizes,
        baselines=design.get("baselines", len(final_seeds)),
        validated=results_of(attributes, CONFIRMED),
        tested=results_of(attributes, TESTED),
        explained=results_of(attributes, EXPLAINED),
        looks=looks_of(attributes),
        analyses=analyses_of(attributes),
        elsewhere=elsewhere,
    )


def looks_of(attributes: Mapping[str, Any]) -> tuple[Look, ...]:
    """Return the looks at the test examples that a study's user attributes say, in order."""
    return tuple(Look(**{**each, "candidates": tuple(each["candidates"])}) for each in attributes.get(LOOKS, ()))


def design_of(
    candidates: Sequence[Candidate],
    settings: Settings,
    *,
    split: int,
    sizes: Sequence[int],
    baselines: int,
    test: bool = True,
) -> dict[str, Any]:
    """Return what `CONFIRMATION` records.

    Args:
        candidates: Besides the baseline.
        settings: The study's, whose seed decides the others.
        split: Fresh networks of each on the training split.
        sizes: Networks of the winner at each look at the test examples.
        baselines: Networks of the baseline that they are compared with.
        test: Whether there is such a look, which is recorded only where there is none.
    """
    return {
        "candidates": [asdict(each) for each in candidates],
        "seeds": fresh_seeds(settings, split),
        "final_seeds": fresh_seeds(settings, max(*sizes, baselines), TESTED),
        "sizes": list(sizes),
        "baselines": baselines,
        **({} if test else {TEST: False}),
    }


def fresh_seeds(settings: Settings, number: int, purpose: str = CONFIRMED) -> list[int]:
    """Return seeds of their own for the confirmation; the first ones are the same however many are asked for.

    Networks of each of the `PURPOSES` have others, so that the luck by which a candidate was chosen is not its luck
    later. The study's seed decides.
    """
    keys = ((PURPOSES.index(purpose), each) for each in range(number))
    drawn = (np.random.SeedSequence(settings.seed, spawn_key=key).generate_state(1)[0] for key in keys)
    return [int(seed % MAX_SEED) for seed in drawn]


def fresh_networks(settings: Settings, purpose: str, candidate: Candidate, number: int) -> list[Network]:
    """Return so many networks of a candidate with the seeds of their purpose."""
    return [Network(purpose, candidate, seed) for seed in fresh_seeds(settings, number, purpose)]


def results_of(attributes: Mapping[str, Any], what: str) -> Results:
    """Return, by candidate and seed, what came of the networks of one kind, such as `CONFIRMED`."""
    keys = (key.split(":") for key in attributes if key.startswith(f"{what}:"))
    return {(name, int(seed)): attributes[f"{what}:{name}:{seed}"] for _, name, seed in keys}
