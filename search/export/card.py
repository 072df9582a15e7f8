"""`MODEL_CARD.md`: what an exported model is, how good, how it came about, and how to use it, for a person."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from search.confirmation.evidence import Evidence
from search.confirmation.looks import occasions, told
from search.confirmation.untested import chosen
from search.confirmation.wording import finding_of, method_of, percent, sentence_of
from search.export.description import input_of, output_of
from search.export.formats import FIRST_ONNXRUNTIME, KERAS
from search.export.interface import Interface
from search.export.kept import CHOSEN, WINNER
from search.export.latency import BATCHES, Latency, milliseconds
from search.export.own_snippets import prepare_own, use_own
from search.export.roundtrip import CLOSE
from search.export.snippets import prepare, use
from search.report.findings import remarks
from search.report.page import markdown
from search.study.about import facts_of
from search.study.study import BEST
from search.terminal.words import an, capital, number
from trainable.keras_file import FIRST_VERSION
from trainable.problem import ProblemSpec

CARD = "MODEL_CARD.md"
BY_ACCURACY = "This is the trial with the best validation accuracy."
TITLES = {
    "keras": f"Keras, from {FIRST_VERSION} on (`pip install keras tensorflow`)",
    "savedmodel": "SavedModel (`pip install tensorflow`)",
    "onnx": f"ONNX, onnxruntime from {FIRST_ONNXRUNTIME} on (`pip install onnxruntime`)",
    "tflite": "LiteRT, formerly TensorFlow Lite (`pip install ai-edge-litert`)",
}

ORIGIN = (
    "The accuracies hold for {examples} of {name}'s origin. An interval is for other seeds and other {examples} of "
    "that origin."
)


def card(problem: ProblemSpec, description: Mapping[str, Any], evidence: Evidence | None) -> str:
    """Return the card's text, Markdown.

    Args:
        problem: What the study is about.
        description: What `model.json` says.
        evidence: The study's, where a confirmation was begun.
    """
    checks, trial, said = description["checks"], description["trial"], _as_markdown(problem)
    interface = Interface.from_json(description["interface"]) if description.get("interface") else None
    uses = {name: use(problem, name) if interface is None else use_own(problem, interface, name) for name in checks}
    what = "the baseline" if trial is None else f"trial {trial}"
    sections = {
        f"# Model card: {what} of the study {description['study']}": _what(problem, description),
        "## Accuracy": _accuracy(problem, description, evidence),
        "## How it was selected": f"{_selection(description, evidence)}\n\n{_looks(problem, evidence)}",
        "## Data": _data(problem, description["data_sha256"]),
        "## Limits": "\n".join(f"- {said.said(each)}" for each in (*problem.words.limits, ORIGIN)),
        "## Input and output": _input(problem, said, interface, preprocessing=description["preprocessing"]),
        "## Use": "\n\n".join(f"{_title(problem, name)}:\n\n```python\n{code}```" for name, code in uses.items()),
        "## Checks": _checks(problem, checks, description.get("left_out", {})),
    }
    return "\n".join(f"{title}\n\n{text}\n" for title, text in sections.items())


def _as_markdown(problem: ProblemSpec) -> ProblemSpec:
    """Return a problem whose data, classes and columns are called what Markdown shows as what they are called."""
    columns = tuple(map(markdown, problem.inputs.columns))
    named = replace(problem, name=markdown(problem.name), labels=tuple(map(markdown, problem.labels)))
    return replace(named, inputs=replace(problem.inputs, columns=columns))


def training_of(problem: ProblemSpec, params: Mapping[str, Any], epochs: int | None, seed: Any) -> dict[str, Any]:
    """Return what a configuration was trained with, besides what its layers say, by what people call it."""
    names = [name for name in problem.names if name in params and f"{{{name}}}" not in problem.words.layers]
    values = {name: f"{each:.6g}" if isinstance(each := params[name], float) else number(each) for name in names}
    return {name.replace("_", " "): each for name, each in values.items()} | {"epochs": epochs, "seed": seed}


def search_of(trials: Mapping[str, int], sampler: str, pruner: str) -> str:
    """Return how many trials a model was selected from, by state, and what drew and ended them."""
    return (
        f"The search had {trials['complete']} complete, {trials['pruned']} pruned and {trials['failed']} failed "
        f"trials, with the sampler {sampler} and the pruner {pruner}."
    )


def _what(problem: ProblemSpec, description: Mapping[str, Any]) -> str:
    params, words = description["params"], problem.words
    training = training_of(problem, params, description["epochs_run"], description["seed"])
    rows = {
        "trained on": f"{description['trained_on']:,} {problem.examples}",
        "trained with": words.training,
        **{markdown(name): markdown(str(value)) for name, value in training.items()},
    }
    layers = f"{problem.said(words.layers, **params)} by softmax"
    if interface := description.get("interface"):
        name = markdown(problem.code["name"])
        layers = f"a Keras model of {interface['weights']:,} weights, as {name} builds it"
        rows[name] = f"SHA-256 `{problem.code['sha256']}`"
    else:
        rows["matrix products in training"] = description["precision"]
    return f"{problem.said(words.does)}: {layers}.\n\n| | |\n| --- | --- |\n" + "\n".join(
        f"| {name} | {value} |" for name, value in rows.items()
    )


def _accuracy(problem: ProblemSpec, description: Mapping[str, Any], evidence: Evidence | None) -> str:
    if evidence is None or evidence.verdict is None or description["selected"] != WINNER:
        return _unconfirmed(problem, description, evidence)
    verdict, is_baseline = evidence.verdict, description["trial"] is None
    test = verdict.second if is_baseline else verdict.first
    value, others = description["val_accuracy"], len(evidence.val_accuracies(evidence.taken)) if evidence.taken else 0
    what = "the search's own network" if others == 1 else f"the mean of the {others} networks by which it was chosen"
    validation = "" if value is None else f"{value:.4f}, {what}. "
    score = (
        f"Test: {test.mean:.4f} ({percent(verdict.confidence)} interval {test.low:.4f} to {test.high:.4f}) on the "
        f"{problem.sizes['test']:,} test {problem.examples}, the mean of "
        f"{evidence.networks_compared[is_baseline]} networks of this configuration. "
        f"This file is one of them; it alone scored {description['test_accuracy']:.4f}."
    )
    split = (
        f"Validation: {validation}This one has been trained on the validation {problem.examples}, so what it scores on "
        "them says nothing."
    )
    return "\n".join(f"- {each}" for each in (score, split, f"Verdict: {sentence_of(evidence)}.", *remarks(evidence)))


def _unconfirmed(problem: ProblemSpec, description: Mapping[str, Any], evidence: Evidence | None) -> str:
    is_best = description["selected"] in (BEST, CHOSEN)
    luck = " The best of many trials is partly luck: expect a little less." if is_best else ""
    verdict = ""
    if evidence is not None and chosen(evidence) is not None:
        verdict = f"\n- Not tested: there is no verdict on this study. {capital(finding_of(evidence))}."
    if evidence is not None and evidence.verdict is not None:
        verdict = f"\n- The study's verdict, which is on networks that were trained anew: {finding_of(evidence)}."
    return (
        f"- Validation: {description['val_accuracy']:.4f} on the {problem.sizes['val']:,} validation "
        f"{problem.examples}, one network.{luck}\n"
        f"- Test: this network was not scored on the test {problem.examples}.{verdict}"
    )


def _selection(description: Mapping[str, Any], evidence: Evidence | None) -> str:
    search = search_of(description["trials"], description["sampler"], description["pruner"])
    selected = description["selected"]
    if selected == BEST:
        return f"{search} {BY_ACCURACY}"
    if selected == CHOSEN and evidence is not None:
        return f"{search} {' '.join(method_of(evidence))} This is the network of the trial that won, the search's own."
    if selected != WINNER or evidence is None:
        return f"{search} This trial was chosen by its number."
    examples = evidence.problem.examples
    instead = [f"What won is worse than the baseline on the test {examples}: this is the baseline's model."]
    return " ".join([search, *method_of(evidence), *(instead if evidence.taken != evidence.winner else [])])


def _looks(problem: ProblemSpec, evidence: Evidence | None) -> str:
    if evidence is None or not evidence.looks:
        return f"The test {problem.examples} have not been looked at."
    lines = [f"- {told(each)}" for each in occasions(evidence.looks)]
    return f"Looks at the test {problem.examples}, which selected nothing: {evidence.looked}.\n\n" + "\n".join(lines)


def _data(problem: ProblemSpec, hashes: Mapping[str, str]) -> str:
    examples, sizes = problem.examples, problem.sizes
    test = f"{sizes['test']:,}" if sizes["test"] else "no"
    lines = "\n".join(f"- `{name}`: `{value}`" for name, value in hashes.items())
    told = (
        f"{problem.name}: {problem.training_size:,} training {examples}, of which {problem.split} validate during the "
        f"search, and {test} test {examples}."
    )
    if problem.source:
        rows = "\n".join(f"| {what} | {markdown(each)} |" for what, each in facts_of(problem))
        told = f"| | |\n| --- | --- |\n{rows}\n\n`model.json` has all names, in their order."
    kind = "" if problem.inputs.several else f" {problem.inputs.dtype}"
    return f"{told} SHA-256 of the raw{kind} arrays:\n\n{lines}"


def _title(problem: ProblemSpec, name: str) -> str:
    """Return what a format is called, and what its code needs."""
    if name != KERAS.name or not problem.code:
        return TITLES[name]
    return f"Keras, from {version('keras')} on, which has written it (`pip install keras tensorflow`)"


def _input(problem: ProblemSpec, said: ProblemSpec, interface: Interface | None, *, preprocessing: bool) -> str:
    taken = input_of(said, preprocessing=preprocessing, interface=interface)
    code = prepare(problem, preprocessing=preprocessing) if interface is None else prepare_own(problem, interface)
    return (
        f"- Input: {taken}.\n- Output: {output_of(said, interface)}.\n\nHow {an(problem.words.example)} "
        f"becomes input (`pip install {problem.words.packages}`); the code below goes on from here:\n\n"
        f"```python\n{code}```"
    )


def _checks(problem: ProblemSpec, checks: Mapping[str, Any], left_out: Mapping[str, str]) -> str:
    rows = "\n".join(
        f"| `{each['file']}` | {each['runtime']} | {each['images']:,} | {each['largest_difference']:.2g} |"
        for each in checks.values()
    )
    ties = sum(each["ties"] for each in checks.values())
    other = f" Ties, of which either class may come: {ties:,}." if ties else ""
    return (
        f"Each file was loaded again in a process of its own, and gave for every validation {problem.words.example} "
        f"the class that the study's Keras model gives, with probabilities that differ by {CLOSE:g} at most.{other} "
        "`model.json` has the SHA-256 of every file.\n\n"
        f"| file | loaded with | {problem.examples} | largest difference |\n| --- | --- | ---: | ---: |\n{rows}"
        + _latencies(problem, checks)
        + "".join(f"\n\nNot in the format {name}: {markdown(reason)}." for name, reason in left_out.items())
    )


def _latencies(problem: ProblemSpec, checks: Mapping[str, Any]) -> str:
    """Return how long each file takes to answer, where that was measured."""
    rows = "".join(
        f"\n| `{each['file']}` | {' | '.join(milliseconds(Latency(**one)) for one in each['latencies'])} |"
        for each in checks.values()
        if each.get("latencies")
    )
    if not rows:
        return ""
    heads = " | ".join(f"{size:,} {problem.words.example}{'s' * (size > 1)}, ms" for size in BATCHES)
    return (
        "\n\nHow long an answer took on the machine that exported this, each format alone: the median, with the "
        f"quartiles in brackets.\n\n| file | {heads} |\n| --- | ---: | ---: |{rows}"
    )
