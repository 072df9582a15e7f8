"""What a model takes for what on the validation split: the confusion matrix, and each mistake."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard.charts.model import MOST_WRITTEN, confusion_figure
from dashboard.model.columns import names_of, telling
from dashboard.model.images import picture
from dashboard.model.kept import Network, network_of, unseen
from dashboard.model.predictions import Validation, confusion, mistakes, most_confused, predicted, validation
from dashboard.site import Site
from dashboard.text import plain, short
from search.errors import SearchError
from search.export.kept import Kept
from search.terminal.words import several
from trainable.problem import ProblemSpec

ANY = "any"
PICTURE = 110  # pixels of the screen
PICTURES = (12, 24, 48, 96, 192)
MOST_DRAWN = 200  # classes of a confusion matrix: a browser draws so many squared
PAIRS = 50  # mistakes of a kind that are listed
COLUMNS = 6  # of an example that are shown beside a mistake
HEIGHT = 400  # pixels of a table at most
ROW = 35  # pixels


def show(site: Site, problem: ProblemSpec, models: list[Kept], model: Kept) -> None:
    """Show what goes wrong, with the network that never saw the validation split where it is kept."""
    scored, data = unseen(models, model), site.options.data
    try:
        found, answers, network = validation(problem, data), predicted(scored, data), network_of(scored)
    except SearchError as error:
        st.info(plain(str(error)), icon=":material/image_not_supported:")
        return
    table, label = mistakes(problem, found.labels, answers), problem.words.label
    st.subheader(f"Which {label} is taken for which?")
    st.markdown(_what_is_shown(problem, model, scored, len(table)))
    classes = len(problem.labels)
    chosen = most_confused(found.labels, answers.said, classes, MOST_DRAWN)
    figure = confusion_figure(problem, confusion(found.labels, answers.said, chosen), chosen.tolist())
    st.plotly_chart(figure, key="confusion")
    if len(chosen) < classes:
        st.caption(f"The {len(chosen)} of {classes:,} classes with the most mistakes are drawn.")
    st.markdown(_summary(problem, table))
    if table.empty:
        return
    if classes > MOST_WRITTEN:
        _pairs(problem, table)
    st.subheader(f"The misclassified {problem.examples}, the surest mistakes first")
    _mistakes(problem, found, table, network)


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


def _kinds(table: pd.DataFrame) -> pd.Series:
    """Return how often each class is taken for which, the commonest first."""
    return table.groupby(["true", "said"]).size().sort_values(ascending=False, kind="stable")


def _summary(problem: ProblemSpec, table: pd.DataFrame) -> str:
    """Say the commonest mistake."""
    if table.empty:
        return f"No {problem.words.example} is misclassified."
    kinds, label = _kinds(table), problem.words.label
    (true, said), number = kinds.index[0], int(kinds.iloc[0])
    first, second = plain(short(true)), plain(short(said))
    return f"The commonest mistake: {label} {first} is taken for {label} {second}, {several(number, 'time')}."


def _pairs(problem: ProblemSpec, table: pd.DataFrame) -> None:
    """List which classes are taken for which, where there are too many for a figure with numbers."""
    label, kinds = problem.words.label, _kinds(table)
    shown = kinds.head(PAIRS).rename("times").reset_index()
    titles = {"true": f"true {label}", "said": f"taken for {label}"}
    st.dataframe(shown.rename(columns=titles), hide_index=True, height=_height(len(shown)), key="pairs")
    if len(kinds) > PAIRS:
        st.caption(f"The {PAIRS} commonest of {len(kinds):,} kinds of mistakes.")


@st.fragment
def _mistakes(problem: ProblemSpec, found: Validation, table: pd.DataFrame, network: Network) -> None:
    """Show the mistakes that the person asks for; only this part runs again when they choose others."""
    first, second, third = st.columns(3)
    true = _ask(first, "true", problem, f"True {problem.words.label}")
    said = _ask(second, "said", problem, f"Predicted {problem.words.label}")
    what = "Pictures" if problem.inputs.is_image else "Rows"
    most = third.select_slider(what, PICTURES, PICTURES[1], key="pictures", bind="query-params")
    chosen = filtered(table, true, said)
    shown = chosen.head(int(most))
    st.markdown(f"{several(len(chosen), 'mistake')} of {len(table):,}; {len(shown)} shown.")
    if shown.empty:
        return
    if problem.inputs.is_image:
        _pictures(problem, found, shown)
    else:
        _rows(problem, found, shown, network)


def _ask(place: Any, key: str, problem: ProblemSpec, title: str) -> str | None:
    """Let the person choose a class; None where any will do."""
    chosen: str | None = place.selectbox(
        title, problem.labels, index=None, key=key, placeholder=ANY, bind="query-params"
    )
    return chosen


def filtered(table: pd.DataFrame, true: str | None, said: str | None) -> pd.DataFrame:
    """Return the mistakes with a true and a predicted class; None leaves that open."""
    for column, name in (("true", true), ("said", said)):
        table = table if name is None else table[table[column] == name]
    return table


def _pictures(problem: ProblemSpec, found: Validation, shown: pd.DataFrame) -> None:
    label = problem.words.label
    with st.container(horizontal=True, gap="small"):
        rows = zip(shown["example"], shown["true"], shown["said"], shown["probability"], strict=True)
        for number, true, said, probability in rows:
            what = f"Validation {problem.words.example} {number}: {label} {true}, taken for {label} {said}"
            st.image(
                picture(problem, found.examples[number], PICTURE),
                caption=f"{plain(short(true))} taken for {plain(short(said))} ({probability:.2f})",
                alt=f"{what} with probability {probability:.2f}",
                width=PICTURE,
            )


def _rows(problem: ProblemSpec, found: Validation, shown: pd.DataFrame, network: Network) -> None:
    """Show the mistakes as rows, with the columns that tell the network most."""
    names, label = names_of(problem), problem.words.label
    columns = telling(network, found.examples)[:COLUMNS].tolist()
    values = {str(each): found.examples[shown["example"], each] for each in columns}
    settings: dict[str, Any] = {str(each): st.column_config.NumberColumn(short(names[each])) for each in columns} | {
        "example": st.column_config.NumberColumn("number", help=f"Of the validation {problem.words.example}"),
        "true": f"true {label}",
        "said": f"predicted {label}",
        "probability": st.column_config.NumberColumn(format="%.2f", help=f"Of the predicted {label}"),
    }
    st.dataframe(
        shown.assign(**values), hide_index=True, column_config=settings, height=_height(len(shown)), key="mistakes"
    )
    if len(columns) < len(names):
        st.caption(f"With the {len(columns)} of {len(names):,} columns that move the network most, the first one most.")


def _height(rows: int) -> int:
    """Return the pixels of a table of so many rows."""
    return min(HEIGHT, ROW * (rows + 1) + 3)
