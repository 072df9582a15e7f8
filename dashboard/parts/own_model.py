"""A person's own model as far as a page can show it without running anything of it: its layers and its weights."""

import pandas as pd
import streamlit as st

from dashboard.model.layers import MOST, layers_of
from dashboard.snapshot import Snapshot
from dashboard.text import plain
from search.errors import SearchError
from search.export.kept import Kept
from trainable.keys import PARAMETERS_COUNT

HEIGHT, ROW = 600, 35  # pixels of the table at most, and of a row


def show(study: Snapshot, model: Kept) -> None:
    """Show the layers of a model."""
    problem = study.settings.problem
    name = plain(problem.code["name"])
    st.info(
        f"What it says of {problem.examples} is not shown here: that takes TensorFlow and the code of {name}, and no "
        "page runs either. The exported model does, with the code of its card.",
        icon=":material/info:",
    )
    st.subheader("Which layers does it have?")
    try:
        layers = layers_of(model)
    except SearchError as error:
        st.warning(plain(str(error)), icon=":material/broken_image:")
        return
    if not layers:
        st.markdown(f"Its file names no layers: {name} says in code what they are.")
        return
    table = pd.DataFrame(layers, columns=["layer", "kind", "takes"])
    st.dataframe(table, hide_index=True, height=min(HEIGHT, ROW * (len(table) + 1) + 3), key="layers")
    if len(layers) == MOST:
        st.caption(f"The first {MOST} are shown.")


def weights_of(study: Snapshot, model: Kept) -> int | None:
    """Return how many weights a model has; None where the study has not recorded it."""
    said = study.trials[model.number].user_attrs if model.number is not None else _tested(study, model)
    count = said.get(PARAMETERS_COUNT)
    return count if isinstance(count, int) else None


def _tested(study: Snapshot, model: Kept) -> dict[str, object]:
    """Return what the study holds of a network that was trained on all examples."""
    if study.evidence is None or model.seed is None:
        return {}
    return dict(study.evidence.tested.get((model.configuration.name, model.seed), {}))
