"""What a command is going to do, and how long it will still take: judged by the trials that have ended. Pure."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from optuna.trial import FrozenTrial

from search.answer import CONFIRMATION, THE_BASELINE, Candidate, answer_of, choose, fresh_seeds, plan_of
from search.extent import Extent
from search.settings import Settings
from search.study import EPOCHS_RUN, IS_BASELINE, SECONDS, is_interrupted

ALL_IMAGES = 6 / 5  # of the time that a network of the training split takes: 60,000 images in place of 50,000


def planned(trials: int, networks: int, workers: int | None) -> str:
    """Return in one line what a command is going to do.

    Args:
        trials: That it will run.
        networks: That it will train at most for the verdict.
        workers: Trials at once; None where Ray is to say how many.
    """
    steps = [f"{trials} {'trial' if trials == 1 else 'trials'}"] if trials else []
    if networks:
        steps.append(f"up to {networks} networks to confirm the best")
    crew = f"; {workers} {'worker' if workers == 1 else 'workers'}" if workers else ""
    return f"plan       {', then '.join(steps)}{crew}"


def seconds_left(
    trials: Sequence[FrozenTrial],
    attributes: Mapping[str, Any],
    settings: Settings,
    *,
    goal: int,
    extent: Extent | None,
    workers: int,
    limit: float = math.inf,
) -> float | None:
    """Estimate how many seconds a command will still take, or return None where no trial has ended yet.

    A trial that is missing takes as long as those that ended did on average. A network of the confirmation takes as
    long as the trial that it repeats, and as long as the best ones where it is not known yet which.

    Args:
        trials: The study's.
        attributes: The study's, with what is confirmed already.
        settings: The study's.
        goal: How many trials the study shall have finished.
        extent: How much shall be confirmed; None where nothing shall.
        workers: Trials and networks at once.
        limit: Seconds after which no trial starts any more.
    """
    ended = [trial for trial in trials if trial.state.is_finished() and not is_interrupted(trial)]
    took = [trial.user_attrs[SECONDS] for trial in ended if trial.user_attrs.get(SECONDS)]
    if not took:
        return None
    missing = max(0, goal - len(ended))
    search = min(_together([fmean(took)] * missing, workers), max(0.0, limit))
    if extent is None:
        return search
    return search + sum(
        _together(stage, workers) for stage in _confirmation(ended, attributes, settings, extent, missing)
    )


def _confirmation(
    ended: Sequence[FrozenTrial], attributes: Mapping[str, Any], settings: Settings, extent: Extent, missing: int
) -> list[list[float]]:
    """Return the seconds of each network that is to be trained: those of the training split, those of all images."""
    chosen = choose(ended, settings, extent.candidates)
    seeds = [fresh_seeds(settings, extent.seeds, final=final) for final in (False, True)]
    answer = answer_of({**attributes, CONFIRMATION: plan_of(chosen, *seeds)})
    unknown = min(extent.candidates - len(chosen), missing)  # candidates that are yet to be found
    if answer is None or answer.failure(THE_BASELINE) or (not chosen and not unknown):
        return []
    lengths = {trial.number: length for trial in ended if (length := _length(trial, settings))}
    baseline = next((trial.number for trial in ended if trial.user_attrs.get(IS_BASELINE)), None)
    best = [lengths[each.trial] for each in chosen if each.trial in lengths]
    others = [length for number, length in lengths.items() if number != baseline]
    typical = fmean(best or others or lengths.values() or [0.0])

    def cost(candidate: Candidate) -> float:
        number = baseline if candidate.trial is None else candidate.trial
        return lengths.get(number, typical) if number is not None else typical

    split = [cost(candidate) for candidate, _ in answer.unvalidated] + [typical] * (unknown * extent.seeds)
    winner = 0 if answer.winner and not unknown else extent.seeds
    final = [cost(candidate) for candidate, _ in answer.untested] + [typical] * winner
    return [split, [ALL_IMAGES * each for each in final]]


def _length(trial: FrozenTrial, settings: Settings) -> float | None:
    """Return the seconds that a trial takes with all its epochs, also where it was pruned before them."""
    epochs = trial.user_attrs.get(EPOCHS_RUN)
    if not epochs:
        return None
    return float(trial.user_attrs[SECONDS] / epochs * settings.space.complete(trial.params)["epochs"])


def _together(seconds: Sequence[float], workers: int) -> float:
    """Return how long so many workers take for work of these lengths: no less than for the longest part of it."""
    return max(sum(seconds) / workers, *seconds, 0.0)
