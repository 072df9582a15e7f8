"""What the hidden units of a model look for: their weights as pictures."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.model.images import diverging, enlarged, size_of
from dashboard.model.kept import weights_of
from search.export.kept import Kept
from trainable.mlp.scoring import Weights
from trainable.problem import ProblemSpec

NUMBERS = (8, 16, 32, 64)
STRONGEST, FIRST = "those with the most influence", "the first ones"
PERCENTILE = 99.5  # of the absolute weights has the strongest colour: single extremes would leave the rest pale
PICTURE, LEGEND = 112, 240  # pixels of the screen


@st.fragment
def show(problem: ProblemSpec, model: Kept) -> None:
    """Show the weights of some hidden units; only this part runs again when the person chooses others."""
    weights = weights_of(model)
    st.subheader("What do the hidden units look for?")
    left, right = st.columns(2)
    number = left.select_slider("Hidden units shown", NUMBERS, NUMBERS[2], key="units", bind="query-params")
    order = right.radio("Which", [STRONGEST, FIRST], key="order", horizontal=True)
    units = strongest(weights) if order == STRONGEST else np.arange(len(weights[1]))
    shown = units[: int(number)]
    st.markdown(
        f"{len(shown)} of {len(weights[1]):,} hidden units: each one's {problem.inputs.features} weights, where the "
        "pixels are that they weigh. Ink where the picture is orange-red raises the unit, ink where it is blue lowers "
        "it. Influence is the length of a unit's incoming weights times that of its outgoing ones."
    )
    _pictures(problem, weights[0], shown)


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
                enlarged(diverging(kernel[:, unit].reshape(problem.inputs.shape), reach), 4),
                caption=f"unit {unit}: {low:.2f} to {high:+.2f}",
                alt=f"Weights of hidden unit {unit} as a picture of {size_of(problem)}",
                width=PICTURE,
            )
