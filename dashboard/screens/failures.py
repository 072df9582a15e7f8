"""What went wrong, by reason, with the newest story of each."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.parts.stories import Story, stories_of, story_of, story_of_network
from dashboard.site import Site
from dashboard.snapshot import Snapshot
from dashboard.source import View
from search.confirmation.candidates import CONFIRMED, EXPLAINED, TESTED
from search.confirmation.looks import title
from search.errors import SearchError
from search.study.study import INTERRUPTED
from search.terminal.words import several
from search.trials.failures import FailureStore
from trainable.keys import FAILURE

FAILED = "failed"
NO_REASON = "no reason recorded"
LONG, TALL = 3000, 400  # a story of more characters scrolls in so many pixels
NAMED = 20  # trials in a line
WHAT_INTERRUPTED_MEANS = (
    "An interrupted trial lost its worker or its search through no fault of its own. Its configuration is tried again "
    "as a new trial, and it does not count among the finished ones."
)


@dataclass(frozen=True)
class Group:
    """The trials that failed for one reason.

    Attributes:
        reason: Without what differs from trial to trial, where there are several.
        state: `failed` or `interrupted`.
        numbers: Of the trials, the newest first.
        ended: When the newest ended; None where that is not known.
        hosts: Names, as far as they are recorded.
    """

    reason: str
    state: str
    numbers: tuple[int, ...]
    ended: pd.Timestamp | None
    hosts: tuple[str, ...]


def groups(table: pd.DataFrame) -> list[Group]:
    """Return what failed by reason, the one with the newest trial first; numbers in a reason tell none apart."""
    lost = table[table["state"].isin([FAILED, INTERRUPTED])].sort_values("trial", ascending=False)
    reasons = lost["failure"].where(lost["failure"].notna(), NO_REASON).astype(str)
    kinds = reasons.str.replace(r"\d+", "N", regex=True)
    found = []
    for (kind, state), held in lost.groupby([kinds, "state"], sort=False):
        own = reasons[held.index].unique()
        newest = held.iloc[0]
        hosts = tuple(sorted(held["host"].dropna().unique()))
        ended = None if pd.isna(newest["ended"]) else newest["ended"]
        found.append(Group(own[0] if len(own) == 1 else str(kind), str(state), tuple(held["trial"]), ended, hosts))
    return found


def networks(attributes: Mapping[str, Any], kept: Iterable[str]) -> dict[str, str]:
    """Return the networks of the confirmation that failed: by key what became of it; `kept` have a story."""
    failed = {
        key: f"failed: {value[FAILURE]}"
        for key, value in attributes.items()
        if key.startswith((f"{CONFIRMED}:", f"{TESTED}:", f"{EXPLAINED}:")) and FAILURE in value
    }
    lost = {key: f"lost, and {'trained again' if key in attributes else 'not trained'} since" for key in kept}
    return failed | {key: what for key, what in lost.items() if key not in failed}


def show(site: Site) -> None:
    """Show the page."""
    st.title("Failures")
    site.live(lambda view: _failures(site, view))


def _failures(site: Site, view: View) -> None:
    study = view.study
    store = _store(study)
    found, lost = groups(study.table), networks(study.attributes, store.networks() if store else ())
    counts = study.counts
    interrupted = sum(len(each.numbers) for each in found if each.state == INTERRUPTED)
    finished = (
        f"{several(counts.finished, 'trial')} finished: {counts.complete} complete, {counts.pruned} pruned, "
        f"{counts.failed} failed"
    )
    if not found and not lost:
        st.success(f"Nothing failed. {finished}.", icon=":material/check_circle:")
        return
    st.markdown(f"{finished}; {interrupted} more interrupted.")
    if found:
        _overview(found)
        st.subheader("The newest story of each reason")
        for group in found:
            _group(site, study, store, group, is_open=group is found[0])
    if lost:
        _networks(study, lost)


def _store(study: Snapshot) -> FailureStore | None:
    """Return where stories are; None where the study has no folder of its own here, which each story then says."""
    try:
        return stories_of(study)
    except SearchError:
        return None


def _overview(found: list[Group]) -> None:
    """List the reasons."""
    rows = [(each.reason, len(each.numbers), each.state, each.numbers[0], each.ended, _hosts(each)) for each in found]
    columns = ["Reason", "Trials", "State", "Newest trial", "It ended, local time", "Hosts"]
    st.dataframe(pd.DataFrame(rows, columns=columns), hide_index=True, alt="Reasons of failures")
    if any(each.state == INTERRUPTED for each in found):
        st.caption(WHAT_INTERRUPTED_MEANS)


def _hosts(group: Group) -> str:
    return ", ".join(group.hosts) or "not recorded"


def _group(site: Site, study: Snapshot, store: FailureStore | None, group: Group, *, is_open: bool) -> None:
    """Show the newest trial of a reason and its story."""
    newest, count = group.numbers[0], len(group.numbers)
    with st.expander(_plain(group.reason), expanded=is_open, key=f"{group.state} {group.reason}"):
        if count > 1:
            st.markdown(_plain(f"The newest, trial {newest}: {study.rows[newest]['failure'] or NO_REASON}"))
        more = f" and {count - NAMED} earlier ones" if count > NAMED else ""
        st.markdown(f"Trials: {', '.join(map(str, group.numbers[:NAMED]))}{more}.")
        if group.state == INTERRUPTED:
            ended = "Its search ended while it ran. " if group.reason == INTERRUPTED else ""
            st.markdown(ended + _successor(study.table, newest))
        site.link("trial", f"Everything about trial {newest}", trial=str(newest))
        number = next((each for each in group.numbers if store and store.path(each).exists()), newest)
        _story(story_of(study, number))


def _successor(table: pd.DataFrame, number: int) -> str:
    """Say what became of the configuration of an interrupted trial."""
    after = table[table["retry_of"] == number]
    if after.empty:
        return (
            f"Trial {number} has no successor yet, or had not drawn all its parameters: another configuration takes "
            "its place then."
        )
    [row] = after.head(1).to_dict("records")
    return f"Trial {number} was tried again as trial {row['trial']}, which is {row['state']}."


def _networks(study: Snapshot, lost: Mapping[str, str]) -> None:
    """Show the networks of the confirmation that failed."""
    st.subheader("Networks of the confirmation")
    for key, what in lost.items():
        kind, name, seed = key.split(":")
        examples = f"all training {study.settings.problem.examples}" if kind == TESTED else "the training split"
        with st.expander(_plain(f"{title(name)}, seed {seed}, on {examples}: {what}"), key=key):
            _story(story_of_network(study, key))


def _story(story: Story) -> None:
    """Show a story, or say in words why there is none."""
    st.caption(_plain(story.where))
    if story.text is not None:
        st.code(story.text, language=None, wrap_lines=True, height="content" if len(story.text) < LONG else TALL)


def _plain(text: str) -> str:
    """Return a text so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~<>$:])", r"\\\1", text)
