"""Every trial in a table that can be filtered, sorted, compared, and taken away as CSV."""

import functools
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.filters import as_csv, ordered, pinned_first, progress
from dashboard.marks import mark_of
from dashboard.notes import Notes
from dashboard.parts.asking import ALWAYS, Asked, ask
from dashboard.parts.facts import formats
from dashboard.parts.notes import notes_of, offer_pins, show_on_study, show_on_trial
from dashboard.screens import compare
from dashboard.site import Site
from dashboard.snapshot import STATES, Snapshot
from dashboard.text import plain
from search.terminal.words import INACTIVE, gain

HEIGHT = 560  # pixels
ROW = 35  # pixels
AFTER = 1  # columns that are chosen, before the notes
PINNED = "pinned"
NAMED = 12  # checked trials in a line
# The colours of figures, dark enough for the white letters on them (a contrast of 4.5, WCAG 2).
COLOURS = {
    "complete": "#0072B2",
    "pruned": "#8F6200",
    "running": "#007A58",
    "failed": "#B85000",
    "interrupted": "#6E6E6E",
    "infeasible": "#5B6B6B",
    "waiting": "#4A5568",
}
FORMATS = {
    "trial": st.column_config.NumberColumn(pinned=True),
    "mark": st.column_config.TextColumn("role", width=100, help="The best trial, the baseline and pinned ones"),
    "state": st.column_config.MultiselectColumn(options=STATES, color=[COLOURS[state] for state in STATES], width=105),
    "note": st.column_config.TextColumn(width="medium", help="What somebody wrote about the trial"),
    "progress": st.column_config.TextColumn(width=85, help="Epochs run, of those that its configuration has"),
    "gain": st.column_config.NumberColumn("gain, points", format="%+.2f", help="Percentage points over the baseline"),
    "seconds": st.column_config.NumberColumn(format="%.1f", help="Of training"),
    "attempt": st.column_config.NumberColumn(help="Which attempt at its configuration a trial is"),
    "failure": st.column_config.TextColumn(width="medium"),
}
TABLE = "table"  # the table's key
OPENED = "trials-opened"  # session state: the trial whose row was clicked
CHECKED = "trials-checked"  # session state: the study, and its trials whose boxes are checked


def show(site: Site) -> None:
    """Show the page."""
    st.title("Trials")
    study = site.view().study
    show_on_study(site, study)
    asked = ask(study, notes_of(site, study).pinned)
    site.live(lambda view: _trials(site, view.study, asked))


def _trials(site: Site, study: Snapshot, asked: Asked) -> None:
    if not study.trials:
        st.info("The study has no trial yet.")
        return
    notes = notes_of(site, study)
    found = pinned_first(ordered(asked.filters.applied(study.table), asked.order), notes.pinned)
    st.markdown(f"**{len(found):,} of {len(study.table):,} trials.** {_summary(study)}")
    if found.empty:
        on = "; ".join(chip.says for chip in asked.chips)
        st.info(f"No trial passes these filters: {plain(on)}.", icon=":material/filter_list_off:")
        return
    _actions(site, study, found)
    _table(study, found, asked.columns, notes)
    if OPENED in st.session_state:
        site.go("trial", trial=str(st.session_state.pop(OPENED)))


def _summary(study: Snapshot) -> str:
    """Say which trial is the best, and how it compares."""
    best, baseline = study.best, study.baseline
    if best is None:
        return "None is complete, so there is no best one."
    text = f"Trial {best.number} is the best, with {best.value:.4f}"
    if baseline is None:
        return f"{text}; there is no complete baseline to compare it with."
    if baseline is best:
        return f"{text}: it is the baseline."
    gained = gain(float(best.value or 0), float(baseline.value or 0))
    return f"{text}: {gained} over the baseline, trial {baseline.number}."


def _actions(site: Site, study: Snapshot, found: pd.DataFrame) -> None:
    """Offer what can be done with the trials that are checked, and with all that are shown."""
    checked = _checked(study)
    others = [number for number in checked if study.baseline is None or number != study.baseline.number]
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Compare these", icon=":material/compare_arrows:", disabled=not 0 < len(others) <= compare.MOST,
            help=f"The trials whose boxes are checked, at most {compare.MOST} besides the baseline",
        ):  # fmt: skip
            site.go("compare", **{compare.KEY: [str(number) for number in others]})
        content = functools.partial(as_csv, found, study.settings.problem)
        st.download_button(
            "Download these trials as CSV", content, f"{study.name}-trials.csv", "text/csv",
            help="All columns, with all digits", icon=":material/download:", on_click="ignore",
        )  # fmt: skip
        if checked:
            st.button("Uncheck all", type="tertiary", on_click=_check, args=(study, []))
            st.markdown(f"Checked: {_named(checked)}")
            offer_pins(site, study, checked)
    if len(checked) == 1:
        show_on_trial(site, study, checked[0])


def _named(numbers: Sequence[int]) -> str:
    """Return trials in a line."""
    more = f" and {len(numbers) - NAMED:,} more" if len(numbers) > NAMED else ""
    return f"trial{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers[:NAMED]))}{more}"


def _shown(study: Snapshot, found: pd.DataFrame, columns: list[str], notes: Notes) -> pd.DataFrame:
    """Return the table as it is shown: with what sets trials apart, and with notes where there are any."""
    marked = {trial.number for trial in (study.best, study.baseline) if trial is not None} | notes.pinned
    pins = dict.fromkeys(notes.pinned, PINNED)
    marks = {number: ", ".join(filter(None, [mark_of(study, number), pins.get(number)])) for number in marked}
    shown = found.assign(
        mark=[marks.get(number, "") for number in found["trial"]],
        progress=progress(found),
        state=pd.Series([[state] for state in found["state"]], index=found.index),
        note=pd.Series([notes.trials.get(number) for number in found["trial"]], index=found.index, dtype=object),
    )
    noted = [] if shown["note"].isna().all() else ["note"]
    return shown[[*ALWAYS, *columns[:AFTER], *noted, *columns[AFTER:]]]


def _table(study: Snapshot, found: pd.DataFrame, columns: list[str], notes: Notes) -> None:
    shown = _shown(study, found, columns, notes)
    numbers, problem = found["trial"].tolist(), study.settings.problem
    accuracy = st.column_config.NumberColumn(format="%.4f", help=f"Share of the validation {problem.examples}")
    _check_rows(study, numbers)
    st.dataframe(
        shown,
        height=min(HEIGHT, ROW * (len(shown) + 1) + 3),
        hide_index=True,
        column_config=FORMATS | formats(study) | {"val_accuracy": accuracy},
        key=TABLE,
        on_select=lambda: _selected(study, numbers),
        selection_mode=["multi-row", "single-cell"],
        placeholder="" if study.settings.space.is_fixed else INACTIVE,
        alt="Trials, a row each",
    )
    st.caption(
        "A click on a row opens its trial, the boxes at the left choose what to compare, a column's title sorts by it."
    )


def _selected(study: Snapshot, numbers: list[int]) -> None:
    """Note what was clicked, by the rows that the person saw: there may be others since."""
    selection: Any = st.session_state[TABLE]["selection"]
    rows = [numbers[row] for row in selection["rows"] if row < len(numbers)]
    shown = set(numbers)
    _check(study, [number for number in _checked(study) if number not in shown] + rows)
    for row, _ in selection["cells"]:
        if row < len(numbers):
            st.session_state[OPENED] = numbers[row]


def _checked(study: Snapshot) -> list[int]:
    """Return the trials of the study whose boxes are checked, also those that a filter hides."""
    name, numbers = st.session_state.get(CHECKED, ("", []))
    return [number for number in numbers if name == study.name and number < len(study.trials)]


def _check(study: Snapshot, numbers: list[int]) -> None:
    st.session_state[CHECKED] = study.name, numbers


def _check_rows(study: Snapshot, numbers: list[int]) -> None:
    """Keep the boxes with their trials: the browser knows only rows, which are others once the table has changed."""
    rows = {number: row for row, number in enumerate(numbers)}
    wanted = [rows[number] for number in _checked(study) if number in rows]
    held = list(st.session_state[TABLE]["selection"]["rows"]) if TABLE in st.session_state else []
    if wanted != held:
        st.session_state[TABLE] = {"selection": {"rows": wanted}}
