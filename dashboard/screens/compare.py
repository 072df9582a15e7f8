"""A few trials side by side, the baseline always among them."""

import streamlit as st

from dashboard.charts.curves import curves
from dashboard.marks import title_of
from dashboard.parts.facts import differing, side_by_side
from dashboard.site import Site
from dashboard.snapshot import Snapshot
from dashboard.text import plain
from search.terminal.words import value_of as in_words

KEY = "trials"  # in the address
MOST = 6  # trials besides the baseline: as many as there are colours
FIRST = 3  # that are compared before a person chooses: the best ones


def show(site: Site) -> None:
    """Show the page."""
    st.title("Compare trials")
    chosen = _pick(site.view().study)
    every = st.toggle("Show all parameters, also those that do not differ", key="all", bind="query-params")
    site.live(lambda view: _comparison(view.study, chosen, every=every))


def _pick(study: Snapshot) -> list[int]:
    """Ask which trials; at first the best, which then stand in the address: the best may be others tomorrow."""
    asked = st.query_params.get_all(KEY)
    if not asked and KEY not in st.session_state:
        others = [trial.number for trial in study.ranked if trial is not study.baseline]
        st.session_state[KEY] = others[:FIRST]
        st.query_params[KEY] = [str(number) for number in others[:FIRST]]
    chosen: list[int] = st.multiselect(
        "Trials (the baseline is always shown)", range(len(study.trials)), key=KEY, bind="query-params",
        max_selections=MOST, placeholder=f"Numbers of up to {MOST} trials", filter_mode="prefix", select_all=False,
    )  # fmt: skip
    known = set(map(str, range(len(study.trials))))
    if missing := [each for each in asked if each and each not in known]:
        st.warning(f"There is no trial {plain(', '.join(missing))}: the study has {len(known):,} trials, from 0 on.")
    if len(asked) > MOST:
        st.warning(f"The link names {len(asked)} trials; {MOST} at most are compared besides the baseline.")
    return chosen


def _comparison(study: Snapshot, chosen: list[int], *, every: bool) -> None:
    baseline = study.baseline.number if study.baseline else None
    trials = [trial for trial in chosen if trial < len(study.trials) and trial != baseline]
    trials += [] if baseline is None else [baseline]
    if not trials:
        st.info("Choose the trials to compare." if study.trials else "The study has no trial yet.")
        return
    if baseline is None:
        st.caption("There is no complete baseline trial to compare with.")
    _table(study, trials, every=every)
    st.subheader("Accuracy by epoch")
    titles = {trial: title_of(study, trial) for trial in trials}
    st.plotly_chart(curves(study.epochs(trials), titles, baseline), key="curves")


def _table(study: Snapshot, trials: list[int], *, every: bool) -> None:
    names = study.settings.problem.names
    shown = names if every else differing(study, trials)
    st.table(side_by_side(study, trials, shown))
    if len(trials) > 1 and (same := [name for name in names if name not in shown]):
        values = study.params(trials[0])
        st.caption("The same in all: " + plain(", ".join(f"{name} {in_words(values, name)}" for name in same)) + ".")
