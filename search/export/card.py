"""`MODEL_CARD.md`: what an exported model is, how good, how it came about, and how to use it, for a person."""

from collections.abc import Mapping
from typing import Any

from search.confirmation.evidence import Evidence
from search.confirmation.looks import occasions, told
from search.confirmation.wording import finding_of, method_of, percent, sentence_of
from search.export.formats import FIRST_ONNXRUNTIME
from search.export.kept import WINNER
from search.export.roundtrip import CLOSE
from search.export.snippets import USE, prepare
from search.report.findings import remarks
from search.study.study import BEST
from trainable.keras_file import FIRST_VERSION

CARD = "MODEL_CARD.md"
NETWORK = "784 pixels, one hidden layer of {} units with relu, 10 probabilities"
TRAINED_WITH = "RMSprop, categorical cross-entropy"
BY_ACCURACY = "This is the trial with the best validation accuracy."
TITLES = {
    "keras": f"Keras, from {FIRST_VERSION} on (`pip install keras tensorflow`)",
    "savedmodel": "SavedModel (`pip install tensorflow`)",
    "onnx": f"ONNX, onnxruntime from {FIRST_ONNXRUNTIME} on (`pip install onnxruntime`)",
    "tflite": "LiteRT, formerly TensorFlow Lite (`pip install ai-edge-litert`)",
}

LIMITS = """\
- It knows MNIST's kind of image: one light digit on a dark ground, in 20 x 20 pixels, its centre of mass in the middle
  of 28 x 28. How it does on others, such as dark digits on paper or digits away from the middle, was not measured.
- It has no answer for "no digit": whatever the image, the ten probabilities sum to 1. They were not calibrated.
- The accuracies hold for images of MNIST's origin. An interval is for other seeds and other images of that origin."""


def card(description: Mapping[str, Any], evidence: Evidence | None) -> str:
    """Return the card's text, Markdown.

    Args:
        description: What `model.json` says.
        evidence: The study's, where a confirmation was begun.
    """
    sections = {
        f"# Model card: {_title(description)} of the study {description['study']}": _what(description),
        "## Accuracy": _accuracy(description, evidence),
        "## How it was selected": f"{_selection(description, evidence)}\n\n{_looks(evidence)}",
        "## Data": _data(description["data_sha256"]),
        "## Limits": LIMITS,
        "## Input and output": _input(description),
        "## Use": _use(description["checks"]),
        "## Checks": _checks(description["checks"]),
    }
    return "\n".join(f"{title}\n\n{text}\n" for title, text in sections.items())


def training_of(params: Mapping[str, Any], epochs: int | None, seed: int | str | None) -> dict[str, Any]:
    """Return what a configuration was trained with, by what people call it."""
    rate, size = f"{params['learning_rate']:.6g}", params["batch_size"]
    return {"learning rate": rate, "batch size": size, "epochs": epochs, "seed": seed}


def search_of(trials: Mapping[str, int], sampler: str, pruner: str) -> str:
    """Return how many trials a model was selected from, by state, and what drew and ended them."""
    return (
        f"The search had {trials['complete']} complete, {trials['pruned']} pruned and {trials['failed']} failed "
        f"trials, with the sampler {sampler} and the pruner {pruner}."
    )


def _title(description: Mapping[str, Any]) -> str:
    return "the baseline" if description["trial"] is None else f"trial {description['trial']}"


def _what(description: Mapping[str, Any]) -> str:
    params = description["params"]
    rows = {
        "trained on": f"{description['trained_on']:,} images",
        "trained with": TRAINED_WITH,
        **training_of(params, description["epochs_run"], description["seed"]),
        "matrix products in training": description["precision"],
    }
    return (
        f"A network that says which digit a small image shows: {NETWORK.format(params['hidden_units'])} by softmax."
        "\n\n| | |\n| --- | --- |\n" + "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    )


def _accuracy(description: Mapping[str, Any], evidence: Evidence | None) -> str:
    if evidence is None or evidence.verdict is None or description["selected"] != WINNER:
        return _unconfirmed(description, evidence)
    verdict, is_baseline = evidence.verdict, description["trial"] is None
    test = verdict.second if is_baseline else verdict.first
    value, others = description["val_accuracy"], len(evidence.val_accuracies(evidence.taken)) if evidence.taken else 0
    what = "the search's own network" if others == 1 else f"the mean of the {others} networks by which it was chosen"
    validation = "" if value is None else f"{value:.4f}, {what}. "
    score = (
        f"Test: {test.mean:.4f} ({percent(verdict.confidence)} interval {test.low:.4f} to {test.high:.4f}) on the "
        f"10,000 test images, the mean of {evidence.networks_compared[is_baseline]} networks of this configuration. "
        f"This file is one of them; it alone scored {description['test_accuracy']:.4f}."
    )
    split = (
        f"Validation: {validation}This one has been trained on the validation images, so what it scores on them says "
        "nothing."
    )
    return "\n".join(f"- {each}" for each in (score, split, f"Verdict: {sentence_of(evidence)}.", *remarks(evidence)))


def _unconfirmed(description: Mapping[str, Any], evidence: Evidence | None) -> str:
    luck = " The best of many trials is partly luck: expect a little less." if description["selected"] == BEST else ""
    verdict = ""
    if evidence is not None and evidence.verdict is not None:
        verdict = f"\n- The study's verdict, which is on networks that were trained anew: {finding_of(evidence)}."
    return (
        f"- Validation: {description['val_accuracy']:.4f} on the 10,000 validation images, one network.{luck}\n"
        f"- Test: this network was not scored on the test images.{verdict}"
    )


def _selection(description: Mapping[str, Any], evidence: Evidence | None) -> str:
    search = search_of(description["trials"], description["sampler"], description["pruner"])
    selected = description["selected"]
    if selected == BEST:
        return f"{search} {BY_ACCURACY}"
    if selected != WINNER or evidence is None:
        return f"{search} This trial was chosen by its number."
    instead = ["What won is worse than the baseline on the test images: this is the baseline's model."]
    return " ".join([search, *method_of(evidence), *(instead if evidence.taken != evidence.winner else [])])


def _looks(evidence: Evidence | None) -> str:
    if evidence is None or not evidence.looks:
        return "The test images have not been looked at."
    lines = [f"- {told(each)}" for each in occasions(evidence.looks)]
    return f"Looks at the test images, which selected nothing: {evidence.looked}.\n\n" + "\n".join(lines)


def _data(hashes: Mapping[str, str]) -> str:
    lines = "\n".join(f"- `{name}`: `{value}`" for name, value in hashes.items())
    return (
        "MNIST: 60,000 training images, of which the last 10,000 validate during the search, and 10,000 test images. "
        f"SHA-256 of the raw uint8 arrays:\n\n{lines}"
    )


def _input(description: Mapping[str, Any]) -> str:
    return (
        f"- Input: {description['input']}.\n- Output: {description['output']}.\n\n"
        "How an image becomes input (`pip install numpy pillow`); the code below goes on from here:\n\n"
        f"```python\n{prepare(preprocessing=description['preprocessing'])}```"
    )


def _use(checks: Mapping[str, Any]) -> str:
    return "\n\n".join(f"{TITLES[name]}:\n\n```python\n{USE[name]}```" for name in checks)


def _checks(checks: Mapping[str, Any]) -> str:
    rows = "\n".join(
        f"| `{each['file']}` | {each['runtime']} | {each['images']:,} | {each['largest_difference']:.2g} |"
        for each in checks.values()
    )
    return (
        "Each file was loaded again in a process of its own, and gave for every validation image the class that the "
        f"study's Keras model gives, with probabilities that differ by {CLOSE:g} at most. `model.json` has the "
        "SHA-256 of every file.\n\n| file | loaded with | images | largest difference |\n| --- | --- | ---: | ---: |\n"
        f"{rows}"
    )
