"""The commands that repeat a search and its winner, take the model away and show the study, ready to copy."""

import json
from typing import Any

from optuna.trial import FrozenTrial

from search.confirmation.evidence import Evidence
from search.confirmation.extent import TWO_LOOKS
from search.confirmation.view import StudyView
from search.report.page import Block, Code, Section, Text
from search.storage.address import location
from search.study.data import data_arguments
from search.study.program import loading_arguments, model_arguments
from search.study.settings import Settings
from search.study.space_file import tables_of
from search.study.study import IS_BASELINE, queued_params, was_queued
from search.study.tables import key_of
from search.terminal.shell import command_line, dashboard_command
from trainable.problem import ProblemSpec


def commands_section(view: StudyView) -> Section:
    """Give the commands, and the files that they read."""
    command, files = _search_again(view)
    blocks: list[Block] = [
        Text("With one worker the same search gives the same trials on the same kind of machine; with several, the "
             "order in which trials end is not fixed, and the sampler goes by it."),
        Code(command),
    ]  # fmt: skip
    for name, content in files:
        blocks += [Text(f"The file {name}:"), Code(content)]
    for title, each in _further_commands(view):
        blocks += [Text(f"{title}:"), Code(each)]
    return Section("Repeat it", blocks)


def replay_command(view: StudyView, number: int) -> str:
    """Return the command that trains a trial again and compares each epoch."""
    files = [*model_arguments(view.settings.problem), *data_arguments(view.settings.problem)]
    return command_line("search.replay", *_where(view), *files, "--trial", str(number))


def export_command(view: StudyView, number: int | None = None) -> str:
    """Return the command that takes a kept model away: a trial's, or else the winner's or the best's."""
    which, folder = ([], view.name) if number is None else (["--trial", str(number)], f"{view.name}-trial-{number}")
    files = [*loading_arguments(view.settings.problem), *data_arguments(view.settings.problem)]
    return command_line("search.export", *_where(view), *files, *which, "--output", f"exports/{folder}")


def _search_again(view: StudyView) -> tuple[str, list[tuple[str, str]]]:
    """Return the command of the search, and name and content of the files that it reads."""
    settings, evidence, files = view.settings, view.evidence, []
    parts = [*_settings(settings), "--trials", str(view.counts.finished or 1), "--study", f"{view.name}-again"]
    is_known = settings.space.has_usual_baseline or settings.problem.code
    if not is_known or not settings.space.is_default:
        parts += ["--space", "space.toml"]
        told = {name: each for name, each in tables_of(settings.space).items() if name not in settings.space.appeared}
        tables = (f"[{key_of(name)}]\n{fields}" for name, fields in told.items())
        files.append(("space.toml", "\n\n".join(tables)))
    given = [trial for trial in view.trials if was_queued(trial) and IS_BASELINE not in trial.user_attrs]
    if given:
        parts += ["--enqueue", "first.jsonl"]
        files.append(("first.jsonl", "\n".join(json.dumps(_given(trial, settings)) for trial in given)))
    if evidence is not None:
        sizes = [] if evidence.sizes == TWO_LOOKS else ["--confirm-seeds", str(evidence.sizes[-1])]
        explained = ["--explain"] if view.explanation else []
        how = [*sizes, *explained] if evidence.is_tested else []
        parts += ["--confirm-top", str(len(evidence.candidates) - 1), *how]
    else:
        parts += ["--no-confirm"]
    return command_line("search.run", *parts, *test_arguments(settings.problem, evidence)), files


def _given(trial: FrozenTrial, settings: Settings) -> dict[str, Any]:
    """Return the parameters of a queued trial that a search knows before any other appears."""
    return {name: each for name, each in queued_params(trial).items() if name not in settings.space.appeared}


def named_data(problem: ProblemSpec) -> list[str]:
    """Return the options that name somebody's own data."""
    options = {"--data": problem.source.get("location"), "--target": problem.source.get("target")}
    return [f"{option}={value}" for option, value in options.items() if value is not None]  # it may begin with "-"


def test_arguments(problem: ProblemSpec, evidence: Evidence | None) -> list[str]:
    """Return the option that leaves the test away: with a test split that was drawn, the trials would be others."""
    if problem.source:
        is_left_out = not problem.source.get("test", True) and (evidence is None or not evidence.is_tested)
    else:
        is_left_out = evidence is not None and not evidence.is_tested
    return ["--no-test"] if is_left_out else []


def _settings(settings: Settings) -> list[str]:
    options = {name: str(getattr(settings, name)) for name in ("seed", "sampler", "pruner", "precision")}
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    problem = settings.problem
    return [
        *named_data(problem),
        *model_arguments(problem),
        *given,
        "--workers",
        "1",
        *([] if settings.baseline else ["--no-baseline"]),
        *limit_arguments(settings),
    ]


def limit_arguments(settings: Settings) -> list[str]:
    """Return the options that name a study's limits."""
    return [part for name, most in settings.at_most.items() for part in ("--at-most", f"{name}={most}")]


def _further_commands(view: StudyView) -> list[tuple[str, str]]:
    """Return what each command is for, and the command."""
    best = _best(view)
    of_study = [
        ("Look at the trials", dashboard_command(*_place(view))),
        ("Write this report again", command_line("search.report", *_where(view), "--output", "report.html")),
    ]
    if best is None:
        return of_study
    return [
        ("Train the best again and compare each epoch", replay_command(view, best)),
        ("Take the best model away", export_command(view)),
        *of_study,
    ]


def _best(view: StudyView) -> int | None:
    """Return the number of the trial that won, or else of the search's best; None where no trial is complete."""
    winner = view.evidence.winner if view.evidence else None
    if winner is not None and winner.trial is not None:
        return winner.trial
    return view.ranked[0].number if view.ranked else None


def _where(view: StudyView) -> list[str]:
    """Return the options that name the study and where it is."""
    return ["--study", view.name, *_place(view)]


def _place(view: StudyView) -> list[str]:
    return location(view.storage, view.runs)
