"""What a report says of the search: its curves, its trials, the parameters, and where and how it ran."""

import platform
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from optuna.trial import FrozenTrial, TrialState

from search.confirmation.candidates import CONFIRMED, EXPLAINED, PURPOSES, TESTED
from search.confirmation.record import results_of
from search.confirmation.view import StudyView
from search.report.figures import Points, bars, lines
from search.report.findings import NONE
from search.report.page import Block, Figure, Items, Section, Table, Text
from search.study.about import facts_of
from search.study.insight import EPOCHS, LAST_EPOCHS, Insight, said_of
from search.study.instants import began, ended, is_timed
from search.study.space import Space
from search.study.study import is_interrupted, params_of
from search.terminal.words import clock, gain, number, several, value_of
from trainable.keys import ENVIRONMENT, FAILURE, HOST, SECONDS, SEED

CURVES = 4  # best trials, besides the baseline's
MOST_POINTS = 40  # of one curve
BEST_SHOWN = 10
MOST_REASONS = 15
PACKAGES = ("optuna", "ray", "tensorflow", "keras", "numpy")
PREFIX = f"{ENVIRONMENT}:"


def curves_section(view: StudyView) -> Section:
    """Show val_accuracy by epoch of the best trials and the baseline, and the best value over the trials."""
    if not view.ranked:
        return Section("Curves", [Text("No trial is complete yet, so there is nothing to draw.")])
    return Section("Curves", [*_epoch_curves(view), _best_curve(view)])


def trials_section(view: StudyView) -> Section:
    """List the best trials, how many ended in which state, and why those that failed did."""
    counts = view.counts
    interrupted = sum(map(is_interrupted, view.trials))
    waiting = sum(trial.state == TrialState.WAITING for trial in view.trials)
    states = [(name, str(getattr(counts, name))) for name in ("complete", "pruned", "failed", "running")]
    states += [("infeasible, and not trained", str(counts.infeasible))] if counts.infeasible else []
    states += [("waiting", str(waiting)), ("interrupted, and tried again", str(interrupted))]
    blocks: list[Block] = [_best(view)] if view.ranked else []
    blocks.append(Table("Trials by state", ("state", "trials"), states))
    if view.stops:
        rows = [(each.time, str(each.trials), each.reason, each.detail) for each in view.stops]
        blocks.append(Table("Why the search ended", ("time", "finished trials", "reason", "in words"), rows))
    reasons = _reasons(view.trials)
    if reasons:
        blocks.append(Table("Failures by reason", ("reason", "trials"), reasons))
    return Section("Trials", blocks)


def parameters_section(view: StudyView) -> Section:
    """Show which parameters matter, where the best lies between its bounds, and what an epoch gained."""
    insight, importance = view.insight, view.insight.importance
    if importance.shares is None:
        blocks: list[Block] = [Text(f"Which parameters matter is not known: {importance.unknown}.")]
    else:
        shares = list(importance.shares.items())
        table = Table("Importance", ("parameter", "share"), [(name, f"{share:.0%}") for name, share in shares])
        meaning = "Importance is how much a parameter decides whether a trial is among the best tenth (PED-ANOVA)."
        blocks = [Figure(bars(shares, "share of the importance"), table), Text(f"{meaning} {importance.basis}")]
    rows = [_parameter(name, view.settings.space, insight) for name in view.settings.problem.names]
    columns = ("parameter", "searched", "best trial", "from the lowest to the highest")
    blocks.append(Table("The space, and where the best trial lies in it", columns, rows))
    blocks += [Items([f"{each}." for each in insight.warnings])] if insight.warnings else []
    return Section("Parameters", [*blocks, *map(Text, _effort(view))])


def data_section(view: StudyView) -> Section:
    """Say what somebody's own data are."""
    return Section("Data", [Table("What was learned from", ("what", "value"), facts_of(view.settings.problem))])


def circumstances_section(view: StudyView) -> Section:
    """Say with which settings, where and how long the study ran."""
    settings = view.settings
    rows = [
        ("seed", str(settings.seed)),
        ("sampler", settings.sampler),
        ("pruner", settings.pruner),
        ("precision", settings.precision),
        ("baseline", "trial 0" if settings.baseline else "left out"),
        ("storage", view.storage),
        *((f"SHA-256 of {name}", digest) for name, digest in settings.data.items()),
    ]
    hosts = Counter(str(trial.user_attrs[HOST]) for trial in view.trials if HOST in trial.user_attrs)
    blocks: list[Block] = [Table("Settings", ("setting", "value"), rows), *_environments(view)]
    if hosts:
        blocks.append(Table("Hosts", ("host", "trials"), [(host, str(each)) for host, each in hosts.most_common()]))
    return Section("Settings, environment and time", [*blocks, *map(Text, _times(view))])


def _epoch_curves(view: StudyView) -> list[Block]:
    """Return the figure of the best trials' epochs, unless none was reported."""
    shown, baseline = _best_and_baseline(view, CURVES), view.baseline
    curves: list[tuple[str, str, Points]] = []
    for position, trial in enumerate(shown):
        title, style = ("baseline", "baseline") if trial is baseline else (f"trial {trial.number}", f"s{position}")
        if trial.intermediate_values:
            curves.append((title, style, _thinned(sorted(trial.intermediate_values.items()))))
    if not curves:
        return []
    rows = _by_position(curves)
    table = Table("Validation accuracy by epoch", ("epoch", *(title for title, _, _ in curves)), rows)
    return [Figure(lines(curves, "epoch", "validation accuracy"), table)]


def _best_curve(view: StudyView) -> Figure:
    """Return the figure of the best value so far, trial by trial, with the baseline's as a line."""
    steps: list[tuple[float, float]] = []
    complete = sorted(view.ranked, key=lambda trial: trial.number)
    for trial in complete:
        value = float(trial.value or 0)
        if not steps or value > steps[-1][1]:
            steps.append((trial.number, value))
    last = view.trials[-1].number
    ends = [*(trial for trial, _ in steps[1:]), last]
    drawn = [(at, value) for (start, value), end in zip(steps, ends, strict=True) for at in (start, end)]
    curves: list[tuple[str, str, Points]] = [("best so far", "s0", drawn)]
    if view.baseline is not None:
        value = float(view.baseline.value or 0)
        curves.append(("baseline", "baseline", [(0, value), (last, value)]))
    rows = [(f"{trial:.0f}", f"{value:.4f}") for trial, value in steps]
    table = Table("Best validation accuracy over the trials", ("from trial", "best so far"), rows)
    return Figure(lines(curves, "trial", "validation accuracy"), table)


def _thinned(points: Points) -> Points:
    """Return the first, the last and evenly chosen points between, `MOST_POINTS` at most."""
    if len(points) <= MOST_POINTS:
        return points
    return [points[round(each * (len(points) - 1) / (MOST_POINTS - 1))] for each in range(MOST_POINTS)]


def _by_position(curves: Sequence[tuple[str, str, Points]]) -> list[list[str]]:
    """Return a row for each epoch that a curve has, with each curve's value there."""
    values = [dict(points) for _, _, points in curves]
    epochs = sorted(set().union(*values))
    return [[str(epoch), *(f"{each[epoch]:.4f}" if epoch in each else NONE for each in values)] for epoch in epochs]


def _best(view: StudyView) -> Table:
    columns = ("trial", "val_accuracy", *view.settings.problem.names, "gain", "seed", "training")
    return Table("The best trials", columns, [_trial(trial, view) for trial in _best_and_baseline(view, BEST_SHOWN)])


def _best_and_baseline(view: StudyView, number: int) -> list[FrozenTrial]:
    """Return so many of the best trials, and the baseline after them where it is none of them."""
    return [trial for place, trial in enumerate(view.ranked) if place < number or trial is view.baseline]


def _trial(trial: FrozenTrial, view: StudyView) -> list[str]:
    params = params_of(trial, view.settings.space)
    baseline = view.baseline
    seconds = trial.user_attrs.get(SECONDS)
    return [
        f"{trial.number} baseline" if trial is baseline else str(trial.number),
        f"{float(trial.value or 0):.4f}",
        *(value_of(params, name) for name in view.settings.problem.names),
        gain(float(trial.value or 0), float(baseline.value or 0)) if baseline else NONE,
        str(trial.user_attrs.get(SEED, NONE)),
        NONE if seconds is None else f"{seconds:.1f} s",
    ]


def _reasons(trials: Sequence[FrozenTrial]) -> list[tuple[str, str]]:
    """Return why trials failed and how many for each reason, the most frequent first."""
    failed = (trial for trial in trials if trial.state == TrialState.FAIL and not is_interrupted(trial))
    reasons = Counter(str(trial.user_attrs.get(FAILURE, "no reason recorded")) for trial in failed).most_common()
    rest = sum(each for _, each in reasons[MOST_REASONS:])
    rows = [(reason, str(each)) for reason, each in reasons[:MOST_REASONS]]
    return [*rows, ("other reasons", str(rest))] if rest else rows


def _parameter(name: str, space: Space, insight: Insight) -> tuple[str, str, str, str]:
    if name not in space.distributions:
        return name, "not searched: the baseline's value", NONE, NONE
    searched = said_of(space, name)
    position = insight.positions.get(name)
    if position is None:
        return name, searched, NONE, NONE
    lies = NONE if position.from_low is None else f"{position.from_low:.0%}"
    return name, searched, number(position.best), lies


def _effort(view: StudyView) -> list[str]:
    """Say what the epochs brought, and whether more of them might."""
    insight, texts = view.insight, []
    if insight.gain is not None and insight.gain_rate is not None:
        texts.append(
            f"All trials together trained {several(insight.epochs, 'epoch')} for a gain of {insight.gain:+.2f} points "
            f"over the baseline on the validation {view.settings.problem.examples}: {insight.gain_rate:+.3f} points "
            f"for {EPOCHS} epochs."
        )
    if insight.rising is not None:
        still = "was still getting better: more epochs may help" if insight.rising else "was no longer getting better"
        texts.append(f"In its last {LAST_EPOCHS} epochs the best trial {still}.")
    return texts


def _environments(view: StudyView) -> list[Block]:
    """Return a table of each environment that trials had, or of the versions here where none is recorded."""
    recorded = [(key.partition(":")[2], facts) for key, facts in view.attributes.items() if key.startswith(PREFIX)]
    trials = Counter(str(trial.user_attrs.get(ENVIRONMENT)) for trial in view.trials)
    tables: list[Block] = []
    for digest, facts in recorded:
        rows = [(name, _fact(value)) for name, value in facts.items()]
        title = f"Environment {digest}, in which {several(trials[digest], 'trial')} trained"
        tables.append(Table(title, ("what", "value"), rows))
    if tables:
        return tables
    title = "Versions on the machine that wrote this report; those of training are not recorded"
    versions = [("python", platform.python_version()), *((name, version(name)) for name in PACKAGES)]
    return [Table(title, ("package", "version"), versions)]


def _times(view: StudyView) -> list[str]:
    """Say how long training took, and from when to when."""
    training = sum(float(trial.user_attrs.get(SECONDS, 0)) for trial in view.trials)
    texts = [f"Trials trained for {clock(training)}, summed over the workers."]
    results = {what: results_of(view.attributes, what).values() for what in PURPOSES}
    networks = {what: sum(float(each.get(SECONDS, 0)) for each in found) for what, found in results.items()}
    confirming = view.evidence.seconds if view.evidence else 0.0
    others = {
        "The confirmation": confirming,
        "What explains it": networks[EXPLAINED],
        "The baseline's networks that say how much a seed makes": networks[CONFIRMED] + networks[TESTED] - confirming,
    }
    texts += [f"{what} trained for {clock(each)}, likewise." for what, each in others.items() if round(each)]
    begun = [trial for trial in view.trials if trial.datetime_start is not None]
    are_timed = all(is_timed(trial) for trial in begun)  # the others have local times of the driver only
    starts = [at for each in begun if (at := began(each) if are_timed else each.datetime_start) is not None]
    ends = [at for each in begun if (at := ended(each) if are_timed else each.datetime_complete) is not None]
    by = "in UTC" if are_timed else "by the driver's clock"
    if starts and ends:
        first, last = min(starts), max(ends)
        texts.append(
            f"The first trial started at {first:%Y-%m-%d %H:%M:%S} and the last one ended at {last:%Y-%m-%d %H:%M:%S} "
            f"{by}: {clock((last - first).total_seconds())} in all, pauses included."
        )
    return [" ".join(texts)]


def _fact(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if value != "" else NONE
