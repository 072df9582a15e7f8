"""How a page says whether a study is moving: who drives it, how far it is, how fast, and how to go on."""

from datetime import UTC, datetime, timedelta

import streamlit as st

from dashboard.snapshot import STATES, Snapshot
from dashboard.source import View
from dashboard.status import Phase, Status, continue_command
from search.confirmation.evidence import Evidence
from search.storage.lease import Holder
from search.terminal.words import capital, clock


def show_movement(view: View) -> None:
    """Say whether anyone drives the study, how far it is, and how to go on where no one does."""
    study, status = view
    if status.holder is not None:
        st.markdown(f":material/directions_run: **Running** on {_where(status.holder)}: {status.phase}.")
    elif status.phase == Phase.FINISHED:
        st.markdown(":material/check_circle: **Finished**: the study has all that was wanted of it.")
    elif status.phase == Phase.INTERRUPTED:
        st.markdown(":material/pause_circle: **Interrupted**: no one drives the study. Continue with:")
        st.code(continue_command(study), language="bash", wrap_lines=True)
    else:
        st.markdown(":material/stop_circle: **Not running**; no command recorded how many trials it wanted.")
    _tell_stop(view)
    if status.wanted and status.phase != Phase.FINISHED:
        share = min(status.finished / status.wanted, 1.0)
        st.progress(share, f"{status.finished:,} of {status.wanted:,} trials finished")
    if study.evidence is not None and status.phase == Phase.CONFIRMING:
        st.progress(*_confirmed(study.evidence))
    st.caption(" · ".join([*_counts(study), *_pace(status)]))


def _tell_stop(view: View) -> None:
    """Say why the search ended, where that was not because it had its trials."""
    stops = view.study.stops
    if stops and not stops[-1].is_usual and not view.status.is_running:
        st.markdown(f"{capital(stops[-1].detail)}.")


def _where(holder: Holder) -> str:
    since = datetime.fromisoformat(holder.since).astimezone()
    return f"{holder.host} (process {holder.pid} since {since:%d %b %H:%M:%S})"


def _confirmed(evidence: Evidence) -> tuple[float, str]:
    return evidence.done / evidence.total, f"{evidence.done} of {evidence.total} networks of the confirmation trained"


def _counts(study: Snapshot) -> list[str]:
    """Return how many trials are in which state, in words."""
    counts = study.table["state"].value_counts()
    return [f"**{counts[state]:,}** {state}" for state in STATES if state in counts] or ["no trial yet"]


def _pace(status: Status) -> list[str]:
    """Return what is known of speed and age, in words."""
    found = []
    if status.rate is not None:
        found.append(f"{status.rate:.1f} trials a minute")
    if status.remaining is not None:
        found.append(f"about {clock(status.remaining)} left for the trials")
    if status.utilization is not None:
        found.append(f"workers trained {status.utilization:.0%} of the time")
    if status.age is None:
        return found
    if status.is_running:
        age = f"{status.age:.0f} s" if status.age < 60 else clock(status.age)  # noqa: PLR2004 (a minute)
        return [*found, f"last change {age} ago"]
    last = (datetime.now(UTC) - timedelta(seconds=status.age)).astimezone()
    return [*found, f"last change on {last:%d %b %Y at %H:%M}"]
