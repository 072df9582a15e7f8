"""What a study records of a confirmation, made up for tests that need a study which has a verdict, or is on its way."""

from search.answer import CONFIRMED, SECONDS, TESTED, VAL_ACCURACY, WRONG, key_of


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
