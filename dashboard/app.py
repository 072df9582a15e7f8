"""`streamlit run dashboard/app.py -- --storage URL`: pages about the studies of a storage."""

import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from types import ModuleType

import streamlit as st
from streamlit.errors import StreamlitAPIException
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
from dashboard.site import REFRESH, STUDY, Site
from dashboard.source import Source
from dashboard.text import plain
from search.errors import SearchError, UsageError
from search.storage.address import NOTHING_YET, location, shown
from search.terminal.quiet import quiet
from search.terminal.shell import command_line

# By path in the address, which is also the name of the module in `screens`: title and icon.
PAGES = {
    "home": ("All studies", "list"),
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

HOME = "home"
ABOUT_ALL = ("studies", "control")  # pages that need no certain study: where none is chosen, they begin with the newest
LAST = "last-study"  # session state: which study was shown last
# The menu beside the pages, which names the study, is open in a window this wide.
ON_PHONE = """<style>
.st-key-named { margin: -1.5rem 0 -2rem; }
@media (min-width: 768px) { :has(> .st-key-named) { display: none; } }
</style>"""
BESIDE = 240  # pixels, of what stands beside the pages
LONG = 19  # characters of a name that the picker has room for


def main() -> None:
    """Show the chosen page, or what is missing for it."""
    quiet(verbose=False)
    # A browser has an emoji, whereas Streamlit's other icons for the tab are fetched from the internet.
    st.set_page_config(page_icon="🔎", layout="wide", initial_sidebar_state=BESIDE)
    try:
        options = parse(sys.argv[1:])
    except UsageError as error:
        _name_tab(sign_in.TITLE)
        st.title(sign_in.TITLE)
        st.error(f"The dashboard was started with a wrong option: {error}", icon=":material/error:")
        return
    if not sign_in.passed():
        _name_tab(sign_in.TITLE)
        return
    source = Source(options.storage, options.runs)
    names, missing = _names(source)
    site: Site

    def show(path: str) -> None:
        _screen(path).show(site)

    pages = {path: _page(path, show) for path in PAGES if path != "control" or options.allow_control}
    page = st.navigation(list(pages.values()))
    path = next(each for each, known in pages.items() if known is page)
    site = Site(options, source, _pick(names, path) if names else "", pages)
    site.leave()
    if not names:
        _name_tab(sign_in.TITLE)
        _nothing_yet(source, missing)
        if options.allow_control:
            _screen("control").show_first(site)
        return
    try:
        _show(site, names, path, page)
    except SearchError as error:
        st.error(plain(str(error)), icon=":material/error:")
        _try_again(site, names)


def _show(site: Site, names: list[str], path: str, page: st.Page) -> None:
    """Show a page; in its place which studies there are, where it is about one and that is not chosen, or not there."""
    if path == HOME:
        _name_tab(PAGES[HOME][0])
        page.run()
    elif not site.name:
        _name_tab(PAGES[HOME][0])
        _screen(HOME).choose(site, page.url_path)
    elif site.name not in names:
        _name_tab("No such study", site.name)
        _screen(HOME).missing(site, page.url_path, names)
    else:
        _name_tab(PAGES[path][0], site.name)
        _follow(site, names)
        _name_on_phone(site.name)
        page.run()
        if path == "trial" and (trials := site.view().study.trials):
            best = site.view().study.best
            chosen = st.session_state.get("trial")
            usual = best.number if best is not None else len(trials) - 1
            _name_tab(f"Trial {usual if chosen is None else chosen}", site.name)


def _names(source: Source) -> tuple[list[str], SearchError | None]:
    """Return the studies, or none of them and why, where that is known."""
    try:
        return source.names(), None
    except SearchError as error:
        return [], error


def _pick(names: list[str], path: str) -> str:
    """Let the person choose a study; it stands in the address, whichever it is.

    Returns:
        Its name, also of one that is not there (any more): nobody is shown another one in its place. Empty where the
        address names none and the page is about one of several.
    """
    asked = st.query_params.get(STUDY) or st.session_state.get(STUDY)
    if asked is None and path != "overview":  # a step back in the browser may lead between two pages
        asked = st.session_state.get(LAST)
    if asked is None and (len(names) == 1 or path in ABOUT_ALL):
        asked = names[0]
    if asked is not None and not st.query_params.get(STUDY):
        with suppress(StreamlitAPIException):  # the picker was there before: it takes the name to the address
            st.query_params[STUDY] = asked
        st.session_state[STUDY] = asked
    offered = names if asked is None or asked in names else [asked, *names]
    with st.sidebar:
        st.caption("Study")
        # Without a default of its own: a widget that has its default is left out of the address.
        name = st.selectbox(
            "Study", offered, index=None, key=STUDY, bind="query-params", required=True, placeholder="Choose a study",
            on_change=_screen(HOME).leave if path == HOME else None, label_visibility="collapsed",
        )  # fmt: skip
        if name is not None and len(name) > LONG:
            st.caption(plain(name))
    if name is None and asked is not None:  # after a step back Streamlit gives a widget what the address says: nothing
        st.rerun()
    if name is not None:
        st.session_state[LAST] = name
    return name or ""


def _name_tab(what: str, study: str = "") -> None:
    """Give the browser's tab its title: what it shows, and of which study."""
    st.set_page_config(page_title=f"{what} - {study}" if study else what)


def _name_on_phone(study: str) -> None:
    """Say on the page which study it is about, where the menu that says so is closed."""
    st.html(ON_PHONE)
    with st.container(key="named"):
        st.caption(f"Study **{plain(study)}**")


def _page(path: str, show: Callable[[str], None]) -> st.Page:
    title, icon = PAGES[path]
    return st.Page(
        lambda: show(path), title=title, icon=f":material/{icon}:", url_path=path, default=path == "overview"
    )


def _screen(path: str) -> ModuleType:
    """Load a page when it is opened: the first one does not wait for what the others need."""
    return import_module(f"dashboard.screens.{path}")


def _follow(site: Site, names: list[str]) -> None:
    """Say beside every page how the study does; show the page anew when that or the list of studies changes."""
    before = site.view().status.phase

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
def _try_again(site: Site, names: list[str]) -> None:
    """Show the page again once the study can be read, or is not there any more."""
    try:
        if site.source.names() == names:
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
