"""One trial: its curve, parameters, times, failure, and the commands that repeat or export it."""

import json

import streamlit as st
from optuna.trial import TrialState

from dashboard.charts.curves import curves
from dashboard.marks import mark_of, title_of
from dashboard.model.kept import store_of
from dashboard.parts.facts import UNKNOWN, measured, parameters
from dashboard.parts.notes import show_on_trial
from dashboard.parts.stories import story_of
from dashboard.site import Site
from dashboard.snapshot import Snapshot
from dashboard.source import View
from dashboard.text import plain
from search.errors import SearchError, UsageError
from search.replay.comparison import epochs_to_compare
from search.report.recipe import export_command, replay_command
from search.study.study import queued_params
from search.terminal.words import capital, gain
from trainable.keys import ENVIRONMENT, FAILURE

KEY = "trial"  # in the address; without it the best is shown


def show(site: Site) -> None:
    """Show the page."""
    study, heading, asked = site.view().study, st.container(), st.query_params.get(KEY)
    if not study.trials:
        heading.title("Trial")
        site.live(_nothing_yet)
        return
    usual = study.best.number if study.best else len(study.trials) - 1
    number = _pick(study, usual)
    heading.title(f"Trial {number}")
    if asked and not asked.isdecimal():
        st.warning(f"{plain(repr(asked))} is no trial's number; this is trial {number}.")
    if number >= len(study.trials):
        st.warning(f"There is no trial {number}: the study has trials 0 to {len(study.trials) - 1}.")
        return
    show_on_trial(site, study, number)
    site.live(lambda view: _trial(view.study, number))


def _nothing_yet(view: View) -> None:
    if view.study.trials:
        st.rerun()
    st.info("The study has no trial yet.")


def _pick(study: Snapshot, usual: int) -> int:
    """Ask which trial; the usual one where nobody says."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        asked = st.number_input(
            "Number (empty: the best)", 0, value=None, step=1, key=KEY, bind="query-params", placeholder=str(usual),
            width=160,
        )  # fmt: skip
        number = usual if asked is None else int(asked)
        last = len(study.trials) - 1
        st.button("Previous", on_click=_turn_to, args=(number - 1,), disabled=not number)
        st.button("Next", on_click=_turn_to, args=(number + 1,), disabled=number >= last)
    return number


def _turn_to(number: int) -> None:
    st.session_state[KEY] = number


def _trial(study: Snapshot, number: int) -> None:
    if number >= len(study.trials):
        st.warning(f"There is no trial {number} any more.")
        return
    _headline(study, number)
    _failure(study, number)
    _kin(study, number)
    _curve(study, number)
    st.subheader("Parameters")
    st.table(parameters(study, number))
    _measured(study, number)
    _commands(study, number)


def _headline(study: Snapshot, number: int) -> None:
    row, baseline = study.rows[number], study.baseline_value
    value, mark = row["val_accuracy"], mark_of(study, number)
    columns = st.columns(3)
    columns[0].metric("State", capital(f"{row['state']}, {mark}" if mark else row["state"]), border=True)
    what = "val_accuracy" if row["state"] == "complete" else "val_accuracy, last epoch"
    columns[1].metric(what, "none" if value is None else f"{value:.4f}", border=True)
    unknown = "no baseline" if baseline is None else "none"
    difference = unknown if value is None or baseline is None else gain(value, baseline)
    columns[2].metric("Difference to the baseline", difference, border=True)


def _failure(study: Snapshot, number: int) -> None:
    """Say why a trial failed, and everything that is known of it."""
    reason = study.trials[number].user_attrs.get(FAILURE)
    if reason is None:
        return
    st.warning(f"{capital(study.rows[number]['state'])}: {plain(str(reason))}", icon=":material/error:")
    story = story_of(study, number)
    if story.text is None:
        st.caption(plain(story.where))
        return
    with st.expander("The whole story", icon=":material/article:"):
        st.caption(plain(story.where))
        st.code(story.text, language=None, wrap_lines=True)


def _kin(study: Snapshot, number: int) -> None:
    """Lead to the attempts at the same configuration before and after this one."""
    before, after = study.rows[number]["retry_of"], study.table["trial"][study.table["retry_of"] == number]
    if before is not None:
        _lead_to(before, f"It repeats trial {before}, which was interrupted")
    for successor in after:
        _lead_to(int(successor), f"Trial {successor} repeats it")


def _lead_to(number: int, label: str) -> None:
    if st.button(label, icon=":material/replay:", on_click=_turn_to, args=(number,)):
        st.rerun()  # the whole page, not only the part that is live


def _curve(study: Snapshot, number: int) -> None:
    st.subheader("Accuracy by epoch")
    baseline, best = (each.number if each else None for each in (study.baseline, study.best))
    shown = dict.fromkeys(each for each in (number, baseline, best) if each is not None)
    titles = {each: title_of(study, each) for each in shown}
    if not study.trials[number].intermediate_values:
        st.caption("The trial has reported no epoch.")
    beside = best if best not in (number, baseline) else None
    st.plotly_chart(curves(study.epochs(list(titles)), titles, baseline, beside), key="curve")


def _measured(study: Snapshot, number: int) -> None:
    st.subheader("What was measured")
    facts = measured(study, number)
    half = (len(facts) + 1) // 2
    for column, part in zip(st.columns(2), (list(facts.items())[:half], list(facts.items())[half:]), strict=True):
        column.table(dict(part), border="horizontal")
    digest = study.trials[number].user_attrs.get(ENVIRONMENT)
    environment = study.attributes.get(f"{ENVIRONMENT}:{digest}")
    if environment:
        with st.expander(f"Environment {digest}", icon=":material/computer:"):
            st.table({name: UNKNOWN if value is None else str(value) for name, value in environment.items()})


def _commands(study: Snapshot, number: int) -> None:
    st.subheader("Commands to copy")
    trial = study.trials[number]
    try:
        epochs_to_compare(trial)
        st.markdown("Train it again and compare each epoch:")
        st.code(replay_command(study, number), language="bash", wrap_lines=True)
    except UsageError as error:
        st.caption(f"It cannot be replayed: {str(error).removeprefix(f'--trial {number}: ')}.")
    refusal = _why_not_exported(study, number)
    if refusal is None:
        st.markdown("Take its model away:")
        st.code(export_command(study, number), language="bash", wrap_lines=True)
    else:
        st.caption(f"Its model cannot be exported: {refusal}.")
    if params := queued_params(trial):
        st.markdown("Its configuration with all digits, a line of a file for `--enqueue`:")
        st.code(json.dumps(params), language="json", wrap_lines=True)


def _why_not_exported(study: Snapshot, number: int) -> str | None:
    """Return why a trial's model cannot be taken away; None where it can."""
    if study.trials[number].state != TrialState.COMPLETE:
        return "only complete trials have one"
    try:
        models = store_of(study)
    except SearchError as error:
        return str(error)
    if models.path(number) is None:
        kept = ", ".join(map(str, models.kept())) or "none"
        return f"it is not kept in {models.folder}, which has those of the best trials only (kept: {kept})"
    return None
