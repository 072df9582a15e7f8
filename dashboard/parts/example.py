"""An example, drawn or taken from the validation split, as the shown model and the baseline read it."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.charts.model import probabilities_figure
from dashboard.model.columns import names_of, telling
from dashboard.model.drawing import Drawable, canvas
from dashboard.model.images import picture, size_of
from dashboard.model.kept import Network, baseline_of, network_of
from dashboard.model.predictions import validation
from dashboard.site import Site
from dashboard.text import plain, short
from search.errors import SearchError
from search.export.kept import Kept
from search.terminal.words import capital
from trainable.data.dataset import Examples
from trainable.problem import ProblemSpec
from trainable.problems import problem_of

DRAWN = "draw one"
PICTURE = 112  # pixels
HEIGHT, ROW = 300, 35  # pixels of the table of an example's numbers, and of a row of it


class Given(NamedTuple):
    """An example to classify, [features], as it is stored: what it is called, and the split that it is of, if any."""

    example: Examples
    title: str
    split: Examples | None = None


def show(site: Site, problem: ProblemSpec, models: list[Kept], model: Kept) -> None:
    """Let the person give an example; only this part of the page runs again when they do."""
    words = problem.words
    whose = f"your {words.label}" if _drawable(problem) else f"a validation {words.example}"
    st.subheader(f"What does it say to {whose}?")
    _example(site, problem, models, model)


def _drawable(problem: ProblemSpec) -> Drawable | None:
    """Return what makes an example of a drawing, where a problem has that."""
    found = problem_of(problem)
    return found if problem.inputs.is_image and isinstance(found, Drawable) else None


@st.fragment
def _example(site: Site, problem: ProblemSpec, models: list[Kept], model: Kept) -> None:
    left, right = st.columns([3, 5])
    try:
        with left:
            given = _given(site, problem)
            if given is not None and given.split is not None and not problem.inputs.is_image:
                _numbers(problem, network_of(model), given.example, given.split)
        with right:
            _readings(problem, _to_ask(models, model), given)
    except SearchError as error:
        st.warning(plain(str(error)), icon=":material/warning:")


def _given(site: Site, problem: ProblemSpec) -> Given | None:
    """Return the example that the person gave, if they gave one yet."""
    drawable, label = _drawable(problem), problem.words.label
    if drawable is None:
        return _validation_example(site, problem)
    ways = [DRAWN, f"take a validation {problem.words.example}"]
    way = st.radio(capital(label), ways, key="digit", horizontal=True, help="The second way needs no mouse.")
    if way != DRAWN:
        return _validation_example(site, problem)
    drawing = canvas(problem)
    example = None if drawing is None else drawable.from_drawing(drawing)
    title = f"Your {label}, scaled and centred as {problem.name}'s are"
    return None if example is None else Given(example.reshape(-1), title)


def _validation_example(site: Site, problem: ProblemSpec) -> Given:
    what, last = f"validation {problem.words.example}", problem.sizes["val"] - 1
    number = st.number_input(f"Number of the {what}", 0, last, 0, key="image", bind="query-params")
    examples, labels = validation(problem, site.options.data)
    title = f"{capital(what)} {number}: {problem.words.label} {problem.labels[labels[number]]}"
    return Given(examples[number], title, split=examples)


def _numbers(problem: ProblemSpec, network: Network, example: Examples, split: Examples) -> None:
    """Show the numbers of an example by column, those first that move the network most."""
    columns, names = telling(network, split), np.array(names_of(problem), object)
    table = pd.DataFrame({"column": names[columns], "value": example[columns]})
    if network.standard is not None:
        table["deviations"] = network.scaled(example[None])[0][columns]
    settings = {
        "column": st.column_config.TextColumn(pinned=True),
        "deviations": st.column_config.NumberColumn(format="%+.1f", help="Standard deviations from the training mean"),
    }
    height = min(HEIGHT, ROW * (len(table) + 1) + 3)
    st.dataframe(table, hide_index=True, height=height, column_config=settings, key="numbers")


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
    words = st.container()
    if problem.inputs.is_image:
        left, words = st.columns([1, 4], vertical_alignment="center")
        alt = f"{given.title}, {size_of(problem)} pixels"
        left.image(picture(problem, given.example, PICTURE), alt=alt)
    found = [network_of(each).probabilities(given.example[None])[0].tolist() for each in asked]
    readings = dict(zip((capital(each.configuration.title) for each in asked), found, strict=True))
    words.markdown("\n".join(f"- {_sentence(problem, name, values)}" for name, values in readings.items()))
    seen = (
        f" A network trained on all {problem.training_size:,} {problem.examples} has seen it."
        if given.split is not None and any(each.is_final for each in asked)
        else ""
    )
    words.caption(f"{plain(given.title)}.{seen}")
    st.plotly_chart(probabilities_figure(problem, readings), key="probabilities")


def _sentence(problem: ProblemSpec, name: str, values: list[float]) -> str:
    second, first = sorted(range(len(values)), key=values.__getitem__)[-2:]
    names = [plain(short(problem.labels[each])) for each in (first, second)]
    said = f"**{names[0]}**, probability {values[first]:.4f}"
    return f"{name} says {said} (next: {names[1]}, {values[second]:.4f})"
