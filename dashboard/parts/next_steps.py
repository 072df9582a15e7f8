"""The box that says what is to be done next about a study."""

import streamlit as st

from dashboard.site import Site
from dashboard.source import View
from dashboard.steps import FAILURES, SPACE_FILE, Step, steps_of
from dashboard.text import plain
from search.terminal.words import several

MOST = 3  # steps that are shown at once


def show_next(site: Site, view: View) -> None:
    """Show the next steps, each with its command or with a link to the page that helps; all but the first folded."""
    steps, failed = steps_of(view)[:MOST], view.study.counts.failed
    with st.container(border=True, gap="xsmall"):
        for place, step in enumerate(steps):
            if place == 0:
                st.markdown(f":material/arrow_forward: **Next:** {plain(step.text)}")
                _how(site, step)
            else:
                with st.expander(f"**Or:** {plain(step.text)}"):
                    _how(site, step)
        if failed and not any(step.page == FAILURES for step in steps):
            site.link(FAILURES, f"Why {several(failed, 'trial')} failed")


def _how(site: Site, step: Step) -> None:
    """Show what a step takes."""
    if step.file:
        st.caption(f"The file {SPACE_FILE}, which the command reads:")
        st.code(step.file, language="toml")
    if step.command:
        st.code(step.command, language="bash", wrap_lines=True)
    if step.page:
        site.link(step.page, step.label)
