"""What a model is, how good it is and how it was selected: in figures at the top, and as its card."""

import shlex

import streamlit as st

from dashboard.model.exports import Export, exports_of
from dashboard.model.kept import Kept
from dashboard.site import Site
from dashboard.snapshot import Snapshot, points
from search.confirmation.verdict import Estimate, wilson
from search.confirmation.wording import method_of, percent
from search.storage.address import location_arguments
from search.study.study import EPOCHS_RUN
from search.terminal.words import capital
from trainable.mnist.source import VALIDATION_SIZE

LUCK = "The best of many trials is partly luck: expect a little less on other images."
FLATTERED = "This network was trained on the validation images, too: what it scores on them is flattering."


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
    rows = "\n".join(f"| {name} | {value} |" for name, value in _facts(study, model).items())
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
    value: float | None = tested[0].mean if tested else _val_accuracy(study, model)
    gain = points(value, study.baseline_value)
    if tested:
        gain = points(tested[1].mean, 0) if tested[1] else None
    name = "Test accuracy" if model.is_final else "Validation accuracy"
    return {
        name: "unknown" if value is None else f"{value:.4f}",
        **({} if gain is None else {"Gain, points": f"{gain:+.2f}"}),
        "Hidden units": f"{model.configuration.params['hidden_units']:,}",
    }


def _sentences(study: Snapshot, model: Kept) -> list[str]:
    """Say how much the figures are worth."""
    if model.is_final:
        return [*_of_test(study, model), FLATTERED]
    value = _val_accuracy(study, model) or 0.0
    interval = wilson(value, VALIDATION_SIZE)
    score = (
        f"One network, scored on the {VALIDATION_SIZE:,} validation images: 95 % interval {interval.low:.4f} to "
        f"{interval.high:.4f}, for other images of the same origin. Gain is over the baseline's trial."
    )
    return [score, LUCK]


def _of_test(study: Snapshot, model: Kept) -> list[str]:
    tested = _tested(study, model)
    if study.answer is None or tested is None:
        return ["It is a network of a confirmation that has no verdict on it."]
    accuracy, difference = tested
    level = percent(study.answer.verdict.confidence) if study.answer.verdict else ""
    mean = (
        f"Test accuracy: the mean of {study.answer.networks_compared[model.configuration.trial is None]} networks of "
        f"this configuration, of which this is one ({level} interval {accuracy.low:.4f} to {accuracy.high:.4f})."
    )
    won = ["**It won the confirmation.**"] if model.configuration == study.answer.winner else []
    if model.is_winner and not won:
        won = ["**The configuration that won on the validation images is worse: this is the model to take.**"]
    gain = f"Gain over the baseline: {_interval_of_points(difference)} percentage points." if difference else ""
    return [*won, mean, gain]


def _facts(study: Snapshot, model: Kept) -> dict[str, str]:
    params, settings = model.configuration.params, study.settings
    images = "60,000 images, with those that validate" if model.is_final else "50,000 images"
    return {
        "what": f"784 pixels, one hidden layer of {params['hidden_units']:,} units with relu, 10 probabilities",
        "configuration": capital(model.configuration.title),
        "learning rate": f"{params['learning_rate']:.6g}",
        "batch size": str(params["batch_size"]),
        "epochs": str(_epochs(study, model)),
        "seed": "unknown" if model.seed is None else str(model.seed),
        "trained on": images,
        "trained with": f"RMSprop, categorical cross-entropy, {settings.precision} products",
    }


def _selection(study: Snapshot, model: Kept) -> list[str]:
    """Say how the model was selected, and from what."""
    settings, counts = study.settings, study.counts
    search = (
        f"The search had {counts.complete} complete, {counts.pruned} pruned and {counts.failed} failed trials, with "
        f"the sampler {settings.sampler} and the pruner {settings.pruner}."
    )
    return [search, _way(study, model)]


def _way(study: Snapshot, model: Kept) -> str:
    answer = study.answer
    if model.is_winner and answer is not None:
        return " ".join(method_of(answer))
    if model.is_final:
        return "This network was trained again on all training images, to be compared on the test images."
    is_best = study.best is not None and model.number == study.best.number
    return f"This is {'the trial with the best' if is_best else 'one of the trials with a good'} validation accuracy."


def _offer_export(site: Site, study: Snapshot, model: Kept) -> None:
    if model.is_final and not model.is_winner:
        st.caption("This one is not exported by a command: take its .keras file.")
        return
    which = "winner" if model.is_winner else str(model.number)
    name = study.name if model.is_winner else f"{study.name}-trial-{which}"
    place = location_arguments(study.storage, study.runs)
    data = ["--data", str(site.options.data)] if site.options.data else []
    parts = ["--study", study.name, "--trial", which, "--output", str(site.options.exports / name), *place, *data]
    st.markdown("This model is not exported yet. The command below does it, checks the file, and writes a full card.")
    st.code(f"python -m search.export {shlex.join(parts)}", language="bash", wrap_lines=True)
    st.caption("`--format all` also writes SavedModel, ONNX and LiteRT.")


def _tested(study: Snapshot, model: Kept) -> tuple[Estimate, Estimate | None] | None:
    """Return a finalist's test accuracy and its gain over the baseline, which has none; None of any other model."""
    answer = study.answer
    if answer is None or answer.verdict is None or not model.is_final:
        return None
    if model.configuration.trial is None:
        return answer.verdict.second, None
    return (answer.verdict.first, answer.verdict.difference) if model.configuration == answer.winner else None


def _val_accuracy(study: Snapshot, model: Kept) -> float | None:
    """Return what a trial scored on the validation images; None of a model that was trained on them."""
    return None if model.number is None else study.trials[model.number].value


def _epochs(study: Snapshot, model: Kept) -> int:
    asked = int(model.configuration.params["epochs"])
    return asked if model.number is None else int(study.trials[model.number].user_attrs.get(EPOCHS_RUN, asked))


def _interval_of_points(difference: Estimate) -> str:
    low, high = points(difference.low, 0), points(difference.high, 0)
    return f"{points(difference.mean, 0):+.2f} ({low:+.2f} to {high:+.2f})"
