"""Studies side by side: best over time, verdicts, spaces."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.progress import studies_chart
from dashboard.site import Site
from dashboard.snapshot import Snapshot
from dashboard.source import View
from dashboard.style import LINES
from dashboard.text import plain, short
from search.errors import SearchError
from search.report.findings import headline_of
from search.study.insight import said_of
from search.study.space import Space
from search.terminal.words import POINTS, value_of

NONE = "none"
MOST = len(LINES)  # lines that can be told from each other
OTHER_DATA = "These studies were made with different data: their accuracies cannot be compared."


def show(site: Site) -> None:
    """Show the page."""
    st.title("Compare studies")
    names = site.source.names()
    first = [site.name, *(name for name in names if name != site.name)]
    chosen = st.multiselect("Studies", names, default=first[:2], key="studies", max_selections=MOST,
                            bind="query-params")  # fmt: skip
    if len(names) == 1:
        st.info("The storage holds one study only. A search with another `--study` gives it something to compare with.")
    if not chosen:
        st.info("Choose at least one study above.")
        return
    _followed(site, chosen).live(partial(_studies, site, chosen))


def _followed(site: Site, names: Sequence[str]) -> Site:
    """Return the site of a study that runs, where one does: the page follows it."""
    running = (name for name, view in _readable(site, names).items() if view.status.is_running)
    return replace(site, name=next(running, site.name))


def _readable(site: Site, names: Sequence[str], *, say_why: bool = False) -> dict[str, View]:
    """Return the studies that can be read; on demand, say of the others why they cannot."""
    found = {}
    for name in names:
        try:
            found[name] = site.source.view(name)
        except SearchError as error:
            if say_why:
                st.warning(f"{plain(name)}: {plain(str(error))}", icon=":material/block:")
    return found


def _studies(site: Site, names: Sequence[str], _: View) -> None:
    views = _readable(site, names, say_why=True)
    if not views:
        return
    studies = {name: view.study for name, view in views.items()}
    alike = _alike(studies)
    if len(alike) > 1:
        st.warning(OTHER_DATA, icon=":material/warning:")
    st.subheader("Results")
    st.table(pd.DataFrame({name: results(view) for name, view in views.items()}).fillna(NONE))
    st.subheader("Best value over finished trials")
    for position, group in enumerate(alike):
        if len(alike) > 1:
            st.markdown(f"On {plain(next(iter(group.values())).settings.problem.name)}: {', '.join(group)}")
        figure = studies_chart({name: study.table for name, study in group.items()})
        if figure.data:
            st.plotly_chart(figure, key=f"best of studies {position}")
        else:
            st.info("No trial of these studies is complete yet.")
    st.subheader("How they search")
    st.table(marked(pd.DataFrame({name: searched(study) for name, study in studies.items()}).fillna(NONE)))
    st.caption("Lines in bold with ≠ differ between the studies.")


def _alike(studies: Mapping[str, Snapshot]) -> list[dict[str, Snapshot]]:
    """Return the studies in groups of the same data, whose accuracies can be compared."""
    groups: dict[Any, dict[str, Snapshot]] = {}
    for name, study in studies.items():
        groups.setdefault(tuple(sorted(study.settings.data.items())), {})[name] = study
    return list(groups.values())


def results(view: View) -> dict[str, str]:
    """Return what came out of a study, by what it is called."""
    study, counts = view.study, view.study.counts
    best, wanted = study.best, view.status.wanted
    return {
        "data": plain(short(study.settings.problem.name)),
        "state": str(view.status.phase),
        "verdict": headline_of(study).word + ("" if study.is_current or not _verdict(study) else ", out of date"),
        "difference on the test data": _difference(study),
        "best val_accuracy": NONE if best is None else f"{best.value:.4f} (trial {best.number})",
        "baseline's val_accuracy": NONE if study.baseline_value is None else f"{study.baseline_value:.4f}",
        "gain, one seed each": NONE if study.gain is None else f"{study.gain:+.2f} points",
        "finished trials": f"{counts.finished:,}" + (f" of {wanted:,}" if wanted else ""),
        "complete, pruned, failed": f"{counts.complete:,}, {counts.pruned:,}, {counts.failed:,}",
        "running": f"{counts.running:,}",
    }


def _verdict(study: Snapshot) -> bool:
    return study.evidence is not None and study.evidence.verdict is not None


def _difference(study: Snapshot) -> str:
    """Return the difference with its interval, percentage points."""
    verdict = study.evidence.verdict if study.evidence is not None else None
    if verdict is None or verdict.difference is None:
        return NONE
    mean, low, high = (POINTS * each for each in vars(verdict.difference).values())
    return f"{mean:+.2f} points ({low:+.2f} to {high:+.2f})"


def searched(study: Snapshot) -> dict[str, str]:
    """Return what a study was made with, by what it is called."""
    settings = study.settings
    spaces = {plain(name): plain(_values(name, settings.space)) for name in settings.problem.names}
    return spaces | {
        "sampler": settings.sampler,
        "pruner": settings.pruner,
        "seed": str(settings.seed),
        "precision": settings.precision,
        "baseline trial": "yes" if settings.baseline else "no",
    }


def _values(name: str, space: Space) -> str:
    """Return over what a parameter is searched, in words."""
    if name not in space.distributions:
        return f"{value_of(space.problem.baseline, name)}, not searched"
    return said_of(space, name, log="log scale")


def marked(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in Markdown whose lines are bold and marked where the columns differ."""
    differs = table.ne(table.iloc[:, 0], axis=0).any(axis=1)
    bold = table.map(lambda text: f"**{text}**")
    named = [f"**{name} ≠**" if each else name for name, each in differs.items()]
    return table.where(~differs, bold, axis=0).set_axis(named)
