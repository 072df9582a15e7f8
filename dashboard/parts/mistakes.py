"""What a model takes for what on the validation images: the confusion matrix, and the mistakes as pictures."""

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.charts.model import confusion_figure
from dashboard.model.images import enlarged
from dashboard.model.kept import unseen
from dashboard.model.predictions import Validation, confusion, mistakes, predicted, validation
from dashboard.site import Site
from search.errors import SearchError
from search.export.formats import SIDE
from search.export.kept import Kept
from search.terminal.words import several

ANY = "any"
DIGITS = [ANY, *map(str, range(10))]
PICTURE = 110  # pixels of the screen
PICTURES = (12, 24, 48, 96, 192)


def show(site: Site, models: list[Kept], model: Kept) -> None:
    """Show what goes wrong, with the network that never saw the validation images where it is kept."""
    scored = unseen(models, model)
    try:
        images, probabilities = validation(site.options.data), predicted(scored, site.options.data)
    except SearchError as error:
        st.info(str(error), icon=":material/image_not_supported:")
        return
    table = mistakes(images.labels, probabilities)
    st.subheader("Which digit is taken for which?")
    st.markdown(_what_is_shown(model, scored, len(table), len(images.labels)))
    said = probabilities.argmax(axis=1)
    st.plotly_chart(confusion_figure(confusion(images.labels, said)), key="confusion")
    st.markdown(_summary(table))
    st.subheader("The misclassified digits, the surest mistakes first")
    _pictures(images, table)


def _what_is_shown(model: Kept, scored: Kept, wrong: int, number: int) -> str:
    accuracy = 1 - wrong / number
    text = f"**{wrong:,} of the {number:,} validation images are wrong**, accuracy {accuracy:.4f}. "
    if scored.is_final:
        return text + (
            "This network was trained on these images, too, so its figures on them are flattering. The network of the "
            "same configuration that never saw them is not kept here."
        )
    if scored != model:
        text += (
            f"This is the network of {_trial(scored)} itself, which never saw these images; the one that was trained "
            "on all 60,000 saw them, and its figures would flatter it."
        )
    if not scored.scores(accuracy):
        text += f" The study recorded {scored.val_accuracy:.4f}: the file may not be this trial's model."
    return text


def _trial(model: Kept) -> str:
    return f"trial {model.number}"


def _summary(table: pd.DataFrame) -> str:
    """Say the commonest mistake."""
    if table.empty:
        return "No image is misclassified."
    pairs = table.groupby(["true", "said"]).size().sort_values(ascending=False, kind="stable")
    (true, said), number = pairs.index[0], int(pairs.iloc[0])
    return f"The commonest mistake: a {true} is taken for a {said}, {several(number, 'time')}."


@st.fragment
def _pictures(images: Validation, table: pd.DataFrame) -> None:
    """Show the mistakes that the person asks for; only this part runs again when they choose others."""
    first, second, third = st.columns(3)
    true = first.selectbox("True digit", DIGITS, key="true", bind="query-params")
    said = second.selectbox("Predicted digit", DIGITS, key="said", bind="query-params")
    most = third.select_slider("Pictures", PICTURES, PICTURES[1], key="pictures", bind="query-params")
    chosen = filtered(table, str(true), str(said))
    shown = chosen.head(int(most))
    st.markdown(f"{several(len(chosen), 'mistake')} of {len(table):,}; {len(shown)} shown.")
    if len(shown):
        _grid(images.images, shown)


def filtered(table: pd.DataFrame, true: str, said: str) -> pd.DataFrame:
    """Return the mistakes with a true and a predicted digit; `ANY` leaves that open."""
    kept = np.ones(len(table), bool)
    for column, digit in (("true", true), ("said", said)):
        if digit != ANY:
            kept &= (table[column] == int(digit)).to_numpy()
    return table[kept]


def _grid(images: NDArray[np.uint8], shown: pd.DataFrame) -> None:
    with st.container(horizontal=True, gap="small"):
        rows = zip(shown["image"], shown["true"], shown["said"], shown["probability"], strict=True)
        for image, true, said, probability in rows:
            st.image(
                enlarged(images[image].reshape(SIDE, SIDE), 3),
                caption=f"{true} taken for {said} ({probability:.2f})",
                alt=f"Validation image {image}: a {true}, taken for a {said} with probability {probability:.2f}",
                width=PICTURE,
            )
