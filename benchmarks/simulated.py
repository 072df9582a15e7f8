"""Simulated confirmations: the ends of whole searches without a network being trained, to see how often a verdict errs.

A network classifies an image wrong where a sum of normal effects is beyond a threshold: how hard the image is, how hard
it is for this configuration, how unlucky the network's seed is, and what is left to chance. The shares of the variance
are those that networks on MNIST showed (docs/decisions/0017-a-cheaper-verdict.md).
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from search.confirmation.alpha import ANALYSES, Analysis
from search.confirmation.candidates import CONFIRMED, Candidate, Network
from search.confirmation.earlier import compare_pairs
from search.confirmation.evidence import WRONG
from search.confirmation.extent import BASELINES, SPLIT, TWO_LOOKS
from search.confirmation.looks import BASELINE_NAME
from search.confirmation.record import CONFIRMATION, design_of, evidence_of
from search.confirmation.verdict import Verdict, Word
from search.study.settings import Settings
from trainable.keys import SECONDS, VAL_ACCURACY
from trainable.problems import BUILT_IN

HARD = 1200  # of the test images, and of the validation images; no network errs on the others
ERROR = 0.0206  # share of wrong images, of the baseline
IMAGE, INTERACTION = 0.92, 0.035  # shares of the variance: the image's, and its own with each configuration
# Standard deviations of a seed's effect, beside a total variance of 1: accuracies of one configuration then have a
# standard deviation over seeds of 0.08 points, of 0.13 to 0.16 (the baseline's), and of 0.21 to 0.26.
STEADY, LIKE_BASELINE, UNSTEADY = 0.004, 0.0285, 0.05
BATCH = 50  # searches at once
EARLIER_SEEDS = 5  # of each configuration, on the split and on all images

# Seconds of a network, undisturbed, of a typical winner and of the baseline: on the training split, on all images.
SPLIT_SECONDS, FINAL_SECONDS = (43.0, 4.5), (54.0, 5.3)


@dataclass(frozen=True)
class Outcome:
    """What a simulated confirmation came to.

    Attributes:
        verdict: None where the baseline won on the validation images, as it could before.
        gain: True gain of the configuration that was compared, a share.
        networks: That were trained.
        seconds: That they would have taken.
    """

    verdict: Verdict | None
    gain: float
    networks: int
    seconds: float

    @property
    def word(self) -> Word:
        """The verdict in words."""
        return self.verdict.word if self.verdict else Word.NO_DIFFERENCE

    @property
    def covers(self) -> bool:
        """Whether the interval holds the true gain; where there is none, nothing false was said."""
        difference = self.verdict.difference if self.verdict else None
        return difference is None or difference.low <= self.gain <= difference.high


Errors = list[NDArray[np.bool_]]
"""By configuration, which of the hard images each network gets wrong: bool [..., seeds, HARD]."""


def errors(
    random: np.random.Generator, gains: Sequence[float], deviations: Sequence[float], seeds: Sequence[int], number: int
) -> Errors:
    """Draw the errors of networks on images that are new for each search.

    Args:
        random: Where chance comes from.
        gains: Of each configuration over the baseline, shares.
        deviations: Of each one's seeds.
        seeds: Networks of each.
        number: Searches.
    """
    hardness = ndtri(random.uniform(1 - HARD / BUILT_IN.sizes["test"], 1, (number, 1, HARD))).astype(np.float32)
    chance = np.float32((1 - IMAGE - INTERACTION) ** 0.5)
    found = []
    for gain, deviation, networks in zip(gains, deviations, seeds, strict=True):
        threshold = ndtri(1 - ERROR + gain) * (1 + deviation**2) ** 0.5
        margins = (threshold - deviation * random.standard_normal((number, networks, 1))).astype(np.float32)
        own = np.float32(INTERACTION**0.5) * random.standard_normal((number, 1, HARD), dtype=np.float32)
        rest = chance * random.standard_normal((number, networks, HARD), dtype=np.float32)
        found.append(np.float32(IMAGE**0.5) * hardness + own + rest > margins)
    return found


def confirmations(
    gains: Sequence[float],
    number: int,
    random: np.random.Generator,
    *,
    deviation: float = LIKE_BASELINE,
    verdicts: int = 1,
) -> Iterator[list[Outcome]]:
    """Simulate studies: from the search's own networks to the verdict, by the code that makes it.

    Args:
        gains: True gains in accuracy, shares, of the candidates over the baseline.
        number: Studies.
        random: A generator.
        deviation: Of the candidates' seeds.
        verdicts: How many in a row, each on new candidates with these gains, against the baseline's same networks.
    """
    wide = [*gains] * verdicts
    deviations = [*(deviation for _ in wide), LIKE_BASELINE]
    for _ in range(0, number, BATCH):
        split = errors(random, wide, deviations[:-1], [1 + SPLIT] * len(wide), BATCH)
        tested = errors(random, [*wide, 0.0], deviations, [*(TWO_LOOKS[-1] for _ in wide), BASELINES], BATCH)
        for study in range(BATCH):
            mine = [[each[study] for each in one] for one in (split, tested)]
            yield list(_study(gains, *mine))


def earlier(
    gains: Sequence[float], number: int, random: np.random.Generator, *, deviation: float = LIKE_BASELINE
) -> Iterator[Outcome]:
    """Simulate confirmations as they were before: five networks of each, the baseline among those to choose from."""
    deviations, seeds = [*(deviation for _ in gains), LIKE_BASELINE], [EARLIER_SEEDS] * (len(gains) + 1)
    of_all = EARLIER_SEEDS * (len(gains) * SPLIT_SECONDS[0] + SPLIT_SECONDS[1] + FINAL_SECONDS[1])
    for _ in range(0, number, BATCH):
        split, tested = (errors(random, [*gains, 0.0], deviations, seeds, BATCH) for _ in ("validation", "test"))
        for search in range(BATCH):
            wrong = [each[search].sum() for each in split]
            winner = min(
                range(len(wrong)), key=lambda place: (wrong[place], place != len(gains))
            )  # the baseline of equals
            if winner == len(gains):
                yield Outcome(None, 0.0, sum(seeds) + EARLIER_SEEDS, of_all)
                continue
            found = compare_pairs(_lists(tested[winner][search]), _lists(tested[-1][search]), BUILT_IN.sizes["test"])
            more = EARLIER_SEEDS * FINAL_SECONDS[0]
            yield Outcome(found, gains[winner], sum(seeds) + 2 * EARLIER_SEEDS, of_all + more)


_SETTINGS: Settings = Settings(seed=0)


def _study(gains: Sequence[float], split: Errors, tested: Errors) -> Iterator[Outcome]:
    """Confirm some candidates after others, on the same test images, against the same networks of the baseline."""
    attributes: dict[str, Any] = {}
    for first in range(0, len(split), len(gains)):
        places = range(first, first + len(gains))
        shares = [1 - split[place].sum(axis=1) / BUILT_IN.sizes["test"] for place in places]
        chosen = [
            Candidate(place + 1, {**BUILT_IN.baseline, "hidden_units": 1000 + place}, float(share[0]))
            for place, share in zip(places, shares, strict=True)
        ]
        attributes[CONFIRMATION] = design_of(chosen, _SETTINGS, split=SPLIT, sizes=TWO_LOOKS, baselines=BASELINES)
        values = {each.name: share[1:] for each, share in zip(chosen, shares, strict=True)}
        wrong = {each.name: _lists(tested[place]) for each, place in zip(chosen, places, strict=True)}
        wrong[BASELINE_NAME] = _lists(tested[-1])
        yield _outcome(attributes, gains, [each.name for each in chosen], values, wrong)


def _outcome(
    attributes: dict[str, Any], gains: Sequence[float], names: Sequence[str], values: Any, wrong: Any
) -> Outcome:
    """Train what the evidence lacks until it is complete."""
    networks, seconds = 0, 0.0
    while (evidence := evidence_of(attributes)) is not None and not evidence.is_complete:
        if evidence.winner is not None and evidence.analysis is None:
            analysis = Analysis(evidence.winner.name, evidence.sizes, evidence.next_number)
            attributes[ANALYSES] = [*attributes.get(ANALYSES, ()), asdict(analysis)]
            continue
        for network in evidence.missing:
            attributes[network.key] = _result(network, design=attributes[CONFIRMATION], values=values, wrong=wrong)
            networks += 1
            seconds += attributes[network.key][SECONDS]
    if evidence is None or evidence.winner is None:
        raise RuntimeError("no network fails here, so there is a winner")
    return Outcome(evidence.verdict, gains[names.index(evidence.winner.name)], networks, seconds)


def _result(network: Network, *, design: Any, values: Any, wrong: Any) -> dict[str, Any]:
    name, is_baseline = network.candidate.name, network.candidate.trial is None
    if network.what == CONFIRMED:
        place = design["seeds"].index(network.seed)
        return {VAL_ACCURACY: float(values[name][place]), SECONDS: SPLIT_SECONDS[is_baseline]}
    place = design["final_seeds"].index(network.seed)
    return {WRONG: wrong[name][place], SECONDS: FINAL_SECONDS[is_baseline]}


def _lists(wrong: NDArray[np.bool_]) -> list[list[int]]:
    """Return the positions of the images that each network gets wrong."""
    return [np.flatnonzero(each).tolist() for each in wrong]
