"""What can be taken away: exported files, kept models, and the report."""

from functools import partial
from pathlib import Path

import streamlit as st

from dashboard.model.exports import LARGEST, MOST_FILES, content_of, exports_of, files_of
from dashboard.model.kept import store_of
from dashboard.site import Site
from dashboard.snapshot import Snapshot
from search.errors import SearchError
from search.export.kept import Kept

UNITS = ("bytes", "kB", "MB", "GB", "TB")


def show(site: Site, study: Snapshot, models: list[Kept]) -> None:
    """Offer the files; each is read when it is asked for."""
    st.subheader("Files to take away")
    exports = exports_of(site.options.exports, study.name)
    for export in exports:
        _offer(f"Exported, in {export.folder}", list(files_of(export.folder)), export.folder)
    if not exports:
        st.caption(f"No export of this study is in {site.options.exports}.")
    try:
        home = store_of(study).folder.parent
    except SearchError:
        return  # the page has said why
    _offer("Kept models, as Keras reads them", [each.file for each in models], home)
    report = home / "report.html"
    if report.is_file():
        _offer("The study's report", [report], report.parent)
    else:
        st.caption(f"There is no report in {report}: `python -m search.report` writes one.")


def _offer(title: str, files: list[Path], home: Path) -> None:
    if not files:
        return
    st.markdown(f"**{title}**")
    with st.container(horizontal=True):
        for file in files[:MOST_FILES]:
            _button(file, home)
    if len(files) > MOST_FILES:
        st.caption(f"{MOST_FILES} of {len(files):,} files are offered.")


def _button(file: Path, home: Path) -> None:
    try:
        size = file.stat().st_size
    except OSError:
        return  # it has just gone
    if size > LARGEST:
        st.caption(f"{file} has {sized(size)}: too large to pass through the page.")
        return
    st.download_button(
        f"{file.relative_to(home)} ({sized(size)})",
        partial(content_of, file, home),
        file_name=file.name,
        mime="application/octet-stream",
        key=f"take {file}",
        on_click="ignore",
        icon=":material/download:",
        help=str(file),
    )


def sized(size: int) -> str:
    """Return a number of bytes in a unit that makes it short."""
    power, amount = 0, float(size)
    while amount >= 1000 and power < len(UNITS) - 1:  # noqa: PLR2004 (SI prefixes)
        power, amount = power + 1, amount / 1000
    return f"{amount:.0f} {UNITS[power]}" if power == 0 else f"{amount:.1f} {UNITS[power]}"
