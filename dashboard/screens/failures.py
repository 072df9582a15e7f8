"""What went wrong, by reason: real failures first, what each has in common, and the newest story of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.parts.in_common import in_common, without_failure
from dashboard.parts.stories import Story, stories_of, story_of, story_of_network
from dashboard.site import Site
from dashboard.snapshot import Snapshot, column_of
from dashboard.source import View
from dashboard.text import plain
from search.confirmation.candidates import CONFIRMED, EXPLAINED, TESTED
from search.confirmation.looks import title
from search.errors import SearchError
from search.study.insight import searched
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
    if not found and not lost:
        st.success(f"Nothing failed. {_finished(study)}.", icon=":material/check_circle:")
        return
    failed, interrupted = ([each for each in found if each.state == state] for state in (FAILED, INTERRUPTED))
    st.markdown(f"{_finished(study)}; {sum(len(each.numbers) for each in interrupted):,} more interrupted.")
    if failed:
        _overview(failed)
        st.subheader("The newest story of each reason")
        for group in failed:
            with st.expander(plain(group.reason), expanded=group is failed[0], key=f"failed {group.reason}"):
                _group(site, study, store, group)
    elif interrupted:
        st.success("No trial failed by its own fault.", icon=":material/check_circle:")
    if lost:
        _networks(study, lost)
    if interrupted:
        _interruptions(site, study, store, interrupted)


def _finished(study: Snapshot) -> str:
    counts = study.counts
    return (
        f"{several(counts.finished, 'trial')} finished: {counts.complete:,} complete, {counts.pruned:,} pruned, "
        f"{counts.failed:,} failed"
    )


def _store(study: Snapshot) -> FailureStore | None:
    """Return where stories are; None where the study has no folder of its own here, which each story then says."""
    try:
        return stories_of(study)
    except SearchError:
        return None


def _overview(found: list[Group]) -> None:
    """List the reasons."""
    rows = [(each.reason, len(each.numbers), each.ended, _hosts(each)) for each in found]
    columns = ["Reason", "Trials", "The newest ended, local time", "Hosts"]
    number = st.column_config.NumberColumn(format="localized")
    st.dataframe(
        pd.DataFrame(rows, columns=columns), hide_index=True, column_config={"Trials": number},
        alt="Reasons of failures",
    )  # fmt: skip


def _hosts(group: Group) -> str:
    return ", ".join(group.hosts) or "not recorded"


def _interruptions(site: Site, study: Snapshot, store: FailureStore | None, found: list[Group]) -> None:
    """Show below the failures, and folded, what was nobody's fault."""
    amount = several(sum(len(each.numbers) for each in found), "interrupted trial")
    with st.expander(
        f"{amount}, by no fault of {'its' if amount.startswith('1 ') else 'their'} own", key="interrupted"
    ):
        st.caption(WHAT_INTERRUPTED_MEANS)
        _overview(found)
        for group in found:
            st.markdown(f"**{plain(group.reason)}**")
            _group(site, study, store, group)


def _group(site: Site, study: Snapshot, store: FailureStore | None, group: Group) -> None:
    """Show the trials of a reason, what they have in common, and the newest one's story."""
    newest = group.numbers[0]
    if len(group.numbers) > 1:
        st.markdown(plain(f"The newest, trial {newest}: {study.rows[newest]['failure'] or NO_REASON}"))
    _links(site, group.numbers)
    _common(study, group.numbers)
    if group.state == INTERRUPTED:
        ended = "Its search ended while it ran. " if group.reason == INTERRUPTED else ""
        st.markdown(ended + _successor(study.table, newest))
    number = next((each for each in group.numbers if store and store.path(each).exists()), newest)
    _story(story_of(study, number))


def _links(site: Site, numbers: Sequence[int]) -> None:
    """Lead to each trial of a reason, the newest first."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown("Trials:" if len(numbers) > 1 else "Trial:", width="content")
        for number in numbers[:NAMED]:
            site.link("trial", str(number), trial=str(number))
        if len(numbers) > NAMED:
            st.markdown(f"and {len(numbers) - NAMED:,} earlier ones", width="content")


def _common(study: Snapshot, numbers: Sequence[int]) -> None:
    """Say what trials that failed for one reason have in common, and how many others have it."""
    others = len(without_failure(study.table))
    if len(numbers) == 1 or not others:
        return
    columns = {name: column_of(name) for name in searched(study.settings)}
    found = in_common(study.table, numbers, columns)
    if not found:
        st.caption("No host and no range of a parameter sets them apart from the trials that did not fail.")
        return
    said = [
        f"All {len(numbers):,} {each.says}; of the {others:,} that did not fail, {each.others:,} "
        f"({100 * each.others / others:.0f} %)."
        for each in found
    ]
    st.markdown("\n".join(f"- {plain(line)}" for line in said))


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
        with st.expander(plain(f"{title(name)}, seed {seed}, on {examples}: {what}"), key=key):
            _story(story_of_network(study, key))


def _story(story: Story) -> None:
    """Show a story, or say in words why there is none."""
    st.caption(plain(story.where))
    if story.text is not None:
        st.code(story.text, language=None, wrap_lines=True, height="content" if len(story.text) < LONG else TALL)
