"""An example, drawn or taken from the validation split, as the shown model and the baseline read it."""

from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.charts.model import probabilities_figure
from dashboard.model.drawing import Drawable, canvas
from dashboard.model.images import enlarged, has_pictures, size_of
from dashboard.model.kept import baseline_of, weights_of
from dashboard.model.predictions import validation
from dashboard.site import Site
from search.errors import SearchError
from search.export.kept import Kept
from search.terminal.words import capital
from trainable.mlp.scoring import probabilities
from trainable.problem import ProblemSpec
from trainable.problems import problem_of

DRAWN = "draw one"


class Given(NamedTuple):
    """An example to classify, uint8: what it is called, and whether it is of the validation split."""

    example: NDArray[np.uint8]
    title: str
    is_seen: bool = False


def show(site: Site, problem: ProblemSpec, models: list[Kept], model: Kept) -> None:
    """Let the person give an example; only this part of the page runs again when they do."""
    words = problem.words
    st.subheader(f"What does it say to your {words.label if has_pictures(problem) else words.example}?")
    _example(site, problem, models, model)


@st.fragment
def _example(site: Site, problem: ProblemSpec, models: list[Kept], model: Kept) -> None:
    left, right = st.columns([3, 5])
    try:
        with left:
            given = _given(site, problem)
        with right:
            _readings(problem, _to_ask(models, model), given)
    except SearchError as error:
        st.warning(str(error), icon=":material/warning:")


def _given(site: Site, problem: ProblemSpec) -> Given | None:
    """Return the example that the person gave, if they gave one yet."""
    drawable, label = problem_of(problem), problem.words.label
    if not (has_pictures(problem) and isinstance(drawable, Drawable)):
        return _validation_example(site, problem)
    ways = [DRAWN, f"take a validation {problem.words.example}"]
    way = st.radio(capital(label), ways, key="digit", horizontal=True, help="The second way needs no mouse.")
    if way != DRAWN:
        return _validation_example(site, problem)
    drawing = canvas(problem)
    example = None if drawing is None else drawable.from_drawing(drawing)
    title = f"Your {label}, scaled and centred as {problem.name}'s are"
    return None if example is None else Given(example, title)


def _validation_example(site: Site, problem: ProblemSpec) -> Given:
    what, last = f"validation {problem.words.example}", problem.sizes["val"] - 1
    number = st.number_input(f"Number of the {what}", 0, last, 0, key="image", bind="query-params")
    examples, labels = validation(problem, site.options.data)
    title = f"{capital(what)} {number}: a {problem.labels[labels[number]]}"
    return Given(examples[number].reshape(problem.inputs.shape), title, is_seen=True)


def _to_ask(models: list[Kept], model: Kept) -> list[Kept]:
    """Return the shown model, and the baseline where that is another one and kept."""
    baseline = baseline_of(models)
    if baseline is None:
        st.caption("The baseline's model is not kept, so there is nothing to compare with.")
        return [model]
    return [model] if baseline == model else [model, baseline]


def _readings(problem: ProblemSpec, asked: list[Kept], given: Given | None) -> None:
    """Say what the models read, in words and as bars."""
    if given is None:
        st.info(f"Draw a {problem.words.label}: after each stroke the answer stands here.", icon=":material/draw:")
        return
    picture, words = st.columns([1, 4], vertical_alignment="center")
    if has_pictures(problem):
        picture.image(enlarged(given.example, 4), alt=f"{given.title}, {size_of(problem)} pixels")
    one = given.example.reshape(1, -1)
    found = [probabilities(weights_of(each), one)[0].tolist() for each in asked]
    readings = dict(zip((capital(each.configuration.title) for each in asked), found, strict=True))
    words.markdown("\n".join(f"- {_sentence(problem, name, values)}" for name, values in readings.items()))
    seen = (
        f" A network trained on all {problem.training_size:,} {problem.examples} has seen it."
        if given.is_seen and any(each.is_final for each in asked)
        else ""
    )
    words.caption(f"{given.title}.{seen}")
    st.plotly_chart(probabilities_figure(problem, readings), key="probabilities")


def _sentence(problem: ProblemSpec, name: str, values: list[float]) -> str:
    second, first = sorted(range(len(values)), key=values.__getitem__)[-2:]
    said = f"**{problem.labels[first]}**, probability {values[first]:.4f}"
    return f"{name} says {said} (next: {problem.labels[second]}, {values[second]:.4f})"
