"""Notes on a study and on its trials, and pins, as pages show them; written only where searches may be started."""

from collections.abc import Sequence

import streamlit as st

from dashboard.notes import LONGEST, Notes, NoteStore
from dashboard.parts.doing import do
from dashboard.site import Site
from dashboard.snapshot import Snapshot
from dashboard.text import plain
from search.errors import SearchError, UsageError
from search.study.study import IDENTITY


def store_of(site: Site, study: Snapshot) -> NoteStore | None:
    """Return where the notes of a study are; None where its name is not that of a folder."""
    try:
        return NoteStore(site.options, study.name, study.attributes.get(IDENTITY))
    except UsageError:
        return None


def notes_of(site: Site, study: Snapshot) -> Notes:
    """Return the notes of a study; none where they cannot be read, which `show_on_study` says."""
    store = store_of(site, study)
    try:
        return store.read() if store else Notes()
    except SearchError:
        return Notes()


def show_on_study(site: Site, study: Snapshot) -> None:
    """Show the note on a study, and let it be written."""
    store = store_of(site, study)
    if store is None:
        return
    try:
        notes = store.read()
    except SearchError as error:
        st.warning(f"Notes cannot be shown: {plain(str(error))}.", icon=":material/sticky_note_2:")
        return
    _show(notes.study)
    if store.may_write:
        _ask(store, None, notes.study, "Note on the study")


def show_on_trial(site: Site, study: Snapshot, number: int) -> None:
    """Show the note on a trial, and let it be written."""
    store, text = store_of(site, study), notes_of(site, study).trials.get(number, "")
    _show(text)
    if store is not None and store.may_write:
        _ask(store, number, text, f"Note on trial {number}")


def offer_pins(site: Site, study: Snapshot, numbers: Sequence[int]) -> None:
    """Offer to pin trials, or to pin them no longer where all of them are."""
    store = store_of(site, study)
    if store is None or not store.may_write:
        return
    are_pinned = set(numbers) <= notes_of(site, study).pinned
    label = "Unpin these" if are_pinned else "Pin these"
    icon = ":material/keep_off:" if are_pinned else ":material/keep:"
    if st.button(label, icon=icon, key="pins", help="Pinned trials come first in the table of all trials"):
        do(lambda: store.change(lambda notes: notes.with_pins(numbers, pinned=not are_pinned)))


def _show(text: str) -> None:
    if text:
        with st.container(border=True):
            st.text(text)  # as it is: it is no Markdown


def _ask(store: NoteStore, number: int | None, text: str, label: str) -> None:
    with st.popover(label, icon=":material/edit_note:"):
        # The text is part of the key: a note that somebody else has changed meanwhile is shown, and not written over.
        written = st.text_area(
            label, text, max_chars=LONGEST, key=f"note {number} {text}", label_visibility="collapsed",
            placeholder="What is worth knowing about it",
        )  # fmt: skip
        if st.button("Save the note", key=f"save {number}", type="primary"):
            do(lambda: store.change(lambda notes: notes.noted(number, written)))
