"""Start, stop and resume searches from the page; only where the dashboard was started with `--allow-control`."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import models
from dashboard.control import (
    Launch,
    is_stopping,
    launch_of,
    parsed,
    reason_not_to_stop,
    shown_command,
    start,
    stop,
)
from dashboard.data import named_source
from dashboard.model.predictions import check_unchanged
from dashboard.parts.doing import do
from dashboard.parts.launches import (
    ask_to_stop,
    go_there,
    is_there,
    note_start,
    offer_stop,
    show_log,
    show_start,
    started_elsewhere,
)
from dashboard.site import STUDY, Site
from dashboard.source import View
from dashboard.status import Phase, continue_arguments, continue_command
from dashboard.text import plain
from search.errors import SearchError
from search.run.options import MOST_WORKERS
from search.storage.lease import Holder
from search.study.names import DEFAULT_PRUNER, DEFAULT_SAMPLER, PRUNER_NAMES, SAMPLER_NAMES
from trainable.parameter import MAX_SEED
from trainable.problem import ProblemSpec
from trainable.problems import BUILT_IN

SWITCHES = ("baseline", "confirm", "test")  # on, unless --no-NAME says otherwise
BUILT_IN_MODEL = "built in"
WHAT_STOPPING_DOES = (
    "Trials in flight are recorded as interrupted and tried again when the study goes on; nothing that has finished is "
    "lost."
)


def show(site: Site) -> None:
    """Show the page."""
    st.title("Run a search")
    if not site.options.allow_control:
        st.error("This dashboard looks only; it was started without `--allow-control`.", icon=":material/lock:")
        return
    launch, own = started_elsewhere(site), launch_of(site.options, site.name)
    is_new = launch is not None and not is_there(site, launch)
    if launch is not None and is_new:
        show_start(site, launch)
    if not is_new or (launch is not None and launch.exit_status is not None):
        _study(site, site.view(), own)
        if own is not None:
            show_log(site, own)
    if launch is not None and not is_new:
        _lead_to(site, launch)
    _form(site)


def show_first(site: Site) -> None:
    """Offer to start the first search of a storage, below what says that there is none yet."""
    if not site.options.allow_control:
        return
    launch = started_elsewhere(site)
    if launch is not None:
        show_start(site, launch)
    if launch is None or launch.exit_status is not None:
        _form(site)


def _lead_to(site: Site, launch: Launch) -> None:
    """Show the search that this person started last, besides the chosen study, or choose its study."""
    go_there(site, launch)
    show_log(site, launch)
    overview = site.pages["overview"]
    st.page_link(overview, label=f"Overview of {plain(launch.study)}", query_params={STUDY: launch.study})


def _study(site: Site, view: View, launch: Launch | None) -> None:
    """Say how the chosen study does, and offer what can be done about it."""
    st.subheader(plain(site.name))
    site.live(_progress)
    status = view.status
    if status.holder is not None:
        _offer_stop(site, status.holder)
    elif launch is not None and launch.exit_status is None:
        st.info("The search is starting; its log is below.", icon=":material/hourglass_top:")
        offer_stop(site, launch)
    elif status.phase == Phase.INTERRUPTED:
        _offer_resume(site, view)


def _progress(view: View) -> None:
    status = view.status
    wanted = f" of {status.wanted:,}" if status.wanted else ""
    st.markdown(f"**{str(status.phase).capitalize()}**: {status.finished:,}{wanted} trials finished.")
    if status.holder is not None:
        st.text(f"Driven by {status.holder}")  # as text: the storage says the host's name, and it may say anything


def _offer_stop(site: Site, holder: Holder) -> None:
    if is_stopping(holder):
        st.info("Interrupted; the search ends within seconds.", icon=":material/hourglass_bottom:")
    elif reason := reason_not_to_stop(holder):
        st.text(reason)
    else:
        ask_to_stop(WHAT_STOPPING_DOES, lambda: stop(site.options, holder))


def _offer_resume(site: Site, view: View) -> None:
    arguments, problem = continue_arguments(view.study), view.study.settings.problem
    try:
        if problem.code:
            arguments += _model_of(site, problem)
        command = shown_command(site.options, problem, arguments)
    except SearchError as error:
        _say_what_to_type(view, str(error))
        return
    st.markdown("It has not all that its last command wanted. This command goes on:")
    st.code(command, language="bash", wrap_lines=True)
    if st.button("Resume the search", icon=":material/resume:", type="primary"):
        _launch(site, problem, arguments)


def _model_of(site: Site, problem: ProblemSpec) -> list[str]:
    """Return the option that names the file of a study of a person's own model.

    Raises:
        SearchError: It is none of those that the page may run as they are.
    """
    name = models.file_of(site.options, problem)
    if name is None:
        raise SearchError(
            f"It goes on with {problem.code['name']} as it was, which is not in the folder that this dashboard was "
            "given with --models."
        )
    if function := problem.code.get("function"):
        raise SearchError(f"It goes on with {function} of {problem.code['name']}, and no page says what a file runs.")
    return models.arguments_for(site.options, name)


def _say_what_to_type(view: View, why: str) -> None:
    """Say how a study goes on that the page cannot go on with, and why it cannot."""
    st.markdown("It has not all that its last command wanted.")
    st.markdown(plain(why))
    st.markdown("At a terminal this command goes on:")
    st.code(continue_command(view.study), language="bash", wrap_lines=True)


def _form(site: Site) -> None:
    st.subheader("Start another search" if site.name else "Start a search")
    problem = site.view().study.settings.problem if site.name else BUILT_IN
    st.caption(f"On {plain(problem.name)}" + (", as the chosen study." if site.name else "."))
    try:
        model = _ask_model(site, problem)
        arguments = [*model, *_arguments(_wishes(problem))]
        parsed(site.options, problem, arguments)
        command = shown_command(site.options, problem, arguments)
    except SearchError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    st.markdown("The button runs this, as a process that goes on when the dashboard ends:")
    st.code(command, language="bash", wrap_lines=True)
    if st.button("Start the search", icon=":material/play_circle:", type="primary"):
        _launch(site, problem, arguments)


def _ask_model(site: Site, problem: ProblemSpec) -> list[str]:
    """Ask which model to search, of those that are offered; return the option that says it."""
    names = models.offered(site.options)
    if not names:
        return []
    usual = models.file_of(site.options, problem) if problem.code else None
    chosen = st.selectbox(
        "Model", [BUILT_IN_MODEL, *names], index=names.index(usual) + 1 if usual else 0,
        help=f"A file of {site.options.models}; the search runs it.",
    )  # fmt: skip
    return models.arguments_for(site.options, None if chosen == BUILT_IN_MODEL else chosen)


def _wishes(problem: ProblemSpec) -> dict[str, Any]:
    """Ask what to search, and how; return options of `search.run` with their values, None where nothing is said."""
    wishes: dict[str, Any] = {}
    left, middle, right = st.columns(3)
    wishes["study"] = left.text_input(
        "Study", placeholder="a name from the time", help="A study that is there is continued."
    ).strip()
    wishes["trials"] = middle.number_input(
        "Trials", min_value=1, value=50, help="That the study shall have finished in the end."
    )
    wishes["workers"] = right.number_input(
        "Workers", min_value=1, max_value=MOST_WORKERS, value=None, placeholder="the CPUs there are",
        help="Trials at once.",
    )  # fmt: skip
    left, middle, right = st.columns(3)  # a second row: on a narrow screen columns stand below each other
    wishes["sampler"] = left.selectbox(
        "Sampler", SAMPLER_NAMES, index=None, placeholder=f"{DEFAULT_SAMPLER}, or the study's"
    )
    wishes["pruner"] = middle.selectbox(
        "Pruner", PRUNER_NAMES, index=None, placeholder=f"{DEFAULT_PRUNER}, or the study's"
    )
    wishes["seed"] = right.number_input(
        "Seed", min_value=0, max_value=MAX_SEED, value=None, placeholder="random, recorded"
    )
    wishes["space"] = st.text_input(
        "Space: a TOML file on this machine",
        placeholder="the space that fits the data" if problem.source else "the built-in space",
        help="A table for each parameter, as for `--space`.",
    ).strip()
    wishes["baseline"] = st.checkbox(
        "Begin with the baseline", value=True, help="Trial 0; a space in which it does not lie has to do without it."
    )
    wishes["confirm"] = st.checkbox(
        "Confirm the result", value=True, help="Trains the best and the baseline again, with fresh seeds: the verdict."
    )
    wishes["test"] = st.checkbox(
        "Test the winner", value=True, help="Without it nothing is scored on test examples, and there is no verdict."
    )
    return wishes


def _arguments(wishes: dict[str, Any]) -> list[str]:
    """Return what the form says as arguments of `search.run`."""
    said = {name: str(value) for name, value in wishes.items() if name not in SWITCHES and value not in (None, "")}
    valued = [part for name, value in said.items() for part in (f"--{name}", value)]
    return valued + [f"--no-{name}" for name in SWITCHES if not wishes[name]]


def _launch(site: Site, problem: ProblemSpec, arguments: Sequence[str]) -> None:
    def begin() -> None:
        source = named_source(problem, site.options.data)
        if problem.source and source is not None and not source.is_code:  # it would take whatever is there by now
            check_unchanged(problem, site.options.data)
        note_start(site, start(site.options, problem, arguments))

    do(begin)
