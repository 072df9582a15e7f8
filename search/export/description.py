"""`model.json`: what an exported model is and where it comes from, for a program."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import optuna

from search.confirmation.evidence import WRONG, Evidence
from search.confirmation.wording import json_of
from search.export.interface import Interface
from search.export.kept import Kept
from search.export.roundtrip import Check
from search.study.about import MOST_NAMES
from search.study.settings import Settings
from search.study.study import count
from search.terminal.words import an
from trainable.errors import shown, some
from trainable.problem import ProblemSpec

PACKAGES = ("tensorflow", "keras", "numpy", "optuna", "ray")
DESCRIPTION = "model.json"


def description_of(
    study: optuna.Study,
    settings: Settings,
    evidence: Evidence | None,
    selected: Kept,
    checks: Mapping[str, Check],
    *,
    preprocessing: bool,
    interface: Interface | None = None,
    left_out: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what `model.json` says, but for the files' hashes, in a form that JSON can hold.

    Args:
        study: The model's.
        settings: The study's.
        evidence: The study's, where a confirmation was begun.
        selected: The model.
        checks: What was written, by format.
        preprocessing: Whether the model scales and flattens the examples itself.
        interface: Of a person's own model.
        left_out: Why a format was left out, by its name.
    """
    return {
        "study": study.study_name,
        **_model(selected, settings, evidence),
        **_study(study, settings, evidence),
        "test_accuracy": _test_accuracy(evidence, selected),
        "preprocessing": preprocessing,
        "input": input_of(settings.problem, preprocessing=preprocessing, interface=interface),
        "output": output_of(settings.problem, interface),
        "interface": None if interface is None else interface.to_json(),
        "code": dict(settings.problem.code),
        "labels": list(settings.problem.labels),
        "columns": list(settings.problem.inputs.columns),
        "data": _data(settings.problem),
        "versions": _versions(checks),
        "data_sha256": dict(settings.problem.data if selected.is_winner else settings.data),
        "checks": {name: asdict(check) for name, check in checks.items()},
        "left_out": dict(left_out or {}),
    }


def _model(selected: Kept, settings: Settings, evidence: Evidence | None) -> dict[str, Any]:
    value = selected.val_accuracy
    if evidence is not None and selected.is_winner:  # the mean of the networks that were trained without those examples
        value = evidence.val_accuracy(selected.configuration)
    return {
        "selected": selected.how,
        "trial": selected.trial,
        "params": dict(selected.configuration.params),
        "seed": selected.seed,
        "precision": settings.precision,
        "epochs_run": selected.epochs_run,
        "trained_on": selected.trained_on,
        "val_accuracy": value,
        "train_accuracy": selected.train_accuracy,
    }


def _study(study: optuna.Study, settings: Settings, evidence: Evidence | None) -> dict[str, Any]:
    counts = count(study.get_trials(deepcopy=False))
    return {
        "confirmed": None if evidence is None else json_of(evidence),
        "looks": [] if evidence is None else [asdict(look) for look in evidence.looks],
        "trials": {"complete": counts.complete, "pruned": counts.pruned, "failed": counts.failed},
        "sampler": settings.sampler,
        "pruner": settings.pruner,
    }


def _test_accuracy(evidence: Evidence | None, selected: Kept) -> float | None:
    """Return what the winner's network scored when the test examples were looked at; None for any other one."""
    if evidence is None or evidence.taken is None or not selected.is_winner:
        return None
    size = evidence.problem.sizes["test"]
    return 1 - len(evidence.tested[evidence.taken.name, evidence.final_seeds[0]][WRONG]) / size


def _data(problem: ProblemSpec) -> dict[str, Any]:
    """Return what the data are called, how many examples a split has, how it came about, how many are repeated."""
    came = {"val": problem.split, "test": problem.test_split}
    return {
        "name": problem.name,
        "sizes": dict(problem.sizes),
        "splits": {split: said for split, said in came.items() if said},
        "repeated": dict(problem.repeated),
    }


def input_of(problem: ProblemSpec, *, preprocessing: bool, interface: Interface | None = None) -> str:
    """Say what the model takes; `interface` is that of a person's own."""
    inputs, words = problem.inputs, problem.words
    if interface is not None:
        named = "; ".join(f"{name}: {interface.form(name, 'batch')}" for name in interface.inputs)
        columns = f", the columns {some(inputs.columns, MOST_NAMES)}, in this order" if inputs.columns else ""
        return f"{named}; {an(words.example)} as it is stored{columns}"
    last = [] if inputs.scale else ["which the model standardises itself"]
    if inputs.columns:
        last.insert(0, f"the columns {some(inputs.columns, MOST_NAMES)}, in this order")
    if preprocessing:
        values = [words.values] if words.values else []
        return ", ".join([f"{inputs.stored('batch')}: {an(words.example)}", *values, *last])
    steps = ["flattened row by row"] if len(inputs.shape) > 1 else []
    steps += [f"divided by {inputs.scale:g}"] if inputs.scale not in (None, 1) else []
    return ", ".join([f"{inputs.scaled('batch')}: {an(inputs.dtype)} {words.example}", *steps, *last])


def output_of(problem: ProblemSpec, interface: Interface | None = None) -> str:
    """Say what it gives, with the classes' names where these are more than numbers; `interface` as for `input_of`."""
    names = f" ({some(problem.labels, MOST_NAMES)})" if problem.has_named_classes else ""
    label, form = problem.words.label, f"float32 [batch, {interface.outputs}]" if interface else ""
    if interface is not None and interface.is_one:
        last = shown(problem.labels[-1])
        turned = f" before sigmoid: above 0 it is {last}" if interface.are_logits else f": above 0.5 it is {last}"
        return f"{form}: the probability of the second {label}{names}{turned}"
    if interface is not None and interface.are_logits:
        return f"{form}: for each {label}{names} a number, whose softmax is its probability"
    return f"float32 [batch, {len(problem.labels)}]: the probability of each {problem.words.label}{names}"


def _versions(checks: Mapping[str, Check]) -> dict[str, str]:
    runtimes = dict(check.runtime.split() for check in checks.values())
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES} | runtimes
