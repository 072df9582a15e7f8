"""A search that was started from here: while it starts, its Stop, its log, and how it ended."""

import signal
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard import sign_in
from dashboard.control import Launch, error_in, is_ending, launch_of, stop_launch, tail
from dashboard.parts.doing import do
from dashboard.site import REFRESH, STUDY, Site
from dashboard.text import plain
from search.errors import EXIT_DONE, SearchError

STARTED = (
    "control_started"  # in the session: the study that was chosen when a search was started here, and the search's
)
AT_ONCE = 0.2  # seconds
# By exit status; a process that had no time yet for handlers of its own ends by the signal itself.
SIGNALS = {130: "interrupted", -signal.SIGINT: "interrupted", 143: "terminated", -signal.SIGTERM: "terminated"}
SAYS_NOTHING_YET = (
    "The program is starting. It loads its libraries before it prints its first line: some seconds, and longer on a "
    "busy machine."
)


def note_start(site: Site, launch: Launch) -> None:
    """Remember what was started, for this person."""
    st.session_state[STARTED] = site.name, launch.study


def started_elsewhere(site: Site) -> Launch | None:
    """Return what this person started last, where it is not the chosen study."""
    _, study = st.session_state.get(STARTED, (None, ""))
    launch = launch_of(site.options, study)
    return launch if launch is not None and study != site.name else None


def is_there(site: Site, launch: Launch) -> bool:
    """Say whether the storage has the study of a search that was started."""
    try:
        return launch.study in site.source.names()
    except SearchError:  # there is no storage before the first search has made it
        return False


def show_start(site: Site, launch: Launch) -> None:
    """Show a search whose study is not there yet: that it starts, and how to stop it, or why it did not come to it."""
    st.subheader(plain(launch.study))
    if launch.exit_status is None:
        st.info("The search is starting. This page shows its study as soon as that is there.",
                icon=":material/hourglass_top:")  # fmt: skip
        offer_stop(site, launch)
    show_log(site, launch)


def offer_stop(site: Site, launch: Launch) -> None:
    """Offer to stop a search before it has its study."""
    if is_ending(launch):
        st.info("Interrupted; the search ends within seconds.", icon=":material/hourglass_bottom:")
        return
    ask_to_stop("Nothing of it is in its study yet.", lambda: stop_launch(site.options, launch))


def ask_to_stop(what_it_does: str, stop: Callable[[], Any]) -> None:
    """Ask once more before a search is stopped."""
    with st.popover("Stop the search", icon=":material/stop_circle:"):
        st.markdown(f"This interrupts the search as Ctrl-C does. {what_it_does}")
        if st.button("Yes, stop it now", type="primary"):
            do(stop)


def go_there(site: Site, launch: Launch) -> None:
    """Choose the study of a search that was started, once, unless another one has been chosen meanwhile.

    A study is chosen by the picker, and one that is shown can be given no other value: only a part of the page that is
    shown anew by itself can do that.
    """
    at, study = st.session_state.get(STARTED, (None, ""))
    if at != site.name or study != launch.study:
        return
    is_first = True

    @st.fragment(run_every=AT_ONCE)
    def going() -> None:
        nonlocal is_first
        if is_first:
            is_first = False
            return
        st.session_state[STARTED] = None, launch.study
        st.session_state[STUDY] = launch.study
        st.rerun()

    going()


def show_log(site: Site, launch: Launch) -> None:
    """Show what a search printed last, and how it does."""
    st.subheader(f"Log of {plain(launch.study)}")
    st.code(launch.command, language="bash", wrap_lines=True)
    _follow(site, launch)


def _follow(site: Site, launch: Launch) -> None:
    """Show the end of a log, anew every two seconds while the search runs."""
    was_running, was_there = launch.exit_status is None, is_there(site, launch)

    @st.fragment(run_every=REFRESH if was_running else None)
    def followed() -> None:
        try:
            sign_in.check()
        except SearchError:
            st.rerun()
        status = launch.exit_status
        if (was_running and status is not None) or is_there(site, launch) != was_there:
            st.rerun()  # there may be something to resume now, or to look at
        lines = tail(launch.log)
        _say_how_it_does(status, lines)
        if lines:
            st.code("\n".join(lines), language=None, wrap_lines=True)
        elif status is None:
            st.caption(SAYS_NOTHING_YET)
        st.caption(f"The whole log: {plain(str(launch.log))}")

    followed()


def _say_how_it_does(status: int | None, lines: Sequence[str]) -> None:
    if status is None:
        st.info("The search runs." if lines else "The search is starting.", icon=":material/play_circle:")
    elif status == EXIT_DONE:
        st.success("The search has ended: done.", icon=":material/check_circle:")
    elif status in SIGNALS:
        st.warning(f"The search was {SIGNALS[status]}.", icon=":material/stop_circle:")
    else:
        reason = error_in(lines) or "its log says why"
        st.error(f"The search ended with status {status}: {plain(reason)}", icon=":material/error:")
