"""`streamlit run dashboard/app.py -- --storage URL`: one page about one study, which updates itself."""

import sys

import streamlit as st
from optuna.storages import RDBStorage

from dashboard.charts import epochs_chart, trials_chart
from dashboard.options import parse
from dashboard.queries import Snapshot, read_snapshot, study_names
from search.errors import SearchError
from search.storage import open_read_only, shown

REFRESH = 2.0  # seconds
CURVES = 5  # trials whose curves are shown before the person chooses


@st.cache_resource
def _storage(url: str) -> RDBStorage:
    return open_read_only(url)


def main() -> None:
    """Show the page, or what is missing for it."""
    st.set_page_config(page_title="MNIST search", page_icon=":material/search:", layout="wide")
    st.title("MNIST search")
    options = parse(sys.argv[1:])
    try:
        storage = _storage(options.storage)
        names = study_names(storage)
    except SearchError as error:
        _nothing_yet(str(error))
        return
    if not names:
        _nothing_yet(f"{shown(options.storage)} holds no study yet.")
        return
    name = st.selectbox("Study", names, key="study", bind="query-params")
    _page(storage, name)


def _nothing_yet(reason: str) -> None:
    st.info(reason)
    st.markdown("Start a search, and this page will show it:")
    st.code("python -m search.run --trials 50", language="bash")
    st.caption("A search with another storage is shown with `-- --storage URL` after the dashboard's command.")
    if st.button("Look again"):
        st.rerun()


@st.fragment(run_every=REFRESH)
def _page(storage: RDBStorage, name: str) -> None:
    """Read the study anew and show it; runs again by itself."""
    try:
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
    numbers = [int(number) for number in table["trial"]]
    first = table[table["state"] == "complete"].nlargest(CURVES, "val_accuracy")["trial"]
    chosen = st.multiselect("Trials", numbers, default=[int(number) for number in first], key=f"curves-{snapshot.name}")
    st.plotly_chart(epochs_chart(snapshot.epochs, chosen, baseline), key="epochs_chart")


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
