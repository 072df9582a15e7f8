"""What a study records of a confirmation, made up for tests that need a study which has a verdict, or is on its way."""

from dataclasses import asdict

from search.confirmation.alpha import ANALYSES, Analysis
from search.confirmation.candidates import CONFIRMED, TESTED, Candidate, Network
from search.confirmation.evidence import WRONG
from trainable.keys import SECONDS, VAL_ACCURACY
from trainable.problems import BUILT_IN

THE_BASELINE = Candidate.baseline_of(BUILT_IN)


def key_of(what, candidate, seed):
    """The attribute that holds one network's result."""
    return Network(what, candidate, seed).key


def validated(candidates, seeds, *, step=0.0, seconds=1.0):
    """The attributes of networks that were trained on the split, one a seed.

    Args:
        candidates: Pairs of a candidate and its first network's accuracy.
        seeds: Theirs.
        step: What each further network is better by.
        seconds: Of training.
    """
    return {
        key_of(CONFIRMED, candidate, seed): {VAL_ACCURACY: accuracy + place * step, SECONDS: seconds}
        for candidate, accuracy in candidates
        for place, seed in enumerate(seeds)
    }


def scored(candidates, seeds, *, seconds=1.0, **recorded):
    """The attributes of networks that were trained on all images and scored on the test images, one a seed.

    Args:
        candidates: Pairs of a candidate and a function that gives, for the place of a seed, the images it errs on.
        seeds: Theirs.
        seconds: Of training.
        recorded: What else is recorded of each.
    """
    return {
        key_of(TESTED, candidate, seed): {WRONG: list(wrong(place)), SECONDS: seconds, **recorded}
        for candidate, wrong in candidates
        for place, seed in enumerate(seeds)
    }


def decided(design, winner, wrong, baseline_wrong, *, networks=None, number=1, seconds=1.0, **recorded):
    """The attributes of a verdict: of the networks that are compared, and of what it was laid down to be taken from.

    Args:
        design: What is recorded of it.
        winner: The candidate that is compared with the baseline.
        wrong: Gives, for the place of a seed, the images that a network of the winner errs on.
        baseline_wrong: Likewise of the baseline.
        networks: How many there are of the winner; as many as the first look takes by default.
        number: Of the verdict.
        seconds: Of training.
        recorded: What else is recorded of each network.
    """
    seeds, sizes = design["final_seeds"], tuple(design["sizes"])
    return (
        scored([(winner, wrong)], seeds[: networks or sizes[0]], seconds=seconds, **recorded)
        | scored([(THE_BASELINE, baseline_wrong)], seeds[: design["baselines"]], seconds=seconds, **recorded)
        | {ANALYSES: [asdict(Analysis(winner.name, sizes, number))]}
    )
