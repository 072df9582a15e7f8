"""`streamlit run dashboard/app.py -- --storage URL`: pages about the studies of a storage."""

import sys
from importlib import import_module
from types import ModuleType

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from search.surroundings.packages import finding_for_dashboard

if get_script_run_ctx(suppress_warning=True) is None:
    print("error: Streamlit shows these pages: python -m streamlit run dashboard/app.py", file=sys.stderr)
    sys.exit(2)
if line := finding_for_dashboard():  # before anything is imported that it is about
    st.error(line, icon=":material/error:")
    st.stop()

from dashboard import sign_in
from dashboard.options import parse
from dashboard.site import REFRESH, Site
from dashboard.source import Source
from dashboard.text import plain
from search.errors import SearchError, UsageError
from search.storage.address import NOTHING_YET, location, shown
from search.terminal.quiet import quiet
from search.terminal.shell import command_line

# By path in the address, which is also the name of the module in `screens`: title and icon.
PAGES = {
    "overview": ("Overview", "insights"),
    "trials": ("Trials", "table_rows"),
    "trial": ("Trial", "query_stats"),
    "compare": ("Compare trials", "compare_arrows"),
    "parameters": ("Parameters", "tune"),
    "failures": ("Failures", "report"),
    "timeline": ("Timeline", "view_timeline"),
    "model": ("Best model", "neurology"),
    "studies": ("Compare studies", "difference"),
    "control": ("Run a search", "play_circle"),
}


def main() -> None:
    """Show the chosen page, or what is missing for it."""
    quiet(verbose=False)
    # A browser has an emoji, whereas Streamlit's other icons for the tab are fetched from the internet.
    st.set_page_config(page_title=sign_in.TITLE, page_icon="🔎", layout="wide")
    try:
        options = parse(sys.argv[1:])
    except UsageError as error:
        st.title(sign_in.TITLE)
        st.error(f"The dashboard was started with a wrong option: {error}", icon=":material/error:")
        return
    if not sign_in.passed():
        return
    source = Source(options.storage, options.runs)
    names, missing = _names(source)
    name = _pick(names) if names else ""
    site = Site(options, source, name)
    site.pages.update({path: _page(path, site) for path in PAGES if path != "control" or options.allow_control})
    page = st.navigation(list(site.pages.values()))
    if not names:
        _nothing_yet(source, missing)
        if options.allow_control:
            _screen("control").show_first(site)
        return
    try:
        _follow(site, names)
        page.run()
    except SearchError as error:
        st.error(plain(str(error)), icon=":material/error:")
        _try_again(site)


def _names(source: Source) -> tuple[list[str], SearchError | None]:
    """Return the studies, or none of them and why, where that is known."""
    try:
        return source.names(), None
    except SearchError as error:
        return [], error


def _pick(names: list[str]) -> str:
    """Let the person choose a study, at first the newest; it stands in the address, whichever it is."""
    with st.sidebar:
        asked = st.query_params.get("study")
        if asked is None:  # nothing was asked for yet, or `Site.go` left it out
            chosen = st.session_state.get("study")
            st.session_state["study"] = chosen if chosen in names else names[0]
        # Without a default of its own: a widget that has its default is left out of the address.
        name = st.selectbox("Study", names, index=None, key="study", bind="query-params") or names[0]
        if asked is not None and asked not in names:
            st.warning(f"There is no study {asked!r} here; this is {name!r}.")
    return str(name)


def _page(path: str, site: Site) -> st.Page:
    title, icon = PAGES[path]
    icon = f":material/{icon}:"
    return st.Page(lambda: _screen(path).show(site), title=title, icon=icon, url_path=path, default=path == "overview")


def _screen(path: str) -> ModuleType:
    """Load a page when it is opened: the first one does not wait for what the others need."""
    return import_module(f"dashboard.screens.{path}")


def _follow(site: Site, names: list[str]) -> None:
    """Say beside every page how the study does; show the page anew when that or the list of studies changes."""
    study, status = site.view()
    before = status.phase
    st.set_page_config(page_title=study.settings.problem.words.title)

    @st.fragment(run_every=REFRESH)
    def followed() -> None:
        try:
            status = site.view().status
            if status.phase != before or site.source.names() != names:
                st.rerun()
        except SearchError:
            st.rerun()  # the page says what is wrong
        wanted = "" if status.wanted is None else f" of {status.wanted:,}"
        st.caption(f"{status.phase.capitalize()} · {status.finished:,}{wanted} trials finished")

    with st.sidebar:
        followed()


@st.fragment(run_every=REFRESH)
def _try_again(site: Site) -> None:
    """Show the page again once the study can be read."""
    try:
        site.view()
    except SearchError:
        return
    st.rerun()


@st.fragment(run_every=REFRESH)
def _nothing_yet(source: Source, missing: SearchError | None) -> None:
    """Say what is missing, and look again until it is there."""
    if _names(source)[0]:
        st.rerun()
    st.title(sign_in.TITLE)
    if missing is not None and not str(missing).endswith(NOTHING_YET):
        st.warning(f"{missing}. It is looked at again every {REFRESH:.0f} seconds.", icon=":material/sync_problem:")
        return
    st.info(str(missing or f"{shown(source.url)} holds no study yet."))
    st.markdown("Start a search, and this page will show it:")
    place = location(shown(source.url), source.runs)
    st.code(command_line("search.run", "--trials", "50", *place), language="bash", wrap_lines=True)
    st.caption("A search with another storage is shown with `-- --storage URL` after the dashboard's command.")


main()
