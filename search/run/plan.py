"""From options to a plan for a study: everything is checked before anything is made or started."""

import itertools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from search.confirmation.goal import tell_gap
from search.confirmation.stopping import Limits
from search.errors import UsageError
from search.folder import folder_of
from search.run.options import Options, read_configurations
from search.storage.address import exists, open_read_only, open_storage, sqlite_file
from search.storage.lease import HeldError, Lease
from search.storage.sqlite import BUSY_TIMEOUT
from search.study.data import data_in, found_in, source_of
from search.study.program import program_for
from search.study.samplers import check_sampler
from search.study.settings import PROGRAM, Settings
from search.study.space import Space
from search.study.space_file import load_space, read_space
from search.study.study import IDENTITY, find_study, lacking, open_study, settings_of, was_queued
from search.surroundings.capacity import Demand
from search.trials.models import ModelStore
from trainable.data.source import DataSource
from trainable.limits import FLOPS, reason_of, sizes
from trainable.mlp.wide import WIDE
from trainable.precision import FLOAT32
from trainable.problem import Problem, ProblemSpec
from trainable.problems import BUILT_IN, problem_of
from trainable.program import Program


@dataclass(frozen=True)
class Plan:
    """What a command is going to do with a study.

    Attributes:
        settings: The study's, recorded or new.
        configurations: What `--enqueue` gave, checked, each once.
        repeated: How many more it gave that equal one of these.
        program: The person's file that builds the models, where one does.
        trials: What the study holds already.
        attributes: The study's user attributes.
        continued: Whether the study is there already.
    """

    settings: Settings
    configurations: Sequence[Mapping[str, Any]]
    trials: Sequence[FrozenTrial]
    attributes: Mapping[str, Any]
    continued: bool
    repeated: int = 0
    program: Program | None = None

    @cached_property
    def problem(self) -> Problem:
        """What is trained; what it has started to score models ends with the study's lease."""
        return problem_of(self.settings.problem, self.program)

    def demand(self, data: int) -> Demand:
        """Return what the search takes of the memory where the arrays that trials see have so many bytes."""
        return Demand(data, is_asked=bool(self.settings.problem.code))

    @contextmanager
    def open(self, options: Options, given_up: Callable[[], bool]) -> Iterator[optuna.Study]:
        """Make or open the study and hold its lease for the length of a block.

        Args:
            options: Name the study and its storage. A new study whose name the person did not give gets another one
                where another driver has this one.
            given_up: Asked while a server is away or another driver may be: whether to wait no longer.

        Raises:
            HeldError: Another driver has the study.
        """
        storage = open_storage(options.storage, given_up=given_up)
        with ExitStack() as held:
            held.callback(self.problem.close)
            name = self._take(options, storage, given_up, held)
            study = open_study(name, storage, self.settings)
            if self.program is not None and PROGRAM not in study.user_attrs:
                study.set_user_attr(PROGRAM, self.program.text)
            ModelStore(options.runs, name).claim(study.user_attrs[IDENTITY])
            yield study

    def _take(self, options: Options, storage: RDBStorage, given_up: Callable[[], bool], held: ExitStack) -> str:
        """Take the lease, until `held` ends; return the name that is free."""
        name = options.study
        for number in itertools.count(2):
            try:
                with ExitStack() as taken:
                    taken.enter_context(Lease(storage, name, given_up))
                    self._check_free(options, name, storage)
                    held.push(taken.pop_all())
                    break
            except (HeldError, UsageError):
                if options.named or given_up():
                    raise
            name = f"{options.study}-{number}"
        return name

    def _check_free(self, options: Options, name: str, storage: RDBStorage) -> None:
        if not self.continued and find_study(name, storage) is not None:
            raise HeldError(f"another driver made the study {name!r} just now; run this again to go on")
        ModelStore(options.runs, name).check_owner(self.attributes.get(IDENTITY))


def make_plan(options: Options) -> Plan:
    """Check options, files and study against each other.

    Raises:
        UsageError: They do not go together; nothing was made.
        SearchError: The storage does not answer.
    """
    file = sqlite_file(options.storage)
    taken = [Path(f"{file.absolute()}{end}") for end in ("", "-wal", "-shm", "-journal")] if file else []
    folder = folder_of(options.runs, options.study)
    if folder.absolute() in taken:
        raise UsageError(f"--study {options.study}: is the name of the storage's file; give it another name")
    if os.path.lexists(folder) and not folder.is_dir():
        raise UsageError(f"--study {options.study}: {folder} is a file or a link to nothing; give it another name")
    wishes = {
        name: getattr(options, name) for name in ("seed", "sampler", "pruner", "baseline", "precision", "at_most")
    }
    wishes = {name: value for name, value in wishes.items() if value is not None}
    given = read_configurations(options.enqueue) if options.enqueue else []
    study = _known(options)
    trials = study.get_trials(deepcopy=False) if study else []
    settings = _continued(options, settings_of(study), wishes) if study else _new(options, wishes)
    if settings.baseline:
        where = f"--space {options.space}: " if options.space else ""
        where += "the baseline is not in the space (--no-baseline leaves it out)"
        settings.space.check(settings.problem.baseline, where)
    checked = [settings.space.check(params, where) for where, params in given]
    check_sampler(settings.sampler, settings.space)
    _check_limits(settings, zip((where for where, _ in given), checked, strict=True))
    configurations = list({tuple(params.items()): params for params in checked}.values())
    repeated = len(checked) - len(configurations)
    attributes = study.user_attrs if study else {}
    program = program_for(settings.problem, options.model, options.study, "give --study a new name")
    plan = Plan(
        settings, configurations, trials, attributes, continued=study is not None, repeated=repeated, program=program
    )
    _check_grid(options, plan)
    _check_test(options, settings.problem)
    if options.named:
        ModelStore(options.runs, options.study).check_owner(plan.attributes.get(IDENTITY))
    return plan


def _new(options: Options, wishes: Mapping[str, Any]) -> Settings:
    """Return the settings of a new study."""
    if options.space is not None and str(options.space) != WIDE:
        read_space(options.space)  # before a person's file is run, which takes a while
    problem = found_in(new_source(options), options.model)
    if problem.code:
        _check_precision(wishes)
    where = f"--model {problem.code['name']}: its space: " if problem.code else "the default space: "
    default = Space.of(problem.space, problem, where)  # also where another is given: the study records it
    return Settings(space=load_space(options.space, problem) if options.space else default, **wishes)


def _check_precision(wishes: Mapping[str, Any]) -> None:
    """Refuse a precision for a model that has its own: Keras's policy in the person's file decides."""
    if wishes.get("precision", FLOAT32) != FLOAT32:
        raise UsageError(
            f"--precision {wishes['precision']}: is for the built-in network; in a model of your own the policies of "
            "its layers decide"
        )


def new_source(options: Options) -> DataSource | None:
    """Return where the data of a new study are."""
    source = source_of(BUILT_IN, options.data, options.target)
    return source and replace(source, test=options.test)


def _continued(options: Options, settings: Settings, wishes: Mapping[str, Any]) -> Settings:
    """Return the settings with which a study is continued: what the command does not say is as it was."""
    recorded = settings.problem
    problem = replace(recorded if recorded.source or recorded.code else BUILT_IN, baseline=recorded.baseline)
    place = recorded.source
    if options.data is not None or options.target is not None:
        source = source_of(recorded, options.data, options.target)
        given = replace(recorded, **data_in(source)) if recorded.code else found_in(source)
        problem, place = replace(given, baseline=recorded.baseline), given.source
    if options.space:
        space = load_space(options.space, problem)
        problem, wishes = space.problem, {**wishes, "space": space}
    continued = settings.continued(options.study, problem, **wishes)
    return replace(continued, space=replace(continued.space, problem=replace(recorded, source=place)))


def _check_limits(settings: Settings, given: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Refuse limits that cannot be kept, and configurations that a person gave and that break them."""
    if not settings.at_most:
        return
    if settings.sampler == "grid":
        raise UsageError("--at-most: a grid has every point, also those beyond a limit; give another --sampler")
    if settings.problem.code and FLOPS in settings.at_most:
        raise UsageError(f"--at-most {FLOPS}: is for the built-in network; of a model of your own parameters and bytes")
    for where, params in given:
        found = sizes(settings.problem, settings.space.complete(params))
        if found and (reason := reason_of(found, settings.at_most)):
            raise UsageError(f"{where}: is {reason}")


def limits_of(options: Options, started: float) -> Limits:
    """Return what may end the search of a command that began at this `time.monotonic()`."""
    ends_at = None if options.timeout is None else started + options.timeout
    return Limits(ends_at, options.stop_at, options.stop_when_settled)


def _known(options: Options) -> optuna.Study | None:
    """Return the study that is continued, to read; None where a new one is made."""
    if not exists(options.storage):
        return None
    storage = open_read_only(options.storage, patience=BUSY_TIMEOUT)
    study = find_study(options.study, storage) if options.named else None
    if study is not None:
        tell_gap(study, storage.engine)
    return study


def check_places(options: Options) -> None:
    """Refuse folders in which a search could not write what it finds; nothing stays of the look.

    Raises:
        UsageError: There is one.
    """
    file = sqlite_file(options.storage)
    places = {"--storage": file.absolute().parent} if file else {}
    for option, place in (places | {"--runs": folder_of(options.runs, options.study).absolute()}).items():
        nearest = next(each for each in (place, *place.parents) if each.exists())
        try:
            with tempfile.TemporaryFile(dir=nearest):
                pass
        except OSError as error:
            raise UsageError(f"{option}: nothing can be written in {nearest}: {error.strerror}") from error


def _check_test(options: Options, problem: ProblemSpec) -> None:
    """Refuse options that are for a verdict where there can be none."""
    given = {"--confirm-seeds": options.confirm_seeds, "--explain": options.explain}
    for option in (name for name, value in given.items() if value and not problem.sizes["test"]):
        raise UsageError(f"{option}: is for a verdict, and the study has no test {problem.examples}")


def _check_grid(options: Options, plan: Plan) -> None:
    """Refuse to ask a grid for more trials than it has."""
    if plan.settings.sampler != "grid":
        return
    points = prod(len(values) for values in plan.settings.space.grid().values())
    queued = sum(map(was_queued, plan.trials))
    most = points + queued + len(lacking(plan.trials, plan.settings, plan.configurations))
    if options.trials > most:
        raise UsageError(
            f"--trials {options.trials}: the grid of this space has {points} points, so {most} trials at most"
        )
