"""`streamlit run dashboard/app.py -- --storage URL`: one page about one study, which updates itself."""

import sys

import streamlit as st
from optuna.storages import RDBStorage

from dashboard.charts import epochs_chart, trials_chart
from dashboard.options import storage_url
from dashboard.queries import Snapshot, read_snapshot, study_names
from search.errors import SearchError
from search.storage import open_read_only, shown, sqlite_file

REFRESH = 2.0  # seconds
CURVES = 5  # trials whose curves are shown before the person chooses


@st.cache_resource
def _opened(url: str, _inode: int) -> RDBStorage:
    return open_read_only(url)


def _storage(url: str) -> RDBStorage:
    """Return the storage, opened anew where another file has taken the place of the one that was open."""
    file = sqlite_file(url)
    return _opened(url, file.stat().st_ino if file and file.exists() else 0)


def main() -> None:
    """Show the page, or what is missing for it."""
    st.set_page_config(page_title="MNIST search", page_icon=":material/search:", layout="wide")
    st.title("MNIST search")
    url = storage_url(sys.argv[1:])
    names, reason = _names(url)
    if not names:
        _nothing_yet(url, reason)
        return
    name = st.selectbox("Study", names, key="study", bind="query-params")
    _page(url, name, names)


def _names(url: str) -> tuple[list[str], str]:
    """Return the studies, or none of them and why."""
    try:
        return study_names(_storage(url)), f"{shown(url)} holds no study yet."
    except SearchError as error:
        return [], str(error)


@st.fragment(run_every=REFRESH)
def _nothing_yet(url: str, reason: str) -> None:
    """Say what is missing, and look again until it is there."""
    if _names(url)[0]:
        st.rerun()
    st.info(reason)
    st.markdown("Start a search, and this page will show it:")
    st.code("python -m search.run --trials 50", language="bash")
    st.caption("A search with another storage is shown with `-- --storage URL` after the dashboard's command.")


@st.fragment(run_every=REFRESH)
def _page(url: str, name: str, names: list[str]) -> None:
    """Read the study anew and show it; runs again by itself."""
    try:
        storage = _storage(url)
        if study_names(storage) != names:
            st.rerun()  # the picker stands outside of what runs again by itself
        snapshot = read_snapshot(storage, name)
    except SearchError as error:
        st.error(str(error))
        return
    _headline(snapshot)
    baseline = snapshot.baseline.value if snapshot.baseline else None
    st.subheader("Every trial against the baseline")
    st.plotly_chart(trials_chart(snapshot.table, baseline), key="trials_chart")
    _curves(snapshot)
    _table(snapshot)


def _headline(snapshot: Snapshot) -> None:
    best, baseline, gain, counts = snapshot.best, snapshot.baseline, snapshot.gain, snapshot.counts
    columns = st.columns(4)
    columns[0].metric("Best val_accuracy", f"{best.value:.4f}" if best else "none yet", border=True)
    columns[1].metric("Baseline (512 units)", f"{baseline.value:.4f}" if baseline else "none yet", border=True)
    columns[2].metric("Gain, percentage points", "none yet" if gain is None else f"{gain:+.2f}", border=True)
    columns[3].metric("Finished trials", counts.finished, border=True)
    st.caption(
        f"{counts.complete} complete · {counts.pruned} pruned · {counts.failed} failed · {counts.running} running"
        + (f" · best is trial {best.number}" if best else "")
    )


def _curves(snapshot: Snapshot) -> None:
    st.subheader("Accuracy by epoch")
    table, baseline = snapshot.table, snapshot.baseline.number if snapshot.baseline else None
    chosen, touched = f"curves-{snapshot.name}", f"curves-chosen-{snapshot.name}"
    if touched not in st.session_state:  # until the person chooses, the best so far
        best = table[table["state"] == "complete"].nlargest(CURVES, "val_accuracy")["trial"]
        st.session_state[chosen] = [int(number) for number in best]
    numbers = [int(number) for number in table["trial"]]
    st.multiselect("Trials", numbers, key=chosen, on_change=lambda: st.session_state.update({touched: True}))
    st.plotly_chart(epochs_chart(snapshot.epochs, st.session_state[chosen], baseline), key="epochs_chart")


def _table(snapshot: Snapshot) -> None:
    st.subheader("Trials")
    st.dataframe(
        snapshot.table,
        hide_index=True,
        column_config={
            "val_accuracy": st.column_config.NumberColumn(format="%.4f"),
            "gain": st.column_config.NumberColumn("gain, points", format="%+.2f"),
            "learning_rate": st.column_config.NumberColumn(format="%.3g"),
            "seconds": st.column_config.NumberColumn(format="%.1f"),
        },
    )


main()
