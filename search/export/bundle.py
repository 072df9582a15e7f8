"""The exported folder: the model in each format, checked, with `model.json` and `MODEL_CARD.md`; whole or not there."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.confirmation.elsewhere import looks_elsewhere
from search.confirmation.evidence import Evidence
from search.confirmation.goal import tell_gap
from search.confirmation.record import evidence_of
from search.export.card import CARD, card
from search.export.description import DESCRIPTION, description_of
from search.export.formats import KERAS, Format, check_installed, convert, with_preprocessing
from search.export.kept import Kept
from search.export.place import check_free, filled
from search.export.roundtrip import Check, RoundTrip
from search.export.selection import load_accepted, select
from search.storage.address import open_read_only
from search.study.data import load
from search.study.study import load_study, settings_of
from search.trials.models import ModelStore
from trainable.data.dataset import Dataset
from trainable.keras_file import portable
from trainable.mlp.scoring import BATCH
from trainable.problem import ProblemSpec


@dataclass(frozen=True)
class Request:
    """What the person asked to take away, in which formats, and where to."""

    study: str | None
    trial: str | None
    formats: Sequence[Format]
    preprocessing: bool
    output: Path
    storage: str
    runs: Path
    data: str | None


@dataclass(frozen=True)
class Exported:
    """What was written: the formats' files or folders first, then what describes them."""

    paths: Sequence[Path]
    checks: Mapping[str, Check]
    examples: str  # as people call them


def export(request: Request) -> Exported:
    """Write a kept model into a folder, in each format, with what describes it.

    Raises:
        UsageError: There is no such study, trial or kept model, a format's packages are missing, or the folder holds
            something else or cannot be written.
        SearchError: The model is not the one that the study speaks of, or one of the files is not that model; nothing
            is left behind.
    """
    check_free(request.output)
    check_installed(request.formats)
    storage = open_read_only(request.storage)
    study = load_study(request.study, storage)
    tell_gap(study, storage.engine)
    settings = settings_of(study)
    evidence = evidence_of(study.user_attrs, looks_elsewhere(storage.engine, study.study_name, settings.problem.data))
    selected = select(study, settings, ModelStore(request.runs, study.study_name), request.trial)
    with filled(request.output, last=DESCRIPTION) as folder:
        dataset = load(settings.problem, request.data)
        model = load_accepted(selected, dataset)
        checks = _write_models(folder, request, model, selected, dataset)
        description = description_of(study, settings, evidence, selected, checks, preprocessing=request.preprocessing)
        _write_description(folder, settings.problem, description, evidence)
    names = [*(kind.file for kind in request.formats), DESCRIPTION, CARD]
    return Exported([request.output / name for name in names], checks, settings.problem.examples)


def _write_models(folder: Path, request: Request, model: Any, selected: Kept, dataset: Dataset) -> dict[str, Check]:
    """Write the model in each format and check what was written."""
    inputs = selected.problem.inputs
    scaled = dataset.x_val.astype(np.float32) / (inputs.scale or 1)
    expected: NDArray[np.float32] = model.predict(scaled, batch_size=BATCH, verbose=0)
    taken = dataset.x_val.reshape(-1, *inputs.shape) if request.preprocessing else scaled
    exported = with_preprocessing(model, inputs) if request.preprocessing else model
    trip = RoundTrip(taken, expected, selected.problem.examples)
    checks = {}
    for kind in request.formats:
        file = folder / kind.file
        if kind == KERAS and not request.preprocessing:
            file.write_bytes(portable(selected.file.read_bytes()))  # what the study kept, unless that is of before
        else:
            convert(exported, kind, file, inputs.name)
        checks[kind.name] = trip.check(kind, file)
    return checks


def _write_description(
    folder: Path, problem: ProblemSpec, description: Mapping[str, Any], evidence: Evidence | None
) -> None:
    """Add the card and, last, `model.json` with the hash of every other file."""
    (folder / CARD).write_text(card(problem, description, evidence), encoding="utf-8")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    hashes = {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    text = json.dumps({**description, "files": hashes}, indent=2)
    (folder / DESCRIPTION).write_text(f"{text}\n", encoding="utf-8")
