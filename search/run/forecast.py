"""What a command is going to do, and how long it will still take: judged by the trials that have ended. Pure."""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from optuna.trial import FrozenTrial

from search.confirmation.candidates import CONFIRMED, TESTED, Candidate
from search.confirmation.earlier import EarlierEvidence
from search.confirmation.explanation import most_to_explain, networks_to_explain
from search.confirmation.extent import BASELINES, SPLIT, Extent, wanted_design
from search.confirmation.goal import Goal
from search.confirmation.record import CONFIRMATION, evidence_of, fresh_networks
from search.confirmation.stopping import spread_networks
from search.run.options import Options
from search.study.settings import Settings
from search.study.study import EPOCHS_RUN, IS_BASELINE, is_interrupted
from trainable.keys import SECONDS


def extent_of(options: Options, settings: Settings, attributes: Mapping[str, Any]) -> Extent:
    """Return how much a command confirms, if it does: without test examples nothing is tested."""
    test = options.test and bool(settings.problem.sizes["test"])
    return Extent.wanted(options.confirm_top, options.confirm_seeds, attributes, test=test)


def networks_of(
    options: Options, extent: Extent, attributes: Mapping[str, Any], settings: Settings, *, is_open: bool
) -> tuple[int, int]:
    """Return how many networks besides trials a study has of what a command wants, and how many that is at most.

    Where the study is open, trials are to come, which may bring other candidates: only the baseline's networks count.
    """
    first = spread_networks(settings) if options.stop_when_settled else []
    done, most = sum(each.key in attributes for each in first), len(first)
    if options.confirm:
        evidence = evidence_of(attributes)
        most += extent.most + (most_to_explain(settings.problem) if options.explain else 0)
        if is_open and extent.test:
            of_baseline = fresh_networks(settings, TESTED, Candidate.baseline_of(settings.problem), BASELINES)
            done += sum(each.key in attributes for each in of_baseline)
        elif (
            not is_open and evidence is not None and not isinstance(evidence, EarlierEvidence)
        ):  # whose networks may be of use, or not
            explained = networks_to_explain(evidence, settings) if options.explain else []
            done += evidence.done + sum(each.key in attributes for each in explained)
    return min(done, most), most


def planned(
    trials: int, networks: int, workers: int | None, first: int = 0, *, explained: bool = False, tested: bool = True
) -> str:
    """Return in one line what a command is going to do, with how many trials at once; None where Ray is to say that.

    Of its networks the `first` are the baseline's, before its trials; the others, at most, are for the verdict and, if
    that is explained, to say why the winner wins, or only to choose the winner where that is not tested.
    """
    steps = [f"{first} networks of the baseline"] if first else []
    if trials:
        steps.append(f"{trials} {'trial' if trials == 1 else 'trials'}")
    if networks:
        what = f"{'confirm' if tested else 'choose'} the best{' and to explain it' if explained else ''}"
        steps.append(f"up to {networks} networks to {what}")
    crew = f"; {workers} {'worker' if workers == 1 else 'workers'}" if workers else ""
    return f"plan       {', then '.join(steps)}{crew}"


def seconds_left(
    trials: Sequence[FrozenTrial],
    attributes: Mapping[str, Any],
    settings: Settings,
    goal: Goal,
    limit: float = math.inf,
) -> float | None:
    """Estimate how many seconds a command will still take, or return None where no trial has ended yet.

    A trial that is missing takes as long as those that ended did on average. A network of the confirmation takes as
    long as the trial that it repeats, and as long as the best ones where it is not known yet which.

    Of what the command wants the attributes say what is confirmed already. After `limit` seconds no trial starts.
    """
    ended = [trial for trial in trials if trial.state.is_finished() and not is_interrupted(trial)]
    took = [trial.user_attrs[SECONDS] for trial in ended if trial.user_attrs.get(SECONDS)]
    if not took:
        return None
    missing = max(0, goal.trials - len(ended))
    search = min(_together([fmean(took)] * missing, goal.workers), max(0.0, limit))
    if goal.extent is None:
        return search
    stages = _confirmation(ended, attributes, settings, goal.extent, missing, explained=goal.explain)
    return search + sum(_together(stage, goal.workers) for stage in stages)


def _confirmation(
    ended: Sequence[FrozenTrial],
    attributes: Mapping[str, Any],
    settings: Settings,
    extent: Extent,
    missing: int,
    *,
    explained: bool,
) -> list[list[float]]:
    """Return the seconds of each network that is to be trained: of the split, of all examples, of the explanation."""
    design = wanted_design(ended, settings, extent, attributes)
    evidence = evidence_of({**attributes, CONFIRMATION: design}) if design else None
    chosen = list(evidence.candidates[1:]) if evidence else []
    unknown = min(extent.candidates - len(chosen), missing)  # candidates that are yet to be found
    if not chosen and not unknown:
        return []
    lengths = {trial.number: length for trial in ended if (length := _length(trial, settings))}
    baseline = next((trial.number for trial in ended if trial.user_attrs.get(IS_BASELINE)), None)
    best = [lengths[each.trial] for each in chosen if each.trial in lengths]
    others = [length for number, length in lengths.items() if number != baseline]
    typical = fmean(best or others or lengths.values() or [0.0])

    def cost(candidate: Candidate) -> float:
        number = baseline if candidate.trial is None else candidate.trial
        return lengths.get(number, typical) if number is not None else typical

    needed = [(each.what, cost(each.candidate)) for each in evidence.missing] if evidence else []
    may_follow, is_decided = (evidence.may_follow, evidence.is_complete) if evidence else (0, False)
    if unknown and not is_decided:  # who wins among them is not known
        number = BASELINES if extent.test else 0
        fresh = fresh_networks(settings, TESTED, Candidate.baseline_of(settings.problem), number)
        for each in chosen:
            fresh += fresh_networks(settings, CONFIRMED, each, SPLIT)
        needed = [(each.what, cost(each.candidate)) for each in fresh if each.key not in attributes]
        needed += [(CONFIRMED, typical)] * (SPLIT * unknown)
        if len(chosen) + unknown == 1:  # there is nothing to choose
            needed = [each for each in needed if each[0] == TESTED]
        may_follow = extent.sizes[-1] if extent.test else 0
    split = [seconds for what, seconds in needed if what == CONFIRMED]
    of_all = [seconds for what, seconds in needed if what == TESTED] + [typical] * may_follow
    why = []
    if explained:
        left = networks_to_explain(evidence, settings) if evidence else []
        # Between the winner and the baseline lie networks of either's epochs.
        costs = [cost(each.candidate) if type(each.candidate) is Candidate else typical for each in left]
        why = [seconds for each, seconds in zip(left, costs, strict=True) if each.key not in attributes]
        why = why if left else [typical] * most_to_explain(settings.problem)
    longer = settings.problem.training_size / settings.problem.sizes["train"]
    return [split, [longer * each for each in of_all], why]


def _length(trial: FrozenTrial, settings: Settings) -> float | None:
    """Return the seconds that a trial takes with all its epochs, also where it was pruned before them."""
    epochs = trial.user_attrs.get(EPOCHS_RUN)
    if not epochs:
        return None
    return float(trial.user_attrs[SECONDS] / epochs * settings.space.complete(trial.params)["epochs"])


def _together(seconds: Sequence[float], workers: int) -> float:
    """Return how long so many workers take for work of these lengths: no less than for the longest part of it."""
    return max(sum(seconds) / workers, *seconds, 0.0)
