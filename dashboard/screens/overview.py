"""Is anything better than the baseline, and is the search still moving?"""

import streamlit as st

from dashboard.site import Site
from dashboard.source import View


def show(site: Site) -> None:
    """Show the page."""
    st.title("Overview")
    site.live(_headline)


def _headline(view: View) -> None:
    study = view.study
    best, baseline, gain = study.best, study.baseline, study.gain
    columns = st.columns(4)
    columns[0].metric("Best val_accuracy", f"{best.value:.4f}" if best else "none yet", border=True)
    columns[1].metric("Baseline (512 units)", f"{baseline.value:.4f}" if baseline else "none yet", border=True)
    columns[2].metric("Gain, percentage points", "none yet" if gain is None else f"{gain:+.2f}", border=True)
    columns[3].metric("Finished trials", study.counts.finished, border=True)
