"""What a model is, how good it is and how it was selected: in figures at the top, and as its card."""

from dataclasses import asdict
from typing import Any

import streamlit as st

from dashboard.data import moved_arguments
from dashboard.model.exports import Export, exports_of
from dashboard.parts.own_model import weights_of
from dashboard.site import Site
from dashboard.snapshot import Snapshot, points
from dashboard.text import plain
from search.confirmation.verdict import Estimate, wilson
from search.confirmation.wording import method_of, percent
from search.export.card import BY_ACCURACY, search_of, training_of
from search.export.kept import CHOSEN, Kept
from search.storage.address import location
from search.study.program import loading_arguments
from search.study.ranges import is_number
from search.study.study import BEST
from search.terminal.shell import command_line
from search.terminal.words import capital, number

LUCK = "The best of many trials is partly luck: expect a little less on other {}."
FLATTERED = "This network was trained on the validation {}, too: what it scores on them is flattering."


def headline(study: Snapshot, model: Kept) -> None:
    """Show the figures that matter most, and what they are worth."""
    with st.container(horizontal=True):
        for label, value in _figures(study, model).items():
            st.metric(label, value, border=True, width="content")
    st.markdown(" ".join(_sentences(study, model)))


def show(site: Site, study: Snapshot, model: Kept) -> None:
    """Show the card of an export of the model; where there is none, the same facts, and the command that exports it."""
    export = next((each for each in exports_of(site.options.exports, study.name) if each.is_of(model)), None)
    if export and export.card:
        _show_card(export)
        return
    st.subheader("Model card")
    rows = "\n".join(f"| {plain(name)} | {plain(str(value))} |" for name, value in _facts(study, model).items())
    st.markdown(f"| Fact | Value |\n| --- | --- |\n{rows}")
    st.markdown(" ".join([*_sentences(study, model), *_selection(study, model)]))
    _offer_export(site, study, model)


def show_exported(site: Site, study: Snapshot) -> None:
    """Show the card of an export, where no model of the study is kept."""
    with_card = (each for each in exports_of(site.options.exports, study.name) if each.card)
    if export := next(with_card, None):
        _show_card(export)


def _show_card(export: Export) -> None:
    st.caption(f"The card of the export in {export.folder}.")
    st.markdown(export.card or "")


def _figures(study: Snapshot, model: Kept) -> dict[str, str]:
    """Return what stands at the top: accuracy, gain over the baseline, and the network's size."""
    tested = _tested(study, model)
    value: float | None = tested[0].mean if tested else model.val_accuracy
    gain = points(value, study.baseline_value)
    if tested:
        gain = points(tested[1].mean, 0) if tested[1] else None
    name = "Test accuracy" if model.is_final else "Validation accuracy"
    return {
        name: "unknown" if value is None else f"{value:.4f}",
        **({} if gain is None else {"Gain, points": f"{gain:+.2f}"}),
        **_size(study, model),
    }


def _size(study: Snapshot, model: Kept) -> dict[str, str]:
    """Return how large a network is, by what people call it."""
    units = model.configuration.params.get("hidden_units")
    if not study.settings.problem.code and isinstance(units, int):
        return {"Hidden units": f"{units:,}"}
    weights = weights_of(study, model)
    return {} if weights is None else {"Weights": f"{weights:,}"}


def _sentences(study: Snapshot, model: Kept) -> list[str]:
    """Say how much the figures are worth."""
    examples, size = study.settings.problem.examples, study.settings.problem.sizes["val"]
    if model.is_final:
        return [*_of_test(study, model), FLATTERED.format(examples)]
    interval = wilson(model.val_accuracy or 0.0, size)
    score = (
        f"One network, scored on the {size:,} validation {examples}: 95 % interval {interval.low:.4f} to "
        f"{interval.high:.4f}, for other {examples} of the same origin. Gain is over the baseline's trial."
    )
    return [score, LUCK.format(examples)]


def _of_test(study: Snapshot, model: Kept) -> list[str]:
    tested = _tested(study, model)
    if study.evidence is None or tested is None:
        return ["It is a network of a confirmation that has no verdict on it."]
    accuracy, difference = tested
    level = percent(study.evidence.verdict.confidence) if study.evidence.verdict else ""
    mean = (
        f"Test accuracy: the mean of {study.evidence.networks_compared[model.configuration.trial is None]} networks of "
        f"this configuration, of which this is one ({level} interval {accuracy.low:.4f} to {accuracy.high:.4f})."
    )
    won = ["**It won the confirmation.**"] if model.configuration == study.evidence.winner else []
    if model.is_winner and not won:
        data = f"validation {study.settings.problem.examples}"
        won = [f"**The configuration that won on the {data} is worse: this is the model to take.**"]
    gain = f"Gain over the baseline: {_interval_of_points(difference)} percentage points." if difference else ""
    return [*won, mean, gain]


def _facts(study: Snapshot, model: Kept) -> dict[str, Any]:
    params, problem = model.configuration.params, study.settings.problem
    data = f"{model.trained_on:,} {problem.examples}{', with those that validate' if model.is_final else ''}"
    epochs, seed = model.epochs_run or params["epochs"], "unknown" if model.seed is None else model.seed
    return {
        "what": _what(study, model),
        "configuration": capital(model.configuration.title),
        **training_of(problem, params, epochs, seed),
        "trained on": data,
        "trained with": problem.words.training if problem.code else _products(study),
    }


def _products(study: Snapshot) -> str:
    return f"{study.settings.problem.words.training}, {study.settings.precision} products"


def _what(study: Snapshot, model: Kept) -> str:
    """Say what a network is made of."""
    problem, params = study.settings.problem, model.configuration.params
    if not problem.code:
        values = {name: f"{each:,}" if is_number(each) else number(each) for name, each in params.items()}
        return problem.said(problem.words.layers, **values)
    weights = weights_of(study, model)
    of = "" if weights is None else f" of {weights:,} weights"
    return f"a Keras model{of}, as {problem.code['name']} builds it"


def _selection(study: Snapshot, model: Kept) -> list[str]:
    """Say how the model was selected, and from what."""
    search = search_of(asdict(study.counts), study.settings.sampler, study.settings.pruner)
    return [search, _way(study, model)]


def _way(study: Snapshot, model: Kept) -> str:
    evidence = study.evidence
    if model.is_winner and evidence is not None:
        return " ".join(method_of(evidence))
    if model.is_final:
        examples = study.settings.problem.examples
        return f"This network was trained again on all training {examples}, to be compared on the test {examples}."
    if model.how == CHOSEN and evidence is not None:
        return " ".join(method_of(evidence))
    return BY_ACCURACY if model.how == BEST else "This is one of the trials with a good validation accuracy."


def _offer_export(site: Site, study: Snapshot, model: Kept) -> None:
    if model.is_final and not model.is_winner:
        st.caption("This one is not exported by a command: take its .keras file.")
        return
    which = "winner" if model.is_winner else str(model.number)
    name = study.name if model.is_winner else f"{study.name}-trial-{which}"
    place = location(study.storage, study.runs)
    problem = study.settings.problem
    data = [*moved_arguments(problem, site.options.data), *loading_arguments(problem)]
    parts = ["--study", study.name, "--trial", which, "--output", str(site.options.exports / name), *place, *data]
    st.markdown("This model is not exported yet. The command below does it, checks the file, and writes a full card.")
    st.code(command_line("search.export", *parts), language="bash", wrap_lines=True)
    st.caption("`--format all` also writes SavedModel, ONNX and LiteRT.")


def _tested(study: Snapshot, model: Kept) -> tuple[Estimate, Estimate | None] | None:
    """Return a finalist's test accuracy and its gain over the baseline, which has none; None of any other model."""
    evidence = study.evidence
    if evidence is None or evidence.verdict is None or not model.is_final:
        return None
    if model.configuration.trial is None:
        return evidence.verdict.second, None
    return (evidence.verdict.first, evidence.verdict.difference) if model.configuration == evidence.winner else None


def _interval_of_points(difference: Estimate) -> str:
    low, high = points(difference.low, 0), points(difference.high, 0)
    return f"{points(difference.mean, 0):+.2f} ({low:+.2f} to {high:+.2f})"
