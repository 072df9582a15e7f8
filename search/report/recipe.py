"""The commands that repeat a search and its winner, take the model away and show the study, ready to copy."""

import json
import shlex
from collections.abc import Sequence

from search.confirmation.candidates import THE_BASELINE
from search.confirmation.extent import TWO_LOOKS
from search.report.findings import Found
from search.report.page import Block, Code, Section, Text
from search.storage.address import location_arguments
from search.study.settings import Settings
from search.study.space import BUILT_IN, fields_of
from search.study.study import IS_BASELINE, queued_params, was_queued


def commands_section(found: Found) -> Section:
    """Give the commands, and the files that they read."""
    command, files = _search_again(found)
    blocks: list[Block] = [
        Text("With one worker the same search gives the same trials on the same kind of machine; with several, the "
             "order in which trials end is not fixed, and the sampler goes by it."),
        Code(command),
    ]  # fmt: skip
    for name, content in files:
        blocks += [Text(f"The file {name}:"), Code(content)]
    for title, each in _further_commands(found):
        blocks += [Text(f"{title}:"), Code(each)]
    return Section("Repeat it", blocks)


def replay_command(found: Found, number: int) -> str:
    """Return the command that trains a trial again and compares each epoch."""
    return _command("python -m search.replay", [*_where(found), "--trial", str(number)])


def export_command(found: Found, number: int | None = None) -> str:
    """Return the command that takes a kept model away: a trial's, or else the winner's or the best's."""
    which, folder = ([], found.name) if number is None else (["--trial", str(number)], f"{found.name}-trial-{number}")
    return _command("python -m search.export", [*_where(found), *which, "--output", f"exports/{folder}"])


def dashboard_command(found: Found) -> str:
    """Return the command that shows the trials."""
    place = _place(found)
    return _command("python -m streamlit run dashboard/app.py", ["--", *place] if place else [])


def _search_again(found: Found) -> tuple[str, list[tuple[str, str]]]:
    """Return the command of the search, and name and content of the files that it reads."""
    settings, answer, files = found.settings, found.answer, []
    parts = [*_settings(settings), "--trials", str(found.counts.finished or 1), "--study", f"{found.name}-again"]
    if settings.space != BUILT_IN:
        parts += ["--space", "space.toml"]
        tables = (f"[{name}]\n{fields_of(each)}" for name, each in settings.space.distributions.items())
        files.append(("space.toml", "\n\n".join(tables)))
    own = (trial for trial in found.trials if IS_BASELINE not in trial.user_attrs)
    if given := [json.dumps(queued_params(trial)) for trial in own if was_queued(trial)]:
        parts += ["--enqueue", "first.jsonl"]
        files.append(("first.jsonl", "\n".join(given)))
    if answer is not None:
        sizes = [] if answer.sizes == TWO_LOOKS else ["--confirm-seeds", str(answer.sizes[-1])]
        explained = ["--explain"] if found.explanation else []
        parts += ["--confirm-top", str(len(answer.candidates) - 1), *sizes, *explained]
    else:
        parts += ["--no-confirm"]
    return _command("python -m search.run", parts), files


def _settings(settings: Settings) -> list[str]:
    options = {name: str(getattr(settings, name)) for name in ("seed", "sampler", "pruner", "precision")}
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [*given, "--workers", "1", *([] if settings.baseline else ["--no-baseline"])]


def _further_commands(found: Found) -> list[tuple[str, str]]:
    """Return what each command is for, and the command."""
    best = _best(found)
    of_study = [
        ("Look at the trials", dashboard_command(found)),
        ("Write this report again", _command("python -m search.report", [*_where(found), "--output", "report.html"])),
    ]
    if best is None:
        return of_study
    return [
        ("Train the best again and compare each epoch", replay_command(found, best)),
        ("Take the best model away", export_command(found)),
        *of_study,
    ]


def _best(found: Found) -> int | None:
    """Return the number of the trial that won, or else of the search's best; None where no trial is complete."""
    winner = found.answer.winner if found.answer else None
    if winner is not None and winner != THE_BASELINE:
        return winner.trial
    return found.ranked[0].number if found.ranked else None


def _where(found: Found) -> list[str]:
    """Return the options that name the study and where it is."""
    return ["--study", found.name, *_place(found)]


def _place(found: Found) -> list[str]:
    return location_arguments(found.storage, found.runs)


def _command(program: str, parts: Sequence[str]) -> str:
    return f"{program} {shlex.join(parts)}".rstrip()
