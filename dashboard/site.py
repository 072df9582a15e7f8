"""What every page is given, and how a part of a page follows a running study."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from dashboard.options import Options
from dashboard.source import Source, View
from dashboard.text import plain
from search.errors import SearchError

REFRESH = 2.0  # seconds
GO = "go-to"  # session state: the page that is to be shown, and what goes into its address
STUDY = "study"  # in the address, and in the session state: the chosen study's name


@dataclass(frozen=True)
class Site:
    """What the person looks at.

    Attributes:
        options: The dashboard's command line.
        source: The studies.
        name: The chosen study.
        pages: By path in the address.
    """

    options: Options
    source: Source
    name: str
    pages: dict[str, Any] = field(default_factory=dict)

    def view(self) -> View:
        """Return the chosen study as it is now.

        Raises:
            SearchError: It cannot be read.
        """
        return self.source.view(self.name)

    def live(self, part: Callable[[View], None], every: float = REFRESH) -> None:
        """Show a part of a page, and show it anew every few seconds while the study runs; nothing else is touched.

        A study that cannot be read at the moment is said so in the part's place; the next look may find it again.
        """
        is_running = self.view().status.is_running

        @st.fragment(run_every=every if is_running else None)
        def refreshed() -> None:
            try:
                view = self.view()
            except SearchError as error:
                st.warning(
                    f"The study cannot be read at the moment: {plain(str(error))}", icon=":material/sync_problem:"
                )
                return
            part(view)

        refreshed()

    def go(self, path: str, **query: str | list[str]) -> None:
        """Show another page about the same study; `query` goes into its address.

        The whole page is run first, see `leave`: a part that is shown anew by itself would answer on the other page.
        """
        st.session_state[GO] = path, query
        st.rerun()

    def leave(self) -> None:
        """Go where `go` wants to."""
        if GO in st.session_state:
            path, query = st.session_state.pop(GO)
            st.switch_page(self.pages[path], query_params=query)  # the picker of the study puts it there, too

    def link(self, path: str, label: str, **query: str | list[str]) -> None:
        """Offer a link to another page about the same study."""
        st.page_link(self.pages[path], label=label, query_params={STUDY: self.name, **query})
