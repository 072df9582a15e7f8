"""The commands that repeat a search and its winner, take the model away and show the study, ready to copy."""

import json

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from search.confirmation.candidates import THE_BASELINE
from search.confirmation.extent import TWO_LOOKS
from search.report.findings import Found
from search.report.page import Block, Code, Section, Text
from search.storage.address import location
from search.study.settings import Settings
from search.study.space import BUILT_IN, Space
from search.study.study import IS_BASELINE, queued_params, was_queued
from search.terminal.shell import command_line, dashboard_command


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
    return command_line("search.replay", *_where(found), "--trial", str(number))


def export_command(found: Found, number: int | None = None) -> str:
    """Return the command that takes a kept model away: a trial's, or else the winner's or the best's."""
    which, folder = ([], found.name) if number is None else (["--trial", str(number)], f"{found.name}-trial-{number}")
    return command_line("search.export", *_where(found), *which, "--output", f"exports/{folder}")


def _search_again(found: Found) -> tuple[str, list[tuple[str, str]]]:
    """Return the command of the search, and name and content of the files that it reads."""
    settings, answer, files = found.settings, found.answer, []
    parts = [*_settings(settings), "--trials", str(found.counts.finished or 1), "--study", f"{found.name}-again"]
    if settings.space != BUILT_IN:
        parts += ["--space", "space.toml"]
        files.append(("space.toml", _toml(settings.space)))
    given = [trial for trial in found.trials if was_queued(trial) and IS_BASELINE not in trial.user_attrs]
    if given:
        parts += ["--enqueue", "first.jsonl"]
        files.append(("first.jsonl", "\n".join(json.dumps(queued_params(trial)) for trial in given)))
    if answer is not None:
        sizes = [] if answer.sizes == TWO_LOOKS else ["--confirm-seeds", str(answer.sizes[-1])]
        explained = ["--explain"] if found.explanation else []
        parts += ["--confirm-top", str(len(answer.candidates) - 1), *sizes, *explained]
    else:
        parts += ["--no-confirm"]
    return command_line("search.run", *parts), files


def _settings(settings: Settings) -> list[str]:
    options = {name: str(getattr(settings, name)) for name in ("seed", "sampler", "pruner", "precision")}
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [*given, "--workers", "1", *([] if settings.baseline else ["--no-baseline"])]


def _further_commands(found: Found) -> list[tuple[str, str]]:
    """Return what each command is for, and the command."""
    best = _best(found)
    of_study = [
        ("Look at the trials", dashboard_command(*_place(found))),
        ("Write this report again", command_line("search.report", *_where(found), "--output", "report.html")),
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


def _toml(space: Space) -> str:
    """Return a space as `--space` reads it."""
    return "\n\n".join(f"[{name}]\n{_table(each)}" for name, each in space.distributions.items())


def _table(distribution: BaseDistribution) -> str:
    if isinstance(distribution, CategoricalDistribution):
        return f'type = "categorical"\nchoices = {json.dumps(list(distribution.choices))}'
    kind = "int" if isinstance(distribution, IntDistribution) else "float"
    low, high, log = distribution.low, distribution.high, distribution.log  # type: ignore[attr-defined]
    return f'type = "{kind}"\nlow = {json.dumps(low)}\nhigh = {json.dumps(high)}\nlog = {json.dumps(log)}'


def _where(found: Found) -> list[str]:
    """Return the options that name the study and where it is."""
    return ["--study", found.name, *_place(found)]


def _place(found: Found) -> list[str]:
    return location(found.storage, found.runs)
