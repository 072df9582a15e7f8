"""How a page says whether a study is moving: who drives it, how far it is, and how fast."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from dashboard.snapshot import STATES, Snapshot
from dashboard.source import View
from dashboard.status import Phase
from dashboard.text import lasting, plain
from search.confirmation.evidence import Evidence
from search.storage.lease import Holder
from search.terminal.words import capital


def show_movement(view: View) -> None:
    """Say whether anyone drives the study, and how far it is."""
    study, status = view
    st.markdown(_state(view))
    st.caption(" · ".join([*_counts(study), *_pace(view)]))
    _tell_stop(view)
    if status.wanted and status.phase != Phase.FINISHED:
        share = min(status.finished / status.wanted, 1.0)
        st.progress(share, f"{status.finished:,} of {status.wanted:,} trials finished")
    if study.evidence is not None and status.phase == Phase.CONFIRMING:
        st.progress(*_confirmed(study.evidence))
    if status.is_silent and status.age is not None:
        st.warning(
            f"Nothing new for {lasting(status.age)}, and by what was trained so far {lasting(status.usual)} is long. "
            "The driver gives signs of life: its terminal, or its log, may say what it waits for.",
            icon=":material/hourglass_disabled:",
        )


def _state(view: View) -> str:
    """Return whether anyone drives the study, in words."""
    if view.status.holder is not None:
        where = _where(view.study, view.status.holder)
        return f":material/directions_run: **Running** on {where}: {view.status.phase}."
    if view.status.phase == Phase.FINISHED:
        return ":material/check_circle: **Finished** with all that was wanted."
    if view.status.phase == Phase.INTERRUPTED:
        return ":material/pause_circle: **Interrupted**: no one drives the study."
    return ":material/stop_circle: **Not running**; no command recorded how many trials it wanted."


def _tell_stop(view: View) -> None:
    """Say why the search ended, where that was not because it had its trials."""
    stops = view.study.stops
    if stops and not stops[-1].is_usual and not view.status.is_running:
        st.markdown(f"{capital(stops[-1].detail)}.")


def _where(study: Snapshot, holder: Holder) -> str:
    since = study.local(datetime.fromisoformat(holder.since))
    return f"{plain(holder.host)} (process {holder.pid} since {since:%d %b %H:%M:%S})"


def _confirmed(evidence: Evidence) -> tuple[float, str]:
    return evidence.done / evidence.total, f"{evidence.done} of {evidence.total} networks of the confirmation trained"


def _counts(study: Snapshot) -> list[str]:
    """Return how many trials are in which state, in words."""
    counts = study.table["state"].value_counts()
    return [f"**{counts[state]:,}** {state}" for state in STATES if state in counts] or ["no trial yet"]


def _pace(view: View) -> list[str]:
    """Return what is known of speed and age, in words."""
    study, status = view
    found = []
    if status.rate is not None:
        found.append(f"{status.rate:.1f} trials a minute")
    if status.remaining is not None:
        confirmed = study.goal is not None and study.goal.extent is not None
        found.append(f"about {lasting(status.remaining)} left{', with the confirmation' if confirmed else ''}")
    if status.utilization is not None:
        found.append(f"workers trained {status.utilization:.0%} of the time")
    if status.age is None:
        return found
    if status.is_running:
        what = "last change" if status.age <= status.watched else "a trial last began or ended"
        return [*found, f"{what} {lasting(status.age)} ago"]
    last = study.local(datetime.now(UTC) - timedelta(seconds=status.age))
    return [*found, f"last change on {last:%d %b %Y at %H:%M}"]
