"""What the confirmation found, and what the search itself has: in words, drawn, and in figures."""

import pandas as pd
import streamlit as st

from dashboard.parts.interval import show_difference
from dashboard.site import Site
from dashboard.snapshot import Snapshot
from dashboard.text import plain
from search.confirmation.evidence import Evidence
from search.confirmation.explanation import COLUMNS
from search.confirmation.untested import chosen
from search.confirmation.verdict import CONFIDENCE, Estimate, Verdict
from search.confirmation.wording import circumstances_of, out_of_date, reference_of
from search.report.findings import headline_of, meaning_of, remarks
from search.terminal.words import capital, describe
from trainable.problem import ProblemSpec

TONES = {"better": (st.success, "trophy"), "same": (st.info, "balance"), "worse": (st.warning, "trending_down"),
         "open": (st.info, "hourglass_empty")}  # fmt: skip
NONE_YET = "none yet"
METRIC = 150  # pixels: two side by side on a phone


def show_verdict(site: Site, study: Snapshot) -> None:
    """Say what the confirmation found; the test accuracies are the figures that count."""
    headline, evidence = headline_of(study), study.evidence
    box, icon = TONES[headline.tone]
    verdict = evidence.verdict if evidence else None
    if evidence is None or verdict is None:
        box(f"**{headline.word}.** {headline.sentence}", icon=f":material/{icon}:")
        if evidence is not None and chosen(evidence) is not None:
            st.markdown(meaning_of(evidence))
            site.link("model", "Its model")
            _out_of_date(study, evidence)
        return
    box(f"**{headline.word}.** {meaning_of(evidence)}", icon=f":material/{icon}:")
    _out_of_date(study, evidence)
    _measured(evidence, verdict, headline.tone)
    _winner(site, evidence)


def show_search(site: Site, study: Snapshot) -> None:
    """Say what the search itself has, which is partly luck: in a line where there is a verdict, which says more."""
    verdict = study.evidence.verdict if study.evidence else None
    if verdict is None:
        _validated(study)
    else:
        st.markdown(f"**Validation accuracy**, one seed each, the best of many partly luck: {_in_a_line(study)}.")
    best = study.best
    if best is None:
        return
    if verdict is None:  # else the winner is the one that counts, and is described above
        price = f". {study.price.told}." if study.price else ""
        st.markdown(f"Trial {best.number}: {plain(describe(study.params(best.number)))}{price}")
    winner = study.evidence.winner if study.evidence else None
    if winner is None or winner.trial != best.number or verdict is None:
        site.link("trial", f"Trial {best.number}", trial=str(best.number))


def show_details(study: Snapshot) -> None:
    """Say what the interval of a verdict does not say, and why the winner wins, where that was asked for."""
    evidence = study.evidence
    if evidence is not None and evidence.verdict is not None and not _is_unusual(evidence, evidence.verdict):
        st.markdown(" ".join(remarks(evidence)))
    if study.explanation is not None:
        st.subheader("Why the winner wins")
        st.markdown(study.explanation.told(study.settings.problem.examples))
        st.dataframe(pd.DataFrame(study.explanation.rows, columns=list(COLUMNS)), hide_index=True)


def _out_of_date(study: Snapshot, evidence: Evidence) -> None:
    if not study.is_current:
        st.warning(f"{capital(out_of_date(evidence))}.", icon=":material/update:")


def _measured(evidence: Evidence, verdict: Verdict, tone: str) -> None:
    """Draw the difference, and give the accuracies that it is of, with how they were measured."""
    left, right = st.columns([4, 5], gap="medium")
    winner, is_compared = evidence.winner, evidence.winner != evidence.baseline
    if winner is not None and verdict.difference is not None:
        what = f"accuracy on the test {evidence.problem.examples}"
        with left:
            name = f"{capital(winner.title)} minus the baseline"
            show_difference(name, tone, verdict.difference, verdict.confidence, what)
    with right, st.container(horizontal=True, gap="small"):
        if winner is not None and is_compared:
            _interval(capital(winner.title), verdict.first)
        _interval("Baseline", verdict.second)
        _reference(evidence.problem, verdict.confidence)
    ours, theirs = evidence.networks_compared
    reference = evidence.problem.reference
    given = f" ({plain(reference.name)}: one)" if reference else ""
    st.caption(f"**Test accuracy**, {ours} networks against {theirs}{given}; {circumstances_of(evidence)}.")
    if _is_unusual(evidence, verdict):
        st.markdown(" ".join(remarks(evidence)))


def _is_unusual(evidence: Evidence, verdict: Verdict) -> bool:
    """Say whether the remarks on a verdict are to be read at once: the winner is behind, or one of its networks is."""
    return verdict.is_behind or (evidence.worst is not None and evidence.worst.is_far)


def _winner(site: Site, evidence: Evidence) -> None:
    """Give the configuration that won and its price, and lead to what is known of it."""
    winner = evidence.winner
    if winner is None or winner == evidence.baseline:
        return
    price = f" {evidence.price.told}." if evidence.price else ""
    st.markdown(f"{capital(winner.title)}: {plain(describe(dict(winner.params)))}.{price}")
    with st.container(horizontal=True):
        site.link("trial", f"Trial {winner.trial}", trial=str(winner.trial))
        site.link("model", "Its model")


def _validated(study: Snapshot) -> None:
    """Show the figures of the search, where there are no better ones."""
    best, baseline, gain = study.best, study.baseline_value, study.gain
    st.markdown("**Validation accuracy**, one seed each: the best of many is partly luck")
    with st.container(horizontal=True):
        _metric(
            "Best" if best is None else f"Best, trial {best.number}", NONE_YET if best is None else f"{best.value:.4f}"
        )
        units = plain(study.settings.problem.words.units)
        _metric(f"Baseline ({units})", _missing(study) if baseline is None else f"{baseline:.4f}")
        _metric("Gain, points", _missing(study) if gain is None else f"{gain:+.2f}")
        _reference(study.settings.problem)


def _in_a_line(study: Snapshot) -> str:
    best, baseline, gain = study.best, study.baseline_value, study.gain
    units = plain(study.settings.problem.words.units)
    return ", ".join(
        [
            f"best {NONE_YET}" if best is None else f"best **{best.value:.4f}** (trial {best.number})",
            f"baseline ({units}) {_missing(study) if baseline is None else f'**{baseline:.4f}**'}",
            *([] if gain is None else [f"gain **{gain:+.2f}** points"]),
        ]
    )


def _missing(study: Snapshot) -> str:
    return NONE_YET if study.settings.baseline else "left out"


def _reference(problem: ProblemSpec, confidence: float = CONFIDENCE) -> None:
    if problem.reference and (figure := reference_of(problem, confidence)):
        _interval(f"{plain(capital(problem.reference.name.removeprefix('the ')))} (test)", figure)


def _interval(label: str, estimate: Estimate) -> None:
    _metric(label, f"{estimate.mean:.4f}", f"{estimate.low:.4f} to {estimate.high:.4f}")


def _metric(label: str, value: str, below: str | None = None) -> None:
    st.metric(label, value, below, delta_color="off", delta_arrow="off", width=METRIC)
