"""Is anything better than the baseline, is the search still moving, what matters, and what went wrong?"""

from functools import partial

import pandas as pd
import streamlit as st

from dashboard.parts.best import show_best
from dashboard.parts.data_facts import facts_of
from dashboard.parts.movement import show_movement
from dashboard.site import Site
from dashboard.snapshot import STATES, Snapshot
from dashboard.source import View
from dashboard.text import plain
from search.confirmation.explanation import COLUMNS
from search.confirmation.untested import chosen
from search.confirmation.verdict import CONFIDENCE, Estimate
from search.confirmation.wording import circumstances_of, out_of_date, reference_of
from search.report.findings import headline_of, meaning_of, remarks
from search.study.insight import warnings_of
from search.terminal.words import POINTS, capital, describe, several
from trainable.problem import ProblemSpec

TONES = {"better": (st.success, "trophy"), "same": (st.info, "balance"), "worse": (st.warning, "trending_down"),
         "open": (st.info, "hourglass_empty")}  # fmt: skip
AXES = {"trial": "trial", "time": "ended"}  # columns of the table
NONE_YET = "none yet"
METRIC = 172  # pixels: two side by side on a phone


def show(site: Site) -> None:
    """Show the page."""
    st.title("Overview")
    site.live(partial(_state, site))
    st.subheader("Best value over time")
    axis = st.segmented_control("Horizontal axis", list(AXES), default="trial", required=True, key="x",
                                bind="query-params")  # fmt: skip
    site.live(partial(show_best, site, AXES[axis or "trial"]))
    st.subheader("The data")
    st.table(facts_of(site.view().study.settings.problem))


def _state(site: Site, view: View) -> None:
    _verdict(site, view.study)
    _search_result(site, view.study)
    st.subheader("Progress")
    show_movement(view)
    _counts(site, view.study)


def _verdict(site: Site, study: Snapshot) -> None:
    """Say what the confirmation found; the test accuracies are the figures that count."""
    headline, evidence = headline_of(study), study.evidence
    box, icon = TONES[headline.tone]
    if evidence is None or evidence.verdict is None or evidence.winner is None:
        box(f"**{headline.word}.** {headline.sentence}", icon=f":material/{icon}:")
        if evidence is not None and chosen(evidence) is not None:
            st.markdown(meaning_of(evidence))
            site.link("model", "Its model")
            if not study.is_current:
                st.warning(f"{capital(out_of_date(evidence))}.", icon=":material/update:")
        return
    box(f"**{headline.word}.** {meaning_of(evidence)}", icon=f":material/{icon}:")
    if not study.is_current:
        st.warning(f"{capital(out_of_date(evidence))}.", icon=":material/update:")
    ours, theirs = evidence.networks_compared
    reference = evidence.problem.reference
    given = f" ({plain(reference.name)}: one)" if reference else ""
    st.markdown(f"**Test accuracy**, {ours} networks against {theirs}{given}; {circumstances_of(evidence)}")
    with st.container(horizontal=True):
        if evidence.winner != evidence.baseline:
            _interval(capital(evidence.winner.title), evidence.verdict.first)
        _interval("Baseline", evidence.verdict.second)
        if evidence.verdict.difference is not None:
            _difference(evidence.verdict.difference)
        _reference(evidence.problem, evidence.verdict.confidence)
    price = [f"{evidence.price.told}."] if evidence.price else []
    st.markdown(" ".join([*price, *remarks(evidence)]))
    if study.explanation is not None:
        st.markdown(study.explanation.told(study.settings.problem.examples))
        st.dataframe(pd.DataFrame(study.explanation.rows, columns=list(COLUMNS)), hide_index=True)
    if evidence.winner != evidence.baseline:
        st.markdown(f"{capital(evidence.winner.title)}: {plain(describe(dict(evidence.winner.params)))}")
        with st.container(horizontal=True):
            site.link("trial", f"Trial {evidence.winner.trial}", trial=str(evidence.winner.trial))
            site.link("model", "Its model")


def _reference(problem: ProblemSpec, confidence: float = CONFIDENCE) -> None:
    if problem.reference and (figure := reference_of(problem, confidence)):
        _interval(f"{plain(capital(problem.reference.name.removeprefix('the ')))} (test)", figure)


def _interval(label: str, estimate: Estimate) -> None:
    _metric(label, f"{estimate.mean:.4f}", f"{estimate.low:.4f} to {estimate.high:.4f}")


def _difference(estimate: Estimate) -> None:
    mean, low, high = (f"{POINTS * each:+.2f}" for each in (estimate.mean, estimate.low, estimate.high))
    _metric("Difference, points", mean, f"{low} to {high}")


def _metric(label: str, value: str, below: str | None = None) -> None:
    st.metric(label, value, below, delta_color="off", delta_arrow="off", border=True, width=METRIC, height="stretch")


def _search_result(site: Site, study: Snapshot) -> None:
    """Say what the search itself has, which is partly luck."""
    best, baseline, gain = study.best, study.baseline_value, study.gain
    st.markdown("**Validation accuracy**, one seed each: the best of many is partly luck")
    with st.container(horizontal=True):
        _metric(
            "Best" if best is None else f"Best, trial {best.number}", NONE_YET if best is None else f"{best.value:.4f}"
        )
        missing = NONE_YET if study.settings.baseline else "left out"
        units = plain(study.settings.problem.words.units)
        _metric(f"Baseline ({units})", missing if baseline is None else f"{baseline:.4f}")
        _metric("Gain, points", missing if gain is None else f"{gain:+.2f}")
        if study.evidence is None or study.evidence.verdict is None:
            _reference(study.settings.problem)
    if best is not None:
        st.markdown(f"Trial {best.number}: {plain(describe(study.params(best.number)))}")
        for warning in warnings_of(best, study.settings):
            st.markdown(f":material/lightbulb: {warning}")
        with st.container(horizontal=True):
            site.link("trial", f"Trial {best.number}", trial=str(best.number))
            site.link("parameters", "What matters")


def _counts(site: Site, study: Snapshot) -> None:
    """Say how many trials are in which state."""
    counts = study.table["state"].value_counts()
    named = [f"**{counts[state]:,}** {state}" for state in STATES if state in counts]
    st.markdown(" · ".join(named) or "No trial yet.")
    if study.counts.failed:
        site.link("failures", f"Why {several(study.counts.failed, 'trial')} failed")
