"""What is to be done next about a study: in words, with the command that does it."""

from dataclasses import dataclass

from optuna.trial import FrozenTrial

from dashboard.snapshot import Snapshot
from dashboard.source import View
from dashboard.status import Phase, continue_command
from dashboard.text import lasting
from search.confirmation.untested import chosen
from search.confirmation.verdict import Word
from search.report.recipe import export_command, limit_arguments, named_data, test_arguments
from search.storage.address import location
from search.study.data import data_arguments
from search.study.insight import positions_of
from search.study.program import model_arguments
from search.study.space_file import tables_of
from search.study.tables import key_of
from search.study.widening import widened
from search.terminal.shell import command_line
from search.terminal.words import several

MANY_FAILED = 0.1  # share of the finished trials
MORE = 10  # trials
SPACE_FILE = "wider.toml"
FAILURES = "failures"  # the page


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Attributes:
        text: What and why, in a sentence or two.
        command: That does it; empty where there is none.
        file: What the file `SPACE_FILE` holds that the command reads; empty where it reads none.
        page: Of the dashboard where more is to be seen, by its path; empty where there is none.
        label: Of the link to it.
    """

    text: str
    command: str = ""
    file: str = ""
    page: str = ""
    label: str = ""


def steps_of(view: View) -> list[Step]:
    """Return what is to be done about a study, the most important first; never nothing."""
    study, status = view
    if status.is_running:
        left = f"; about {lasting(status.remaining)} left" if status.remaining is not None else ""
        to_confirm = study.goal is not None and study.goal.extent is not None and status.phase == Phase.SEARCHING
        then = " It trains the best trials again by itself, to see how sure their gain is." if to_confirm else ""
        return [Step(f"Nothing: the search runs{left}.{then} It goes on without this page.")]
    found = []
    if status.phase == Phase.INTERRUPTED:
        found.append(Step("Go on: the search ended before it had all that was wanted.", continue_command(study)))
    counts = study.counts
    if counts.failed and counts.failed >= MANY_FAILED * counts.finished:
        share = f"{several(counts.failed, 'trial')} of {counts.finished:,} failed"
        found.append(Step(f"See why {share}.", page=FAILURES, label="The failures"))
    if study.best is None:
        return found or [Step("Give the study more trials: none is complete.", _search(study, counts.finished + MORE))]
    if status.phase != Phase.INTERRUPTED:
        found += _confirming(study)
    found += _widening(study, study.best)
    return found or [
        Step("Nothing: settled. Keep what you have; no configuration of this space was shown to be better.")
    ]


def _confirming(study: Snapshot) -> list[Step]:
    """Return how the answer becomes a sure one, or how its model is taken away."""
    evidence, finished = study.evidence, study.counts.finished
    if evidence is not None and (evidence.verdict is not None or chosen(evidence) is not None) and study.is_current:
        word = evidence.verdict.word if evidence.verdict is not None else Word.NOT_TESTED
        if word == Word.BETTER:
            return [Step("Take the winner's model away: each file is checked.", export_command(study))]
        if word != Word.NOT_TESTED:
            return []
        if study.settings.problem.sizes["test"]:
            return [Step("Test the winner: until then it is not known whether it is better.", _search(study, finished))]
        text = "Take the chosen model away: the data have no test examples that could say whether it is better."
        return [Step(text, export_command(study))]
    if study.gain is not None and study.gain <= 0:
        text = "Give the study more trials, or keep what you have: so far none is better than the baseline."
        return [Step(text, _search(study, finished + MORE))]
    gain = "The best trial's lead" if study.gain is None else f"The gain of {study.gain:+.2f} points"
    why = f"{gain} is of one seed each, and the best of many is partly luck."
    how = "Confirm it with fresh seeds: the study has its trials, and the command trains the best ones again."
    return [Step(f"{why} {how}", _search(study, finished))]


def _widening(study: Snapshot, best: FrozenTrial) -> list[Step]:
    """Return how the space is widened where the best trial lies at its edge, which needs a new study."""
    space = study.settings.space
    wide = widened(space, positions_of(best, study.settings))
    known = {name: fields for name, fields in tables_of(wide).items() if name not in space.appeared}
    narrow = [name for name in known if wide.distributions[name] != space.distributions[name]]
    if not narrow:
        return []
    file = "\n\n".join(f"[{key_of(name)}]\n{fields}" for name, fields in known.items())
    wider = f"{study.name}-wider"
    text = f"Search a wider space: the best trial has {' and '.join(narrow)} at the edge. It needs a study of its own."
    new = ["--space", SPACE_FILE, *named_data(study.settings.problem)]
    new += limit_arguments(study.settings)
    new += [*([] if study.settings.baseline else ["--no-baseline"]), *test_arguments(study.settings.problem, None)]
    command = _command(study, wider, study.counts.finished, *new)
    return [Step(text, command, f"{file}\n")]


def _search(study: Snapshot, trials: int) -> str:
    return _command(study, study.name, trials, *data_arguments(study.settings.problem))


def _command(study: Snapshot, name: str, trials: int, *further: str) -> str:
    place = location(study.storage, study.runs)
    model = model_arguments(study.settings.problem)
    return command_line("search.run", "--study", name, "--trials", str(trials), *further, *model, *place)
