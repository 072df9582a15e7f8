"""What a model takes for what on the validation split: the confusion matrix, and the mistakes as pictures."""

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.charts.model import confusion_figure
from dashboard.model.images import enlarged, has_pictures
from dashboard.model.kept import unseen
from dashboard.model.predictions import Validation, confusion, mistakes, predicted, validation
from dashboard.site import Site
from search.errors import SearchError
from search.export.kept import Kept
from search.terminal.words import several
from trainable.problem import ProblemSpec

ANY = "any"
PICTURE = 110  # pixels of the screen
PICTURES = (12, 24, 48, 96, 192)


def show(site: Site, problem: ProblemSpec, models: list[Kept], model: Kept) -> None:
    """Show what goes wrong, with the network that never saw the validation split where it is kept."""
    scored, data = unseen(models, model), site.options.data
    try:
        found, probabilities = validation(problem, data), predicted(scored, data)
    except SearchError as error:
        st.info(str(error), icon=":material/image_not_supported:")
        return
    table, label = mistakes(problem, found.labels, probabilities), problem.words.label
    st.subheader(f"Which {label} is taken for which?")
    st.markdown(_what_is_shown(problem, model, scored, len(table)))
    st.plotly_chart(confusion_figure(problem, confusion(found.labels, probabilities)), key="confusion")
    st.markdown(_summary(problem, table))
    if has_pictures(problem):
        st.subheader(f"The misclassified {label}s, the surest mistakes first")
        _pictures(problem, found, table)


def _what_is_shown(problem: ProblemSpec, model: Kept, scored: Kept, wrong: int) -> str:
    number, these = problem.sizes["val"], f"these {problem.examples}"
    accuracy = 1 - wrong / number
    text = f"**{wrong:,} of the {number:,} validation {problem.examples} are wrong**, accuracy {accuracy:.4f}. "
    if scored.is_final:
        return text + (
            f"This network was trained on {these}, too, so its figures on them are flattering. The network of the same "
            "configuration that never saw them is not kept here."
        )
    if scored != model:
        text += (
            f"This is the network of trial {scored.number} itself, which never saw {these}; the one that was trained "
            f"on all {problem.training_size:,} saw them, and its figures would flatter it."
        )
    if not scored.scores(accuracy):
        text += f" The study recorded {scored.val_accuracy:.4f}: the file may not be this trial's model."
    return text


def _summary(problem: ProblemSpec, table: pd.DataFrame) -> str:
    """Say the commonest mistake."""
    if table.empty:
        return f"No {problem.words.example} is misclassified."
    pairs = table.groupby(["true", "said"]).size().sort_values(ascending=False, kind="stable")
    (true, said), number = pairs.index[0], int(pairs.iloc[0])
    return f"The commonest mistake: a {true} is taken for a {said}, {several(number, 'time')}."


@st.fragment
def _pictures(problem: ProblemSpec, found: Validation, table: pd.DataFrame) -> None:
    """Show the mistakes that the person asks for; only this part runs again when they choose others."""
    first, second, third = st.columns(3)
    label, classes = problem.words.label, [ANY, *problem.labels]
    true = first.selectbox(f"True {label}", classes, key="true", bind="query-params")
    said = second.selectbox(f"Predicted {label}", classes, key="said", bind="query-params")
    most = third.select_slider("Pictures", PICTURES, PICTURES[1], key="pictures", bind="query-params")
    chosen = filtered(table, str(true), str(said))
    shown = chosen.head(int(most))
    st.markdown(f"{several(len(chosen), 'mistake')} of {len(table):,}; {len(shown)} shown.")
    if len(shown):
        _grid(found.examples.reshape(-1, *problem.inputs.shape), shown, problem.words.example)


def filtered(table: pd.DataFrame, true: str, said: str) -> pd.DataFrame:
    """Return the mistakes with a true and a predicted class; `ANY` leaves that open."""
    kept = np.ones(len(table), bool)
    for column, name in (("true", true), ("said", said)):
        if name != ANY:
            kept &= (table[column] == name).to_numpy()
    return table[kept]


def _grid(images: NDArray[np.uint8], shown: pd.DataFrame, example: str) -> None:
    with st.container(horizontal=True, gap="small"):
        rows = zip(shown["example"], shown["true"], shown["said"], shown["probability"], strict=True)
        for number, true, said, probability in rows:
            st.image(
                enlarged(images[number], 3),
                caption=f"{true} taken for {said} ({probability:.2f})",
                alt=f"Validation {example} {number}: a {true}, taken for a {said} with probability {probability:.2f}",
                width=PICTURE,
            )
