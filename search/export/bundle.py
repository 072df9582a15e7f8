"""The exported folder: the model in each format, checked, with `model.json` and `MODEL_CARD.md`; whole or not there."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from search.confirmation.elsewhere import looks_elsewhere
from search.confirmation.evidence import Evidence
from search.confirmation.goal import tell_gap
from search.confirmation.record import evidence_of
from search.errors import SearchError, UsageError
from search.export.card import CARD, card
from search.export.description import DESCRIPTION, description_of
from search.export.exportable import Exportable, built_in, own
from search.export.formats import KERAS, Format, check_installed, convert
from search.export.place import check_free, filled, remove
from search.export.roundtrip import Check, RoundTrip
from search.export.selection import load_accepted, select
from search.storage.address import open_read_only
from search.study.data import load
from search.study.program import program_for
from search.study.settings import Settings
from search.study.study import load_study, settings_of
from search.trials.models import ModelStore
from trainable.errors import one_line
from trainable.keras_file import needs_file
from trainable.model_file.spec import LOAD, TRAIN
from trainable.problem import ProblemSpec
from trainable.program import Program

LONGEST_REASON = 300  # characters


@dataclass(frozen=True)
class Request:
    """What the person asked to take away, in which formats, and where to.

    Attributes:
        study: Its name; None for the most recent one.
        trial: As `search.export.selection.select` takes it.
        formats: Which, each once.
        timed: Whether it is measured how long each format takes to answer.
        optional: Those of them that are left out where a model of the person's own cannot be had in them.
        preprocessing: Whether the model does itself what has to be done with examples as they are stored.
        output: The folder.
        storage: The URL of the study's storage.
        runs: Home of kept models.
        data: What `--data` named.
        model: What `--model` named.
    """

    study: str | None
    trial: str | None
    formats: Sequence[Format]
    preprocessing: bool
    output: Path
    storage: str
    runs: Path
    data: str | None
    model: str | None = None
    optional: frozenset[str] = frozenset()
    timed: bool = False


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        paths: The formats' files or folders first, then what describes them.
        checks: By format.
        left_out: Why a format was left out, by its name.
        examples: As people call them.
    """

    paths: Sequence[Path]
    checks: Mapping[str, Check]
    left_out: Mapping[str, str]
    examples: str


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
    program = _program(request, settings.problem, study.study_name)
    with filled(request.output, last=DESCRIPTION) as folder:
        dataset: Any = load(settings.problem, request.data)
        model = load_accepted(selected, dataset, program)
        if settings.problem.code:
            exported = own(model, selected, dataset.x_val, program)
            settings = _needing(settings, exported.content)
        else:
            exported = built_in(model, selected, dataset.x_val, preprocessing=request.preprocessing)
        checks, left_out = write_models(
            folder, request.formats, exported, settings.problem, request.optional, is_timed=request.timed
        )
        description = description_of(
            study, settings, evidence, selected, checks, preprocessing=request.preprocessing,
            interface=exported.interface, left_out=left_out,
        )  # fmt: skip
        _write_description(folder, settings.problem, description, evidence)
    names = [*(kind.file for kind in request.formats if kind.name in checks), DESCRIPTION, CARD]
    return Exported([request.output / name for name in names], checks, left_out, settings.problem.examples)


def _program(request: Request, problem: ProblemSpec, study: str) -> Program | None:
    """Return the person's file, where they have named it; refuse what a model of their own cannot be asked for."""
    if problem.code and request.preprocessing:
        raise UsageError("--with-preprocessing: a model of your own takes examples as they are stored in any case")
    if request.model is None:
        return None
    return program_for(problem, request.model, study)


def _needing(settings: Settings, content: bytes) -> Settings:
    """Return the settings of a study of a person's own model with what the file is needed for by this very one."""
    problem = settings.problem
    code = {**problem.code, "needed_to": LOAD if needs_file(content) else TRAIN}
    return replace(settings, space=replace(settings.space, problem=replace(problem, code=code)))


def write_models(
    folder: Path,
    formats: Sequence[Format],
    exported: Exportable,
    problem: ProblemSpec,
    optional: Collection[str] = (),
    *,
    is_timed: bool = False,
) -> tuple[dict[str, Check], dict[str, str]]:
    """Write a model in each format, and check what was written.

    Args:
        folder: New.
        formats: Which.
        exported: The model.
        problem: What the study is about.
        optional: Formats in which a person's own model need not go: their layers may have no form there.
        is_timed: Whether answers are timed.

    Returns:
        The checks by format, and why one was left out.

    Raises:
        SearchError: A format that is not optional does not go, or none does.
    """
    trip = RoundTrip(
        exported.examples, exported.expected, problem.examples, program=exported.program,
        are_logits=exported.are_logits, is_timed=is_timed,
    )  # fmt: skip
    checks, left_out = {}, {}
    for kind in formats:
        file = folder / kind.file
        try:
            if kind == KERAS:
                file.write_bytes(exported.content)
            else:
                convert(exported.model, kind, file, exported.signature)
            checks[kind.name] = trip.check(kind, file)
        except SearchError as error:
            if not problem.code or kind.name not in optional:
                raise
            left_out[kind.name] = _reason(error, kind)
            remove(file)
    if not checks:
        raise SearchError(f"--format: {'; '.join(f'{name}: {why}' for name, why in left_out.items())}")
    return checks, left_out


def _reason(error: SearchError, kind: Format) -> str:
    """Return why a format does not go, in a short line: converters give pages."""
    said = one_line(str(error)).removeprefix(f"--format {kind.name}: ").removesuffix("; nothing is exported")
    return said if len(said) <= LONGEST_REASON else f"{said[:LONGEST_REASON]}..."


def _write_description(
    folder: Path, problem: ProblemSpec, description: Mapping[str, Any], evidence: Evidence | None
) -> None:
    """Add the card and, last, `model.json` with the hash of every other file."""
    (folder / CARD).write_text(card(problem, description, evidence), encoding="utf-8")
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    hashes = {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    text = json.dumps({**description, "files": hashes}, indent=2)
    (folder / DESCRIPTION).write_text(f"{text}\n", encoding="utf-8")
