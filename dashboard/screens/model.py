"""The best model: how good it is, an example to try it on, its mistakes, its weights, its card and its files."""

import streamlit as st

from dashboard.model.kept import kept_models, network_of
from dashboard.parts import example, mistakes, model_card, model_files, own_model, units
from dashboard.site import Site
from dashboard.snapshot import Snapshot
from dashboard.source import View
from dashboard.text import plain
from search.confirmation.wording import OUT_OF_DATE
from search.errors import SearchError
from search.export.kept import CHOSEN, Kept
from search.folder import folder_of
from search.terminal.words import capital
from trainable.problem import ProblemSpec

PARTS = ("Try it", "Mistakes", "Hidden units", "Card", "Files")
OWN_PARTS = ("Layers", "Card", "Files")  # of a person's own model


def show(site: Site) -> None:
    """Show the page."""
    st.title("Best model")
    study = site.view().study
    models, reason = _kept(study)
    site.live(lambda view: _follow(view, models))
    if not models:
        st.info(plain(reason), icon=":material/info:")
        model_card.show_exported(site, study)
        model_files.show(site, study, models)
        return
    shown = _choose(study.settings.problem, models)
    model_card.headline(study, shown)
    if study.settings.problem.code:
        _own_parts(site, study, models, shown)
        return
    try:
        network_of(shown)
    except SearchError as error:
        st.error(f"This model cannot be shown: {plain(str(error))}", icon=":material/broken_image:")
        model_files.show(site, study, models)
        return
    _parts(site, study, models, shown)


def _parts(site: Site, study: Snapshot, models: list[Kept], shown: Kept) -> None:
    problem = study.settings.problem
    tabs = dict(zip(PARTS, st.tabs(PARTS, key="part", bind="query-params"), strict=True))
    with tabs["Try it"]:
        example.show(site, problem, models, shown)
    with tabs["Mistakes"]:
        mistakes.show(site, problem, models, shown)
    with tabs["Hidden units"]:
        units.show(site, problem, shown)
    with tabs["Card"]:
        model_card.show(site, study, shown)
    with tabs["Files"]:
        model_files.show(site, study, models)


def _own_parts(site: Site, study: Snapshot, models: list[Kept], shown: Kept) -> None:
    """Show what can be shown of a person's own model, whose file and code no page runs."""
    tabs = dict(zip(OWN_PARTS, st.tabs(OWN_PARTS, key="part", bind="query-params"), strict=True))
    with tabs["Layers"]:
        own_model.show(study, shown)
    with tabs["Card"]:
        model_card.show(site, study, shown)
    with tabs["Files"]:
        model_files.show(site, study, models)


def _choose(problem: ProblemSpec, models: list[Kept]) -> Kept:
    """Let the person choose a kept model; the first one is the winner, or else the best."""
    asked = st.query_params.get("model")
    by_title = {_title(problem, models, each): each for each in models}
    title = st.selectbox("Model", list(by_title), key="model", bind="query-params")
    if asked is not None and asked not in by_title:
        st.warning(f"The model {asked!r} is not kept here any more; this is another one.")
    return by_title[str(title)]


def _title(problem: ProblemSpec, models: list[Kept], model: Kept) -> str:
    note = " (winner)" if model.is_winner else ""
    if model.how == CHOSEN:
        note = " (winner, not tested)"
    elif model == next((each for each in models if not each.is_final and each.how != CHOSEN), None):
        note = " (best kept trial)"
    data = f", trained on all {problem.training_size:,} {problem.examples}" if model.is_final else ""
    return f"{capital(model.configuration.title)}{data}{note}"


def _kept(study: Snapshot) -> tuple[list[Kept], str]:
    """Return the kept models, or none of them and why."""
    try:
        models = kept_models(study)
    except SearchError as error:
        return [], f"No model can be shown: {error}"
    if study.best is None:
        return models, "No trial is complete yet, so there is no model."
    return models, (
        f"No model of this study is kept in {folder_of(study.runs, study.name)}. A search keeps the models of its "
        "best trials where it is driven: if that is another machine, copy the folder here or name its home with --runs."
    )


def _follow(view: View, models: list[Kept]) -> None:
    """Show the page anew when other models are kept."""
    if view.study.evidence is not None and view.study.evidence.verdict and not view.study.is_current:
        st.caption(f"{capital(OUT_OF_DATE)}.")
    if _kept(view.study)[0] != models:
        st.rerun()
