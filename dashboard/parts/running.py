"""What is in training at the moment: trials beside the best one, and the networks of a confirmation as they come in."""

from collections import Counter
from math import sqrt
from statistics import fmean, stdev

import streamlit as st

from dashboard.charts.curves import curves
from dashboard.marks import title_of
from dashboard.parts.figure import show_figure
from dashboard.parts.interval import show_accuracies
from dashboard.snapshot import Snapshot, points
from dashboard.source import View
from dashboard.status import Phase
from dashboard.style import LINES
from dashboard.text import plain
from search.confirmation.candidates import CONFIRMED, TESTED, Candidate
from search.confirmation.evidence import Evidence
from search.confirmation.verdict import CONFIDENCE, FEWEST, Estimate, reach_of
from search.terminal.words import capital, several

MOST = len(LINES)  # trials that are drawn and told
SMALL = 240  # pixels, the height of the figure
PRELIMINARY = (
    "**Preliminary, and no verdict**: the validation accuracy of networks with fresh seeds as they come in. With "
    "each network the intervals become narrower; which configuration is tested is decided when all are there."
)


def show_running(view: View) -> None:
    """Show what runs; nothing where nobody drives the study."""
    if not view.status.is_running:
        return
    _trials(view.study)
    evidence = view.study.evidence
    is_confirming = view.status.phase == Phase.CONFIRMING
    if is_confirming and evidence is not None and evidence.verdict is None and not evidence.is_complete:
        _confirmation(evidence)


def told(study: Snapshot, number: int) -> str:
    """Say how far a running trial is, and how it lies to the best one at the same epoch."""
    trial, row, best = study.trials[number], study.rows[number], study.best
    reported, wanted = trial.intermediate_values, study.params(number).get("epochs")
    epoch = max(reported, default=0)
    parts = [f"epoch {epoch}" if wanted is None else f"epoch {epoch} of {wanted:.0f}"]
    if reported:
        parts.append(f"{reported[epoch]:.4f}")
    there = best.intermediate_values.get(epoch) if best else None
    if there is not None and (ahead := points(reported[epoch], there)) is not None:
        parts.append(f"{ahead:+.2f} points to the best trial's at that epoch")
    if row["host"] is not None:
        parts.append(f"on {plain(row['host'])}")
    return f"**{capital(title_of(study, number))}**: {', '.join(parts)}"


def estimate_of(values: list[float]) -> Estimate:
    """Return the mean of some networks' accuracies, with Student's interval where there are enough for one."""
    mean = fmean(values)
    if len(values) < FEWEST:
        return Estimate(mean, mean, mean)
    variance = (stdev(values) / sqrt(len(values))) ** 2
    reach = reach_of(variance, [(variance, len(values) - 1)], CONFIDENCE)
    return Estimate(mean, mean - reach, mean + reach).as_share


def _trials(study: Snapshot) -> None:
    """Draw the running trials beside the best one, those first that are the furthest."""
    running = study.table[study.table["state"] == "running"].sort_values(
        ["epochs_run", "trial"], ascending=[False, True]
    )
    numbers: list[int] = running["trial"].tolist()
    if not numbers:
        return
    st.markdown(f"**In training**: {several(len(numbers), 'trial')}")
    shown = numbers[:MOST]
    st.markdown("\n".join(f"- {told(study, number)}" for number in shown))
    if more := len(numbers) - len(shown):
        st.caption(f"And {several(more, 'trial')} that {'is' if more == 1 else 'are'} not as far.")
    best = study.best.number if study.best else None
    drawn = [number for number in shown if study.trials[number].intermediate_values]
    if drawn:
        titles = {number: title_of(study, number) for number in [*drawn, *([] if best is None else [best])]}
        figure = curves(study.epochs(list(titles)), titles, None, best).update_layout(height=SMALL)
        show_figure(figure, study.name, "running", "validation accuracy by epoch of the trials in training")


def _confirmation(evidence: Evidence) -> None:
    """Say how many networks of each configuration there are, and what is known of those that are not tested."""
    wanted = Counter((each.what, each.candidate.name) for each in evidence.networks)
    missing = Counter((each.what, each.candidate.name) for each in evidence.missing)
    rows = [
        (f"{capital(each.title)}: {_done(wanted, missing, CONFIRMED, each)}", estimate_of(values))
        for each in evidence.candidates
        if wanted[CONFIRMED, each.name] and (values := _fresh(evidence, each))
    ]
    if rows:
        st.markdown(PRELIMINARY)
        show_accuracies(rows, CONFIDENCE, f"accuracy on the validation {evidence.problem.examples}, fresh seeds only")
    tested = [
        f"{_done(wanted, missing, TESTED, each)} of {each.title}"
        for each in evidence.candidates
        if wanted[TESTED, each.name]
    ]
    if tested:
        st.markdown(
            f"Trained on all {evidence.problem.examples}: {', '.join(tested)}. How they do on the test "
            f"{evidence.problem.examples} is told with the verdict, and not before."
        )
    for each in evidence.candidates:
        if (failure := evidence.failure(each)) is not None:
            st.markdown(f"{capital(each.title)} is out: {plain(failure)}.")


def _done(wanted: Counter[tuple[str, str]], missing: Counter[tuple[str, str]], what: str, candidate: Candidate) -> str:
    number = wanted[what, candidate.name]
    return f"{number - missing[what, candidate.name]} of {several(number, 'network')}"


def _fresh(evidence: Evidence, candidate: Candidate) -> list[float]:
    return [each for each in evidence.fresh_val_accuracies(candidate) if each is not None]
