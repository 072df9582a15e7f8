"""What the hidden units of a model look for: their weights as pictures, or by column where examples are no pictures."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.charts.model import weights_figure
from dashboard.model.columns import names_of, telling
from dashboard.model.images import diverging, has_colours, picture_of_weights, size_of
from dashboard.model.kept import Network, network_of
from dashboard.model.predictions import validation
from dashboard.site import Site
from dashboard.text import plain, short_names
from search.errors import SearchError
from search.export.kept import Kept
from trainable.mlp.scoring import Weights
from trainable.problem import ProblemSpec

NUMBERS = (8, 16, 32, 64)
STRONGEST, FIRST = "those with the most influence", "the first ones"
PERCENTILE = 99.5  # of the absolute weights has the strongest colour: single extremes would leave the rest pale
PICTURE, LEGEND = 112, 240  # pixels of the screen
COLUMNS = 20  # whose weights are drawn
INK = (
    "where the pixels are that they weigh. Ink where the picture is orange-red raises the unit, ink where it is blue "
    "lowers it."
)
LIGHT = (
    "where the pixels are that they weigh. Grey is a weight of 0; light of a colour raises the unit, dark lowers it."
)


@st.fragment
def show(site: Site, problem: ProblemSpec, model: Kept) -> None:
    """Show the weights of some hidden units; only this part runs again when the person chooses others."""
    network = network_of(model)
    weights = network.weights
    st.subheader("What do the hidden units look for?")
    left, right = st.columns(2)
    number = left.select_slider("Hidden units shown", NUMBERS, NUMBERS[2], key="units", bind="query-params")
    order = right.radio("Which", [STRONGEST, FIRST], key="order", horizontal=True)
    units = strongest(weights) if order == STRONGEST else np.arange(len(weights[1]))
    shown = units[: int(number)]
    what = (LIGHT if has_colours(problem) else INK) if problem.inputs.is_image else "column by column."
    st.markdown(
        f"{len(shown)} of {len(weights[1]):,} hidden units: each one's {problem.inputs.features:,} weights, {what} "
        "Influence is the length of a unit's incoming weights times that of its outgoing ones."
    )
    if problem.inputs.is_image:
        _pictures(problem, weights[0], shown)
    else:
        _columns(site, problem, network, shown)


def strongest(weights: Weights) -> NDArray[np.intp]:
    """Return the hidden units, the one with the most influence first."""
    hidden_kernel, _, output_kernel, _ = weights
    influence = np.linalg.norm(hidden_kernel, axis=0) * np.linalg.norm(output_kernel, axis=1)
    return np.argsort(-influence, kind="stable")


def reach_of(kernel: NDArray[np.float32]) -> float:
    """Return the weight that has the strongest colour; positive."""
    return float(np.percentile(np.abs(kernel), PERCENTILE)) or 1.0


def _pictures(problem: ProblemSpec, kernel: NDArray[np.float32], units: NDArray[np.intp]) -> None:
    """Show a picture for each unit, all in one scale, and the scale."""
    reach = reach_of(kernel[:, units])
    if not has_colours(problem):
        scale = np.linspace(-reach, reach, LEGEND, dtype=np.float32)[None].repeat(12, axis=0)
        st.image(
            diverging(scale, reach),
            caption=f"Weights: blue {-reach:.2f} and less, white 0, orange-red {reach:+.2f} and more",
            alt="The scale of colours: blue to the left, white in the middle, orange-red to the right",
        )
    with st.container(horizontal=True, gap="small"):
        for unit in units:
            low, high = kernel[:, unit].min(), kernel[:, unit].max()
            st.image(
                picture_of_weights(problem, kernel[:, unit], reach, PICTURE),
                caption=f"unit {unit}: {low:.2f} to {high:+.2f}",
                alt=f"Weights of hidden unit {unit} as a picture of {size_of(problem)}",
                width=PICTURE,
            )


def _columns(site: Site, problem: ProblemSpec, network: Network, units: NDArray[np.intp]) -> None:
    """Draw the weights of the columns that tell the network most."""
    try:
        examples = validation(problem, site.options.data).examples
    except SearchError as error:
        st.info(plain(str(error)), icon=":material/info:")
        return
    names, columns = short_names(names_of(problem)), telling(network, examples)[:COLUMNS]
    kernel = network.weights[0][np.ix_(columns, units)]
    figure = weights_figure([names[each] for each in columns], units.tolist(), kernel, reach_of(kernel))
    st.plotly_chart(figure, key="weights")
    told = f"The {len(columns)} of {problem.inputs.features:,} columns that move the network most, the first one most."
    st.caption(
        f"{told} A weight counts from the mean of a column, per standard deviation." if network.standard else told
    )
