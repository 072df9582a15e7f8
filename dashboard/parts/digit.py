"""A digit, drawn or taken from the validation images, as the shown model and the baseline read it."""

from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.charts.model import probabilities_figure
from dashboard.model.drawing import canvas
from dashboard.model.images import Image, enlarged, like_mnist
from dashboard.model.kept import baseline_of, weights_of
from dashboard.model.predictions import validation
from dashboard.site import Site
from search.errors import SearchError
from search.export.formats import SIDE
from search.export.kept import Kept
from search.terminal.words import capital
from trainable.mlp.scoring import probabilities
from trainable.mnist.source import VALIDATION_SIZE

DRAWN, GIVEN = "draw one", "take a validation image"


class Given(NamedTuple):
    """A digit to classify: uint8 [28, 28], what it is called, and whether it is one of the validation images."""

    image: Image
    title: str
    is_seen: bool = False


def show(site: Site, models: list[Kept], model: Kept) -> None:
    """Let the person give a digit; only this part of the page runs again when they do."""
    st.subheader("What does it say to your digit?")
    _digit(site, models, model)


@st.fragment
def _digit(site: Site, models: list[Kept], model: Kept) -> None:
    left, right = st.columns([3, 5])
    try:
        with left:
            given = _given(site)
        with right:
            _readings(_to_ask(models, model), given)
    except SearchError as error:
        st.warning(str(error), icon=":material/warning:")


def _given(site: Site) -> Given | None:
    """Return the digit that the person gave, if they gave one yet."""
    way = st.radio("Digit", [DRAWN, GIVEN], key="digit", horizontal=True, help="The second way needs no mouse.")
    if way == GIVEN:
        return _validation_image(site)
    drawing = canvas("drawing")
    image = None if drawing is None else like_mnist(drawing)
    return None if image is None else Given(image, "Your digit, scaled and centred as MNIST's are")


def _validation_image(site: Site) -> Given:
    number = st.number_input(
        "Number of the validation image", 0, VALIDATION_SIZE - 1, 0, key="image", bind="query-params"
    )
    images, labels = validation(site.options.data)
    return Given(images[number].reshape(SIDE, SIDE), f"Validation image {number}: a {labels[number]}", is_seen=True)


def _to_ask(models: list[Kept], model: Kept) -> list[Kept]:
    """Return the shown model, and the baseline where that is another one and kept."""
    baseline = baseline_of(models)
    if baseline is None:
        st.caption("The baseline's model is not kept, so there is nothing to compare with.")
        return [model]
    return [model] if baseline == model else [model, baseline]


def _readings(asked: list[Kept], given: Given | None) -> None:
    """Say what the models read, in words and as bars."""
    if given is None:
        st.info("Draw a digit: after each stroke the answer stands here.", icon=":material/draw:")
        return
    picture, words = st.columns([1, 4], vertical_alignment="center")
    picture.image(enlarged(given.image, 4), alt=f"{given.title}, {SIDE} x {SIDE} pixels")
    readings = {_name(each): _asked(each, given.image) for each in asked}
    words.markdown("\n".join(f"- {_sentence(name, values)}" for name, values in readings.items()))
    seen = (
        " A network trained on all 60,000 images has seen it."
        if given.is_seen and any(each.is_final for each in asked)
        else ""
    )
    words.caption(f"{given.title}.{seen}")
    st.plotly_chart(probabilities_figure(readings), key="probabilities")


def _name(model: Kept) -> str:
    return capital(model.configuration.title)


def _asked(model: Kept, image: Image) -> list[float]:
    found: NDArray[np.float32] = probabilities(weights_of(model), image.reshape(1, -1))[0]
    return [float(each) for each in found]


def _sentence(name: str, values: list[float]) -> str:
    second, first = sorted(range(len(values)), key=values.__getitem__)[-2:]
    return f"{name} says **{first}**, probability {values[first]:.4f} (next: {second}, {values[second]:.4f})"
